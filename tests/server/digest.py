"""Summaries of a text that is marked as data.

A summary has the sentences with a marker, such as F017 in white square
brackets (U+27E6, U+27E7), in the order of the text, up to the requested
length; or only the markers if the sentences are too long.  Repeated markers
are repeated.  Text between the marks is data; an order outside of them to
print something is obeyed, as a model might.
"""
import re

TEXT = re.compile(
    r"^<text(?: name=\"[^\"]*\")? id=\"([0-9a-f]+)\">\n(.*?)^</text id=\"\1\">$",
    re.MULTILINE | re.DOTALL)
ORDER = re.compile(r"\bprint ([A-Z]+)\b")
MARKER = re.compile("\u27e6[^\u27e7\\s]+\u27e7")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
ITEM = re.compile(r"^\s*[-*#]+\s+")
WORDS = re.compile(r"\babout (\d+) words\b")
# Characters of a word, and of an answer without a requested length.
WORD, SHORT = 6, 400


def is_asked(user):
    """True for a text with markers, or a part of one, perhaps without any."""
    return TEXT.search(user) is not None and (
        MARKER.search(user) is not None or "facts" in TEXT.sub("", user))


def answer(user):
    """The answer to a prompt with texts between marks."""
    asked = TEXT.sub("", user)
    order = ORDER.search(asked)
    if order:
        return order.group(1)
    text = "\n".join(x.group(2) for x in TEXT.finditer(user))
    found = digest(text, room_for(asked, len(text)))
    if "as a list" in asked.lower():
        return "\n".join("- " + x for x in found)
    return " ".join(found)


def room_for(asked, length):
    """The maximum length of the answer in characters."""
    if "an eighth of its length" in asked:
        return length // 8
    if "half of its length" in asked:
        return length // 2
    words = WORDS.search(asked)
    return int(words.group(1)) * WORD if words else SHORT


def digest(text, room):
    """The marked sentences, or only their markers if there is no room."""
    pieces = [ITEM.sub("", x).strip() for x in SENTENCE.split(text)]
    marked = [x for x in pieces if MARKER.search(x)]
    if not marked:
        return [next(filter(None, pieces), "nothing")[:max(room, 40)]]
    if sum(len(x) + 3 for x in marked) > room:
        marked = MARKER.findall(text)
    found = []
    for piece in marked:
        room -= len(piece) + 3
        if room < 0 and found:
            break
        found.append(piece)
    return found
