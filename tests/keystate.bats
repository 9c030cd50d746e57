# The key state in the hands of many processes, scaled down: "make torture" has
# more of them, for longer.

load helper

@test "what was saved outlives kill -9, and the file is always whole" {
	run --separate-stderr "$BUILD/torture/keys" storm state 8 40 0
	[ "$status" -eq 0 ]
	[[ $output == "40 kills, "*" marks, none lost" ]]
	# A slow disk may keep somebody waiting; nothing else may be told.
	run grep -v 'keys.lock: locked for too long' <<<"$stderr"
	refute_output --regexp .
}

@test "no reservation is lost, none is given twice" {
	run --separate-stderr "$BUILD/torture/keys" pace state 16 200
	[ "$status" -eq 0 ]
	[ "$output" = "3200 places, each given once" ]
	[ -z "$stderr" ]
}

@test "the directory and its files are for their owner alone" {
	(umask 0 && "$BUILD/torture/keys" pace new/parent/state 2 2)
	run bash -c 'find new -printf "%m %p\n" | sort'
	assert_output - <<-E
	600 new/parent/state/keys
	600 new/parent/state/keys.lock
	600 new/parent/state/salt
	700 new
	700 new/parent
	700 new/parent/state
	E
}

@test "one lock: where flock is a range lock, as on NFS, none blocks itself" {
	local nfs=$BATS_TEST_TMPDIR/nfs.so
	cc -shared -fPIC -O1 -o "$nfs" "$ROOT/tests/fault/nfs.c"
	export GOOGLE_API_KEYS=$GOOD_KEY,fake-good-key-0002 GM_STATE_DIR=state
	run --separate-stderr env LD_PRELOAD="$nfs" \
	    ASAN_OPTIONS=verify_asan_link_order=0 "$BUILD/gm-rotate"
	[ "$status" -eq 0 ]
	[ "$output" = 1 ]
	[ -z "$stderr" ]
	run --separate-stderr "$BUILD/gm-rotate" --peek
	[ "$output" = 1 ]
}

@test "a stopped process that waits for the lock is in nobody's way" {
	local waiter
	export GOOGLE_API_KEYS=$GOOD_KEY,fake-good-key-0002 GM_STATE_DIR=state
	"$BUILD/gm-rotate" --reset
	hold state/keys.lock
	"$BUILD/gm-rotate" >a 2>b 3>&- &
	waiter=$!
	SERVERS+=("$waiter")
	wait_for "readlink /proc/$waiter/fd/* | grep -q keys.lock"
	# It has tried in vain once it sleeps between two tries.
	wait_for "grep -q '^State:.*sleeping' /proc/$waiter/status"
	kill -STOP "$waiter"
	release
	run --separate-stderr "$BUILD/gm-rotate"
	kill -CONT "$waiter"
	[ "$status" -eq 0 ]
	[ "$output" = 1 ]
	[ -z "$stderr" ]
	wait "$waiter"
	[ "$(cat a b)" = 0 ]
}
