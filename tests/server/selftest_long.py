"""Tests of Gemini 4: levels, limits, and answers in several hops."""
import json

from selftest_case import ASK, MODEL, SSE, Case

ARGON = "/v1beta/models/gemini-4-argon"
STREAM = ":streamGenerateContent?alt=sse"
LONG = {"generationConfig": {"maxOutputTokens": 65537}}
SAID = ("Hello! I am only a stand-in for the service, with no model behind me,"
        " but your question arrived: \"Say it, please.\"")


class LongCase(Case):
    def refused(self, body, path=ARGON + STREAM, key="good"):
        """The message of a 400."""
        status, found = self.ask_json(path, body, key=key)
        self.assertEqual((status, found["error"]["status"]),
                         (400, "INVALID_ARGUMENT"))
        return found["error"]["message"]

    def hop(self, token=None, path=ARGON + STREAM, key="good", **more):
        """One hop, put together: text, thoughts, finish, token, usage; and
        all the tokens, with the number of the event that had them.
        """
        body = dict(dict(ASK, **LONG), **more)
        if token is not None:
            body["continuationToken"] = token
        status, _, data = self.ask(path, body, key=key)
        self.assertEqual(status, 200, data)
        if b"data: " in data[:6]:
            found = [json.loads(x[6:]) for x in data.split(b"\r\n\r\n")[:-1]]
        else:
            found = json.loads(data)
            found = found if isinstance(found, list) else [found]
        choices = [x["candidates"][0] for x in found]
        parts = [p for x in choices for p in x["content"].get("parts", ())]
        self.tokens = [(n, x["continuationToken"])
                       for n, x in enumerate(choices)
                       if "continuationToken" in x]
        return ("".join(x["text"] for x in parts if "thought" not in x),
                "".join(x["text"] for x in parts if "thought" in x),
                choices[-1].get("finishReason"),
                choices[-1].get("continuationToken"),
                found[-1]["usageMetadata"])


class Four(LongCase):
    def setUp(self):
        super().setUp()
        self.start()

    def status(self, name, config, version="v1beta", call="generateContent"):
        return self.ask("/%s/models/%s:%s" % (version, name, call), dict(
            ASK, generationConfig=config))[0]

    def test_levels(self):
        good = {"gemini-4-argon": "LOW MEDIUM HIGH",
                "gemini-4-carbon": "LOW MEDIUM HIGH",
                "gemini-4-hydrogen": "LOW MEDIUM HIGH XHIGH",
                "gemini-4-neon": "LOW MEDIUM HIGH XHIGH",
                "gemini-3.8-flash": "LOW MEDIUM HIGH",
                "gemini-3.6-flash": "MINIMAL LOW MEDIUM HIGH",
                "gemini-2.5-flash-lite": ""}
        for name, levels in good.items():
            for level in "MINIMAL LOW MEDIUM HIGH XHIGH".split():
                for word in (level, level.lower()):
                    status = self.status(name, {"thinkingConfig": {
                        "thinkingLevel": word}})
                    self.assertEqual(
                        status, 200 if level in levels.split() else 400,
                        (name, word))
        self.assertEqual(
            self.refused(dict(ASK, generationConfig={"thinkingConfig": {
                "thinkingLevel": "xhigh"}})),
            "Thinking level XHIGH is not supported for this model.")

    def test_rejected_fields(self):
        for config in ({"thinkingConfig": {"thinkingBudget": 1024}},
                       {"thinkingConfig": {"thinkingBudget": -1}},
                       {"thinkingConfig": {"thinkingBudget": 0}},
                       {"presencePenalty": 0.5}, {"frequencyPenalty": -1},
                       {"candidateCount": 2}):
            for name in ("argon", "carbon", "hydrogen", "neon"):
                self.assertEqual(self.status("gemini-4-" + name, config), 400,
                                 (name, config))
        for config in ({"thinkingConfig": {"thinkingBudget": 1024}},
                       {"presencePenalty": 0.5}, {"frequencyPenalty": -1}):
            self.assertEqual(self.status("gemini-3.8-flash", config), 200)

    def test_last_turn_of_the_model(self):
        turns = dict(contents=ASK["contents"] + [
            {"role": "model", "parts": [{"text": "It"}]}])
        self.refused(turns, ARGON + ":generateContent")
        self.assertEqual(self.ask(MODEL + ":generateContent", turns)[0], 200)

    def test_ignored_fields(self):
        for config in ({"temperature": 0.1, "topP": 0.5, "topK": 3},
                       {"temperature": 3}, {"topP": 2}, {"topK": 0}):
            _, found = self.ask_json(ARGON + ":generateContent", dict(
                ASK, generationConfig=config))
            self.assertEqual(found["candidates"][0]["content"]["parts"][0]
                             ["text"], SAID)
        self.assertEqual(self.status("gemini-3.8-flash", {"temperature": 3}),
                         400)

    def test_limits(self):
        one, sse = "generateContent", "streamGenerateContent"
        for name, version, call, limit in (
                ("gemini-3.8-flash", "v1beta", one, 65536),
                ("gemini-3.8-flash", "v1beta", sse, 65536),
                ("gemini-3.8-flash", "v1", sse, 65536),
                ("gemini-4-neon", "v1beta", one, 32768),
                ("gemini-4-neon", "v1beta", sse, 1048576),
                ("gemini-4-neon", "v1", sse, 65536)):
            for more, want in ((0, 200), (1, 400)):
                self.assertEqual(
                    self.status(name, {"maxOutputTokens": limit + more},
                                version, call), want, (name, version, call))


class Hops(LongCase):
    """Without a script."""

    def setUp(self):
        super().setUp()
        self.start()

    def test_all_hops(self):
        text, thoughts, finish, first, usage = self.hop()
        self.assertEqual((text, thoughts, finish), (
            "Hello! I am only a stand-in for the service, with no model behind"
            " me, but", "", "CONTINUATION"))
        self.assertEqual(usage["promptTokenCount"], 5)
        self.assertEqual(usage["candidatesTokenCount"], 20)
        text, _, finish, second, usage = self.hop(first)
        self.assertEqual((text, finish, second),
                         (SAID[73:], "STOP", None))
        # What was said before is read again, and paid.
        self.assertEqual(usage["promptTokenCount"], 25)
        self.assertEqual(usage["candidatesTokenCount"], 11)
        self.assertEqual(usage["totalTokenCount"], 36)
        # A token is good for more than once.
        self.assertEqual(self.hop(first)[0], text)

    def test_token_needs_care(self):
        _, _, data = self.ask(ARGON + STREAM, dict(ASK, **LONG))
        last = data.split(b"\r\n\r\n")[-2]
        self.assertIn(b'},"finishReason": "CONTINUATION","continuationToken":'
                      b' "++//IGhvcCAxLjE\\u003d","index": 0}]', last)
        self.assertNotIn(b"continuationToken", data[:-len(last) - 4])

    def test_thoughts_come_once(self):
        config = dict(LONG["generationConfig"],
                      thinkingConfig={"includeThoughts": True})
        found, token, usage = [], None, []
        for _ in range(2):
            *said, finish, token, counts = self.hop(
                token, generationConfig=config)
            found.append(said)
            usage.append(counts)
        self.assertEqual(finish, "STOP")
        self.assertEqual("".join(x[0] for x in found), SAID)
        self.assertEqual([bool(x[1]) for x in found], [True, False])
        self.assertEqual(usage[1]["promptTokenCount"],
                         usage[0]["totalTokenCount"])

    def test_only_where_more_than_one_hop_is_wanted(self):
        for path, config in (
                (ARGON + STREAM, {"maxOutputTokens": 65536}),
                (ARGON + STREAM, {}), (SSE, {"maxOutputTokens": 65536})):
            self.assertEqual(self.hop(path=path, generationConfig=config)[:4],
                             (SAID, "", "STOP", None))

    def test_limit_is_of_all_hops(self):
        few = {"maxOutputTokens": 2}
        text, _, finish, token, _ = self.hop(generationConfig=few)
        self.assertEqual((text, finish), ("Hello!", "MAX_TOKENS"))
        self.assertEqual(self.hop(token, generationConfig=few)[:3],
                         ("", "", "MAX_TOKENS"))
        text, _, finish, token, _ = self.hop(
            token, generationConfig={"maxOutputTokens": 9})
        self.assertEqual((text, finish), (" I am only a stand-in",
                                          "MAX_TOKENS"))
        self.assertIn("must not be lower", self.refused(dict(
            ASK, generationConfig=few, continuationToken=token)))
        self.assertEqual(self.hop(token, generationConfig={
            "maxOutputTokens": 65536})[:4], (SAID[27:], "", "STOP", None))
        # Other models end there for good.
        self.assertEqual(self.hop(path=SSE, generationConfig=few)[2:4],
                         ("MAX_TOKENS", None))

    def test_one_document(self):
        path = ARGON + ":generateContent"
        first = self.hop()[3]
        self.assertEqual(self.hop(first, path)[:4],
                         (SAID[73:], "", "STOP", None))
        self.assertEqual(
            self.hop(path=path, generationConfig={"maxOutputTokens": 1})[2],
            "MAX_TOKENS")
        self.assertEqual(len(self.tokens), 1)
        # And the array.
        path = ARGON + ":streamGenerateContent"
        self.assertEqual(self.hop(self.hop(path=path)[3], path)[0], SAID[73:])

    def test_token_that_is_not_theirs(self):
        token = self.hop()[3]
        body = dict(ASK, **LONG, continuationToken=token)
        other = {"contents": [{"parts": [{"text": "Say it, please!"}]}]}
        for key, path, change, why in (
                ("good", ARGON, {"continuationToken": "QQ=="}, "is unknown"),
                ("good", ARGON, {"continuationToken": ""}, "is unknown"),
                ("two", ARGON, {}, "another project"),
                ("good", ARGON, other, "another request"),
                ("good", ARGON, {"systemInstruction": other["contents"][0]},
                 "another request"),
                ("good", ARGON.replace("argon", "neon"), {},
                 "another request"),
                ("good", MODEL, {"generationConfig": {}}, "not supported")):
            self.assertIn(why, self.refused(dict(body, **change),
                                            path + STREAM, key))
        # The names may be of either kind, also of the token.
        body["continuation_token"] = body.pop("continuationToken")
        self.assertEqual(self.ask(ARGON + STREAM, body)[0], 200)

    def test_v1_does_not_know_it(self):
        path = ARGON.replace("v1beta", "v1")
        token = self.hop()[3]
        for call in (STREAM, ":generateContent"):
            for name in ("continuationToken", "continuation_token"):
                self.assertEqual(
                    self.refused(dict(ASK, **{name: token}), path + call),
                    "Invalid JSON payload received. Unknown name \"%s\":"
                    " Cannot find field." % name)
        inner = dict(ASK, model="models/gemini-4-argon",
                     continuationToken=token)
        for base, want in ((ARGON, 200), (path, 400)):
            self.assertEqual(self.ask(base + ":countTokens", {
                "generateContentRequest": inner})[0], want)
        # So it gives none.
        self.assertEqual(
            self.hop(path=path + STREAM, generationConfig={
                "maxOutputTokens": 1})[2:4], ("MAX_TOKENS", None))


class ScriptedHops(LongCase):
    def all_hops(self, *hops, **more):
        """The chain that a client follows: what `hop` gives, of each."""
        self.start([dict({"hops": list(hops)}, **more)])
        found, token = [], None
        for _ in hops:
            found.append(self.hop(token))
            token = found[-1][3]
        return found

    def test_three_and_the_end(self):
        found = self.all_hops(["a ", "b "], ["c "], ["d "], ["e."])
        self.assertEqual([x[0] for x in found], ["a b ", "c ", "d ", "e."])
        self.assertEqual([x[2] for x in found],
                         ["CONTINUATION"] * 3 + ["STOP"])
        self.assertEqual([x[3] is None for x in found], [False] * 3 + [True])
        self.assertEqual(len({x[3] for x in found}), 4)
        self.assertEqual([x[4]["promptTokenCount"] for x in found],
                         [5, 7, 8, 9])
        # It is used up; the next one is the service's.
        self.assertEqual(self.hop()[4]["candidatesTokenCount"], 20)

    def test_hop_of_thoughts(self):
        found = self.all_hops({"stream": [], "thoughts": ["Hm.", "So."]},
                              {"stream": [""]}, ["a."])
        self.assertEqual([x[:3] for x in found], [
            ("", "Hm.So.", "CONTINUATION"), ("", "", "CONTINUATION"),
            ("a.", "", "STOP")])
        self.assertEqual([x[4]["promptTokenCount"] for x in found], [5, 9, 9])

    def test_without_a_token(self):
        self.start([{"hops": [{"stream": ["a"], "token": None}, ["b"]]}])
        self.assertEqual(self.hop()[:4], ("a", "", "CONTINUATION", None))

    def test_the_same_token_twice(self):
        found = self.all_hops({"stream": ["a"], "token": "T0=="},
                              {"stream": ["b"], "token": "T0=="}, ["c"])
        self.assertEqual([x[3] for x in found], ["T0==", "T0==", None])

    def test_checkpoint_then_a_cut(self):
        self.start([{"hops": [
            {"stream": ["a ", {"text": "b ", "token": True}, "c "],
             "finish": None, "token": None}, ["c ", "d."]]}])
        self.assertEqual(self.hop()[:4], ("a b c ", "", None, None))
        self.assertEqual([n for n, _ in self.tokens], [1])
        found = self.hop(self.tokens[0][1])
        self.assertEqual(found[:4], ("c d.", "", "STOP", None))
        self.assertEqual(found[4]["promptTokenCount"], 7)
        # A connection that is cut there, with what else a reply may have.
        self.start([{"hops": [
            {"stream": [{"text": "", "token": "QQ=="}, "a"], "cut_at": 300},
            {"refusal": "overloaded", "headers": {"Retry-After": "1"}}, ["b"]]}])
        with self.assertRaises(EOFError):
            self.hop()
        body = dict(ASK, **LONG, continuationToken="QQ==")
        self.assertEqual(self.ask(ARGON + STREAM, body)[0], 503)
        self.assertEqual(self.hop("QQ==")[0], "b")

    def test_end_by_the_limit_with_a_token(self):
        found = self.all_hops({"stream": ["a"], "finish": "MAX_TOKENS"},
                              {"stream": ["b"], "finish": "MAX_TOKENS",
                               "token": True})
        self.assertEqual([x[2] for x in found], ["MAX_TOKENS"] * 2)
        self.assertNotIn(None, [x[3] for x in found])

    def test_usage_of_each_hop(self):
        found = self.all_hops(
            {"stream": ["a"], "usage": {"promptTokenCount": 7,
                                        "candidatesTokenCount": 65536}},
            {"stream": ["b"], "usage": {"promptTokenCount": 65543}})
        self.assertEqual([(x[4]["promptTokenCount"], x[4]["totalTokenCount"])
                          for x in found], [(7, 65543), (65543, 65544)])

    def test_tokens_are_checked(self):
        self.start([{"hops": [["a"], ["b"]], "repeat": 9,
                     "model_version": "m"}])
        self.assertEqual(self.refused(dict(ASK, continuationToken="QQ==")),
                         "There is nothing to continue.")
        for body, key, why in ((ASK, "good", "is missing"),
                               (dict(ASK, continuationToken="QQ=="), "good",
                                "is unknown")):
            self.assertIn(why, self.refused(body, key=key))
            self.start([{"hops": [["a"], ["b"]], "repeat": 9}])
            token = self.hop()[3]
        self.assertIn("another project", self.refused(
            dict(ASK, **LONG, continuationToken=token), key="two"))

    def test_one_reply_may_have_a_token(self):
        self.start([{"stream": ["a"], "finish": "CONTINUATION",
                     "token": "QQ=="}, {"stream": ["b"]}])
        self.assertEqual(self.hop()[3], "QQ==")
        # Without "resume" the token is not checked.
        self.assertEqual(self.hop("other")[0], "b")

    def test_misspelt(self):
        self.start(None, "--quiet")
        for entry, why in (
                ({"hops": []}, b'"hops" is not a list of replies'),
                ({"hops": {}}, b'"hops" is not a list of replies'),
                ({"hops": ["a"]}, b"a hop is neither a list nor an object"),
                ({"hops": [["a"]], "repeat": -1}, b"cannot repeat for ever"),
                ({"hops": [["a"], {"refusal": "none"}]},
                 b"there is no refusal none"),
                ({"hops": [["a"]], "tokn": 1}, b'"tokn" is unknown')):
            self.write("script.json", json.dumps([{"body": ""}, entry]))
            status, _, body = self.ask(ARGON + STREAM, ASK)
            self.assertEqual(status, 500)
            self.assertIn(b"reply 2: ", body)
            self.assertIn(why, body)
