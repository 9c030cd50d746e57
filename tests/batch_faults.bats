#!/usr/bin/env bats
# A batch in which each call of a function fails in turn: a documented status, one
# line that says why, all answers that were reported, and a file that another run
# completes.

# shellcheck disable=SC2154,SC2016 # run sets stderr; sh -c expands variables
# shellcheck disable=SC2034,SC2317 # sweep uses FRESH, calls check_fault
load sweep

# "make torture" lets each call fail, "make check" every seventh.
[ -n "${EACH_CALL:-}" ] || STEP=7

# begin: start the service and make records, of which some fail.
begin() {
	mkdir "$BATS_TEST_TMPDIR/batch"
	python3 -B "$ROOT/tests/net/batch.py" "$BATS_TEST_TMPDIR/batch" \
	    '{"fails":["bad"]}' >"$BATS_TEST_TMPDIR/port" 3>&- &
	SERVER=$!
	wait_for "[ -s '$BATS_TEST_TMPDIR/port' ]"
	export GEMINI_API_KEY=$GOOD_KEY
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
	export GOOGLE_GEMINI_BASE_URL
	FAULT=$BUILD/fault/gm-prompt
	printf '%s\n' one two three four five six >../in
	gm-prompt -l -o ../whole <../in
	bare ../whole >../expected
	[ "$(grep -c '"text":"Answer to [a-z]*\."$' ../expected)" -eq 6 ]
}

# bare FILE: print its lines without the members that differ between runs.
bare() {
	sed -E 's/"(id|hash)":"[0-9a-fx]*",//g; s/,"provider":.*,"error":null\}$//' \
	    "$1" | LC_ALL=C sort
}

# answers FILE: check that all lines are whole and right; set N to their number.
answers() {
	N=0
	[ -s "$1" ] || return 0
	bare "$1" >../answers
	if LC_ALL=C comm -23 ../answers ../expected | grep . ||
	    [ -n "$(tail -c 1 "$1")" ]; then
		echo "not ours:"
		cat "$1"
		return 1
	fi
	N=$(wc -l <"$1")
}

# one_line: check for one error line and the marker, unless the status is 0.
one_line() {
	[ "$status" -eq 0 ] || [ "${#stderr_lines[@]}" -eq 2 ] || {
		echo "status $status, not one line: $stderr"
		return 1
	}
}

check_output() {
	one_line || return
	printf '%s' "${output:+$output$'\n'}" >../got
	answers ../got || return
	[ "$status" -ne 0 ] || [ "$N" -eq 6 ] || {
		echo "status 0, but $N answers"
		return 1
	}
}

# check_file: the next run keeps the lines of this one, and sends the others.
check_file() {
	one_line || return
	grep '"error":null}$' file >../good
	answers ../good || return
	[ "$status" -ne 0 ] || [ "$N" -eq 6 ] || {
		echo "status 0, but $N lines"
		return 1
	}
	gm-prompt -l --resume -o file <../in || return
	answers file || return
	# A temporary file whose lock is in doubt is swept by a later run.
	[ "$fn" != fstat ] || rm -f .file.gm-*
	if [ "$N" -ne 6 ] || [ "$(ls -A)" != file ]; then
		echo "resumed, but $N lines:" ./* .[!.]*
		return 1
	fi
}

# begin_file: make a file with answers, a failed line and half a line.
begin_file() {
	begin
	{
		sed 3q ../whole
		sed -n '4s/"ok":true/"ok":false/; 4s/"error":null/"error":{}/p' \
		    ../whole
		sed -n 5p ../whole | head -c 30
	} >../begun
}

@test "no memory: results on standard output" {
	local fn
	begin
	check_fault() { check_output; }
	for fn in malloc calloc realloc; do
		sweep "$fn" '0 71' "$BASH" -c '"$1" -l -j3 <../in' - "$FAULT"
	done
}

@test "no memory: results in a file, with --resume" {
	local fn
	begin_file
	check_fault() { check_file; }
	for fn in malloc calloc realloc; do
		sweep "$fn" '0 71' "$BASH" -c \
		    'cp ../begun file; exec "$1" -l -j3 -o file --resume <../in' \
		    - "$FAULT"
	done
}

@test "no memory: records of JSON, with a template and files" {
	local fn
	begin
	check_fault() { check_output; }
	jq -Rc '{name: ., id: "x"}' ../in >../json
	for fn in malloc calloc realloc; do
		sweep "$fn" '0 71' "$BASH" -c \
		    '"$1" -a -j3 "{name}" <../json' - "$FAULT"
	done
}

@test "failing system calls: results on standard output" {
	local fn statuses
	begin
	check_fault() { check_output; }
	while read -r fn statuses; do
		sweep "$fn" "$statuses" "$BASH" -c '"$1" -l -j3 <../in' - \
		    "$FAULT"
	done <<-'E'
	read 0 66
	write 74
	openat 0 71
	close 0 74
	fstat 0
	fcntl 0
	pwrite 0
	poll 0 71
	epoll_create1 71
	epoll_ctl 71
	timerfd_create 71
	E
}

@test "failing system calls: results in a file, with --resume" {
	local fn statuses
	begin_file
	STEP=1
	check_fault() { check_file; }
	while read -r fn statuses; do
		sweep "$fn" "$statuses" "$BASH" -c \
		    'cp ../begun file; exec "$1" -l -j3 -o file --resume <../in' \
		    - "$FAULT"
	done <<-'E'
	read 0 66 74
	write 0 74
	openat 0 71
	open 0 71
	close 0 74
	fstat 0 66 73
	fcntl 0
	fsync 0 74
	ftruncate 74
	lseek 0 66
	rename 0
	pwrite 0
	poll 0 71
	pipe2 71
	pthread_create 71
	epoll_create1 71
	epoll_ctl 71
	timerfd_create 71
	E
}

@test "few descriptors: status 71 and one line, or success" {
	local n
	[ -z "${SAN-}" ] || skip 'a sanitizer needs descriptors, too'
	begin
	for n in 6 8 9 10 11 12 13 14 15 16 17 18 19 20 28 64; do
		forget
		rm -f file
		run --separate-stderr bash -c \
		    'for ((n = 3; n < 20; n++)); do exec {n}>&-; done
		    exec <../in; ulimit -n $1
		    exec "$2" --quiet -l -o file' - "$n" \
		    "$BUILD/gm-prompt"
		[ -z "$output" ]
		if [ "$status" -eq 0 ]; then
			[ -z "$stderr" ]
			answers file
			[ "$N" -eq 6 ]
			continue
		fi
		echo "$n: $status $stderr"
		[ "${#stderr_lines[@]}" -eq 1 ]
		[ "$status" -eq 71 ]
		[[ $stderr == "gm-prompt: "* ]]
	done
	[ "$status" -eq 0 ]
}

@test "a stack of 64 KiB, as a soft and as a hard limit" {
	local how
	[ -z "${SAN-}" ] || skip 'with a sanitizer the frames are larger'
	begin_file
	for how in -Ss -s; do
		cp ../begun file
		run -0 --separate-stderr bash -c 'ulimit "$1" 64
		    exec gm-prompt -l -o file --resume <../in' - "$how"
		[ -z "$output$stderr" ]
		answers file
		[ "$N" -eq 6 ]
		run -0 --separate-stderr bash -c 'ulimit "$1" 64
		    exec gm-prompt -l <../in' - "$how"
		[ -z "$stderr" ]
		printf '%s\n' "$output" >../got
		answers ../got
		[ "$N" -eq 6 ]
	done
}

@test "closed descriptors: no file gets their numbers" {
	begin
	gm-prompt -l -o file <../in >&- 2>&-
	answers file
	[ "$N" -eq 6 ]
	run -74 --separate-stderr bash -c 'exec gm-prompt -l <../in >&-'
	[ "$stderr" = 'gm-prompt: standard output: Bad file descriptor' ]
	# Closed input has no records.
	run -0 --separate-stderr bash -c 'exec gm-prompt -l -o other <&-'
	[ -z "$output$stderr" ]
	[ -f other ] && [ ! -s other ]
	run -65 --separate-stderr bash -c \
	    'exec gm-prompt -l --require-stdin -o other <&-'
	[ "$stderr" = 'gm-prompt: standard input: no records' ]
	bash -c 'exec gm-prompt -l -o file --resume <../in <&- >&- 2>&-'
	answers file
	[ "$N" -eq 6 ]
}
