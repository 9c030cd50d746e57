"""Tests of scripted replies in the four dialects, byte for byte."""
import json

from selftest_case import ASK, SSE
from selftest_chat_case import MODELS, ROUTE, ChatCase, asking

MISTRAL = (
    b'data: {"id":"00000000000000000000000000000001","object":'
    b'"chat.completion.chunk","created":1795000000,"model":'
    b'"mistral-small-latest","choices":[{"index":0,"delta":')
OPENAI = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":'
    b'1795000000,"model":"gpt-5-mini","system_fingerprint":null,'
    b'"service_tier":"default","choices":')
LLAMACPP = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":'
    b'1795000000,"model":"qwen3-8b-q4_k_m","system_fingerprint":'
    b'"b11669-standin","choices":')
OLLAMA = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":'
    b'1795000000,"model":"qwen3:8b","system_fingerprint":"fp_ollama",'
    b'"choices":')
GOES_ON = b',"finish_reason":null}]'
STOPS = b',"finish_reason":"stop"}]'
USAGE = b'"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}'
CACHED = (b',"num_cached_tokens":0,"prompt_tokens_details":'
          b'{"cached_tokens":0}}')
THOUGHT = (b'{"type":"thinking","thinking":[{"type":"text","text":"Hm."}],'
           b'"closed":true}')
DONE = b"data: [DONE]\n\n"
ENTRY = {"chat": ["Hel", "lo."]}
WANTS = {"stream_options": {"include_usage": True}}


class ChatStreams(ChatCase):
    def one(self, dialect, entry, **more):
        """The body of this reply."""
        self.start([entry])
        return self.chat(dialect, asking(dialect, stream=True, **more))[2]

    def test_mistral(self):
        self.assertEqual(
            self.one("mistral", ENTRY),
            MISTRAL + b'{"role":"assistant","content":""}' + GOES_ON
            + b',"p":"abcdefghijklmno"}\n\n'
            + MISTRAL + b'{"content":"Hel"}' + GOES_ON
            + b',"p":"abcdefghijklmno"}\n\n'
            + MISTRAL + b'{"content":"lo."}' + GOES_ON
            + b',"p":"abcdefghijklmno"}\n\n'
            + MISTRAL + b'{"content":""}' + STOPS + b',"p":"ab",'
            + USAGE[:-1] + CACHED + b"}\n\n" + DONE)

    def openai(self, null, usage):
        def event(delta, end):
            letters = b"abcdefghijklmnop"[:16 - len(delta) % 16]
            return (OPENAI + b'[{"index":0,"delta":' + delta + end + null
                    + b',"obfuscation":"' + letters + b'"}\n\n')
        return (event(b'{"role":"assistant","content":""}', GOES_ON)
                + event(b'{"content":"Hel"}', GOES_ON)
                + event(b'{"content":"lo."}', GOES_ON) + event(b"{}", STOPS)
                + usage + DONE)

    def test_openai(self):
        self.assertEqual(self.one("openai", ENTRY), self.openai(b"", b""))

    def test_openai_usage(self):
        self.assertEqual(
            self.one("openai", ENTRY, **WANTS), self.openai(
                b',"usage":null', OPENAI + b"[]," + USAGE
                + b',"obfuscation":"abcdefghijklmn"}\n\n'))

    def test_llamacpp(self):
        def event(delta, end=GOES_ON):
            return (LLAMACPP + b'[{"index":0,"delta":' + delta + end
                    + b"}\n\n")
        texts = (event(b'{"role":"assistant","content":null}')
                 + event(b'{"content":"Hel"}') + event(b'{"content":"lo."}'))
        for more, last in (({}, event(b"{}", STOPS)[:-3]),
                           (WANTS, event(b"{}", STOPS) + LLAMACPP + b"[],"
                            + USAGE)):
            body = self.one("llamacpp", ENTRY, **more)
            start, _, end = body.partition(b',"timings":')
            self.assertEqual(start, texts + last)
            timings, _, end = end.partition(b"}}\n\n")
            self.assertEqual(end, DONE)
            self.assertIn(b'"prompt_n":5,', timings)
            self.assertIn(b'"predicted_n":2,', timings)

    def test_llamacpp_as_it_was(self):
        body = self.one("llamacpp", dict(ENTRY, usage={}, last_blank=False))
        self.assertIn(b'"choices":[],' + USAGE + b',"timings":{', body)
        self.assertTrue(body.endswith(b"}}\n\ndata: [DONE]\n"))

    def ollama(self, usage):
        def event(content, end=GOES_ON):
            return (OLLAMA + b'[{"index":0,"delta":{"role":"assistant",'
                    b'"content":"' + content + b'"}' + end + b"}\n\n")
        return (event(b"Hel") + event(b"lo.") + event(b"", STOPS) + usage
                + DONE)

    def test_ollama(self):
        self.assertEqual(self.one("ollama", ENTRY), self.ollama(b""))

    def test_ollama_usage(self):
        self.assertEqual(self.one("ollama", ENTRY, **WANTS),
                         self.ollama(OLLAMA + b"[]," + USAGE + b"}\n\n"))

    def test_head(self):
        self.start([ENTRY])
        _, head, _ = self.chat("llamacpp", asking("llamacpp"))
        head = [x for x in head.split("\r\n") if not x.startswith("Date: ")]
        self.assertEqual(head, [
            "HTTP/1.1 200 OK", "Content-Type: text/event-stream",
            "Server: llama.cpp", "Transfer-Encoding: chunked", "", ""])

    def test_reasoning(self):
        entry = dict(ENTRY, reasoning=["Hm."])
        for dialect, want in (
                ("mistral", b'"delta":{"content":[' + THOUGHT + b"]}"),
                ("openai", b'"delta":{"reasoning_content":"Hm."}'),
                ("llamacpp", b'"delta":{"reasoning_content":"Hm."}'),
                ("ollama", b'"delta":{"role":"assistant","content":"",'
                           b'"reasoning":"Hm."}')):
            body = self.one(dialect, entry)
            place = 0 if dialect == "ollama" else 1
            self.assertIn(want, body.split(b"\n\n")[place])

    def test_content_chunks_null_and_halves(self):
        body = self.one("mistral", {"chat": ["\u00e9\ud83d", None],
                                    "content_chunks": True, "model": "m"})
        found = body.split(b"\n\n")
        self.assertIn('"delta":{"content":[{"type":"text","text":"\u00e9'
                      '\\ud83d"}]}'.encode(), found[1])
        self.assertIn(b'"model":"m"', found[1])
        self.assertIn(b'"delta":{"content":null}', found[2])

    def test_error_inside(self):
        body = self.one("openai", {"chat": ["Half ", {"error": {"code": 1}}],
                                   "finish": None, "done": False})
        found = body.split(b"\n\n")
        self.assertEqual(found[2:], [b'data: {"error":{"code":1}}', b""])
        self.assertIn(b'"delta":{"content":"Half "},"finish_reason":null',
                      found[1])

    def test_old_error_line_and_pings(self):
        body = self.one("llamacpp", {
            "chat": [], "finish": None, "done": False,
            "ping": {"ms": 1, "count": 2},
            "tail": "error: {}\n\ndata: [DONE]\n\n"})
        self.assertTrue(body.startswith(b": ping\n\n: ping\n\n" + LLAMACPP))
        self.assertTrue(body.endswith(GOES_ON + b"}\n\nerror: {}\n\n" + DONE))

    def test_newline_and_blank(self):
        body = self.one("ollama", {"chat": [], "newline": "\r\n",
                                   "last_blank": False})
        self.assertTrue(body.endswith(b"}\r\n\r\ndata: [DONE]\r\n"))
        body = self.one("llamacpp", {"chat": [], "last_blank": False})
        self.assertTrue(body.endswith(b"}\n\ndata: [DONE]\n"))
        body = self.one("llamacpp", {"chat": [], "done": False})
        self.assertTrue(body.endswith(b"}}\n\n"))

    def test_usage_and_finish(self):
        body = self.one("ollama", dict(ENTRY, finish="length", usage={
            "completion_tokens": 40, "prompt_tokens": None}))
        self.assertIn(b'"content":""},"finish_reason":"length"', body)
        self.assertIn(b'"choices":[],"usage":{"completion_tokens":40,'
                      b'"total_tokens":40}', body)
        for dialect in MODELS:
            body = self.one(dialect, dict(ENTRY, usage=None), **(
                {} if dialect == "mistral" else WANTS))
            self.assertNotIn(b'"prompt_tokens"', body)
            self.assertIn(b'"finish_reason":"stop"', body)

    def test_only_the_last_thought_is_closed(self):
        body = self.one("mistral", dict(ENTRY, reasoning=["Hm.", "Hm."]))
        found = body.split(b"\n\n")
        self.assertIn(b'"text":"Hm."}],"closed":false}]}', found[1])
        self.assertIn(THOUGHT, found[2])
        self.start([dict(ENTRY, reasoning=["Hm.", "Hm."], unary=True)])
        self.assertIn(THOUGHT.replace(b"true", b"false") + b"," + THOUGHT,
                      self.chat("mistral", asking("mistral"))[2])

    def test_cut(self):
        self.start([dict(ENTRY, cut_at=1)])
        with self.assertRaises(EOFError):
            self.chat("mistral", asking("mistral", stream=True))

    def test_unary(self):
        entry = dict(ENTRY, reasoning=["Hm."], unary=True)
        for dialect, want in (
                ("mistral", b'"content":[' + THOUGHT + b',{"type":"text",'
                 b'"text":"Hello."}],"tool_calls":null,"prefix":false}'),
                ("llamacpp", b'"content":"Hello.","reasoning_content":"Hm."}'),
                ("ollama", b'"content":"Hello.","reasoning":"Hm."}')):
            self.start([entry])
            _, head, body = self.chat(dialect, asking(dialect, stream=True))
            self.assertIn("\r\nContent-Type: application/json\r\n", head)
            self.assertIn(
                b'"choices":[{"index":0,"message":{"role":"assistant",' + want
                + b',"finish_reason":"stop"}],"usage":{"prompt_tokens":5,'
                b'"completion_tokens":4,"total_tokens":9' + (
                    CACHED if dialect == "mistral" else b"}"), body)
        self.start([{"chat": ["a"], "unary": True, "content_chunks": True},
                    {"chat": [None], "unary": True, "usage": None}])
        self.assertIn(b'"content":[{"type":"text","text":"a"}],"tool_calls"',
                      self.chat("mistral", asking("mistral"))[2])
        self.assertTrue(self.chat("openai", asking("openai"))[2].endswith(
            b'"message":{"role":"assistant","content":null},'
            b'"finish_reason":"stop"}]}'))


class ChatRefusals(ChatCase):
    def test_all_names(self):
        for dialect, names in (
                ("mistral", "401 no_key unauthorized unauthorized_message"
                 " unauthorized_empty 400 invalid_model context 402 billing"
                 " 403 tier 404 not_found no_model 422 fields_object"
                 " fields_array fields_string fields_detail 429 rate"
                 " rate_requests zero capacity 500 server 503 overloaded"
                 " 504 timeout"),
                ("openai", "401 unauthorized no_key 403 permission country"
                 " 404 not_found no_model 400 context 429 rate quota"
                 " 500 server 502 html 503 overloaded"),
                ("llamacpp", "401 unauthorized 404 not_found 503 loading"
                 " 400 context 501 unsupported 500 server"),
                ("ollama", "404 not_found no_model 500 api_error native")):
            words = names.split()
            self.start([{"refusal": x} for x in words if x.isalpha()
                        or "_" in x])
            for word in words:
                if word.isdigit():
                    want = int(word)
                else:
                    self.assertEqual(self.chat(dialect, asking(dialect))[0],
                                     want, word)

    def bodies(self, dialect, wanted):
        self.start([{"refusal": name} for name in wanted])
        for name, want in wanted.items():
            self.assertEqual(self.chat(dialect, asking(dialect))[2].decode(),
                             want, name)

    def test_mistral(self):
        extra = ('{"type":"extra_forbidden","loc":["body","seed"],"msg":'
                 '"Extra inputs are not permitted","input":1}')
        error = '{"object":"error","message":'
        limited = ',"type":"rate_limited","param":null,"code":"1300"}'
        self.bodies("mistral", {
            "no_key": '{"detail":"Unauthorized"}',
            "unauthorized": '{"detail":"Invalid API Key"}',
            "unauthorized_message": '{"message":"Unauthorized","request_id":'
                                    '"0123456789abcdef0123456789abcdef"}',
            "unauthorized_empty": "",
            "invalid_model": error + '"Invalid model: mistral-small-latest",'
            '"type":"invalid_model","param":null,"code":"1500"}',
            "rate": error + '"Rate limit exceeded"' + limited,
            "rate_requests": '{"message":"Requests rate limit exceeded"}',
            "capacity": error + '"Service tier capacity exceeded for this'
            ' model.","type":"service_tier_capacity_exceeded","param":null,'
            '"code":"3505"}',
            "fields_object": error + '{"detail":[' + extra + ']},"type":'
            '"invalid_request_error","param":null,"code":null}',
            "fields_array": error + "[" + extra + '],"type":'
            '"invalid_request_error","param":null,"code":null}',
            "fields_string": error + json.dumps('{"detail":[' + extra + "]}")
            + ',"type":"internal_error_proxy","param":null,"code":"1000"}',
            "fields_detail": '{"detail":[' + extra + '],"code":3001}'})

    def test_llamacpp(self):
        self.bodies("llamacpp", {
            "unauthorized": '{"error":{"code":401,"message":"Invalid API Key",'
                            '"type":"authentication_error"}}',
            "loading": '{"error":{"code":503,"message":"Loading model",'
                       '"type":"unavailable_error"}}',
            "context": '{"error":{"code":400,"message":"request (13392 tokens)'
                       ' exceeds the available context size (8192 tokens), try'
                       ' increasing it","type":"exceed_context_size_error",'
                       '"n_prompt_tokens":13392,"n_ctx":8192}}'})

    def test_ollama(self):
        self.bodies("ollama", {
            "no_model": '{"error":{"message":"model \\"qwen3:8b\\" not found,'
                        ' try pulling it first","type":"not_found_error",'
                        '"param":null,"code":null}}',
            "native": '{"error":"llama runner process has terminated: exit'
                      ' status 2"}'})

    def test_openai(self):
        self.start([{"refusal": "unauthorized"}, {"refusal": "quota"},
                    {"refusal": "context"}, {"refusal": "country"},
                    {"refusal": "no_model", "model": "gpt-9"},
                    {"refusal": "html"}])
        found = [self.chat("openai", asking("openai"), "fake-good-key-0001")
                 for _ in range(6)]
        errors = [json.loads(x[2])["error"] for x in found[:5]]
        self.assertEqual([x["code"] for x in errors], [
            "invalid_api_key", "insufficient_quota", "context_length_exceeded",
            "unsupported_country_region_territory", "model_not_found"])
        self.assertEqual(list(errors[0]), ["message", "type", "param", "code"])
        self.assertIn(": fake-goo******0001. You", errors[0]["message"])
        self.assertIn("`gpt-9`", errors[4]["message"])
        self.assertIn("Content-Type: text/html", found[5][1])
        self.assertTrue(found[5][2].startswith(b"<html>"))

    def test_headers_and_choice(self):
        self.start([{"refusal": "zero", "headers": {"Retry-After": "7"}},
                    {"refusal": "rate", "when": {"key": "two"}, "repeat": -1},
                    {"refusal": "loading", "when": {"path": "/health",
                                                    "method": "GET"}}])
        _, head, _ = self.chat("mistral", asking("mistral"))
        self.assertIn("\r\nx-ratelimit-limit-req-minute: 0\r\n", head)
        self.assertIn("\r\nRetry-After: 7\r\n", head)
        self.assertEqual(self.chat("mistral", asking("mistral"), "two")[0],
                         429)
        self.assertEqual(self.chat("mistral", asking("mistral"), "one")[0],
                         200)
        self.assertEqual(self.chat("llamacpp", route="/health")[0], 503)
        self.assertEqual(self.chat("llamacpp", route="/health")[0], 200)
        counts = json.loads(self.read("counts.json"))
        self.assertEqual(counts["keys"], {"good": 3, "two": 1, "one": 1})
        self.assertEqual(counts["paths"], {
            "POST /mistral" + ROUTE: 3, "GET /llamacpp/health": 2})

    def test_misspelt(self):
        self.start(None, "--quiet")
        for entry, why in (
                ({"refusal": "rat"}, b"there is no refusal rat"),
                ({"chat": ["x"], "thoughts": []}, b'"thoughts" is unknown'),
                ({"chat": "x"}, b'"chat" is not a list'),
                ({"chat": [{}], "unary": True}, b"no place for an event"),
                ({"refusal": "loading"}, b"mistral has no refusal loading"),
                ({"refusal": "region"}, b"mistral has no refusal region"),
                ({"refusal": "overloaded", "project": "7"},
                 b'mistral has no "project"')):
            self.write("script.json", json.dumps([entry]))
            status, _, body = self.chat("mistral", asking("mistral"))
            self.assertEqual(status, 500)
            self.assertIn(why, body)
        self.write("script.json", json.dumps([ENTRY]))
        self.assertIn(b"belongs to no dialect", self.ask(SSE, ASK)[2])
        self.write("script.json", json.dumps([{"refusal": "tier"}]))
        self.assertIn(b"gemini has no refusal tier", self.ask(SSE, ASK)[2])
