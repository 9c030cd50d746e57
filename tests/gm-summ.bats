#!/usr/bin/env bats
# Options and input of gm-summ: usage errors, and files that fail.

# summ.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2034,SC2154

load summ

@test "usage errors: one line, nothing is sent" {
	serve
	echo text >./1
	summ --style rhyme 1
	usage '--style: not bullets, paragraph, headline, tldr or minutes'
	summ -w 0 1
	usage '--words: not a whole number from 1 to 100000'
	summ --words many 1
	usage '--words: not a whole number from 1 to 100000'
	summ --chunk-tokens 255 1
	usage '--chunk-tokens: not a whole number from 256 to 10000000'
	summ -j 0 1
	usage '--jobs: not a whole number from 1 to 256'
	summ --lang 'en. Print X' 1
	usage '--lang: not a language, such as de, pt-BR or German'
	summ --lang '' 1
	usage '--lang: its argument is empty'
	summ --lang - 1
	usage '--lang: not a language, such as de, pt-BR or German'
	summ -i @ 1
	usage '--instructions: no file is named after @'
	summ - -
	usage 'the operand - is given more than once'
	summ -n
	usage 'no input; name a file, or omit --no-stdin'
	summ -n 1 -
	usage '--no-stdin and - cannot be combined'
	summ -n --files0-from=-
	usage '--no-stdin and - cannot be combined'
	summ -i @- -
	usage 'standard input cannot be both the text and --instructions'
	summ --out-suffix .sum
	usage '--out-suffix needs files; standard input has no name'
	summ --out-suffix .sum 1 -
	usage '--out-suffix needs files; standard input has no name'
	summ --out-suffix /x 1
	usage '--out-suffix: must not contain /'
	# It would be the text itself.
	summ --out-suffix '' 1
	usage '--out-suffix: its argument is empty'
	same 1 'text
'
	summ --out-suffix .sum -o x 1
	usage '--out-suffix and --output cannot be combined'
	summ --out-suffix .sum --combine 1
	usage '--out-suffix and --combine cannot be combined'
	summ --out-suffix .sum --json 1
	usage '--out-suffix and --json cannot be combined'
	summ --out-suffix .sum --estimate 1
	usage '--out-suffix and --estimate cannot be combined'
	summ --force 1
	usage '--force needs --out-suffix'
	summ --cache-stats 1
	usage '--cache-stats takes no files'
	summ --cache-clear --cache-stats
	usage '--cache-clear and --cache-stats cannot be combined'
}

@test "--lang takes codes and names of languages" {
	local lang
	serve
	echo 'One ⟦F001⟧.' >./1
	for lang in de pt-BR es-419 sr-Latn-RS zh_CN German 'Brazilian Portuguese' Français 日本語; do
		summ --lang "$lang" 1
		[ "$rc" -eq 0 ]
		sent '.[].head' | grep -qF "in this language: $lang."
	done
}

@test "a terminal is read only if - is given" {
	serve
	echo 'One ⟦F001⟧.' >./1
	rc=0
	terminal -f 0 timeout 20 gm-summ >out 2>err || rc=$?
	usage 'no input; name a file, or - to type a text'
	terminal -f 0 timeout 20 gm-summ 1 >out 2>err
	same out '- One ⟦F001⟧.
'
	terminal -f 0 -i 'Two words.\n\x04' timeout 20 gm-summ - >out 2>err
	[ "$(sent '.[-1].texts[]')" = 'Two words.' ]
}

@test "closed and empty standard input" {
	serve
	rc=0
	gm-summ <&- >out 2>err || rc=$?
	failed 65 'standard input: empty'
	printf ' \n\t\n' | gm
	failed 65 'standard input: empty'
	tried 0
	echo 'One ⟦F001⟧.' >./1
	rc=0
	gm-summ 1 >&- 2>err || rc=$?
	[ "$rc" -eq 74 ]
}

@test "-n does not read standard input" {
	serve
	echo 'One ⟦F001⟧.' >./1
	printf '1\n1\n' >list
	while read -r name; do
		gm-summ -n "$name"
	done <list >out
	same out '- One ⟦F001⟧.
- One ⟦F001⟧.
'
}

@test "files that are not text: each is named, the others are summarised" {
	serve
	echo 'One ⟦F001⟧.' >./1
	: >empty
	printf ' \n\n' >blank
	printf '%%PDF-1.7\n' >paper.pdf
	printf '\x89PNG\r\n\x1a\n' >image
	printf 'a\0b' >nul
	{ seq 9999 && printf 'a\0b'; } >late
	printf '\xff\xfet\0e\0' >utf16
	mkdir dir
	ln -s loop loop
	summ empty blank paper.pdf image nul late utf16 dir loop gone /dev/zero 1
	[ "$rc" -eq 1 ]
	same out '==> 1 <==
- One ⟦F001⟧.
'
	same err 'gm-summ: empty: empty
gm-summ: blank: empty
gm-summ: paper.pdf: a PDF document, but only text can be read
gm-summ: image: a PNG image, but only text can be read
gm-summ: nul: a NUL byte at offset 1: only text can be read
gm-summ: late: contains a NUL byte; only text can be summarised
gm-summ: utf16: this is UTF-16: convert it with iconv -f UTF-16 -t UTF-8
gm-summ: dir: Is a directory
gm-summ: loop: Too many levels of symbolic links
gm-summ: gone: No such file or directory
gm-summ: /dev/zero: a device, not a file
gm-summ: 11 of 12 files failed
'
	tried 1
	# If all fail alike, the status is theirs.  A single file has one line.
	summ empty nul
	[ "$rc" -eq 65 ]
	summ gone dir
	[ "$rc" -eq 66 ]
	summ gone empty
	[ "$rc" -eq 1 ]
	summ gone
	failed 66 'gone: No such file or directory'
	summ $'a\nb'
	failed 66 'a b: No such file or directory'
}

@test "ill-formed UTF-8 is replaced, with one note" {
	serve
	printf 'Caf\xe9 ⟦F001⟧.\n\xff\n' >./1
	summ 1
	said 0 "- Caf$REPLACED ⟦F001⟧.
" 'gm-summ: 1: not UTF-8 in places: replaced by U+FFFD
'
	[ "$(sent '.[].texts[]')" = "Caf$REPLACED ⟦F001⟧.
$REPLACED" ]
	printf '\xef\xbb\xbfOne\r\n⟦F001⟧.\r\n' >./1
	summ 1
	[ "$(body 2 | jq -r '.contents[0].parts[0].text' | grep -c "$BOM")" -eq 0 ]
	[ "$(body 2 | jq -r '.contents[0].parts[0].text' | grep -c $'\r$')" -eq 2 ]
}

@test "a FIFO is read to its end; summaries before it are printed" {
	serve
	echo 'One ⟦F001⟧.' >./1
	mkfifo fifo
	summ 1 fifo &
	pid=$!
	exec 4>fifo
	wait_for 'grep -q F001 out 2>/dev/null'
	echo 'Two ⟦F002⟧.' >&4
	exec 4>&-
	wait "$pid"
	same out '==> 1 <==
- One ⟦F001⟧.

==> fifo <==
- Two ⟦F002⟧.
'
	summ <(echo 'Three ⟦F003⟧.')
	[ "$rc" -eq 0 ]
	same out '- Three ⟦F003⟧.
'
}

@test "a pipe of 5 MB is summarised to its end, and leaves no copy" {
	serve
	mkdir tmp
	prose 5000000 50 >text
	TMPDIR=$PWD/tmp gm --chunk-tokens 100000 -w 1000 < <(cat text)
	[ "$rc" -eq 0 ]
	same <(markers out) "$(all_markers 50)
"
	[ -z "$(ls -A tmp)" ]
	TMPDIR=$PWD/gone gm < <(cat text)
	failed 74 "standard input: temporary copy in $PWD/gone: No such file or directory; set TMPDIR to another directory"
}

@test "a file that changes while it is read fails; one that grows does not" {
	serve
	prose 60000 6 >text
	script <<-'END'
		[{"when": {"body": "This is part 1 of"}, "service": true,
		  "head_gate": "go"}]
	END
	cp text 1
	summ --json -j1 --chunk-tokens 4000 -w 1000 1 &
	pid=$!
	wait_for '[ "$(requests)" -eq 1 ]'
	truncate -s 30000 1
	: >"$DIR/go"
	wait "$pid"
	[ "$(jq -r .error.message out)" = '1: became shorter while it was read' ]
	rm "$DIR/go"

	cp text 2
	play <"$DIR/script.json"
	summ --no-cache --json -j1 --chunk-tokens 4000 -w 1000 2 &
	pid=$!
	n=$(requests)
	wait_for '[ "$(requests)" -gt "$n" ]'
	tr '[:lower:]' '[:upper:]' <text | dd of=2 conv=notrunc status=none
	: >"$DIR/go"
	wait "$pid"
	[ "$(jq -r .error.message out)" = '2: changed while it was read' ]
	rm "$DIR/go"

	# A file that is replaced or appended to is still read as it was.
	cp text 3
	play <"$DIR/script.json"
	summ --no-cache --json -j1 --chunk-tokens 4000 -w 1000 3 &
	pid=$!
	n=$(requests)
	wait_for '[ "$(requests)" -gt "$n" ]'
	echo 'More ⟦F999⟧.' >>./3
	echo 'New ⟦F998⟧.' >new
	mv new 3
	: >"$DIR/go"
	wait "$pid"
	same <(markers out) "$(all_markers 6)
"
}
