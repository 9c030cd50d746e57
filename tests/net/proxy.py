#!/usr/bin/env python3
"""An HTTP proxy that supports only CONNECT.

    proxy.py FOLDER TO [STATUS]

Connects all tunnels to the port TO of this machine, whatever their host; with a
STATUS it rejects all of them.  Prints its port.  The bytes that clients send to
the proxy itself, before the tunnel, go to FOLDER/got.N.
"""
import os
import signal
import socket
import sys
import threading

LIFETIME = 10 * 60


def main():
    """Serves until it is killed, at most for LIFETIME."""
    signal.alarm(LIFETIME)
    folder, to = sys.argv[1], int(sys.argv[2])
    status = " ".join(sys.argv[3:])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    number = 0
    while True:
        sock, _ = listener.accept()
        number += 1
        path = os.path.join(folder, "got.%d" % number)
        threading.Thread(target=serve, args=(sock, path, to, status),
                         daemon=True).start()


def serve(sock, path, to, status):
    try:
        head = b""
        while b"\r\n\r\n" not in head:
            data = sock.recv(65536)
            if not data:
                break
            head += data
        with open(path, "wb") as f:
            f.write(head)
        if status:
            sock.sendall(("HTTP/1.1 %s\r\nProxy-Authenticate: Basic realm=x"
                          "\r\nContent-Length: 3\r\n\r\nNo\n" % status)
                         .encode())
        elif head.startswith(b"CONNECT "):
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            tunnel(sock, socket.create_connection(("127.0.0.1", to)))
    except OSError:
        pass
    sock.close()


def tunnel(one, other):
    back = threading.Thread(target=pump, args=(other, one), daemon=True)
    back.start()
    pump(one, other)
    back.join()
    other.close()


def pump(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


if __name__ == "__main__":
    main()
