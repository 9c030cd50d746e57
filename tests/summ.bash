# Functions for the tests of gm-summ: run it, and look at its requests.

# shellcheck disable=SC2034 # what is set here is for the tests

load helper

VERSION=$(cat "$ROOT/VERSION")
rc=0
BEFORE=0

# replies: start the server with the script from standard input.
replies() {
	script
	serve
}

# play: replace the script by the one from standard input.
play() {
	cat >"$DIR/script.new"
	mv "$DIR/script.new" "$DIR/script.json"
}

# gm [argument...]: run gm-summ with the caller's standard input, without key
# state but with the cache of earlier runs.  Its output goes to the files "out"
# and "err", its status to $rc.  tried and sent count requests from here.
gm() {
	rc=0
	forget
	BEFORE=$(requests)
	hurried timeout 60 gm-summ "$@" >out 2>err || rc=$?
}

# summ [argument...]: run gm-summ with empty standard input.
summ() {
	gm "$@" </dev/null
}

# said STATUS STDOUT STDERR: compare the last run, to the byte.
said() {
	if [ "$rc" -ne "$1" ]; then
		echo "status $rc in place of $1"
		head -c 2000 out err
		return 1
	fi
	same out "$2" && same err "$3"
}

# failed STATUS LINE: check for empty standard output and this error line.
failed() {
	said "$1" '' "gm-summ: $2
"
}

# usage TEXT: check for a usage error with this text, and no request.
usage() {
	said 64 '' "gm-summ: $1
Try 'gm-summ --help'.
" && tried 0
}

# tried N: check that the last run sent N requests.
tried() {
	local n=$(($(requests) - BEFORE))
	[ "$n" -eq "$1" ] || {
		echo "$n requests in place of $1"
		return 1
	}
}

# prose BYTES MARKERS: print a text with facts; see summ.py.
prose() {
	python3 -B "$ROOT/tests/summ.py" text "$@"
}

# sent FILTER: print what jq(1) makes of the list of requests of the last run; see
# summ.py.
sent() {
	python3 -B "$ROOT/tests/summ.py" requests "$DIR" $((BEFORE + 1)) |
	    jq -rs "$1"
}

# markers [FILE]: print all markers in order, one on a line.
markers() {
	grep -o '⟦[^⟧]*⟧' "$@" || :
}

# all_markers N: print the markers of prose.
all_markers() {
	seq -f '⟦F%03g⟧' "$1"
}

# terminal [option...] COMMAND...: run it on a terminal; see pty.py.
terminal() {
	python3 -B "$ROOT/tests/pty.py" "$@"
}
