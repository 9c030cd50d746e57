"""A reply and how it is sent: head, framing, pieces, waits, cuts.

`Reply.how` holds the options of a script that concern sending; the README
lists them.  All offsets in them count bytes of the body, before any chunked
framing.
"""
import fcntl
import http
import itertools
import os
import struct
import termios
import time

JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=UTF-8"
EVENTS = "text/event-stream"
DATE = "%a, %d %b %Y %H:%M:%S GMT"
POLL = 0.005
DRAIN_LIMIT = 1.0
REASONS = {x.value: x.phrase for x in http.HTTPStatus}
REASONS.update({413: "Request Entity Too Large", 499: "Client Closed Request"})
# Headers of Google; those of the dialects are in chat_errors.py.
COMMON_HEADERS = {
    "Vary": "Origin, X-Origin, Referer",
    "Date": None,
    "Server": "scaffolding on HTTPServer2",
    "X-XSS-Protection": "0",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Server-Timing": None,
}


class Reply:
    """status, reason, headers; pieces of the body; framing; how to send.

    framing  "length", "chunked", "close" (the end of the connection is the
             end of the body), or "raw": the pieces hold the head as well
    """

    def __init__(self, status=200, kind=JSON, pieces=(), headers=None,
                 framing="length"):
        self.status = status
        self.reason = REASONS.get(status, "Unknown")
        self.headers = dict({"Content-Type": kind}, **(headers or {}))
        self.pieces = pieces
        self.framing = framing
        self.how = {}


class Cut(Exception):
    """The connection ends here; `hard`: by a reset."""

    def __init__(self, hard=False):
        super().__init__()
        self.hard = hard


def head(reply, request, keep):
    """The status line and the headers, with the script's changes."""
    fields = dict(reply.headers)
    if not request.dialect:
        fields.update(COMMON_HEADERS)
        fields["Server-Timing"] = "gfet4t7; dur=%d" % (
            1000 * (time.monotonic() - request.since))
    fields["Date"] = time.strftime(DATE, time.gmtime())
    if reply.framing == "chunked":
        fields["Transfer-Encoding"] = "chunked"
    elif reply.framing == "length":
        fields["Content-Length"] = str(sum(map(len, reply.pieces)))
    if not keep:
        fields["Connection"] = "close"
    for name, value in (reply.how.get("headers") or {}).items():
        for same in [x for x in fields if x.lower() == name.lower()]:
            del fields[same]
        fields[name] = value
    lines = ["HTTP/1.1 %d %s" % (reply.status,
                                 reply.how.get("reason", reply.reason))]
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                lines.append("%s: %s" % (name, one))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def send(reply, request, sock, server):
    """Sends a reply; False if the connection cannot be kept.

    Raises Cut if the script wants the connection cut.
    """
    how, folder = reply.how, server.folder
    if reply.framing == "chunked" and not request.knows_chunks:
        reply.framing = "close"
    keep = request.keeps and reply.framing in ("length", "chunked")
    if "head_gate" in how:
        wait_for(os.path.join(folder, how["head_gate"]))
    time.sleep(how.get("pause_ms", 0) / 1000)
    server.begin()
    out = Sender(sock, reply.framing == "chunked")
    if reply.framing != "raw":
        send_head(out, head(reply, request, keep), how)
    if request.method == "HEAD":
        out.flush()
        return keep
    pings(out, how)
    send_body(out, reply, marks(out, how, folder))
    if how.get("hold"):
        out.flush()
        hold(sock)
        raise Cut()
    out.end()
    return keep


class Sender:
    """Writes to the socket; the head is sent with the first body bytes."""

    def __init__(self, sock, chunked):
        self.sock = sock
        self.chunked = chunked
        self.waiting = b""

    def put(self, piece):
        if not piece:
            return
        if self.chunked:
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        self.sock.sendall(self.waiting + piece if self.waiting else piece)
        self.waiting = b""

    def flush(self):
        if self.waiting:
            self.sock.sendall(self.waiting)
            self.waiting = b""

    def end(self):
        if self.chunked:
            self.waiting += b"0\r\n\r\n"
        self.flush()


def send_head(out, data, how):
    if "cut_headers_at" in how:
        out.sock.sendall(data[:how["cut_headers_at"]])
        raise Cut()
    out.waiting = data
    # With pieces, the head is a separate one.
    if "piece" in how or "pieces" in how:
        out.flush()


def pings(out, how):
    """Comment lines of SSE before the answer; offsets do not count them."""
    ping = how.get("ping")
    if ping:
        newline = how.get("newline", "\r\n").encode()
        for _ in (itertools.count() if ping["count"] < 0
                  else range(ping["count"])):
            out.put(b": ping" + newline * 2)
            time.sleep(ping["ms"] / 1000)


def send_body(out, reply, todo):
    """Sends the pieces; runs the actions in `todo` at their offsets."""
    at = 0
    pause = reply.how.get("piece_pause_ms", 0) / 1000
    for at, piece in split(recut(reply.pieces, reply.how), list(todo)):
        if at and pause:
            time.sleep(pause)
        for action in todo.pop(at, ()):
            action()
        out.put(piece)
    # The rest is at the end of the body, or beyond it.
    for offset in sorted(todo):
        for action in todo[offset]:
            action()


def recut(pieces, how):
    """The body in the pieces that the script asks for."""
    if "piece" in how:
        body, size = b"".join(pieces), how["piece"]
        return (body[n:n + size] for n in range(0, len(body), size))
    if "pieces" in how:
        return (x for _, x in split([b"".join(pieces)], how["pieces"]))
    return pieces


def split(pieces, offsets):
    """(offset, piece) of the same bytes, cut also at all `offsets`."""
    at = 0
    borders = sorted(offsets)
    for piece in pieces:
        end = at + len(piece)
        inside = [x for x in borders if at < x < end]
        for border in inside:
            yield at, piece[:border - at]
            piece = piece[border - at:]
            at = border
        yield at, piece
        at = end


def marks(out, how, folder):
    """{offset: [function, ...]}: actions inside the body."""
    todo = {}

    def mark(offset, action):
        todo.setdefault(offset, []).append(action)

    if "gate" in how:
        mark(how.get("gate_at", 0),
             lambda: gate(out, os.path.join(folder, how["gate"])))
    if "pause_at" in how:
        mark(how["pause_at"]["bytes"],
             lambda: pause(out, how["pause_at"]["ms"]))
    for name in ("cut_at", "reset_at"):
        if name in how:
            mark(how[name], lambda: cut(out, how))
    return todo


def gate(out, path):
    out.flush()
    wait_for(path)


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(POLL)


def pause(out, ms):
    out.flush()
    time.sleep(ms / 1000)


def cut(out, how):
    out.flush()
    if how.get("hold"):
        hold(out.sock)
    if "reset_at" in how:
        drain(out.sock)
    raise Cut(hard="reset_at" in how)


def hold(sock):
    """Sends nothing until the client ends the connection."""
    while sock.recv(65536):
        pass


def drain(sock):
    """Waits until the client's kernel has all: a reset would drop the rest.
    """
    limit = time.monotonic() + DRAIN_LIMIT
    while time.monotonic() < limit:
        unsent = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4)
        if struct.unpack("i", unsent)[0] == 0:
            return
        time.sleep(POLL / 5)
