"""Run the commands that README shows near its top, as on a terminal.

    python3 tests/demo/transcript.py BUILD [README]

Print the commands and what a terminal of 100 columns shows of them; with
README, write that between the lines "<!-- make transcript -->" and
"<!-- end -->" of this file.  The service is the stand-in, with the answers of
SCRIPT; everything else is real.
"""
import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import termios

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BEGIN, END = "<!-- make transcript -->\n", "<!-- end -->\n"
COLUMNS = 100

COMMANDS = [
    'gm-prompt "What went wrong here?" <build.log',
    "ls docs/*.txt | gm-prompt -l -f {} --text 'Summarise in five words'",
    "gm-keycheck --level generate",
    'gm-prompt --max-tokens 8 "Name all planets" >planets.txt; echo $?',
]
FILES = {
    "build.log": "cc -o app app.o -lcurl\n"
                 "/usr/bin/ld: cannot find -lcurl: No such file or directory\n",
    "docs/fifo.txt": "A FIFO is a pipe with a name in the file system.\n",
    "docs/pipe.txt": "A pipe joins the output of one program to another's "
                     "input.\n",
}
DAY_KEY = "fake-day-key-0001"
KEYS = f"{DAY_KEY},fake-good-key-0002"
SCRIPT = [
    {"when": {"key": DAY_KEY, "method": "POST"}, "service": True,
     "repeat": -1},
    {"when": {"body": "cannot find"}, "pause_ms": 200, "stream": [
        "The linker does not find libcurl: ",
        "install the package libcurl4-openssl-dev."]},
    {"when": {"body": "A FIFO is"}, "pause_ms": 300, "stream": [
        "A FIFO names a pipe."]},
    {"when": {"body": "A pipe joins"}, "pause_ms": 400, "stream": [
        "Pipes connect programs by streams."]},
    {"when": {"body": "planets"}, "pause_ms": 200, "stream": [
        "Mercury, Venus, Earth, Mars"], "finish": "MAX_TOKENS"},
]


def make_home(home):
    """Write FILES, and SCRIPT for the stand-in, into the directory home."""
    for name, text in FILES.items():
        path = os.path.join(home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    os.mkdir(os.path.join(home, "server"))
    with open(os.path.join(home, "server", "script.json"), "w",
              encoding="utf-8") as f:
        json.dump(SCRIPT, f)


def run(command, home, env):
    """Return what the terminal receives, and the status of the command."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, COLUMNS, 0, 0))
    settings = termios.tcgetattr(slave)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    child = subprocess.Popen(["bash", "-c", command], stdin=slave,
                             stdout=slave, stderr=slave, env=env, cwd=home,
                             start_new_session=True)
    os.close(slave)
    out = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not piece:
            break
        out += piece
    os.close(master)
    return out.decode(), child.wait()


def shown(text):
    """Return the text that stays on the screen, without erased lines."""
    lines = []
    for line in re.sub(r"\033\[[0-9;]*m", "", text).split("\n"):
        row = ""
        for part in re.split(r"(\r|\033\[K)", line):
            if part == "\r":
                column = 0
            elif part == "\033[K":
                row = row[:column]
            else:
                column = 0 if not row else column
                row = row[:column] + part + row[column + len(part):]
                column += len(part)
        lines.append(row.rstrip())
    return "\n".join(lines)


def transcript(build):
    with tempfile.TemporaryDirectory() as home:
        make_home(home)
        server = subprocess.Popen(
            [sys.executable, "-B", os.path.join(ROOT, "tests/server/standin.py"),
             "--dir", os.path.join(home, "server")],
            stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip()
            env = {"PATH": os.path.abspath(build) + ":" + os.environ["PATH"],
                   "TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": home,
                   "GOOGLE_API_KEYS": KEYS, "GOOGLE_GEMINI_BASE_URL": url,
                   "NO_COLOR": "1"}
            out = ""
            for command in COMMANDS:
                text, status = run(command, home, env)
                if status != 0:
                    sys.exit(f"transcript.py: status {status}: {command}\n"
                             f"{text}")
                out += f"$ {command}\n{shown(text)}"
        finally:
            server.terminate()
            server.wait()
    return out


def main():
    out = transcript(sys.argv[1])
    if len(sys.argv) < 3:
        sys.stdout.write(out)
        return
    with open(sys.argv[2], encoding="utf-8") as f:
        text = f.read()
    if text.count(BEGIN) != 1 or END not in text.split(BEGIN)[1]:
        sys.exit(f"transcript.py: {sys.argv[2]}: not both of the lines "
                 f"{BEGIN.strip()} and {END.strip()}")
    head, rest = text.split(BEGIN)
    tail = rest.split(END, 1)[1]
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        f.write(f"{head}{BEGIN}```console\n{out}```\n{END}{tail}")


if __name__ == "__main__":
    main()
