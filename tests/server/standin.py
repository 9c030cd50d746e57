#!/usr/bin/env python3
"""A stand-in for the Gemini API, and chat completions, on the loopback.

    standin.py --dir DIR [--script FILE] [--tls] [--chunk-ms N] [--no-record]
               [--llamacpp-key KEY] [--quiet]

Prints its base URL on one line as soon as it accepts connections.  Plays the
script, then answers as the service would.  README.md describes scripts and
the files in DIR.  Needs only Python 3.9, and openssl for --tls.
"""
import argparse
import collections
import json
import os
import signal
import socket
import sys
import threading

# No __pycache__ next to the sources.
sys.dont_write_bytecode = True

import connection  # noqa: E402
import script  # noqa: E402
from replies import Reply  # noqa: E402

LIFETIME = 30 * 60
BACKLOG = 512


def main():
    """Serves until a signal, or the end of LIFETIME."""
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
        """Prints the address, then closes standard output.

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
        """Ends at once, without waiting for threads."""
        # A thread may be writing counts.json: that is short, so wait for it.
        if self.lock.acquire(timeout=1):
            self.record.write_counts()
        os._exit(0)

    def reply(self, request):
        """The reply to a request, which is recorded before this returns."""
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
        """Notes the start of a reply: the request counts as answered."""
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
        """Writes a file that appears only complete."""
        path = os.path.join(self.folder, name)
        with open(path + ".new", "wb") as f:
            for piece in pieces:
                f.write(piece)
        os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
