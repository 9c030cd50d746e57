#!/usr/bin/env python3
"""A stand-in for the Gemini API, and chat completions, on the loopback.

    standin.py --dir DIR [--script FILE] [--tls] [--chunk-ms N] [--no-record]
               [--llamacpp-key KEY] [--quiet]

Prints its base URL, one line, as soon as it can be asked.  Plays the script,
then answers as the service would.  README.md describes scripts and the files
that it keeps in DIR.  Needs nothing but Python 3.9 (and openssl for --tls).
"""
import argparse
import collections
import json
import os
import signal
import socket
import sys
import threading

# Nothing is to appear beside the sources.
sys.dont_write_bytecode = True

import connection  # noqa: E402
import script  # noqa: E402
from replies import Reply  # noqa: E402

LIFETIME = 30 * 60
BACKLOG = 512


def main():
    """Sets all up, then serves until a signal or LIFETIME ends it."""
    options = parse_options()
    os.makedirs(options.dir, exist_ok=True)
    try:
        server = Server(options)
    except (script.ScriptError, OSError) as e:
        sys.exit("standin.py: %s" % e)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, lambda *_: server.leave())
    signal.alarm(LIFETIME)
    server.announce()
    server.serve()


def parse_options():
    parser = argparse.ArgumentParser(
        description="A loopback stand-in for the Gemini API and for chat"
                    " completions servers.")
    parser.add_argument("--dir", required=True,
                        help="where requests and counts are recorded")
    parser.add_argument("--script", metavar="FILE",
                        help="the replies; DIR/script.json replaces it")
    parser.add_argument("--tls", action="store_true",
                        help="https, with a CA of its own in DIR/ca.pem")
    parser.add_argument("--chunk-ms", type=int, default=0, metavar="N",
                        help="pause between the chunks of streamed answers")
    parser.add_argument("--llamacpp-key", metavar="KEY",
                        help="what llama.cpp has for --api-key")
    parser.add_argument("--no-record", action="store_true",
                        help="for benchmarks: counts.json at the end only")
    parser.add_argument("--quiet", action="store_true",
                        help="no complaints on standard error")
    return parser.parse_args()


class Server:
    """Accepts connections, numbers and records requests, finds replies."""

    def __init__(self, options):
        self.options = options
        self.folder = options.dir
        self.script = script.Script(options.dir, options.script)
        self.record = Record(options.dir, options.no_record)
        self.lock = threading.Lock()
        self.tokens = {}  # see continuation.py
        self.tls = None
        if options.tls:
            import tls  # costs time that plain servers need not spend
            self.tls = tls.context(options.dir)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)

    def announce(self):
        """Tells the address, then lets go of standard output.

        So `url=$(standin.py ... &)` ends as soon as the line is there.
        """
        print("%s://127.0.0.1:%d" % ("https" if self.tls else "http",
                                     self.listener.getsockname()[1]),
              flush=True)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)

    def serve(self):
        while True:
            sock, _ = self.listener.accept()
            self.record.connections += 1
            threading.Thread(target=connection.serve, args=(self, sock),
                             daemon=True).start()

    def leave(self):
        """Ends at once, whatever the threads are doing."""
        # They may be in the middle of counts.json, but not for long.
        if self.lock.acquire(timeout=1):
            self.record.write_counts()
        os._exit(0)

    def reply(self, request):
        """The reply to a request, which is on disk when this returns."""
        try:
            request.tokens = self.tokens
            request.llamacpp_key = self.options.llamacpp_key
            with self.lock:
                self.record.add(request)
                entry = self.script.take(request)
            if entry is None:
                return script.played(request, self.options.chunk_ms)
            return script.make(entry, request, self.script.folder,
                               self.options.chunk_ms)
        except Exception as e:  # a test must see this, not a hanging client
            self.complain("request %d: %s: %s"
                          % (request.number, type(e).__name__, e))
            text = "standin.py: %s\n" % e
            return Reply(500, script.TEXT, [text.encode("utf-8", "replace")])

    def begin(self):
        """The reply begins: the client may count the request as answered."""
        with self.lock:
            self.record.open -= 1

    def complain(self, text):
        if not self.options.quiet:
            print("standin.py: " + text, file=sys.stderr, flush=True)


class Record:
    """DIR/request.N and DIR/counts.json."""

    def __init__(self, folder, only_at_end):
        self.folder = folder
        self.only_at_end = only_at_end
        self.requests = 0
        self.connections = 0
        self.open = 0  # requests of whose reply nothing was sent
        self.peak = 0  # the most of them
        self.keys = collections.Counter()
        self.paths = collections.Counter()
        self.write_counts()

    def add(self, request):
        self.requests += 1
        self.keys[request.key] += 1
        self.paths[request.method + " " + request.path] += 1
        request.number = self.requests
        self.open += 1
        self.peak = max(self.peak, self.open)
        if not self.only_at_end:
            self.write("request.%d" % request.number,
                       request.head, request.body)
            self.write_counts()

    def write_counts(self):
        text = json.dumps({"requests": self.requests,
                           "connections": self.connections,
                           "peak": self.peak,
                           "keys": self.keys, "paths": self.paths})
        self.write("counts.json", text.encode())

    def write(self, name, *pieces):
        """The file is there whole or not at all."""
        path = os.path.join(self.folder, name)
        with open(path + ".new", "wb") as f:
            for piece in pieces:
                f.write(piece)
        os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
