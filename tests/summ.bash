# Loaded by the tests of gm-summ: run it, and look at what it has requested.

# shellcheck disable=SC2034 # what is set here is for the tests

load helper

VERSION=$(cat "$ROOT/VERSION")
rc=0
BEFORE=0

# replies: start the server with the script on standard input.
replies() {
	script
	serve
}

# play: from now on the script on standard input, whatever was left of others.
play() {
	cat >"$DIR/script.new"
	mv "$DIR/script.new" "$DIR/script.json"
}

# gm [argument...]: run gm-summ, which knows nothing of keys from earlier runs,
# but has their cache; what it says goes to the files "out" and "err", its status
# to $rc.  Standard input is the caller's.  Requests count from here.
gm() {
	rc=0
	forget
	BEFORE=$(requests)
	hurried timeout 60 gm-summ "$@" >out 2>err || rc=$?
}

# summ [argument...]: the same with nothing on standard input.
summ() {
	gm "$@" </dev/null
}

# said STATUS STDOUT STDERR: that, to the byte.
said() {
	if [ "$rc" -ne "$1" ]; then
		echo "status $rc in place of $1"
		head -c 2000 out err
		return 1
	fi
	same out "$2" && same err "$3"
}

# failed STATUS LINE: nothing on standard output, and this line of error.
failed() {
	said "$1" '' "gm-summ: $2
"
}

# usage TEXT: a usage error with this text, and nothing was sent.
usage() {
	said 64 '' "gm-summ: $1
Try 'gm-summ --help'.
" && tried 0
}

# tried N: so many requests since the last run began.
tried() {
	local n=$(($(requests) - BEFORE))
	[ "$n" -eq "$1" ] || {
		echo "$n requests in place of $1"
		return 1
	}
}

# prose BYTES MARKERS: see summ.py.
prose() {
	python3 -B "$ROOT/tests/summ.py" text "$@"
}

# sent FILTER: the requests of the last run as jq(1) shows them, raw, all in a
# list; see summ.py.
sent() {
	python3 -B "$ROOT/tests/summ.py" requests "$DIR" $((BEFORE + 1)) |
	    jq -rs "$1"
}

# markers [FILE]: all in it, in their order, one a line.
markers() {
	grep -o '⟦[^⟧]*⟧' "$@" || :
}

# all_markers N: those of prose.
all_markers() {
	seq -f '⟦F%03g⟧' "$1"
}

# terminal [option...] COMMAND...: see pty.py.
terminal() {
	python3 -B "$ROOT/tests/pty.py" "$@"
}
