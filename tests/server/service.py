"""What the service itself would say: models, countTokens, generateContent.

As with the real service the body is read before the key is looked at, and the
free calls work with a key whose quota is used up.
"""
import base64
import collections
import re

import answers
import errors
import events
import fields
from checks import (KEY_ROWS, QUOTA_ROWS, Refused, check_config,
                    check_contents, check_key, object_to, refuse)
from replies import EVENTS, JSON, Reply

# thinking: the levels; "": a budget instead; None: the model does not think
Model = collections.namedtuple(
    "Model", "id name tokens_in tokens_out methods thinking")
ASK = ["generateContent", "countTokens", "createCachedContent",
       "batchGenerateContent"]
EMBED = ["embedContent", "countTextTokens", "countTokens"]
MILLION = 1048576
FOUR = "MINIMAL LOW MEDIUM HIGH"
THREE = "LOW MEDIUM HIGH"


def asks(model, name, thinking):
    return Model(model, name, MILLION, 65536, ASK, thinking)


MODELS = {x.id: x for x in (
    asks("gemini-2.0-flash", "Gemini 2.0 Flash", None),
    asks("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", ""),
    asks("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite", FOUR),
    asks("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview", THREE),
    asks("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite", FOUR),
    asks("gemini-3.6-flash", "Gemini 3.6 Flash", FOUR),
    asks("gemini-3.7-flash", "Gemini 3.7 Flash", THREE),
    asks("gemini-3.8-flash", "Gemini 3.8 Flash", THREE),
    asks("gemini-4-argon", "Gemini 4 Argon", THREE),
    Model("gemma-4-31b-it", "Gemma 4 31B", 262144, 32768, ASK[:2], None),
    asks("gemini-flash-latest", "Gemini Flash Latest", THREE),
    asks("gemini-flash-lite-latest", "Gemini Flash-Lite Latest", FOUR),
    asks("gemini-pro-latest", "Gemini Pro Latest", THREE),
    Model("gemini-embedding-001", "Gemini Embedding 001", 2048, 1, EMBED,
          None),
    Model("gemini-embedding-2", "Gemini Embedding 2", 8192, 1, EMBED, None),
)}
# Listed as before, although it is shut down.
DEAD = "gemini-2.0-flash"
SERVED_BY = {"gemini-flash-latest": "gemini-3.8-flash",
             "gemini-flash-lite-latest": "gemini-3.5-flash-lite",
             "gemini-pro-latest": "gemini-3.1-pro-preview",
             "gemini-3.7-flash": "gemini-3.8-flash"}
# The list never comes in one page: 15 models, three pages.
PAGE = 5
# Its base64 has characters that must be escaped in a URL.
TOKEN_MARK = b"\xfb\xef\xbe"

MEDIA = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO"}
TOKENS_OF_MEDIA = 258


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
    """The model asked; it must be known and alive."""
    model = MODELS.get(request.model)
    if not model or request.call.replace("streamG", "g") not in model.methods:
        refuse(request, 17)
    if model.id == DEAD:
        refuse(request, 18)
    return model


def resolved(model):
    """The name of the model that answers for another one, or for itself."""
    return SERVED_BY.get(model, model)


def ok(value):
    return Reply(200, JSON, [events.encoded(events.pretty(value))])


# Models.

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
    check_key(request, KEY_ROWS)
    start = page_start(request)
    size = request.query.get("pageSize", "50")
    if not re.fullmatch(r"\d{1,9}", size):
        object_to(request, "Invalid value at 'page_size' (TYPE_INT32), \"%s\""
                  % size)
    end = start + min(int(size) or PAGE, PAGE)
    page = {"models": [described(x) for x in
                       list(MODELS.values())[start:end]]}
    if end < len(MODELS):
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
    check_key(request, KEY_ROWS)
    if request.model not in MODELS:
        refuse(request, 17, call="getModel")
    return ok(described(MODELS[request.model]))


# Tokens.

def count_tokens(request, _):
    asked = fields.read(request.body, request.header("content-type"),
                        fields.COUNT)
    check_key(request, KEY_ROWS)
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
               "promptTokensDetails": details})


def modalities(asked):
    """Tokens of the prompt, the system instruction included, by modality."""
    found = {"TEXT": 0}
    contents = asked.get("contents", []) + [asked.get("systemInstruction", {})]
    for part in (x for y in contents for x in y.get("parts", ())):
        found["TEXT"] += answers.tokens(part.get("text", ""))
        data = part.get("inlineData") or part.get("fileData")
        if data:
            major = data.get("mimeType", "").partition("/")[0]
            kind = MEDIA.get(major, "DOCUMENT")
            found[kind] = found.get(kind, 0) + TOKENS_OF_MEDIA
    return [{"modality": k, "tokenCount": v} for k, v in found.items()]


def prompt_tokens(request):
    """The same of any request, also one that the service would refuse."""
    try:
        asked = fields.read(request.body, "", fields.GENERATE)
    except fields.Unreadable:
        return 0
    return sum(x["tokenCount"] for x in modalities(asked))


# Answers.

def generate(request, chunk_ms):
    asked = fields.read(request.body, request.header("content-type"),
                        fields.GENERATE)
    check_key(request, KEY_ROWS, QUOTA_ROWS)
    model = find_model(request)
    check_contents(request, asked)
    check_config(request, asked, model.thinking)
    try:
        said = Said(asked)
    except answers.BadForm as e:
        object_to(request, "Invalid response schema: %s" % e)
    about = events.About(sum(x["tokenCount"] for x in modalities(asked)),
                         "standin-of-" + resolved(model.id),
                         "R%d" % request.number)
    options = said.options(asked)
    if request.call == "generateContent":
        return whole(said, about, options)
    options["signature_tail"] = bool(model.thinking)
    made = events.stream(said.chunks(), about, options)
    if request.wants_array:
        reply = Reply(200, JSON, events.array(made), framing="chunked")
    else:
        reply = Reply(200, EVENTS, events.sse(made), framing="chunked")
    reply.how["piece_pause_ms"] = chunk_ms
    return reply


def whole(said, about, options):
    parts = [events.thought(x) for x in said.thoughts]
    if said.text:
        parts.append({"text": said.text,
                      "thoughtSignature": events.SIGNATURE})
    counts = events.usage(about, answers.tokens(said.text),
                          sum(map(answers.tokens, said.thoughts)), options)
    return ok(events.response(parts, about, options, counts))


class Said:
    """The answer to a request, cut as the request wants it."""

    def __init__(self, asked):
        config = asked.get("generationConfig", {})
        self.system = text_of(asked.get("systemInstruction", {}))
        self.user = text_of(asked["contents"][-1])
        self.thoughts = []
        if config.get("thinkingConfig", {}).get("includeThoughts"):
            self.thoughts = ["**Reading the question**\n\nIt has %d words; I"
                             " only look at those.\n" % len(self.user.split())]
        self.finish = "STOP"
        self.text = answers.answer(self.system, self.user, form_of(config))
        self.stop_at(config.get("stopSequences", ()))
        if "maxOutputTokens" in config:
            self.limit_to(config["maxOutputTokens"])

    def stop_at(self, sequences):
        ends = [self.text.find(x) for x in sequences if x in self.text]
        self.text = self.text[:min(ends, default=None)]

    def limit_to(self, count):
        """Thoughts are paid from the same purse, and first."""
        left = count - sum(map(answers.tokens, self.thoughts))
        kept = answers.first_tokens(self.text, max(0, left))
        if kept != self.text:
            self.text, self.finish = kept, "MAX_TOKENS"

    def chunks(self):
        """The text in three to six pieces, if it has the words for that."""
        words = re.findall(r"\s*\S+\s*", self.text)
        count = min(len(words), max(3, min(6, len(words) // 6)))
        ends = [n * len(words) // max(1, count) for n in range(count + 1)]
        return ["".join(words[a:b]) for a, b in zip(ends, ends[1:])]

    def options(self, asked):
        """What events.stream wants to know of this answer."""
        tier = asked.get("serviceTier", "standard")
        found = {"finish": self.finish, "thoughts": self.thoughts,
                 "usage": {"serviceTier": tier}}
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
