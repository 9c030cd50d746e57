#!/usr/bin/env bats
# The file of a batch: who may write to it, what is in it after an interruption,
# and what another run makes of it.

load prompt

# torture SCENARIO...: see tests/torture/batch.py.
torture() {
	python3 -B "$ROOT/tests/torture/batch.py" "$@"
}

@test "kill -9 at any moment: each record once, none that has a line again" {
	torture kills 300 6
}

@test "a power cut: the last second is lost at most" {
	torture drops 300 3
}

@test "storms, cuts and dying keys: each record is answered once" {
	torture storms 200
}
