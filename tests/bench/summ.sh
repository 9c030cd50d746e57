#!/bin/bash
# Measure gm-summ: a large text, many files, and one of them changed.
# Environment: BUILD; RUNS, rounds (5).  Needs python3.  Never fails because of a
# figure: machines differ, and tests must not depend on speed.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-$PWD/build}
RUNS=${RUNS:-5}
export PATH=$BUILD:$BUILD/bench:$PATH

# shellcheck source=tests/bench/servers.bash
. tests/bench/servers.bash
: >"$dir/env"

python3 -B tests/summ.py text 1048576 20 >"$dir/1m"
for ((n = 0; n < 100; n++)); do
	echo "## Copy $n"
	cat "$dir/1m"
done >"$dir/100m"
mkdir "$dir/many"
for ((n = 1; n <= 1000; n++)); do
	echo "Report $n: the bridge was repaired." >"$dir/many/$n"
done
find "$dir/many" -type f -print0 >"$dir/list"
head -z -n 100 "$dir/list" >"$dir/list.100"

origin 0
echo "Chunks and estimate of 100 MiB (at least 100 MiB/s), and its summary"
timeit "$RUNS" "--estimate" "exec gm-summ --estimate '$dir/100m'" \
    wall=1000 peak=64
timeit 1 "summary, -j8" "exec gm-summ --no-cache '$dir/100m'" peak=64

echo
echo "100 small files, -j8"
timeit "$RUNS" per=100 "gm-summ" \
    "exec gm-summ --no-cache --files0-from '$dir/list.100'" \
    "xargs -P8 gm-prompt" \
    "exec xargs -0 -P8 -n1 gm-prompt Summarise -f <'$dir/list.100'" \
    cpu-ratio=0.2

echo
echo "1 of 1,000 files changed (1 request)"
gm-summ --files0-from "$dir/list" >"$dir/out"
echo "Report 500: the bridge has fallen." >"$dir/many/500"
gm-summ --files0-from "$dir/list" --log-file "$dir/log" >"$dir/out"
printf '%-34s %10d requests\n' "gm-summ" "$(($(wc -l <"$dir/log") - 1))"
