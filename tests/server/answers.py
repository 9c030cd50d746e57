"""Answers of the stand-in, made from the prompt alone: one prompt, one answer.

There is no model.  The stand-in sums up a text by its own sentences, sums up
a `git log`, returns the markers of a text (digest.py), fills a JSON form, or
says that it is a stand-in.
"""
import collections
import json
import re

import digest

TOKEN = re.compile(r"\w+|[^\w\s]")
WANTS_SUMMARY = re.compile(
    r"\b(summar\w*|explain\w*|describ\w*|tl;?dr)\b", re.IGNORECASE)
WANTS_JSON = re.compile(r"\bJSON\b", re.IGNORECASE)
COMMIT = re.compile(r"^commit [0-9a-f]{7,64}\b", re.MULTILINE)
AUTHOR = re.compile(r"^Author: *(.*\S)", re.MULTILINE)
SUBJECT = re.compile(r"^    (\S.*)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```[^\n]*$", re.MULTILINE | re.DOTALL)
LIST_ITEM = re.compile(r"\n\s*([-*+]|\d+\.)\s+")
NOT_PROSE = re.compile(r"\s*(#|\||=|<!--|~~~|</?text\b)")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z\s])")
LONGEST_SENTENCE = 400
DEEPEST_SCHEMA = 8
STOP_WORDS = frozenset("""
a about after all also an and any are as at be because been before but by can
could did do does for from had has have he her his how i if in into is it its
may more most must no not of on one only or other our out over said she should
so some such than that the their them then there these they this those to two
under up use used using was we were what when where which while who will with
would you your""".split())


class BadForm(Exception):
    """An invalid JSON schema."""


def tokens(text):
    """A rough count: words and punctuation marks."""
    return len(TOKEN.findall(text))


def first_tokens(text, count):
    """The text up to the end of its count-th token."""
    for n, token in enumerate(TOKEN.finditer(text)):
        if n == count:
            return text[:token.start()].rstrip()
    return text


def answer(system, user, form=None):
    """The answer to a prompt; `form` is the requested JSON form, see below."""
    question, text = split_prompt(user)
    asked = system + "\n" + question
    if form is None and WANTS_JSON.search(asked):
        form = {}
    if form is not None:
        return filled(form, text)
    if digest.is_asked(user):
        return digest.answer(user)
    if len(COMMIT.findall(text)) > 0:
        return of_log(text)
    if WANTS_SUMMARY.search(asked) and len(sentences(text)) > 1:
        return of_text(text, as_list="bullet" in asked.lower())
    return of_nothing(question)


def split_prompt(user):
    """(question, text): the question is the first paragraph, the rest is data.

    Without a second paragraph all of it is both.
    """
    question, _, text = user.strip().partition("\n\n")
    if COMMIT.match(question):
        return "", user
    return question, text.strip() or question


def of_log(text):
    commits = len(COMMIT.findall(text))
    authors = len(set(AUTHOR.findall(text)))
    subject = SUBJECT.search(text)
    return "%s by %s; the newest: %s." % (
        plural(commits, "commit"), plural(authors, "author"),
        subject.group(1).rstrip(".") if subject else "without a message")


def plural(count, noun):
    return "%d %s%s" % (count, noun, "" if count == 1 else "s")


def of_text(text, as_list=False, count=3):
    best = leading(sentences(text), count)
    if as_list:
        return "\n".join("- " + sentence for sentence in best)
    return " ".join(best)


def of_nothing(question):
    words = question.split()
    heard = " ".join(words[:12]) + (" ..." if len(words) > 12 else "")
    return ("Hello! I am only a stand-in for the service, with no model behind"
            " me, but your question arrived: \"%s\"" % heard)


def sentences(text):
    """The sentences of the prose, without headings, tables and code."""
    found = []
    text = LIST_ITEM.sub("\n\n", FENCED.sub("\n\n", "\n" + text))
    for block in re.split(r"\n\s*\n", text):
        lines = [x for x in block.split("\n") if not NOT_PROSE.match(x)]
        found += SENTENCE_END.split(" ".join(" ".join(lines).split()))
    found = [x[:LONGEST_SENTENCE] for x in found if len(x.split()) > 3]
    return [x for x in found if x[-1] in ".!?"] or found


def leading(found, count):
    """The sentences with the most frequent words, in the order of the text."""
    words = [[w for w in re.findall(r"[^\W\d_]{3,}", x.lower())
              if w not in STOP_WORDS] for x in found]
    often = collections.Counter(w for line in words for w in line)
    # The constant keeps very short sentences from winning.
    score = [sum(often[w] for w in set(line)) / (len(line) + 8)
             for line in words]
    ranked = sorted(range(len(found)), key=lambda i: (-score[i], i))
    return [found[i] for i in sorted(ranked[:count])]


def filled(form, text):
    """A compact JSON object about the text; fits `form` if that is a schema."""
    found = sentences(text)
    facts = {"summary": " ".join(leading(found, 1)) or text[:LONGEST_SENTENCE],
             "words": len(text.split()), "sentences": len(found)}
    try:
        value = fitting(form, facts, form, "", 0) if form else facts
    except (AttributeError, LookupError, TypeError, ValueError,
            RecursionError) as e:
        raise BadForm(str(e)) from e
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fitting(schema, facts, root, name, depth):
    """A value that fits the schema, of both dialects, for a member `name`."""
    if "$ref" in schema:
        schema = referred(root, schema["$ref"])
    for choice in ("anyOf", "oneOf"):
        if schema.get(choice):
            schema = schema[choice][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = (kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        return fitting_object(schema, facts, root, depth)
    if kind == "array":
        size = max(1, int(schema.get("minItems", 1)))
        size = min(size, int(schema.get("maxItems", size)))
        item = fitting(schema.get("items", {}), facts, root, name, depth + 1)
        return [item] * size
    if kind in ("integer", "number"):
        return fitting_number(schema, facts.get(name, facts["words"]))
    if kind == "string":
        return fitting_string(schema, facts.get(name, facts["summary"]))
    return True if kind == "boolean" else None


def referred(root, ref):
    """The part of the schema that "#/$defs/x" refers to."""
    for step in ref.lstrip("#/").split("/"):
        root = root[step] if step else root
    return root


def fitting_object(schema, facts, root, depth):
    """All properties; only the required ones if a schema contains itself."""
    wanted = schema.get("propertyOrdering") or schema.get("properties", ())
    if depth > DEEPEST_SCHEMA:
        wanted = schema.get("required", ())
    return {name: fitting(schema["properties"][name], facts, root, name,
                          depth + 1)
            for name in wanted}


def fitting_number(schema, value):
    if not isinstance(value, int):
        value = 1
    value = max(value, schema.get("minimum", value))
    return min(value, schema.get("maximum", value))


def fitting_string(schema, value):
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    if schema.get("format") == "date":
        return "2026-01-01"
    value = str(value).ljust(int(schema.get("minLength", 0)), ".")
    return value[:int(schema.get("maxLength", len(value)))]
