"""Parser for bodies of chat completions, as strict as each dialect.

A table says what the members may be; what is wrong comes out as Problems,
which each dialect words and answers in its own way.
"""
import collections
import json
import math

ANY = object()


class Range:
    """A number of this type; None: no limit."""

    def __init__(self, kind, low=None, high=None):
        self.kind = kind
        self.low = low
        self.high = high


class Words:
    """One of these words."""

    def __init__(self, words):
        self.words = words.split()


class Texts:
    """A text, or a list with at most this number."""

    def __init__(self, most=math.inf):
        self.most = most


# A dict lists the members of an object; `dict` is an object of any members.
EFFORT = Words("none minimal low medium high xhigh")
FORMAT = {"type": Words("text json_object json_schema"),
          "json_schema": {"name": str, "description": str, "schema": dict,
                          "strict": bool}}
COMMON = {
    "model": str, "messages": list, "stream": bool, "stop": Texts(),
    "temperature": Range(float), "top_p": Range(float), "seed": Range(int),
    "max_tokens": Range(int), "presence_penalty": Range(float, -2, 2),
    "frequency_penalty": Range(float, -2, 2), "response_format": FORMAT,
    "tools": list, "tool_choice": ANY, "parallel_tool_calls": bool,
    "n": Range(int, 1), "metadata": dict, "prediction": dict,
    "reasoning_effort": EFFORT, "prompt_cache_key": str,
    "stream_options": {"include_usage": bool, "include_obfuscation": bool}}
MISTRAL = dict(
    {k: v for k, v in COMMON.items() if k not in ("seed", "stream_options")},
    temperature=Range(float, 0, 1.5), top_p=Range(float, 0, 1),
    max_tokens=Range(int, 0), random_seed=Range(int, 0), prompt_mode=ANY,
    safe_prompt=bool, guardrails=list)
OPENAI = dict(
    COMMON, temperature=Range(float, 0, 2), top_p=Range(float, 0, 1),
    max_tokens=Range(int, 1), max_completion_tokens=Range(int, 1),
    stop=Texts(4), user=str, store=bool, logprobs=bool,
    top_logprobs=Range(int, 0, 20), logit_bias=dict, modalities=list,
    audio=dict, service_tier=str, safety_identifier=str, verbosity=str,
    web_search_options=dict)
LOCAL = dict(COMMON, response_format=dict, reasoning_effort=str,
             stream_options=dict, n_predict=Range(int))
FIELDS = {"mistral": MISTRAL, "openai": OPENAI, "llamacpp": LOCAL,
          "ollama": LOCAL}
STRICT = ("mistral", "openai")  # the others ignore what they do not know
ROLES = "system user assistant tool"
ROLES_OF = {"mistral": ROLES, "openai": ROLES + " developer function",
            "llamacpp": ROLES + " developer", "ollama": ROLES}
MESSAGE = {"role": ANY, "content": ANY, "name": str, "tool_calls": list,
           "tool_call_id": str}
# Members of Mistral's messages depend on the role.
MISTRAL_MESSAGE = {
    "system": "role content", "user": "role content",
    "assistant": "role content prefix tool_calls",
    "tool": "role content name tool_call_id"}
OPENAI_MESSAGE = dict(MESSAGE, refusal=str, audio=dict, function_call=dict)
IMAGE_STARTS = tuple("data:image/%s;base64," % x
                     for x in ("jpeg", "jpg", "png", "webp"))

# kind   "json", "unknown", "missing", "type", "word", "low", "high", "many",
#        "empty", "image"
# where  the path to the member: names and indexes
# limit  the allowed value
Problem = collections.namedtuple("Problem", "kind where value limit")


def read(body, dialect):
    """(the request as a dict, a list of Problems)."""
    try:
        asked = json.loads(body.decode("utf-8"), parse_constant=not_json)
    except (ValueError, RecursionError) as e:
        return {}, [Problem("json", (getattr(e, "pos", 0),), {}, str(e))]
    if not isinstance(asked, dict):
        return {}, [Problem("type", (), asked, dict)]
    problems = list(members(asked, FIELDS[dialect], (), dialect in STRICT))
    problems += [Problem("missing", (name,), asked, None)
                 for name in needed(dialect) if asked.get(name) is None]
    if isinstance(asked.get("messages"), list):
        problems += messages(asked["messages"], dialect)
    return asked, problems


def needed(dialect):
    """llama.cpp has one model, whose name is optional."""
    return ("messages",) if dialect == "llamacpp" else ("model", "messages")


def not_json(word):
    """Rejects NaN and Infinity, which json.loads accepts."""
    raise ValueError(word)


def members(value, table, where, strict):
    """The problems of an object's members; null counts as absent."""
    for name, member in value.items():
        here = where + (name,)
        if name not in table:
            if strict:
                yield Problem("unknown", here, member, None)
        elif member is not None:
            yield from one(member, table[name], here, strict)


def one(value, schema, where, strict):
    if isinstance(schema, dict):
        if isinstance(value, dict):
            yield from members(value, schema, where, strict)
        else:
            yield Problem("type", where, value, dict)
    elif isinstance(schema, Range):
        yield from number(value, schema, where)
    elif isinstance(schema, Words):
        if value not in schema.words:
            yield Problem("word", where, value, schema.words)
    elif isinstance(schema, Texts):
        yield from texts(value, schema.most, where)
    elif schema is not ANY and not isinstance(value, schema):
        yield Problem("type", where, value, schema)


def number(value, schema, where):
    kinds = (int, float) if schema.kind is float else int
    if isinstance(value, bool) or not isinstance(value, kinds):
        yield Problem("type", where, value, schema.kind)
    elif schema.low is not None and value < schema.low:
        yield Problem("low", where, value, schema.low)
    elif schema.high is not None and value > schema.high:
        yield Problem("high", where, value, schema.high)


def texts(value, most, where):
    if isinstance(value, str):
        return
    if not isinstance(value, list) or not all(
            isinstance(x, str) for x in value):
        yield Problem("type", where, value, str)
    elif len(value) > most:
        yield Problem("many", where, value, most)


def messages(found, dialect):
    """The problems of the messages."""
    if not found:
        yield Problem("empty", ("messages",), found, 1)
    for n, message in enumerate(found):
        where = ("messages", n)
        if not isinstance(message, dict):
            yield Problem("type", where, message, dict)
            continue
        role = message.get("role")
        if role not in ROLES_OF[dialect].split():
            yield Problem("word", where + ("role",), role,
                          ROLES_OF[dialect].split())
            continue
        yield from known(message, role, where, dialect)
        yield from parts(message, where, dialect)


def known(message, role, where, dialect):
    """Members of a message; Mistral adds the role to the path."""
    if dialect == "mistral":
        table = dict.fromkeys(MISTRAL_MESSAGE[role].split(), ANY)
        yield from members(message, table, where + (role,), True)
    elif dialect == "openai":
        yield from members(message, OPENAI_MESSAGE, where, True)


def parts(message, where, dialect):
    """The content: a text, or a list of texts and images."""
    content = message.get("content")
    where += ("content",)
    if content is None and message["role"] != "assistant":
        yield Problem("missing", where, message, None)
    elif isinstance(content, list):
        for n, part in enumerate(content):
            yield from part_problems(part, where + (n,), dialect)
    elif content is not None and not isinstance(content, str):
        yield Problem("type", where, content, str)


def part_problems(part, where, dialect):
    if not isinstance(part, dict):
        yield Problem("type", where, part, dict)
    elif part.get("type") == "text":
        yield from one(part.get("text"), str, where + ("text",), True)
    elif part.get("type") == "image_url":
        yield from image(part.get("image_url"), where + ("image_url",),
                         dialect)
    else:
        yield Problem("word", where + ("type",), part.get("type"),
                      ["text", "image_url"])


def image(value, where, dialect):
    """OpenAI requires an object; Ollama rejects URLs."""
    url = value.get("url") if isinstance(value, dict) else value
    if not isinstance(url, str) or (
            dialect == "openai" and not isinstance(value, dict)):
        yield Problem("type", where, value, dict)
    elif dialect == "ollama" and not url.startswith(IMAGE_STARTS):
        yield Problem("image", where, url, None)


def text_of(message):
    """The text of a message that has no problems."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(x["text"] for x in content if x["type"] == "text")
