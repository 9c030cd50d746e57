"""Tests of the four dialects without a script."""
import json

from selftest_chat_case import HELLO, MODELS, ROUTE, ChatCase, asking

SAID = ("Hello! I am only a stand-in for the service, with no model behind me,"
        " but your question arrived: \"Say it, please.\"")


class ChatKey(ChatCase):
    def test_key_of_llamacpp(self):
        self.start(None, "--llamacpp-key", "fake-good-key-0001")
        for key, headers, want in (
                ("", [], 401), ("fake-good-key-0002", [], 401),
                ("fake-good-key-0001", [], 200),
                ("", ["X-Api-Key: fake-good-key-0001"], 200)):
            for route, body, status in (
                    (ROUTE, asking("llamacpp"), want),
                    ("/v1/models", None, want), ("/models", None, want),
                    ("/health", None, 200), ("/v1/health", None, 200)):
                self.assertEqual(self.chat("llamacpp", body, key, route,
                                           headers)[0], status, (key, route))
        self.assertEqual(
            self.refusal("llamacpp", key="", route="/v1/models"),
            (401, '{"error":{"code":401,"message":"Invalid API Key","type":'
             '"authentication_error"}}'))
        # The others do not know of it.
        self.assertEqual(self.chat("ollama", asking("ollama"), "")[0], 200)


class ChatService(ChatCase):
    def setUp(self):
        super().setUp()
        self.start()

    def text(self, dialect, **more):
        """(the answer, finish_reason)."""
        status, found = self.chat_json(dialect, asking(dialect, **more))
        self.assertEqual(status, 200)
        choice = found["choices"][0]
        return choice["message"]["content"], choice["finish_reason"]

    def error(self, dialect, **more):
        """(status, message): of the first detail where there are several."""
        status, found = self.chat_json(dialect, asking(dialect, **more))
        if "error" in found:
            return status, found["error"]["message"]
        message = found["message"]
        if isinstance(message, dict):
            first = message["detail"][0]
            message = "%s %s" % (first["type"], ".".join(map(
                str, first["loc"])))
        return status, message

    def test_whole(self):
        usage = {"prompt_tokens": 5, "completion_tokens": 31,
                 "total_tokens": 36}
        cached = {"num_cached_tokens": 0,
                  "prompt_tokens_details": {"cached_tokens": 0}}
        for dialect in MODELS:
            self.assertEqual(self.text(dialect), (SAID, "stop"))
            found = self.chat_json(dialect, asking(dialect))[1]
            self.assertEqual(found["object"], "chat.completion")
            self.assertEqual(found["usage"], dict(
                usage, **cached if dialect == "mistral" else {}))
            self.assertEqual(found.get("service_tier"),
                             "default" if dialect == "openai" else None)
            self.assertFalse({"p", "obfuscation"} & set(found))
            self.assertEqual("timings" in found, dialect == "llamacpp")
        self.assertEqual(found["id"], "chatcmpl-8")

    def test_streams(self):
        for dialect in MODELS:
            for wishes in (None, {"include_usage": True}):
                if dialect == "mistral" and wishes:
                    continue
                self.check_stream(dialect, wishes)

    def check_stream(self, dialect, wishes):
        found = self.events(dialect, asking(dialect, stream=True,
                                            stream_options=wishes))
        self.assertEqual(found.pop(), "[DONE]")
        found = [json.loads(x) for x in found]
        apart = [x for x in found if not x["choices"]]
        choices = [x["choices"][0] for x in found if x["choices"]]
        self.assertEqual("".join(x["delta"].get("content") or ""
                                 for x in choices), SAID)
        self.assertEqual([x["finish_reason"] for x in choices],
                         [None] * (len(choices) - 1) + ["stop"])
        self.assertEqual(choices[0]["delta"]["role"], "assistant")
        self.assertEqual(len(apart), dialect != "mistral" and bool(wishes))
        self.assertEqual(["timings" in x for x in found],
                         [False] * (len(found) - 1) + [dialect == "llamacpp"])
        counted = [x for x in found if x.get("usage")]
        self.assertEqual(counted, apart if dialect != "mistral"
                         else found[-1:])

    def test_keys(self):
        for dialect, wanted in (
                ("mistral", {"": 401, "good": 200, "invalid": 401, "day": 429,
                             "minute": 429, "exhausted": 429, "zero": 429,
                             "nocredit": 402, "restricted": 403,
                             "expired": 200}),
                ("openai", {"": 401, "good": 200, "invalid": 401, "day": 429,
                            "minute": 429, "nocredit": 429,
                            "restricted": 403}),
                ("llamacpp", {"": 200, "good": 200, "invalid": 401,
                              "day": 200}),
                ("ollama", {"": 200, "good": 200, "invalid": 200})):
            for key, want in wanted.items():
                key = key and "fake-%s-key-0001" % key
                self.assertEqual(self.chat(dialect, asking(dialect), key)[0],
                                 want, (dialect, key))
                # Listing models does not show that a quota is used up.
                listed = want if want in (401, 403) else 200
                self.assertEqual(self.chat(dialect, None, key, "/v1/models")
                                 [0], listed, (dialect, key))
        counts = json.loads(self.read("counts.json"))
        self.assertEqual(counts["keys"]["fake-day-key-0001"], 6)
        self.assertEqual(counts["keys"][""], 8)

    def test_other_headers_of_keys(self):
        for dialect, header, want in (
                ("llamacpp", "X-Api-Key: fake-invalid-key-0001", 401),
                ("openai", "X-Api-Key: fake-good-key-0001", 401),
                ("mistral", "X-Goog-Api-Key: fake-good-key-0001", 401),
                ("mistral", "Authorization: Basic fake-key-0001", 401),
                ("mistral", "authorization: bearer fake-good-key-0001", 200)):
            self.assertEqual(self.chat(dialect, asking(dialect), None,
                                       headers=[header])[0], want, header)

    def test_key_errors(self):
        for key, want in (("", '{"detail":"Unauthorized"}'),
                          ("invalid", '{"detail":"Invalid API Key"}'),
                          ("day", '{"object":"error","message":"Rate limit'
                           ' exceeded","type":"rate_limited","param":null,'
                           '"code":"1300"}')):
            self.assertEqual(self.chat("mistral", asking("mistral"), key)[2],
                             want.encode())
        head = self.chat("mistral", asking("mistral"), "zero")[1]
        self.assertIn("\r\nx-ratelimit-limit-req-minute: 0\r\n", head)
        for key, want in (("invalid", "invalid_api_key"),
                          ("day", "rate_limit_exceeded"),
                          ("nocredit", "insufficient_quota")):
            found = self.chat_json("openai", asking("openai"), key)[1]
            self.assertEqual(found["error"]["code"], want)

    def test_unknown_fields(self):
        for name in ("seed", "max_completion_tokens", "stream_options",
                     "cache_prompt"):
            self.assertEqual(
                self.refusal("mistral", asking("mistral", **{name: 1})),
                (422, '{"object":"error","message":{"detail":[{"type":'
                 '"extra_forbidden","loc":["body","%s"],"msg":"Extra inputs'
                 ' are not permitted","input":1}]},"type":'
                 '"invalid_request_error","param":null,"code":null}' % name))
        self.assertEqual(
            self.refusal("openai", asking("openai", random_seed=1)),
            (400, '{"error":{"message":"Unknown parameter: \'random_seed\'.",'
             '"type":"invalid_request_error","param":"random_seed","code":'
             '"unknown_parameter"}}'))
        for dialect in ("llamacpp", "ollama"):
            self.text(dialect, random_seed=1, cache_prompt=True, x=None)
        named = [dict(HELLO[0], name="x")]
        self.assertEqual(self.error("mistral", messages=named), (
            422, "extra_forbidden body.messages.0.user.name"))
        self.text("openai", messages=named)

    def test_all_fields_that_are_known(self):
        form = {"type": "json_schema", "json_schema": {
            "name": "x", "strict": True, "schema": {"enum": ["a"]}}}
        both = dict(temperature=0.5, top_p=0.9, presence_penalty=-1,
                    frequency_penalty=1.5, stop=["z"], stream=False, n=1,
                    reasoning_effort="none", response_format=form)
        self.assertEqual(self.text("mistral", random_seed=7, max_tokens=9,
                                   safe_prompt=True, **both)[0], '"a"')
        self.assertEqual(self.text("openai", seed=7, max_completion_tokens=9,
                                   max_tokens=3, user="u", **both)[0], '"a"')

    def test_values(self):
        for dialect, body, status, why in (
                ("mistral", {"temperature": 1.6}, 422,
                 "less_than_equal body.temperature"),
                ("mistral", {"reasoning_effort": "max"}, 422,
                 "literal_error body.reasoning_effort"),
                ("mistral", {"max_tokens": "9"}, 422,
                 "int_type body.max_tokens"),
                ("mistral", {"messages": []}, 422, "too_short body.messages"),
                ("mistral", {"messages": None}, 422, "missing body.messages"),
                ("mistral", {"model": None}, 422, "missing body.model"),
                ("mistral", {"messages": [{"role": "model", "content": ""}]},
                 422, "literal_error body.messages.0.role"),
                ("openai", {"temperature": 2.5}, 400, "Invalid 'temperature':"
                 " value above maximum value. Expected a value <= 2, but got"
                 " 2.5 instead."),
                ("openai", {"stop": list("abcde")}, 400, "Invalid 'stop':"
                 " array too long. Expected an array with maximum length 4."),
                ("openai", {"model": None}, 400,
                 "Missing required parameter: 'model'."),
                ("openai", {"messages": [{"role": "user"}]}, 400,
                 "Missing required parameter: 'messages[0].content'."),
                ("llamacpp", {"messages": None}, 400,
                 "'messages' is required"),
                ("ollama", {"model": None}, 400, "'model' is required"),
                ("ollama", {"temperature": "hot"}, 400,
                 "'temperature' must be a decimal")):
            self.assertEqual(self.error(dialect, **body), (status, why))
        for dialect in MODELS:
            status, _ = self.refusal(dialect, b'{"model": NaN}')
            self.assertEqual(status, 422 if dialect == "mistral" else 400)
            self.assertEqual(self.refusal(dialect, b"[]")[0], status)

    def test_images(self):
        def message(image):
            return [{"role": "user", "content": [
                {"type": "text", "text": "Hi"},
                {"type": "image_url", "image_url": image}]}]
        data = "data:image/png;base64,iVBORw0KGgo="
        url = "https://example.org/x.png"
        for image, refused in ((data, ["openai"]), ({"url": data}, []),
                               ({"url": url}, ["ollama"])):
            for dialect in MODELS:
                status, _ = self.refusal(dialect, asking(
                    dialect, messages=message(image)))
                self.assertEqual(status, 400 if dialect in refused else 200)

    def test_models_that_are_unknown(self):
        self.assertEqual(self.refusal("mistral", asking("mistral", model="x")),
                         (400, '{"object":"error","message":"Invalid model: x"'
                          ',"type":"invalid_model","param":null,'
                          '"code":"1500"}'))
        self.assertEqual(self.error("mistral", model="mistral-embed")[0], 400)
        self.assertEqual(self.error("openai", model="x"), (
            404, "The model `x` does not exist or you do not have access to"
            " it."))
        self.assertEqual(self.error("ollama", model="x"), (
            404, "model \"x\" not found, try pulling it first"))
        self.text("llamacpp", model="x")
        self.text("llamacpp", model=None)

    def test_limits(self):
        for dialect in MODELS:
            self.assertEqual(self.text(dialect, max_tokens=1),
                             ("Hello", "length"))
            self.assertEqual(self.text(dialect, stop=["only", "am"]),
                             ("Hello! I ", "stop"))
            self.assertEqual(self.text(dialect, stop="am"),
                             ("Hello! I ", "stop"))
        self.assertEqual(self.text("openai", max_completion_tokens=1)[1],
                         "length")
        self.assertEqual(self.text("ollama", max_completion_tokens=1)[1],
                         "stop")
        self.assertEqual(self.text("llamacpp", max_tokens=-1)[1], "stop")

    def test_context_of_llamacpp(self):
        status, found = self.chat_json("llamacpp", asking(
            "llamacpp", messages=[{"role": "user", "content": "a " * 9000}]))
        self.assertEqual((status, found["error"]["type"],
                          found["error"]["n_prompt_tokens"],
                          found["error"]["n_ctx"]),
                         (400, "exceed_context_size_error", 9000, 8192))

    def test_system_text_and_forms(self):
        messages = [{"role": "system", "content": "Answer in JSON."},
                    {"role": "user", "content": "One two three"}]
        found, _ = self.text("mistral", messages=messages)
        self.assertEqual(json.loads(found)["words"], 3)
        found, _ = self.text("ollama", messages=messages[1:],
                             response_format={"type": "json_object"})
        self.assertEqual(json.loads(found)["words"], 3)

    def test_reasoning(self):
        for dialect, name in (("openai", None),
                              ("llamacpp", "reasoning_content"),
                              ("ollama", "reasoning")):
            found = self.chat_json(dialect, asking(
                dialect, reasoning_effort="low"))[1]["choices"][0]["message"]
            self.assertEqual(set(found) - {"role", "content"},
                             {name} - {None})
        found, _ = self.text("mistral", reasoning_effort="low")
        self.assertEqual([x["type"] for x in found], ["thinking", "text"])
        self.assertEqual(found[1]["text"], SAID)

    def test_lists_of_models(self):
        found = {x: self.chat_json(x, route="/v1/models")[1] for x in MODELS}
        self.assertEqual({x["object"] for x in found.values()}, {"list"})
        found = {k: v["data"] for k, v in found.items()}
        chats = {x["id"]: x["capabilities"]["completion_chat"]
                 for x in found["mistral"]}
        self.assertTrue(chats["mistral-large-latest"])
        self.assertFalse(chats["mistral-embed"])
        self.assertEqual(found["mistral"][1]["aliases"],
                         ["mistral-large-2512"])
        self.assertEqual(found["mistral"][1]["max_context_length"], 262144)
        self.assertEqual(set(found["openai"][0]),
                         {"id", "object", "created", "owned_by"})
        self.assertEqual([(x["id"], x["aliases"], x["meta"]["n_ctx"],
                           x["meta"]["n_ctx_train"])
                          for x in found["llamacpp"]],
                         [("qwen3-8b-q4_k_m", ["qwen3-8b-q4_k_m"], 8192,
                           40960)])
        self.assertEqual([x["id"] for x in found["ollama"]],
                         ["llama3.2:3b", "qwen3:8b"])
        for dialect, models in found.items():
            route = "/v1/models/" + models[0]["id"]
            if dialect == "llamacpp":  # not even for its own model
                self.assertEqual(self.chat(dialect, route=route)[0], 404)
            else:
                self.assertEqual(self.chat_json(dialect, route=route),
                                 (200, models[0]))
            self.assertEqual(self.chat(dialect, route="/v1/models/x")[0], 404)

    def test_list_of_llamacpp_in_both_forms(self):
        found = self.chat_json("llamacpp", route="/v1/models")[1]
        self.assertEqual(list(found), ["models", "object", "data"])
        self.assertEqual([x["name"] for x in found["models"]],
                         [x["id"] for x in found["data"]])

    def test_service_tier_and_obfuscation(self):
        def events(**more):
            found = self.events("openai", asking("openai", stream=True,
                                                 **more))
            return [json.loads(x) for x in found[:-1]]
        for asked, said in ((None, "default"), ("auto", "default"),
                            ("flex", "flex")):
            found = events(service_tier=asked)
            self.assertEqual({x["service_tier"] for x in found}, {said})
            self.assertNotIn("", [x["obfuscation"] for x in found])
        found = events(stream_options={"include_obfuscation": False})
        self.assertFalse([x for x in found if "obfuscation" in x])

    def test_other_paths(self):
        self.assertEqual(self.refusal("mistral", route="/v1/x"), (
            404, '{"message":"no Route matched with those values"}'))
        self.assertEqual(self.refusal("openai", route=ROUTE)[0], 404)
        self.assertEqual(self.refusal("ollama", route="/health"), (
            404, "404 page not found"))
        self.assertEqual(self.refusal("llamacpp", route="/v1/x"), (
            404, '{"error":{"code":404,"message":"File Not Found","type":'
            '"not_found_error"}}'))
        self.assertEqual(self.refusal("llamacpp", route="/health", key=""),
                         (200, '{"status":"ok"}'))
        # Without the base's /v1, which only llama.cpp forgives.
        self.assertEqual([self.chat(x, route="/models")[0] for x in MODELS],
                         [404, 404, 200, 404])
        self.assertEqual(self.ask("/mistralx/v1/models")[0], 404)
