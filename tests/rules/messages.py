#!/usr/bin/env python3
"""List every message that a user may read, from the sources.

messages.py [PATH]...          print "FILE:LINE: KIND: TEXT" for each
messages.py --check [PATH]...  print those that break a rule, and the rule

KIND says where the text goes: error, prefix, append, advice, ids, note,
detail, trace, metrics, stderr, or text for what a table or a variable holds.
Not in the list: rows of options, shell code of completions, and prompts.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

# Text that is no message: shell code, prompts, patterns of a server's words.
SKIPPED = {
    "lib/cli/bash.c",
    "lib/cli/fish.c",
    "lib/cli/zsh.c",
    "lib/provider/errrule.c",
    "lib/provider/errsense.c",
    "lib/provider/gemini_err.c",
    "lib/provider/chat_err.c",
    "tools/gm-summ/prompts.c",
}

# Function: kind, and the argument that is the message, counted from 0.
CALLS = {
    "gm_fail": ("error", 2),
    "gm_fail_errno": ("error", 2),
    "gm_err_prefix": ("prefix", 1),
    "gm_err_append": ("append", 1),
    "gm_err_advise": ("advice", 1),
    "gm_err_end": ("append", 1),
    "gm_err_ids": ("ids", 1),
    "gm_note": ("note", 2),
    "gm_note_masked": ("note", 2),
}

# Calls and types with texts for --help or Prometheus, or with none that is shown.
UNSEEN_CALLS = {"_Static_assert", "static_assert", "printf", "gm_prometheus_gauge"}
UNSEEN_TYPES = {"gm_opt"}

LEVELS = {
    "GM_LEVEL_ERROR": "error",
    "GM_LEVEL_METRICS": "metrics",
    "GM_LEVEL_NOTE": "note",
    "GM_LEVEL_DETAIL": "detail",
    "GM_LEVEL_TRACE": "trace",
}

# Words that no message has, with the words to use instead.
WORDS = [
    (r"exclude each other", "cannot be combined"),
    (r"\b(at rest|rests|resting)\b", "cooling down until"),
    (r"\bused up\b", "exhausted, or rate-limited"),
    (r"\b(is|are) over\b", "exceeded"),
    (r"\bkeys?\b[^:;]*\b(refused|dead)\b|\b(refused|dead) keys?\b", "rejected"),
    (r"(?<!in )(?<!%zu )\bplace\b", "region, or the name of the thing"),
    (r"\bsimilar:", "did you mean X?"),
    (r"\bshall\b", "must"),
    (r"\basking \S+ instead\b", "using X"),
    (r"\basks\b", "sends a request"),
    (r"\bsilence\b", "timeout, no data for N s"),
    (r"\bbehind\b", "after"),
    (r"\bcounterpart\b", "not supported by PROVIDER"),
    (r"\berror of usage\b", "usage error"),
    (r"\bspare\b", "fallback"),
    (r"\b(tells|told)\b", "print, report, show"),
    (r"\b(stands|stood) for\b", "is, means"),
    (r"\b(verdict|outcome)\b", "status, result"),
    (r"\bpace:", "GM_RPM:"),
    (r"\bof its own\b|\ball the same\b", "plain words"),
]

# Words that may begin a message, besides those in capitals.
NAMES = {"Accept", "Authorization", "Content-Type", "Gemini", "Google", "Mistral"}
# The beginnings of lines of help, which are no messages.
NAMES |= {"All", "Keys", "Usage"}

TOKEN = re.compile(
    r"/\*.*?\*/|//[^\n]*"
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    r"|[A-Za-z_]\w*|\d[\w.]*|\s+|.",
    re.S,
)
ESCAPES = {"n": "\\n", "t": "\\t", '"': '"', "\\": "\\"}


def tokens(source):
    """Yield (text, line) without blanks and comments."""
    line = 1
    for match in TOKEN.finditer(source):
        text = match.group()
        if not text.isspace() and not text.startswith(("/*", "//")):
            yield text, line
        line += text.count("\n")


def joined(source):
    """Join adjacent literals and macros, as the compiler does."""
    text, start = None, 0
    for token, line in tokens(source):
        if token[0] == '"':
            body = re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[0]), token[1:-1])
            text, start = (body, line) if text is None else (text + body, start)
        elif text is not None and re.fullmatch(r"PRI\w+", token):
            text += token[3]
        elif text is not None and re.fullmatch(r"[A-Z][A-Z0-9_]+", token):
            text += token  # a macro that holds a literal: its name
        else:
            if text is not None:
                yield '"' + text, start
            text = None
            yield token, line


class Call:
    """A parenthesis that is open: whose, and which argument we are in."""

    def __init__(self, name):
        self.name = name
        self.argument = 0
        self.level = None
        self.stderr = False

    def kind(self):
        if self.name == "fprintf":
            return "stderr" if self.stderr and self.argument == 1 else None
        kind, argument = CALLS.get(self.name, (None, None))
        if argument != self.argument:
            return None
        return LEVELS.get(self.level, kind)


def is_prose(text):
    return bool(re.search(r"[A-Za-z%,:;)'] [A-Za-z%('-]", text)) and bool(
        re.search(r"[a-z]{2}", text)
    )


def messages(path):
    """Yield (line, kind, text) of a file."""
    calls, braces, head, previous = [], [set()], set(), ""
    name = str(path.relative_to(TOP))
    for token, line in joined(path.read_text()):
        if token == "(":
            calls.append(Call(previous))
        elif token == ")" and calls:
            calls.pop()
        elif token == "{":
            braces.append(braces[-1] | head)
            head = set()
        elif token in ("}", ";"):
            if token == "}" and len(braces) > 1:
                braces.pop()
            head = set()
        elif token == "," and calls:
            calls[-1].argument += 1
        elif token in LEVELS and calls:
            calls[-1].level = token
        elif token == "stderr" and calls:
            calls[-1].stderr = True
        elif token[0] == '"':
            kind = next((c.kind() for c in reversed(calls) if c.name in CALLS or
                         c.name == "fprintf"), None)
            if previous == "include" or name in SKIPPED:
                pass
            elif kind and calls[-1].kind() is None and not is_prose(token[1:]):
                pass # an argument of the message: a word, an ending
            elif kind:
                yield line, kind, token[1:]
            elif (
                is_prose(token[1:])
                and not UNSEEN_CALLS & {c.name for c in calls}
                and not UNSEEN_TYPES & (braces[-1] | head)
            ):
                yield line, "text", token[1:]
        elif not calls and token.startswith("gm_"):
            head.add(token) # the type of a table
        previous = token


def clauses(text):
    """Parts between ": " and "; " that have a word; values and names have none."""
    text = re.sub(r"\([^()]*\)", "", text)
    text = re.sub(r"\S*[%/]\S*", lambda m: re.sub(r"[^:;]", "", m[0]), text)
    return [part for part in re.split(r"[:;](?: |$)", text)
            if re.search(r"(?<![\w-])[a-z]{2,}", part)]


def faults(kind, text):
    """Yield the rules that a message breaks."""
    for pattern, better in WORDS:
        match = re.search(pattern, text)
        if match:
            yield f'"{match.group()}": write {better}'
    if re.search(r"(?<!\.)\.$", text) and " " in text:
        yield "ends in a full stop"
    if re.search(r"[a-z]\. [A-Z]", text):
        yield "has two sentences"
    first = re.match(r"[A-Z][\w-]*[a-z]\b[\w-]*", text)
    if first and first.group() not in NAMES:
        yield "begins with a capital"
    if len(clauses(text)) > 3:
        yield "has more than three clauses"


def files(paths):
    for path in paths or ["lib", "tools"]:
        path = TOP / path
        yield from [path] if path.is_file() else sorted(path.rglob("*.c"))


def main(arguments):
    checking = arguments[:1] == ["--check"]
    for path in files(arguments[checking:]):
        for line, kind, text in messages(path):
            where = f"{path.relative_to(TOP)}:{line}"
            if not checking:
                print(f"{where}: {kind}: {text}")
            for fault in faults(kind, text) if checking else []:
                print(f"{where}: {fault}: {text}")


if __name__ == "__main__":
    main(sys.argv[1:])
