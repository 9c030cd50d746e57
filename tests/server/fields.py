"""Parser for bodies of requests, as strict as that of the service.

Names may be camelCase or snake_case; the result is camelCase.  A name that
the service does not know, or a value of a wrong type, is an error.
"""
import base64
import json
import math
import re


class Enum:
    """One of these words."""

    def __init__(self, kind, words):
        self.kind = kind
        self.words = frozenset(words.split())


class MapOf:
    """An object whose members have any name and this type."""

    def __init__(self, schema):
        self.schema = schema


# A dict lists the members of an object, a list holds the type of its elements,
# `dict` is an object that is not checked, ANY is any value.
ANY = object()
BYTES = bytes
PART = {"text": str, "inlineData": {"mimeType": str, "data": BYTES},
        "fileData": {"mimeType": str, "fileUri": str}, "thought": bool,
        "thoughtSignature": BYTES, "functionCall": ANY,
        "functionResponse": ANY, "executableCode": ANY,
        "codeExecutionResult": ANY, "videoMetadata": ANY,
        "mediaResolution": ANY}
CONTENT = {"role": str, "parts": [PART]}
RESOLUTION = Enum("MediaResolution", "MEDIA_RESOLUTION_UNSPECIFIED"
                  " MEDIA_RESOLUTION_LOW MEDIA_RESOLUTION_MEDIUM"
                  " MEDIA_RESOLUTION_HIGH")
CATEGORY = Enum("HarmCategory", "HARM_CATEGORY_HARASSMENT"
                " HARM_CATEGORY_HATE_SPEECH HARM_CATEGORY_SEXUALLY_EXPLICIT"
                " HARM_CATEGORY_DANGEROUS_CONTENT"
                " HARM_CATEGORY_CIVIC_INTEGRITY HARM_CATEGORY_JAILBREAK")
THRESHOLD = Enum("SafetySetting.HarmBlockThreshold", "BLOCK_LOW_AND_ABOVE"
                 " BLOCK_MEDIUM_AND_ABOVE BLOCK_ONLY_HIGH BLOCK_NONE OFF")
SCHEMA = {"type": str, "format": str, "title": str, "description": str,
          "nullable": bool, "enum": [str], "minItems": int, "maxItems": int,
          "required": [str], "minProperties": int, "maxProperties": int,
          "minLength": int, "maxLength": int, "pattern": str, "example": ANY,
          "propertyOrdering": [str], "default": ANY, "minimum": float,
          "maximum": float}
SCHEMA.update(items=SCHEMA, properties=MapOf(SCHEMA), anyOf=[SCHEMA])
CONFIG = {"temperature": float, "topP": float, "topK": int,
          "maxOutputTokens": int, "candidateCount": int,
          "stopSequences": [str], "seed": int, "presencePenalty": float,
          "frequencyPenalty": float, "responseLogprobs": bool,
          "logprobs": int, "responseMimeType": str, "responseSchema": SCHEMA,
          "responseJsonSchema": dict, "responseFormat": ANY,
          "responseModalities": [str], "mediaResolution": RESOLUTION,
          "speechConfig": ANY, "imageConfig": ANY,
          "thinkingConfig": {"includeThoughts": bool, "thinkingBudget": int,
                             "thinkingLevel": str}}
TOOL = {"googleSearch": ANY, "codeExecution": ANY, "urlContext": ANY,
        "googleMaps": ANY, "fileSearch": ANY, "functionDeclarations": ANY,
        "googleSearchRetrieval": ANY}
GENERATE = {"model": str, "contents": [CONTENT], "systemInstruction": CONTENT,
            "generationConfig": CONFIG, "tools": [TOOL], "toolConfig": ANY,
            "safetySettings": [{"category": CATEGORY,
                                "threshold": THRESHOLD}],
            "cachedContent": str, "store": bool,
            "serviceTier": Enum("ServiceTier", "standard flex priority")}
# Only v1beta continues answers.
GENERATES = {"v1": GENERATE, "v1beta": dict(GENERATE, continuationToken=str)}
COUNTS = {k: {"contents": [CONTENT], "generateContentRequest": v}
          for k, v in GENERATES.items()}
ENUM_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1beta."
TYPES = {str: "TYPE_STRING", int: "TYPE_INT32", float: "TYPE_FLOAT",
         bool: "TYPE_BOOL", BYTES: "TYPE_BYTES", dict: "TYPE_MESSAGE"}


class Unreadable(Exception):
    """`problems`: a list of (field, description)."""

    def __init__(self, problems):
        super().__init__("\n".join(text for _, text in problems))
        self.problems = problems


def read(body, content_type, schema):
    """The request as a dict; raises Unreadable."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        raise Unreadable([("", "Invalid JSON payload received. Unknown name"
                           " \"%s\": Cannot bind query parameter."
                           % body[:40].decode("utf-8", "replace"))])
    problems = []
    try:
        value = checked(parsed(body), schema, "", problems)
    except RecursionError as e:
        raise Unreadable([("", "Message too deep. Max recursion depth"
                           " reached")]) from e
    if problems:
        raise Unreadable(problems)
    return value


def parsed(body):
    try:
        text = body.decode("utf-8")
        return json.loads(text or "{}", parse_constant=not_json)
    except json.JSONDecodeError as e:
        raise Unreadable([("", unexpected(text, e.pos))]) from e
    except ValueError as e:
        raise Unreadable([("", unexpected("", 0))]) from e


def not_json(word):
    """Rejects NaN and Infinity, which json.loads accepts."""
    raise ValueError(word)


def unexpected(text, at):
    """The error, the text around it, and a mark below its position."""
    start = max(0, text.rfind("\n", 0, at) + 1, at - 20)
    near = text[start:at + 20].split("\n")[0]
    return "Invalid JSON payload received. Unexpected token.\n%s\n%s^" % (
        near, " " * (at - start))


def checked(value, schema, path, problems):
    """The value with names in camelCase; errors go to problems."""
    if schema is ANY:
        return value
    if isinstance(schema, list):
        # A single element is accepted as a list of one.
        values = value if isinstance(value, list) else [value]
        return [checked(x, schema[0], "%s[%d]" % (path, n), problems)
                for n, x in enumerate(values)]
    if isinstance(schema, MapOf) and isinstance(value, dict):
        return {name: checked(x, schema.schema, "%s[%s]" % (path, name),
                              problems) for name, x in value.items()}
    if isinstance(schema, (dict, MapOf)):
        return checked_object(value, schema, path, problems)
    if not fits(value, schema):
        kind = (ENUM_TYPE + schema.kind if isinstance(schema, Enum)
                else TYPES[schema])
        problems.append((path, "Invalid value at '%s' (%s), %s"
                         % (path, kind, json.dumps(value)[:80])))
    elif schema in (int, float):
        return schema(float(value))
    return value


def checked_object(value, schema, path, problems):
    if isinstance(schema, MapOf) or not isinstance(value, dict):
        problems.append((path, "Invalid value at '%s' (TYPE_MESSAGE), %s"
                         % (path, json.dumps(value)[:80])))
        return {}
    found = {}
    for name, member in value.items():
        known = camel(name)
        if known not in schema:
            where = " at '%s'" % path if path else ""
            problems.append((path, "Invalid JSON payload received. Unknown"
                             " name \"%s\"%s: Cannot find field."
                             % (name, where)))
        elif member is not None:  # null is the same as left out
            below = (path + "." if path else "") + snake(known)
            found[known] = checked(member, schema[known], below, problems)
    return found


def fits(value, schema):
    if isinstance(schema, Enum):
        return isinstance(value, str) and value in schema.words
    if schema is BYTES:
        return isinstance(value, str) and is_base64(value)
    if schema in (int, float):
        return is_number(value, schema)
    return isinstance(value, schema)


def is_number(value, kind):
    """A number; 64-bit numbers may be in quotes."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return False
    return math.isfinite(number) and (kind is float or number.is_integer())


def is_base64(text):
    try:
        base64.b64decode(text.replace("-", "+").replace("_", "/"),
                         validate=True)
        return True
    except ValueError:
        return False


def camel(name):
    return re.sub("_([a-z])", lambda m: m.group(1).upper(), name)


def snake(name):
    return re.sub("[A-Z]", lambda m: "_" + m.group().lower(), name)
