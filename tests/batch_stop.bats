#!/usr/bin/env bats
# Batches: keys that fail, services that do, and how a run ends.

load batch

K0=fake-gemini-key-0000
K1=fake-gemini-key-0001
M0=fake-mistral-key-0100
MISTRAL='{"when":{"path":"/mistral/"},"chat":["m"],"repeat":-1}'

# keys: the stand-in with two keys, and the script on standard input.
keys() {
	replies
	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS=$K0,$K1
}

# mistral: the same with a key of Mistral, too.
mistral() {
	replies
	export MISTRAL_API_KEY=$M0 MISTRAL_BASE_URL=$URL/mistral/v1
}

@test "a fallback is a note once per service and class, not per record" {
	mistral <<-END
		[$MISTRAL, {"row": 37, "repeat": 4}, {"row": 30, "repeat": -1}]
	END
	seq 8 | batch -l -j1 --retries 0 --fallback mistral
	[ "$rc" -eq 0 ]
	answers m m m m m m m m
	[ "$(jq -r '[.provider, .fallback] | join(" ")' out | sort -u)" = \
	    'mistral true' ]
	sed -i 's/ until [0-9TZ:-]*/ until T/' err
	same err "gm-prompt: gemini: $ALIAS: the model is overloaded (HTTP 503,\
 overloaded): The model is overloaded. Please try again later.; asking mistral\
 instead
gm-prompt: gemini: key 0 (...0001): the quota per day is used up; it rests until\
 T (HTTP 429, quota_day): Quota exceeded for metric:\
 generativelanguage.googleapis.com/generate_content_free_tier_requests, limit:\
 20, model: $ALIAS Please retry in 38s.; asking mistral instead
"
	seq 3 | batch -l -j1 --retries 0 --fallback mistral -v
	[ "$(grep -c '; asking mistral instead$' err)" -eq 3 ]
}

@test "what only the fallback refuses is a failed record" {
	mistral <<-END
		[{"when": {"path": "/mistral/", "body": "two"},
		  "refusal": "context", "repeat": -1},
		 {"when": {"path": "/mistral/", "body": "four"},
		  "refusal": "server", "repeat": -1},
		 $MISTRAL, {"row": 30, "repeat": -1}]
	END
	printf '%s\n' one two three four five |
	    batch -l -j1 --retries 0 --fallback mistral
	[ "$rc" -eq 1 ]
	lines '[.record, .ok, .text, .provider, .error.class]' \
	    '[1,true,"m","mistral",null]
[2,false,"","gemini","quota_day"]
[3,true,"m","mistral",null]
[4,false,"","gemini","quota_day"]
[5,true,"m","mistral",null]
'
}

@test "no service has a key that can be used: the run stops" {
	mistral <<-END
		[{"when": {"path": "/mistral/"}, "chat": ["m"], "repeat": 2},
		 {"when": {"path": "/mistral/"}, "refusal": "unauthorized",
		  "repeat": -1}, {"row": 30, "repeat": -1}]
	END
	seq 8 | batch -l -j1 --fallback mistral
	[ "$rc" -eq 75 ]
	answers m m
	[ "$(requests)" -eq 4 ]
	grep -q '; the rest was not sent$' err
}
