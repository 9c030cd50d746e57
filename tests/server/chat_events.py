"""Answers of chat completions servers as bytes: one document, or a stream.

A "chunk" is one chat.completion.chunk, a dict.  DIALECTS has the differences
of the four dialects, which README.md describes.
"""
import collections
import json
import re

from answers import tokens
from events import Count, encoded

CREATED = 1795000000
HALVES = re.compile("[\ud800-\udfff]")
NEWLINE = "\n"
DONE = "data: [DONE]"

# Data that all chunks of one answer share.
# asked   the client wants the usage
# padded  OpenAI hides the sizes of its chunks
# tier    OpenAI's service_tier
About = collections.namedtuple(
    "About", "dialect number model prompt_tokens asked padded tier")

# id         of the answer, from the number of the request
# first      the delta before all others, or None
# always     members of all other deltas
# last       the delta with finish_reason
# reasoning  the member for thoughts; None: a chunk inside the content
# usage      "last" (with finish_reason), or "asked": on request, in a separate
#            chunk without choices
# padding    the member that hides the size of a chunk, or None
# extra      members of all chunks
Dialect = collections.namedtuple(
    "Dialect", "id first always last reasoning usage padding extra")
ROLE = {"role": "assistant"}
EMPTY = {"role": "assistant", "content": ""}
DIALECTS = {
    "mistral": Dialect("%032x", EMPTY, {}, {"content": ""}, None, "last", "p",
                       {}),
    "openai": Dialect("chatcmpl-%d", EMPTY, {}, {}, "reasoning_content",
                      "asked", "obfuscation", {"system_fingerprint": None}),
    "llamacpp": Dialect("chatcmpl-%d", dict(ROLE, content=None), {}, {},
                        "reasoning_content", "asked", None,
                        {"system_fingerprint": "b11669-standin"}),
    "ollama": Dialect("chatcmpl-%d", None, EMPTY, EMPTY, "reasoning", "asked",
                      None, {"system_fingerprint": "fp_ollama"}),
}
# A delta and its padding fill whole blocks, which hides the size.
BLOCK = 16
LETTERS = "abcdefghijklmnop"


def compact(value):
    """JSON without blanks; lone halves of surrogate pairs are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return HALVES.sub(lambda m: "\\u%04x" % ord(m.group()), text)


def sse(chunks, about, options):
    """A list of events as bytes, each `data: JSON` and an empty line."""
    newline = options.get("newline", NEWLINE)
    events = ["data: " + compact(x) for x in chunks]
    events += [DONE] * options.get("done", True)
    events = [x + newline * 2 for x in events]
    if events and not options.get("last_blank", True):
        events[-1] = events[-1][:-len(newline)]
    if options.get("tail"):
        events.append(options["tail"])
    return [encoded(x) for x in events]


def stream(texts, about, options):
    """The chunks of a streamed answer.

    texts    what each brings, None for a null; a dict is sent as it is
    options  members of a script's "chat", all of them optional: finish,
             reasoning, content_chunks, usage
    """
    rules = DIALECTS[about.dialect]
    made = [chunk(about, rules.first)] if rules.first else []
    thoughts = options.get("reasoning", ())
    for n, thought in enumerate(thoughts):
        made.append(chunk(about, thinking(rules, thought,
                                          n == len(thoughts) - 1)))
    for text in texts:
        said = dict(rules.always, content=content(text, options))
        made.append(text if isinstance(text, dict) else chunk(about, said))
    if options.get("finish", "stop") is not None:
        made += ending(about, options, usage(texts, about, options))
    return made


def ending(about, options, counts):
    """finish_reason, with the usage if the dialect has it there."""
    rules = DIALECTS[about.dialect]
    last = chunk(about, rules.last, options.get("finish", "stop"))
    if counts is None:
        return [last]
    if rules.usage == "last":
        return [dict(last, usage=counts)]
    # A usage of a script is always sent.
    if not about.asked and "usage" not in options:
        return [with_timings(last, about, counts)]
    extra = dict(chunk(about, {}), choices=[], usage=counts)
    return [last, with_timings(extra, about, counts)]


def chunk(about, delta, finish=None):
    made = envelope(about, "chat.completion.chunk", {
        "index": 0, "delta": delta, "finish_reason": finish})
    if about.dialect == "openai" and about.asked:
        made["usage"] = None
    padding = DIALECTS[about.dialect].padding
    if padding and about.padded:
        made[padding] = LETTERS[:BLOCK - len(compact(delta)) % BLOCK]
    return made


def envelope(about, kind, choice):
    rules = DIALECTS[about.dialect]
    extra = dict(rules.extra)
    if about.dialect == "openai":
        extra["service_tier"] = about.tier
    return {"id": rules.id % about.number, "object": kind, "created": CREATED,
            "model": about.model, **extra, "choices": [choice]}


def thinking(rules, text, last):
    """The delta of a thought."""
    if rules.reasoning:
        return dict(rules.always, **{rules.reasoning: text})
    return {"content": [thinking_chunk(text, last)]}


def thinking_chunk(text, last):
    return {"type": "thinking", "thinking": [text_chunk(text)],
            "closed": last}


def text_chunk(text):
    return {"type": "text", "text": text}


def content(text, options):
    if options.get("content_chunks") and isinstance(text, str):
        return [text_chunk(text)]
    return text


def document(texts, about, options):
    """The whole answer as one document, for requests without a stream."""
    rules = DIALECTS[about.dialect]
    said = [x for x in texts if x is not None]
    message = dict(ROLE, content=content("".join(said) if said or not texts
                                         else None, options))
    thoughts = options.get("reasoning", ())
    if thoughts and rules.reasoning:
        message[rules.reasoning] = "".join(thoughts)
    elif thoughts:
        message["content"] = [
            thinking_chunk(x, n == len(thoughts) - 1)
            for n, x in enumerate(thoughts)] + [text_chunk("".join(said))]
    if about.dialect == "mistral":
        message.update(tool_calls=None, prefix=False)
    made = envelope(about, "chat.completion", {
        "index": 0, "message": message,
        "finish_reason": options.get("finish", "stop")})
    counts = usage(texts, about, options)
    if counts is None:
        return made
    return with_timings(dict(made, usage=counts), about, counts)


def usage(texts, about, options):
    """The counts, with the script's changes; None for no usage."""
    override = options.get("usage", {})
    if override is None:
        return None
    said = Count()
    for text in texts:
        if isinstance(text, str):
            said.add(text)
    found = {"prompt_tokens": about.prompt_tokens,
             "completion_tokens": said.tokens + sum(
                 map(tokens, options.get("reasoning", ()))),
             "total_tokens": 0}
    if about.dialect == "mistral":
        found.update(num_cached_tokens=0,
                     prompt_tokens_details={"cached_tokens": 0})
    found.update(override)
    if "total_tokens" not in override:
        found["total_tokens"] = ((found["prompt_tokens"] or 0)
                                 + (found["completion_tokens"] or 0))
    return {k: v for k, v in found.items() if v is not None}


def with_timings(made, about, counts):
    """The timings of llama.cpp, constant here."""
    if about.dialect == "llamacpp":
        made["timings"] = {
            "cache_n": 0, "prompt_n": counts.get("prompt_tokens", 0),
            "prompt_ms": 10.5, "prompt_per_token_ms": 0.5,
            "prompt_per_second": 2000.0,
            "predicted_n": counts.get("completion_tokens", 0),
            "predicted_ms": 250.25, "predicted_per_token_ms": 12.5,
            "predicted_per_second": 80.0}
    return made
