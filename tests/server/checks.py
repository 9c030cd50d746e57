"""Refusals of Gemini: keys, and requests that are valid but not allowed."""
import errors
import fields

# (word in the key, refusal of any call)
KEY_WORDS = (("invalid", "key_invalid"), ("expired", "key_expired"),
             ("leaked", "key_leaked"), ("restricted", "api_blocked"),
             ("disabled", "api_disabled"), ("suspended", "project_suspended"))
# (word in the key, refusal of calls that generate an answer)
QUOTA_WORDS = (("nocredit", "no_credit"), ("region", "region"),
               ("minute", "quota_minute"), ("exhausted", "quota_day"),
               ("day", "quota_day"), ("zero", "quota_none"))

CONFIG = "generation_config."
LIMIT = "maxOutputTokens"
RANGES = {"temperature": (0, 2), "topP": (0, 1), "topK": (1, 1000),
          LIMIT: (1, 65536), "candidateCount": (1, 8), "logprobs": (0, 20)}
# Gemini 4 ignores the first, and rejects the second.
SAMPLING = ("temperature", "topP", "topK")
PENALTIES = ("presencePenalty", "frequencyPenalty")
# Maximum tokens of a Gemini 4: of an answer in several hops, of one document.
TOTAL_LIMIT = 1048576
WHOLE_LIMIT = 32768
STOP_SEQUENCES = 5
MIME_TYPES = ("text/plain", "application/json", "text/x.enum")
BUDGETS = {True: (512, 24576), False: (1, 32768)}


class Refused(Exception):
    """Ends a check with an error reply."""

    def __init__(self, reply):
        super().__init__()
        self.reply = reply


def refuse(request, named, **fill):
    raise Refused(errors.refusal(request, named, **fill))


def object_to(request, message):
    raise Refused(errors.error(request, 400, "INVALID_ARGUMENT", message))


def object_to_field(request, field, message):
    object_to(request, "* GenerateContentRequest.%s: %s\n" % (field, message))


def check_key(request, *tables):
    if request.key and request.header("authorization"):
        object_to(request, "Multiple authentication credentials received."
                           " Please pass only one.")
    if not request.key:
        refuse(request, "no_key")
    for word, named in (x for table in tables for x in table):
        if word in request.key.lower():
            refuse(request, named)


def check_contents(request, asked):
    if not asked.get("contents"):
        object_to_field(request, "contents", "contents is not specified")
    named = [("contents[%d]" % n, x) for n, x in enumerate(asked["contents"])]
    for _, content in named:
        if content.get("role", "user") not in ("user", "model"):
            object_to(request, "Please use a valid role: user, model.")
    if "systemInstruction" in asked:
        named.append(("system_instruction", asked["systemInstruction"]))
    for name, content in named:
        check_parts(request, name, content.get("parts"))


def check_parts(request, name, parts):
    if not parts:
        object_to_field(request, name + ".parts",
                        "contents.parts must not be empty.")
    for n, part in enumerate(parts):
        if not any(part.values()):  # an empty text is no data either
            object_to_field(request, "%s.parts[%d].data" % (name, n),
                            "required oneof field 'data' must have one"
                            " initialized field")


def check_config(request, asked, levels, is_four):
    """levels: the thinking levels of the model, see service.Model;
    is_four: it is a Gemini 4.
    """
    config = asked.get("generationConfig", {})
    ranges = RANGES
    if is_four:
        ranges = ranges_of_four(request, asked)
        check_penalties(request, config)
        if asked["contents"][-1].get("role") == "model":
            object_to(request, "The last turn must not be the model's.")
    for name, (low, high) in ranges.items():
        if not low <= config.get(name, low) <= high:
            object_to_field(request, CONFIG + fields.snake(name),
                            "%s must be in the range [%d, %d]."
                            % (name, low, high))
    if len(config.get("stopSequences", ())) > STOP_SEQUENCES:
        object_to_field(request, CONFIG + "stop_sequences", "stopSequences"
                        " must have at most %d elements." % STOP_SEQUENCES)
    if config.get("candidateCount", 1) > 1:
        object_to(request, "Multiple candidates is not enabled for this model"
                           " (candidateCount)")
    check_thinking(request, config.get("thinkingConfig", {}), levels, is_four)
    check_form(request, config)
    check_others(request, asked)


def ranges_of_four(request, asked):
    """The ranges of a Gemini 4, in place of RANGES."""
    ranges = {k: v for k, v in RANGES.items() if k not in SAMPLING}
    if request.version == "v1beta":
        ranges[LIMIT] = (1, TOTAL_LIMIT)
        if (request.call == "generateContent"
                and "continuationToken" not in asked):
            ranges[LIMIT] = (1, WHOLE_LIMIT)
    return ranges


def check_penalties(request, config):
    if any(config.get(x) for x in PENALTIES):
        object_to(request, "Penalty is not enabled for this model")


def check_thinking(request, thinking, levels, is_four):
    level = thinking.get("thinkingLevel", "").upper()
    budget = thinking.get("thinkingBudget")
    if thinking and levels is None:
        object_to(request, "Thinking is not supported for this model.")
    if level and budget is not None:
        object_to(request, "You can only set only one of thinking budget and"
                           " thinking level.")
    if level and level not in levels.split():
        refuse(request, "thinking", message="Thinking level %s is not"
               " supported for this model." % level)
    if budget is not None and is_four:
        refuse(request, "thinking", message="Thinking budget is not supported"
               " for this model.")
    if budget is not None and budget != -1:
        by_budget = levels == ""
        low, high = BUDGETS[by_budget]
        off = by_budget and budget == 0
        if not off and not low <= budget <= high:
            refuse(request, "thinking", message="The thinking budget %d is"
                   " invalid for this model." % budget)


def check_form(request, config):
    kind = config.get("responseMimeType", "text/plain")
    if kind not in MIME_TYPES:
        object_to_field(request, CONFIG + "response_mime_type",
                        "allowed mimetypes are `text/plain`,"
                        " `application/json`, `text/x.enum`.")
    if "responseJsonSchema" in config:
        if kind != "application/json":
            object_to_field(request, CONFIG + "response_json_schema",
                            "needs response_mime_type application/json.")
        if "responseSchema" in config:
            object_to(request, "Only one of response_schema and"
                               " response_json_schema may be set.")


def check_others(request, asked):
    seen = [x.get("category") for x in asked.get("safetySettings", ())]
    if len(seen) != len(set(seen)):
        object_to_field(request, "safety_settings", "only one setting for each"
                        " category is allowed.")
    if "cachedContent" in asked:
        refuse(request, "permission", message="CachedContent not found (or"
               " permission denied)")
