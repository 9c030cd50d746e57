#!/bin/sh
# draw.sh BUILD: draw the pictures in this directory, from a run of the demo;
# called by "make pictures".  Needs python3.
set -eu
build=$(cd "${1:?"usage: draw.sh BUILD"}" && pwd)
cd "$(dirname "$0")"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

python3 -B demo.py "$build" >"$dir/demo.svg"
for picture in "$dir"/*.svg; do
	cat "$picture" >"${picture##*/}"
done
