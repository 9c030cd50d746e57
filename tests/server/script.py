"""A script: a JSON list of replies, each for one request or several.

README.md has the format.  Misspelt members are errors: a test must not pass
because its script said less than it meant to.
"""
import base64
import json
import math
import os

import chat
import chat_errors
import continuation
import errors
import events
import service
from replies import EVENTS, JSON, REASONS, Reply

TEXT = "text/plain; charset=UTF-8"
SENDING = """when repeat status reason headers framing pause_ms piece pieces
    piece_pause_ms pause_at hold head_gate gate gate_at cut_at reset_at
    cut_headers_at ping newline"""
REFUSAL = """retry_delay quota_id quota_value model replacement project
    location message error_reason name field"""
STREAM = """thoughts finish finish_message usage model_version last_blank tail
    signature_tail grounding url_context model_status token resume"""
CHAT = """finish reasoning content_chunks usage model done last_blank tail
    unary"""
FRAMINGS = ("length", "chunked", "close")


class ScriptError(Exception):
    pass


class Script:
    """The replies in order of use; FOLDER/script.json replaces them."""

    def __init__(self, folder, path=None):
        self.watched = os.path.join(folder, "script.json")
        self.folder = folder  # where "body_file" is looked for
        self.entries = []
        self.left = []  # how often each may still be used
        self.broken = None
        self.stamp = None
        if path:
            self.stamp = stamp(self.watched)
            self.load(path)
        else:
            self.refresh()
        if self.broken:
            raise self.broken

    def take(self, request):
        """The first reply that matches and is left, or None."""
        self.refresh()
        if self.broken:
            raise self.broken
        for n, entry in enumerate(self.entries):
            if self.left[n] and matches(entry.get("when", {}), request):
                self.left[n] -= 1
                return entry
        return None

    def refresh(self):
        now = stamp(self.watched)
        if now != self.stamp:
            self.stamp = now
            self.entries, self.left, self.broken = [], [], None
            if now:
                self.load(self.watched)

    def load(self, path):
        try:
            with open(path, encoding="utf-8") as f:
                self.entries = checked(json.load(f))
        except (OSError, ValueError, ScriptError) as e:
            self.entries = []
            self.broken = ScriptError("%s: %s" % (path, e))
        self.folder = os.path.dirname(os.path.abspath(path))
        repeats = [x.get("repeat", 1) for x in self.entries]
        self.left = [math.inf if x < 0 else x for x in repeats]


def stamp(path):
    """A value that changes with the file; None without a file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def matches(when, request):
    return (when.get("key", request.key) == request.key
            and when.get("path", "") in request.target
            and when.get("method", request.method) == request.method
            and when.get("body", "").encode() in request.body)


def checked(entries):
    """The entries, one for each reply; raises ScriptError."""
    if not isinstance(entries, list):
        raise ScriptError("not a list of replies")
    found = []
    for n, entry in enumerate(entries):
        try:
            for one in each_hop(entry):
                check_entry(one)
                found.append(one)
        except ScriptError as e:
            raise ScriptError("reply %d: %s" % (n + 1, e)) from e
    return found


def each_hop(entry):
    """The entry, or one for each of its "hops", see README.md."""
    if not isinstance(entry, dict) or "hops" not in entry:
        return [entry]
    hops, repeat = entry["hops"], entry.get("repeat", 1)
    if not isinstance(hops, list) or not hops:
        raise ScriptError("\"hops\" is not a list of replies")
    if repeat < 0:
        raise ScriptError("\"hops\" cannot repeat for ever")
    shared = {k: v for k, v in entry.items() if k not in ("hops", "repeat")}
    return [one_hop(x, shared, n == 0, n == len(hops) - 1)
            for n, x in enumerate(hops)] * repeat


def one_hop(hop, shared, first, last):
    """The entry of one hop; a list is its "stream"."""
    if isinstance(hop, list):
        hop = {"stream": hop}
    if not isinstance(hop, dict):
        raise ScriptError("a hop is neither a list nor an object")
    usual = {}
    if "stream" in hop:
        usual = {"resume": not first}
        if not last:
            usual.update(finish="CONTINUATION", token=True)
    return dict(shared, **dict(usual, **hop))


def check_entry(entry):
    if not isinstance(entry, dict):
        raise ScriptError("not an object")
    kinds = [x for x in KINDS if x in entry]
    if len(kinds) > 1:
        raise ScriptError("both %s and %s" % tuple(kinds[:2]))
    kind = kinds[0] if kinds else "body"
    known = (SENDING + " " + KINDS[kind][1] + " " + kind).split()
    for name in entry:
        if name not in known:
            raise ScriptError("\"%s\" is unknown beside \"%s\"" % (name, kind))
    for name in set(entry.get("when", ())) - {"key", "path", "method", "body"}:
        raise ScriptError("\"%s\" is unknown in \"when\"" % name)
    framing = entry.get("framing", "length")
    if framing not in FRAMINGS:
        raise ScriptError("unknown framing \"%s\"" % framing)
    if (kind == "refusal"
            and entry["refusal"] not in errors.NAMES | chat_errors.NAMES):
        raise ScriptError("there is no refusal %s" % entry["refusal"])
    if kind == "chat" and not isinstance(entry["chat"], list):
        raise ScriptError("\"chat\" is not a list")
    if entry.get("unary") and any(isinstance(x, dict) for x in entry["chat"]):
        raise ScriptError("\"unary\" has no place for an event")
    if kind == "generate" and {"piece", "pieces"} & set(entry):
        raise ScriptError("\"generate\" makes pieces of its own")
    if "framing" in entry and framing == "length":
        if kind == "generate" or "ping" in entry:
            raise ScriptError("the length is not known beforehand")


def make(entry, request, folder, chunk_ms):
    """The Reply that an entry of a script describes."""
    kind = next((x for x in KINDS if x in entry), "body")
    reply = KINDS[kind][0](entry, request, folder, chunk_ms)
    if "status" in entry:
        reply.status = entry["status"]
        reply.reason = REASONS.get(reply.status, "Unknown")
    if "ping" in entry and reply.framing == "length":
        reply.framing = "chunked"
    reply.framing = entry.get("framing", reply.framing)
    reply.how.update(entry)
    return reply


def make_refusal(entry, request, *_):
    """A refusal from the table of the service or dialect that is called."""
    named, members = entry["refusal"], set(entry) & set(REFUSAL.split())
    if request.dialect:
        if named not in chat_errors.REFUSALS[request.dialect]:
            raise ScriptError("%s has no refusal %s" % (request.dialect,
                                                        named))
        for name in members - {"model"}:
            raise ScriptError("%s has no \"%s\"" % (request.dialect, name))
        return chat.refused(entry, request)
    if named not in errors.NAMES:
        raise ScriptError("gemini has no refusal %s" % named)
    if named == "blocked":
        return blocked(request, entry)
    return errors.refusal(request, named, **{
        k: v for k, v in entry.items() if k in members | {"status"}})


def blocked(request, entry):
    """A response with status 200 that says that the prompt was blocked."""
    asked = asked_of(request, entry)
    about = about_of(request, entry, asked)
    counts = events.usage(about, 0, 0, {})
    response = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                "usageMetadata": counts, "modelVersion": about.version,
                "responseId": about.id}
    if request.wants_array:
        reply = Reply(200, JSON, events.array([response]))
    elif request.call == "streamGenerateContent":
        reply = Reply(200, EVENTS, events.sse([response]), framing="chunked")
    else:
        reply = service.ok(response)
    reply.headers.update(service.tier_header(asked))
    return reply


def asked_of(request, entry):
    """The body, if the reply depends on it: parsing a long one takes time."""
    counts = entry.get("usage", {})
    counted = counts is None or "promptTokenCount" in counts
    tokens = {"token", "resume"} & set(entry) or any(
        isinstance(x, dict) and "token" in x for x in entry.get("stream", ()))
    return {} if counted and not tokens else service.read_any(request)


def about_of(request, entry, asked):
    version = (entry.get("model_version")
               or service.resolved(request.model or errors.DEFAULTS["model"]))
    hop = continuation.Hop(request.tokens, request, asked)
    return events.About(service.prompt_tokens(asked) + hop.start.tokens,
                        version, "R%d" % request.number, hop)


def make_stream(entry, request, *_):
    asked = asked_of(request, entry)
    about = about_of(request, entry, asked)
    if "resume" in entry:
        try:
            check_resume(about.hop, entry["resume"])
        except continuation.Bad as e:
            return errors.error(request, 400, "INVALID_ARGUMENT", str(e))
    made = events.stream(entry["stream"], about, entry)
    pieces = events.sse(made, entry.get("newline", "\r\n"),
                        entry.get("last_blank", True), entry.get("tail", ""))
    return Reply(200, EVENTS, pieces, service.tier_header(asked), "chunked")


def make_echo(entry, request, *_):
    """A stream with the text of the last turn, after the one that is given."""
    asked = service.read_any(request)
    last = (asked.get("contents") or [{}])[-1]
    text = entry["echo"] + service.text_of(last)
    return make_stream(dict(entry, stream=[text]), request)


def check_resume(hop, wanted):
    """Raises Bad unless the request resumes an answer as wanted."""
    if wanted and hop.token is None:
        raise continuation.Bad("The continuation token is missing.")
    if not wanted and hop.token is not None:
        raise continuation.Bad("There is nothing to continue.")
    if wanted:
        hop.check()


def make_json(entry, *_):
    text = json.dumps(entry["json"], ensure_ascii=False,
                      separators=(",", ":"))
    return Reply(200, JSON, [events.encoded(text)])


def make_body(entry, *_):
    return Reply(200, TEXT, [events.encoded(entry.get("body", ""))])


def make_body_b64(entry, *_):
    return Reply(200, TEXT, [base64.b64decode(entry["body_b64"])])


def make_body_file(entry, _, folder, __):
    with open(os.path.join(folder, entry["body_file"]), "rb") as f:
        return Reply(200, TEXT, [f.read()])


def make_raw(entry, *_):
    return Reply(200, TEXT, [events.encoded(entry["raw"])], framing="raw")


def make_raw_b64(entry, *_):
    return Reply(200, TEXT, [base64.b64decode(entry["raw_b64"])],
                 framing="raw")


def make_generate(entry, request, *_):
    size = entry["generate"].get("event", 1000)
    asked = asked_of(request, entry)
    pieces = events.generated(entry["generate"]["bytes"], size,
                              about_of(request, entry, asked))
    return Reply(200, EVENTS, pieces, service.tier_header(asked), "chunked")


def make_chat(entry, request, *_):
    if not request.dialect:
        raise ScriptError("%s belongs to no dialect" % request.path)
    return chat.scripted(entry, request)


def make_service(_, request, __, chunk_ms):
    return played(request, chunk_ms)


def played(request, chunk_ms):
    """The response of the service in the path."""
    kind = chat if request.dialect else service
    return kind.answer(request, chunk_ms)


# kind: (function, its members in addition to SENDING)
KINDS = {
    "stream": (make_stream, STREAM),
    "echo": (make_echo, STREAM),
    "json": (make_json, ""),
    "body": (make_body, ""),
    "body_b64": (make_body_b64, ""),
    "body_file": (make_body_file, ""),
    "raw": (make_raw, ""),
    "raw_b64": (make_raw_b64, ""),
    "generate": (make_generate, "model_version"),
    "service": (make_service, ""),
    "chat": (make_chat, CHAT),
    "refusal": (make_refusal, REFUSAL),
}
