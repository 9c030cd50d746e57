# Loaded by the tests of faults: each call that can fail is made to fail, one
# after the other, until a run has no such call any more.

# shellcheck disable=SC2034,SC2154 # what is set here is for the tests, or by run

load helper

# sweep FUNCTION STATUSES COMMAND...: fail its 1st, 2nd ... call, or only each
# STEP-th of them.  STATUSES are those that a fault may lead to, 0 only where the
# answer is whole all the same.
sweep() {
	local fn=$1 allowed=$2 n
	shift 2
	for ((n = 1; n <= 400; n += ${STEP:-1})); do
		rm -rf out
		[ -z "${FRESH:-}" ] || forget
		GM_FAULT=$fn:$n run --separate-stderr timeout 60 "$@"
		if [[ $stderr != *"gm-fault: $fn $n"* ]]; then
			break
		fi
		case " $allowed " in
		*" $status "*) ;;
		*)
			echo "$fn $n: status $status: $output $stderr"
			return 1
			;;
		esac
		if [[ $output$stderr == *"$GOOD_KEY"* ]]; then
			echo "$fn $n: shows the key"
			return 1
		fi
		if [ "$status" -eq 71 ] && [[ $fn == *alloc ]] &&
		    ! grep -Eq '^gm-[a-z]+: (.*: )?out of memory( \((HTTP [0-9]+, )?local\))?$' <<<"$stderr"; then
			echo "$fn $n: does not say so: $stderr"
			return 1
		fi
		check_fault || return 1
	done
	echo "$fn: $((n - 1)) calls"
	if [ "$n" -eq 1 ] || [ "$n" -gt 400 ]; then
		echo "$fn: none, or too many to try"
		return 1
	fi
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}

ANSWER="Forty-two."

# With status 0 the answer is whole; else there is one line of error beside
# the marker, and nothing or the answer on standard output.
check_fault() {
	if [ "$status" -eq 0 ]; then
		[ "$output" = "$ANSWER" ] && return
		echo "status 0, but: $output"
		return 1
	fi
	if [ "${#stderr_lines[@]}" -ne 2 ]; then
		echo "status $status, not one line: $stderr"
		return 1
	fi
	[ -z "$output" ] || [ "$output" = "$ANSWER" ] && return
	echo "status $status, half an answer: $output"
	return 1
}

# The same, with the answer in a file that is there whole or not at all; a
# whole answer that cannot get its name stays under the one that the error tells.
check_fault_file() {
	local content='' kept=''
	if [[ $stderr =~ \;\ the\ output\ is\ in\ (.*)$ ]]; then
		kept=${BASH_REMATCH[1]}
		if [ "$status" -ne 74 ] || [ "$(cat "$kept")" != "$ANSWER" ]; then
			echo "not kept: $kept"
			return 1
		fi
		rm "$kept"
	fi
	[ -e out ] && content=$(cat out)
	[ "$(ls -A)" = "$([ -e out ] && echo out)" ] || {
		echo "litter: $(ls -A)"
		return 1
	}
	[ -z "$content" ] || [ "$content" = "$ANSWER" ] || {
		echo "half an answer: $content"
		return 1
	}
	[ "$status" -ne 0 ] || [ "$content" = "$ANSWER" ]
}

# The same for a file in a directory where nothing can be written aside.
check_fault_in_place() {
	local want=old
	[ "$status" -ne 0 ] || want=$ANSWER
	if [ "$(cat dir/file)" != "$want" ] || [ "$(ls -A dir)" != file ]; then
		echo "status $status, but:" dir/* "$(cat dir/*)"
		return 1
	fi
	echo old >dir/file
}

start() {
	script <<-E
	[{"stream": ["Forty", "-two."], "repeat": -1,
	  "grounding": {"groundingChunks": [
	    {"web": {"uri": "https://example.org/", "title": "x"}}]}}]
	E
	serve --no-record
	FAULT=$BUILD/fault/gm-prompt
}

# start_plain: an answer of which nothing is told on standard error.
start_plain() {
	script <<<'[{"stream": ["Forty", "-two."], "repeat": -1}]'
	serve --no-record
	FAULT=$BUILD/fault/gm-prompt
}
