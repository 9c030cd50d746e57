"""Type into an interactive shell, and print what it makes of each line.

    python3 tests/tab.py bash|zsh|fish SETUP <LINES

SETUP is a file of commands for the shell, read at its start; in that for zsh is
compinit.  Each line of standard input is typed, with the escapes \\t (TAB) and
\\b (one character to the left); what the command line is then is printed, with
"|" at the cursor, and the line is given up.  A line "?" and text asks whether the
terminal has shown that text since the line before: "shown" or "not shown".

The shell runs no file of the user's but in HOME.  Nothing depends on time: the
shell writes each command line into a FIFO.  A shell that is silent for 60 s
ends the run with status 1.
"""
import fcntl
import os
import re
import select
import signal
import struct
import sys
import tempfile
import termios

READY = b"<ready>"
DONE = b"<done>"  # all that was shown before it has come
DUMP = b"\x18d"  # Control-X, d

RC = {
    "bash": """
PS1='<rea''dy>'
bind 'set completion-query-items 0'
bind 'set page-completions off'
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
_dump() {
	printf '%s|%s\\n' "${READLINE_LINE:0:READLINE_POINT}" \\
	    "${READLINE_LINE:READLINE_POINT}" >"$FIFO"
	READLINE_LINE='' READLINE_POINT=0
	printf '<done>'
}
bind -x '"\\C-xd": _dump'
""",
    "zsh": """
PS1='<rea''dy>'
LISTMAX=10000
unsetopt beep prompt_sp prompt_cr
bindkey -e
_dump() {
	print -r -- "$LBUFFER|$RBUFFER" >"$FIFO"
	BUFFER=''
	print -n '<done>' >$TTY
}
zle -N _dump
bindkey '^Xd' _dump
""",
    "fish": """
function fish_prompt
    echo -n '<rea''dy>'
end
function fish_greeting
end
function _dump
    set -l line (commandline -b)
    set -l at (commandline -C)
    set -l left (string sub -l $at -- "$line")
    echo -- $left'|'(string sub -s (math $at + 1) -- "$line") >$FIFO
    commandline -r ''
    echo -n '<done>'
end
bind \\cxd _dump
""",
}

START = {
    "bash": ["bash", "--noprofile", "--rcfile", "RC", "-i"],
    "zsh": ["zsh", "-d", "-i"],
    "fish": ["fish", "--no-config", "-i", "-C", "source RC"],
}


class Shell:
    def __init__(self, name, setup):
        self.dir = tempfile.mkdtemp()
        self.fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(self.fifo)
        rc = os.path.join(self.dir, ".zshrc")
        with open(rc, "w", encoding="utf-8") as out:
            out.write(RC[name] + open(setup, encoding="utf-8").read())
        env = dict(os.environ, FIFO=self.fifo, ZDOTDIR=self.dir)
        command = [word.replace("RC", rc) for word in START[name]]
        self.pid, self.terminal = os.forkpty()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", 150, 200, 0, 0))
            os.execvpe(command[0], command, env)
        self.lines = os.open(self.fifo, os.O_RDWR)
        self.shown = b""
        self.wait(lambda: READY in self.shown)

    def wait(self, done):
        """Read what the terminal shows until something is there."""
        while not done():
            ready = select.select([self.terminal], [], [], 60)[0]
            if not ready:
                sys.exit("tab.py: silent for 60 s after: %r" % self.shown)
            self.shown += os.read(self.terminal, 65536)

    def type(self, keys):
        """What the command line is after these keys."""
        self.shown = b""
        os.write(self.terminal, keys + DUMP)
        line = b""
        while not line.endswith(b"\n") or DONE not in self.shown:
            ready = select.select([self.terminal, self.lines], [], [], 60)[0]
            if not ready:
                sys.exit("tab.py: silent for 60 s after: %r" % keys)
            if self.terminal in ready:
                self.shown += os.read(self.terminal, 65536)
            if self.lines in ready:
                line += os.read(self.lines, 65536)
        return line.decode("utf-8", "replace")

    def has_shown(self, text):
        plain = re.sub(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[()].|[=>])", b"",
                       self.shown)
        return text in re.sub(rb"[ \r\n]+", b" ", plain)

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.unlink(self.fifo)
        os.unlink(os.path.join(self.dir, ".zshrc"))
        os.rmdir(self.dir)


def main():
    shell = Shell(sys.argv[1], sys.argv[2])
    for line in sys.stdin.buffer:
        line = line.rstrip(b"\n")
        if line.startswith(b"?"):
            shown = shell.has_shown(line[1:].strip())
            print("shown" if shown else "not shown")
        else:
            keys = line.replace(b"\\t", b"\t").replace(b"\\b", b"\x02")
            print(shell.type(keys), end="")
    shell.end()


if __name__ == "__main__":
    main()
