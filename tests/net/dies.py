#!/usr/bin/env python3
"""Start a command, send it a signal at some point, and print how it ends.

With "none" for the signal the command ends by itself; WHEN then names the output
that has no reader.

    dies.py SIGNAL WHEN COMMAND [ARGUMENT]...

WHEN   file:PATH   that file is not empty
       read        it has read all of its standard input so far
       stdout      its standard output is full; stderr: its standard error
       tcp:PORT    it waits for a connection to that port
       end         never: no signal is sent
       asleep:NAME it has become that program, and sleeps

Standard output and standard error go to the files "out" and "err"; the one to be
full is a pipe of one page, which is not read before the end.
Standard input is a pipe that never ends for "read", else empty.  Prints the
signal's name, or "status N"; appends the milliseconds until the end to the file
$TIMES, if it is set.
"""
import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import time

LIMIT = 20


def main():
    """Exits with status 0, however the command ended."""
    number, when = getattr(signal, sys.argv[1], None), sys.argv[2]
    outer, inner = {}, {}
    inner["stdin"], outer["stdin"] = os.pipe()
    for name, path in (("stdout", "out"), ("stderr", "err")):
        outer[name], inner[name] = os.pipe()
        if when == name:
            fcntl.fcntl(inner[name], fcntl.F_SETPIPE_SZ, 4096)
        else:
            inner[name] = os.open(path, os.O_WRONLY | os.O_CREAT
                                  | os.O_TRUNC, 0o666)
    if when == "read":
        os.write(outer["stdin"], b"The beginning of ")
    else:
        os.close(outer["stdin"])
    child = subprocess.Popen(sys.argv[3:], preexec_fn=defaults, **inner)
    kind, _, what = when.partition(":")
    try:
        wait_for(lambda: child.poll() is not None or number is not None
                 and WAYS[kind](what, child.pid,
                                dict(outer, stdin=inner["stdin"])))
        if child.poll() is None:
            end(child, number)
    finally:
        child.kill()
    for name, path in (("stdout", "out"), ("stderr", "err")):
        if when == name:
            with open(path, "wb") as f:
                f.write(os.read(outer[name], 65536))
    print(signal.Signals(-child.returncode).name if child.returncode < 0
          else "status %d" % child.returncode)


def defaults():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def end(child, number):
    start = time.monotonic()
    child.send_signal(number)
    try:
        child.wait(LIMIT)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if "TIMES" in os.environ:
        with open(os.environ["TIMES"], "a", encoding="ascii") as f:
            f.write("%.1f\n" % ((time.monotonic() - start) * 1000))


def wait_for(condition):
    limit = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > limit:
            sys.exit("dies.py: waited in vain")
        time.sleep(0.005)


def unread(fd):
    found = fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4)
    return struct.unpack("i", found)[0]


def connects(port):
    """True if a connection to it is not answered: SYN_SENT."""
    with open("/proc/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f]
    return any(row[2].endswith(":%04X" % int(port)) and row[3] == "02"
               for row in rows[1:])


def sleeps(pid, program):
    """True if it has become the program, and sleeps."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        name, _, rest = f.read().partition("(")[2].rpartition(") ")
    return name == program and rest[0] == "S"


def is_stuck(fd):
    """True once something was written, and nothing more for a while."""
    held = unread(fd)
    for _ in range(20 if held else 0):
        time.sleep(0.005)
        if unread(fd) != held:
            return False
    return held > 0


WAYS = {
    "file": lambda path, *_: os.path.exists(path) and os.path.getsize(path),
    "read": lambda _, __, ends: unread(ends["stdin"]) == 0,
    "stdout": lambda _, __, ends: is_stuck(ends["stdout"]),
    "stderr": lambda _, __, ends: is_stuck(ends["stderr"]),
    "tcp": lambda port, *_: connects(port),
    "asleep": lambda name, pid, _: sleeps(pid, name),
}

if __name__ == "__main__":
    main()
