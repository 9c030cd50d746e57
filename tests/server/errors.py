"""Gemini's refusals by name; README.md lists them.

The texts hold fields in braces, which `refusal` fills in from the script
("model", "replacement", "project", ...), else from the request, else from
DEFAULTS.
"""
from events import encoded, pretty
from replies import HTML, JSON, Reply

TYPE = "type.googleapis.com/google.rpc."
SERVICE = "generativelanguage.googleapis.com"
METRIC = SERVICE + "/generate_content_free_tier_"
LIMITS_PAGE = "https://ai.google.dev/gemini-api/docs/rate-limits"
CONSOLE = "https://console.developers.google.com/"
API_PAGE = CONSOLE + "apis/api/" + SERVICE + "/overview?project={project}"
BILLING_PAGE = CONSOLE + "billing/enable?project={project}"
DEFAULTS = {"model": "gemini-3.8-flash", "replacement": "gemini-3.8-flash",
            "project": "123456789012", "location": "http://127.0.0.1:9/",
            "name": "x", "field": "generation_config"}


def info(reason, **metadata):
    return dict({"@type": TYPE + "ErrorInfo", "reason": reason,
                 "domain": "googleapis.com",
                 "metadata": dict({"service": SERVICE}, **metadata)})


def local(message):
    return {"@type": TYPE + "LocalizedMessage", "locale": "en-US",
            "message": message}


def debug(detail):
    return {"@type": TYPE + "DebugInfo", "detail": detail}


def help_at(description, url):
    return {"@type": TYPE + "Help",
            "links": [{"description": description, "url": url}]}


def violations(pairs):
    """A BadRequest with pairs (field, description); an empty field is left out.
    """
    return {"@type": TYPE + "BadRequest", "fieldViolations": [
        dict({"field": f} if f else {}, description=d) for f, d in pairs]}


def bad_key(message, *more):
    return (400, "INVALID_ARGUMENT", message,
            info("API_KEY_INVALID"), local(message), *more)


def denied(message, *details):
    return (403, "PERMISSION_DENIED", message, *details)


def invalid(message, *details):
    return (400, "INVALID_ARGUMENT", message, *details)


def missing(message, *details):
    return (404, "NOT_FOUND", message, *details)


def exhausted(message, *details):
    return (429, "RESOURCE_EXHAUSTED", message, *details)


NOT_FOUND = ("models/{model} is not found for API version {version}, or is not"
             " supported for {call}. Call ListModels to see the list of"
             " available models and their supported methods.")
GONE = ("Please update your code to use models/{replacement} for the latest"
        " features and improvements.")
REGION = "User location is not supported for the API use."
UNKNOWN = ("Invalid JSON payload received. Unknown name \"{name}\" at"
           " '{field}': Cannot find field.")
DISABLED = (
    "Generative Language API has not been used in project {project} before or"
    " it is disabled. Enable it by visiting " + API_PAGE + " then retry. If"
    " you enabled this API recently, wait a few minutes for the action to"
    " propagate to our systems and retry.")
NO_BILLING = (
    "This API method requires billing to be enabled. Please enable billing on"
    " project #{project} by visiting " + BILLING_PAGE + " then retry. If you"
    " enabled billing for this project recently, wait a few minutes for the"
    " action to propagate to our systems and retry.")
CONSUMER = "projects/{project}"

# name: (HTTP status, the API's status, message, detail, ...)
REFUSALS = {
    "key_invalid": bad_key(
        "API key not valid. Please pass a valid API key.",
        debug("Invalid API key: {key}")),
    "key_expired": bad_key("API key expired. Please renew the API key."),
    "key_not_found": bad_key(
        "API key not found. Please pass a valid API key."),
    "unauthorized": (
        401, "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2"
        " access token, login cookie or other valid authentication credential."
        " See https://developers.google.com/identity/sign-in/web/"
        "devconsole-project.",
        info("ACCESS_TOKEN_TYPE_UNSUPPORTED", method="{method}")),
    "key_leaked": denied(
        "Your API key was reported as leaked. Please use another API key."),
    "no_key": denied(
        "Method doesn't allow unregistered callers (callers without"
        " established identity). Please use API Key or other form of API"
        " consumer identity to call this API."),
    "referrer_blocked": denied(
        "Requests from referer <empty> are blocked.",
        info("API_KEY_HTTP_REFERRER_BLOCKED", consumer=CONSUMER,
             httpReferrer="<empty>")),
    "address_blocked": denied(
        "The provided API key has an IP address restriction. The originating"
        " IP address of the call (127.0.0.1) violates this restriction.",
        info("API_KEY_IP_ADDRESS_BLOCKED", consumer=CONSUMER)),
    "app_blocked": denied(
        "Requests from this Android client application <empty> are blocked.",
        info("API_KEY_ANDROID_APP_BLOCKED", consumer=CONSUMER)),
    "api_blocked": denied(
        "Requests to this API " + SERVICE + " method {method} are blocked.",
        info("API_KEY_SERVICE_BLOCKED", consumer=CONSUMER, apiName=SERVICE,
             methodName="{method}")),
    "api_disabled": denied(
        DISABLED,
        help_at("Google developers console API activation", API_PAGE),
        info("SERVICE_DISABLED", consumer=CONSUMER)),
    # The only message that holds the key.
    "project_suspended": denied(
        "Permission denied: Consumer 'api_key:{key}' has been suspended.",
        info("CONSUMER_SUSPENDED", consumer=CONSUMER,
             containerInfo="api_key:{key}")),
    "billing_disabled": denied(
        NO_BILLING,
        help_at("Google developers console billing", BILLING_PAGE),
        info("BILLING_DISABLED", consumer=CONSUMER)),
    "permission": denied("The caller does not have permission"),
    "no_credit": (
        402, "RESOURCE_EXHAUSTED",
        "Your prepayment credits are depleted. Please go to AI Studio at"
        " https://ai.studio/projects to manage your project and billing."),
    "region": (
        400, "FAILED_PRECONDITION", REGION,
        debug("[ORIGINAL ERROR] generic::failed_precondition: " + REGION)),
    "no_model": missing(NOT_FOUND),
    "model_gone": missing(
        "This model models/{model} is no longer available. " + GONE),
    "model_closed": missing(
        "This model models/{model} is no longer available to new users. "
        + GONE + " We recommend you to use the Interactions API."),
    "not_found": missing("Requested entity was not found."),
    "unknown_field": invalid(UNKNOWN, violations([("{field}", UNKNOWN)])),
    "invalid_argument": invalid("Request contains an invalid argument."),
    "context": invalid(
        "The input token count (1200293) exceeds the maximum number of tokens"
        " allowed (1048576)."),
    "payload_too_large": invalid(
        "Request payload size exceeds the limit: 20971520 bytes. Please use"
        " the Files API for larger requests."),
    "thinking": invalid(
        "Thinking level MINIMAL is not supported for this model."),
    "mime_type": invalid("Unsupported MIME type: application/x-unknown"),
    "file_not_active": (
        400, "FAILED_PRECONDITION",
        "The File x is not in an ACTIVE state and usage is not allowed."),
    "body_too_large": (
        413, "Request Entity Too Large",
        "Maximum request body size 1048576 exceeded, actual body size"
        " 1048577"),
    "quota_spend": exhausted(
        "You exceeded your spend-based rate limit. Please retry later."),
    "quota_region": exhausted(
        "Quota exceeded for quota metric 'Generate Content API requests per"
        " minute' and limit 'GenerateContent request limit per minute for a"
        " region' of service '" + SERVICE + "' for consumer"
        " 'project_number:{project}'.",
        info("RATE_LIMIT_EXCEEDED", consumer=CONSUMER,
             quota_metric=SERVICE + "/generate_content_requests",
             quota_limit="GenerateContentRequestsPerMinutePerProjectPerRegion",
             quota_limit_value="0", quota_location="europe-west1")),
    "quota": exhausted("Resource has been exhausted (e.g. check quota)."),
    "cancelled": (499, "CANCELLED", "The operation was cancelled."),
    "server": (
        500, "INTERNAL",
        "An internal error has occurred. Please retry or report in"
        " https://developers.generativeai.google/guide/troubleshooting"),
    "overloaded": (
        503, "UNAVAILABLE",
        "The model is overloaded. Please try again later."),
    "deadline": (
        503, "UNAVAILABLE",
        "Deadline expired before operation could complete."),
    "timeout": (504, "DEADLINE_EXCEEDED", "Deadline Exceeded"),
    "aborted": (409, "ABORTED", "The operation was aborted."),
    "unimplemented": (
        501, "UNIMPLEMENTED",
        "Operation is not implemented, or supported, or enabled."),
}

PER_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
PER_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
TOKENS_PER_MINUTE = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
# name: (quota ids, quotaValue, retryDelay), see `quota`
QUOTAS = {"quota_minute": ([PER_MINUTE], "5", "37.1s"),
          "quota_day": ([PER_DAY], "20", "38s"),
          "quota_none": ([PER_DAY, PER_MINUTE, TOKENS_PER_MINUTE], None,
                         "38s")}
# "blocked" is a response with status 200, see script.py.
NAMES = frozenset([*REFUSALS, *QUOTAS, "html", "proxy", "redirect", "blocked"])


def refusal(request, named, **fill):
    """The reply with that name; `fill` has the script's members about it."""
    if named == "html":
        return html(fill.get("status", 502), request)
    if named == "proxy":
        return html(407, request, {"Proxy-Authenticate": "Basic realm=\"p\""})
    fields = dict(DEFAULTS, key=request.key, version=request.version,
                  call=request.call or "generateContent",
                  method=request.rpc)
    if request.model:
        fields["model"] = request.model
    fields.update(fill)
    if named == "redirect":
        return Reply(302, HTML, [b"<HTML>Moved</HTML>\n"],
                     {"Location": fields["location"]})
    if named in QUOTAS:
        made = quota(named, fields)
    else:
        made = filled(REFUSALS[named], fields)
    status, name, message, *details = made
    for detail in details:
        if fill.get("error_reason") and "reason" in detail:
            detail["reason"] = fill["error_reason"]
    return error(request, fill.get("status", status), name,
                 fill.get("message", message), details)


def error(request, status, name, message, details=()):
    """The envelope of all errors; an array if the request asked for one."""
    inner = {"code": status, "message": message, "status": name}
    if details:
        inner["details"] = list(details)
    text = pretty({"error": inner})
    if request.wants_array:
        text = "[" + text + "]"
    return Reply(status, JSON, [encoded(text)])


def filled(value, fields):
    """The value with the braces in all its strings replaced."""
    if isinstance(value, str):
        return value.format(**fields)
    if isinstance(value, dict):
        return {k: filled(v, fields) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(v, fields) for v in value]
    return value


def quota(named, fields):
    """The long form of 429; a limit of 0 has no quotaValue."""
    ids, value, delay = QUOTAS[named]
    ids = [fields["quota_id"]] if fields.get("quota_id") else ids
    value = fields.get("quota_value", value)
    delay = fields.get("retry_delay", delay)
    message = (
        "You exceeded your current quota, please check your plan and billing"
        " details. For more information on this error, head to: " + LIMITS_PAGE
        + ". To monitor your current usage, head to:"
        " https://ai.dev/rate-limit. ")
    found = []
    for quota_id in ids:
        tail = ("input_token_count" if "InputTokens" in quota_id
                else "requests")
        message += ("\n* Quota exceeded for metric: %s%s, limit: %s, model: %s"
                    % (METRIC, tail, value or 0, fields["model"]))
        found.append({"quotaMetric": METRIC + tail, "quotaId": quota_id,
                      "quotaDimensions": {"location": "global",
                                          "model": fields["model"]}})
        if value is not None:
            found[-1]["quotaValue"] = str(value)
    details = [help_at("Learn more about Gemini API quotas", LIMITS_PAGE),
               {"@type": TYPE + "QuotaFailure", "violations": found}]
    if delay is not None:
        message += "\nPlease retry in %s." % delay
        details.append({"@type": TYPE + "RetryInfo", "retryDelay": delay})
    return exhausted(message, *details)


def html(status, request, headers=None):
    """A page of Google's front end."""
    made = Reply(status, HTML, headers=headers)
    path = request.target.replace("&", "&amp;").replace("<", "&lt;")
    why = ("The requested URL <code>%s</code> was not found on this server."
           % path if status == 404 else "The server could not do this.")
    made.pieces = [encoded(
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n"
        "  <title>Error %d (%s)!!1</title>\n"
        "  <style>\n    *{margin:0;padding:0}html,code{font:15px/22px arial}\n"
        "  </style>\n  <p><b>%d.</b> <ins>That\u2019s an error.</ins>\n"
        "  <p>%s  <ins>That\u2019s all we know.</ins>\n"
        % (status, made.reason, status, why))]
    return made
