"""Answers of the service as bytes: one object, a stream of events, an array.

A "response" is one GenerateContentResponse, a dict.  A stream is a list of
them; each is complete, its text follows the text before it, its usage counts
are totals so far.
"""
import collections
import json
import re

from answers import tokens

# Google's JSON escapes characters of HTML.  A lone half of a surrogate pair
# can only be sent escaped.
ESCAPED = re.compile("[<>&='\ud800-\udfff]")
SIGNATURE = "c3RhbmQtaW4="
BLOCK = 256 * 1024
LINE = "The quick brown fox jumps over the lazy dog.\n"

# Data that all responses of one answer share; hop makes its tokens.
About = collections.namedtuple("About", "prompt_tokens version id hop",
                               defaults=[None])


def escaped(text):
    return ESCAPED.sub(lambda m: "\\u%04x" % ord(m.group()), text)


def line(value):
    """JSON on one line, with blanks after colons only, as the service."""
    return escaped(json.dumps(value, ensure_ascii=False,
                              separators=(",", ": ")))


def pretty(value):
    return escaped(json.dumps(value, ensure_ascii=False, indent=2)) + "\n"


def encoded(text):
    return text.encode("utf-8", "surrogatepass")


def sse(responses, newline="\r\n", last_blank=True, tail=""):
    """A list of events, each `data: JSON` and an empty line, as bytes."""
    events = ["data: " + line(x) + newline * 2 for x in responses]
    if events and not last_blank:
        events[-1] = events[-1][:-len(newline)]
    if tail:
        events.append(tail)
    return [encoded(x) for x in events]


def array(responses):
    """The form without alt=sse: one array, a piece for each element."""
    pieces = [encoded((",\r\n" if n else "[") + pretty(x))
              for n, x in enumerate(responses)]
    return pieces + [b"]" if pieces else b"[]"]


def stream(texts, about, options):
    """The responses of a streamed answer.

    texts    what each brings; a dict among them is a part if it has a text,
             else it is sent as it is.  The "token" of a part is none of the
             part's: a continuation token comes beside it
    options  members of a script's "stream", all of them optional: thoughts,
             finish, finish_message, usage, signature_tail, grounding,
             url_context, model_status, token (in the last response)
    """
    said, thinking = Count(), Count()
    made = []
    steps = [thought(x) for x in options.get("thoughts") or ()]
    steps += [x if isinstance(x, dict) else {"text": x} for x in texts]
    if options.get("signature_tail"):
        steps.append({"text": "", "thoughtSignature": SIGNATURE})
    if not steps and options.get("finish", "STOP"):
        return [response([], about, options, usage(about, 0, 0, options),
                         token=given(about, options, said, thinking))]
    for n, part in enumerate(steps):
        first, last = n == 0, n == len(steps) - 1
        if "text" not in part:
            made.append(part)
            continue
        (thinking if "thought" in part else said).add(part["text"])
        token = given(about, part, said, thinking)
        if last:
            token = token or given(about, options, said, thinking)
        part = {k: v for k, v in part.items() if k != "token"}
        # As recorded: the first event does not count its own text.
        counts = usage(about, 0 if first and not last else said.tokens,
                       thinking.tokens, options, last)
        made.append(response([part], about, options, counts, first, last,
                             token))
    return made


def given(about, options, said, thinking):
    """The continuation token of this event, or None."""
    if not options.get("token"):
        return None
    return about.hop.give(options["token"], said.chars,
                          said.tokens + thinking.tokens)


def thought(text):
    return {"text": text, "thought": True}


def response(parts, about, options, counts, first=True, last=True,
             token=None):
    """One response; `first` and `last` are its position in the answer."""
    choice = {"content": {"parts": parts, "role": "model"}}
    if not parts:
        del choice["content"]["parts"]
    if last and options.get("finish", "STOP"):
        choice["finishReason"] = options.get("finish", "STOP")
    if last and options.get("finish_message"):
        choice["finishMessage"] = options["finish_message"]
    if token:
        choice["continuationToken"] = token
    choice["index"] = 0
    if last and "grounding" in options:
        choice["groundingMetadata"] = options["grounding"]
    if first and "url_context" in options:
        choice["urlContextMetadata"] = options["url_context"]
    made = {"candidates": [choice]}
    if counts is not None:
        made["usageMetadata"] = counts
    made.update({"modelVersion": about.version, "responseId": about.id})
    if last and options.get("model_status"):
        made["modelStatus"] = options["model_status"]
    return made


class Count:
    """Tokens of a text that comes in pieces; a word may be cut in two."""

    def __init__(self):
        self.tokens = 0
        self.chars = 0
        self.end = ""

    def add(self, text):
        joins = re.match(r"\w\w", self.end + text[:1])
        self.tokens += tokens(text) - (1 if joins else 0)
        self.chars += len(text)
        self.end = text[-1:] or self.end


def usage(about, answer, thoughts, options, last=True):
    """The token counts so far, or None for no usage.

    options["usage"] overrides single ones, null removes them.  Of the script's
    values the answer's and the total hold for the last response alone.
    """
    override = options.get("usage", {})
    if override is None:
        return None
    if not last:
        override = {k: v for k, v in override.items() if k not in (
            "candidatesTokenCount", "totalTokenCount")}
    prompt = override.get("promptTokenCount", about.prompt_tokens)
    found = {"promptTokenCount": prompt,
             "candidatesTokenCount": answer or None,
             "totalTokenCount": 0,
             "promptTokensDetails": [
                 {"modality": "TEXT", "tokenCount": prompt}],
             "thoughtsTokenCount": thoughts or None}
    found.update(override)
    if "totalTokenCount" not in override:
        found["totalTokenCount"] = sum(found.get(x) or 0 for x in (
            "promptTokenCount", "candidatesTokenCount",
            "toolUsePromptTokenCount", "thoughtsTokenCount"))
    return {k: v for k, v in found.items() if v is not None}


def generated(count, size, about):
    """Events with `count` bytes of text in all, `size` in each but the last.

    Made on the fly and in large pieces, so that the client is the slower end.
    """
    text = (LINE * (size // len(LINE) + 1))[:size]
    full = max(0, count - 1) // size
    rest = text[:count - full * size]
    total = {"candidatesTokenCount": full * tokens(text) + tokens(rest)}
    head, last = stream([text, rest], about, {"usage": total})
    event = sse([head])[0]
    in_block = max(1, BLOCK // len(event))
    block = event * in_block
    for _ in range(full // in_block):
        yield block
    yield event * (full % in_block)
    yield sse([last])[0]
