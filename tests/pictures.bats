# The pictures of README: their content and its sources.

load helper

PICTURES=$ROOT/tests/pictures

# texts FILE: print the texts of a picture, in their order, each on a line.
texts() {
	python3 -c 'import sys
import xml.etree.ElementTree as tree
for e in tree.parse(sys.argv[1]).iter("{http://www.w3.org/2000/svg}text"):
    print("".join(e.itertext()).strip())' "$1"
}

@test "README shows each picture, and no other" {
	grep -oE '\]\([^)]*\.svg\)' "$ROOT/README.md" |
	    sed 's/^](tests.pictures.//; s/)$//' | sort >shown
	(cd "$PICTURES" && printf '%s\n' *.svg) >there
	diff there shown
	[ -s there ]
}

@test "pictures load no other file, run no script and are small" {
	local picture

	for picture in "$PICTURES"/*.svg; do
		[ "$(stat -c %s "$picture")" -lt 50000 ]
		run ! grep -niE '<!(DOCTYPE|ENTITY)|<\?xml-|url\(|@import|@font-face' \
		    "$picture"
		run ! grep -nE '/(home|root|tmp|work)/|AIza' "$picture"
		python3 - "$picture" <<-'END'
			import sys
			import xml.etree.ElementTree as tree

			SVG = "{http://www.w3.org/2000/svg}"
			banned = {SVG + name for name in (
			    "script foreignObject image feImage iframe a set "
			    "animate").split()}
			for element in tree.parse(sys.argv[1]).iter():
			    assert element.tag.startswith(SVG), element.tag
			    assert element.tag not in banned, element.tag
			    for name, value in element.attrib.items():
			        assert not name.startswith("on"), name
			        if name.endswith("href"):
			            assert value.startswith("#"), value
		END
	done
}

@test "demo.svg shows each scene of the demo, in its order" {
	texts "$PICTURES/demo.svg" | sed -n 's/^== //p' >shown
	sed -n "s/^\t*title '\(.*\)'$/\1/p" "$ROOT/tests/demo/demo.sh" >scenes
	[ -s scenes ]
	diff scenes shown
	texts "$PICTURES/demo.svg" | grep -q '^\.\.\.0003 ok'
	run ! grep -E '127\.0\.0\.1:[0-9]|[0-9:]{8}Z' "$PICTURES/demo.svg"
}

@test "demo.svg shows one frame at any time, and the first without animation" {
	python3 - "$PICTURES/demo.svg" <<-'END'
		import re
		import sys

		text = open(sys.argv[1]).read()
		frames = re.findall(r'<g style="opacity: (\d); '
		                    r'animation: f(\d+) ([\d.]+)s step-end infinite">',
		                    text)
		assert [f[0] for f in frames] == ["1"] + ["0"] * (len(frames) - 1)
		assert [int(f[1]) for f in frames] == list(range(len(frames)))
		assert len({f[2] for f in frames}) == 1
		steps = []
		for rule in re.findall(r"@keyframes f\d+ \{(.*)\}", text):
		    rule = rule.replace("from", "0%").replace("to ", "100% ")
		    steps.append([(float(at), int(value)) for at, value in re.findall(
		        r"([\d.]+)% \{ opacity: (\d) \}", rule)])
		assert len(steps) == len(frames)
		seen = []
		for time in range(1000):
		    now = [[value for at, value in s if at <= time / 10][-1]
		           for s in steps]
		    assert sum(now) == 1, time
		    if now.index(1) not in seen:
		        seen.append(now.index(1))
		assert seen == list(range(len(frames))), seen
	END
}

@test "two runs in different directories draw the same demo" {
	python3 -B "$PICTURES/demo.py" "$BUILD" >one
	mkdir tmp
	(cd / && TMPDIR=$BATS_TEST_TMPDIR/work/tmp NO_COLOR=1 \
	    GOOGLE_API_KEYS=fake-leaked-key-0009 \
	    python3 -B "$PICTURES/demo.py" "$BUILD") >two
	cmp one two
	[ -z "$(ls tmp)" ]
}

@test "a demo that fails is not drawn" {
	mkdir broken
	printf '#!/bin/sh\nexit 1\n' >broken/gm-prompt
	chmod +x broken/gm-prompt
	run ! python3 -B "$PICTURES/demo.py" broken
	assert_output --partial 'demo.py: the demo failed'
}

@test "measurements say when and where they were made" {
	local data

	for data in "$PICTURES"/*.tsv; do
		[ -f "${data%.tsv}.svg" ]
		head -n 1 "$data" | grep -qE \
		    '^# 20[0-9]{2}-[0-9]{2}-[0-9]{2}, [0-9]+ cores, [a-z0-9_]+; '
		# Each row has a number for each column.
		awk -F '\t' 'NR == 2 { n = NF } NR > 2 {
			if (NF != n)
				exit 1
			for (i = 2; i <= NF; i++)
				if ($i !~ /^[0-9]+(\.[0-9])?$/)
					exit 1
		}' "$data"
	done
}

@test "the plots show the measurements" {
	local name

	for name in start rate memory; do
		texts "$PICTURES/$name.svg" | sort -u >"$name"
	done
	tail -n +3 "$PICTURES/rate.tsv" | cut -f 1,2 | tr '\t' '\n' | sort -u |
	    comm -23 - rate >missing
	tail -n +3 "$PICTURES/start.tsv" | tr '\t' '\n' | sort -u |
	    comm -23 - start >>missing
	tail -n 1 "$PICTURES/memory.tsv" | cut -f 2,4 | tr '\t' '\n' | sort -u |
	    comm -23 - memory >>missing
	same missing ''
	# The plots name the units.
	grep -qx milliseconds start
	grep -qx 'records per second' rate
	grep -qx MiB memory
}
