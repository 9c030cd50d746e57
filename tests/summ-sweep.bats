#!/usr/bin/env bats
# A summary in which each call of a function fails in turn: a documented status,
# one line for each failure, and only whole summaries of whole texts.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2034,SC2317 # sweep uses FRESH and STEP, calls check_fault
load summ
load sweep

# "make torture" lets each call fail, "make check" a part of them.
[ -n "${EACH_CALL:-}" ] || STEP=11

# begin: start the service; make a text in parts and a short one, and their
# summaries.
begin() {
	FRESH=1
	serve --no-record
	FAULT=$BUILD/fault/gm-summ
	prose 20000 4 >../text
	echo 'One ⟦F101⟧.' >../short
	gm-summ --chunk-tokens 2000 -w 1000 ../text ../short >../whole
	gm-summ -w 1000 ../short >../one
	[ "$(markers ../whole | wc -l)" -eq 5 ]
	rm -rf "$HOME/.cache"
}

# check_fault: check that each summary on standard output is whole.
check_fault() {
	rm -rf "$HOME/.cache"
	printf '%s' "${output:+$output$'\n'}" >../got
	if cmp -s ../got ../whole; then
		return 0
	fi
	[ "$status" -ne 0 ] || {
		echo "status 0, but: $output"
		return 1
	}
	[ -s ../got ] || return 0
	# One of the two, with its header and all of its facts.
	local facts=4
	if grep -q short ../got; then
		facts=1
	fi
	if [ "$(grep -c '^==> ' ../got)" -ne 1 ] ||
	    [ "$(markers ../got | wc -l)" -ne "$facts" ]; then
		echo "status $status, half a summary: $output"
		return 1
	fi
}

@test "no memory: a text in parts, and a short one" {
	local fn
	begin
	for fn in malloc calloc realloc; do
		sweep "$fn" '0 1 71' "$FAULT" --chunk-tokens 2000 -w 1000 -j3 \
		    ../text ../short
	done
}

@test "failing system calls: a text in parts, and a short one" {
	local fn statuses
	begin
	STEP=1
	while read -r fn statuses; do
		sweep "$fn" "$statuses" "$FAULT" --chunk-tokens 2000 -w 1000 \
		    -j3 ../text ../short
	done <<-'E'
	read 0
	write 0 74
	pread 0 1
	openat 0 1 71
	close 0 74
	fstat 0 1
	fcntl 0 1 71
	renameat 0
	poll 0 71
	epoll_create1 71
	epoll_ctl 71
	timerfd_create 71
	E
}
