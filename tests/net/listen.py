#!/usr/bin/env python3
"""A TCP port that misbehaves.

    listen.py FOLDER talk [TEXT]  after the first bytes of a client sends TEXT
                                  (escapes as in Python), ends the connection
    listen.py FOLDER hold [TEXT]  sends TEXT, but keeps the connection open
    listen.py FOLDER reset        resets each connection at once
    listen.py FOLDER mute         accepts connections, and sends nothing
    listen.py FOLDER full         does not answer attempts to connect
    listen.py FOLDER first:N      sends the first N bytes of a TLS handshake

With the files of a certificate and its key at the end it uses TLS, without a
close_notify.  Prints its port.  The first bytes of the N-th connection go to
FOLDER/got.N; FOLDER/gone.N appears when it has ended.
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
    """Serves until it is killed, at most for LIFETIME."""
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
    """Fills the queue, so that further connections get no answer."""
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
    """The answer of a server to this ClientHello."""
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
    """Writes a file that appears only complete."""
    path = os.path.join(folder, name)
    with open(path + ".new", "wb") as f:
        f.write(data)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
