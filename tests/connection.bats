# Configuration and connection of gm-prompt: keys, waits, retries, addresses.

load prompt

rc= # set by gm and ask

@test "--env-file FILE: keys and settings" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	unset GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL
	(
		umask 077
		cat >"env file" <<-END
			# the keys, the first counts
			GOOGLE_API_KEYS='fake-good-key-0002, fake-good-key-0003'
			GEMINI_MODEL=gemini-3.8-flash
			GOOGLE_GEMINI_BASE_URL=$URL
			OTHER=\$(rm -rf /)
		END
	)
	ask --env-file "env file" hi
	said 0 $'Hello.\n' ''
	GEMINI_API_KEY=fake-good-key-0002
	sent "$HI" 'gemini-3.8-flash:streamGenerateContent?alt=sse'
	GM_ENV_FILE="env file" ask hi
	said 0 $'Hello.\n' ''
	sent_as 2 "$HI" 'gemini-3.8-flash:streamGenerateContent?alt=sse'
}

@test "--env-file: absent, unsafe" {
	serve
	ask --env-file absent hi
	said 78 '' $'gm-prompt: absent: No such file or directory\n'
	echo GEMINI_API_KEY=fake-good-key-0002 >settings
	chmod 644 settings
	ask --env-file settings hi
	[ "$rc" -eq 78 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -q '^gm-prompt: settings: .*chmod 600 settings' err
	unsent
}

@test "no key: one line with the files looked for and the variable to set" {
	ask hi
	[ "$rc" -eq 78 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -q '^gm-prompt: .*/gm/env.*/etc/gm/env.*\./\.env' err
	grep -q 'G[A-Z]*_API_KEY' err
}

@test "--response-timeout TIME: no event at all is an error" {
	replies <<<'[{"stream": ["Hello."], "gate": "never", "repeat": -1}]'
	ask --response-timeout 300ms --retries 0 hi
	said 69 '' "gm-prompt: $URL: timeout: no response for 0.3 s; try again later (HTTP 200, timeout)
"
	sent "$HI"
	GM_RESPONSE_TIMEOUT=0.25 ask --retries 0 hi
	[ "$rc" -eq 69 ]
	[ "$(requests)" -eq 2 ]
}

@test "--timeout TIME: no event after the first is an error" {
	replies <<<'[{"stream": ["Hello."], "finish": null, "hold": true, "repeat": -1}]'
	ask --timeout 300ms --retries 0 hi
	said 69 '' "gm-prompt: $URL: timeout: no data for 0.3 s; try again later (HTTP 200, timeout)
"
	sent "$HI"
	GM_TIMEOUT=0.25 ask --retries 0 hi
	[ "$rc" -eq 69 ]
	[ "$(requests)" -eq 2 ]
}

@test "--timeout: bad values" {
	serve
	ask --timeout 0 hi
	usage "--timeout: not a duration of at least 1ms"
	ask --timeout 5x hi
	usage "--timeout: not a duration such as 250ms, 1.5, 90s, 5m or\
 1h"
	ask --timeout 25h hi
	usage "--timeout: not a duration of at most 24h"
	ask --response-timeout 0 hi
	usage "--response-timeout: not a duration of at least 1ms"
}

@test "--connect-timeout TIME" {
	# A listener whose queue is full: the kernel lets further calls wait.
	python3 -c 'import os, socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(0)
full = []
for i in range(3):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(s.getsockname())
    full.append(c)
print("http://127.0.0.1:%d" % s.getsockname()[1], flush=True)
sys.stdin.read()' < <(wait_for '[ -s err ]') >full &
	wait_for '[ -s full ]'
	GOOGLE_GEMINI_BASE_URL=$(cat full) GEMINI_API_KEY=$GOOD_KEY \
	    ask --connect-timeout 300ms --retries 0 hi
	wait
	[ "$rc" -eq 69 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	unworded err
	same err "gm-prompt: $(cat full): no connection: WHY; check the network (network)
"
}

@test "--deadline TIME: the whole run" {
	replies <<<'[{"stream": ["Hello."], "gate": "never", "repeat": -1}]'
	ask --deadline 300ms hi
	said 69 '' "gm-prompt: $ALIAS: deadline exceeded; raise --deadline (deadline)
"
	sent "$HI"
}

@test "--deadline: while waiting for another try" {
	replies <<<'[{"refusal": "quota_minute", "retry_delay": "30s"}]'
	ask --deadline 10s hi # the wait would not fit: no wait at all
	[ "$rc" -eq 75 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -qE '^gm-prompt: key 0 \(\.\.\.0001\): rate-limited until '\
'[-0-9T:]+Z \([0-9]+ s\); wait, or add keys of another project '\
'\(HTTP 429, quota_minute\)$' err
	[ "$(requests)" -eq 1 ]
}

@test "--deadline: also for standard input" {
	serve
	mkfifo pipe
	exec 8<>pipe # somebody has it open, so it does not end
	gm --deadline 300ms hi <pipe
	exec 8>&-
	said 69 '' $'gm-prompt: standard input: deadline exceeded\n'
	unsent
}

@test "--retries N" {
	replies <<<'[{"refusal": "overloaded", "repeat": -1}]'
	ask --retries 0 hi
	said 69 '' "gm-prompt: $ALIAS: overloaded; try again later (HTTP 503, overloaded)
"
	sent "$HI"
	ask --retries 2 hi
	[ "$rc" -eq 69 ]
	[ "$(requests)" -eq 4 ]
	GM_RETRIES=1 ask hi
	[ "$rc" -eq 69 ]
	[ "$(requests)" -eq 6 ]
	ask hi # four by default
	[ "$rc" -eq 69 ]
	[ "$(requests)" -eq 11 ]
	ask --retries 1O hi
	said 64 '' "gm-prompt: --retries: not a whole number from 0 to\
 100
Try 'gm-prompt --help'.
"
	sent_as 11 "$HI"
}

@test "--max-wait TIME: a quota that comes back sooner is waited for" {
	replies <<-'END'
		[{"refusal": "quota_minute", "retry_delay": "0.2s"}, {"stream": ["Hello."]}]
	END
	ask --max-wait 5s --retries 0 hi # a quota's wait is no retry
	[ "$rc" -eq 0 ]
	same out $'Hello.\n'
	[ "$(wc -l <err)" -eq 1 ]
	grep -qE '^gm-prompt: rate-limited: waiting [0-9]\.[0-9] s for key 0 \(\.\.\.0001\)$' err
	sent_as 1 "$HI"
	sent_as 2 "$HI"
}

@test "--max-wait TIME: one that comes back later ends the run" {
	local until

	replies <<<'[{"refusal": "quota_day", "repeat": -1}]'
	ask --max-wait 37.9s hi
	[ "$rc" -eq 75 ]
	until=$(sed -nE 's/.* until ([-0-9T:]+Z \([0-9]+ s\));.*/\1/p' err)
	said 75 '' "gm-prompt: key 0 (...0001): daily quota exhausted until $until; wait, or enable billing (HTTP 429, quota_day)
"
	sent "$HI"
}

# hello: listen once, keep the first bytes in "hello", hang up.
hello() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(1)
print("https://127.0.0.1:%d" % s.getsockname()[1], flush=True)
c = s.accept()[0]
open("hello", "wb").write(c.recv(65536))' >port &
	wait_for '[ -s port ]'
	GOOGLE_GEMINI_BASE_URL=$(cat port)
	export GOOGLE_GEMINI_BASE_URL GEMINI_API_KEY=$GOOD_KEY
}

@test "--http1.1: HTTP/2 is offered, but not with it" {
	hello
	ask --retries 0 hi
	wait
	[ "$rc" -eq 69 ]
	grep -qaP '\x00\x0c\x02h2\x08http/1\.1' hello
	rm port
	hello
	ask --http1.1 --retries 0 hi
	wait
	[ "$rc" -eq 69 ]
	grep -qaP '\x00\x09\x08http/1\.1' hello
	run -1 grep -qaP '\x02h2' hello
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	unworded err
	same err "gm-prompt: $(cat port): no connection: WHY; check the network (network)
"
}

@test "--http1.1: the same request" {
	replies <<<'[{"stream": ["Hello."]}]'
	ask --http1.1 hi
	said 0 $'Hello.\n' ''
	sent "$HI"
}

@test "-4, --ipv4 and -6, --ipv6" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask -4 hi
	said 0 $'Hello.\n' ''
	sent "$HI"
	ask --ipv4 hi
	said 0 $'Hello.\n' ''
	GOOGLE_GEMINI_BASE_URL=http://localhost:${URL##*:}
	ask hi
	said 0 $'Hello.\n' ''
	[ "$(requests)" -eq 3 ]
	ask -6 --retries 0 hi # the server has no such address
	[ "$rc" -eq 69 ]
	same out ''
	same err "gm-prompt: $GOOGLE_GEMINI_BASE_URL: connection refused; check that the server is running (refused)
"
	GOOGLE_GEMINI_BASE_URL="http://[::1]:${URL##*:}" ask --ipv4 --retries 0 hi
	[ "$rc" -eq 69 ]
	[ "$(requests)" -eq 3 ]
	ask -4 -6 hi
	said 64 '' "gm-prompt: --ipv4 and --ipv6 cannot be combined
Try 'gm-prompt --help'.
"
}

@test "options that cannot be combined" {
	local pair

	serve
	for pair in '--stream --no-stream' '--stream --json' \
	    '--stream --extract' '--no-stdin --require-stdin'; do
		# shellcheck disable=SC2086 # two words
		ask $pair hi
		usage "${pair/ / and } cannot be combined"
	done
}
