"""Long answers: continuation tokens, and the state that they resume.

A long answer comes in several responses, called hops.  Each hop but the last
has a token; the request with this token gets the next hop.
"""
import base64
import collections
import json

# The state of an answer at a token.
# key, body  of the request; body without token and limit
# limit      its maxOutputTokens, of all hops together
# chars      of the answer's text so far
# tokens     so far, thoughts included
Given = collections.namedtuple("Given", "key body limit chars tokens")
START = Given("", "", 0, 0, 0)
FIELD = "continuationToken"
LIMIT = "maxOutputTokens"


class Bad(Exception):
    """The token of a request cannot be used."""


class Hop:
    """One request of an answer: its start, and the tokens that it gives.

    given  all tokens of the server, a dict; this adds to it
    start  a Given: where the answer goes on
    """

    def __init__(self, given, request, asked):
        self.given = given
        self.request = request
        self.asked = asked
        self.limit = asked.get("generationConfig", {}).get(LIMIT, 0)
        self.token = asked.get(FIELD)
        self.start = given.get(self.token, START)
        self.count = 0

    def check(self):
        """Raises Bad if the token does not belong to this request."""
        if self.start is START:
            raise Bad("The continuation token is unknown.")
        # It is not documented which keys may use a token: assume only its own.
        if self.start.key != self.request.key:
            raise Bad("The continuation token belongs to another project.")
        if self.start.body != same(self.request, self.asked):
            raise Bad("The continuation token belongs to another request.")
        if self.limit < self.start.limit:
            raise Bad("max_output_tokens is the total of all responses and"
                      " must not be lower than before.")

    def give(self, token, chars, tokens):
        """The token at this point of the hop; True makes one."""
        if token is True:
            self.count += 1
            token = made(self.request.number, self.count)
        self.given[token] = Given(
            self.request.key, same(self.request, self.asked), self.limit,
            self.start.chars + chars, self.start.tokens + tokens)
        return token


def made(number, count):
    """A token with characters that need escaping: "+", "/", often "="."""
    return base64.b64encode(b"\xfb\xef\xff hop %d.%d" % (number, count)
                            ).decode()


def same(request, asked):
    """The parts of a request that must not change between hops, as text."""
    asked = {k: v for k, v in asked.items() if k != FIELD}
    config = asked.get("generationConfig", {})
    asked["generationConfig"] = {k: v for k, v in config.items() if k != LIMIT}
    return json.dumps([request.model, asked], sort_keys=True)
