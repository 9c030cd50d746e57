"""Shared by the tests of the stand-in: a client on a socket, a server."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 60
MODEL = "/v1beta/models/gemini-3.8-flash"
SSE = MODEL + ":streamGenerateContent?alt=sse"
ASK = {"contents": [{"role": "user", "parts": [{"text": "Say it, please."}]}]}


def request(target, body=None, key="good", method=None, headers=()):
    """The bytes of a request; body: a value for JSON, or bytes."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = ["%s %s HTTP/1.1" % (method or ("POST" if body else "GET"), target),
             "Host: 127.0.0.1"]
    if key:
        lines.append("X-Goog-Api-Key: " + key)
    if body is not None:
        lines += ["Content-Type: application/json",
                  "Content-Length: %d" % len(body)]
    lines += headers
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


class Client:
    """One connection, and the bytes it has received."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), LIMIT)
        self.bytes = b""

    def close(self):
        self.sock.close()

    def more(self):
        """Reads once; False at the end."""
        data = self.sock.recv(65536)
        self.bytes += data
        return bool(data)

    def to(self, mark):
        """All up to the mark, with it."""
        while mark not in self.bytes:
            if not self.more():
                raise EOFError(self.bytes)
        found, _, self.bytes = self.bytes.partition(mark)
        return found + mark

    def rest(self):
        while self.more():
            pass
        return self.bytes

    def ask(self, *args, **kwargs):
        """One exchange on a connection that is kept: status, head, body."""
        self.sock.sendall(request(*args, **kwargs))
        return self.reply()

    def reply(self):
        head = self.to(b"\r\n\r\n").decode()
        length = re.search(r"^Content-Length: (\d+)", head, re.M)
        if length:
            while len(self.bytes) < int(length.group(1)):
                self.more()
            body = self.bytes[:int(length.group(1))]
            self.bytes = self.bytes[len(body):]
        else:
            body = b"".join(self.chunks())
        return int(head.split()[1]), head, body

    def chunks(self):
        found = []
        while True:
            size = int(self.to(b"\r\n"), 16)
            while len(self.bytes) < size + 2:
                self.more()
            if size == 0:
                self.to(b"\r\n")
                return found
            found.append(self.bytes[:size])
            self.bytes = self.bytes[size + 2:]


class Case(unittest.TestCase):
    """A server for each test, in its own folder."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="standin-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.port = None

    def start(self, script=None, *options):
        if script is not None:
            self.write("first.json", json.dumps(script))
            options += ("--script", os.path.join(self.folder, "first.json"))
        server = subprocess.Popen(  # -S: starts in half the time
            [sys.executable, "-S", os.path.join(HERE, "standin.py"),
             "--dir", self.folder, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop, server)
        self.url = server.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2])

    def stop(self, server):
        server.terminate()
        _, complaints = server.communicate(timeout=LIMIT)
        self.assertEqual(server.returncode, 0)
        self.assertEqual(complaints, "")

    def connect(self):
        client = Client(self.port)
        self.addCleanup(client.close)
        return client

    def ask(self, *args, **kwargs):
        return self.connect().ask(*args, **kwargs)

    def ask_json(self, *args, **kwargs):
        status, _, body = self.ask(*args, **kwargs)
        return status, json.loads(body)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            return f.read()
