#!/usr/bin/env bats
# The output file of a batch: its lock, its content after an interruption, and
# --resume.

# shellcheck disable=SC2016 # wait_for expands variables
load net

# torture SCENARIO...: run tests/torture/batch.py.
torture() {
	python3 -B "$ROOT/tests/torture/batch.py" "$@"
}

# service [RULES]: start tests/net/batch.py.
service() {
	helper batch "$@"
	export GEMINI_API_KEY=$GOOD_KEY GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$PORT
	: >"$THERE/log"
}

# batch RECORDS OPTION...: run over these records, separated by blanks.
batch() {
	gm -l "${@:2}" < <(tr ' ' '\n' <<<"$1")
}

# sent: print the records sent since the last call, sorted.
sent() {
	awk '$2 == "sent" || $2 == "fail" { print $NF }' "$THERE/log" | sort |
	    paste -sd' '
	: >"$THERE/log"
}

# holds LINE...: check the lines of the file, in any order: record, ok, answer.
holds() {
	diff <(printf '%s\n' "$@") \
	    <(jq -r '"\(.record) \(.ok) \(.text)"' file | sort -n)
}

# unchanged COMMAND...: run it; check that the file was not touched.
unchanged() {
	local before
	cp -p "$FILE" before
	before=$(stat -c '%i %y %z %a' "$FILE")
	"$@"
	cmp "$FILE" before && [ "$(stat -c '%i %y %z %a' "$FILE")" = "$before" ]
}

FILE='file'

@test "a file that is not empty is not touched without --force or --resume" {
	service
	echo something >file
	unchanged batch 'a b' -o file
	said 73 '' 'gm-prompt: file: not empty; --resume continues it, --force overwrites it
'
	[ -z "$(sent)" ]
	batch 'a b' -o file --force
	said 0 '' ''
	holds '1 true Answer to a.' '2 true Answer to b.'
	: >file
	batch a -o file
	said 0 '' ''
	holds '1 true Answer to a.'
}

@test "a file has one run at a time; the second one names the first" {
	local first
	service '{"gates":{"a":"go"}}'
	gm-prompt -l -o file 3>&- <<<a &
	first=$!
	wait_for '[ -s "$THERE/log" ]'
	for option in '' --resume --force; do
		unchanged batch 'b' -o file $option
		said 73 '' "gm-prompt: file: in use by process $first; wait for it to end, or use another file
"
	done
	[ "$(sent)" = a ]
	touch "$THERE/go"
	wait $first
	holds '1 true Answer to a.'
}

@test "a run ends if its file is removed" {
	local pid
	service '{"gates":{"b":"go"}}'
	gm-prompt -l -j1 -o file 2>err 3>&- < <(printf '%s\n' a b c) &
	pid=$!
	wait_for '[ "$(wc -l <"$THERE/log")" -ge 3 ]'
	rm file
	touch "$THERE/go"
	rc=0
	wait "$pid" || rc=$?
	: >out
	said 74 '' $'gm-prompt: file: removed by another program\n'
	# A file that is moved loses nothing.
	rm "$THERE/go"
	gm-prompt -l -j1 -o file 2>err 3>&- < <(printf '%s\n' a b) &
	pid=$!
	wait_for '[ "$(tail -n 1 "$THERE/log" | cut -d" " -f2-)" = \
	    "sent $GOOD_KEY v1beta b" ]'
	mv file moved
	touch "$THERE/go"
	wait "$pid"
	mv moved file
	holds '1 true Answer to a.' '2 true Answer to b.'
}

@test "the input file cannot be the output" {
	service
	echo a >file
	for option in '' --force --resume; do
		rc=0
		unchanged eval "gm-prompt -l -o file $option <file >out 2>err || rc=\$?"
		said 64 '' "gm-prompt: --output: file is the input file; use another file
Try 'gm-prompt --help'.
"
	done
	for option in '' --unordered --text --dry-run; do
		rc=0
		unchanged eval "gm-prompt -l $option <file >>file 2>err || rc=\$?"
		: >out
		said 64 '' "gm-prompt: standard output is the input file; use another file
Try 'gm-prompt --help'.
"
	done
}

@test "--resume skips records with an answer, each as often as it has one" {
	service '{"fails":["bad"]}'
	batch 'a same b same' -o file
	[ "$(sent)" = 'a b same same' ]
	batch 'same a same c same' -o file --resume
	said 0 '' 'gm-prompt: file: kept 1 line of other records or parameters
'
	[ "$(sent)" = 'c same' ]
	holds '1 true Answer to a.' '2 true Answer to same.' \
	    '3 true Answer to b.' '4 true Answer to c.' \
	    '4 true Answer to same.' '5 true Answer to same.'
	unchanged batch 'a b c same same same' -o file --resume
	said 0 '' ''
	[ -z "$(sent)" ]
}

@test "--resume retries failed records; --keep-failed keeps their old lines" {
	service '{"fails":["bad","worse"]}'
	batch 'bad a worse' -o file
	[ "$rc" -eq 1 ]
	sent
	batch 'bad a worse' -o file --resume --keep-failed
	[ "$rc" -eq 1 ]
	[ "$(sent)" = 'bad worse' ]
	[ "$(wc -l <file)" -eq 5 ]
	batch 'bad a worse' -o file --resume
	[ "$rc" -eq 1 ]
	[ "$(sent)" = 'bad worse' ]
	holds '1 false ' '2 true Answer to a.' '3 false '
	# Now it succeeds; the failed lines of other records stay.
	service
	batch 'a bad' -o file --resume
	said 0 '' 'gm-prompt: file: kept 1 line of other records or parameters
'
	[ "$(sent)" = bad ]
	holds '2 true Answer to a.' '2 true Answer to bad.' '3 false '
	[ -z "$(find . -name '.file*')" ]
}

@test "--resume with other parameters sends all, and keeps the lines" {
	service
	batch 'a b' -o file
	sent
	batch 'a b' -o file --resume -t 0.5
	said 0 '' 'gm-prompt: file: kept 2 lines of other records or parameters
'
	[ "$(sent)" = 'a b' ]
	[ "$(jq -r .text file | sort | uniq -c | awk '{print $1}')" = $'2\n2' ]
	batch 'a b' -o file --resume -s other
	[ "$(sent)" = 'a b' ]
	batch 'a b' -o file --resume -x
	[ "$rc" -eq 1 ] # other results than without -x: there is no block
	[ "$(sent)" = 'a b' ]
	unchanged batch 'a b' -o file --resume
	[ -z "$(sent)" ]
}

@test "--resume never changes a file with other lines, wherever they are" {
	service
	batch 'a b' -o file
	sent
	cp file ours
	while IFS= read -r line; do
		for where in 1 2; do
			sed "${where}i\\$line" ours >file
			unchanged batch 'a b c' -o file --resume
			[ "$rc" -eq 65 ]
			same out ''
			[ "$(wc -l <err)" -eq 1 ]
			[[ $(cat err) == "gm-prompt: file: line $where is not a result of gm-prompt: "*"; use another file" ]]
		done
	done <<-'E'
		text
		{}
		{"record":1}
		{"record":1,"hash":"00","ok":true}
		[1,2]
		{"record":1,"hash":"9638c354dda12fce21fa11b471a54837","ok":false}
	E
	# Nor one with an incomplete last line that begins differently.
	{ cat ours; printf '{"recording":1'; } >file
	unchanged batch 'a b c' -o file --resume
	[ "$rc" -eq 65 ]
	[ -z "$(sent)" ]
}

@test "--resume cuts off an incomplete last line of any length" {
	local size
	service
	batch 'a b' -o file
	sent
	cp file ours
	for size in 1 2 10 12 60 300; do
		{ cat ours; head -n 1 ours | head -c $size; } >file
		batch 'a b' -o file --resume
		said 0 '' ''
		cmp file ours
	done
	# A line that lacks only its newline is kept.
	head -c -1 ours >file
	batch 'a b' -o file --resume
	said 0 '' ''
	cmp file ours
	[ -z "$(sent)" ]
	head -c -2 ours >file
	batch 'a b' -o file --resume
	said 0 '' ''
	[ "$(wc -w <<<"$(sent)")" -eq 1 ]
	holds '1 true Answer to a.' '2 true Answer to b.'
}

@test "links stay links, and the file keeps its mode" {
	service '{"fails":["bad"]}'
	mkdir dir
	: >dir/file
	chmod 640 dir/file
	ln -s dir/file link
	ln -s link file
	batch 'a bad' -o file
	[ "$rc" -eq 1 ]
	batch 'a bad' -o link --resume # which replaces the failed line
	[ "$rc" -eq 1 ]
	[ -L file ] && [ -L link ] && [ ! -L dir/file ]
	[ "$(stat -c %a dir/file)" = 640 ]
	[ "$(ls -A dir)" = file ]
	holds '1 true Answer to a.' '2 false '
	# A dangling link creates its target, as a redirection does.
	ln -s dir/new nowhere
	(umask 027 && batch a -o nowhere && said 0 '' '')
	[ "$(stat -c %a dir/new)" = 640 ]
	ln -s circle circle
	batch a -o circle
	[ "$rc" -eq 73 ]
	batch a -o dir
	[ "$rc" -eq 73 ]
	batch a -o none/file
	[ "$rc" -eq 73 ]
}

@test "FIFOs and devices get lines, and cannot be resumed" {
	local name reader
	service
	mkfifo fifo
	for name in fifo /dev/null /dev/stdout /dev/fd/1; do
		batch a -o $name --resume
		said 73 '' "gm-prompt: $name: not a regular file; --resume needs one
"
	done
	[ -z "$(sent)" ]
	cat fifo >file 3>&- &
	reader=$!
	batch 'a b' -o fifo
	wait "$reader"
	said 0 '' ''
	holds '1 true Answer to a.' '2 true Answer to b.'
	batch a -o /dev/null
	said 0 '' ''
	batch a -o /dev/stdout
	[ "$rc" -eq 0 ]
	[ "$(jq -r .text out)" = 'Answer to a.' ]
	# A file that standard output appends to is appended to.
	echo before >out
	forget
	echo a | gm-prompt -l -o /dev/stdout >>out
	[ "$(head -n 1 out)" = before ]
	[ "$(tail -n 1 out | jq -r .text)" = 'Answer to a.' ]
}

@test "kill -9 at any moment: each record once, none that has a line again" {
	torture kills 300 6
}

@test "kill -9 while superseded lines are dropped: the old file or the new one" {
	torture rewrites 100 3
}

@test "a power cut: the last second is lost at most" {
	torture drops 300 3
}

@test "a slow first answer: order, and bounded memory" {
	torture window 300 65536
}

@test "rate limits, cut answers, rejected keys: each record is answered once" {
	torture storms 200
}

@test "a full disk: 74, whole lines, and the next run goes on" {
	local all
	service
	all=$(seq -s ' ' 40)
	hurried true # which compiles something
	# A run fills the disk while requests are in flight.
	(
		ulimit -f 8
		batch "$all" -j4 -o file
		said 74 '' 'gm-prompt: file: File too large; --resume continues the run
'
	)
	[ "$(tail -c 1 file | od -An -tx1)" = ' 0a' ]
	run -0 wc -l <file
	[ "$output" -gt 4 ] && [ "$output" -lt 40 ]
	[ "$(sent | wc -w)" -le $((output + 4)) ]
	# Full from the start: lines stay, and few requests are sent.
	cp file before
	(
		ulimit -f 8
		batch "$all" -j4 -o file --resume
		[ "$rc" -eq 74 ]
	)
	cmp file before
	[ "$(sent | wc -w)" -le 5 ]
	batch "$all" -j4 -o file --resume
	said 0 '' ''
	[ "$(sent | wc -w)" -eq $((40 - output)) ]
	[ "$(jq -r .text file | sort -u | wc -l)" -eq 40 ]
	[ "$(wc -l <file)" -eq 40 ]
}

# RECORDS is their number; "make torture" sets 5000.  The last record gets no
# answer before the last run, so that earlier runs do not end before the kill.
@test "three keys, one of them exhausted, two kills: one line for each record" {
	local records=${RECORDS:-200} i run
	seq -f 'word%g' "$records" >words.txt
	service '{"delay_ms":10,"exhausted":["fake-key-number-0"],
	    "gates":{"What is a word'"$records"'?":"go"}}'
	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS=fake-key-number-0,fake-key-number-1,fake-key-number-2
	for i in 1 2; do
		[ "$i" -eq 1 ] || set -- --resume
		gm-prompt -l -o out.jsonl "$@" "What is a {}?" <words.txt \
		    2>err 3>&- &
		run=$!
		wait_for "[ -e out.jsonl ] &&
		    [ \$(wc -l <out.jsonl) -ge $((records * i / 3)) ]"
		kill -KILL "$run"
		wait "$run" || [ $? -eq 137 ]
	done
	touch "$THERE/go"
	gm-prompt -l -o out.jsonl --resume "What is a {}?" <words.txt 2>err
	same err ''
	jq -s -r 'sort_by(.record)[] | [.record, .ok, .text] | @tsv' out.jsonl \
	    >result
	seq "$records" |
	    sed 's/.*/&\ttrue\tAnswer to What is a word&?./' >wanted
	diff wanted result
	# Only records in flight at the kills are sent again; all runs know the
	# exhausted key.
	[ "$(grep -c ' sent ' "$THERE/log")" -le $((records + 2 * 8)) ]
	[ "$(grep -c ' exhausted ' "$THERE/log")" -le 8 ]
}
