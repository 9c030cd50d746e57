#!/usr/bin/env bats
# Several files: order and output of the summaries, and files that fail.

# summ.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2034,SC2154

load summ

# fact N: print a text of one line with the N-th marker, which is its summary.
fact() {
	printf 'Fact %d ⟦F%03d⟧.\n' "$1" "$1"
}

# facts N: start the server, and make files 1 to N with such texts.
facts() {
	local n
	serve
	for ((n = 1; n <= $1; n++)); do
		fact "$n" >"./$n"
	done
}

@test "several files get headers as with head(1), one file does not" {
	facts 3
	summ 2
	said 0 '- Fact 2 ⟦F002⟧.
' ''
	summ 3 1 2
	said 0 '==> 3 <==
- Fact 3 ⟦F003⟧.

==> 1 <==
- Fact 1 ⟦F001⟧.

==> 2 <==
- Fact 2 ⟦F002⟧.
' ''
	fact 9 | gm 1 -
	said 0 '==> 1 <==
- Fact 1 ⟦F001⟧.

==> standard input <==
- Fact 9 ⟦F009⟧.
' ''
	name=$(printf 'd%.0s' {1..240})
	fact 7 >"$name"
	summ 1 "$name"
	[ "$(grep -c "^==> $name <==\$" out)" -eq 1 ]
	fact 8 >./-
	fact 9 | gm - -- -
	said 0 '==> standard input <==
- Fact 9 ⟦F009⟧.

==> - <==
- Fact 8 ⟦F008⟧.
' ''
}

@test "standard input is summarised if no file is named" {
	serve
	fact 1 | gm
	said 0 '- Fact 1 ⟦F001⟧.
' ''
	fact 2 >text
	gm - <text
	said 0 '- Fact 2 ⟦F002⟧.
' ''
	# It is read from its current offset.
	{ read -r _ && gm; } < <(fact 3 && fact 4)
	said 0 '- Fact 4 ⟦F004⟧.
' ''
	fact 3 >text
	fact 4 >>text
	{ head -c "$(fact 3 | wc -c)" >/dev/null && gm; } < <(cat text)
	said 0 '- Fact 4 ⟦F004⟧.
' ''
	{ python3 -c 'import os; os.read(0, int(os.sys.argv[1]))' "$(fact 3 | wc -c)" && gm; } <text
	said 0 '- Fact 4 ⟦F004⟧.
' ''
}

@test "summaries are printed in the order of the files, as early as possible" {
	facts 4
	script <<-'END'
		[{"when": {"body": "F002"}, "service": true, "head_gate": "go"}]
	END
	summ -j4 1 2 3 4 &
	pid=$!
	# The first is printed while the second is in flight.
	wait_for 'grep -q F001 out 2>/dev/null && [ "$(requests)" -eq 4 ]'
	same out '==> 1 <==
- Fact 1 ⟦F001⟧.
'
	: >"$DIR/go"
	wait "$pid"
	same out '==> 1 <==
- Fact 1 ⟦F001⟧.

==> 2 <==
- Fact 2 ⟦F002⟧.

==> 3 <==
- Fact 3 ⟦F003⟧.

==> 4 <==
- Fact 4 ⟦F004⟧.
'
}

@test "-j limits the requests of all files together" {
	facts 9
	summ -j3 1 2 3 4 5 6 7 8 9
	[ "$rc" -eq 0 ]
	[ "$(jq .peak "$DIR/counts.json")" -le 3 ]
	[ "$(markers out | wc -l)" -eq 9 ]
	script <<-'END'
		[{"when": {"body": "F0"}, "service": true, "head_gate": "go",
		  "repeat": -1}]
	END
	summ --no-cache -j3 1 2 3 4 5 6 7 8 9 &
	pid=$!
	wait_for '[ "$(requests)" -eq 12 ]'
	: >"$DIR/go"
	wait "$pid"
	[ "$(jq .peak "$DIR/counts.json")" -eq 3 ]
}

@test "--json: only an object for each file, in order" {
	facts 2
	summ --json 1 gone 2
	[ "$rc" -eq 1 ]
	same err 'gm-summ: gone: No such file or directory
gm-summ: 1 of 3 files failed
'
	jq -c 'del(.ms) | .tokens |= map_values(. > 0)' out >objects
	same objects '{"file":"1","ok":true,"summary":"- Fact 1 ⟦F001⟧.","parts":1,"rounds":1,"cached":0,"requests":1,"tokens":{"input":true,"output":true},"error":null}
{"file":"gone","ok":false,"summary":"","parts":0,"rounds":0,"cached":0,"requests":0,"tokens":{"input":false,"output":false},"error":{"class":"local","message":"gone: No such file or directory","service_message":null,"retry_at":null}}
{"file":"2","ok":true,"summary":"- Fact 2 ⟦F002⟧.","parts":1,"rounds":1,"cached":0,"requests":1,"tokens":{"input":true,"output":true},"error":null}
'
	summ --json 1
	[ "$(jq -c '[.cached, .requests, .tokens.input]' out)" = '[1,0,0]' ]
	fact 3 | gm --json
	[ "$(jq -r .file out)" = - ]
	prose 60000 2 >text
	summ --json --chunk-tokens 4000 text
	[ "$(jq '.requests == .parts + 1 and .rounds == 2 and .parts > 2' out)" = true ]
}

@test "--combine: one summary of all files; the prompt names each file" {
	facts 3
	printf 'Four "4" & more ⟦F004⟧.\n' >'a "name" & more'
	summ --combine -w 500 2 1 3 'a "name" & more'
	said 0 '- Fact 2 ⟦F002⟧.
- Fact 1 ⟦F001⟧.
- Fact 3 ⟦F003⟧.
- Four "4" & more ⟦F004⟧.
' ''
	# Small files share a request, each between its tags.
	tried 1
	[ "$(sent '.[].names | tostring')" = '["2","1","3","a &quot;name&quot; &amp; more"]' ]
	[ "$(sent '.[].texts | length')" -eq 4 ]
	summ --combine --json 1 2
	[ "$(jq -c '[.files, .file, .ok, .parts, .rounds]' out)" = '[["1","2"],null,true,1,1]' ]
	# Files that cannot be read are missing, and the status is 1.
	summ --combine 1 gone 3
	said 1 '- Fact 1 ⟦F001⟧.
- Fact 3 ⟦F003⟧.
' 'gm-summ: gone: No such file or directory
gm-summ: 1 of 3 files are missing from the summary
'
	summ --combine gone lost
	failed 66 'gone: No such file or directory
gm-summ: lost: No such file or directory
gm-summ: none of the 2 files can be summarised'
}

@test "--combine: large and small files, in as many parts as needed" {
	serve
	prose 40000 8 >large
	fact 101 >small
	fact 102 >tiny
	summ --combine --chunk-tokens 4000 -w 1000 small large tiny
	[ "$rc" -eq 0 ]
	same <(markers out) "⟦F101⟧
$(all_markers 8)
⟦F102⟧
"
	[ "$(sent '[.[] | select(.round == "facts").names[]] | unique | tostring')" = '["large","small","tiny"]' ]
	[ "$(sent '[.[] | select(.round == "summary").names[]] | unique | tostring')" = '[""]' ] ||
	    [ "$(sent '[.[] | select(.round == "summary").names[]] | unique | tostring')" = '[null]' ]
}

@test "--combine: more files than a process can have open" {
	local n
	serve
	for ((n = 1; n <= 150; n++)); do
		printf 'Fact ⟦F%03d⟧.\n' "$n" >"$n"
	done
	(
		ulimit -n 100
		summ --combine -w 1000 $(seq 150)
		echo "$rc" >rc
	)
	same err ''
	[ "$(cat rc)" -eq 0 ]
	tried 1
	same <(sent '.[].texts[]' | markers) "$(all_markers 150)
"
}

@test "--files0-from reads any names from a file or standard input" {
	facts 2
	fact 3 >$'a\nb'
	printf '2\0a\nb\0' >list
	summ --files0-from list
	[ "$rc" -eq 0 ]
	same <(markers out) '⟦F002⟧
⟦F003⟧
'
	# A header is one line.
	[ "$(grep -c '==>' out)" -eq 2 ]
	[ "$(wc -l <out)" -eq 5 ]
	printf '1\0%s' 2 | gm --files0-from=- --json
	[ "$rc" -eq 0 ]
	[ "$(jq -r .file out)" = '1
2' ]
	summ --json $'a\nb'
	[ "$(jq .file out)" = '"a\nb"' ]
	printf '1' | gm --files0-from=-
	said 0 '- Fact 1 ⟦F001⟧.
' ''
}

@test "--files0-from: bad and empty lists" {
	facts 1
	: >empty
	printf '1\0\0' >hole
	summ --files0-from hole
	failed 65 '--files0-from: hole: name 2 is empty'
	summ --files0-from gone
	failed 66 '--files0-from: gone: No such file or directory'
	summ --files0-from hole 1
	usage '--files0-from and operands cannot be combined'
	tried 0
	# As with wc(1), an empty list is not an error: find(1) found nothing.
	summ --files0-from empty
	said 0 '' ''
	gm --files0-from=- --json <empty
	said 0 '' ''
	tried 0
	echo yesterday >digest
	gm --files0-from=- -o digest <empty
	said 0 '' ''
	same digest ''
}

@test "--out-suffix: each summary is written next to its text" {
	facts 2
	mkdir d
	fact 3 >d/3
	summ --out-suffix .sum 1 2 d/3
	said 0 '' ''
	same 1.sum '- Fact 1 ⟦F001⟧.
'
	same 2.sum '- Fact 2 ⟦F002⟧.
'
	same d/3.sum '- Fact 3 ⟦F003⟧.
'
	rm 2.sum
	summ --out-suffix .sum 1 gone 2
	said 1 '' 'gm-summ: gone: No such file or directory
gm-summ: 1 of 3 files failed
'
	[ ! -e gone.sum ]
	same 2.sum '- Fact 2 ⟦F002⟧.
'
}

@test "--out-suffix: a summary that is newer than its text is kept" {
	facts 2
	summ --out-suffix .sum 1 2
	echo mine >1.sum
	summ --out-suffix .sum 1 2
	said 0 '' ''
	tried 0
	same 1.sum 'mine
'
	touch -d '1 hour ago' 1.sum
	fact 3 >./1
	summ --out-suffix .sum 1 2
	said 0 '' ''
	tried 1
	same 1.sum '- Fact 3 ⟦F003⟧.
'
	echo mine >1.sum
	summ --out-suffix .sum --force 1 2
	same 1.sum '- Fact 3 ⟦F003⟧.
'
	# The summary of an earlier run is not a text.
	summ --out-suffix .sum ./[12]*
	said 0 '' ''
	tried 0
	[ ! -e 1.sum.sum ]
	# An empty file is not a summary: the run that made it was killed.
	: >1.sum
	summ --out-suffix .sum 1 2
	same 1.sum '- Fact 3 ⟦F003⟧.
'
}

@test "--out-suffix: a text that grows during a run is summarised again" {
	facts 2
	play <<<'[{"service": true, "head_gate": "go", "repeat": -1}]'
	gm-summ --out-suffix .sum 1 2 >out 2>err &
	pid=$!
	wait_for '[ "$(requests)" -eq 2 ]'
	fact 3 >>./1
	: >"$DIR/go"
	wait "$pid"
	same err ''
	same 1.sum '- Fact 1 ⟦F001⟧.
'
	summ --out-suffix .sum 1 2
	said 0 '' ''
	tried 1
	same <(markers 1.sum) "$(printf '⟦F001⟧\n⟦F003⟧')
"
	summ --out-suffix .sum 1 2
	tried 0
}

@test "--out-suffix keeps the mode of a file; a new one gets that of the umask" {
	facts 2
	umask 022
	echo old >1.sum
	chmod 640 1.sum
	touch -d '1 hour ago' 1.sum
	summ --out-suffix .sum 1 2
	[ "$rc" -eq 0 ]
	[ "$(stat -c %a 1.sum)" = 640 ]
	[ "$(stat -c %a 2.sum)" = 644 ]
	[ "$(find . -name '.*' -type f | wc -l)" -eq 0 ]
}

@test "--out-suffix: a summary that cannot be written fails only its file" {
	facts 2
	mkdir 1.sum
	summ --out-suffix .sum 1 2
	[ "$rc" -eq 1 ]
	same out ''
	grep -qx 'gm-summ: 1\.sum: Is a directory' err
	same 2.sum '- Fact 2 ⟦F002⟧.
'
	rmdir 1.sum
	# The answer is cached, and not paid for again.
	summ --out-suffix .sum 1 2
	said 0 '' ''
	tried 0
}

@test "-o: the file gets all summaries, or stays unchanged" {
	facts 2
	echo old >out.txt
	chmod 640 out.txt
	summ -o out.txt 1 2
	said 0 '' ''
	same out.txt '==> 1 <==
- Fact 1 ⟦F001⟧.

==> 2 <==
- Fact 2 ⟦F002⟧.
'
	[ "$(stat -c %a out.txt)" = 640 ]
	summ -o out.txt gone
	failed 66 'gone: No such file or directory'
	[ "$(wc -l <out.txt)" -eq 5 ]
	summ -o out.txt 1 gone
	[ "$rc" -eq 1 ]
	same out.txt '==> 1 <==
- Fact 1 ⟦F001⟧.
'
	summ -o - 1
	said 0 '- Fact 1 ⟦F001⟧.
' ''
	summ -o gone/x 1
	[ "$rc" -eq 73 ]
	tried 0
}

@test "-o: more files than can wait for their order" {
	serve
	yes 'Same ⟦F001⟧.' | head -n 1 >text
	head -c 44000 < <(yes text | tr '\n' '\0') >list
	printf 'text\0' >>list
	for _ in 1 2; do cat list; done >twice
	summ -j4 --files0-from twice -o all
	said 0 '' ''
	[ "$(grep -c '==> text <==' all)" -eq "$(tr -cd '\0' <twice | wc -c)" ]
	[ "$(tr -cd '\0' <twice | wc -c)" -gt 10000 ]
}

@test "an earlier file goes first, in each of its rounds" {
	facts 1
	prose 60000 5 >early
	prose 100000 10 | sed 's/harbour/seaside/g' >late
	# The last file gets no answer.
	script <<-'END'
		[{"when": {"body": "seaside"}, "service": true, "head_gate": "go",
		  "repeat": -1}]
	END
	summ -j2 --chunk-tokens 4000 1 early late &
	pid=$!
	wait_for 'grep -q "==> early <==" out 2>/dev/null'
	: >"$DIR/go"
	wait "$pid"
	same <(grep '==>' out) '==> 1 <==
==> early <==
==> late <==
'
}

@test "many files: the first summaries do not wait for the last" {
	local n
	serve
	for ((n = 1; n <= 300; n++)); do
		fact 1 >"$n"
	done
	seq 300 | tr '\n' '\0' >list
	summ --files0-from list
	[ "$rc" -eq 0 ]
	# shellcheck disable=SC2012
	same <(grep '==>' out) "$(seq -f '==> %g <==' 300)
"
}
