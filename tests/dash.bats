# "-" stands for standard input, output or error, and never for a file; what
# looks like a file among the operands draws a note.

load prompt

rc= # set by gm and ask

# no_file: nothing called "-" was made.
no_file() {
	[ ! -e - ] && [ ! -e "$HOME/-" ]
}

@test "an operand -: standard input, and no part of the prompt" {
	local args

	serve
	for args in '-' '-v -' '- --'; do
		# shellcheck disable=SC2086 # words
		gm $args <<<'from stdin'
		[ "$rc" -eq 0 ]
	done
	for args in 'Explain -' '- Explain' 'Explain - --' '- -- Explain'; do
		# shellcheck disable=SC2086 # words
		gm $args <<<'from stdin'
		[ "$rc" -eq 0 ]
		same err ''
	done
	for n in 1 2 3; do
		sent_as "$n" "$(prompted 'from stdin\n')"
	done
	for n in 4 5 6 7; do
		sent_as "$n" "$(prompted 'Explain\n\nfrom stdin\n')"
	done
	no_file
}

@test "an operand - after --: text, as scripts need it" {
	serve
	ask -- -
	[ "$rc" -eq 0 ]
	ask a -- b -
	[ "$rc" -eq 0 ]
	sent_as 1 "$(prompted -)"
	sent_as 2 "$(prompted 'a b -')"
}

@test "an operand - that contradicts: 64" {
	serve
	ask -n hi -
	usage '--no-stdin and the operand - cannot be combined'
	ask - -
	usage 'operand -: given more than once'
	ask -s @- hi -
	usage 'standard input can be read only once'
	ask -q hi -
	usage '--prompt and operands cannot be combined'
	ask -
	usage 'no prompt; give one as an operand, with -q or on standard input'
	ask --require-stdin hi -
	said 65 '' $'gm-prompt: standard input: empty\n'
	unsent
}

@test "an operand - reads a terminal, too" {
	serve
	terminal -f 0 -i $'typed\n\x04' gm-prompt - >out 2>err
	sent_as 1 "$(prompted 'typed\n')"
}

@test "-o -: standard output, as without it" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask -o - hi
	said 0 $'Hello.\n' ''
	ask --output=- --json hi
	[ "$(jq -r .text <out)" = Hello. ]
	ask -S -o- hi
	said 0 $'Hello.\n' ''
	no_file
}

@test "--log-file - and GM_LOG_FILE=-: standard error" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask --log-file - hi
	[ "$rc" -eq 0 ]
	same out $'Hello.\n'
	[ "$(jq -rc '[.tool, .class, .finish]' <err)" = '["gm-prompt","ok","STOP"]' ]
	GM_LOG_FILE=- ask --quiet hi
	[ "$(jq -r .class <err)" = ok ]
	GM_LOG_FILE=log ask --log-file - hi
	[ "$(jq -r .class <err)" = ok ]
	[ ! -e log ]
	no_file
}

@test "--prometheus -: 64, as standard output has the keys" {
	serve
	rc=0
	gm-keycheck --prometheus - >out 2>err </dev/null || rc=$?
	said 64 '' "gm-keycheck: --prometheus needs a file; standard output has the keys
Try 'gm-keycheck --help'.
"
	unsent
	no_file
}

@test "a name of a file in advice is one word for the shell" {
	local name word

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	# shellcheck disable=SC2016 # a name that holds a dollar sign
	for name in 'my file.txt' "it's" 'a$HOME' 'x;ls' '~' 'a*' 'c(1)' '-x' 'a#b' \
	    'dir/ä' 'plain-1.0_a.txt'; do
		mkdir -p dir
		echo text >"./$name"
		ask "@$name"
		[ "$rc" -eq 0 ]
		word=$(sed -n 's/.*to send the file: -f //p' err)
		[ -n "$word" ]
		[ "$(eval "printf %s $word")" = "$name" ] || [ "$name" = -x ]
		bash -c "cat < $word" | diff - <(echo text)
	done
	[ "$word" = plain-1.0_a.txt ]
	ask '@my file.txt'
	said 0 $'Hello.\n' \
	    "gm-prompt: @my file.txt: sent as text; to send the file: -f 'my file.txt'
"
	ask "@it's"
	said 0 $'Hello.\n' \
	    "gm-prompt: @it's: sent as text; to send the file: -f 'it'\\''s'
"
}

@test "an operand that names a file or begins with @: sent as text, with a note" {
	local fake=AIzaSyFakeTypedKeyForTheTests-0123456_01

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo text >notes.txt
	ln -s absent link
	mkfifo fifo
	mkdir dir
	ask notes.txt
	said 0 $'Hello.\n' \
	    $'gm-prompt: notes.txt: sent as text; to send the file: -f notes.txt\n'
	ask Explain @notes.txt please
	said 0 $'Hello.\n' \
	    $'gm-prompt: @notes.txt: sent as text; to send the file: -f notes.txt\n'
	ask @absent
	said 0 $'Hello.\n' \
	    $'gm-prompt: @absent: no such file; sent as text\n'
	ask '@my absent.txt'
	said 0 $'Hello.\n' \
	    $'gm-prompt: @my absent.txt: no such file; sent as text\n'
	ask link
	said 0 $'Hello.\n' $'gm-prompt: link: no such file; sent as text\n'
	ask ./*
	said 0 $'Hello.\n' \
	    $'gm-prompt: ./err and 4 more: sent as text; to send a file: -f FILE\n'
	ask fifo
	said 0 $'Hello.\n' \
	    $'gm-prompt: fifo: sent as text; to send the file: -f fifo\n'
	ask "@$fake"
	said 0 $'Hello.\n' \
	    $'gm-prompt: @...6_01: no such file; sent as text\n'
	sent_as 1 "$(prompted notes.txt)"
	sent_as 2 "$(prompted 'Explain @notes.txt please')"
}

@test "no note: after --, with --quiet, of a folder, of text in many words" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo text >notes.txt
	mkdir dir
	for args in '-- notes.txt' '-- @notes.txt' 'hi -- notes.txt' \
	    '--quiet notes.txt' 'dir' '.' '@' 'absent.txt' '-q notes.txt'; do
		# shellcheck disable=SC2086 # words
		ask $args
		said 0 $'Hello.\n' ''
	done
	ask 'What is in notes.txt?'
	said 0 $'Hello.\n' ''
	ask '' hi
	said 0 $'Hello.\n' ''
}
