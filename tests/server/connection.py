"""A connection: reads requests from the socket, sends the replies."""
import re
import socket
import struct
import time
import urllib.parse

import replies

HEAD_LIMIT = 1 << 20
BODY_LIMIT = 256 << 20
AT_ONCE = 1 << 16
RPC = "google.ai.generativelanguage.%s."
# The paths of Gemini: models, models/ID, models/ID:CALL.
RESOURCE = re.compile(r"/(v1beta|v1)/(models)(?:/([^/:]+)(?::(\w+))?)?")
# The dialect of chat completions as first segment, then its route.
DIALECT = re.compile(r"/(mistral|openai|llamacpp|ollama)(/.*)?")


class Bad(Exception):
    """A request that cannot be read completely."""


class Request:
    """A request; head and body are the received bytes."""

    def __init__(self, head, since):
        self.head = head
        self.body = b""
        self.since = since
        self.number = 0
        # Of the server: --llamacpp-key, and all tokens given out.
        self.llamacpp_key = None
        self.tokens = {}
        lines = head.decode("latin-1").split("\r\n")
        try:
            self.method, self.target, self.protocol = lines[0].split(" ")
            pairs = [x.split(":", 1) for x in lines[1:] if x]
            self.headers = [(k.lower(), v.strip()) for k, v in pairs]
        except ValueError as e:
            raise Bad("no HTTP: %r" % lines[0][:80]) from e
        self.path, _, query = self.target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query, True))
        found = RESOURCE.fullmatch(self.path)
        groups = found.groups("") if found else ("v1beta", "", "", "")
        self.version, self.resource, self.model, self.call = groups
        self.model = urllib.parse.unquote(self.model)
        found = DIALECT.fullmatch(self.path)
        self.dialect, self.route = found.groups("") if found else ("", "")

    def header(self, name):
        """The first header with that name, or ""."""
        return next((v for k, v in self.headers if k == name), "")

    @property
    def key(self):
        """The key from the header in which the service looks for it."""
        if not self.dialect:
            return self.header("x-goog-api-key")
        scheme, _, key = self.header("authorization").partition(" ")
        if scheme.lower() == "bearer" and key.strip():
            return key.strip()
        return self.header("x-api-key") if self.dialect == "llamacpp" else ""

    @property
    def keeps(self):
        """True if the client wants to keep the connection."""
        return (self.knows_chunks
                and self.header("connection").lower() != "close")

    @property
    def knows_chunks(self):
        return self.protocol != "HTTP/1.0"

    @property
    def wants_array(self):
        """True if answers and errors are JSON arrays."""
        if self.path.startswith("/v1beta/openai/"):
            return True
        return (self.call == "streamGenerateContent"
                and self.query.get("alt") != "sse")

    @property
    def rpc(self):
        """The name of the call in error texts."""
        rpc = RPC % self.version
        if self.call:
            return "%sGenerativeService.%s%s" % (
                rpc, self.call[0].upper(), self.call[1:])
        return rpc + ("ModelService.GetModel" if self.model
                      else "ModelService.ListModels")


class Reader:
    """Requests from a socket, which may bring them in any pieces."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()

    def request(self):
        """The next request, or None at the end of the connection."""
        if not self.fill_to(1):
            return None
        since = time.monotonic()
        request = Request(self.until(b"\r\n\r\n", HEAD_LIMIT), since)
        if request.header("expect").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if request.header("transfer-encoding").lower() == "chunked":
            request.body = self.chunks()
        else:
            length = request.header("content-length") or "0"
            if not length.isdigit() or int(length) > BODY_LIMIT:
                raise Bad("a body of %s bytes" % length[:40])
            request.body = self.exactly(int(length))
        return request

    def fill_to(self, count):
        """Reads count bytes; False if the connection ends before."""
        while len(self.buffer) < count:
            data = self.sock.recv(AT_ONCE)
            if not data:
                return False
            self.buffer += data
        return True

    def until(self, mark, limit):
        """All bytes up to the mark, which is included."""
        start = 0
        while True:
            found = self.buffer.find(mark, start)
            if found >= 0:
                return self.exactly(found + len(mark))
            start = max(0, len(self.buffer) - len(mark) + 1)
            if start > limit or not self.fill_to(len(self.buffer) + 1):
                raise Bad("a head without an end")

    def exactly(self, count):
        if not self.fill_to(count):
            raise Bad("cut after %d of %d bytes" % (len(self.buffer), count))
        data = bytes(memoryview(self.buffer)[:count])
        del self.buffer[:count]
        return data

    def chunks(self):
        """A chunked body, put together; trailers are dropped."""
        body = bytearray()
        while True:
            line = self.until(b"\r\n", HEAD_LIMIT).split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", line):
                raise Bad("a chunk of %r bytes" % line[:40])
            size = int(line, 16)
            if len(body) + size > BODY_LIMIT:
                raise Bad("a chunked body over the limit")
            if size == 0:
                while self.until(b"\r\n", HEAD_LIMIT) != b"\r\n":
                    pass
                return bytes(body)
            body += self.exactly(size)
            self.exactly(2)


def serve(server, sock):
    """Serves one connection to its end."""
    hard = False
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.tls:
            sock = server.tls.wrap_socket(sock, server_side=True)
        reader = Reader(sock)
        keep = True
        while keep:
            request = reader.request()
            keep = request is not None and replies.send(
                server.reply(request), request, sock, server)
    except replies.Cut as e:
        hard = e.hard
    except Bad as e:
        server.complain(str(e))
    except OSError:
        pass  # the client left, or did not like our certificate
    finally:
        close(sock, hard)


def close(sock, hard):
    if hard:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    elif hasattr(sock, "unwrap"):
        # Sends close_notify, but does not wait for the client's.
        try:
            sock.settimeout(0)
            sock.unwrap()
        except (OSError, ValueError):
            pass
    sock.close()
