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
import errors
import events
import service
from replies import EVENTS, JSON, REASONS, Reply

TEXT = "text/plain; charset=UTF-8"
SENDING = """when repeat status reason headers framing pause_ms piece pieces
    piece_pause_ms pause_at hold head_gate gate gate_at cut_at reset_at
    cut_headers_at ping newline"""
ROW = """retry_delay quota_id quota_value model replacement project location
    message error_reason name field"""
STREAM = """thoughts finish finish_message usage model_version last_blank tail
    signature_tail grounding url_context model_status"""
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
        """The first reply that matches and is not used up, or None."""
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
                self.entries = json.load(f)
            check(self.entries)
        except (OSError, ValueError, ScriptError) as e:
            self.entries = []
            self.broken = ScriptError("%s: %s" % (path, e))
        self.folder = os.path.dirname(os.path.abspath(path))
        repeats = [x.get("repeat", 1) for x in self.entries]
        self.left = [math.inf if x < 0 else x for x in repeats]


def stamp(path):
    """Changes when the file does; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def matches(when, request):
    return (when.get("key", request.key) == request.key
            and when.get("path", "") in request.target
            and when.get("method", request.method) == request.method)


def check(entries):
    if not isinstance(entries, list):
        raise ScriptError("not a list of replies")
    for n, entry in enumerate(entries):
        try:
            check_entry(entry)
        except ScriptError as e:
            raise ScriptError("reply %d: %s" % (n + 1, e)) from e


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
    for name in set(entry.get("when", ())) - {"key", "path", "method"}:
        raise ScriptError("\"%s\" is unknown in \"when\"" % name)
    framing = entry.get("framing", "length")
    if framing not in FRAMINGS:
        raise ScriptError("unknown framing \"%s\"" % framing)
    if kind == "row" and entry["row"] not in range(1, 45):
        raise ScriptError("there is no row %s" % entry["row"])
    if kind == "refusal" and entry["refusal"] not in chat_errors.NAMES:
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


def make_row(entry, request, *_):
    if entry["row"] == 43:
        return blocked(request, entry)
    return errors.reply(request, entry["row"], **{
        k: v for k, v in entry.items() if k in ROW.split() + ["status"]})


def blocked(request, entry):
    """A prompt that was refused: no answer, and nothing else is wrong."""
    about = about_of(request, entry)
    counts = events.usage(about, 0, 0, {})
    response = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                "usageMetadata": counts, "modelVersion": about.version,
                "responseId": about.id}
    if request.wants_array:
        return Reply(200, JSON, events.array([response]))
    if request.call == "streamGenerateContent":
        return Reply(200, EVENTS, events.sse([response]), framing="chunked")
    return service.ok(response)


def about_of(request, entry):
    version = (entry.get("model_version")
               or service.resolved(request.model or errors.DEFAULTS["model"]))
    counts = entry.get("usage", {})
    counted = counts is None or "promptTokenCount" in counts
    return events.About(0 if counted else service.prompt_tokens(request),
                        version, "R%d" % request.number)


def make_stream(entry, request, *_):
    made = events.stream(entry["stream"], about_of(request, entry), entry)
    pieces = events.sse(made, entry.get("newline", "\r\n"),
                        entry.get("last_blank", True), entry.get("tail", ""))
    return Reply(200, EVENTS, pieces, framing="chunked")


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
    pieces = events.generated(entry["generate"]["bytes"], size,
                              about_of(request, entry))
    return Reply(200, EVENTS, pieces, framing="chunked")


def make_chat(entry, request, *_):
    need_dialect(request)
    return chat.scripted(entry, request)


def make_refusal(entry, request, *_):
    need_dialect(request)
    if entry["refusal"] not in chat_errors.REFUSALS[request.dialect]:
        raise ScriptError("%s has no refusal %s" % (request.dialect,
                                                    entry["refusal"]))
    return chat.refused(entry, request)


def need_dialect(request):
    if not request.dialect:
        raise ScriptError("%s belongs to no dialect" % request.path)


def make_service(_, request, __, chunk_ms):
    return played(request, chunk_ms)


def played(request, chunk_ms):
    """What the service that the path names would say."""
    kind = chat if request.dialect else service
    return kind.answer(request, chunk_ms)


# kind: (function, the members that it takes beside those of SENDING)
KINDS = {
    "row": (make_row, ROW),
    "stream": (make_stream, STREAM),
    "json": (make_json, ""),
    "body": (make_body, ""),
    "body_b64": (make_body_b64, ""),
    "body_file": (make_body_file, ""),
    "raw": (make_raw, ""),
    "raw_b64": (make_raw_b64, ""),
    "generate": (make_generate, "model_version"),
    "service": (make_service, ""),
    "chat": (make_chat, CHAT),
    "refusal": (make_refusal, "model"),
}
