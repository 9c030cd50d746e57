#!/bin/sh
# Build the fuzzers with clang, and run each for SECONDS.
#
#	tests/fuzz/run.sh SECONDS [NAME...]
#
# The corpus grows from run to run in $BUILD/fuzzers/corpus; tests/fuzz/corpus has
# the seeds.  An input that breaks a property is saved as $BUILD/fuzzers/NAME-crash-*;
# run NAME with that file to see the failure.
set -eu

cd "$(dirname "$0")/../.."
seconds=${1:-30}
[ $# -eq 0 ] || shift
dir=${BUILD:-build}/fuzzers
flags="-std=c11 -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all
    -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -DGM_SANITIZED -Ilib -Itools"
version=$(cat VERSION)

[ $# -gt 0 ] || set -- tests/fuzz/*.c
rm -rf "${dir:?}/lib" "$dir/tools" "$dir/libgm.a"
for source in lib/*.c lib/*/*.c tools/gm-summ/border.c \
    tools/gm-summ/chunk.c; do
	object=$dir/${source%.c}.o
	mkdir -p "$(dirname "$object")"
	# shellcheck disable=SC2086 # the flags are words
	clang $flags -DGM_VERSION="\"$version\"" \
	    -fsanitize=fuzzer-no-link,address,undefined \
	    -c -o "$object" "$source"
done
find "$dir/lib" "$dir/tools" -name "*.o" -exec ar qcD "$dir/libgm.a" {} +

echo "1..$#"
failed=0
i=0
for name; do
	i=$((i + 1))
	name=$(basename "$name" .c)
	# shellcheck disable=SC2086
	clang $flags -fsanitize=fuzzer,address,undefined -o "$dir/$name" \
	    "tests/fuzz/$name.c" "$dir/libgm.a" -lmd -lcurl
	mkdir -p "$dir/corpus/$name"
	seeds=tests/fuzz/corpus/$name
	[ -d "$seeds" ] || seeds=
	if "$dir/$name" -max_total_time="$seconds" -timeout=10 \
	    -print_final_stats=1 -artifact_prefix="$dir/$name-" \
	    "$dir/corpus/$name" ${seeds:+"$seeds"} >"$dir/$name.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' \
		    "$dir/$name.log")
		echo "ok $i - fuzz $name, $runs inputs in $seconds s"
	else
		failed=$((failed + 1))
		echo "not ok $i - fuzz $name"
		tail -n 40 "$dir/$name.log" | sed 's/^/# /'
	fi
done
[ "$failed" -eq 0 ]
