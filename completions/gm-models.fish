# gm-models(1) in fish, printed by "gm-models --completion fish".

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

complete -c gm-models -f -a '(__gm_words (__gm_ask gm-models models))'
complete -c gm-models -l all -d 'list models that cannot answer, too'
complete -c gm-models -l method -x -d 'list models that have the method NAME'
complete -c gm-models -l probe -d 'check that each model answers (free)'
complete -c gm-models -s l -l long -d 'print token limits and thinking, too'
complete -c gm-models -s J -l json -d 'print a JSON object for each model'
complete -c gm-models -l refresh -d 'do not use the cached list'
complete -c gm-models -l provider -x -a '(__gm_words gemini mistral openai)' -d 'gemini, mistral or openai'
complete -c gm-models -s k -l key-index -x -a '(__gm_words (__gm_ask gm-models keys))' -d 'use only the key with index N'
complete -c gm-models -l env-file -r -F -d 'read keys and settings from FILE'
complete -c gm-models -l fallback -x -a '(__gm_list gemini mistral openai none)' -d 'providers to use if this one cannot answer'
complete -c gm-models -l fallback-mistral -d 'short for --fallback mistral'
complete -c gm-models -l ignore-cooldown -d 'use keys that are cooling down or rejected'
complete -c gm-models -l max-wait -x -d 'longest wait for a rate-limited key (60s)'
complete -c gm-models -l response-timeout -x -d 'longest wait for the start of an answer (15m)'
complete -c gm-models -l timeout -x -d 'longest wait for more of an answer (120s)'
complete -c gm-models -l connect-timeout -x -d 'longest wait for a connection (10s)'
complete -c gm-models -l deadline -x -d 'longest time of the run (none)'
complete -c gm-models -l retries -x -d 'retries after network and server errors (4)'
complete -c gm-models -l http1.1 -d 'do not use HTTP/2'
complete -c gm-models -s 4 -l ipv4 -d 'use IPv4 only'
complete -c gm-models -s 6 -l ipv6 -d 'use IPv6 only'
complete -c gm-models -s v -l verbose -d 'print more; -vv: even more'
complete -c gm-models -l quiet -d 'print errors only'
complete -c gm-models -l color -x -a '(__gm_words auto always never)' -d 'colour on stderr: auto, always, never'
complete -c gm-models -l metrics -d 'print all metrics of each request'
complete -c gm-models -l log-file -r -F -d 'append metrics to FILE as JSON'
complete -c gm-models -l syslog -d 'send metrics to syslog'
complete -c gm-models -l completion -x -a '(__gm_words bash zsh fish)' -d 'print completions for bash, zsh or fish'
complete -c gm-models -s h -l help -d 'print common options; --help all or -hh: all'
complete -c gm-models -n '__fish_contains_opt help' -a '(__gm_words all)'
complete -c gm-models -s V -l version -d 'print the version'
