"""Tests of scripted replies: bytes, cuts and waits."""
import json
import os
import re
import time

import errors
from selftest_case import ASK, HERE, LIMIT, MODEL, SSE, Case, request

EVENT = (
    b'data: {"candidates": [{"content": {"parts": [{"text": "Hel"}],"role":'
    b' "model"},"index": 0}],"usageMetadata": {"promptTokenCount":'
    b' 5,"totalTokenCount": 5,"promptTokensDetails": [{"modality":'
    b' "TEXT","tokenCount": 5}]},"modelVersion":'
    b' "gemini-3.8-flash","responseId": "R1"}')
LAST = (
    b'data: {"candidates": [{"content": {"parts": [{"text": "lo."}],"role":'
    b' "model"},"finishReason": "STOP","index": 0}],"usageMetadata":'
    b' {"promptTokenCount": 5,"candidatesTokenCount": 2,"totalTokenCount":'
    b' 7,"promptTokensDetails": [{"modality": "TEXT","tokenCount":'
    b' 5}]},"modelVersion": "gemini-3.8-flash","responseId": "R1"}')
STREAM = EVENT + b"\r\n\r\n" + LAST + b"\r\n\r\n"


class Scripted(Case):
    def one(self, entry, body=None):
        """All bytes of the reply to one request, to the end of connection."""
        self.start([entry])
        client = self.connect()
        client.sock.sendall(request(SSE, body or ASK,
                                    headers=["Connection: close"]))
        head, _, body = client.rest().partition(b"\r\n\r\n")
        return head, body

    def test_stream_exact(self):
        self.start([{"stream": ["Hel", "lo."]}])
        client = self.connect()
        client.sock.sendall(request(SSE, ASK))
        head = client.to(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"
                                        b"Content-Type: text/event-stream\r\n"))
        self.assertIn(b"\r\nServer: scaffolding on HTTPServer2\r\n", head)
        self.assertIn(b"\r\nVary: Origin, X-Origin, Referer\r\n", head)
        self.assertIn(b"\r\nx-gemini-service-tier: standard\r\n", head)
        self.assertEqual(client.chunks(),
                         [EVENT + b"\r\n\r\n", LAST + b"\r\n\r\n"])

    def test_newlines_tail_and_no_last_blank(self):
        _, body = self.one({"stream": ["Hel", "lo."], "framing": "close",
                            "newline": "\n", "last_blank": False,
                            "tail": "{\"error\"\n"})
        self.assertEqual(body, EVENT + b"\n\n" + LAST + b"\n{\"error\"\n")

    def test_thoughts_signature_and_escapes(self):
        _, body = self.one({
            "stream": ["<a> & b='\u00e9\ud83d", {"error": {"code": 500}}],
            "thoughts": ["Hm."], "signature_tail": True, "framing": "close",
            "finish": "MAX_TOKENS", "usage": {"thoughtsTokenCount": 9}})
        events = body.split(b"\r\n\r\n")
        self.assertIn(b'[{"text": "Hm.","thought": true}]', events[0])
        self.assertIn('"\\u003ca\\u003e \\u0026 b\\u003d\\u0027\u00e9\\ud83d"'
                      .encode(), events[1])
        self.assertEqual(events[2], b'data: {"error": {"code": 500}}')
        self.assertIn(b'{"text": "","thoughtSignature": "', events[3])
        self.assertIn(b'"finishReason": "MAX_TOKENS"', events[3])
        self.assertIn(b'"thoughtsTokenCount": 9', events[3])
        self.assertNotIn(b"finishReason", b"".join(events[:3]))

    def test_no_finish(self):
        _, body = self.one({"stream": ["Hel"], "finish": None})
        self.assertNotIn(b"finishReason", body)

    def test_pieces(self):
        text = {"body": "0123456789", "framing": "chunked"}
        self.start([dict(text, piece=4), dict(text, pieces=[1, 9])])
        client = self.connect()
        for want in [b"0123", b"4567", b"89"], [b"0", b"12345678", b"9"]:
            client.sock.sendall(request("/"))
            client.to(b"\r\n\r\n")
            self.assertEqual(client.chunks(), want)

    def test_cut_in_chunks(self):
        _, body = self.one({"stream": ["Hel", "lo."], "cut_at": 20})
        self.assertEqual(body, b"14\r\n" + STREAM[:20] + b"\r\n")

    def test_cut_at_end_has_no_farewell(self):
        _, body = self.one({"stream": ["Hel", "lo."], "cut_at": 1 << 20})
        self.assertTrue(body.endswith(LAST + b"\r\n\r\n\r\n"))

    def test_cut_of_known_length(self):
        head, body = self.one({"json": {"a": [1, "\u00e9"]}, "cut_at": 3})
        self.assertIn(b"\r\nContent-Length: 14\r\n", head)
        self.assertEqual(body, b'{"a')

    def test_cut_in_head(self):
        self.assertEqual(self.one({"body": "", "cut_headers_at": 10}),
                         (b"HTTP/1.1 2", b""))

    def test_reset(self):
        self.start([{"body": "0123456789", "reset_at": 4}])
        client = self.connect()
        client.sock.sendall(request("/"))
        self.assertRaises(ConnectionResetError, client.rest)
        self.assertTrue(client.bytes.endswith(b"\r\n\r\n0123"))

    def test_gate(self):
        self.start([{"body": "0123456789", "gate": "open", "gate_at": 3}])
        client = self.connect()
        client.sock.sendall(request("/"))
        client.to(b"\r\n\r\n")
        while client.bytes != b"012":
            client.more()
        client.sock.setblocking(False)
        self.assertRaises(BlockingIOError, client.more)
        client.sock.settimeout(LIMIT)
        self.write("open", "")
        while client.bytes != b"0123456789":
            client.more()

    def test_gate_before_the_head(self):
        self.start([{"body": "0123", "head_gate": "open"},
                    {"stream": ["Hel", "lo."], "head_gate": "open"},
                    {"raw": "HTTP/1.1 200 OK\r\n\r\n",
                     "head_gate": "open"}, {"body": "x", "repeat": -1}])
        clients = [self.connect() for _ in range(3)]
        for n, client in enumerate(clients):
            client.sock.sendall(request("/"))
            while "request.%d" % (n + 1) not in os.listdir(self.folder):
                time.sleep(0.001)
        # Others do not wait, and are behind these.
        other = self.connect()
        for _ in range(9):
            self.assertEqual(other.ask("/")[2], b"x")
        for client in clients:
            client.sock.setblocking(False)
            self.assertRaises(BlockingIOError, client.more)
        self.write("open", "")
        for client in clients:
            client.sock.settimeout(LIMIT)
            self.assertEqual(client.to(b"\r\n"), b"HTTP/1.1 200 OK\r\n")
        self.assertEqual(clients[2].rest(), b"\r\n")

    def test_hold(self):
        self.start([{"stream": ["Hel", "lo."], "hold": True}])
        client = self.connect()
        client.sock.sendall(request(SSE, ASK))
        client.to(LAST + b"\r\n\r\n\r\n")
        client.sock.setblocking(False)
        self.assertRaises(BlockingIOError, client.more)
        # A held connection must not keep the server from ending: see stop().

    def test_pauses(self):
        start = time.monotonic()
        _, body = self.one({"body": "0123456789", "piece": 5, "pause_ms": 20,
                            "piece_pause_ms": 20,
                            "pause_at": {"bytes": 2, "ms": 20}})
        self.assertGreaterEqual(time.monotonic() - start, 0.06)
        self.assertEqual(body, b"0123456789")

    def test_service_with_options(self):
        self.start([{"service": True, "cut_at": 10}])
        client = self.connect()
        client.sock.sendall(request("/v1beta/models"))
        self.assertTrue(client.rest().endswith(b"\r\n\r\n{\n  \"model"))

    def test_raw(self):
        self.start([{"raw": "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}])
        client = self.connect()
        client.sock.sendall(request("/"))
        self.assertEqual(client.rest(),
                         b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")

    def test_headers(self):
        self.start([{"body": "x", "status": 503, "headers": {
            "server": None, "Retry-After": "2", "Set-Cookie": ["a", "b"]}}])
        _, head, _ = self.ask("/")
        self.assertTrue(head.startswith("HTTP/1.1 503 Service Unavailable"))
        self.assertIn("\r\nRetry-After: 2\r\nSet-Cookie: a\r\nSet-Cookie: b",
                      head)
        self.assertNotIn("Server:", head)

    def test_pings(self):
        _, body = self.one({"stream": ["Hel", "lo."], "framing": "close",
                            "ping": {"ms": 1, "count": 2}})
        self.assertEqual(body, b": ping\r\n\r\n" * 2 + STREAM)

    def test_choice_and_repeat(self):
        self.start([{"when": {"key": "two"}, "body": "2", "repeat": -1},
                    {"when": {"path": "models", "method": "GET"}, "body": "m"},
                    {"body": "any", "repeat": 2}])
        client = self.connect()
        said = [client.ask(path, key=key)[2].decode() for path, key in (
            ("/", "two"), ("/", "one"), ("/v1beta/models", "one"),
            ("/v1beta/models", "one"), ("/", "two"))]
        self.assertEqual(said, ["2", "any", "m", "any", "2"])
        self.assertEqual(client.ask("/")[0], 404)

    def test_choice_by_body(self):
        self.start([{"when": {"body": "\u00fcber"}, "body": "2"},
                    {"body": "any", "repeat": -1}])
        said = [self.ask("/", body.encode())[2]
                for body in ("ber", "x\u00fcbery", "\u00fcber")]
        self.assertEqual(said, [b"any", b"2", b"any"])

    def test_echo(self):
        asked = {"contents": [{"parts": [{"text": "no"}]},
                              {"parts": [{"text": "l"}, {"text": "o."}]}]}
        _, body = self.one({"echo": "Hel", "finish": "MAX_TOKENS",
                            "framing": "close"}, asked)
        self.assertIn(b'{"text": "Hell\\no."}', body)
        self.assertIn(b'"finishReason": "MAX_TOKENS"', body)

    def test_peak(self):
        self.start([{"body": "x", "head_gate": "open"}] * 3 +
                   [{"body": "y", "gate": "never"}, {"body": "z"}])
        clients = [self.connect() for _ in range(3)]
        for n, client in enumerate(clients):
            client.sock.sendall(request("/"))
            while json.loads(self.read("counts.json"))["peak"] <= n:
                time.sleep(0.001)
        self.write("open", "")
        for client in clients:
            self.assertEqual(client.reply()[2], b"x")
        # A reply that has begun counts no longer.
        clients[0].sock.sendall(request("/"))
        clients[0].to(b"\r\n")
        self.assertEqual(self.ask("/")[2], b"z")
        self.assertEqual(json.loads(self.read("counts.json"))["peak"], 3)

    def test_reload(self):
        self.start([{"body": "old", "repeat": -1}])
        client = self.connect()
        self.assertEqual(client.ask("/")[2], b"old")
        self.write("script.json", json.dumps([{"body": "new", "repeat": -1}]))
        self.assertEqual(client.ask("/")[2], b"new")
        self.write("next.json", json.dumps([{"body": "newer"}]))
        os.replace(os.path.join(self.folder, "next.json"),
                   os.path.join(self.folder, "script.json"))
        self.assertEqual(client.ask("/")[2], b"newer")

    def test_misspelt_script(self):
        self.start(None, "--quiet")
        self.write("script.json", json.dumps([{"body": "x", "cut_add": 1}]))
        status, _, body = self.ask("/")
        self.assertEqual(status, 500)
        self.assertIn(b"reply 1: \"cut_add\" is unknown", body)

    def test_examples_of_the_readme(self):
        with open(os.path.join(HERE, "README.md"), encoding="utf-8") as f:
            examples = re.findall(r"^    (\[\{.*?\}\])$", f.read(), re.M | re.S)
        self.assertEqual(len(examples), 4)
        self.start(json.loads(examples[0]))
        self.assertEqual(self.ask(SSE, ASK, key="KEY-1")[0], 429)
        client = self.connect()
        client.sock.sendall(request(SSE, ASK))
        self.assertEqual(client.rest().count(b"data: "), 2)
        self.assertIn(b"three.", self.ask(SSE, ASK)[2])
        self.write("script.json", examples[1])
        self.write("go", "")
        found = [self.ask(SSE, ASK) for _ in range(3)]
        self.assertEqual([x[0] for x in found], [503, 503, 200])
        self.assertIn("Gr\u00fc\u00dfe".encode(), found[2][2])
        self.write("script.json", examples[2])
        body = ASK
        for want in (b'"Hm."', b'"two"', b"overloaded", b"two, three."):
            client = self.connect()
            client.sock.sendall(request(SSE, body,
                                        headers=["Connection: close"]))
            said = client.rest()
            self.assertIn(want, said)
            for token in re.findall(b'"continuationToken": ("[^"]*")', said):
                body = dict(ASK, continuationToken=json.loads(token))
        self.write("script.json", examples[3])
        found = [self.ask(*x) for x in (
            (SSE, ASK), ("/mistral/v1/models",), ("/llamacpp/health",),
            ("/llamacpp/v1/models",), ("/llamacpp/v1/models",))]
        self.assertEqual([x[0] for x in found], [503, 422, 503, 503, 200])
        self.assertIn(b'{"content":"Half "}', found[4][2])
        self.assertTrue(found[4][2].endswith(b'\n\nerror: {"code":500}\n\n'))

    def test_generate(self):
        entry = {"generate": {"bytes": 3000001, "event": 1000}}
        _, body = self.one(dict(entry, framing="close"))
        events = body.split(b"\r\n\r\n")
        self.assertEqual(events.pop(), b"")
        texts = [json.loads(x[6:])["candidates"][0] for x in events]
        sizes = [len(x["content"]["parts"][0]["text"]) for x in texts]
        self.assertEqual(sizes, [1000] * 3000 + [1])
        self.assertEqual([x.get("finishReason") for x in texts],
                         [None] * 3000 + ["STOP"])


# The status of each of Gemini's refusals.
STATUSES = {
    200: "blocked", 302: "redirect",
    400: "key_invalid key_expired key_not_found region unknown_field"
         " invalid_argument context payload_too_large thinking mime_type"
         " file_not_active",
    401: "unauthorized", 402: "no_credit",
    403: "key_leaked no_key referrer_blocked address_blocked app_blocked"
         " api_blocked api_disabled project_suspended billing_disabled"
         " permission",
    404: "no_model model_gone model_closed not_found", 407: "proxy",
    409: "aborted", 413: "body_too_large",
    429: "quota_minute quota_day quota_none quota_spend quota_region quota",
    499: "cancelled", 500: "server", 501: "unimplemented", 502: "html",
    503: "overloaded deadline", 504: "timeout"}


class Refusals(Case):
    def test_each_name_has_its_status(self):
        expected = [(x, k) for k, v in STATUSES.items() for x in v.split()]
        self.start([{"refusal": x} for x, _ in expected])
        client = self.connect()
        self.assertEqual([(x, client.ask(SSE, ASK)[0]) for x, _ in expected],
                         expected)
        self.assertEqual({x for x, _ in expected}, errors.NAMES)

    def test_key_invalid_echoes_the_key(self):
        self.start()
        status, found = self.ask_json(SSE, ASK, key="AIza-invalid")
        self.assertEqual(status, 400)
        self.assertEqual(found, {"error": {
            "code": 400, "status": "INVALID_ARGUMENT",
            "message": "API key not valid. Please pass a valid API key.",
            "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                 "reason": "API_KEY_INVALID", "domain": "googleapis.com",
                 "metadata": {"service": "generativelanguage.googleapis.com"}},
                {"@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                 "locale": "en-US",
                 "message": "API key not valid. Please pass a valid API key."},
                {"@type": "type.googleapis.com/google.rpc.DebugInfo",
                 "detail": "Invalid API key: AIza-invalid"}]}})

    def quota(self, found):
        """(message, quotaId, quotaValue, retryDelay) of a 429."""
        error = found["error"]
        self.assertEqual((error["code"], error["status"]),
                         (429, "RESOURCE_EXHAUSTED"))
        _, failure, retry = error["details"]
        violation = failure["violations"][0]
        return (error["message"], violation["quotaId"],
                violation.get("quotaValue"), retry["retryDelay"])

    def test_quotas(self):
        self.start([{"refusal": "quota_minute", "retry_delay": "12.5s"},
                    {"refusal": "quota_day"},
                    {"refusal": "quota_none", "model": "gemini-9"}])
        message, name, value, delay = self.quota(self.ask_json(SSE, ASK)[1])
        self.assertIn("PerMinute", name)
        self.assertEqual((value, delay), ("5", "12.5s"))
        self.assertTrue(message.endswith(", limit: 5, model: gemini-3.8-flash"
                                         "\nPlease retry in 12.5s."))
        message, name, value, _ = self.quota(self.ask_json(SSE, ASK)[1])
        self.assertIn("PerDay", name)
        self.assertEqual(value, "20")
        message, _, value, _ = self.quota(self.ask_json(SSE, ASK)[1])
        self.assertIn("limit: 0, model: gemini-9\n", message)
        self.assertIsNone(value)

    def test_overrides(self):
        self.start([{"refusal": "no_credit", "status": 429},
                    {"refusal": "redirect", "location": "http:x"},
                    {"refusal": "app_blocked",
                     "error_reason": "API_KEY_IOS_APP_BLOCKED"}])
        self.assertEqual(self.ask_json(SSE, ASK)[1]["error"]["code"], 429)
        self.assertIn("\r\nLocation: http:x\r\n", self.ask(SSE, ASK)[1])
        self.assertIn(b"API_KEY_IOS_APP_BLOCKED", self.ask(SSE, ASK)[2])

    def test_array_wraps_errors(self):
        self.start()
        path = MODEL + ":streamGenerateContent"
        self.assertEqual(self.ask_json(path, ASK, key="leaked")[1][0]["error"]
                         ["code"], 403)
