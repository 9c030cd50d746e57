#!/usr/bin/env python3
"""A service for batches: many requests at once, and a log of them.

    batch.py FOLDER [RULES]

Prints its port.  The answer to a prompt P is "Answer to P."  RULES is a JSON
object; N-th counts the requests with that key:

    "bytes": N             each answer has N more bytes "x"
    "delay_ms": N          each answer takes 0 to N ms, at random
    "exhausted": [KEY]     429, daily quota, always
    "dies": {KEY: N}       400, key not valid, from the N-th on
    "limits": {KEY: [[N, M, "1s"], ...]}
                           429, per minute, with this retryDelay, for the N-th
                           and all later ones until the delay has passed; the
                           delay starts again with the first request after it,
                           at most M times
    "cut_every": N         each N-th answer, over all keys, is cut off
    "fails": [PROMPT]      400, always
    "gates": {PROMPT: F}   the answer waits until FOLDER/F exists

FOLDER/log has a line for each request when its response is chosen, and another
when an answer has been sent: milliseconds, result, key, prefix of the path,
prompt, separated by blanks.  The result is "sent" for an answer, "done" once it
has been sent, else "limit", "dead", "exhausted", "cut" or "fail".
"""
import asyncio
import json
import os
import random
import sys
import time

HEAD = ("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n")
TYPE = "type.googleapis.com/google.rpc."


def answer_to(prompt):
    return "Answer to %s." % prompt


def error(code, status, message, *details):
    body = {"error": {"code": code, "message": message, "status": status,
                      "details": details}}
    return "%d X" % code, "application/json", json.dumps(body).encode()


def quota(kind, delay):
    return error(
        429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.",
        {"@type": TYPE + "QuotaFailure", "violations": [{
            "quotaId": "GenerateRequestsPer%sPerProjectPerModel" % kind}]},
        {"@type": TYPE + "RetryInfo", "retryDelay": delay})


def answer(prompt, more):
    event = {"candidates": [{"content": {
        "parts": [{"text": answer_to(prompt) + "x" * more}], "role": "model"},
        "finishReason": "STOP"}], "usageMetadata": {
            "promptTokenCount": 3, "candidatesTokenCount": 4,
            "totalTokenCount": 7}}
    return ("200 OK", "text/event-stream",
            b"data: " + json.dumps(event).encode() + b"\r\n\r\n")


class Service:
    def __init__(self, folder, rules):
        self.folder, self.rules = folder, rules
        self.log = open(os.path.join(folder, "log"), "a", buffering=1,
                        encoding="utf-8")
        self.counts = {}    # requests by key
        self.limited = {}   # until when, by key
        self.answers = 0
        self.sent = []      # of each "sent": prefix of the path, prompt
        self.done = self.failed = 0
        self.flying = self.most = 0

    def tell(self, what, key, prefix, prompt):
        self.log.write("%d %s %s %s %s\n" % (
            time.monotonic() * 1000, what, key, prefix, prompt))

    def is_limited(self, key, count):
        """Returns the delay if it is limited, else None."""
        now = time.monotonic()
        if now < self.limited.get(key, (0,))[0]:
            return self.limited[key][1]
        for limit in self.rules.get("limits", {}).get(key, []):
            if count >= limit[0] and limit[1] > 0:
                limit[1] -= 1
                self.limited[key] = now + float(limit[2][:-1]), limit[2]
                return limit[2]
        return None

    def judge(self, key, prompt):
        """The result of a request, a word for the log, and the response."""
        rules = self.rules
        count = self.counts[key] = self.counts.get(key, 0) + 1
        if count >= rules.get("dies", {}).get(key, sys.maxsize):
            return "dead", error(
                400, "INVALID_ARGUMENT", "API key not valid.",
                {"@type": TYPE + "ErrorInfo", "reason": "API_KEY_INVALID",
                 "domain": "googleapis.com"})
        if key in rules.get("exhausted", []):
            return "exhausted", quota("Day", "38s")
        delay = self.is_limited(key, count)
        if delay is not None:
            return "limit", quota("Minute", delay)
        if prompt in rules.get("fails", []):
            return "fail", error(400, "INVALID_ARGUMENT", "No.")
        self.answers += 1
        more = rules.get("bytes", 0)
        if self.answers % rules.get("cut_every", sys.maxsize) == 0:
            return "cut", answer(prompt, more)
        return "sent", answer(prompt, more)

    async def wait(self, prompt):
        await asyncio.sleep(
            random.random() * self.rules.get("delay_ms", 0) / 1000)
        gate = self.rules.get("gates", {}).get(prompt)
        while gate and not os.path.exists(os.path.join(self.folder, gate)):
            await asyncio.sleep(0.005)

    async def respond(self, reader, writer):
        """Serves one request; False if the connection ends."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) if ": " in line else (line, "")
                      for line in head.split("\r\n"))
        body = json.loads(await reader.readexactly(
            int(fields["content-length"])))
        key, prefix = fields["x-goog-api-key"], head.split("/")[1]
        prompt = body["contents"][-1]["parts"][-1]["text"]
        what, (status, kind, data) = self.judge(key, prompt)
        self.tell(what, key, prefix, prompt)
        self.flying += 1
        self.most = max(self.most, self.flying)
        if what == "sent":
            self.sent.append((prefix, prompt))
        try:
            await self.wait(prompt)
            writer.write((HEAD % (status, kind, len(data))).encode())
            writer.write(data[:len(data) // 2] if what == "cut" else data)
            await writer.drain()
        finally:
            self.flying -= 1
        if what == "sent":
            self.done += 1
            self.tell("done", key, prefix, prompt)
        self.failed += what == "fail"
        return what != "cut"

    async def serve(self, reader, writer):
        try:
            while await self.respond(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def listen(self):
        """Returns the server, bound to a port."""
        return await asyncio.start_server(
            self.serve, "127.0.0.1", 0, backlog=512)


async def main():
    service = Service(sys.argv[1],
                      json.loads(sys.argv[2]) if len(sys.argv) > 2 else {})
    server = await service.listen()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
