"""Refusals of chat completions servers by name; README.md lists them.

The texts hold fields in braces: {model} and {path} of the request, {key} with
its middle hidden, as OpenAI shows it.
"""
from chat_events import compact
from errors import filled
from events import encoded
from replies import HTML, Reply

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
LIMIT = "x-ratelimit-limit-req-minute"
LEFT = "x-ratelimit-remaining-req-minute"
REQUEST_ID = "0123456789abcdef0123456789abcdef"
# Headers of all responses of a dialect.
HEADERS = {"mistral": {"x-kong-request-id": REQUEST_ID},
           "openai": {"x-request-id": "req_" + REQUEST_ID},
           "llamacpp": {"Server": "llama.cpp"}, "ollama": {}}
# The model in a refusal if the request names none.
MODELS = {"mistral": "mistral-large-latest", "openai": "gpt-5-mini",
          "llamacpp": "", "ollama": "qwen3:8b"}
BAD = "invalid_request_error"
PAGE = ("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
        "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")
# The problem of the scripted 422, in each of its forms.
EXTRA = [{"type": "extra_forbidden", "loc": ["body", "seed"],
          "msg": "Extra inputs are not permitted", "input": 1}]


def mistral(message, kind=BAD, code=None):
    return {"object": "error", "message": message, "type": kind, "param": None,
            "code": code}


def openai(message, kind=BAD, code=None, param=None):
    return {"error": {"message": message, "type": kind, "param": param,
                      "code": code}}


def llamacpp(status, message, kind=BAD, **more):
    return {"error": {"code": status, "message": message, "type": kind,
                      **more}}


def llamacpp_bad(message):
    return llamacpp(400, message)


def overflow(count, size):
    """llama.cpp's answer to a prompt that is too long."""
    return llamacpp(400, "request (%d tokens) exceeds the available context"
                    " size (%d tokens), try increasing it" % (count, size),
                    "exceed_context_size_error", n_prompt_tokens=count,
                    n_ctx=size)


# name: (status, body[, headers]); a text as body is sent unchanged
MISTRAL = {
    "unauthorized": (401, {"detail": "Invalid API Key"}),
    "no_key": (401, {"detail": "Unauthorized"}),
    "unauthorized_message": (401, {"message": "Unauthorized",
                                   "request_id": REQUEST_ID}),
    "unauthorized_empty": (401, ""),
    "invalid_model": (400, mistral("Invalid model: {model}", "invalid_model",
                                   "1500")),
    "context": (400, mistral(
        "Prompt contains 300000 tokens, too large for model with 262144"
        " maximum context length", "invalid_request_prompt", "3051")),
    "billing": (402, mistral("Payment required. Please check your billing"
                             " settings.", "payment_required")),
    "tier": (403, mistral("This model is not available in your subscription"
                          " tier or workspace.", "forbidden")),
    "not_found": (404, {"message": "no Route matched with those values"}),
    "no_model": (404, mistral("Model {model} not found", "not_found")),
    "fields_object": (422, mistral({"detail": EXTRA})),
    "fields_array": (422, mistral(EXTRA)),
    "fields_string": (422, mistral(
        compact({"detail": EXTRA}).replace("{", "{{").replace("}", "}}"),
        "internal_error_proxy", "1000")),
    "fields_detail": (422, {"detail": EXTRA, "code": 3001}),
    "rate": (429, mistral("Rate limit exceeded", "rate_limited", "1300"),
             {LIMIT: "60", LEFT: "0"}),
    "rate_requests": (429, {"message": "Requests rate limit exceeded"},
                      {LIMIT: "60", LEFT: "0"}),
    "zero": (429, mistral("Rate limit exceeded", "rate_limited", "1300"),
             {LIMIT: "0", LEFT: "0"}),
    "capacity": (429, mistral("Service tier capacity exceeded for this model.",
                              "service_tier_capacity_exceeded", "3505")),
    "server": (500, mistral("Internal server error", "internal_error")),
    "overloaded": (503, mistral("Service overloaded", "overloaded")),
    "timeout": (504, mistral("The request timed out", "timeout")),
}
OPENAI = {
    "unauthorized": (401, openai(
        "Incorrect API key provided: {key}. You can find your API key at"
        " https://platform.openai.com/account/api-keys.",
        code="invalid_api_key")),
    "no_key": (401, openai(
        "You didn't provide an API key. You need to provide your API key in an"
        " Authorization header using Bearer auth (i.e. Authorization: Bearer"
        " YOUR_KEY).")),
    "permission": (403, openai(
        "You have insufficient permissions for this operation. Missing scopes:"
        " model.request.", code="missing_scope")),
    "country": (403, openai("Country, region, or territory not supported",
                            "request_forbidden",
                            "unsupported_country_region_territory")),
    "not_found": (404, openai("Invalid URL ({path})")),
    "no_model": (404, openai(
        "The model `{model}` does not exist or you do not have access to it.",
        code="model_not_found")),
    "context": (400, openai(
        "This model's maximum context length is 128000 tokens. However, your"
        " messages resulted in 130004 tokens. Please reduce the length of the"
        " messages.", code="context_length_exceeded", param="messages")),
    "rate": (429, openai(
        "Rate limit reached for {model} in organization org-standin on"
        " requests per min (RPM): Limit 3, Used 3, Requested 1. Please try"
        " again in 20s.", "requests", "rate_limit_exceeded")),
    "quota": (429, openai(
        "You exceeded your current quota, please check your plan and billing"
        " details.", "insufficient_quota", "insufficient_quota")),
    "server": (500, openai("The server had an error while processing your"
                           " request. Sorry about that!", "server_error")),
    "html": (502, PAGE),
    "overloaded": (503, openai("The engine is currently overloaded, please try"
                               " again later", "server_error")),
}
LLAMACPP = {
    "unauthorized": (401, llamacpp(401, "Invalid API Key",
                                   "authentication_error")),
    "not_found": (404, llamacpp(404, "File Not Found", "not_found_error")),
    "loading": (503, llamacpp(503, "Loading model", "unavailable_error")),
    "context": (400, overflow(13392, 8192)),
    "unsupported": (501, llamacpp(501, "This feature is not supported by this"
                                  " server", "not_supported_error")),
    "server": (500, llamacpp(500, "Compute error.", "server_error")),
}
OLLAMA = {
    "not_found": (404, "404 page not found"),
    "no_model": (404, openai("model \"{model}\" not found, try pulling it"
                             " first", "not_found_error")),
    "api_error": (500, openai("llama runner process has terminated: exit"
                              " status 2", "api_error")),
    "native": (500, {"error": "llama runner process has terminated: exit"
                              " status 2"}),
}
REFUSALS = {"mistral": MISTRAL, "openai": OPENAI, "llamacpp": LLAMACPP,
            "ollama": OLLAMA}
NAMES = frozenset(name for table in REFUSALS.values() for name in table)


def refusal(request, name, model=None):
    """The dialect's refusal of that name, about a model."""
    status, body, *headers = REFUSALS[request.dialect][name]
    fields = {"model": model or MODELS[request.dialect],
              "key": hidden(request.key),
              "path": "%s %s" % (request.method, request.route)}
    return reply(request, status, filled(body, fields), *headers)


def reply(request, status, body, headers=None):
    """A JSON document, or a text unchanged."""
    kind = JSON
    if isinstance(body, str):
        kind = HTML if body.startswith("<") else TEXT
    else:
        body = compact(body)
    return Reply(status, kind, [encoded(body)],
                 dict(HEADERS[request.dialect], **(headers or {})))


def hidden(key):
    return key[:8] + "*" * max(0, len(key) - 12) + key[8:][-4:]
