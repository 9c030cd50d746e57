#!/usr/bin/env python3
"""Torture test of batches: kill -9, power cuts, and a service that fails.

    batch.py SCENARIO RECORDS [NUMBER]

kills    kill -9 at NUMBER random moments, with --resume after each.  Each
         record gets exactly one line, no record with a line is sent again, and
         only records in flight at a kill are sent twice.
drops    as kills, and after each kill the disk loses what was not synced, as in
         a power cut.  No record with a synced line is sent again.
rewrites kill -9 while superseded lines of failed records are dropped.  The file
         is the old one or the new one, and no temporary file is left.
window   The first answer is slow, and each answer has NUMBER bytes.  Other
         records are sent until the window of waiting results is full, in
         bounded memory; the output has the order of the input.
storms   Each 7th answer is cut, minute quotas are exhausted repeatedly, and
         half of the keys are rejected.  Each record is answered once, and no
         key is used before the end of its cooldown.

Runs gm-prompt of $BUILD against tests/net/batch.py.  Prints a line and exits
with status 0 if nothing failed; $SEED repeats the random numbers of a run.
"""
import asyncio
import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "net"))

import batch as service  # noqa: E402

BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
JOBS = 16
LIMIT = 300  # seconds for a run


class Failure(Exception):
    """A violation."""


def check(condition, what, *args):
    if not condition:
        raise Failure(what % args)


class Bench:
    """A directory with the records, a service, and runs of gm-prompt."""

    def __init__(self, folder, records, rules, keys):
        self.folder, self.records = folder, records
        self.wanted = collections.Counter(records)
        self.out = os.path.join(folder, "out")
        with open(self.path("in"), "w", encoding="utf-8") as f:
            f.writelines(record + "\n" for record in records)
        self.service = service.Service(folder, rules)
        self.port = self.start_service()
        self.env = {"PATH": os.environ["PATH"], "HOME": folder,
                    "LC_ALL": "C.UTF-8", "GOOGLE_API_KEYS": ",".join(keys)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.runs = 0
        self.disk = 0  # bytes of out that survive a power cut

    def path(self, name):
        return os.path.join(self.folder, name)

    def start_service(self):
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(
            self.service.listen(), loop).result()
        return server.sockets[0].getsockname()[1]

    def preload(self, name):
        library = self.path(name + ".so")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-o", library,
             os.path.join(ROOT, "tests", "fault", name + ".c")], check=True)
        self.env["LD_PRELOAD"] = " ".join(
            filter(None, [self.env.get("LD_PRELOAD"), library]))
        self.env["ASAN_OPTIONS"] = (self.env.get("ASAN_OPTIONS", "")
                                    + ":verify_asan_link_order=0")

    def start(self, *options, to_file=True):
        """Start a run; the service recognises it by its prefix."""
        self.runs += 1
        self.prefix = "run%d" % self.runs
        self.env["GOOGLE_GEMINI_BASE_URL"] = "http://127.0.0.1:%d/%s" % (
            self.port, self.prefix)
        command = [os.path.join(BUILD, "gm-prompt"), "-l", "-j%d" % JOBS,
                   *options]
        if to_file:
            command += ["-o", self.out]
        with open(self.path("in"), "rb") as records, \
                open(self.path("err"), "wb") as err, \
                open(self.path("printed"), "wb") as printed:
            return subprocess.Popen(command, stdin=records, stdout=printed,
                                    stderr=err, env=self.env)

    def said(self):
        with open(self.path("err"), encoding="utf-8") as f:
            return f.read()

    def sent(self, prefix=None):
        """Count how often each prompt was sent, in one run or in all."""
        return collections.Counter(
            prompt for run, prompt in self.service.sent
            if prefix in (None, run))

    def lines(self):
        """Count the prompts that have a whole line with the right answer."""
        if not os.path.exists(self.out):
            return collections.Counter()
        with open(self.out, encoding="utf-8") as f:
            text = f.read()
        found = collections.Counter()
        for line in text[:text.rfind("\n") + 1].splitlines():
            line = json.loads(line)
            prompt = self.records[line["record"] - 1]
            if prompt in self.service.rules.get("fails", []):
                check(not line["ok"], "an answer to %s", prompt)
            else:
                check(line["ok"] and line["text"].startswith(
                    service.answer_to(prompt)),
                      "not the answer to %s: %s", prompt, line)
            found[prompt] += 1
        return found

    def run_and_kill(self, more):
        """Kill a run at a random moment; more kills will follow."""
        left = sum((self.wanted - self.lines()).values())
        target = len(self.service.sent) + random.randrange(
            left // (more + 1) + 1)
        child = self.start("--resume")
        limit = time.monotonic() + LIMIT
        while child.poll() is None and len(self.service.sent) < target:
            check(time.monotonic() < limit, "a run hangs")
            time.sleep(0.0005)
        time.sleep(random.random() * 0.01)
        child.kill()
        check(child.wait() == -9, "status %d: %s", child.returncode,
              self.said())

    def watch_power(self):
        self.preload("power")
        self.env.update(POWER_FILE=self.out, POWER_LOG=self.path("power"))

    def cut_power(self):
        """Drop a random part of the bytes that are not on the disk.

        Returns their number, and the age of the oldest in milliseconds.
        """
        now = time.monotonic() * 1000
        written = []
        with open(self.path("power"), "a+", encoding="ascii") as f:
            f.seek(0)
            for line in f:
                what, at, size = line.split()
                if what == "write":
                    written.append((float(at), int(size)))
                else:
                    self.disk = int(size)
            f.truncate(0)
        size = os.path.getsize(self.out) if os.path.exists(self.out) else 0
        # A run may have been killed right after it cut an incomplete line.
        self.disk = min(self.disk, size)
        late = [now - at for at, end in written if end > self.disk]
        end = random.randint(self.disk, size)
        if end < size:
            os.truncate(self.out, end)
        self.disk = end
        return size - end, max(late, default=0)

    def go(self):
        """Release the answer that the service holds back."""
        with open(self.path("go"), "w", encoding="utf-8"):
            pass

    def finish(self, *options, status=0):
        """Make the last run, without a kill."""
        self.go()
        child = self.start("--resume", *options)
        check(child.wait(LIMIT) == status, "status %d: %s", child.returncode,
              self.said())
        check(self.lines() == self.wanted, "not each record once: %s",
              self.lines() - self.wanted or self.wanted - self.lines())


LAST = "the last"  # is answered after the last kill


def some_records(count):
    """Return records that differ, except for a few equal ones."""
    return ["record %d" % i if i % 50 else "the same"
            for i in range(count - 1)] + [LAST]


def kills(folder, count, times):
    bench = Bench(folder, some_records(count),
                  {"delay_ms": 20, "gates": {LAST: "go"}},
                  ["fake-good-key-0001"])
    in_flight = 0
    ends = []
    for more in reversed(range(times)):
        before = bench.lines()
        bench.run_and_kill(more)
        ends.append((bench.prefix, before, bench.lines()))
    before = bench.lines()
    bench.finish()
    ends.append((bench.prefix, before, bench.lines()))
    for prefix, before, after in ends:
        again = bench.sent(prefix) - (bench.wanted - before)
        check(not again, "sent again although it has a line: %s", again)
        check(not before - after, "lines were lost: %s", before - after)
        lost = sum(bench.sent(prefix).values()) - sum((after - before).values())
        check(0 <= lost <= JOBS, "%d were in flight at a kill", lost)
        in_flight += lost
    repeats = sum(bench.sent().values()) - count
    check(repeats == in_flight, "%d repeats, %d in flight", repeats, in_flight)
    return "%d records, %d kills: each once, %d repeated" % (
        count, times, repeats)


def drops(folder, count, times):
    bench = Bench(folder, some_records(count),
                  {"delay_ms": 100, "gates": {LAST: "go"}},
                  ["fake-good-key-0001"])
    bench.watch_power()
    oldest = lost = 0
    for more in reversed(range(times)):
        synced = bench.lines()
        bench.run_and_kill(more)
        size, age = bench.cut_power()
        oldest = max(oldest, age)
        after = bench.lines()
        check(not synced - after, "lost: %s", synced - after)
        again = bench.sent(bench.prefix) - (bench.wanted - synced)
        check(not again, "sent again although it has a line: %s", again)
        lost += size
    bench.finish()
    check(oldest <= 1000, "lost bytes were %d ms old", oldest)
    return "%d records, %d cuts: each once, %d bytes lost, up to %d ms old" % (
        count, times, lost, oldest)


def rewrites(folder, count, times):
    records = ["record %d" % i for i in range(count)]
    fails = records[::20]
    bench = Bench(folder, records, {"bytes": 16384, "fails": fails},
                  ["fake-good-key-0001"])
    bench.finish(status=1)
    ended = 0
    for _ in range(times):
        failed = bench.service.failed + len(fails)
        child = bench.start("--resume")
        limit = time.monotonic() + LIMIT
        while child.poll() is None and bench.service.failed < failed:
            check(time.monotonic() < limit, "a run hangs")
            time.sleep(0.0005)
        time.sleep(random.random() * 0.03)
        child.kill()
        ended += child.wait() != -9
        lines = bench.lines()
        check(not bench.wanted - lines, "lost: %s", bench.wanted - lines)
        check(not (lines - bench.wanted).keys() - set(fails), "twice: %s",
              lines - bench.wanted)
    bench.finish(status=1)
    left = [name for name in os.listdir(folder) if ".gm-" in name]
    check(not left, "left: %s", left)
    return "%d records, %d kills: all there, %d too late" % (
        count, times, ended)


def requests_by_key(bench):
    """Return time and result of each request by key, in order."""
    found = collections.defaultdict(list)
    with open(bench.path("log"), encoding="utf-8") as f:
        for line in f:
            at, what, key, _ = line.split(" ", 3)
            if what != "done":
                found[key].append((int(at), what))
    return found


def storms(folder, count):
    keys = ["fake-storm-key-000%d" % i for i in range(6)]
    many = count // 12  # requests until a key is in trouble
    limits = {key: [[many, times, "0.5s"]]
              for key, times in zip(keys[::2], (2, 1, 1))}
    rules = {"delay_ms": 20, "cut_every": 7,
             "limits": json.loads(json.dumps(limits)),
             "dies": {key: many for key in keys[1::2]}}
    bench = Bench(folder, some_records(count), rules, keys)
    bench.preload("chance")  # makes backoffs instant
    bench.finish("--retries", "20")
    check(bench.sent() == bench.wanted, "answered again: %s",
          bench.sent() - bench.wanted)
    by_key = requests_by_key(bench)
    words = collections.Counter(w for all in by_key.values() for _, w in all)
    check(words["cut"] == (count + words["cut"]) // 7, "%d cuts", words["cut"])
    for key in keys:
        bad = collections.Counter(w for _, w in by_key[key])
        # Requests in flight, and a few sent before others learnt of it.
        check(0 < bad["dead"] + bad["limit"] <= 2 * JOBS, "%s: %s", key, bad)
        check((bad["dead"] > 0) == (key in rules["dies"]), "%s: %s", key, bad)
    # After its last rate limit the first key is used again, but slowly.
    last = max(at for at, what in by_key[keys[0]] if what == "limit") + 500
    slow = sum(last < at < last + 900 for at, _ in by_key[keys[0]])
    check(slow <= JOBS // 2, "%d requests in the second after a limit", slow)
    return "%d records, %d requests: each answered once; %s" % (
        count, sum(words.values()),
        ", ".join("%d %s" % (n, w) for w, n in sorted(words.items())))


def is_idle(pid):
    """Return True if the process sleeps and has used no CPU for 0.1 s."""
    def used():
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            fields = f.read().rpartition(") ")[2].split()
        return fields[0], fields[11], fields[12]
    before = used()
    time.sleep(0.1)
    return before == used() and before[0] == "S"


def peak_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmHWM"))


def window(folder, count, size):
    records = ["record %d" % i for i in range(1, count + 1)]
    bench = Bench(folder, records,
                  {"bytes": size, "gates": {"record 1": "go"}},
                  ["fake-good-key-0001"])
    child = bench.start(to_file=False)
    # A line of the output has a few hundred bytes besides the answer.
    held = min(10000, 16 * 1024 * 1024 // (size + 300))
    least = min(10000, 16 * 1024 * 1024 // (size + 900))
    limit = time.monotonic() + LIMIT
    while bench.service.done < least:
        check(time.monotonic() < limit and child.poll() is None,
              "no more than %d while the first one waits: %s",
              bench.service.done, bench.said())
        time.sleep(0.01)
    while not is_idle(child.pid):
        check(time.monotonic() < limit, "it is never idle")
    sent, peak = len(bench.service.sent), peak_kib(child.pid)
    check(sent <= held + JOBS + 1, "%d sent, though %d wait", sent, held)
    check(peak <= 48 * 1024 or "SAN" in os.environ, "%d KiB", peak)
    check(os.path.getsize(bench.path("printed")) == 0, "out of order")
    bench.go()
    check(child.wait(LIMIT) == 0, "%s", bench.said())
    with open(bench.path("printed"), encoding="utf-8") as f:
        number = 0
        for number, line in enumerate(f, 1):
            line = json.loads(line)
            check(line["record"] == number and line["text"] == service.answer_to(records[number - 1]) + "x" * size,
                  "not record %d", number)
    check(number == count, "%d lines", number)
    return "%d records, %d sent before the first answer, peak %d KiB" % (
        count, sent, peak)


SCENARIOS = {"kills": kills, "drops": drops, "rewrites": rewrites,
             "storms": storms, "window": window}


def main():
    name, count = sys.argv[1], int(sys.argv[2])
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    random.seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        try:
            print("%s: %s" % (name, SCENARIOS[name](
                folder, count, *map(int, sys.argv[3:]))))
        except Failure as e:
            sys.exit("batch.py: %s, SEED=%d: %s" % (name, seed, e))


if __name__ == "__main__":
    main()
