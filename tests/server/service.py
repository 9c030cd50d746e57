"""Responses of Gemini without a script: models, countTokens, generateContent.

As in the real service the body is parsed before the key is checked, and free
calls work with a key whose quota is exhausted.
"""
import base64
import collections
import re

import answers
import continuation
import errors
import events
import fields
from checks import (KEY_WORDS, QUOTA_WORDS, Refused, check_config,
                    check_contents, check_key, object_to, refuse)
from replies import EVENTS, JSON, Reply

# thinking: the levels; "": a budget instead; None: the model does not think
Model = collections.namedtuple(
    "Model", "id name tokens_in tokens_out methods thinking")
ASK = ["generateContent", "countTokens", "createCachedContent",
       "batchGenerateContent"]
EMBED = ["embedContent", "countTextTokens", "countTokens"]
MILLION = 1048576
WITH_MINIMAL = "MINIMAL LOW MEDIUM HIGH"
LEVELS = "LOW MEDIUM HIGH"
WITH_XHIGH = "LOW MEDIUM HIGH XHIGH"


def asks(model, name, thinking):
    return Model(model, name, MILLION, 65536, ASK, thinking)


MODELS = {x.id: x for x in (
    asks("gemini-2.0-flash", "Gemini 2.0 Flash", None),
    asks("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", ""),
    asks("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite", WITH_MINIMAL),
    asks("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview", LEVELS),
    asks("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite", WITH_MINIMAL),
    asks("gemini-3.6-flash", "Gemini 3.6 Flash", WITH_MINIMAL),
    asks("gemini-3.7-flash", "Gemini 3.7 Flash", LEVELS),
    asks("gemini-3.8-flash", "Gemini 3.8 Flash", LEVELS),
    asks("gemini-4-argon", "Gemini 4 Argon", LEVELS),
    asks("gemini-4-carbon", "Gemini 4 Carbon", LEVELS),
    asks("gemini-4-hydrogen", "Gemini 4 Hydrogen", WITH_XHIGH),
    asks("gemini-4-neon", "Gemini 4 Neon", WITH_XHIGH),
    Model("gemma-4-31b-it", "Gemma 4 31B", 262144, 32768, ASK[:2], None),
    asks("gemini-flash-latest", "Gemini Flash Latest", LEVELS),
    asks("gemini-flash-lite-latest", "Gemini Flash-Lite Latest", WITH_MINIMAL),
    asks("gemini-pro-latest", "Gemini Pro Latest", LEVELS),
    Model("gemini-embedding-001", "Gemini Embedding 001", 2048, 1, EMBED,
          None),
    Model("gemini-embedding-2", "Gemini Embedding 2", 8192, 1, EMBED, None),
)}
# No longer listed, but answered by other models.
REROUTED = {"gemini-2.5-pro": "gemini-3.8-flash",
            "gemini-2.5-flash": "gemini-3.5-flash-lite"}
OLD_MODELS = {x.id: x for x in (
    asks("gemini-2.5-pro", "Gemini 2.5 Pro", ""),
    asks("gemini-2.5-flash", "Gemini 2.5 Flash", ""))}
# Still listed, although it is shut down.
DEAD = "gemini-2.0-flash"
SERVED_BY = {"gemini-flash-latest": "gemini-3.8-flash",
             "gemini-flash-lite-latest": "gemini-3.5-flash-lite",
             "gemini-pro-latest": "gemini-3.1-pro-preview",
             "gemini-3.7-flash": "gemini-3.8-flash"}
# These are unknown to v1.
ALIAS_END = "-latest"
# The list has 18 models on three pages.
PAGE = 6
# Base64 of this text has characters that must be escaped in a URL.
TOKEN_MARK = b"\xfb\xef\xbe"

MEDIA = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO"}
TOKENS_OF_MEDIA = 258
# A Gemini 4 cuts its answer into hops if it may be longer than one hop of the
# service; those of the stand-in are shorter.
ONE_HOP = 65536
HOP_TOKENS = 20
TIER_HEADER = "x-gemini-service-tier"


def answer(request, chunk_ms=0):
    """The reply of the service to any request."""
    try:
        return route(request)(request, chunk_ms)
    except fields.Unreadable as e:
        return errors.error(request, 400, "INVALID_ARGUMENT", str(e),
                            [errors.violations(e.problems)])
    except Refused as e:
        return e.reply


def route(request):
    """The function that answers; each takes the request and chunk_ms."""
    if request.resource == "models":
        if request.method == "GET" and not request.call:
            return show_model if request.model else list_models
        if request.method == "POST" and request.model:
            return {"generateContent": generate,
                    "streamGenerateContent": generate,
                    "countTokens": count_tokens}.get(request.call, nothing)
    return nothing


def nothing(request, _):
    return errors.html(404, request)


def find_model(request):
    """The requested model, which must exist and not be shut down."""
    model = (models(request).get(request.model)
             or OLD_MODELS.get(request.model))
    if not model or request.call.replace("streamG", "g") not in model.methods:
        refuse(request, "no_model")
    if model.id == DEAD:
        refuse(request, "model_gone")
    return model


def resolved(model):
    """The name of the model that answers for this one."""
    return SERVED_BY.get(model, model)


def ok(value):
    return Reply(200, JSON, [events.encoded(events.pretty(value))])


# Models.

def models(request):
    """The models of the API version, by name."""
    if request.version == "v1beta":
        return MODELS
    return {k: v for k, v in MODELS.items() if not k.endswith(ALIAS_END)}


def is_four(model):
    return model.id.startswith("gemini-4-")


def described(model):
    found = {"name": "models/" + model.id, "version": "001",
             "displayName": model.name,
             "description": "The stand-in for %s." % model.name,
             "inputTokenLimit": model.tokens_in,
             "outputTokenLimit": model.tokens_out,
             "supportedGenerationMethods": model.methods}
    if model.methods is not EMBED:
        found.update(temperature=1, topP=0.95, topK=64, maxTemperature=2)
    if model.thinking is not None:
        found["thinking"] = True
    return found


def list_models(request, _):
    check_key(request, KEY_WORDS)
    start = page_start(request)
    size = request.query.get("pageSize", "50")
    if not re.fullmatch(r"\d{1,9}", size):
        object_to(request, "Invalid value at 'page_size' (TYPE_INT32), \"%s\""
                  % size)
    end = start + min(int(size) or PAGE, PAGE)
    found = list(models(request).values())
    page = {"models": [described(x) for x in found[start:end]]}
    if end < len(found):
        mark = TOKEN_MARK + str(end).encode()
        page["nextPageToken"] = base64.b64encode(mark).decode()
    return ok(page)


def page_start(request):
    token = request.query.get("pageToken", "")
    if not token:
        return 0
    try:
        mark, number = base64.b64decode(token, validate=True).split(TOKEN_MARK)
        return int(mark + number)
    except ValueError:
        return object_to(request, "page_token is invalid")


def show_model(request, _):
    check_key(request, KEY_WORDS)
    if request.model not in models(request):
        refuse(request, "no_model", call="getModel")
    return ok(described(models(request)[request.model]))


# Tokens.

def count_tokens(request, _):
    asked = fields.read(request.body, request.header("content-type"),
                        fields.COUNTS[request.version])
    check_key(request, KEY_WORDS)
    find_model(request)
    inner = asked.get("generateContentRequest")
    if inner is None:
        inner = asked
    elif "contents" in asked:
        object_to(request, "Only one of contents and generateContentRequest"
                           " may be set.")
    elif not inner.get("model"):
        object_to(request, "* CountTokensRequest.generate_content_request."
                           "model: model is not specified\n")
    check_contents(request, inner)
    details = modalities(inner)
    return ok({"totalTokens": sum(x["tokenCount"] for x in details),
               "totalBillableCharacters": characters(inner),
               "promptTokensDetails": details})


def parts_of(asked):
    """All parts of the prompt, the system instruction included."""
    contents = asked.get("contents", []) + [asked.get("systemInstruction", {})]
    return [x for y in contents for x in y.get("parts", ())]


def characters(asked):
    """The billable characters: those of texts, without white space."""
    return sum(len("".join(x.get("text", "").split()))
               for x in parts_of(asked))


def modalities(asked):
    """Tokens of the prompt, the system instruction included, by modality."""
    found = {"TEXT": 0}
    for part in parts_of(asked):
        found["TEXT"] += answers.tokens(part.get("text", ""))
        data = part.get("inlineData") or part.get("fileData")
        if data:
            major = data.get("mimeType", "").partition("/")[0]
            kind = MEDIA.get(major, "DOCUMENT")
            found[kind] = found.get(kind, 0) + TOKENS_OF_MEDIA
    return [{"modality": k, "tokenCount": v} for k, v in found.items()]


def prompt_tokens(asked):
    return sum(x["tokenCount"] for x in modalities(asked))


def read_any(request):
    """The body of any request; {} if the service would reject it."""
    try:
        return fields.read(request.body, "",
                           fields.GENERATES[request.version])
    except fields.Unreadable:
        return {}


def tier_of(asked):
    return asked.get("serviceTier", "standard")


def tier_header(asked):
    return {TIER_HEADER: tier_of(asked)}


# Answers.

def generate(request, chunk_ms):
    asked = fields.read(request.body, request.header("content-type"),
                        fields.GENERATES[request.version])
    check_key(request, KEY_WORDS, QUOTA_WORDS)
    model = find_model(request)
    check_contents(request, asked)
    check_config(request, asked, model.thinking, is_four(model))
    hop = resumed(request, asked, model)
    try:
        said = Said(asked)
    except answers.BadForm as e:
        object_to(request, "Invalid response schema: %s" % e)
    if is_four(model) and request.version == "v1beta":
        said.go_on(hop.start, hop.limit > ONE_HOP)
    about = events.About(prompt_tokens(asked) + hop.start.tokens,
                         "standin-of-" + REROUTED.get(
                             model.id, resolved(model.id)),
                         "R%d" % request.number, hop)
    options = said.options(asked)
    if request.call == "generateContent":
        return whole(said, about, options, asked)
    options["signature_tail"] = bool(model.thinking)
    made = events.stream(said.chunks(), about, options)
    if request.wants_array:
        reply = Reply(200, JSON, events.array(made), framing="chunked")
    else:
        reply = Reply(200, EVENTS, events.sse(made), framing="chunked")
    reply.headers.update(tier_header(asked))
    reply.how["piece_pause_ms"] = chunk_ms
    return reply


def resumed(request, asked, model):
    """The Hop of a request, whose token must be valid."""
    hop = continuation.Hop(request.tokens, request, asked)
    if hop.token is not None:
        if not is_four(model):
            object_to(request, "Continuation is not supported for this model.")
        try:
            hop.check()
        except continuation.Bad as e:
            object_to(request, str(e))
    return hop


def whole(said, about, options, asked):
    parts = [events.thought(x) for x in said.thoughts]
    if said.text:
        parts.append({"text": said.text,
                      "thoughtSignature": events.SIGNATURE})
    counts = events.usage(about, answers.tokens(said.text),
                          sum(map(answers.tokens, said.thoughts)), options)
    all_said, thinking = events.Count(), events.Count()
    all_said.add(said.text)
    thinking.add("".join(said.thoughts))
    token = events.given(about, options, all_said, thinking)
    reply = ok(events.response(parts, about, options, counts, token=token))
    reply.headers.update(tier_header(asked))
    return reply


class Said:
    """The answer to a request, within the limits of the request."""

    def __init__(self, asked):
        config = asked.get("generationConfig", {})
        self.system = text_of(asked.get("systemInstruction", {}))
        self.user = text_of(asked["contents"][-1])
        self.thoughts = []
        if config.get("thinkingConfig", {}).get("includeThoughts"):
            self.thoughts = ["**Reading the question**\n\nIt has %d words; I"
                             " only look at those.\n" % len(self.user.split())]
        self.finish = "STOP"
        self.token = None
        self.text = answers.answer(self.system, self.user, form_of(config))
        self.stop_at(config.get("stopSequences", ()))
        if "maxOutputTokens" in config:
            self.limit_to(config["maxOutputTokens"])

    def stop_at(self, sequences):
        ends = [self.text.find(x) for x in sequences if x in self.text]
        self.text = self.text[:min(ends, default=None)]

    def limit_to(self, count):
        """Thoughts count against the limit, before the text."""
        left = count - sum(map(answers.tokens, self.thoughts))
        kept = answers.first_tokens(self.text, max(0, left))
        if kept != self.text:
            self.text, self.finish = kept, "MAX_TOKENS"

    def go_on(self, start, in_hops):
        """The rest from `start` on; with in_hops at most one hop."""
        if start.tokens:
            self.thoughts = []
        self.text = self.text[start.chars:]
        kept = (answers.first_tokens(self.text, HOP_TOKENS) if in_hops
                else self.text)
        if kept != self.text:
            self.text, self.finish = kept, "CONTINUATION"
        self.token = self.finish != "STOP"

    def chunks(self):
        """The text in three to six pieces, if it is long enough."""
        words = re.findall(r"\s*\S+\s*", self.text)
        count = min(len(words), max(3, min(6, len(words) // 6)))
        ends = [n * len(words) // max(1, count) for n in range(count + 1)]
        return ["".join(words[a:b]) for a, b in zip(ends, ends[1:])]

    def options(self, asked):
        """The data of this answer for events.stream."""
        found = {"finish": self.finish, "thoughts": self.thoughts,
                 "usage": {"serviceTier": tier_of(asked)},
                 "token": self.token}
        tools = [name for tool in asked.get("tools", []) for name in tool]
        if "googleSearch" in tools:
            found["grounding"] = grounding(self.user, self.text)
        if "urlContext" in tools:
            urls = re.findall(r"https?://[^\s\"'<>)]+", self.user)
            found["url_context"] = {"urlMetadata": [
                {"retrievedUrl": x, "urlRetrievalStatus":
                 "URL_RETRIEVAL_STATUS_SUCCESS"} for x in urls]}
        return found


def text_of(content):
    return "\n".join(x["text"] for x in content.get("parts", ())
                     if "text" in x and not x.get("thought"))


def form_of(config):
    """The schema of the answer; {} for any JSON, None for plain text."""
    if config.get("responseMimeType") != "application/json":
        return None
    return (config.get("responseJsonSchema") or config.get("responseSchema")
            or {})


def grounding(question, text):
    base = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/"
    first = answers.SENTENCE_END.split(text)[0]
    return {
        "webSearchQueries": [" ".join(question.split()[:8])],
        "searchEntryPoint": {"renderedContent": "<div>stand-in</div>"},
        "groundingChunks": [
            {"web": {"uri": base + "STANDIN1", "title": "example.org"}},
            {"web": {"uri": base + "STANDIN2", "title": "example.com"}}],
        "groundingSupports": [{
            # Offsets count bytes, not characters.
            "segment": {"endIndex": len(events.encoded(first)), "text": first},
            "groundingChunkIndices": [0, 1]}]}
