# Where settings and keys come from, and what a file may do (gm(7), gm-env):
# precedence, search order, trust.  Wherever nothing has to be sent, --dry-run
# shows what would be.
#
# shellcheck disable=SC2016 # what looks like the shell's is for env files
# shellcheck disable=SC2030,SC2031 # each test is a process of its own

load prompt

DEFAULT_URL=https://generativelanguage.googleapis.com
NOBODY=65534

# All that is said in a test is kept: no key may be in it.
ask() {
	gm "$@" </dev/null
	cat out err >>"$BATS_TEST_TMPDIR/said"
}

teardown() {
	stop_server
	[ -z "${EVIL:-}" ] || kill "$EVIL"
	if [ -e "$BATS_TEST_TMPDIR/said" ]; then
		! grep -aF fake- "$BATS_TEST_TMPDIR/said"
	fi
}

# keep FILE [LINE...]: a file for us alone, of these lines or standard input.
keep() {
	mkdir -p "$(dirname "$1")"
	rm -f "$1"
	(
		umask 077
		if [ $# -gt 1 ]; then
			printf '%s\n' "${@:2}" >"$1"
		else
			cat >"$1"
		fi
	)
}

# as_nobody COMMAND...: as somebody without privileges, who can reach only what
# is in the current directory: ./gm-prompt among it.
as_nobody() {
	local run=("$@")

	rc=0
	chmod 755 .
	cp "$BUILD/gm-prompt" .
	[ "$EUID" -ne 0 ] || run=(setpriv --reuid "$NOBODY" --regid "$NOBODY"
		--clear-groups "$@")
	[ -d state ] || mkdir -m 700 state
	[ "$EUID" -ne 0 ] || chown "$NOBODY" state
	env -u HOME GM_STATE_DIR=state "${run[@]}" </dev/null >out 2>err || rc=$?
	cat out err >>"$BATS_TEST_TMPDIR/said"
}

# traced FILE KEYS TAIL [NAME VALUE]...: what "-vv -n --dry-run" says of an env
# file, of keys ("1 in NAME (region)", the last of which ends in TAIL) and of
# settings, where they are not the built-in ones.
traced() {
	local names=(GOOGLE_API_KEYS_COMMAND MISTRAL_API_KEYS_COMMAND
		OPENAI_API_KEY_COMMAND GEMINI_MODEL GOOGLE_GEMINI_BASE_URL MISTRAL_MODEL_NAME
		MISTRAL_BASE_URL OPENAI_MODEL OPENAI_BASE_URL GM_FALLBACK
		GM_RESPONSE_TIMEOUT GM_TIMEOUT
		'connect timeout' GM_DEADLINE GM_RETRIES GM_MAX_WAIT GM_POLICY
		GM_RPM GM_RPD GM_TPM 'key index' GM_METRICS GM_LOG_FILE GM_SYSLOG
		GM_STATE_DIR GM_CACHE_DIR) name
	local default='(built-in default)' file=$1 keys=$2 tail=$3
	local -A value=(
		[GEMINI_MODEL]="$ALIAS $default"
		[GOOGLE_GEMINI_BASE_URL]="$DEFAULT_URL $default"
		[MISTRAL_MODEL_NAME]="mistral-large-latest $default"
		[MISTRAL_BASE_URL]="https://api.mistral.ai $default"
		[OPENAI_BASE_URL]="https://api.openai.com/v1 $default"
		['connect timeout']="10s $default"
		[GM_RESPONSE_TIMEOUT]="15m $default" [GM_TIMEOUT]="120s $default"
		[GM_RETRIES]="4 $default" [GM_MAX_WAIT]="60s $default"
		[GM_POLICY]="sticky $default"
	)

	shift 3
	while [ $# -gt 0 ]; do
		value[$1]=$2
		shift 2
	done
	echo "gm-prompt: env file: $file"
	for name in "${names[@]}"; do
		echo "gm-prompt: $name: ${value[$name]:-not set $default}"
	done
	echo "gm-prompt: keys: $keys"
	echo "gm-prompt: key state: ${STATE_OF:-$HOME}/.local/state/gm"
	aimed "${value[GOOGLE_GEMINI_BASE_URL]% (*}" "$tail" \
	    "${value[GEMINI_MODEL]% (*}"
}

# aimed URL TAIL [MODEL]: what --dry-run says of the request.
aimed() {
	cat <<-END
		gm-prompt: POST $1/v1beta/models/${3:-$ALIAS}:streamGenerateContent?alt=sse
		gm-prompt: x-goog-api-key: ...$2
		gm-prompt: Content-Type: application/json
		gm-prompt: Accept: text/event-stream
	END
}

# dry STDERR: the request would be sent; that, and its newline, is told.
dry() {
	said 0 "$HI"$'\n' "$1"$'\n'
}

# refused MESSAGE: 78 with this line, and nothing else.
refused() {
	said 78 '' "gm-prompt: $1"$'\n'
}

# refused_like PREFIX: 78 with one line, and nothing on stdout.
refused_like() {
	if [ "$rc" -ne 78 ] || [ "$(wc -l <err)" -ne 1 ] ||
	    [[ $(cat err) != "gm-prompt: $1"?* ]]; then
		echo "status $rc for $1"
		cat err
		return 1
	fi
	same out ''
}

# noted PREFIX: it would be sent, with one note that begins so.
noted() {
	if [ "$rc" -ne 0 ] || [ "$(head -n 1 err | cut -c "1-$((${#1} + 11))")" \
	    != "gm-prompt: $1" ]; then
		echo "status $rc, no note $1"
		cat err
		return 1
	fi
	diff <(tail -n +2 err) <(aimed "$DEFAULT_URL" 0001)
}

no_key() {
	refused "no API key in $1 or the environment; set GOOGLE_API_KEYS"
}

# --- precedence

@test "nothing but a key: the built-in defaults" {
	GEMINI_API_KEY=$GOOD_KEY ask -vv -n --dry-run hi
	dry "$(traced none '1 in GEMINI_API_KEY (environment)' 0001)"
}

@test "option before environment before env file before default" {
	while read -r name option file env given; do
		keep env "GEMINI_API_KEY=$GOOD_KEY" "$name=$file"
		set -- -vv -n --env-file env --dry-run
		ask "$@" hi
		dry "$(traced env '1 in GEMINI_API_KEY (env)' 0001 \
		    "$name" "$file (env)")"
		export "$name=$env"
		ask "$@" hi
		dry "$(traced env '1 in GEMINI_API_KEY (env)' 0001 \
		    "$name" "$env (environment)")"
		if [ "$option" = --metrics ] || [ "$option" = --syslog ]; then
			ask "$@" "$option" hi
		elif [ "$option" != - ]; then
			ask "$@" "$option" "$given" hi
		fi
		[ "$option" = - ] || dry "$(traced env \
		    '1 in GEMINI_API_KEY (env)' 0001 "$name" "$given (option)")"
		unset "$name"
	done <<-END
		GEMINI_MODEL --model gemini-1 gemini-2 gemini-3
		GOOGLE_GEMINI_BASE_URL - https://a.example https://b.example
		GM_RESPONSE_TIMEOUT --response-timeout 8m 9m 10m
		GM_TIMEOUT --timeout 11s 12s 13s
		GM_DEADLINE --deadline 21m 22m 23m
		GM_RETRIES --retries 5 6 0
		GM_MAX_WAIT --max-wait 31s 32s 0
		GM_METRICS --metrics 0 no 1
		GM_LOG_FILE --log-file a b c
		GM_SYSLOG --syslog off false 1
	END
}

@test "an empty variable counts as none" {
	keep .config/gm/env "GEMINI_API_KEY=$GOOD_KEY" GEMINI_MODEL=gemini-1
	GEMINI_API_KEY='' GOOGLE_API_KEYS='' GEMINI_MODEL='' GM_ENV_FILE='' \
	    GM_RETRIES='' GOOGLE_GEMINI_BASE_URL='' XDG_CONFIG_HOME='' \
	    CREDENTIALS_DIRECTORY='' HOME=$PWD ask -vv -n --dry-run hi
	dry "$(STATE_OF=$PWD traced "$PWD/.config/gm/env" \
	    "1 in GEMINI_API_KEY ($PWD/.config/gm/env)" 0001 \
	    GEMINI_MODEL "gemini-1 ($PWD/.config/gm/env)")"
}

# --- which env file

@test "env files in the order of trust: the first with keys, alone" {
	local user=$HOME/.config/gm/env
	local xdg=$BATS_TEST_TMPDIR/xdg/gm/env n=1 file
	local over='--env-file .env'

	for file in named "$PWD/variable" "$xdg" "$user" ./.env; do
		keep "$file" "GOOGLE_API_KEYS=fake-good-key-000$n" \
		    "GM_RETRIES=$n"
		((n++))
	done
	# What only a later file sets is not taken from there.
	for file in variable "$xdg" "$user" ./.env; do
		echo GM_MAX_WAIT=9s >>"$file"
	done
	set -- -vv -n --dry-run
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/xdg
	GM_ENV_FILE=$PWD/variable ask --env-file named "$@" hi
	dry "$(traced named '1 in GOOGLE_API_KEYS (named)' 0001 \
	    GM_RETRIES '1 (named)')"
	GM_ENV_FILE=$PWD/variable ask "$@" hi
	dry "$(traced "$PWD/variable" "1 in GOOGLE_API_KEYS ($PWD/variable)" \
	    0002 GM_RETRIES "2 ($PWD/variable)" GM_MAX_WAIT "9s ($PWD/variable)")"
	ask "$@" hi
	dry "gm-prompt: ./.env is not used: keys come from $xdg; to use it, add $over
$(traced "$xdg" "1 in GOOGLE_API_KEYS ($xdg)" 0003 \
	    GM_RETRIES "3 ($xdg)" GM_MAX_WAIT "9s ($xdg)")"
	unset XDG_CONFIG_HOME
	ask "$@" hi
	dry "gm-prompt: ./.env is not used: keys come from $user; to use it, add $over
$(traced "$user" "1 in GOOGLE_API_KEYS ($user)" 0004 \
	    GM_RETRIES "4 ($user)" GM_MAX_WAIT "9s ($user)")"
	# as the note says
	ask --env-file .env "$@" hi
	dry "$(traced .env '1 in GOOGLE_API_KEYS (.env)' 0005 \
	    GM_RETRIES '5 (.env)' GM_MAX_WAIT '9s (.env)')"
	rm "$user"
	ask "$@" hi
	dry "$(traced ./.env '1 in GOOGLE_API_KEYS (./.env)' 0005 \
	    GM_RETRIES '5 (./.env)' GM_MAX_WAIT '9s (./.env)')"
}

@test "./.env with somebody else's key never gets what the user's keys can send" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	local user=$HOME/.config/gm/env n=0 mode
	local note="./.env is not used: keys come from $user; to use it, add --env-file .env"

	unset GEMINI_API_KEY
	# nor does it stop the tools, whatever is wrong with it
	for mode in 600 644 666 000; do
		keep .env GOOGLE_API_KEYS=fake-evil-key-0666
		chmod "$mode" .env
		keep "$user" "GEMINI_API_KEY=$GOOD_KEY"
		ask hi
		if [ "$mode" = 000 ] && [ "$EUID" -ne 0 ]; then
			said 0 $'Hello.\n' ''
		else
			said 0 $'Hello.\n' "gm-prompt: $note"$'\n'
		fi
		ask --quiet hi
		said 0 $'Hello.\n' ''
		rm "$user"
		GEMINI_API_KEY=$GOOD_KEY ask hi
		said 0 $'Hello.\n' ''
		keep creds/google-api-keys "$GOOD_KEY"
		CREDENTIALS_DIRECTORY=$PWD/creds ask hi
		said 0 $'Hello.\n' ''
	done
	for line in GOOGLE_API_KEYS= 'GEMINI_API_KEY=' "GOOGLE_API_KEYS=' , '" \
	    'GM_RETRIES=$(x)' 'A="'; do
		keep .env "$line"
		chmod 666 .env
		keep "$user" "GEMINI_API_KEY=$GOOD_KEY"
		ask hi
		said 0 $'Hello.\n' ''
	done
	while [ "$n" -lt "$(requests)" ]; do
		((++n))
		GEMINI_API_KEY=$GOOD_KEY sent_as "$n" "$HI"
	done
	[ "$n" -eq 21 ]
}

@test "./.env is not looked at for one provider if another has keys" {
	keep .env MISTRAL_API_KEYS=fake-evil-key-0666
	chmod 666 .env
	GEMINI_API_KEY=$GOOD_KEY ask --fallback mistral --dry-run hi
	dry "gm-prompt: mistral: skipped: no API key in $HOME/.config/gm/env,\
 /etc/gm/env or the environment; set MISTRAL_API_KEYS
$(aimed "$DEFAULT_URL" 0001)"
	GEMINI_API_KEY=$GOOD_KEY ask -v --fallback mistral --dry-run hi
	head -n 1 err | grep -qxF 'gm-prompt: ./.env is not used: keys come from a more trusted source; to use it, add --env-file .env'
}

# What the user's own file is for, it goes on to do: it names who is asked, and
# where, so that ./.env cannot send elsewhere what was for a server at home.
@test "the user's own file: providers that it names, a server without keys" {
	local user=$HOME/.config/gm/env
	local note="./.env is not used: keys come from $user; to use it, add --env-file .env"

	keep .env OPENAI_API_KEY=fake-evil-key-0666 \
	    GOOGLE_API_KEYS=fake-evil-key-0667
	keep "$user" OPENAI_BASE_URL=http://127.0.0.1:9 OPENAI_MODEL=m
	ask -n --dry-run --provider openai hi
	[ "$rc" -eq 0 ]
	same err "gm-prompt: $note
gm-prompt: POST http://127.0.0.1:9/v1/chat/completions
gm-prompt: Content-Type: application/json
gm-prompt: Accept: text/event-stream
"
	keep "$user" GM_FALLBACK=mistral "MISTRAL_API_KEYS=$GOOD_KEY"
	ask -n --dry-run hi
	[ "$rc" -eq 0 ]
	head -n 1 err | grep -qxF "gm-prompt: $note"
	grep -qxF 'gm-prompt: Authorization: Bearer ...0001' err
}

@test "keys in the environment: the user's own file gives the settings" {
	local user=$HOME/.config/gm/env

	keep "$user" GM_RETRIES=7 GM_FALLBACK=mistral
	export GEMINI_API_KEY=$GOOD_KEY
	ask -vv -n --dry-run hi
	[ "$rc" -eq 0 ]
	grep -qxF "gm-prompt: GM_RETRIES: 7 ($user)" err
	grep -qxF "gm-prompt: GM_FALLBACK: mistral ($user)" err
	keep creds/google-api-keys "$GOOD_KEY"
	unset GEMINI_API_KEY
	CREDENTIALS_DIRECTORY=$PWD/creds ask -vv -n --dry-run hi
	[ "$rc" -eq 0 ]
	grep -qxF "gm-prompt: GM_RETRIES: 7 ($user)" err
	# without any key it is not passed over for nothing
	ask -n hi
	grep -qF "no API key in $user, /etc/gm/env, ./.env or the environment;" err
}

@test "a relative GM_ENV_FILE is trusted no more than ./.env" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	local user=$HOME/.config/gm/env file
	local note='is trusted like ./.env and not used, as keys come from'

	unset GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL
	export GM_LOG_FILE='' GM_METRICS=0
	for file in repo/env ./.env .env; do
		keep "$file" GOOGLE_API_KEYS=fake-evil-key-0666 \
		    GOOGLE_GEMINI_BASE_URL=https://evil.example \
		    GM_FALLBACK=openai GM_LOG_FILE=planted
		# it is the last to be asked
		keep "$user" "GEMINI_API_KEY=$GOOD_KEY" \
		    "GOOGLE_GEMINI_BASE_URL=$URL"
		GM_ENV_FILE=$file ask hi
		said 0 $'Hello.\n' "gm-prompt: GM_ENV_FILE: $file $note $user;\
 to use it, add --env-file $file"$'\n'
		rm "$user"
		GM_ENV_FILE=$file GEMINI_API_KEY=$GOOD_KEY ask --dry-run hi
		dry "gm-prompt: GM_ENV_FILE: $file $note a more trusted source;\
 to use it, add --env-file $file
$(aimed "$DEFAULT_URL" 0001)"
		# and can redirect nothing
		GM_ENV_FILE=$file ask --dry-run hi
		dry "gm-prompt: $file: GOOGLE_GEMINI_BASE_URL, GM_FALLBACK,\
 GM_LOG_FILE ignored: only keys, model names, numbers and loopback base URLs are read from this file
$(aimed "$DEFAULT_URL" 0666)"
	done
	GEMINI_API_KEY=$GOOD_KEY sent_as 1 "$HI"
	[ "$(requests)" -eq 3 ]
	[ ! -e planted ]
	# the same file by an absolute path, or by a link
	ln -s "$PWD/.env" link
	for file in "$PWD/.env" "$PWD/link" "$PWD/../work/.env"; do
		GM_ENV_FILE=$file ask --dry-run hi
		dry "gm-prompt: $file: GOOGLE_GEMINI_BASE_URL, GM_FALLBACK,\
 GM_LOG_FILE ignored: only keys, model names, numbers and loopback base URLs are read from this file
$(aimed "$DEFAULT_URL" 0666)"
	done
	# another one is what the user says it is
	keep named "GEMINI_API_KEY=$GOOD_KEY" \
	    GOOGLE_GEMINI_BASE_URL=https://a.example
	GM_ENV_FILE=$PWD/named ask --dry-run hi
	dry "$(aimed https://a.example 0001)"
	ask --env-file named --dry-run hi
	dry "$(aimed https://a.example 0001)"
}

@test "a relative HOME, or a directory that systemd would name so, is not used" {
	keep home/.config/gm/env GOOGLE_API_KEYS=fake-evil-key-0666
	keep home/.local/state/gm/keys <<<''
	keep creds/google-api-keys fake-evil-key-0666
	mkdir -p state
	export GEMINI_API_KEY=$GOOD_KEY GM_STATE_DIR=$BATS_TEST_TMPDIR/state
	for home in home ./home .; do
		HOME=$home ask --dry-run hi
		dry "gm-prompt: HOME: not an absolute path; ignored
$(aimed "$DEFAULT_URL" 0001)"
	done
	HOME=home GEMINI_API_KEY='' ask hi
	said 78 '' "gm-prompt: HOME: not an absolute path; ignored
gm-prompt: no API key in /etc/gm/env, ./.env or the environment; set GOOGLE_API_KEYS
"
	CREDENTIALS_DIRECTORY=creds GEMINI_API_KEY='' ask hi
	said 78 '' "gm-prompt: CREDENTIALS_DIRECTORY: not an absolute path; ignored
gm-prompt: no API key in $HOME/.config/gm/env, /etc/gm/env, ./.env or the environment; set GOOGLE_API_KEYS
"
	unset GM_STATE_DIR
	STATE_DIRECTORY=state ask --dry-run hi
	dry "gm-prompt: STATE_DIRECTORY: not an absolute path; ignored
$(aimed "$DEFAULT_URL" 0001)"
	[ -e "$HOME/.local/state/gm" ]
	diff <(ls -A state) <(:)
}

@test "XDG_CONFIG_HOME: in place of ~/.config, if it is absolute" {
	local user=$HOME/.config/gm/env

	keep "$user" "GEMINI_API_KEY=$GOOD_KEY"
	XDG_CONFIG_HOME=$PWD/none ask hi
	no_key "$PWD/none/gm/env, /etc/gm/env, ./.env"
	keep xdg/gm/env GEMINI_API_KEY=fake-good-key-0002
	XDG_CONFIG_HOME=xdg ask -vv -n --dry-run hi
	dry "$(traced "$user" "1 in GEMINI_API_KEY ($user)" 0001)"
}

@test "./.env counts only if it gives a key; else it is not even judged" {
	keep .env GEMINI_MODEL=gemini-1 'GM_RETRIES=$(x)' \
	    "OTHER='" 'GEMINI_API_KEY=fake-good-key-0002' "'" \
	    MY_GEMINI_API_KEY=x '# GEMINI_API_KEY=x' 'DATABASE_URL="a b' \
	    GM_LOG_FILE=planted GOOGLE_API_KEYS_OLD=x GOOGLE_API_KEYS=
	chmod 666 .env
	ask -n --dry-run hi
	no_key "$HOME/.config/gm/env, /etc/gm/env, ./.env"
	for name in GOOGLE_API_KEYS GOOGLE_API_KEY GEMINI_API_KEY; do
		keep .env 'OTHER=$(x)' "$name=fake-good-key-0002"
		ask -vv -n --dry-run hi
		dry "$(traced ./.env "1 in $name (./.env)" 0002)"
	done
}

@test "./.env with keys of providers that are not asked does not count" {
	keep .env OPENAI_API_KEY=fake-other-key-0003 \
	    MISTRAL_API_KEY=fake-other-key-0004 GEMINI_MODEL=gemini-1
	chmod 666 .env
	ask -n --dry-run hi
	no_key "$HOME/.config/gm/env, /etc/gm/env, ./.env"
	# They count for those who ask them, as first or behind others.
	chmod 600 .env
	ask -n --dry-run --provider mistral hi
	[ "$rc" -eq 0 ] && grep -qx 'gm-prompt: Authorization: Bearer ...0004' err
	ask -n --dry-run --provider openai -m x hi
	[ "$rc" -eq 0 ] && grep -qx 'gm-prompt: Authorization: Bearer ...0003' err
	ask -vv -n --dry-run --fallback mistral hi
	[ "$rc" -eq 0 ] && grep -qx \
	    'gm-prompt: keys: 1 in MISTRAL_API_KEY (./.env)' err
	GM_FALLBACK=mistral ask -vv -n --dry-run hi
	[ "$rc" -eq 0 ] && grep -qx \
	    'gm-prompt: keys: 1 in MISTRAL_API_KEY (./.env)' err
}

@test "./.env that cannot be read is skipped with a note, the user's own is not" {
	local user=$HOME/.config/gm/env

	mkdir .env
	ask --dry-run hi
	said 78 '' "gm-prompt: ./.env: not a regular file; skipped
gm-prompt: no API key in $user, /etc/gm/env, ./.env or the environment; set GOOGLE_API_KEYS
"
	# it is not looked at if there are keys
	GEMINI_API_KEY=$GOOD_KEY ask --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	mkdir -p "$(dirname "$user")"
	ln -s env "$user"
	GEMINI_API_KEY=$GOOD_KEY ask --dry-run hi
	refused "$user: Too many levels of symbolic links"
	ln -sf absent "$user"
	ask --dry-run hi
	refused "$user: No such file or directory"
	rm "$user"
	mkdir "$user"
	ask --dry-run hi
	refused "$user: not a regular file"
}

@test "./.env that may not be read is skipped, too; a named one is not" {
	keep .env "GEMINI_API_KEY=$GOOD_KEY"
	chmod 000 .env
	as_nobody ./gm-prompt --dry-run hi
	said 78 '' "gm-prompt: ./.env: Permission denied; skipped
gm-prompt: no API key in /etc/gm/env, ./.env or the environment; set GOOGLE_API_KEYS
"
	as_nobody ./gm-prompt --env-file .env hi
	refused '.env: Permission denied'
	GM_ENV_FILE=.env as_nobody ./gm-prompt hi
	refused '.env: Permission denied'
	GM_ENV_FILE=.env GEMINI_API_KEY=$GOOD_KEY as_nobody ./gm-prompt hi
	refused '.env: Permission denied'
	# a home that may not be entered is no home
	mkdir -p locked/.config/gm
	chmod 000 locked
	GEMINI_API_KEY=$GOOD_KEY as_nobody env HOME="$PWD/locked" \
	    ./gm-prompt --dry-run hi
	dry "gm-prompt: $PWD/locked/.config/gm/env: Permission denied; skipped
$(aimed "$DEFAULT_URL" 0001)"
}

@test "a named env file that cannot be read: 78" {
	keep .env "GEMINI_API_KEY=$GOOD_KEY"
	export GEMINI_API_KEY=$GOOD_KEY
	mkdir folder
	ask --env-file none hi
	refused 'none: No such file or directory'
	ask --env-file folder hi
	refused 'folder: Is a directory'
	ask --env-file .env/x hi
	refused '.env/x: Not a directory'
	GM_ENV_FILE=none ask hi
	refused 'none: No such file or directory'
	GM_ENV_FILE=$PWD/none ask hi
	refused "$PWD/none: No such file or directory"
	GM_ENV_FILE=$PWD/folder ask hi
	refused "$PWD/folder: Is a directory"
	# --env-file takes the place of the variable, whatever that holds
	GM_ENV_FILE=none ask --env-file .env --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
}

@test "an env file through a pipe" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	unset GEMINI_API_KEY
	ask --env-file <(printf 'GEMINI_API_KEY=%s\n' "$GOOD_KEY") hi
	said 0 $'Hello.\n' ''
	GEMINI_API_KEY=$GOOD_KEY
	sent "$HI"
	unset GEMINI_API_KEY
	gm --env-file /dev/stdin -n --dry-run hi <<<"GEMINI_API_KEY=$GOOD_KEY"
	dry "$(aimed "$URL" 0001)"
	# also without privileges, for whom /proc has other rules
	as_nobody bash -c 'exec env ./gm-prompt --env-file \
	    <(echo GEMINI_API_KEY=fake-good-key-0001) --dry-run hi'
	dry "$(aimed "$URL" 0001)"
}

@test "without a home, and with one that is none" {
	touch "$BATS_TEST_TMPDIR/file"
	export GEMINI_API_KEY=$GOOD_KEY GM_STATE_DIR=$BATS_TEST_TMPDIR/state
	for home in '' "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/none"; do
		HOME=$home ask --dry-run hi
		dry "$(aimed "$DEFAULT_URL" 0001)"
	done
	unset HOME
	ask --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	unset GEMINI_API_KEY
	ask hi
	no_key '/etc/gm/env, ./.env'
	diff <(ls -A) <(printf 'err\nout\n')
}

@test "a variable that begins with GM_ and is none of ours: a note" {
	local where

	export GEMINI_API_KEY=$GOOD_KEY
	while read -r name near; do
		env "$name=fake-value" gm-prompt -n --dry-run hi >out 2>err
		same err "gm-prompt: environment: unknown variable $name$near
$(aimed "$DEFAULT_URL" 0001)
"
		keep env "$name=fake-value" "export $name=\$(x)"
		for where in --env-file GM_ENV_FILE; do
			if [ "$where" = --env-file ]; then
				ask --env-file "$PWD/env" --dry-run hi
			else
				GM_ENV_FILE=$PWD/env ask --dry-run hi
			fi
			dry "gm-prompt: $PWD/env: unknown variable $name$near
$(aimed "$DEFAULT_URL" 0001)"
		done
	done <<-'END'
		GM_TIMOUT ; did you mean GM_TIMEOUT?
		GM_FALLBCK ; did you mean GM_FALLBACK?
		GM_timeout ; did you mean GM_TIMEOUT?
		GM_MAXWAIT ; did you mean GM_MAX_WAIT?
		GM_rpm ; did you mean GM_RPM?
		GM_POLCY ; did you mean GM_POLICY?
		GM_SOMETHING_ELSE_ENTIRELY
		GM_TPD
		GM_RPS
		GM_
		GM_X
	END
	GM_TIMOUT=1 ask --quiet --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	# what is ours in a file that is not used, and what is not ours
	keep .env GM_TIMOUT=1
	GMTIMEOUT=1 XGM_TIMOUT=1 ask --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	GM_TIMOUT=1 gm-rotate --peek 2>err >out
	same err 'gm-rotate: environment: unknown variable GM_TIMOUT; did you mean GM_TIMEOUT?
'
	# help needs no configuration
	GM_TIMOUT=1 gm-prompt --version 2>err >out
	same err ''
}

@test "a directory name that is too long: a note, and the tool goes on" {
	local long name lost part

	part=$PWD/$(printf '%0300d' 1)
	long=$(printf '/%0250d' {1..20})
	mkdir -p "$BATS_TEST_TMPDIR/state"
	export GEMINI_API_KEY=$GOOD_KEY
	lost='the key state is kept in memory only'
	for name in GM_STATE_DIR STATE_DIRECTORY XDG_STATE_HOME; do
		env "$name=$long" gm-prompt -n --dry-run hi >out 2>err
		same err "gm-prompt: $lost: the path of the state directory is longer than 4095 bytes
$(aimed "$DEFAULT_URL" 0001)
"
		env "$name=$part" gm-prompt -n --dry-run hi >out 2>err
		[[ $(head -n 1 err) == \
		    "gm-prompt: $lost: $part"*": File name too long" ]]
		[ "$(tail -n +2 err)" = "$(aimed "$DEFAULT_URL" 0001)" ]
		# where it is the result, it is the error
		rc=0
		env "$name=$long" gm-rotate >out 2>err || rc=$?
		[ "$rc" -eq 73 ]
		same out ''
		[ "$(wc -l <err)" -eq 1 ]
		env "$name=$long" gm-rotate --peek >out 2>err
		same out $'0\n'
	done
	XDG_CONFIG_HOME=$long ask --dry-run hi
	dry "gm-prompt: XDG_CONFIG_HOME: longer than 4096 bytes; its env file is skipped
$(aimed "$DEFAULT_URL" 0001)"
	XDG_CONFIG_HOME=$part ask --dry-run hi
	dry "gm-prompt: $part/gm/env: File name too long; skipped
$(aimed "$DEFAULT_URL" 0001)"
	export GM_STATE_DIR=$BATS_TEST_TMPDIR/state
	rc=0
	env HOME="$long" gm-prompt -n --dry-run hi >out 2>err || rc=$?
	dry "gm-prompt: HOME: longer than 4096 bytes; its env file is skipped
$(aimed "$DEFAULT_URL" 0001)"
	for name in GM_CACHE_DIR CACHE_DIRECTORY XDG_CACHE_HOME; do
		env "$name=$long" gm-prompt -n --dry-run hi >out 2>err
		same err "$(aimed "$DEFAULT_URL" 0001)
"
	done
	for name in "$long" "$part"; do
		CREDENTIALS_DIRECTORY=$name ask --dry-run hi
		dry "gm-prompt: CREDENTIALS_DIRECTORY: file name too long; ignored
$(aimed "$DEFAULT_URL" 0001)"
		# what comes after it is used
		(umask 077 && echo "GEMINI_API_KEY=$GOOD_KEY" >named)
		GEMINI_API_KEY='' CREDENTIALS_DIRECTORY=$name ask --env-file named --dry-run hi
		dry "gm-prompt: CREDENTIALS_DIRECTORY: file name too long; ignored
$(aimed "$DEFAULT_URL" 0001)"
		GEMINI_API_KEY='' CREDENTIALS_DIRECTORY=$name ask --dry-run hi
		[ "$rc" -eq 78 ]
		[ "$(head -n 1 err)" = 'gm-prompt: CREDENTIALS_DIRECTORY: file name too long; ignored' ]
		[[ $(tail -n 1 err) == 'gm-prompt: no API key in '* ]]
	done
	# what was named must be there
	GM_ENV_FILE=$long ask hi
	refused 'env file: path longer than 4095 bytes'
	ask --env-file "$long" hi
	refused 'env file: path longer than 4095 bytes'
}

# --- keys

@test "no key: one line with the files and the variable" {
	local user=$HOME/.config/gm/env

	ask hi
	no_key "$user, /etc/gm/env, ./.env"
	keep env GEMINI_MODEL=gemini-1
	ask --env-file env hi
	no_key env
	GOOGLE_API_KEYS=' , ' ask hi
	no_key "$user, /etc/gm/env, ./.env"
	keep .env GOOGLE_API_KEYS=
	ask hi
	no_key "$user, /etc/gm/env, ./.env"
}

@test "keys: environment, credentials directory, env file, the first alone" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	local creds=$BATS_TEST_TMPDIR/creds n=0 place

	keep "$creds/google-api-keys" fake-good-key-0021 fake-good-key-0022
	keep env GOOGLE_API_KEYS=fake-good-key-0031,fake-good-key-0032 \
	    GOOGLE_API_KEY=fake-good-key-0033
	export CREDENTIALS_DIRECTORY=$creds GM_ENV_FILE=$PWD/env
	export GOOGLE_API_KEY=fake-good-key-0012
	export GEMINI_API_KEY=fake-good-key-0013
	export GOOGLE_API_KEYS=fake-good-key-0011
	while read -r key unset place; do
		ask hi
		said 0 $'Hello.\n' ''
		((++n))
		GEMINI_API_KEY=$key sent_as "$n" "$HI"
		ask -vv --dry-run hi
		grep -qxF "gm-prompt: keys: $place" err
		[ "$unset" = - ] || unset "$unset"
		[ "$unset" != CREDENTIALS_DIRECTORY ] || rm -r "$creds"
		[ "$unset" != - ] || sed -i /KEYS/d env
	done <<-END
		fake-good-key-0011 GOOGLE_API_KEYS 1 in GOOGLE_API_KEYS (environment)
		fake-good-key-0012 GOOGLE_API_KEY 1 in GOOGLE_API_KEY (environment)
		fake-good-key-0013 GEMINI_API_KEY 1 in GEMINI_API_KEY (environment)
		fake-good-key-0021 CREDENTIALS_DIRECTORY 2 in google-api-keys (credentials directory)
		fake-good-key-0031 - 2 in GOOGLE_API_KEYS ($PWD/env)
		fake-good-key-0033 - 1 in GOOGLE_API_KEY ($PWD/env)
	END
	[ "$(requests)" -eq 6 ]
}

@test "a key in the place of its label is refused by all tools, never shown" {
	local fake=AIzaSyFakeFakeFakeFakeFakeFakeFake0123 tool where list
	local why='key 0: its label looks like a key; write label:key'

	serve
	unset GEMINI_API_KEY
	mkdir -p creds
	for list in "$fake:work" " $fake : work" "$fake:$fake"; do
		printf '%s\n' "$list" >creds/google-api-keys
		for tool in "gm-prompt -n hi" gm-keycheck "gm-keycheck --json" \
		    "gm-keycheck --prometheus file" "gm-rotate --status" \
		    "gm-rotate --status --json"; do
			for where in GOOGLE_API_KEYS="$list" \
			    CREDENTIALS_DIRECTORY="$PWD/creds" \
			    GOOGLE_API_KEYS_COMMAND="cat $PWD/creds/google-api-keys"; do
				case $tool$where in
				gm-rotate*COMMAND=*) continue ;; # not run
				esac
				rc=0
				# shellcheck disable=SC2086 # its words
				env "$where" $tool >out 2>err || rc=$?
				[ "$rc" -eq 78 ]
				[[ $(cat err) == *": $why" ]]
				run ! grep -rq "$fake" out err "$HOME"
				[ ! -e file ]
			done
		done
	done
	rc=0
	gm-keycheck - <<<"$fake:work" >out 2>err || rc=$?
	[ "$rc" -eq 78 ]
	run ! grep -rq "$fake" out err "$HOME"
	[[ $(cat err) == *": $why" ]]
	unsent
}

@test "a list of keys: labels, blanks, newlines; the first is sent" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	local n=0 list

	unset GEMINI_API_KEY
	for list in fake-good-key-0001,fake-good-key-0002 \
	    ' fake-good-key-0001 , fake-good-key-0002 ' \
	    $'\n\tfake-good-key-0001\nfake-good-key-0002\n' \
	    $'fake-good-key-0001\r\nfake-good-key-0002\r\n' \
	    ',,fake-good-key-0001,,fake-good-key-0002' \
	    'work: fake-good-key-0001, work: fake-good-key-0002' \
	    ' my project:fake-good-key-0001,:fake-good-key-0002'; do
		GOOGLE_API_KEYS=$list ask -vv hi
		[ "$rc" -eq 0 ]
		grep -qxF "gm-prompt: keys: 2 in GOOGLE_API_KEYS (environment)" \
		    err
		((++n))
		GEMINI_API_KEY=$GOOD_KEY sent_as "$n" "$HI"
		keep env "GOOGLE_API_KEYS='$list'"
		ask -vv --env-file env --dry-run hi
		[ "$rc" -eq 0 ]
		grep -qxF "gm-prompt: keys: 2 in GOOGLE_API_KEYS (env)" err
		grep -qxF 'gm-prompt: x-goog-api-key: ...0001' err
	done
}

@test "a credentials directory: absent file, file that cannot be read" {
	keep env "GEMINI_API_KEY=$GOOD_KEY"
	mkdir -p creds
	export CREDENTIALS_DIRECTORY=$PWD/creds GM_ENV_FILE=$PWD/env
	ask --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	CREDENTIALS_DIRECTORY=$PWD/none ask --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	mkdir creds/google-api-keys
	ask hi
	refused "$PWD/creds/google-api-keys: Is a directory"
	rmdir creds/google-api-keys
	# as systemd makes them: for us alone, or readable by all, in a place
	# of its own; the mode is systemd's matter
	echo fake-good-key-0002 >creds/google-api-keys
	chmod 444 creds/google-api-keys
	ask --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0002)"
	# too large to be one: not taken for absent
	head -c 1048577 /dev/zero | tr '\0' x >big
	mv -f big creds/google-api-keys
	ask hi
	refused_like "$PWD/creds/google-api-keys: "
}

@test "a bad key: 78, place and reason are named, the key is not shown" {
	local blank='is a blank; separate keys with commas' key why

	GEMINI_API_KEY='fake-good key' ask hi
	refused "environment: GEMINI_API_KEY: key 0: byte 10 $blank"
	GOOGLE_API_KEYS=$'fake-1,fake-\t2' ask hi
	refused "environment: GOOGLE_API_KEYS: key 1: byte 6 $blank"
	while IFS='>' read -r key why; do
		GOOGLE_API_KEY=$(printf '%b' "$key") ask -vv hi
		[ "$rc" -eq 78 ]
		[ "$(tail -n 1 err)" = \
		    "gm-prompt: environment: GOOGLE_API_KEY: key 0: $why" ]
	done <<-'END'
		fake-\033[31m>byte 6 is a control character; copy the key again
		fake-\001>byte 6 is a control character; copy the key again
		fake-\177>byte 6 is a control character; copy the key again
		fake-é>byte 6 is not ASCII; copy the key again
		fake-\xff>byte 6 is not ASCII; copy the key again
		"fake-1">byte 1 is a quote; remove the quotes
		fake-1;fake-2>byte 7 is a ';'; separate keys with commas
		fake-1|fake-2>byte 7 is a '|'; separate keys with commas
		Bearer fake-1>begins with 'Bearer '; give only the key
		GOOGLE_API_KEY=fake-1>begins with NAME=; give only the key
		export GOOGLE_API_KEY='fake-1'>begins with NAME=; give only the key
		\xef\xbb\xbffake-1>byte 1 begins a byte order mark; remove it
	END
	GOOGLE_API_KEYS=work: ask hi
	refused "environment: GOOGLE_API_KEYS: key 0: a label without a key"
	keep env "GOOGLE_API_KEYS='fake-1, label:fake-2 fake-3'"
	ask --env-file env hi
	refused "env: GOOGLE_API_KEYS: key 1: byte 7 $blank"
	keep creds/google-api-keys 'fake-1 fake-2'
	CREDENTIALS_DIRECTORY=$PWD/creds ask hi
	refused "credentials directory: google-api-keys: key 0: byte 7 $blank"
	# in --json, too
	GEMINI_API_KEY='fake-good key' ask --json hi
	[ "$rc" -eq 78 ]
	grep -qF '"error":{"class":"config","message":"environment:' out
}

@test "no key in a unit of systemd: the line names the credential" {
	serve
	mkdir creds
	echo >creds/google-api-keys # as units make it if there is none
	GEMINI_API_KEY='' GM_ENV_FILE=/dev/null CREDENTIALS_DIRECTORY=$PWD/creds ask hi
	said 78 '' "gm-prompt: no API key in /dev/null, the credential google-api-keys or the environment; set GOOGLE_API_KEYS
"
	unsent
}

@test "a key of 4096 bytes is sent, one more is refused" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'

	GEMINI_API_KEY=fake-good-key-$(printf '%04082d' 1)
	ask hi
	said 0 $'Hello.\n' ''
	sent "$HI"
	GEMINI_API_KEY+=1 ask hi
	refused 'environment: GEMINI_API_KEY: key 0: longer than 4096 bytes'
}

@test "text in UTF-16 or UTF-32 is reported as such, with iconv" {
	local name from

	printf 'GOOGLE_API_KEYS=%s\n' "$GOOD_KEY" | keep plain
	for from in UTF-16 UTF-16LE UTF-16BE UTF-32 UTF-32LE UTF-32BE; do
		name=$from
		iconv -f UTF-8 -t "$from" plain | keep env
		ask --env-file env hi
		refused "env: this is $name; convert it with iconv -f $name -t UTF-8"
		# which is what helps
		iconv -f "$name" -t UTF-8 env | keep converted
		ask --env-file converted --dry-run hi
		dry "$(aimed "$DEFAULT_URL" 0001)"
		echo "$GOOD_KEY" | iconv -f UTF-8 -t "$from" |
		    keep creds/google-api-keys
		CREDENTIALS_DIRECTORY=$PWD/creds ask hi
		refused "credentials directory: google-api-keys: this is $name;\
 convert it with iconv -f $name -t UTF-8"
		echo "some text" | iconv -f UTF-8 -t "$from" >text
		GEMINI_API_KEY=$GOOD_KEY gm --dry-run hi <text
		said 65 '' "gm-prompt: standard input: $name, not UTF-8; convert it\
 with iconv -f $name -t UTF-8"$'\n'
	done
	# the other byte order, marked
	printf '\xfe\xff\x00G\x00=' | keep env
	ask --env-file env hi
	refused 'env: this is UTF-16; convert it with iconv -f UTF-16 -t UTF-8'
	# marked, but without a NUL byte
	printf '\xff\xfe\x2d\x4e\x87\x65' >text
	GEMINI_API_KEY=$GOOD_KEY gm --dry-run hi <text
	said 65 '' 'gm-prompt: standard input: UTF-16, not UTF-8; convert it with iconv -f UTF-16 -t UTF-8'$'\n'
}

# --- keys that a command prints

# counting COMMAND: the same, which leaves a line in "ran" each time.
counting() {
	echo "echo x >>'$PWD/ran'; $1"
}

# ran N: so often it has run.
ran() {
	touch ran
	[ "$(wc -l <ran)" -eq "$1" ]
	rm ran
}

@test "a command: the last place of keys, run once, trusted as what names it" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	local user=$HOME/.config/gm/env place

	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS_COMMAND
	GOOGLE_API_KEYS_COMMAND=$(counting "echo $GOOD_KEY; echo work:fake-good-key-0002")
	ask hi
	said 0 $'Hello.\n' ''
	GEMINI_API_KEY=$GOOD_KEY sent_as 1 "$HI"
	ran 1
	ask -vv --dry-run hi
	grep -qxF 'gm-prompt: keys: 2 in GOOGLE_API_KEYS_COMMAND (environment)' err
	grep -qxF 'gm-prompt: GOOGLE_API_KEYS_COMMAND: set (environment)' err
	ran 1
	# any other place comes before it, and then it is not run
	GEMINI_API_KEY=fake-good-key-0003 ask --dry-run hi
	dry "$(aimed "$URL" 0003)"
	keep creds/google-api-keys fake-good-key-0004
	CREDENTIALS_DIRECTORY=$PWD/creds ask --dry-run hi
	dry "$(aimed "$URL" 0004)"
	keep "$user" GOOGLE_API_KEY=fake-good-key-0005
	ask --dry-run hi
	dry "$(aimed "$URL" 0005)"
	# but ./.env does not
	rm "$user"
	keep .env GOOGLE_API_KEYS=fake-evil-key-0666
	ran 0
	ask --dry-run hi
	dry "$(aimed "$URL" 0001)"
	ran 1
	# a base URL of a weaker place is refused, one of the same is used
	unset GOOGLE_GEMINI_BASE_URL
	keep "$user" GOOGLE_GEMINI_BASE_URL=https://a.example
	ask hi
	refused "$user: GOOGLE_GEMINI_BASE_URL is less trusted than the keys (environment); set both in one file, or both in the environment"
	rm -f ran
	echo "GOOGLE_API_KEYS_COMMAND='echo $GOOD_KEY'" >>"$user"
	unset GOOGLE_API_KEYS_COMMAND
	ask -vv -n --dry-run hi
	[ "$rc" -eq 0 ]
	grep -qxF "gm-prompt: keys: 1 in GOOGLE_API_KEYS_COMMAND ($user)" err
	grep -qF 'gm-prompt: POST https://a.example/' err
}

@test "a command for each provider, also of a fallback" {
	export MISTRAL_API_KEYS_COMMAND='echo fake-good-key-0011'
	export OPENAI_API_KEY_COMMAND='echo fake-good-key-0012'
	ask -n --dry-run --provider mistral hi
	[ "$rc" -eq 0 ] && grep -qx 'gm-prompt: Authorization: Bearer ...0011' err
	ask -n --dry-run --provider openai -m m hi
	[ "$rc" -eq 0 ] && grep -qx 'gm-prompt: Authorization: Bearer ...0012' err
	GEMINI_API_KEY=$GOOD_KEY ask -vv -n --dry-run --fallback mistral hi
	[ "$rc" -eq 0 ] && grep -qx \
	    'gm-prompt: keys: 1 in MISTRAL_API_KEYS_COMMAND (environment)' err
}

@test "a command that fails: 78 with its end, and nothing is shown" {
	local command why

	while IFS='>' read -r command why; do
		GOOGLE_API_KEYS_COMMAND=$command ask hi
		refused "environment: GOOGLE_API_KEYS_COMMAND: $why"
	done <<-'END'
		echo fake-secret; exit 3>the command failed with exit status 3
		false>the command failed with exit status 1
		kill -9 $$>the command was killed by signal 9 (Killed)
		kill -TTIN $$>the command was stopped, as it used the terminal
		sleep 60 & kill -TTOU 0>the command was stopped, as it used the terminal
		:>the command printed no key
		echo; echo ,>the command printed no key
		yes fake-secret>the command printed more than 1 MiB and was killed
		echo '"fake-secret"'>key 0: byte 1 is a quote; remove the quotes
		echo GOOGLE_API_KEYS=fake-secret>key 0: begins with NAME=; give only the key
	END
	GOOGLE_API_KEYS_COMMAND='echo fake-1 | iconv -t UTF-16' ask hi
	refused 'environment: GOOGLE_API_KEYS_COMMAND: this is UTF-16; convert it with iconv -f UTF-16 -t UTF-8'
	# its own words pass, its input is empty
	GOOGLE_API_KEYS_COMMAND='cat; echo why >&2; exit 1' gm hi <<<text
	said 78 '' "why
gm-prompt: environment: GOOGLE_API_KEYS_COMMAND: the command failed with exit status 1
"
}

@test "a command that runs a tool: it gets no keys from a command, and ends" {
	local user=$HOME/.config/gm/env own='gm-rotate --print-key'
	local ring='a key command cannot use another key command'
	local all="$user, /etc/gm/env, ./.env" nested

	nested=$(counting "$own")
	GOOGLE_API_KEYS_COMMAND=$nested ask hi
	said 78 '' "gm-rotate: no API key in $all or the environment; set GOOGLE_API_KEYS
gm-prompt: environment: GOOGLE_API_KEYS_COMMAND: the command failed with exit status 78
"
	ran 1
	# in the file, and in both; a wrapper changes nothing
	echo "$nested" >wrapper
	keep "$user" "GOOGLE_API_KEYS_COMMAND='sh $PWD/wrapper'"
	ask hi
	said 78 '' "gm-rotate: $user: GOOGLE_API_KEYS_COMMAND: $ring
gm-prompt: $user: GOOGLE_API_KEYS_COMMAND: the command failed with exit status 78
"
	ran 1
	GOOGLE_API_KEYS_COMMAND=$nested ask hi
	said 78 '' "gm-rotate: $user: GOOGLE_API_KEYS_COMMAND: $ring
gm-prompt: environment: GOOGLE_API_KEYS_COMMAND: the command failed with exit status 78
"
	ran 1
	# one that sets it again, and two that would take turns
	GOOGLE_API_KEYS_COMMAND="echo x >>'$PWD/ran'; GOOGLE_API_KEYS_COMMAND='sh $PWD/wrapper' $own" ask hi
	said 78 '' "gm-rotate: environment: GOOGLE_API_KEYS_COMMAND: $ring
gm-prompt: environment: GOOGLE_API_KEYS_COMMAND: the command failed with exit status 78
"
	ran 1
	keep "$user" "MISTRAL_API_KEYS_COMMAND='sh $PWD/wrapper'" \
	    "GOOGLE_API_KEYS_COMMAND='$own --provider mistral'"
	ask hi
	said 78 '' "gm-rotate: $user: MISTRAL_API_KEYS_COMMAND: $ring
gm-prompt: $user: GOOGLE_API_KEYS_COMMAND: the command failed with exit status 78
"
	ran 0
	rm "$user"
	# with keys elsewhere it works, and other variables are as they were
	keep creds/google-api-keys "$GOOD_KEY"
	WORD=set GOOGLE_API_KEYS_COMMAND="[ \"\$WORD\" = set ] && CREDENTIALS_DIRECTORY=$PWD/creds $own" \
	    ask -n --dry-run hi
	[ "$rc" -eq 0 ]
	grep -qF 'x-goog-api-key: ...0001' err
	[ "$(grep -c 'is no variable' err)" -eq 0 ]
}

@test "a key in place of a command: 78, it is not run and not shown" {
	local fake=AIza_fake-key_for_tests_0123456789abcde text where

	for text in "$fake" " $fake " "work:$fake,$fake" "'$fake'" "\"$fake\"" \
	    "$fake; echo x" "$fake|cat" "$fake # mine" "($fake)" "./$fake" \
	    "dir/$fake" "$PWD/$fake" "~root/$fake" "$fake/x" "$BOM$fake" \
	    $'\xE2\x80\x8B'"$fake" $'\xC2\xA0'"$fake" "$fake"$'\xE2\x80\x8B' \
	    "${fake:0:9}"$'\xE2\x80\x8B'"${fake:9}" $'\xE2\x81\xA0'"./$fake" \
	    $'\xE2\x80\x9C'"$fake"$'\xE2\x80\x9D' "\`$fake\`" "{ $fake; }" \
	    "\\$fake" "-$fake" "$fake==" "exec $fake" "export $fake" \
	    "A=b $fake" "A=b exec ./$fake" "! $fake" $'\001'"$fake"; do
		GOOGLE_API_KEYS_COMMAND=$text ask hi
		refused 'environment: GOOGLE_API_KEYS_COMMAND: this is a key, not a command; put it into GOOGLE_API_KEYS'
	done
	MISTRAL_API_KEYS_COMMAND=FakeFakeFakeFakeFakeFake01234567 \
	    ask --provider mistral hi
	refused 'environment: MISTRAL_API_KEYS_COMMAND: this is a key, not a command; put it into MISTRAL_API_KEYS'
	OPENAI_API_KEY_COMMAND=sk-fake-key-0123456789abcdef \
	    ask --provider openai -m m hi
	refused 'environment: OPENAI_API_KEY_COMMAND: this is a key, not a command; put it into OPENAI_API_KEY'
	where=$HOME/.config/gm/env
	keep "$where" "GOOGLE_API_KEYS_COMMAND=$fake"
	ask hi
	refused "$where: GOOGLE_API_KEYS_COMMAND: this is a key, not a command; put it into GOOGLE_API_KEYS"
	rm "$where"
	# as an argument it may well be, or in the path of what is there
	mkdir -p "dir/$fake"
	printf '#!/bin/sh\necho %s\n' "$GOOD_KEY" >"dir/$fake/keys"
	chmod +x "dir/$fake/keys"
	for text in "echo $fake" "A=$fake echo $fake" "exec echo $fake" \
	    "dir/$fake/keys" "'$PWD/dir/$fake/keys' x"; do
		GOOGLE_API_KEYS_COMMAND=$text ask -n --dry-run hi
		[ "$rc" -eq 0 ]
	done
}

# gone PIDS-FILE: none of these processes is left.
gone() {
	local pid pids

	mapfile -t pids <"$1"
	for pid in "${pids[@]}"; do
		wait_for "! kill -0 $pid 2>/dev/null"
	done
}

@test "a command ends with the deadline and by a signal, with all it has started" {
	local tool number

	export GOOGLE_API_KEYS_COMMAND='echo $$ >pid; sleep 60 & echo $! >>pid; wait'
	ask --deadline 300ms hi
	said 69 '' "gm-prompt: environment: GOOGLE_API_KEYS_COMMAND: deadline exceeded
"
	touch pid # it may have been too slow to say who it is
	gone pid
	# All that kill from outside, but SIGKILL; 16 is SIGSTKFLT.
	for number in 1 2 3 6 10 12 15 16 24 26 27 29 30; do
		rm -f pid
		env --default-signal=INT,QUIT gm-prompt -n hi >out 2>err &
		tool=$!
		wait_for '[ -e pid ] && [ "$(wc -l <pid)" -eq 2 ]'
		kill -"$number" "$tool"
		rc=0
		wait "$tool" || rc=$?
		[ "$rc" -eq $((128 + number)) ] || {
			echo "signal $number: status $rc"
			return 1
		}
		same out ''
		same err ''
		gone pid
	done
}

@test "a command is taken from a safe file with an absolute path, never from ./.env" {
	local line=GOOGLE_API_KEYS_COMMAND=./keys
	local file all="$HOME/.config/gm/env, /etc/gm/env, ./.env"

	counting "echo $GOOD_KEY" >keys
	chmod +x keys
	for file in "$PWD/env" "$HOME/.config/gm/env"; do
		keep "$file" "$line"
		ask --env-file "$file" --dry-run hi
		dry "$(aimed "$DEFAULT_URL" 0001)"
		ran 1
		chmod 644 "$file"
		ask --env-file "$file" hi
		refused "$file: others can read or change it; run chmod 600 $file (mode 644)"
		for mode in 644 600; do
			chmod "$mode" "$file"
			GM_ALLOW_UNSAFE_ENV=1 ask --env-file "$file" hi
			said 78 '' "gm-prompt: $file: GOOGLE_API_KEYS_COMMAND ignored: GM_ALLOW_UNSAFE_ENV is set
gm-prompt: no API key in $file or the environment; set GOOGLE_API_KEYS
"
		done
		rm "$file"
	done
	keep env "$line"
	ask --env-file env hi
	said 78 '' "gm-prompt: env: GOOGLE_API_KEYS_COMMAND ignored: its path is relative; use an absolute path
gm-prompt: no API key in env or the environment; set GOOGLE_API_KEYS
"
	keep .env "$line"
	for file in ./.env "$PWD/.env" ././.env; do
		[ "$file" = ./.env ] || export GM_ENV_FILE=$file
		ask hi
		said 78 '' "gm-prompt: $file: GOOGLE_API_KEYS_COMMAND ignored: only keys, model names, numbers and loopback base URLs are read from this file
gm-prompt: no API key in ${all/.\/.env/$file} or the environment; set GOOGLE_API_KEYS
"
	done
	ran 0
	# nor if it is named, by whatever path
	unset GM_ENV_FILE
	ln -s .env link
	ln .env twin
	for file in "$PWD/.env" "$PWD/./.env" .env "$PWD/link" "$PWD/twin"; do
		ask --env-file "$file" hi
		said 78 '' "gm-prompt: $file: GOOGLE_API_KEYS_COMMAND ignored: commands in ./.env are never run
gm-prompt: no API key in $file or the environment; set GOOGLE_API_KEYS
"
	done
	# what else it sets counts, and so does the command of any other file
	keep .env "$line" "GEMINI_API_KEY=$GOOD_KEY"
	ask --env-file "$PWD/.env" --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	ran 0
	mkdir sub
	keep sub/.env "GOOGLE_API_KEYS_COMMAND=$PWD/keys"
	ask --env-file "$PWD/sub/.env" --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	ran 1
}

@test "a command is not run without need" {
	export GOOGLE_API_KEYS_COMMAND
	GOOGLE_API_KEYS_COMMAND=$(counting "echo $GOOD_KEY")
	local held="no API key: GOOGLE_API_KEYS_COMMAND is run only with --print-key or a command after -- (environment)"
	local tool

	for tool in gm-prompt gm-models gm-keycheck gm-rotate; do
		"$tool" --help >out
		"$tool" --version >out
		"$tool" --gm-options >out
		"$tool" --gm-variables >out
		rc=0
		"$tool" --no-such-option >out 2>err || rc=$?
		[ "$rc" -eq 64 ]
	done
	for args in '' --peek --status '--mark 0 --class quota' --reset \
	    --from-reports '--current-index 0'; do
		rc=0
		# shellcheck disable=SC2086 # words
		gm-rotate $args >out 2>err </dev/null || rc=$?
		said 78 '' "gm-rotate: $held"$'\n'
	done
	ran 0
	gm-rotate --print-key >out
	[ "$(cat out)" = "$GOOD_KEY" ]
	ran 1
	gm-rotate -- sh -c 'echo "$GEMINI_API_KEY"' >out
	[ "$(cat out)" = "$GOOD_KEY" ]
	ran 1
}

# --- who may have written it

@test "an env file that others can read or change: 78 with the chmod to run" {
	local mode

	for mode in 600 400 640 440 700; do
		keep env "GEMINI_API_KEY=$GOOD_KEY"
		chmod "$mode" env
		ask --env-file env --dry-run hi
		dry "$(aimed "$DEFAULT_URL" 0001)"
	done
	for mode in 604 602 620 644 660 666 777; do
		keep env "GEMINI_API_KEY=$GOOD_KEY"
		keep .env "GEMINI_API_KEY=$GOOD_KEY"
		chmod "$mode" env .env
		ask --env-file env hi
		refused "env: others can read or change it; run\
 chmod 600 env (mode $mode)"
		ask hi
		refused "./.env: others can read or change it; run\
 chmod 600 ./.env (mode $mode)"
		# which is what helps
		eval "$(sed 's/.*; run //; s/ (.*//' err)"
		ask --dry-run hi
		dry "$(aimed "$DEFAULT_URL" 0001)"
	done
	# judged is the file, not the link
	ln -s env link
	chmod 644 env
	ask --env-file link hi
	refused 'link: others can read or change it; run chmod 600 link (mode 644)'
}

@test "an env file none of whose values are used is not judged" {
	keep env OTHER=1
	chmod 666 env
	GEMINI_API_KEY=$GOOD_KEY ask --env-file env --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
}

@test "GM_ALLOW_UNSAFE_ENV=1, from the environment alone" {
	keep env "GEMINI_API_KEY=$GOOD_KEY"
	chmod 666 env
	GM_ALLOW_UNSAFE_ENV=1 ask --env-file env --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	for value in '' 0; do
		GM_ALLOW_UNSAFE_ENV=$value ask --env-file env hi
		refused_like 'env: others can read or change it'
	done
	echo GM_ALLOW_UNSAFE_ENV=1 >>./env
	ask --env-file env hi
	refused_like 'env: others can read or change it'
}

@test "an env file that is somebody else's: 78" {
	[ "$EUID" -eq 0 ] || skip 'only root can give files away'
	keep env "GEMINI_API_KEY=$GOOD_KEY"
	chown "$NOBODY" env
	ask --env-file env hi
	refused 'env: owned by another user, who could change it; make your own copy and run chmod 600 on it'
	GM_ALLOW_UNSAFE_ENV=1 ask --env-file env --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	as_nobody ./gm-prompt --env-file env --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	# root is nobody else, as in /etc
	chown "0:$NOBODY" env
	chmod 640 env
	as_nobody ./gm-prompt --env-file env --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
}

# --- ./.env may come with somebody's repository

@test "a hostile ./.env: nothing goes elsewhere, no file is made, one note" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	local evil evil_dir=$BATS_TEST_TMPDIR/evil

	mkdir "$evil_dir"
	python3 "$ROOT/tests/server/standin.py" --dir "$evil_dir" \
	    >"$evil_dir/url" 2>&1 3>&- &
	EVIL=$!
	wait_for "[ -s '$evil_dir/url' ]"
	evil=$(cat "$evil_dir/url")
	keep planted/google-api-keys fake-evil-key-0666
	keep planted/env GEMINI_API_KEY=fake-evil-key-0666
	keep .env <<-END
		GEMINI_API_KEY=fake-evil-key-0666
		GOOGLE_API_KEYS=fake-evil-key-0667
		GOOGLE_GEMINI_BASE_URL=https://evil.example
		GM_LOG_FILE=planted/log
		GM_CACHE_DIR=planted/cache
		CACHE_DIRECTORY=planted/cache
		XDG_CACHE_HOME=$PWD/planted
		GM_SYSLOG=1
		GM_METRICS=1
		GM_ENV_FILE=planted/env
		GM_ALLOW_UNSAFE_ENV=1
		CREDENTIALS_DIRECTORY=planted
		XDG_CONFIG_HOME=$PWD/planted
		HOME=$PWD/planted
		SSL_CERT_FILE=planted/ca.pem
		SSL_CERT_DIR=planted
		CURL_CA_BUNDLE=planted/ca.pem
		http_proxy=$evil
		https_proxy=$evil
		HTTPS_PROXY=$evil
		all_proxy=$evil
		ALL_PROXY=$evil
		no_proxy=
		GM_STATE_DIR=planted/state
		GM_FALLBACK=openai
		OPENAI_BASE_URL=$evil
		PATH=planted
		LD_PRELOAD=planted/evil.so
		CLICOLOR_FORCE=1
	END
	ask hi
	said 0 $'Hello.\n' ''
	sent "$HI"
	GEMINI_API_KEY='' ask --dry-run hi
	dry "gm-prompt: ./.env: GOOGLE_GEMINI_BASE_URL,\
 GM_FALLBACK, GM_METRICS, GM_LOG_FILE, GM_SYSLOG, GM_STATE_DIR,\
 GM_CACHE_DIR, GM_ENV_FILE, GM_ALLOW_UNSAFE_ENV ignored:\
 only keys, model names, numbers and loopback base URLs are read from this file
$(aimed "$URL" 0667)"
	GEMINI_API_KEY='' GOOGLE_GEMINI_BASE_URL='' ask --dry-run hi
	[ "$(tail -n +2 err)" = "$(aimed "$DEFAULT_URL" 0667)" ]
	[ ! -e "$evil_dir/request.1" ]
	diff <(find . | LC_ALL=C sort) <(printf '%s\n' . ./.env ./err ./out \
	    ./planted ./planted/env ./planted/google-api-keys)
}

@test "./.env: keys, the model and numbers are taken" {
	keep .env "GEMINI_API_KEY=$GOOD_KEY" GEMINI_MODEL=gemini-1 \
	    GM_TIMEOUT=1 GM_DEADLINE=2 GM_RETRIES=3 GM_MAX_WAIT=4
	ask -vv -n --dry-run hi
	dry "$(traced ./.env '1 in GEMINI_API_KEY (./.env)' 0001 \
	    GEMINI_MODEL 'gemini-1 (./.env)' GM_TIMEOUT '1 (./.env)' \
	    GM_DEADLINE '2 (./.env)' GM_RETRIES '3 (./.env)' \
	    GM_MAX_WAIT '4 (./.env)')"
}

@test "./.env: a base URL that is not loopback is ignored with a note" {
	local url

	for url in https://evil.example http://evil.example \
	    http://127.0.0.1.evil.example http://localhost.evil.example \
	    https://10.0.0.1 http://128.0.0.1 http://127.0.0.1@evil.example \
	    'http://evil.example#127.0.0.1' 'http://[::2]' nonsense; do
		keep .env "GEMINI_API_KEY=$GOOD_KEY" \
		    "GOOGLE_GEMINI_BASE_URL='$url'"
		ask --dry-run hi
		dry "gm-prompt: ./.env: GOOGLE_GEMINI_BASE_URL ignored: only\
 keys, model names, numbers and loopback base URLs are read from this file
$(aimed "$DEFAULT_URL" 0001)"
	done
}

@test "./.env: a loopback base URL is used with keys from there" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	unset GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL
	keep .env GEMINI_API_KEY=fake-good-key-0002 \
	    "GOOGLE_GEMINI_BASE_URL=$URL"
	ask hi
	said 0 $'Hello.\n' ''
	GEMINI_API_KEY=fake-good-key-0002 sent "$HI"
	for url in http://localhost:8080 https://127.1.2.3 "'http://[::1]:80'"; do
		keep .env "GEMINI_API_KEY=$GOOD_KEY" \
		    "GOOGLE_GEMINI_BASE_URL=$url"
		ask --dry-run hi
		dry "$(aimed "${url//\'/}" 0001)"
	done
}

@test "./.env: a loopback base URL is not used with other keys" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'

	keep .env GEMINI_API_KEY=fake-good-key-0002 \
	    "GOOGLE_GEMINI_BASE_URL=$URL"
	unset GOOGLE_GEMINI_BASE_URL
	ask --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	# -vv tells what is used in the end
	ask -vv -n --dry-run hi
	diff <(tail -n +2 err) <(traced none \
	    '1 in GEMINI_API_KEY (environment)' 0001)
	unset GEMINI_API_KEY
	keep creds/google-api-keys "$GOOD_KEY"
	CREDENTIALS_DIRECTORY=$PWD/creds ask --dry-run hi
	dry "$(aimed "$DEFAULT_URL" 0001)"
	unsent
}

@test "./.env: several lines that look like something else" {
	local user=$HOME/.config/gm/env

	# inside quotes there is no assignment
	keep .env <<-'END'
		NOTE="
		GEMINI_API_KEY=fake-evil-key-0666
		GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:1
		"
		TEXT='
		GOOGLE_API_KEYS=fake-evil-key-0666
		'
	END
	ask -n --dry-run hi
	no_key "$user, /etc/gm/env, ./.env"
	# one reader's comment goes on where the other's ends
	printf '# so far \\\nGEMINI_API_KEY=fake-evil-key-0666\n' | keep .env
	ask hi
	refused_like './.env:2: GEMINI_API_KEY: '
	# a quote that is never closed does not swallow what follows
	keep .env "GEMINI_API_KEY='fake-good-key-0001" GEMINI_MODEL=gemini-1
	ask hi
	refused_like './.env:1: GEMINI_API_KEY: '
	# a CR is no end of a line
	printf 'A=1\rGEMINI_API_KEY=fake-evil-key-0666\n' | keep .env
	ask -n --dry-run hi
	no_key "$user, /etc/gm/env, ./.env"
}

# --- lines

@test "a line that its readers would read differently: 78, file:line" {
	local value values=(
		'$(touch planted)' '`touch planted`' '"$(touch planted)"'
		'"`touch planted`"' '$HOME' '"${HOME}"' "'\${HOME}'"
		'fake-1;touch planted' 'fake-1&touch planted' 'fake-1|x'
		'fake-1>planted' '<planted' '(fake-1)' 'fake-1 touch planted'
		'fake-1 # comment' 'fake\-1' '"fake\n1"' 'fake"-1"' "fake'-1'"
		"'fake-1" '"fake-1' "'fake-1' x" "'fake-1'x" '"fake"-1'
		'/x:~/fake-1' $'fake-\xff1' $'fake-\0011' $'"fake-\0331"'
	)

	for value in "${values[@]}"; do
		for name in GEMINI_API_KEY GOOGLE_API_KEYS GEMINI_MODEL; do
			keep env '# first' OTHER=1 "$name=$value"
			GOOGLE_API_KEY=$GOOD_KEY ask --env-file env hi
			refused_like "env:3: $name: "
			[ "$name" != GEMINI_MODEL ] || continue
			mv env .env
			ask hi
			refused_like "./.env:3: $name: "
			rm .env
		done
	done
	keep env 'GEMINI_API_KEY: fake-1'
	ask --env-file env hi
	refused_like 'env:1: GEMINI_API_KEY: '
	keep env GEMINI_API_KEY
	ask --env-file env hi
	refused_like 'env:1: GEMINI_API_KEY: '
	keep env GEMINI_API_KEY+=fake-1
	ask --env-file env hi
	refused_like 'env:1: GEMINI_API_KEY: '
	diff <(ls -A) <(printf 'env\nerr\nout\n')
}

@test "lines that all readers take" {
	local line

	for line in "GEMINI_API_KEY=$GOOD_KEY" "GEMINI_API_KEY='$GOOD_KEY'" \
	    "GEMINI_API_KEY=\"$GOOD_KEY\"" "GOOGLE_API_KEYS=a:$GOOD_KEY,b:fake-good-key-0002"; do
		keep env '# comment' '' 'OTHER=$(x)' "$line" "# $line"
		ask --env-file env --dry-run hi
		dry "$(aimed "$DEFAULT_URL" 0001)"
		printf %s "$line" | keep env
		ask --env-file env --dry-run hi
		dry "$(aimed "$DEFAULT_URL" 0001)"
	done
}

@test "lines that not all readers take: a note with line and name" {
	local line

	for line in "export GEMINI_API_KEY=$GOOD_KEY" \
	    "GEMINI_API_KEY = $GOOD_KEY" "GEMINI_API_KEY= $GOOD_KEY" \
	    "GEMINI_API_KEY=$GOOD_KEY"$'\r'; do
		printf '\n%s\n' "$line" | keep env
		ask --env-file env --dry-run hi
		noted 'env:2: GEMINI_API_KEY: '
	done
	printf '\xEF\xBB\xBFGEMINI_API_KEY=%s\n' "$GOOD_KEY" | keep env
	ask --env-file env --dry-run hi
	noted 'env:1: '
	# the last of two wins
	keep env GEMINI_API_KEY=fake-good-key-0002 "GEMINI_API_KEY=$GOOD_KEY"
	ask --env-file env --dry-run hi
	noted 'env:2: GEMINI_API_KEY: '
}

# --- the base URL

@test "a base URL less trusted than the key: 78, naming both places" {
	local user=$HOME/.config/gm/env
	local why='GOOGLE_GEMINI_BASE_URL is less trusted than the keys'
	local url

	for url in https://a.example http://127.0.0.1:1; do
		keep env "GOOGLE_GEMINI_BASE_URL=$url"
		GEMINI_API_KEY=$GOOD_KEY ask --env-file env hi
		refused "env: $why (environment); set both in one file, or both in the environment"
		GM_ENV_FILE=$PWD/env GEMINI_API_KEY=$GOOD_KEY ask hi
		refused "$PWD/env: $why (environment); set both in one file, or both in the environment"
		keep creds/google-api-keys "$GOOD_KEY"
		CREDENTIALS_DIRECTORY=$PWD/creds ask --env-file env hi
		refused "env: $why (credentials directory); set both in one file, or both in the environment"
		keep "$user" "GOOGLE_GEMINI_BASE_URL=$url"
		GEMINI_API_KEY=$GOOD_KEY ask hi
		refused "$user: $why (environment); set both in one file, or both in the environment"
		rm "$user"
	done
}

@test "a base URL as trusted as the key, or more, is used" {
	local user=$HOME/.config/gm/env file

	for file in env "$user" .env; do
		keep "$file" "GEMINI_API_KEY=$GOOD_KEY"
		[ "$file" = env ] || unset GM_ENV_FILE
		[ "$file" != env ] || export GM_ENV_FILE=$PWD/env
		GOOGLE_GEMINI_BASE_URL=https://a.example/x ask --dry-run hi
		dry "$(aimed https://a.example/x 0001)"
		[ "$file" != .env ] || continue
		echo GOOGLE_GEMINI_BASE_URL=https://b.example >>"$file"
		ask --dry-run hi
		dry "$(aimed https://b.example 0001)"
		rm "$file"
	done
}

@test "plain http only to this machine; no URL that could be read otherwise" {
	local url why

	export GEMINI_API_KEY=$GOOD_KEY
	for url in http://a.example http://10.0.0.1 http://127.0.0.1.a.example \
	    http://localhost.a.example 'http://[2001:db8::1]' http://0.0.0.0; do
		why='plain http would send the API key unencrypted; '
		[ "$url" != http://0.0.0.0 ] ||
			why="the URL's host is an address to listen on, "
		GOOGLE_GEMINI_BASE_URL=$url ask hi
		refused_like "environment: GOOGLE_GEMINI_BASE_URL: $why"
		keep env "GEMINI_API_KEY=$GOOD_KEY" \
		    "GOOGLE_GEMINI_BASE_URL='$url'"
		env -u GEMINI_API_KEY gm-prompt --env-file env hi \
		    >out 2>err </dev/null || rc=$?
		refused_like "env: GOOGLE_GEMINI_BASE_URL: $why"
	done
	for url in ftp://a.example a.example https:// 'https://a b' \
	    https://a.example@b.example 'https://a.example?x' \
	    'https://a.example#x' https://a.example:0 'https://a\b' \
	    $'https://a.example/\033[m'; do
		GOOGLE_GEMINI_BASE_URL=$url ask hi
		refused_like 'environment: GOOGLE_GEMINI_BASE_URL: '
	done
}

@test "a key in the base URL is refused, and not shown with -vv" {
	GEMINI_API_KEY=$GOOD_KEY \
	    GOOGLE_GEMINI_BASE_URL="https://a.example/?key=$GOOD_KEY" \
	    ask -vv hi
	[ "$rc" -eq 78 ]
	same out ''
	grep -qxF 'gm-prompt: GOOGLE_GEMINI_BASE_URL:'\
' https://a.example/ (environment)' err
}

# --- numbers

@test "a number out of range: variable or option, and the range" {
	local whole="not a whole number from 0 to 100"

	export GEMINI_API_KEY=$GOOD_KEY
	for value in -1 101 4.5 four 99999999999999999999; do
		GM_RETRIES=$value ask hi
		refused "environment: GM_RETRIES: $whole"
		ask --retries "$value" hi
		usage "--retries: $whole"
	done
	keep env GM_RETRIES=101
	ask --env-file env hi
	refused "env: GM_RETRIES: $whole"
	while read -r name option value; do
		ask "$option" "$value" hi
		[ "$rc" -eq 64 ]
		same out ''
		grep -qE "^gm-prompt: $option: not a .* (24h|1ms|1h)$" \
		    err
		[ "$name" != - ] || continue
		export "$name=$value"
		ask hi
		refused_like "environment: $name: not a "
		grep -qE ' (24h|1ms|1h)$' err
		unset "$name"
	done <<-'END'
		GM_RESPONSE_TIMEOUT --response-timeout 0
		GM_TIMEOUT --timeout 0
		GM_TIMEOUT --timeout 25h
		GM_DEADLINE --deadline 0
		GM_DEADLINE --deadline 1441m
		GM_MAX_WAIT --max-wait 86401
		- --connect-timeout 0
		- --connect-timeout 61m
	END
	for name in GM_METRICS GM_SYSLOG; do
		export "$name=maybe"
		ask hi
		refused "environment: $name: not 1 or 0"
		unset "$name"
	done
}

@test "a model that is none: the place is named" {
	GEMINI_API_KEY=$GOOD_KEY GEMINI_MODEL='a b' ask hi
	refused_like 'environment: GEMINI_MODEL: '
	keep env "GEMINI_API_KEY=$GOOD_KEY" GEMINI_MODEL=../x
	ask --env-file env hi
	refused_like 'env: GEMINI_MODEL: '
}

@test "./.env that is no regular file is not waited for, nor read" {
	export GEMINI_API_KEY=fake-good-key-0001
	unset GOOGLE_GEMINI_BASE_URL
	mkfifo .env
	run -0 --separate-stderr timeout 60 gm-prompt --dry-run --quiet -n hi
	ln -sf /dev/zero .env
	run -0 --separate-stderr timeout 60 gm-prompt --dry-run --quiet -n hi
	ln -sf /dev/stdin .env
	run -0 --separate-stderr timeout 60 gm-prompt --dry-run --quiet hi \
	    < <(echo "some text")
	[[ $output == *"some text"* ]]
}
