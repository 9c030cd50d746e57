#!/usr/bin/env python3
"""A TCP port that misbehaves.

    listen.py FOLDER talk [TEXT]  says TEXT (escapes as in Python) to each who
                                  has said something, then ends the connection
    listen.py FOLDER hold [TEXT]  the same, but then stays silent
    listen.py FOLDER reset        resets each connection as soon as it is there
    listen.py FOLDER mute         takes connections, and never says anything
    listen.py FOLDER full         does not even answer who wants to connect
    listen.py FOLDER first:N      says the first N bytes of a TLS handshake

With the files of a certificate and its key at the end it does so over TLS, and
does not take leave.  Prints its port.  What the N-th connection brought first
goes to FOLDER/got.N; FOLDER/gone.N appears when it has ended.
"""
import codecs
import os
import signal
import socket
import ssl
import struct
import sys
import threading

LIFETIME = 10 * 60


def main():
    """Serves until it is killed, or LIFETIME is over."""
    signal.alarm(LIFETIME)
    folder, mode = sys.argv[1:3]
    text = codecs.decode("".join(sys.argv[3:4]), "unicode_escape")
    context = None
    if len(sys.argv) > 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[4], sys.argv[5])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0 if mode == "full" else 16)
    waiting = fill(listener.getsockname()) if mode == "full" else []
    print(listener.getsockname()[1], flush=True)
    number = 0
    while not waiting:
        sock, _ = listener.accept()
        number += 1
        threading.Thread(target=serve, daemon=True, args=(
            sock, context, mode, text.encode("latin-1"), folder,
            number)).start()
    signal.pause()


def fill(address):
    """Takes all places in the queue: whoever comes next gets no answer."""
    waiting = []
    while True:
        sock = socket.socket()
        sock.settimeout(0.5)
        waiting.append(sock)
        try:
            sock.connect(address)
        except TimeoutError:
            return waiting


def serve(sock, context, mode, text, folder, number):
    try:
        part, _, size = mode.partition(":")
        if context and part != "first":
            sock = context.wrap_socket(sock, server_side=True)
        if mode == "reset":
            end_hard(sock)
            return
        data = sock.recv(65536)
        if data:
            note(folder, "got.%d" % number, data)
        if part == "first":
            text = flight(context, data)[:int(size)]
        sock.sendall(text)
        if part in ("talk", "first"):
            sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
    except OSError:
        pass
    sock.close()
    note(folder, "gone.%d" % number, b"")


def flight(context, hello):
    """What a server says to this ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(hello)
    try:
        context.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def end_hard(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def note(folder, name, data):
    """The file is there whole or not at all."""
    path = os.path.join(folder, name)
    with open(path + ".new", "wb") as f:
        f.write(data)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
