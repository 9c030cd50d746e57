"""How late the deadline and signals end a chain of services, in each state.

ends.py GM_PROMPT [DEADLINE]: prints a line for each state, in milliseconds
behind the deadline (5 s), behind SIGINT and behind SIGTERM.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STANDIN = os.path.join(HERE, "..", "server", "standin.py")
GEMINI = {"path": "/v1beta/"}
MISTRAL = {"path": "/mistral/"}
LOCAL = {"path": "/llamacpp/"}


def always(when, **reply):
    return dict(reply, when=when, repeat=-1)


OVERLOADED = always(GEMINI, row=37)
NO_RETRY = ["--retries", "0"]
# name: (requests until it is reached, replies, options)
STATES = {
    "gemini is silent": (1, [always(GEMINI, body="", gate="never")], []),
    "gemini waits to ask again": (2, [OVERLOADED], ["--retries", "100"]),
    "gemini's key rests": (
        1, [always(GEMINI, row=29, retry_delay="50s")], []),
    "mistral is silent": (
        2, [OVERLOADED, always(MISTRAL, chat=["x"], gate="never")], NO_RETRY),
    "mistral's key rests": (
        2, [always(GEMINI, row=1), always(MISTRAL, refusal="rate")], []),
    "mistral streams slowly": (
        2, [OVERLOADED, always(MISTRAL, chat=["word "] * 1000,
                               piece_pause_ms=50)], NO_RETRY),
    "the local server loads": (
        3, [OVERLOADED, always(MISTRAL, refusal="overloaded"),
            always(LOCAL, refusal="loading")], NO_RETRY),
    "the local server is silent": (
        3, [OVERLOADED, always(MISTRAL, refusal="overloaded"),
            always(LOCAL, chat=["x"], gate="never")], NO_RETRY),
}


class Service:
    """The stand-in, and the environment that leads to it."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-B", STANDIN, "--dir", folder],
            stdout=subprocess.PIPE, text=True)
        url = self.process.stdout.readline().strip()
        self.env = {
            "PATH": os.environ["PATH"], "HOME": folder,
            "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_API_KEY": "fake-good-key-0001",
            "MISTRAL_BASE_URL": url + "/mistral/v1",
            "MISTRAL_API_KEY": "fake-good-key-0002",
            "OPENAI_BASE_URL": url + "/llamacpp/v1", "OPENAI_MODEL": "local"}

    def play(self, replies):
        path = os.path.join(self.folder, "script")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(replies, f)
        os.rename(path, path + ".json")
        self.before = self.requests()

    def requests(self):
        return sum(x.startswith("request.") for x in os.listdir(self.folder))

    def reached(self, count):
        return self.requests() - self.before >= count


def start(service, program, options):
    state = tempfile.mkdtemp(dir=service.folder)
    return subprocess.Popen(
        [program, "-n", "--fallback", "mistral,openai", *options, "hi"],
        env=dict(service.env, GM_STATE_DIR=state),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def late(service, program, options, seconds):
    begun = time.monotonic()
    process = start(service, program,
                    [*options, "--deadline", "%gs" % seconds])
    status = process.wait()
    return 1000 * (time.monotonic() - begun - seconds), status


def stopped(service, program, state, number):
    count, replies, options = STATES[state]
    service.play(replies)
    process = start(service, program, options)
    while not service.reached(count):
        time.sleep(0.01)
    time.sleep(0.3)  # into the wait behind the reply
    begun = time.monotonic()
    process.send_signal(number)
    status = process.wait()
    return 1000 * (time.monotonic() - begun), status


def main():
    program = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    print("%-28s %10s %10s %10s   (ms late; below 0: it ended before)"
          % ("", "deadline", "SIGINT", "SIGTERM"))
    with tempfile.TemporaryDirectory() as folder:
        service = Service(folder)
        try:
            for state, (_, replies, options) in STATES.items():
                service.play(replies)
                found = [late(service, program, options, seconds)]
                for number in (signal.SIGINT, signal.SIGTERM):
                    found.append(stopped(service, program, state, number))
                print("%-28s %10.1f %10.1f %10.1f   %s" % (
                    state, *[ms for ms, _ in found],
                    " ".join(str(x) for _, x in found)), flush=True)
        finally:
            service.process.terminate()
            service.process.wait()


if __name__ == "__main__":
    main()
