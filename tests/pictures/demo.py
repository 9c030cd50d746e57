"""Draw "make demo" as an SVG.

    python3 tests/pictures/demo.py BUILD >demo.svg

Run tests/demo/demo.sh on a terminal of 80 columns, and draw its output as frames
of one or more scenes, which CSS shows one after the other; without animation, the
first one.  Mask what differs between runs: the port of the stand-in is PORT, a
time is TIME.  The demo has no repository (GIT_DIR), as new commits would change
the picture.
"""
import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = 80
# Pixels: a character, a line, the border, the bar with the title.
WIDTH, HEIGHT, BORDER, BAR = 8.4, 18, 14, 30
SECONDS_A_FRAME, SECONDS_A_LINE = 3, 0.25
NAMES = {"1": "bold", "31": "red", "32": "green", "33": "yellow",
         "34": "blue", "35": "magenta", "36": "cyan", "2": "faint"}
STYLE = """\
text { font: 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  fill: #d8dee9 }
.bold { font-weight: bold; fill: #ffffff } .title { fill: #9aa5b8 }
.red { fill: #ff8f87 } .green { fill: #a3d98a } .yellow { fill: #f0d080 }
.blue { fill: #8ab8ff } .magenta { fill: #e0a8e8 } .cyan { fill: #88d8e0 }
.faint { fill: #9aa5b8 }
"""


def run(build):
    """Return the output of the demo on a terminal."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, COLUMNS, 0, 0))
    settings = termios.tcgetattr(slave)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8",
           "HOME": "/nonexistent", "GIT_DIR": "/nonexistent",
           # The default colours depend on the version of jq.
           "JQ_COLORS": "1;39:0;39:0;39:0;39:0;32:1;39:1;39"}
    child = subprocess.Popen([os.path.join(HERE, "../demo/demo.sh"), build],
                             stdin=subprocess.DEVNULL, stdout=slave,
                             stderr=slave, env=env, start_new_session=True)
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
    if child.wait() != 0:
        sys.exit(f"demo.py: the demo failed:\n{out.decode()}")
    return out.decode()


def masked(text):
    text = re.sub(r"(127\.0\.0\.1):[0-9]+", r"\1:PORT", text)
    text = re.sub(r"[0-9:]{8}Z \([^)]*\)", "TIME", text)
    return re.sub(r"[0-9-]{10}T[0-9:]{8}Z", "TIME", text)


def cells(line):
    """Return (character, class) for each cell of a line with colours and tabs."""
    style, out = "", []
    for part in re.split(r"(\033\[[0-9;]*m)", line):
        if part.startswith("\033["):
            codes = part[2:-1].split(";")
            style = " ".join(sorted(NAMES[code] for code in codes
                                    if code in NAMES))
            continue
        for char in part:
            if char == "\t":
                out += [(" ", style)] * (8 - len(out) % 8)
            elif char.isprintable():
                out.append((char, style))
            else:
                sys.exit(f"demo.py: cannot draw {char!r} in {line!r}")
    return out


def rows(text):
    """Yield the rows of the terminal."""
    for line in text.replace("\r", "").split("\n"):
        row = cells(line)
        yield row[:COLUMNS]
        for start in range(COLUMNS, len(row), COLUMNS):
            yield row[start:start + COLUMNS]


def frames(text):
    """Return lists of rows: as many scenes as fit beside the largest one."""
    scenes = [[]]
    for row in rows(text.rstrip("\n")):
        if "".join(char for char, _ in row).startswith("== "):
            scenes.append([])
        scenes[-1].append(row)
    # Each scene but the last ends with an empty row.
    most = max(map(len, scenes))
    out = [[]]
    for scene in scenes:
        if len(out[-1]) + len(scene) > most:
            out.append([])
        out[-1] += scene
    return out


def drawn(row, y):
    """Yield an element for each run of words with the same class.

    Two blanks end a run, as some SVG viewers do not keep them.
    """
    text = "".join(char for char, _ in row)
    for words in re.finditer(r"\S+( \S+)*", text):
        start = words.start()
        for end in range(start + 1, words.end() + 1):
            if end < words.end() and row[end][1] == row[start][1]:
                continue
            part = text[start:end].strip()
            if part:
                x = text.index(part, start)
                kind = f' class="{row[start][1]}"' if row[start][1] else ""
                yield (f'<text x="{BORDER + x * WIDTH:.1f}" y="{y}" '
                       f'textLength="{len(part) * WIDTH:.1f}"{kind}>'
                       f'{escape(part)}</text>')
            start = end


def svg(pictures):
    width = int(2 * BORDER + COLUMNS * WIDTH)
    height = BAR + 2 * BORDER + max(map(len, pictures)) * HEIGHT
    times = [SECONDS_A_FRAME + SECONDS_A_LINE * len(p) for p in pictures]
    total = sum(times)
    style, body, begin = STYLE, [], 0
    for number, (frame, time) in enumerate(zip(pictures, times)):
        end = begin + time
        # Show each frame only in its part of the whole time.
        style += (f"@keyframes f{number} {{ from {{ opacity: "
                  f"{int(number == 0)} }} ")
        if number:
            style += (f"{100 * begin / total:.3f}% {{ opacity: 1 }} ")
        if number + 1 < len(pictures):
            style += f"{100 * end / total:.3f}% {{ opacity: 0 }} "
        style += f"to {{ opacity: {int(number + 1 == len(pictures))} }} }}\n"
        body.append(f'<g style="opacity: {int(number == 0)}; animation: '
                    f'f{number} {total:g}s step-end infinite">')
        y = BAR + BORDER
        for row in frame:
            y += HEIGHT
            body += drawn(row, y - 5)
        body.append("</g>")
        begin = end
    style += ("@media (prefers-reduced-motion: reduce) "
              "{ g { animation: none !important } }\n")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">',
        '<title>make demo</title>', f"<style>\n{style}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1e2430"/>',
        f'<path d="M0 {BAR}H{width}" stroke="#3a4356"/>',
        f'<text class="title" x="{BORDER}" y="20">make demo</text>',
        *body, "</svg>"])


if __name__ == "__main__":
    print(svg(frames(masked(run(sys.argv[1])))))
