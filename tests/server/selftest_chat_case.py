"""Shared by the tests of the dialects."""
import json

from selftest_case import Case, request

ROUTE = "/v1/chat/completions"
MODELS = {"mistral": "mistral-small-latest", "openai": "gpt-5-mini",
          "llamacpp": "any", "ollama": "qwen3:8b"}
HELLO = [{"role": "user", "content": "Say it, please."}]  # five tokens


def asking(dialect, **more):
    """A body; None removes a member."""
    body = dict({"model": MODELS[dialect], "messages": HELLO}, **more)
    return {k: v for k, v in body.items() if v is not None}


class ChatCase(Case):
    def chat(self, dialect, body=None, key="good", route=ROUTE, headers=()):
        """status, head, body as bytes; without a body a GET."""
        headers = list(headers)
        if key:
            headers.append("Authorization: Bearer " + key)
        client = self.connect()
        client.sock.sendall(request("/" + dialect + route, body, None,
                                    headers=headers))
        return client.reply()

    def chat_json(self, *args, **kwargs):
        status, _, body = self.chat(*args, **kwargs)
        return status, json.loads(body)

    def events(self, *args, **kwargs):
        """The events of a stream, without `data: ` and the empty lines."""
        status, _, body = self.chat(*args, **kwargs)
        self.assertEqual(status, 200)
        lines = body.decode().split("\n\n")
        self.assertEqual(lines.pop(), "")
        return [x.partition("data: ")[2] for x in lines]

    def refusal(self, *args, **kwargs):
        """(status, body as it came)."""
        status, _, body = self.chat(*args, **kwargs)
        return status, body.decode()
