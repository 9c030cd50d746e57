"""Error messages of each dialect about the body of a request."""
import json

import chat_errors

# kind: (type, message) of Mistral's own checks; {0} is the limit
MISTRAL = {
    "json": ("json_invalid", "JSON decode error"),
    "unknown": ("extra_forbidden", "Extra inputs are not permitted"),
    "missing": ("missing", "Field required"),
    "word": ("literal_error", "Input should be {0}"),
    "low": ("greater_than_equal",
            "Input should be greater than or equal to {0}"),
    "high": ("less_than_equal", "Input should be less than or equal to {0}"),
    "empty": ("too_short", "List should have at least 1 item after validation,"
              " not 0"),
}
MISTRAL_TYPES = {
    str: ("string_type", "Input should be a valid string"),
    bool: ("bool_type", "Input should be a valid boolean"),
    int: ("int_type", "Input should be a valid integer"),
    float: ("float_type", "Input should be a valid number"),
    list: ("list_type", "Input should be a valid list"),
    dict: ("dict_type", "Input should be a valid dictionary")}
# kind: (code, message); {name} is the member
OPENAI = {
    "json": (None, "We could not parse the JSON body of your request."),
    "unknown": ("unknown_parameter", "Unknown parameter: '{name}'."),
    "missing": ("missing_required_parameter",
                "Missing required parameter: '{name}'."),
    "type": ("invalid_type", "Invalid type for '{name}': expected {limit}."),
    "word": ("invalid_value", "Invalid value: {value}. Supported values are:"
             " {limit}."),
    "low": ("below_min_value", "Invalid '{name}': value below minimum value."
            " Expected a value >= {limit}, but got {value} instead."),
    "high": ("above_max_value", "Invalid '{name}': value above maximum value."
             " Expected a value <= {limit}, but got {value} instead."),
    "many": ("array_above_max_length", "Invalid '{name}': array too long."
             " Expected an array with maximum length {limit}."),
    "empty": ("empty_array", "Invalid '{name}': empty array. Expected an array"
              " with minimum length {limit}."),
}
NAMES = {str: "a string", bool: "a boolean", int: "an integer",
         float: "a decimal", list: "an array", dict: "an object"}
# Local servers check no limits, only the members that they need.
LOCAL = {
    "json": "parse error: {limit}",
    "missing": "'{name}' is required",
    "type": "'{name}' must be {limit}",
    "word": "'{name}' must be one of {limit}",
    "empty": "'{name}' must not be empty",
    "image": "invalid image input",
}


def reply(request, problems):
    """The refusal of a body with these problems."""
    if request.dialect == "mistral":
        details = [mistral_detail(x) for x in problems]
        return chat_errors.reply(request, 422,
                                 chat_errors.mistral({"detail": details}))
    first = problems[0]
    words = {"name": dotted(first.where), "limit": shown(first),
             "value": json.dumps(first.value)[:80]}
    if request.dialect == "openai":
        code, message = OPENAI[first.kind]
        body = chat_errors.openai(message.format(**words), code=code,
                                  param=words["name"] or None)
    else:
        message = LOCAL.get(first.kind, "'{name}' is out of range")
        make = (chat_errors.openai if request.dialect == "ollama"
                else chat_errors.llamacpp_bad)
        body = make(message.format(**words))
    return chat_errors.reply(request, 400, body)


def mistral_detail(problem):
    if problem.kind == "type":
        kind, message = MISTRAL_TYPES[problem.limit]
    else:
        kind, message = MISTRAL[problem.kind]
    return {"type": kind, "loc": ["body", *problem.where],
            "msg": message.format(shown(problem)), "input": problem.value}


def shown(problem):
    """The limit as text."""
    if isinstance(problem.limit, list):
        return ", ".join("'%s'" % x for x in problem.limit)
    return NAMES.get(problem.limit, str(problem.limit))


def dotted(where):
    """messages[0].role"""
    return "".join("[%d]" % x if isinstance(x, int) else "." + x
                   for x in where).lstrip(".")
