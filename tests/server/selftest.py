#!/usr/bin/env python3
"""Tests of the stand-in, over plain sockets, comparing bytes.

Run as `python3 tests/server/selftest.py [-v] [TestName.test_name ...]`.
"""
import json
import os
import socket
import ssl
import sys
import time
import unittest

sys.dont_write_bytecode = True

from selftest_case import ASK, LIMIT, MODEL, SSE, Case, request  # noqa: E402
from selftest_chat import ChatKey, ChatService  # noqa: E402,F401
from selftest_chat_script import (  # noqa: E402,F401
    ChatRefusals, ChatStreams)
from selftest_long import Four, Hops, ScriptedHops  # noqa: E402,F401
from selftest_script import Refusals, Scripted  # noqa: E402,F401
from selftest_service import Service  # noqa: E402,F401
import tls  # noqa: E402


class Recorded(Case):
    def test_bytes_and_counts(self):
        self.start()
        body = json.dumps(dict(ASK, store=True), indent=1).encode()
        sent = [request(SSE, body, key="k1", headers=["x-Odd:  \t v "]),
                request("/v1beta/models?pageSize=1", key="k2"),
                request(SSE, ASK, key="k1")]
        client = self.connect()
        for n, data in enumerate(sent):
            client.sock.sendall(data[:30])
            client.sock.sendall(data[30:])
            self.assertTrue(client.more())
            self.assertEqual(self.read("request.%d" % (n + 1)), data)
            self.assertEqual(json.loads(self.read("counts.json"))["requests"],
                             n + 1)
            client.reply()
        self.assertEqual(json.loads(self.read("counts.json")), {
            "requests": 3, "connections": 1, "peak": 1,
            "keys": {"k1": 2, "k2": 1},
            "paths": {"POST " + SSE.partition("?")[0]: 2,
                      "GET /v1beta/models": 1}})

    def test_chunked_request_and_continue(self):
        self.start()
        client = self.connect()
        head = request(SSE, headers=["Transfer-Encoding: chunked",
                                     "Expect: 100-continue"], method="POST")
        client.sock.sendall(head)
        self.assertEqual(client.to(b"\r\n\r\n"),
                         b"HTTP/1.1 100 Continue\r\n\r\n")
        body = json.dumps(ASK).encode()
        client.sock.sendall(b"5\r\n%b\r\n%x;x=y\r\n%b\r\n0\r\n\r\n" % (
            body[:5], len(body) - 5, body[5:]))
        self.assertEqual(client.reply()[0], 200)
        self.assertEqual(self.read("request.1"), head + body)

    def test_large_body(self):
        self.start()
        text = "word " * 1000000
        status, found = self.ask_json(MODEL + ":countTokens", {
            "contents": [{"parts": [{"text": text}]}]})
        self.assertEqual((status, found["totalTokens"]), (200, 1000000))

    def test_too_large(self):
        self.start(None, "--quiet")
        client = self.connect()
        client.sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: 268435457"
                            b"\r\n\r\n")
        self.assertEqual(client.rest(), b"")

    def test_without_records(self):
        self.start(None, "--no-record")
        self.ask("/")
        self.assertFalse(os.path.exists(self.folder + "/request.1"))


class Encrypted(Case):
    def handshake(self, **where):
        context = ssl.create_default_context(**where)
        # Set since Python 3.13; it trusts what is not a CA.
        context.verify_flags &= ~getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0)
        with socket.create_connection(("127.0.0.1", self.port), LIMIT) as raw:
            with context.wrap_socket(raw, server_hostname="127.0.0.1") as sock:
                sock.sendall(request("/", headers=["Connection: close"]))
                data = b""
                while True:
                    more = sock.recv(65536)
                    if not more:
                        return data
                    data += more

    def test_with_its_ca(self):
        self.start([{"body": "secret", "repeat": -1}], "--tls")
        self.assertTrue(self.url.startswith("https://"))
        certificate = self.read("server.pem")
        file = os.path.join(self.folder, "ca.pem")
        self.assertTrue(self.handshake(cafile=file).endswith(b"secret"))
        folder = os.path.join(self.folder, "certs")
        self.assertTrue(self.handshake(capath=folder).endswith(b"secret"))
        other = os.path.join(self.folder, "other")
        os.mkdir(other)
        tls.make(other)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.handshake(cafile=os.path.join(other, "ca.pem"))
        self.start(None, "--tls")
        self.assertEqual(self.read("server.pem"), certificate)


class Speed(Case):
    def test_generate(self):
        total = 256 << 20
        self.start([{"generate": {"bytes": total}}])
        client = self.connect()
        client.sock.sendall(request(SSE, ASK, headers=["Connection: close"]))
        buffer = bytearray(1 << 20)
        got, start = 0, time.monotonic()
        while True:
            count = client.sock.recv_into(buffer)
            if not count:
                break
            got += count
        rate = got / (time.monotonic() - start) / (1 << 20)
        self.assertGreater(got, total)
        # Far below what it does alone, for machines that are busy.
        self.assertGreater(rate, 100)


if __name__ == "__main__":
    unittest.main()
