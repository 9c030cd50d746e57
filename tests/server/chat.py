"""Responses of a chat completions server without a script, in each dialect.

The first segment of the path is the dialect, the rest its route.
"""
import re
import urllib.parse

import answers
import chat_errors
import chat_events
import chat_fields
import chat_problems
import service
from replies import EVENTS, Reply

COMPLETIONS = "/v1/chat/completions"
LIST = "/v1/models"
HEALTH = ("/health", "/v1/health")  # of llama.cpp; open to all
MODEL = re.compile(r"/v1/models/(.+)")
LATEST = "-latest"
CONTEXT = 262144
EMBED = "mistral-embed"
# Mistral's models; all but the last also have a name that ends in "-latest".
MISTRAL = ("mistral-large-2512 mistral-medium-3-5 mistral-small-2603"
           " ministral-14b-2512 ministral-8b-2512 ministral-3b-2512"
           " codestral-2508").split()
OPENAI = ("gpt-4o-mini gpt-4.1-mini gpt-5-mini gpt-5.2"
          " text-embedding-3-small").split()
LLAMACPP = "qwen3-8b-q4_k_m"
LLAMACPP_CONTEXT = 8192
OLLAMA = ["llama3.2:3b", "qwen3:8b"]
LIMITS = {"mistral": ["max_tokens"],
          "openai": ["max_completion_tokens", "max_tokens"],
          "llamacpp": ["max_tokens", "n_predict"], "ollama": ["max_tokens"]}
NO_KEY = ("mistral", "openai")

# (word in the key, refusal of any call)
KEY_WORDS = {
    "mistral": (("invalid", "unauthorized"), ("restricted", "tier")),
    "openai": (("invalid", "unauthorized"), ("restricted", "permission")),
    "llamacpp": (("invalid", "unauthorized"),), "ollama": ()}
# (word in the key, refusal of calls that generate an answer)
QUOTA_WORDS = {
    "mistral": (("nocredit", "billing"), ("minute", "rate"),
                ("exhausted", "rate"), ("day", "rate"), ("zero", "zero")),
    "openai": (("nocredit", "quota"), ("minute", "rate"),
               ("exhausted", "rate"), ("day", "rate")),
    "llamacpp": (), "ollama": ()}


def answer(request, chunk_ms=0):
    """The reply of the service to any request."""
    if request.method == "POST" and request.route == COMPLETIONS:
        return (bad_key(request, KEY_WORDS, QUOTA_WORDS)
                or complete(request, chunk_ms))
    if request.dialect == "llamacpp":
        if request.method == "GET" and request.route in HEALTH:
            return chat_errors.reply(request, 200, {"status": "ok"})
        if request.route == "/models":
            request.route = LIST
    return bad_key(request, KEY_WORDS) or about_models(request)


def bad_key(request, *tables):
    """The refusal of the key, or None."""
    if (request.dialect == "llamacpp"
            and request.llamacpp_key not in (None, request.key)):
        return chat_errors.refusal(request, "unauthorized")
    if not request.key and request.dialect in NO_KEY:
        return chat_errors.refusal(request, "no_key")
    for word, name in (x for y in tables for x in y[request.dialect]):
        if word in request.key.lower():
            return chat_errors.refusal(request, name)
    return None


# Models.

def about_models(request):
    if request.method == "GET" and request.route == LIST:
        return chat_errors.reply(request, 200, listing(request.dialect))
    found = MODEL.fullmatch(request.route)
    if (request.method != "GET" or not found
            or request.dialect == "llamacpp"):
        return chat_errors.refusal(request, "not_found")
    name = urllib.parse.unquote(found.group(1))
    for model in models(request.dialect):
        if model["id"] == name:
            return chat_errors.reply(request, 200, model)
    return chat_errors.refusal(request, "no_model", name)


def listing(dialect):
    """The list; llama.cpp adds it in Ollama's form."""
    found = {"object": "list", "data": models(dialect)}
    if dialect == "llamacpp":
        return {"models": [{
            "name": LLAMACPP, "model": LLAMACPP, "modified_at": "", "size": "",
            "digest": "", "type": "model", "description": "", "tags": [""],
            "capabilities": ["completion"], "parameters": "", "details": {
                "parent_model": "", "format": "gguf", "family": "",
                "families": [""], "parameter_size": "",
                "quantization_level": ""}}], **found}
    return found


def models(dialect):
    """All models in the form of the dialect."""
    return {"mistral": mistral_models, "openai": openai_models,
            "llamacpp": llamacpp_models, "ollama": ollama_models}[dialect]()


def listed(name, owner):
    return {"id": name, "object": "model", "created": chat_events.CREATED,
            "owned_by": owner}


def mistral_models():
    """Each model under its name and under its alias."""
    found = []
    for name in MISTRAL:
        alias = re.sub(r"-[-\d]+$", "", name) + LATEST
        found += [mistral_model(name, [alias]), mistral_model(alias, [name])]
    return found + [mistral_model(EMBED, [])]


def mistral_model(name, aliases):
    chats = name != EMBED
    return dict(
        listed(name, "mistralai"),
        capabilities={"completion_chat": chats, "function_calling": chats,
                      "completion_fim": False, "fine_tuning": False,
                      "vision": chats},
        max_context_length=CONTEXT if chats else 8192, aliases=aliases,
        deprecation=None, deprecation_replacement_model=None, type="base")


def openai_models():
    return [listed(x, "system") for x in OPENAI]


def llamacpp_models():
    return [dict(listed(LLAMACPP, "llamacpp"), aliases=[LLAMACPP], tags=[],
                 meta={"vocab_type": 2, "n_vocab": 151936,
                       "n_ctx": LLAMACPP_CONTEXT, "n_ctx_train": 40960,
                       "n_embd": 4096, "n_params": 8190735360,
                       "size": 5021777920})]


def ollama_models():
    return [listed(x, "library") for x in OLLAMA]


def unknown_model(request, name):
    """The refusal of a model that cannot answer, or None."""
    if request.dialect == "llamacpp":
        return None
    known = [x["id"] for x in models(request.dialect)]
    if name in known and name != EMBED:
        return None
    return chat_errors.refusal(
        request, "invalid_model" if request.dialect == "mistral"
        else "no_model", name)


# Answers.

def complete(request, chunk_ms):
    asked, problems = chat_fields.read(request.body, request.dialect)
    if problems:
        return chat_problems.reply(request, problems)
    refused = unknown_model(request, asked.get("model"))
    if refused:
        return refused
    about = about_of(request, asked, asked.get("model"))
    if (request.dialect == "llamacpp"
            and about.prompt_tokens > LLAMACPP_CONTEXT):
        return chat_errors.reply(request, 400, chat_errors.overflow(
            about.prompt_tokens, LLAMACPP_CONTEXT))
    try:
        said = service.Said(as_generate(asked, request.dialect))
    except answers.BadForm as e:
        return chat_problems.reply(request, [chat_fields.Problem(
            "json", ("response_format",), {}, str(e))])
    options = {"finish": "stop" if said.finish == "STOP" else "length",
               "reasoning": said.thoughts}
    if request.dialect == "openai":
        options["reasoning"] = []  # it thinks, but does not show it
    if not asked.get("stream"):
        return whole(request, said.chunks(), about, options)
    reply = streamed(said.chunks(), about, options)
    reply.how["piece_pause_ms"] = chunk_ms
    return reply


def as_generate(asked, dialect):
    """The request in Gemini's form, from which answers are made."""
    config = {}
    stop = asked.get("stop") or []
    config["stopSequences"] = [stop] if isinstance(stop, str) else stop
    limits = [asked[x] for x in LIMITS[dialect] if asked.get(x) is not None]
    if limits and limits[0] >= 0:  # -1 is "no limit" at local servers
        config["maxOutputTokens"] = limits[0]
    form = asked.get("response_format") or {}
    if form.get("type", "text") != "text":
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = (form.get("json_schema")
                                        or {}).get("schema")
    if (asked.get("reasoning_effort") or "none") != "none":
        config["thinkingConfig"] = {"includeThoughts": True}
    system = [chat_fields.text_of(x) for x in asked["messages"]
              if x["role"] in ("system", "developer")]
    return {"contents": [parts_of(chat_fields.text_of(asked["messages"][-1]))],
            "systemInstruction": parts_of("\n".join(system)),
            "generationConfig": config}


def parts_of(text):
    return {"parts": [{"text": text}]}


def about_of(request, asked, model):
    """Data about an answer, also for invalid requests."""
    found = asked.get("messages")
    count = sum(answers.tokens(plain(x.get("content"))) for x in (
        found if isinstance(found, list) else ()) if isinstance(x, dict))
    wishes = asked.get("stream_options")
    wishes = wishes if isinstance(wishes, dict) else {}
    wanted = wishes.get("include_usage") is True
    padded = wishes.get("include_obfuscation") is not False
    tier = asked.get("service_tier")
    tier = "default" if tier in (None, "auto") else tier
    if request.dialect == "llamacpp" or not isinstance(model, str):
        model = models(request.dialect)[0]["id"]
    return chat_events.About(request.dialect, request.number, model, count,
                             wanted, padded, tier)


def plain(content):
    """The text of a message's content of any kind."""
    if isinstance(content, list):
        return "\n".join(str(x.get("text", "")) for x in content
                         if isinstance(x, dict))
    return content if isinstance(content, str) else ""


def whole(request, texts, about, options):
    return chat_errors.reply(request, 200,
                             chat_events.document(texts, about, options))


def streamed(texts, about, options):
    made = chat_events.stream(texts, about, options)
    reply = Reply(200, EVENTS, chat_events.sse(made, about, options),
                  chat_errors.HEADERS[about.dialect], "chunked")
    reply.how["newline"] = chat_events.NEWLINE  # of comments
    return reply


# Scripts.

def scripted(entry, request):
    """The answer of a script, for any request."""
    asked, _ = chat_fields.read(request.body, request.dialect)
    about = about_of(request, asked, asked.get("model"))
    if "model" in entry:
        about = about._replace(model=entry["model"])
    if entry.get("unary"):
        return whole(request, entry["chat"], about, entry)
    return streamed(entry["chat"], about, entry)


def refused(entry, request):
    """The refusal of a script, by default about the requested model."""
    asked, _ = chat_fields.read(request.body, request.dialect)
    return chat_errors.refusal(request, entry["refusal"],
                               entry.get("model") or asked.get("model"))
