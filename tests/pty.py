"""Run a command with some of its descriptors on a terminal.

    python3 tests/pty.py [-f FDS] [-i TEXT] [-o FILE] COMMAND [ARG ...]

-f FDS    which of 0, 1 and 2 are the terminal (012); the others are ours
-i TEXT   what is typed, at once; backslash escapes count, "\\x04" ends input
-o FILE   where to put what the terminal shows (standard output)

The terminal changes nothing on its way: no echo, no "\\r".  The status is the
command's, 128 and the signal's number if it died by one.
"""
import argparse
import os
import subprocess
import sys
import termios

OFLAG, LFLAG = 1, 3


def terminal():
    """Both ends of a new terminal, which neither echoes nor rewrites."""
    master, slave = os.openpty()
    settings = termios.tcgetattr(slave)
    settings[OFLAG] &= ~termios.OPOST
    settings[LFLAG] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    return master, slave


def shown(master):
    """All that the terminal shows, until nobody has it open any more."""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # EIO: the other end is closed
            return
        if not piece:
            return
        yield piece


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-f", default="012")
    parser.add_argument("-i", default="")
    parser.add_argument("-o")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()

    master, slave = terminal()
    ends = [slave if str(fd) in args.f else None for fd in range(3)]
    child = subprocess.Popen(args.command, stdin=ends[0], stdout=ends[1],
                             stderr=ends[2], start_new_session=True)
    os.close(slave)
    typed = args.i.encode("latin-1", "backslashreplace")
    os.write(master, typed.decode("unicode_escape").encode("latin-1"))
    out = open(args.o or 1, "wb", 0)
    for piece in shown(master):
        out.write(piece)
    status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
