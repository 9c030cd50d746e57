#!/usr/bin/env bats
# kill -9, repeatedly: no answer is paid for twice.

# shellcheck disable=SC2154 # gm sets rc
load summ

# "make torture" sets more kills than "make check".
KILLS=${KILLS:-6}

# kept: print the facts whose answers are cached.
kept() {
	cat "$HOME"/.cache/gm/summaries/*/* 2>/dev/null | markers -a |
	    LC_ALL=C sort -u
}

# only_new: check that the last run sent none of the facts in "known".
only_new() {
	sent '.[].texts[]' | markers | LC_ALL=C sort >asked
	[ -z "$(LC_ALL=C comm -12 known asked)" ] || {
		echo "paid for again: $(LC_ALL=C comm -12 known asked)"
		return 1
	}
}

# killed N: run, and kill the run after N requests.
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

@test "kill -9: the next run pays only for missing answers" {
	local n
	serve
	for ((n = 1; n <= 40; n++)); do
		printf 'Fact %d ⟦F%03d⟧.\n' "$n" "$n" >"$n"
	done
	for ((n = 0; n < KILLS; n++)); do
		killed $((RANDOM % 6 + 1))
	done
	# Only requests in flight at a kill were sent twice.
	[ "$(requests)" -le $((40 + 4 * KILLS)) ]
	kept >known
	summ -j4 $(seq 40)
	[ "$rc" -eq 0 ]
	same err ''
	only_new
	tried $((40 - $(wc -l <known)))
	same <(markers out) "$(all_markers 40)
"
	# No answer is damaged.
	summ -j4 $(seq 40)
	[ "$rc" -eq 0 ]
	tried 0
}
