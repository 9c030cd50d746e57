#!/usr/bin/env python3
"""The tests of "make check-systemd", which run.sh has systemd run in a
container: units, timers and the journal, against the stand-in.

Prints TAP, and ends the container with status 0 if all passed.
"""

import contextlib
import glob
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import traceback

GOOD, OTHER, BAD = "fake-good-key-0001", "fake-good-key-0002", "fake-invalid-key-0003"
STANDIN = pathlib.Path("/var/tmp/standin")
ETC = pathlib.Path("/etc/gm")
STATE = pathlib.Path("/var/lib/gm")
USER = "ann"
HOME = pathlib.Path("/home") / USER


def run(*words, status=0, **more):
    """Run a command; return what it prints, or fail if its status differs."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60, **more)
    assert status is None or done.returncode == status, (
        words, done.returncode, done.stdout)
    return done.stdout


def wait_for(what, condition):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("waited in vain until " + what)


def same(got, expected):
    assert got == expected, "got %r, expected %r" % (got, expected)


class Manager:
    """systemd of the system, or that of the user."""

    def __init__(self, user=None):
        self.user = user
        self.cursor = None

    def ctl(self, *words, **more):
        if self.user is None:
            return run("systemctl", *words, **more)
        return as_user("systemctl", "--user", *words, **more)

    def get(self, unit, name):
        return self.ctl("show", "-P", name, unit).strip()

    def mark(self):
        """Make lines() begin here."""
        run("journalctl", "--sync")
        out = run("journalctl", "-n0", "--show-cursor", "--no-pager")
        self.cursor = re.search("-- cursor: (.*)", out).group(1)

    def start(self, unit, failure=0):
        """Start a service and wait for its end: 0, or the status with which its
        program fails it."""
        self.mark()
        self.ctl("start", unit, status=1 if failure else 0)
        # systemd forgets a unit that has not failed.
        same((self.get(unit, "Result"), self.get(unit, "ExecMainStatus")),
             ("exit-code" if failure else "success", str(failure)))
        self.ctl("reset-failed", unit, status=None)

    def journal(self, **wanted):
        """(priority, message) of the lines since mark() with these fields.
        journalctl itself may lose the first one after a cursor."""
        run("journalctl", "--sync")
        out = run("journalctl", "-o", "json", "--no-pager", "--after-cursor",
                  self.cursor)
        rows = [json.loads(line) for line in out.splitlines()]
        return [(int(row["PRIORITY"]), row["MESSAGE"]) for row in rows
                if wanted.items() <= row.items()]

    def lines(self, tool):
        """What a program of a service has logged.  Not by unit: that of a
        process that has ended is not always known to the journal."""
        who = {} if self.user is None else {"_UID": "1000"}
        return self.journal(SYSLOG_IDENTIFIER=tool, **who)

    def finished(self, unit):
        """How often a service has come to its end."""
        field = "UNIT" if self.user is None else "USER_UNIT"
        return sum(text.startswith(("Finished ", "Failed to start "))
                   for n, text in self.journal(**{field: unit}))


SYSTEM = Manager()
OWN = Manager(USER)


def as_user(*words, **more):
    return run("runuser", "-u", USER, "--", "env", "-i", "HOME=%s" % HOME,
               "PATH=/usr/bin:/bin", "XDG_RUNTIME_DIR=/run/user/1000", *words,
               cwd="/", **more)


def write(path, text, mode=0o600):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def keys(*all_keys):
    write(ETC / "google-api-keys", ",".join(all_keys) + "\n")


def play(*replies):
    """What the stand-in replies next."""
    aside = STANDIN / "script.new"
    aside.write_text(json.dumps(replies))
    aside.rename(STANDIN / "script.json")


def requests():
    return len(glob.glob("%s/request.*" % STANDIN))


def last_request():
    return (STANDIN / ("request.%d" % requests())).read_text()


@contextlib.contextmanager
def held(gate):
    """Hold back all replies until the end of the block."""
    play({"service": True, "head_gate": gate, "repeat": -1})
    try:
        yield
    finally:
        (STANDIN / gate).touch()
        play()


def masked(rows):
    """Lines without times and dates."""
    return [(n, re.sub(r"\t(\d{3})\t\d+\t", r"\t\1\tMS\t", re.sub(
        r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", text))) for n, text in rows]


# The tests, in this order; each leaves the keys good and no script.

def test_units_are_loaded_without_a_complaint():
    units = sorted(glob.glob("/usr/lib/systemd/*/gm-*"))
    same(len(units), 8)
    for unit in units:
        words = ["systemd-analyze", "verify", "--man=no", unit]
        if "/user/" in unit:
            same(run(*words, "--user", env={"XDG_RUNTIME_DIR": "/run"}), "")
        else:
            same(run(*words), "")


def test_exposure_is_low():
    for unit in "gm-keycheck.service", "gm-summ@news.service":
        run("systemd-analyze", "security", "--no-pager", "--threshold=20", unit)


def test_keys_are_credentials_and_healthy():
    keys(GOOD, OTHER)
    write(ETC / "env", "GOOGLE_API_KEYS=%s\n" % BAD)  # for other programs
    SYSTEM.start("gm-keycheck.service")
    same(masked(SYSTEM.lines("gm-keycheck")), [
        (6, "0\t...0001\t-\tok\t-\t200\tMS\t-"),
        (6, "1\t...0002\t-\tok\t-\t200\tMS\t-")])
    for path in STATE.resolve(), pathlib.Path("/var/cache/gm").resolve():
        same(path.stat().st_mode & 0o777, 0o700)


def test_a_rejected_key_fails_the_unit_and_is_an_error_in_the_journal():
    keys(GOOD, BAD)
    SYSTEM.start("gm-keycheck.service", 1)
    same(masked(SYSTEM.lines("gm-keycheck")), [
        (6, "0\t...0001\t-\tok\t-\t200\tMS\t-"),
        (6, "1\t...0003\t-\tinvalid\tTIME\t400\tMS\treplace it"),
        (3, "gm-keycheck: 1 of 2 keys is healthy; 1 invalid")])
    keys(GOOD)


def test_no_key_at_all():
    (ETC / "google-api-keys").unlink()
    SYSTEM.start("gm-keycheck.service", 78)
    rows = SYSTEM.lines("gm-keycheck")
    same(rows, [(3, "gm-keycheck: no API key in /dev/null, the credential "
                 "google-api-keys or the environment; set GOOGLE_API_KEYS")])
    keys(GOOD)


def test_a_service_that_runs_is_not_started_twice():
    before = requests()
    SYSTEM.mark()
    with held("twice"):
        SYSTEM.ctl("start", "--no-block", "gm-keycheck.service")
        wait_for("it sends", lambda: requests() == before + 1)
        SYSTEM.ctl("start", "--no-block", "gm-keycheck.service")
        pid = SYSTEM.get("gm-keycheck.service", "MainPID")
        environ = pathlib.Path("/proc/%s/environ" % pid).read_bytes()
        assert b"CREDENTIALS_DIRECTORY=" in environ, environ
        assert b"fake-" not in environ, environ
    wait_for("it ends", lambda: SYSTEM.get(
        "gm-keycheck.service", "ActiveState") == "inactive")
    same(SYSTEM.finished("gm-keycheck.service"), 1)
    same(requests(), before + 1)


def fires(manager, unit, stamps):
    """The timer makes up for a run that was missed, and has a next one."""
    timer, service = unit + ".timer", unit + ".service"
    template = re.sub("@.*", "@", unit) + ".timer"
    if manager.user is None:
        drop = pathlib.Path("/run/systemd/system") / (template + ".d/test.conf")
    else:
        drop = HOME / ".config/systemd/user" / (template + ".d/test.conf")
    write(drop, "[Timer]\nRandomizedDelaySec=0\n", 0o644)
    stamps.mkdir(parents=True, exist_ok=True)
    stamp = stamps / ("stamp-" + timer)
    stamp.touch()
    yesterday = time.time() - 86400 * 2
    os.utime(stamp, (yesterday, yesterday))
    if manager.user is not None:
        run("chown", "-R", USER, str(HOME))
    manager.ctl("daemon-reload")
    manager.mark()
    manager.ctl("enable", "--now", timer)
    wait_for("it has run", lambda: manager.finished(service) == 1)
    same(manager.get(service, "Result"), "success")
    assert manager.get(timer, "NextElapseUSecRealtime") not in ("", "n/a")
    same(manager.ctl("is-enabled", timer), "enabled\n")
    manager.ctl("disable", "--now", timer)


def test_the_timer_checks_the_keys():
    fires(SYSTEM, "gm-keycheck", pathlib.Path("/var/lib/systemd/timers"))
    same(masked(SYSTEM.lines("gm-keycheck")),
         [(6, "0\t...0001\t-\tok\t-\t200\tMS\t-")])


def test_a_summary_of_a_directory():
    write(pathlib.Path("/srv/notes/a.txt"), "Anchovies are small.\n", 0o644)
    write(pathlib.Path("/srv/notes/b.txt"), "Bears are large.\n", 0o644)
    write(ETC / "summ/notes.env",
          'COMMAND="tail -n +1 /srv/notes/*.txt"\nOPTIONS="-w 100 --metrics"\n')
    play({"stream": ["Animals."]})
    before = requests()
    SYSTEM.start("gm-summ@notes.service")
    summary = STATE / "summaries/notes.txt"
    same(summary.read_text(), "Animals.\n")
    same(summary.stat().st_mode & 0o777, 0o600)
    body = last_request()
    for text in "a.txt", "Anchovies", "b.txt", "Bears", "100 words":
        assert text in body, (text, body)
    rows = SYSTEM.lines("gm-summ")
    same([n for n, text in rows], [6] * len(rows))
    assert rows[0][1].startswith("gm-summ: provider=gemini "), rows
    SYSTEM.start("gm-summ@notes.service")
    same(requests(), before + 1)  # the same text: from the cache
    assert not os.path.exists("/run/gm-summ-notes")


def test_a_summary_of_the_journal():
    run("logger", "-p", "user.warning", "the disk smells of smoke")
    run("logger", "-p", "user.info", "all is quiet")
    run("journalctl", "--sync")
    write(ETC / "summ/journal.env", 'COMMAND="journalctl --since yesterday '
          '-p warning"\n'
          'OPTIONS="-i \'Which errors came up, and how often?\'"\n')
    play({"stream": ["Smoke."]})
    SYSTEM.start("gm-summ@journal.service")
    same((STATE / "summaries/journal.txt").read_text(), "Smoke.\n")
    assert "smells of smoke" in last_request()
    assert "Which errors came up, and how often?" in last_request()
    assert "all is quiet" not in last_request()


def test_the_timer_of_a_summary():
    fires(SYSTEM, "gm-summ@notes", pathlib.Path("/var/lib/systemd/timers"))


def test_a_command_that_fails_sends_nothing():
    before = requests()
    old = STATE / "summaries/broken.txt"
    old.write_text("old\n")
    owner = old.parent.stat()
    os.chown(old, owner.st_uid, owner.st_gid)
    for command, tool, words in (
            ("cat /srv/absent", "sh", "/srv/absent"),
            ("", "sh", "COMMAND: is not set in /etc/gm/summ/broken.env"),
            ("true", "gm-summ", "text: empty")):
        write(ETC / "summ/broken.env", 'COMMAND="%s"\n' % command)
        SYSTEM.mark()
        SYSTEM.ctl("start", "gm-summ@broken.service", status=1)
        rows = SYSTEM.lines(tool)
        assert any(words in text for n, text in rows), rows
    SYSTEM.ctl("start", "gm-summ@absent.service", status=1)
    same(requests(), before)
    same(old.read_text(), "old\n")


def test_a_quota_that_is_exhausted_fails_the_unit():
    write(pathlib.Path("/srv/notes/c.txt"), "Cats sleep.\n", 0o644)
    summary = STATE / "summaries/notes.txt"
    summary.write_text("old\n")
    play({"refusal": "quota_day", "repeat": -1})
    SYSTEM.start("gm-summ@notes.service", 75)
    rows = SYSTEM.lines("gm-summ")
    assert any(n == 3 and "quota" in text for n, text in rows), rows
    # The other units know it, as they share the key state.
    before = requests()
    play({"stream": ["Animals."]})
    SYSTEM.start("gm-summ@notes.service", 75)
    same(requests(), before)
    same(summary.read_text(), "old\n")
    run("rm", "-rf", "/var/lib/private/gm/keys")
    SYSTEM.start("gm-summ@notes.service")
    same(summary.read_text(), "Animals.\n")


def test_syslog_reaches_the_journal():
    url = (STANDIN / "url").read_text().strip()
    around = dict(os.environ, HOME="/root", GOOGLE_GEMINI_BASE_URL=url,
                  GEMINI_API_KEY=GOOD, GM_STATE_DIR="/var/tmp/state")
    play({"stream": ["Hello."]}, {"refusal": "quota_day"})
    for status in 0, 75:
        run("gm-prompt", "-n", "--syslog", "--max-wait", "0", "hi",
            status=status, env=around)
    run("journalctl", "--sync")
    out = run("journalctl", "-o", "json", "--no-pager", "_TRANSPORT=syslog",
              "SYSLOG_IDENTIFIER=gm-prompt")
    rows = [json.loads(line) for line in out.splitlines()]
    same([(row["PRIORITY"], row["SYSLOG_FACILITY"], "class=ok" in row["MESSAGE"])
          for row in rows], [("6", "1", True), ("4", "1", False)])


def test_user_units():
    url = (STANDIN / "url").read_text().strip()
    write(HOME / ".config/gm/env", "GOOGLE_API_KEYS=%s,%s\n"
          "GOOGLE_GEMINI_BASE_URL=%s\n" % (GOOD, BAD, url))
    run("chown", "-R", USER, str(HOME))
    run("loginctl", "enable-linger", USER)
    wait_for("the manager is there", lambda: os.path.exists(
        "/run/user/1000/systemd/private"))
    OWN.start("gm-keycheck.service", 1)
    same(masked(OWN.lines("gm-keycheck")), [
        (6, "0\t...0001\t-\tok\t-\t200\tMS\t-"),
        (6, "1\t...0003\t-\tinvalid\tTIME\t400\tMS\treplace it"),
        (3, "gm-keycheck: 1 of 2 keys is healthy; 1 invalid")])
    out = as_user("journalctl", "--user", "-t", "gm-keycheck", "--no-pager")
    assert "gm-keycheck: 1 of 2 keys is healthy; 1 invalid" in out, out
    # The user's programs know what the unit has learned.
    rows = as_user("gm-rotate", "--status", "--json").splitlines()
    same([json.loads(row)["models"][0]["class"] for row in rows],
         ["ok", "key_invalid"])


def test_user_timer():
    write(HOME / ".config/gm/env", (HOME / ".config/gm/env").read_text()
          .replace("," + BAD, ""))
    fires(OWN, "gm-keycheck", HOME / ".local/share/systemd/timers")


def test_user_summary():
    write(HOME / "notes/private.txt", "Nobody else can read this.\n")
    write(HOME / ".config/gm/summ/own.env",
          'COMMAND="tail -n +1 notes/*.txt"\nOPTIONS="--style tldr"\n')
    run("chown", "-R", USER, str(HOME))
    play({"stream": ["Private."]})
    OWN.start("gm-summ@own.service")
    summary = HOME / ".local/state/gm/summaries/own.txt"
    same(summary.read_text(), "Private.\n")
    same(summary.stat().st_mode & 0o777, 0o600)
    fires(OWN, "gm-summ@own", HOME / ".local/share/systemd/timers")


def test_no_key_is_in_the_journal():
    run("journalctl", "--sync")
    text = run("journalctl", "-o", "export", "--no-pager", "--all")
    assert "gm-keycheck" in text
    found = re.findall(r".*fake-.*", text)
    same(found, [])


def prepare():
    """The stand-in, and where it is, as a setting of all system units."""
    run("useradd", "-m", "-u", "1000", USER)
    wait_for("the stand-in is there", lambda: (
        STANDIN / "url").exists() and (STANDIN / "url").read_text())
    write(ETC / "units.env", "GOOGLE_GEMINI_BASE_URL=%s\n" % (
        STANDIN / "url").read_text().strip())


def main():
    tests = [(name, test) for name, test in globals().items()
             if name.startswith("test_")]
    failed = 0
    print("1..%d" % len(tests))
    prepare()
    for i, (name, test) in enumerate(tests):
        try:
            test()
            word = "ok"
        except Exception:  # pylint: disable=broad-except
            word = "not ok"
            failed += 1
            for line in traceback.format_exc().splitlines():
                print("# " + line)
        print(word, i + 1, name[len("test_"):].replace("_", " "), flush=True)
        play()
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
