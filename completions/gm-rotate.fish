# gm-rotate(1) in fish, printed by "gm-rotate --completion fish".

# What of the argument is before the cursor, without the option.
function __gm_value
    commandline -ct | string replace -r -- '^(--[^=]*=|-[^-])' ''
end

# Offer words with an empty description, in place of that of the option.
function __gm_words # WORD...
    string replace -r -- '$' \t $argv
end

# Offer words for the last item of a list.
function __gm_list # WORD...
    set -l begun (__gm_value | string match -r -- '^.*,')
    test -n "$begun"
    or set begun ''
    __gm_words $begun$argv
end

# Ask the tool itself for models or keys; it sends nothing.
function __gm_ask # TOOL models|keys
    set -l known
    set -l before
    for word in (commandline -opc)
        if contains -- "$before" --provider --env-file
            set -a known $before=$word
        else if string match -qr -- '^--(provider|env-file)=' $word
            set -a known $word
        end
        set before $word
    end
    command $argv[1] --completion $argv[2] \
        (string replace -- '=~/' "=$HOME/" $known) </dev/null 2>/dev/null
end

# Offer files after "@".
function __gm_at
    set -l value (__gm_value | string replace -r -- '^[\'"]' '')
    string match -q -- '@*' "$value"
    or return
    for name in (string sub -s 2 -- "$value" | string unescape)*
        test -d $name
        and set name $name/
        __gm_words @$name
    end
end

# Offer what another program completes after "--".
function __gm_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    or return
    set -e words[1..$at]
    complete -C (string join -- ' ' (string escape -- $words) (commandline -ct))
end

complete -c gm-rotate -f -a '(__gm_command)'
complete -c gm-rotate -l current-index -x -a '(__gm_words (__gm_ask gm-rotate keys))' -d 'move on only if N is the current key'
complete -c gm-rotate -l peek -d 'print the next key\'s index; do not move'
complete -c gm-rotate -l status -d 'print the status of all keys'
complete -c gm-rotate -l mark -x -a '(__gm_words (__gm_ask gm-rotate keys))' -d 'mark a key, as --class says'
complete -c gm-rotate -l class -x -a '(__gm_words ok key_invalid key_expired key_leaked key_restricted key_rejected project_blocked project_denied forbidden no_credit quota_minute quota_day quota_none quota_spend quota quota_search)' -d 'for --mark: ok, key_invalid, quota ...'
complete -c gm-rotate -l for -x -d 'for --mark: how long it lasts'
complete -c gm-rotate -l reset -d 'remove the marks of key INDEX, or of all'
complete -c gm-rotate -n '__fish_contains_opt reset' -a '(__gm_words (__gm_ask gm-rotate keys))'
complete -c gm-rotate -l from-reports -d 'read reports from standard input, then --peek'
complete -c gm-rotate -l as -x -d 'pass the key to the command as VAR, too'
complete -c gm-rotate -l print-key -d 'print the key, not its index'
complete -c gm-rotate -s J -l json -d 'print JSON instead of text'
complete -c gm-rotate -s m -l model -x -a '(__gm_list (__gm_ask gm-rotate models))' -d 'model, and fallback models'
complete -c gm-rotate -l provider -x -a '(__gm_words gemini mistral openai)' -d 'gemini, mistral or openai'
complete -c gm-rotate -s k -l key-index -x -a '(__gm_words (__gm_ask gm-rotate keys))' -d 'use only the key with index N'
complete -c gm-rotate -l env-file -r -F -d 'read keys and settings from FILE'
complete -c gm-rotate -s v -l verbose -d 'print more; -vv: even more'
complete -c gm-rotate -l quiet -d 'print errors only'
complete -c gm-rotate -l color -x -a '(__gm_words auto always never)' -d 'colour on stderr: auto, always, never'
complete -c gm-rotate -l completion -x -a '(__gm_words bash zsh fish)' -d 'print completions for bash, zsh or fish'
complete -c gm-rotate -s h -l help -d 'print common options; --help all or -hh: all'
complete -c gm-rotate -n '__fish_contains_opt help' -a '(__gm_words all)'
complete -c gm-rotate -s V -l version -d 'print the version'
