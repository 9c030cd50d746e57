#!/bin/sh
# draw.sh BUILD: draw the pictures in this directory, from a run of the demo and
# from the measurements in *.tsv; called by "make pictures".  Needs gnuplot and
# python3.
set -eu
build=$(cd "${1:?"usage: draw.sh BUILD"}" && pwd)
cd "$(dirname "$0")"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

python3 -B demo.py "$build" >"$dir/demo.svg"
for plot in start rate memory; do
	gnuplot -c plots.gp "$plot.tsv" "$dir/$plot"
	# Drop the version of gnuplot, which readers do not need.
	sed '/^<desc>Produced by GNUPLOT/d; /^<title>/d; s/ *$//' "$dir/$plot" \
	    >"$dir/$plot.svg"
done
for picture in "$dir"/*.svg; do
	cat "$picture" >"${picture##*/}"
done
