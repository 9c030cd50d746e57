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
