"""Texts for the tests of gm-summ, and what was requested for them.

    python3 tests/summ.py text BYTES MARKERS
    python3 tests/summ.py requests DIR [FIRST]

"text" prints prose of about so many bytes, always the same, with so many facts
spread over it, each with a marker, a name, a date and a number:

    On 14 May 2031 Ada Quillon paid 1,250.75 crowns for it ⟦F017⟧.

"requests" prints a JSON line for each request that the stand-in in DIR got,
from the number FIRST on: number, system, head (all before the text), round
(facts, merge or summary), part ("3 of 7" or null), names, texts (between their
marks), and thinking (the level, or null).
"""
import json
import pathlib
import random
import re
import sys

WORDS = """the council harbour bridge old lower engine and of in was were by a
which meeting decided repaired water timber road between winter before several
harvest market it they had been closed opened again after flood mill north
""".split()
TEXT = re.compile(
    r"^<text(?: name=\"([^\"]*)\")? id=\"([0-9a-f]+)\">\n(.*?)^</text id=\"\2\">$",
    re.MULTILINE | re.DOTALL)
ROUNDS = (("an eighth of its length", "facts"), ("half of its length", "merge"))


def fact(n):
    return ("On %d May %d %s Quillon paid %d,%03d.75 crowns for it \u27e6F%03d\u27e7."
            % (n % 28 + 1, 1900 + n, "Ada Ben Cleo Dov".split()[n % 4], n,
               n * 7 % 1000, n))


def text(size, markers):
    chance = random.Random(7)
    found, length, placed, section = [], 0, 0, 0
    while length < size:
        if len(found) % 9 == 0:
            section += 1
            piece = "## Section %d\n\n" % section
        else:
            sentences = []
            for _ in range(chance.randrange(3, 8)):
                words = chance.choices(WORDS, k=chance.randrange(6, 20))
                sentences.append(" ".join(words).capitalize() + ".")
            if placed * size < markers * length and placed < markers:
                placed += 1
                sentences.insert(chance.randrange(len(sentences)),
                                 fact(placed))
            piece = " ".join(sentences) + "\n\n"
        found.append(piece)
        length += len(piece.encode())
    while placed < markers:
        placed += 1
        found.append(fact(placed) + "\n\n")
    return "".join(found)


def described(number, path):
    body = json.loads(path.read_bytes().split(b"\r\n\r\n", 1)[1])
    prompt = body["contents"][0]["parts"][0]["text"]
    head = prompt.partition("<text")[0]
    part = re.search(r"This is part (\d+ of \d+)", head)
    config = body.get("generationConfig", {})
    parts = body.get("systemInstruction", {}).get("parts", [{}])
    return {
        "number": number, "system": parts[0].get("text"), "head": head,
        "round": next((x for words, x in ROUNDS if words in head), "summary"),
        "part": part and part.group(1),
        "names": [x.group(1) for x in TEXT.finditer(prompt)],
        "texts": [x.group(3) for x in TEXT.finditer(prompt)],
        "thinking": config.get("thinkingConfig", {}).get("thinkingLevel")}


def main():
    if sys.argv[1] == "text":
        sys.stdout.write(text(int(sys.argv[2]), int(sys.argv[3])))
        return
    number = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    while True:
        path = pathlib.Path(sys.argv[2], "request.%d" % number)
        if not path.exists():
            return
        print(json.dumps(described(number, path), ensure_ascii=False))
        number += 1


main()
