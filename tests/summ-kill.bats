#!/usr/bin/env bats
# kill -9, again and again: what has its answer is paid for once.

# shellcheck disable=SC2154 # gm sets rc
load summ

# "make torture" kills more often than "make check".
KILLS=${KILLS:-6}

# kept: the facts whose answers are in the cache.
kept() {
	cat "$HOME"/.cache/gm/summaries/*/* 2>/dev/null | markers -a |
	    LC_ALL=C sort -u
}

# only_new: the requests of the last run are about none of the facts in "known".
only_new() {
	sent '.[].texts[]' | markers | LC_ALL=C sort >asked
	[ -z "$(LC_ALL=C comm -12 known asked)" ] || {
		echo "paid for again: $(LC_ALL=C comm -12 known asked)"
		return 1
	}
}

# killed N: run, and kill it once the server has had N requests of it.
killed() {
	forget
	kept >known
	BEFORE=$(requests)
	gm-summ -j4 $(seq 40) >/dev/null 2>err &
	wait_for "[ \$(requests) -ge $((BEFORE + $1)) ] || ! kill -0 $! 2>/dev/null"
	kill -9 $! 2>/dev/null || :
	wait $! 2>/dev/null || :
	only_new
}

@test "kill -9: the next run pays only for what was not finished" {
	local n
	serve
	for ((n = 1; n <= 40; n++)); do
		printf 'Fact %d ⟦F%03d⟧.\n' "$n" "$n" >"$n"
	done
	for ((n = 0; n < KILLS; n++)); do
		killed $((RANDOM % 6 + 1))
	done
	# Besides those in flight at a kill, none was requested twice.
	[ "$(requests)" -le $((40 + 4 * KILLS)) ]
	kept >known
	summ -j4 $(seq 40)
	[ "$rc" -eq 0 ]
	same err ''
	only_new
	tried $((40 - $(wc -l <known)))
	same <(markers out) "$(all_markers 40)
"
	# None of the answers is damaged.
	summ -j4 $(seq 40)
	[ "$rc" -eq 0 ]
	tried 0
}
