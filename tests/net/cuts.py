#!/usr/bin/env python3
"""Cut a reply at each of these offsets, and check the result of gm-prompt.

    cuts.py DIR REPLY HOW WHOLE FROM TO STEP

REPLY is a reply of a script as JSON, HOW the member for the offset of the cut,
WHOLE the text of the whole reply.  Without -S there must be no output, with -S
only a beginning of the text.  Each run must fail with one line of error.  Prints
each difference.
"""
import json
import os
import subprocess
import sys

RUNS = ([], ["-S"])


def main():
    """Plays each cut once for each of RUNS."""
    folder, reply, how, whole = sys.argv[1:5]
    first, last, step = map(int, sys.argv[5:])
    offsets = range(first, last + 1, step)
    entries = [dict(json.loads(reply), **{how: k})
               for k in offsets for _ in RUNS]
    path = os.path.join(folder, "script.json")
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(entries, f)
    os.replace(path + ".new", path)
    before = requests(folder)
    for k in offsets:
        for options in RUNS:
            look(k, options, whole)
    if requests(folder) - before != len(entries):
        print("%d requests in place of %d"
              % (requests(folder) - before, len(entries)))


def look(k, options, whole):
    done = subprocess.run(
        ["gm-prompt", "-n", "--retries", "0", *options, "hi"], text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    text = done.stdout[:-1]
    good = (done.returncode in (69, 76)
            and done.stdout == (text + "\n" if text else "")
            and whole.startswith(text) and (options or not text)
            and done.stderr.startswith("gm-prompt: http")
            and done.stderr.count("\n") == 1)
    if not good:
        print("cut at %d, %s: status %d, %r, %r" % (
            k, options, done.returncode, done.stdout, done.stderr))


def requests(folder):
    with open(os.path.join(folder, "counts.json"), encoding="utf-8") as f:
        return json.load(f)["requests"]


if __name__ == "__main__":
    main()
