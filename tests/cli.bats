# What all tools promise of their command line.  The tools are those of
# tools/*/main.c, their options those that they list themselves: one that is added
# is tested without a change here.

load helper

TOOLS=()
for source in "$ROOT"/tools/*/main.c; do
	source=${source%/main.c}
	TOOLS+=("${source##*/}")
done

# each FUNCTION: call it for every tool, say for which one it failed.
each() {
	local tool

	[ ${#TOOLS[@]} -gt 0 ]
	for tool in "${TOOLS[@]}"; do
		"$1" "$tool" || {
			echo "with $tool"
			return 1
		}
	done
}

# try COMMAND...: its words in "out" and "err", its status in $rc; there is
# nothing on its standard input.
try() {
	rc=0
	"$@" >out 2>err </dev/null || rc=$?
}

# closing FDS COMMAND...: run it without these descriptors.
closing() {
	local fd fds=$1

	shift
	for fd in $fds; do
		eval "exec $fd>&-"
	done
	exec "$@"
}

# said STATUS STDOUT STDERR: that, to the byte.
said() {
	[ "$rc" -eq "$1" ] || {
		echo "status $rc in place of $1"
		cat err
		return 1
	}
	same out "$2" && same err "$3"
}

# usage TOOL TEXT: the two lines of a usage error.
usage() {
	said 64 '' "$1: $2
Try '$1 --help'.
"
}

# with_argument TOOL, flags TOOL: "LETTER NAME" of such options.
with_argument() {
	"$1" --gm-options | awk -F '\t' '$3 != "-" { print $1, $2 }'
}

flags() {
	"$1" --gm-options | awk -F '\t' '$3 == "-" { print $1, $2 }'
}

# rows ["common"]: the lines of the help text for the rows of "options", all or
# the common ones, after a heading for each group.
rows() {
	local letter name arg help group mark start last=''

	while IFS=$'\t' read -r letter name arg help group mark; do
		[ "${1-common}" = "$mark" ] || [ -z "${1-}" ] || continue
		[ "$group" = "$last" ] || echo "$group:"
		last=$group
		[ "$letter" = - ] && start="      --$name" ||
			start="  -$letter, --$name"
		[ "$arg" = - ] || start+=" $arg"
		if [ ${#start} -lt 28 ]; then
			printf '%-28s%s\n' "$start" "$help"
		else
			printf '%s\n%28s%s\n' "$start" '' "$help"
		fi
	done <options
}

# is_help TOOL FILE: usage, description, the lines of "want", an example of the
# tool; at most 80 columns.
is_help() {
	local lines

	grep -q "^Usage: $1 \[options\]" "$2" || return
	sed -n 2p "$2" | grep -q '^[A-Z].*\.$' || return
	sed -n '/^[A-Z][a-z ]*:$/,/^Example:$/p' "$2" | grep -v '^$' >got
	lines=$(wc -l <got)
	head -n "$((lines - 1))" got | diff want - || return
	sed -n '/^Example:$/{n;p}' "$2" | grep -q "^  .*\b$1 " || return
	[ -z "$(awk 'length > 80' "$2")" ]
}

helps() {
	"$1" --gm-options >options || return
	[ -s options ] || return
	try "$1" --help
	[ "$rc" -eq 0 ] && same err '' || return
	mv out help
	rows common >want
	is_help "$1" help || return
	[ "$(wc -l <help)" -le 40 ] || return
	tail -n 1 help | grep -qF "$1 --help all" || return
	tail -n 1 help | grep -qF "man $1, man 7 gm" || return
	try "$1" -h
	said 0 "$(cat help)"$'\n' ''
}

@test "-h, --help: the common options by group, at most 40 lines" {
	each helps
}

helps_with_all() {
	local words

	"$1" --gm-options >options || return
	try "$1" --help all
	[ "$rc" -eq 0 ] && same err '' || return
	mv out help
	rows >want
	is_help "$1" help || return
	for words in '-hh' '-h -h' '--help=all' 'all -h' '-h all' \
	    '--help --help' '-h -- all'; do
		# shellcheck disable=SC2086 # they are words
		try "$1" $words
		said 0 "$(cat help)"$'\n' '' || return
	done
	try "$1" --help all all
	[ "$rc" -eq 0 ] && ! diff -q help out >/dev/null || return
	try "$1" --help=some
	usage "$1" '--help: not all'
}

@test "--help all, --help=all, -hh: every option by group" {
	each helps_with_all
}

tells_version() {
	try "$1" --version
	said 0 "$1 $(cat "$ROOT/VERSION")"$'\n' '' || return
	try "$1" -V
	said 0 "$1 $(cat "$ROOT/VERSION")"$'\n' ''
}

@test "-V, --version" {
	each tells_version
}

needs_nothing() {
	try env -i "$BUILD/$1" --help
	[ "$rc" -eq 0 ] && [ -s out ] && same err '' || return
	try env -i GM_TIMEOUT=nonsense GM_ENV_FILE=/absent HOME=/absent \
	    "$BUILD/$1" --version
	[ "$rc" -eq 0 ] && same err ''
}

@test "help and version need no environment, and no good one" {
	each needs_nothing
}

refuses_unknown() {
	local letter

	try "$1" --modle
	usage "$1" 'unknown option: --modle' || return
	try "$1" --modle=x --help
	usage "$1" 'unknown option: --modle' || return
	for letter in {a..z} {A..Z} {0..9}; do
		"$1" --gm-options | grep -q "^$letter" || break
	done
	try "$1" "-$letter"
	usage "$1" "unknown option: -$letter" || return
	try "$1" "-v$letter"
	usage "$1" "unknown option: -$letter"
}

@test "an option that does not exist: status 64, two lines" {
	each refuses_unknown
}

wants_arguments() {
	local letter name

	while read -r letter name; do
		try "$1" "--$name"
		usage "$1" "option needs an argument: --$name" || return
		[ "$letter" != - ] || continue
		try "$1" "-$letter"
		usage "$1" "option needs an argument: -$letter" || return
	done < <(with_argument "$1")
}

@test "an option without its argument: status 64, two lines" {
	each wants_arguments
}

refuses_arguments() {
	local letter name

	while read -r letter name; do
		[ "$name" != help ] || continue # it takes "all"
		try "$1" "--$name=x"
		usage "$1" "option takes no argument: --$name" || return
	done < <(flags "$1")
}

@test "an argument to a flag: status 64, two lines" {
	each refuses_arguments
}

ends_options() {
	try "$1" -- --help
	! grep -q '^Usage:' out || return
	try "$1" -- --modle
	! grep -q '^unknown option' err
}

@test "-- ends the options" {
	each ends_options
}

takes_any_order() {
	try "$1" operand -V
	said 0 "$1 $(cat "$ROOT/VERSION")"$'\n' '' || return
	try "$1" operand --modle operand
	usage "$1" 'unknown option: --modle'
}

@test "options may follow operands" {
	each takes_any_order
}

fills_disk() {
	local option

	for option in --help -hh --version --gm-options --gm-variables; do
		rc=0
		"$1" $option >/dev/full 2>err </dev/null || rc=$?
		: >out
		said 74 '' "$1: standard output: No space left on device"$'\n' ||
		    return
	done
}

@test "help on a full disk: 74" {
	each fills_disk
}

lives_without() {
	local fds

	for fds in 0 2 '0 2'; do
		rc=0
		(closing "$fds" "$1" -V) >out || rc=$?
		: >err
		said 0 "$1 $(cat "$ROOT/VERSION")"$'\n' '' || return
	done
	for fds in 1 '0 1'; do
		rc=0
		(closing "$fds" "$1" -V) 2>err || rc=$?
		: >out
		said 74 '' "$1: standard output: Bad file descriptor"$'\n' ||
		    return
	done
	for fds in '1 2' '0 1 2'; do
		rc=0
		(closing "$fds" "$1" -V) || rc=$?
		[ "$rc" -eq 74 ] || return
		rc=0
		(closing "$fds" "$1" --modle) || rc=$?
		[ "$rc" -eq 64 ] || return
	done
}

@test "closed descriptors: output that cannot come is 74, the rest works" {
	each lives_without
}

keeps_numbers() {
	# What it opens by itself must not get 0, 1 or 2: the settings would be
	# read as standard input, the log written to in place of the others.
	echo '# nothing' >settings
	chmod 600 settings
	(closing '0 1 2' "$1" --env-file settings --log-file log -- operand) || :
	same settings $'# nothing\n' || return
	[ ! -s log ] || ! grep -qv '^{"time":' log
}

@test "closed descriptors: no file gets their numbers" {
	each keeps_numbers
}

has_shared_options() {
	local line

	for line in 'h help' 'V version' 'v verbose' '- quiet' 'J json' \
	    '- provider' 'k key-index' '- env-file' '- color' \
	    '- completion'; do
		"$1" --gm-options | cut -f 1,2 | tr '\t' ' ' |
		    grep -qx -- "$line" || {
			echo "no $line"
			return 1
		}
	done
}

@test "the options that all tools have" {
	each has_shared_options
}

# lacks TOOL NAME...: it has none of these options.
lacks() {
	local tool=$1 name

	shift
	for name; do
		if "$tool" --gm-options | cut -f 2 | grep -qx -- "$name"; then
			echo "$tool has --$name"
			return 1
		fi
		try "$tool" "--$name"
		[ "$rc" -eq 64 ] && same out '' || return
		grep -q "^$tool: unknown option: --" err || return
	done
}

@test "no tool offers an option that has no effect in it" {
	# gm-rotate sends nothing.
	lacks gm-rotate metrics log-file syslog fallback fallback-mistral \
	    response-timeout timeout connect-timeout deadline retries \
	    max-wait ignore-cooldown http1.1 ipv4 ipv6
	# A key that is checked is not waited for.
	lacks gm-keycheck max-wait
	# A list of models is about no model.
	lacks gm-models model
}

# "LETTER NAME TOOL" of all options that have a letter.
letters() {
	local tool

	for tool in "${TOOLS[@]}"; do
		"$tool" --gm-options | awk -F '\t' -v tool="$tool" \
		    '$1 != "-" { print $1, $2, tool }'
	done
}

@test "one letter means one thing in all tools" {
	letters >all
	[ -s all ]
	# The one exception: --lines in gm-prompt, --long in gm-models.
	grep -vxE 'l (lines gm-prompt|long gm-models)' all |
	    awk '{ print $1, $2 }' | sort -u | awk '{ print $1 }' | uniq -d >two
	same two ''
	awk '{ print $2, $1 }' all | sort -u | awk '{ print $1 }' | uniq -d >two
	same two ''
}

@test "one long option has one kind of argument in all tools" {
	for tool in "${TOOLS[@]}"; do
		"$tool" --gm-options | cut -f 2,3
	done | sort -u | cut -f 1 | uniq -d >two
	same two ''
}

@test "no option takes a key" {
	for tool in "${TOOLS[@]}"; do
		with_argument "$tool"
	done | awk '{ print $2 }' | sort -u |
	    grep -E '(^|-)(keys?|token|secret|password)(-|$)' |
	    grep -vx key-index >found || :
	same found ''
}

# Names of options in the titles of the tests, so that none goes without.
@test "each option is named in the title of a test" {
	cat "$ROOT"/tests/*.bats | grep '^@test ' >titles
	for tool in "${TOOLS[@]}"; do
		"$tool" --gm-options | cut -f 2
	done | sort -u | while read -r name; do
		grep -qE -- "--$name([^-a-z0-9]|\$)" titles || echo "--$name"
	done >missing
	same missing ''
}

reads_configuration() {
	"$1" --gm-variables >variables || return
	grep -qx GOOGLE_API_KEYS variables || return
	[ "$(sort variables | uniq -d)" = '' ]
}

@test "each tool lists the variables that it reads" {
	each reads_configuration
}
