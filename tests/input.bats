# Standard input of gm-prompt, and what else text must be like to be sent.

load prompt

@test "prompt, blank line, standard input, in one part" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	gm sum up < <(printf 'one\ntwo')
	said 0 $'Hello.\n' ''
	sent "$(prompted 'sum up\n\none\ntwo')"
	gm -q 'sum up' < <(printf '@file\n')
	said 0 $'Hello.\n' ''
	sent_as 2 "$(prompted 'sum up\n\n@file\n')"
	printf 'sum up\n' >file
	gm -q @file < <(printf 'one') # one blank line, not two
	said 0 $'Hello.\n' ''
	sent_as 3 "$(prompted 'sum up\n\none')"
	gm -- < <(printf '\n one\n\n')
	said 0 $'Hello.\n' ''
	sent_as 4 "$(prompted '\n one\n\n')"
}

@test "empty standard input: the prompt alone, told with -v" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	gm hi </dev/null
	said 0 $'Hello.\n' ''
	sent "$HI"
	gm -v hi < <(:)
	said 0 $'Hello.\n' "gm-prompt: standard input is empty: the prompt is\
 sent alone
"
	sent_as 2 "$HI"
}

@test "--require-stdin: refuses empty standard input" {
	serve
	gm --require-stdin hi </dev/null
	said 65 '' $'gm-prompt: standard input: empty\n'
	gm --require-stdin hi <&-
	said 65 '' $'gm-prompt: standard input: empty\n'
	run -65 terminal gm-prompt --color never --require-stdin hi
	[ "$output" = 'gm-prompt: standard input: a terminal, not data' ]
	unsent
}

@test "--require-stdin: takes what is there" {
	replies <<<'[{"stream": ["Hello."]}]'
	gm --require-stdin hi <<<there
	said 0 $'Hello.\n' ''
	sent "$(prompted 'hi\n\nthere\n')"
}

@test "no prompt at all: a usage error" {
	local text='no prompt; give one as an operand, with -q or on standard input'

	serve
	gm </dev/null
	usage "$text"
	gm <&-
	usage "$text"
	gm -n <<<there
	usage "$text"
	gm '' </dev/null
	usage "$text"
	gm -s 'be brief' </dev/null
	usage "$text"
	run -64 terminal gm-prompt --color never
	[ "${lines[0]}" = "gm-prompt: $text" ]
	[ "${lines[1]}" = "Try 'gm-prompt --help'." ]
	[ ${#lines[@]} -eq 2 ]
	unsent
}

@test "a terminal is not read when there is a prompt" {
	replies <<<'[{"stream": ["Hello."]}]'
	run -0 terminal -f 0 -i 'typed\n' gm-prompt hi
	[ "$output" = Hello. ]
	sent "$HI"
}

@test "-q @- reads a terminal, if that is what is there" {
	replies <<<'[{"stream": ["Hello."]}]'
	run -0 terminal -f 0 -i 'typed\n\x04' gm-prompt -q @-
	[ "$output" = Hello. ]
	sent "$(prompted 'typed\n')"
}

@test "-n, --no-stdin: for loops over standard input" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	while read -r line; do
		gm -n "say $line"
		said 0 $'Hello.\n' ''
	done < <(printf '1\n2\n3\n')
	[ "$line" = '' ]
	[ "$(requests)" -eq 3 ]
	sent_as 1 "$(prompted 'say 1')"
	sent_as 2 "$(prompted 'say 2')"
	sent_as 3 "$(prompted 'say 3')"
	# Without it the first call takes what is left.
	while read -r line; do
		gm "say $line"
		said 0 $'Hello.\n' ''
	done < <(printf '1\n2\n3\n')
	[ "$(requests)" -eq 4 ]
	sent_as 4 "$(prompted 'say 1\n\n2\n3\n')"
}

@test "--no-stdin: an idle pipe is not waited for" {
	replies <<<'[{"stream": ["Hello."]}]'
	mkfifo pipe
	exec 8<>pipe
	gm --no-stdin hi <pipe
	exec 8>&-
	said 0 $'Hello.\n' ''
	sent "$HI"
}

@test "a slow producer is waited for" {
	local pid

	replies <<<'[{"stream": ["Hello."]}]'
	mkfifo pipe
	gm sum up <pipe 8>&- &
	pid=$!
	exec 8>pipe
	echo one >&8
	# All of it was taken, and still nothing was sent.
	wait_for "python3 -c 'import array, fcntl, sys, termios
left = array.array(\"i\", [1])
fcntl.ioctl(8, termios.FIONREAD, left)
sys.exit(left[0] != 0)'"
	unsent
	echo two >&8
	exec 8>&-
	wait $pid
	rc=0
	said 0 $'Hello.\n' ''
	sent "$(prompted 'sum up\n\none\ntwo\n')"
}

@test "after 3 s of silence a note, only if stderr is a terminal" {
	local one two

	replies <<<'[{"stream": ["Hello."], "repeat": 2}]'
	mkfifo pipe pipe2
	terminal -f 2 -o shown gm-prompt --color never hi <pipe >out 8>&- 9>&- &
	one=$!
	exec 8>pipe
	gm-prompt hi <pipe2 >out2 2>err2 8>&- 9>&- &
	two=$!
	exec 9>pipe2
	wait_for 'grep -q . shown'
	same shown $'gm-prompt: waiting for standard input; use -n to skip it\n'
	same err2 ''
	unsent
	exec 8>&- 9>&-
	wait $one $two
	same out $'Hello.\n'
	same out2 $'Hello.\n'
	same err2 ''
	[ "$(requests)" -eq 2 ]
}

@test "closed standard input is empty" {
	replies <<<'[{"stream": ["Hello."]}]'
	gm hi <&-
	said 0 $'Hello.\n' ''
	sent "$HI"
}

@test "standard input that cannot be read" {
	serve
	gm hi <.
	said 66 '' $'gm-prompt: standard input: Is a directory\n'
	unsent
}

@test "a BOM is dropped, CRLF is kept" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	gm hi < <(printf '\xEF\xBB\xBFone\r\ntwo\r\n\xEF\xBB\xBF')
	said 0 $'Hello.\n' ''
	sent "$(prompted 'hi\n\none\r\ntwo\r\n'"$BOM")"
	printf '\xEF\xBB\xBFhi' >file
	ask -q @file
	said 0 $'Hello.\n' ''
	sent_as 2 "$HI"
}

@test "invalid UTF-8 is replaced, with a note" {
	local note='replaced by U+FFFD'

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	gm hi < <(printf 'a\xFFb\xE2\x82c\xED\xA0\x80')
	said 0 $'Hello.\n' \
	    "gm-prompt: standard input: not UTF-8 in 5 places: $note"$'\n'
	sent "$(prompted "hi\n\na${REPLACED}b${REPLACED}c$REPLACED$REPLACED$REPLACED")"
	ask $'h\xE9'
	said 0 $'Hello.\n' "gm-prompt: prompt: not UTF-8 in 1 place: $note"$'\n'
	sent_as 2 "$(prompted "h$REPLACED")"
	ask --quiet -q $'h\xE9'
	said 0 $'Hello.\n' ''
	sent_as 3 "$(prompted "h$REPLACED")"
}

@test "every character arrives as it is" {
	replies <<<'[{"stream": ["Hello."]}]'
	gm hi < <(printf '\1\b\t\v\f\e\x1f "\\/<>&\x27 \x7f\u0085é\u2028🦊')
	said 0 $'Hello.\n' ''
	sent "$(prompted 'hi\n\n\u0001\b\t\u000b\f\u001b\u001f \"\\/<>&'\
"'"' \u007f'$'\xC2\x85''é\u2028🦊')"
}

@test "NUL bytes and binaries are refused" {
	local magic name

	serve
	gm hi < <(printf 'text\0text')
	said 65 '' "gm-prompt: standard input: not text: NUL byte at offset 4
"
	gm hi < <(printf 'h\0i\0') # UTF-16
	said 65 '' "gm-prompt: standard input: not text: NUL byte at offset 1
"
	while read -r magic name; do
		# shellcheck disable=SC2059 # with escapes
		gm hi < <(printf "${magic}more")
		said 65 '' "gm-prompt: standard input: $name, not text
"
	done <<-'END'
		%%PDF-1.7 a PDF document
		\x89PNG\r\n\x1a\n a PNG image
		\xFF\xD8\xFF\xE0 a JPEG image
		GIF89a a GIF image
		PK\x03\x04 a ZIP archive or office document
		\x1f\x8b\x08 a gzip file
		\x7FELF\x02 an ELF program
	END
	[ "$magic" = '' ]
	unsent
}

@test "64 MiB are read, one byte more is refused" {
	serve
	gm hi < <(head -c 67108865 /dev/zero | tr '\0' a)
	said 65 '' $'gm-prompt: standard input: larger than 64 MiB\n'
	gm --dry-run --quiet hi < <(head -c 67108864 /dev/zero | tr '\0' a)
	[ "$rc" -eq 0 ]
	[ "$(wc -c <out)" -eq $((67108864 + 4 + $(prompted hi | wc -c) + 1)) ]
	unsent
}

@test "an endless input is refused, too" {
	serve
	gm hi < <(yes)
	said 65 '' $'gm-prompt: standard input: larger than 64 MiB\n'
	ask -q @/dev/zero
	said 65 '' $'gm-prompt: /dev/zero: larger than 64 MiB\n'
	unsent
}

@test "a large prompt arrives whole" {
	replies <<<'[{"stream": ["Hello."]}]'
	seq 1 300000 >lines
	gm hi <lines
	said 0 $'Hello.\n' ''
	body 1 | python3 -c 'import json, sys
text = json.load(sys.stdin)["contents"][0]["parts"][0]["text"]
assert text == "hi\n\n" + open("lines").read()'
}

# catches PID: gm-prompt is under way there, and waits for SIGTERM, too.
catches() {
	[ "$(cat "/proc/$1/comm")" = gm-prompt ] &&
	    grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$1/status"
}

@test "a signal while standard input is read: death by it" {
	local pid

	serve
	mkfifo pipe
	gm-prompt hi <pipe >out 2>err 8>&- &
	pid=$!
	exec 8>pipe
	wait_for "catches $pid"
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	exec 8>&-
	said 143 '' ''
	unsent
}

@test "@FIFO: the writer is waited for, and the deadline ends that" {
	serve
	mkfifo rules
	gm-prompt --quiet -n -s @rules hi >out 2>err 3>&- &
	pid=$!
	echo "Be brief." >rules
	wait "$pid"
	[ ! -s err ]
	body 1 | python3 -c 'import json, sys
text = json.load(sys.stdin)["systemInstruction"]["parts"][0]["text"]
assert text == "Be brief.\n", text'
	run -69 --separate-stderr timeout 60 \
	    gm-prompt -n --deadline 200ms -s @rules hi
	[ -z "$output" ]
	# shellcheck disable=SC2154 # run sets it
	[ "$stderr" = "gm-prompt: rules: deadline exceeded" ]
	[ "$(requests)" -eq 1 ]
}
