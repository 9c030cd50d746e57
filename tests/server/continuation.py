"""Long answers: the continuation tokens given out, and what they resume.

A long answer comes in several responses, here called hops.  A hop that is not
the last gives a token; the same request with this token gets the next hop.
"""
import base64
import collections
import json

# What a token stands for.
# key, body  of the request that got it; body without token and limit
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
    """One request of an answer: what it resumes, and the tokens it gives.

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
        """Raises Bad if the token is not one of this request's."""
        if self.start is START:
            raise Bad("The continuation token is unknown.")
        # Which key may use a token is not documented: assume its own alone.
        if self.start.key != self.request.key:
            raise Bad("The continuation token belongs to another project.")
        if self.start.body != same(self.request, self.asked):
            raise Bad("The continuation token belongs to another request.")
        if self.limit < self.start.limit:
            raise Bad("max_output_tokens is the total of all responses and"
                      " must not be lower than before.")

    def give(self, token, chars, tokens):
        """The token after so much of this hop; True makes one."""
        if token is True:
            self.count += 1
            token = made(self.request.number, self.count)
        self.given[token] = Given(
            self.request.key, same(self.request, self.asked), self.limit,
            self.start.chars + chars, self.start.tokens + tokens)
        return token


def made(number, count):
    """A token with all that needs care: "+", "/" and, often, "="."""
    return base64.b64encode(b"\xfb\xef\xff hop %d.%d" % (number, count)
                            ).decode()


def same(request, asked):
    """What must not change from hop to hop, as a text."""
    asked = {k: v for k, v in asked.items() if k != FIELD}
    config = asked.get("generationConfig", {})
    asked["generationConfig"] = {k: v for k, v in config.items() if k != LIMIT}
    return json.dumps([request.model, asked], sort_keys=True)
