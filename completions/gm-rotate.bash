# gm-rotate(1) in bash, printed by "gm-rotate --completion bash".

# The words of the line up to the cursor.  Bash breaks them at "=" and ":" as
# well; here they are whole.
_gm_words() {
	local rest=${COMP_LINE:0:COMP_POINT} part piece i

	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		part=${rest#"${rest%%[![:space:]]*}"}
		piece=$part
		((i == COMP_CWORD)) || piece=${COMP_WORDS[i]}
		if ((i > 0)) && [[ $part == "$rest" ]]; then
			words[${#words[@]} - 1]+=$piece
		else
			words+=("$piece")
		fi
		rest=${part#"$piece"}
	done
}

# Set "option" to the name of the option that a word ends with, "glued" if it
# holds a part of the argument, and "value" to that.
_gm_option() { # WORD
	local name=${1%%=*} key

	option=none value='' glued=''
	case $1 in
	--?*)
		if [[ ! ${help[$name]-} ]]; then
			for key in "${!help[@]}"; do
				[[ $key == "$name"* ]] || continue
				[[ $option == none ]] || name=none
				option=$key
			done
			[[ $name == none ]] || name=$option
		fi
		option=$name
		[[ $1 != *=* ]] || glued=1 value=${1#*=}
		;;
	-[!-]*)
		value=${1#-}
		while [[ $value ]]; do
			option=-${value:0:1}
			value=${value:1}
			[[ ! ${kind[$option]-} ]] || break
		done
		[[ ! $value ]] || glued=1
		;;
	esac
}

# Offer each of "all" that goes on from the value; of a list, its last item.
_gm_offer() {
	local begun='' item

	[[ $argument != *s ]] || begun=${value%"${value##*,}"}
	for item in "${all[@]}"; do
		item=$begun$item
		[[ $item != "$value"* ]] || COMPREPLY+=("$item")
	done
}

# Offer the files whose name goes on from what is after "@", or after nothing.
# Bash quotes names, but would quote the "@" as well, and leave a "$" as it is
# if the word is not just the name.
_gm_files() { # @|''
	local name

	[[ ! $quoted ]] || compopt -o filenames
	while IFS= read -r name; do
		if [[ -d $name ]]; then
			name+=/
			compopt -o nospace
		fi
		[[ $quoted ]] || printf -v name %q "$name"
		COMPREPLY+=("$1$name")
	done < <(compgen -f -- "${value#"$1"}")
}

# Offer what another program completes after "--".
_gm_command() {
	local i

	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != -- ]] || break
	done
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset $((i + 1))
	elif declare -F _command_offset >/dev/null; then
		_command_offset $((i + 1))
	elif ((i + 1 == COMP_CWORD)) && [[ $value != */* ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$value")
	else
		compopt -o default
	fi
}

# Ask the tool itself for models or keys; it sends nothing.
_gm_ask() { # TOOL models|keys
	mapfile -t all < <(command "$1" --completion "$2" "${known[@]}" \
	    </dev/null 2>/dev/null)
	_gm_offer
}

# Beside the options, if they are only listed, say what they do.
_gm_describe() {
	local i

	((COMP_TYPE == 63 && ${#COMPREPLY[@]} > 1)) || return 0
	for i in "${!COMPREPLY[@]}"; do
		printf -v "COMPREPLY[$i]" '%-20s %s' "${COMPREPLY[i]}" \
		    "${help[${COMPREPLY[i]}]}"
	done
}

# All that could stand at the cursor in place of TEXT, into COMPREPLY.  Tables
# of the caller: help (of each option), kind (of the argument of those that take
# one), follows (kind of the operand after options that take none).
_gm_complete() { # TOOL KIND-OF-OPERAND TEXT
	local tool=$1 operand=$2 text=$3 argument='' lead='' ended='' item i
	local option value glued quoted=''
	local -a words known=() all=()

	COMPREPLY=()
	case ${COMP_WORDS[COMP_CWORD - 1]}-${COMP_WORDS[COMP_CWORD]} in
	*[\<\>]-* | *-*[\<\>]) # a redirection
		compopt -o default
		return
		;;
	esac
	_gm_words
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		if [[ ${words[i]} == -- ]]; then
			ended=1
			break
		fi
		_gm_option "${words[i]}"
		if [[ ${kind[$option]-} && ! $glued ]]; then
			value=${words[++i]}
			((i < ${#words[@]} - 1)) || argument=${kind[$option]}
		fi
		case $argument$option in
		--provider | --env-file)
			value=${value//[\"\'\\]/}
			known+=("$option=${value/#\~\//"$HOME"/}")
			;;
		esac
		operand=${follows[$option]-$operand}
	done
	if [[ ! $argument ]]; then
		value=${words[${#words[@]} - 1]}
		argument=$operand
		[[ ! $ended ]] || argument=$2
		if [[ ! $ended && $value == -* ]]; then
			lead=$value
			_gm_option "$value"
			argument=${kind[$option]-text}
			if [[ ! $glued ]]; then
				all=("${!help[@]}")
				argument=option value=$lead
			fi
			lead=${lead%"$value"}
		fi
	fi
	[[ $value != [\"\']* ]] || quoted=1 value=${value:1}
	case $argument in
	file)
		if ((${#text} == ${#value})); then
			compopt -o default
		else
			_gm_files ''
		fi
		;;
	at) [[ $value != @* ]] || _gm_files @ ;;
	word* | option)
		[[ $argument != word* ]] ||
		    IFS=' ' read -ra all <<<"${argument#* }"
		argument=${argument%% *}
		_gm_offer
		;;
	model*) _gm_ask "$tool" models ;;
	key) _gm_ask "$tool" keys ;;
	command) [[ ! $ended ]] || _gm_command ;;
	esac
	for i in "${!COMPREPLY[@]}"; do
		item=$lead${COMPREPLY[i]}
		COMPREPLY[i]=${item:${#lead} + ${#value} - ${#text}}
	done
	[[ $argument != option ]] || _gm_describe
}

_gm_rotate() {
	local -A help=(
		[--current-index]='move on only if N is the current key'
		[--peek]='print the next key'\''s index; do not move'
		[--status]='print the status of all keys'
		[--mark]='mark a key, as --class says'
		[--class]='for --mark: ok, key_invalid, quota ...'
		[--for]='for --mark: how long it lasts'
		[--reset]='remove the marks of key INDEX, or of all'
		[--from-reports]='read reports from standard input, then --peek'
		[--as]='pass the key to the command as VAR, too'
		[--print-key]='print the key, not its index'
		[-J]='print JSON instead of text'
		[--json]='print JSON instead of text'
		[-m]='model, and fallback models'
		[--model]='model, and fallback models'
		[--provider]='gemini, mistral or openai'
		[-k]='use only the key with index N'
		[--key-index]='use only the key with index N'
		[--env-file]='read keys and settings from FILE'
		[-v]='print more; -vv: even more'
		[--verbose]='print more; -vv: even more'
		[--quiet]='print errors only'
		[--color]='colour on stderr: auto, always, never'
		[--completion]='print completions for bash, zsh or fish'
		[-h]='print common options; --help all or -hh: all'
		[--help]='print common options; --help all or -hh: all'
		[-V]='print the version'
		[--version]='print the version'
	)
	local -A kind=(
		[--current-index]='key'
		[--mark]='key'
		[--class]='word ok key_invalid key_expired key_leaked key_restricted key_rejected project_blocked project_denied forbidden no_credit quota_minute quota_day quota_none quota_spend quota quota_search'
		[--for]='text'
		[--as]='text'
		[-m]='models'
		[--model]='models'
		[--provider]='word gemini mistral openai'
		[-k]='key'
		[--key-index]='key'
		[--env-file]='file'
		[--color]='word auto always never'
		[--completion]='word bash zsh fish'
	)
	local -A follows=(
		[--reset]='key'
		[-h]='word all'
		[--help]='word all'
	)

	_gm_complete gm-rotate command "$2"
}
complete -F _gm_rotate gm-rotate
