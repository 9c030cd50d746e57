#!/bin/sh
# run.sh SECONDS: run keys.c with 64 processes for SECONDS (60), then batches and
# summaries that are killed, or in which each call fails; called by "make torture".
# Environment: BUILD.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-$PWD/build}
export BUILD

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP

"$BUILD/torture/keys" storm "$dir/storm" 64 0 "${1:-60}"
"$BUILD/torture/keys" pace "$dir/pace" 64 500
python3 -B tests/torture/batch.py kills 2000 50
python3 -B tests/torture/batch.py drops 4000 10
python3 -B tests/torture/batch.py rewrites 1000 50
python3 -B tests/torture/batch.py window 2000 65536
python3 -B tests/torture/batch.py window 12000 0
python3 -B tests/torture/batch.py storms 5000
RECORDS=5000 bats tests/resume.bats -f 'three keys'
EACH_CALL=yes bats tests/batch_faults.bats tests/summ-sweep.bats
KILLS=30 bats tests/summ-kill.bats
