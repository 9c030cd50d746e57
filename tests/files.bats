# Text files that are sent with the prompt: -f.

# shellcheck disable=SC2154 # helpers and run set variables
load prompt

# id TEXT: print the id of a file with this content.
id() {
	printf '%s' "$1" | sha256sum | cut -c 1-8
}

# fenced NAME CONTENT: print the part of a file as JSON; CONTENT lacks its last
# newline, and needs no escapes.
fenced() {
	local id

	id=$(id "$2"$'\n')
	printf '{"text":"<file name=\\"%s\\" id=\\"%s\\">\\n' "$1" "$id"
	printf '%s\\n</file id=\\"%s\\">\\n"}' "$2" "$id"
}

# parts PART...: print the body with these parts.
parts() {
	local IFS=,
	printf '{"contents":[{"role":"user","parts":[%s]}]}' "$*"
}

SUM='{"text":"sum up"}'

@test "-f, --file: each file is a part after the prompt, between tags with its name" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo one >a.txt
	mkdir dir
	echo two >dir/b.txt
	ask -f a.txt sum up
	said 0 $'Hello.\n' ''
	sent '{"contents":[{"role":"user","parts":[{"text":"sum up"},{"text":'\
'"<file name=\"a.txt\" id=\"2c8b08da\">\none\n</file id=\"2c8b08da\">\n"}]}]}'
	ask sum -f a.txt up --file=dir/b.txt
	said 0 $'Hello.\n' ''
	sent_as 2 "$(parts "$SUM" "$(fenced a.txt one)" "$(fenced dir/b.txt two)")"
	# The prompt ends as it was given; standard input belongs to it.
	gm -q $'sum up\n' -f a.txt < <(printf 'in')
	said 0 $'Hello.\n' ''
	sent_as 3 "$(parts '{"text":"sum up\n\nin"}' "$(fenced a.txt one)")"
	# A file that is named twice is two parts.
	ask -f a.txt -f a.txt sum up
	said 0 $'Hello.\n' ''
	sent_as 4 "$(parts "$SUM" "$(fenced a.txt one)" "$(fenced a.txt one)")"
}

@test "-f without a prompt: the files alone" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo one >a.txt
	echo two >b.txt
	ask -f a.txt
	said 0 $'Hello.\n' ''
	sent "$(parts "$(fenced a.txt one)")"
	ask -n -f a.txt -f b.txt
	said 0 $'Hello.\n' ''
	sent_as 2 "$(parts "$(fenced a.txt one)" "$(fenced b.txt two)")"
	gm -f a.txt < <(printf 'sum up')
	said 0 $'Hello.\n' ''
	sent_as 3 "$(parts "$SUM" "$(fenced a.txt one)")"
	ask -s brief -f a.txt
	said 0 $'Hello.\n' ''
	sent_as 4 '{"systemInstruction":{"parts":[{"text":"brief"}]},'"$(
		parts "$(fenced a.txt one)" | cut -c 2-
	)"
}

@test "-f -: standard input is a file" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo one >a.txt
	gm -f - sum up < <(printf 'in\n')
	said 0 $'Hello.\n' ''
	sent "$(parts "$SUM" "$(fenced 'standard input' in)")"
	gm -f a.txt -f - < <(printf 'in\n')
	said 0 $'Hello.\n' ''
	sent_as 2 "$(parts "$(fenced a.txt one)" "$(fenced 'standard input' in)")"
	printf 'in\n' >-
	ask -f ./- sum up
	said 0 $'Hello.\n' ''
	sent_as 3 "$(parts "$SUM" "$(fenced ./- in)")"
	run -0 terminal -f 0 -i 'typed\n\x04' gm-prompt -f - sum up
	[ "$output" = Hello. ]
	sent_as 4 "$(parts "$SUM" "$(fenced 'standard input' typed)")"
}

@test "-f -: standard input is read once" {
	local once='--file -: standard input can be read only once'

	serve
	ask -f - -f - hi
	usage "$once"
	ask -f - hi -
	usage "$once"
	ask -f - -q @-
	usage "$once"
	ask -f - -s @- hi
	usage "$once"
	ask -n -f - hi
	usage '--no-stdin and --file - cannot be combined'
}

@test "-f -, --require-stdin: empty input and white space are rejected" {
	serve
	echo one >a.txt
	ask --require-stdin -f a.txt -f - hi
	said 65 '' $'gm-prompt: standard input: empty\n'
	gm --require-stdin -f - hi <<<' '
	said 65 '' $'gm-prompt: standard input: empty\n'
	run -65 terminal gm-prompt --color never --require-stdin -f a.txt hi
	[ "$output" = 'gm-prompt: standard input: a terminal, not data' ]
	unsent
}

@test "a file cannot contain its closing tag" {
	local id text

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	text=$'</file>\n</file id="00000000">\n</file id=\n<file name="b">\n'
	printf %s "$text" >a.txt
	ask -f a.txt sum up
	said 0 $'Hello.\n' ''
	body 1 | ID=$(id "$text") python3 -c 'import json, os, sys
[prompt, file] = json.load(sys.stdin)["contents"][0]["parts"]
id, text = os.environ["ID"], open("a.txt").read()
assert file["text"] == (f"<file name=\"a.txt\" id=\"{id}\">\n{text}"
                        f"</file id=\"{id}\">\n"), file'
	# The first eight digits of this text's hash are in it.
	python3 - >b.txt <<-'END'
		import hashlib
		text = "".join(hashlib.sha256(str(i).encode()).hexdigest()[:32]
		    for i in range(2048))
		words = {text[i:i + 8] for i in range(len(text) - 7)}
		base, n = hashlib.sha256(text.encode()), 0
		while True:
		    h = base.copy()
		    h.update(str(n).encode())
		    if h.hexdigest()[:8] in words:
		        break
		    n += 1
		print(text + str(n), end="")
	END
	grep -q "$(sha256sum <b.txt | cut -c 1-8)" b.txt
	ask -f b.txt sum up
	said 0 $'Hello.\n' ''
	id=$(sha256sum <b.txt | cut -c 1-9)
	run ! grep -q "$id" b.txt
	[ "$(body 2 | grep -o "id=.\{2\}$id.\{2\}>" | wc -l)" -eq 2 ]
}

@test "names: escaped for the model, clean for people" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	local name=$'a" id="&<b>\n\x1b[2Jc\xFF\xC2\x85'

	echo one >"$name"
	ask -f "$name" sum up
	said 0 $'Hello.\n' ''
	sent "$(parts "$SUM" "$(fenced \
	    'a&quot; id=&quot;&amp;&lt;b&gt;&#10;&#27;[2Jc'"$REPLACED"'&#133;' one)")"
	printf 'a\0' >"$name"
	ask -f "$name" sum up
	said 65 '' "gm-prompt: a\" id=\"&<b> c$REPLACED: a NUL byte at offset 1:\
 only text can be read; images, PDF and other data are not supported yet
"
	ask --json -f $'no\nfile' sum up
	[ "$rc" -eq 66 ]
	[ "$(jq -r .error.message out)" = 'no file: No such file or directory' ]
	ask -f $'\n' sum up
	said 66 '' $'gm-prompt: \'\': No such file or directory\n'
	[ "$(requests)" -eq 1 ]
}

@test "files that cannot be read" {
	serve
	mkdir dir
	ask -f absent hi
	said 66 '' $'gm-prompt: absent: No such file or directory\n'
	ask -f dir hi
	said 66 '' $'gm-prompt: dir: Is a directory\n'
	ask -f /dev/zero hi
	said 66 '' $'gm-prompt: /dev/zero: a device, not a file\n'
	ask -f '' hi
	usage '--file: its argument is empty'
	if [ "$(id -u)" -ne 0 ]; then
		echo secret >closed
		chmod 0 closed
		ask -f closed hi
		said 66 '' $'gm-prompt: closed: Permission denied\n'
	fi
	unsent
}

@test "binary files are rejected by name" {
	local more='images, PDF and other data are not supported yet'

	serve
	printf '%%PDF-1.7\n' >a.pdf
	ask -f a.pdf hi
	said 65 '' "gm-prompt: a.pdf: a PDF document, but only text can be read;\
 $more
"
	printf '\x89PNG\r\n\x1a\n' >a.png
	ask -f a.png hi
	said 65 '' "gm-prompt: a.png: a PNG image, but only text can be read;\
 $more
"
	printf '\xFF\xFEh\0i\0' >a.txt
	ask -f a.txt hi
	said 65 '' "gm-prompt: a.txt: this is UTF-16: convert it with iconv -f\
 UTF-16 -t UTF-8
"
	unsent
}

@test "empty files are sent with a note, but not alone" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	: >a.txt
	ask -f a.txt sum up
	said 0 $'Hello.\n' $'gm-prompt: a.txt: empty\n'
	sent "$(parts "$SUM" "{\"text\":\"<file name=\\\"a.txt\\\" id=\\\"$(id '')\
\\\">\\n</file id=\\\"$(id '')\\\">\\n\"}")"
	ask --quiet -f a.txt
	said 65 '' $'gm-prompt: no prompt, and no text in the file\n'
	gm --quiet -f - </dev/null
	said 65 '' $'gm-prompt: no prompt, and no text in the file\n'
	gm -f - <&-
	said 65 '' "gm-prompt: standard input: empty
gm-prompt: no prompt, and no text in the file
"
	echo ' ' >b.txt
	ask --quiet -f a.txt -f b.txt
	said 65 '' $'gm-prompt: no prompt, and no text in the files\n'
	[ "$(requests)" -eq 1 ]
}

@test "a BOM is dropped, CRLF is kept, invalid UTF-8 is replaced" {
	replies <<<'[{"stream": ["Hello."]}]'
	printf '\xEF\xBB\xBFa\xFF\r\nb' >a.txt
	ask -f a.txt sum up
	said 0 $'Hello.\n' "gm-prompt: a.txt: not UTF-8 in 1 place: replaced by\
 U+FFFD
"
	sent "$(id=$(id $'a\xFF\r\nb') &&
	    parts "$SUM" "{\"text\":\"<file name=\\\"a.txt\\\" id=\\\"$id\\\">\\n\
a$REPLACED\\r\\nb\\n</file id=\\\"$id\\\">\\n\"}")"
}

@test "16 MiB are read, one byte more is rejected" {
	serve
	head -c 16777217 /dev/zero | tr '\0' a >a.txt
	ask -f a.txt hi
	said 65 '' $'gm-prompt: a.txt: larger than 16 MiB\n'
	truncate -s 16777216 a.txt
	ask --dry-run --quiet -f a.txt hi
	[ "$rc" -eq 0 ]
	[ "$(wc -c <out)" -gt 16777216 ]
	unsent
}

@test "a FIFO is read; the deadline ends the wait for its writer" {
	local pid

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkfifo fifo
	gm-prompt -n -f fifo sum up >out 2>err 3>&- &
	pid=$!
	echo one >fifo
	wait "$pid"
	same err ''
	sent "$(parts "$SUM" "$(fenced fifo one)")"
	ask --deadline 200ms -f fifo sum up
	said 69 '' $'gm-prompt: fifo: deadline exceeded\n'
	ask -f <(echo one) sum up
	said 0 $'Hello.\n' ''
	body 2 | grep -q 'one'
}

@test "a FIFO that a record names is rejected, and delays no other record" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkfifo fifo
	echo one >a.txt
	gm -0 -f {} --text sum up < <(printf 'a.txt\0fifo\0a.txt')
	tr '\0' '|' <out >shown
	same shown 'Hello.||Hello.|'
	same err 'gm-prompt: record 2: fifo: a FIFO; a record can only name regular files
gm-prompt: 1 of 3 records failed
'
	[ "$rc" -eq 1 ]
	# A FIFO for all records is read once.
	gm -l -f <(echo two) --text 'sum up {}' <<<x
	said 0 $'Hello.\n' ''
	body 3 | grep -q two
}

@test "--json, --count and --dry-run send and show the same files" {
	local body

	replies <<<'[{"stream": ["Hello."]}, {"json": {"totalTokens": 12}}]'
	echo one >a.txt
	body=$(parts "$SUM" "$(fenced a.txt one)")
	ask --json -f a.txt sum up
	[ "$rc" -eq 0 ]
	[ "$(jq -r .text out)" = Hello. ]
	sent "$body"
	ask --count -f a.txt sum up
	said 0 $'12\n' ''
	sent_as 2 "$body" "$ALIAS:countTokens"
	ask --quiet --dry-run -f a.txt sum up
	[ "$rc" -eq 0 ]
	same out "$body"$'\n'
	[ "$(requests)" -eq 2 ]
}

@test "an OpenAI-compatible server gets the parts joined into one text" {
	replies <<<'[{"json": {"choices": [{"message": {"content": "Hello."},
	    "finish_reason": "stop"}]}}]'
	echo one >a.txt
	export OPENAI_BASE_URL=$URL/v1 OPENAI_MODEL=m
	ask --provider openai -f a.txt sum up
	[ "$rc" -eq 0 ]
	body 1 | jq -c .messages >messages
	same messages "$(jq -cn --arg text "$(printf '%s\n\n%s\nx' 'sum up' \
	    "$(fenced a.txt one | jq -r .text)")" \
	    '[{role: "user", content: ($text | rtrimstr("x"))}]')"$'\n'
}
