#!/usr/bin/env python3
"""A server that speaks just enough HTTP/2 to misbehave in it.

    h2.py FOLDER CERTIFICATE KEY PLAN...

Each request is answered as the next PLAN says, the last one for ever:

    ok       One, two.
    refuse   REFUSED_STREAM: the request was not processed
    leave    GOAWAY, as for a request that was not processed, and the end
    rst:N    the first event, then RST_STREAM with this error code
    cut      the first event, then GOAWAY and the end of the connection
    ping     the first event, then PING after PING
    mute     the headers, then nothing
    header:N   One, two., with a header of N bytes
    headers:N  One, two., with N headers of 200 bytes
    hints:N    One, two., after N responses 103 with such a header
    trailers:N One, two., with N such trailers

Prints its port.  FOLDER/got.N has the body of the N-th request.
"""
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

LIFETIME = 10 * 60
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
CONTINUATION = 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
REFUSED_STREAM = 7
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STATUS_200 = b"\x88"  # the static table's 8th entry
STATUS_103 = b"\x08\x03103"
MOST = 16384  # bytes of a frame
FIRST = (b'data: {"candidates":[{"content":{"parts":[{"text":"One, "}]}}]}'
         b"\r\n\r\n")
LAST = (b'data: {"candidates":[{"content":{"parts":[{"text":"two."}]},'
        b'"finishReason":"STOP"}]}\r\n\r\n')


def main():
    """Serves until it is killed, at most for LIFETIME."""
    signal.alarm(LIFETIME)
    folder, certificate, key, *plans = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    state = State(folder, plans)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(context, sock, state),
                         daemon=True).start()


class State:
    """Shared by all connections: the plans, the number of requests."""

    def __init__(self, folder, plans):
        self.folder = folder
        self.plans = plans
        self.count = 0
        self.lock = threading.Lock()

    def take(self, body):
        with self.lock:
            self.count += 1
            path = os.path.join(self.folder, "got.%d" % self.count)
            with open(path + ".new", "wb") as f:
                f.write(body)
            os.replace(path + ".new", path)
            return self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]


class End(Exception):
    """The connection ends here."""


def serve(context, sock, state):
    try:
        sock = context.wrap_socket(sock, server_side=True)
        if exactly(sock, len(PREFACE)) == PREFACE:
            frame(sock, SETTINGS, 0, 0)
            talk(sock, state)
    except (OSError, End):
        pass
    sock.close()


def talk(sock, state):
    bodies = {}
    while True:
        kind, flags, stream, payload = receive(sock)
        if kind == SETTINGS and not flags & ACK:
            frame(sock, SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            frame(sock, PING, ACK, 0, payload)
        elif kind in (HEADERS, DATA):
            bodies.setdefault(stream, bytearray())
            if kind == DATA:
                bodies[stream] += payload
            if flags & END_STREAM:
                answer(sock, stream, state.take(bodies.pop(stream)))


def answer(sock, stream, plan):
    plan, _, code = plan.partition(":")
    if plan == "refuse":
        frame(sock, RST_STREAM, 0, stream, struct.pack(">I", REFUSED_STREAM))
        return
    if plan == "leave":
        frame(sock, GOAWAY, 0, 0, struct.pack(">II", 0, 0))
        drain(sock)
        raise End
    size = int(code or 0)
    for _ in range(size if plan == "hints" else 0):
        headers(sock, stream, STATUS_103 + header(200))
    extra = {"header": header(size), "headers": header(200) * size}
    headers(sock, stream, STATUS_200 + extra.get(plan, b""))
    if plan == "mute":
        return
    frame(sock, DATA, 0, stream, FIRST)
    settle(sock)
    if plan == "trailers":
        frame(sock, DATA, 0, stream, LAST)
        headers(sock, stream, header(200) * size, END_STREAM)
    elif plan in ("ok", "hints", *extra):
        frame(sock, DATA, END_STREAM, stream, LAST)
    elif plan == "rst":
        frame(sock, RST_STREAM, 0, stream, struct.pack(">I", int(code)))
    elif plan == "cut":
        frame(sock, GOAWAY, 0, 0, struct.pack(">II", stream, 0))
        raise End
    while plan == "ping":
        frame(sock, PING, 0, 0, b"12345678")
        time.sleep(0.01)


def header(size):
    """The field "x" with a value of this size, not indexed."""
    rest, length = size - 127, b"\x7f"
    if size < 127:
        return b"\x00\x01x" + bytes([size]) + b"y" * size
    while rest > 127:
        length += bytes([rest % 128 + 128])
        rest //= 128
    return b"\x00\x01x" + length + bytes([rest]) + b"y" * size


def headers(sock, stream, block, flags=0):
    """HEADERS, and CONTINUATION for the rest."""
    kind = HEADERS
    while kind == HEADERS or block:
        part, block = block[:MOST], block[MOST:]
        frame(sock, kind, flags | (0 if block else END_HEADERS), stream, part)
        kind, flags = CONTINUATION, 0


def settle(sock):
    """Waits until the client has taken what was sent.

    What comes in one read with the end of a stream may be lost to it.
    """
    frame(sock, PING, 0, 0, b"received")
    kind = flags = 0
    while kind != PING or not flags & ACK:
        kind, flags, _, _ = receive(sock)


def drain(sock):
    """Ends our side and reads the other's, as unread bytes reset both."""
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(65536):
        pass


def receive(sock):
    size = int.from_bytes(exactly(sock, 3), "big")
    kind, flags, stream = struct.unpack(">BBI", exactly(sock, 6))
    return kind, flags, stream, exactly(sock, size)


def frame(sock, kind, flags, stream, payload=b""):
    sock.sendall(struct.pack(">I", len(payload))[1:]
                 + struct.pack(">BBI", kind, flags, stream) + payload)


def exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise End
        data += more
    return data


if __name__ == "__main__":
    main()
