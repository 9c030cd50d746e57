# gm-keycheck(1) in fish, printed by "gm-keycheck --completion fish".

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

complete -c gm-keycheck -f -a '(__gm_words (__gm_ask gm-keycheck keys))'
complete -c gm-keycheck -l level -x -a '(__gm_words list count generate)' -d 'list (free), count (free) or generate'
complete -c gm-keycheck -l min-healthy -x -d 'succeed if at least N keys are healthy'
complete -c gm-keycheck -l min-ok -x -d 'succeed if at least N keys can answer now'
complete -c gm-keycheck -l no-save -d 'do not update the shared key state'
complete -c gm-keycheck -l prometheus -r -F -d 'write Prometheus metrics to FILE'
complete -c gm-keycheck -s J -l json -d 'print JSON instead of text'
complete -c gm-keycheck -s m -l model -x -a '(__gm_list (__gm_ask gm-keycheck models))' -d 'model to check the keys with'
complete -c gm-keycheck -l provider -x -a '(__gm_words gemini mistral openai all)' -d 'gemini, mistral, openai or all'
complete -c gm-keycheck -s k -l key-index -x -a '(__gm_words (__gm_ask gm-keycheck keys))' -d 'use only the key with index N'
complete -c gm-keycheck -l env-file -r -F -d 'read keys and settings from FILE'
complete -c gm-keycheck -l fallback -x -a '(__gm_list gemini mistral openai none)' -d 'also check the keys of these providers'
complete -c gm-keycheck -l fallback-mistral -d 'short for --fallback mistral'
complete -c gm-keycheck -l ignore-cooldown -d 'do not report limits of earlier requests'
complete -c gm-keycheck -l response-timeout -x -d 'longest wait for the start of an answer (15m)'
complete -c gm-keycheck -l timeout -x -d 'longest wait for more of an answer (120s)'
complete -c gm-keycheck -l connect-timeout -x -d 'longest wait for a connection (10s)'
complete -c gm-keycheck -l deadline -x -d 'longest time of the run (none)'
complete -c gm-keycheck -l retries -x -d 'retries after network and server errors (4)'
complete -c gm-keycheck -l http1.1 -d 'do not use HTTP/2'
complete -c gm-keycheck -s 4 -l ipv4 -d 'use IPv4 only'
complete -c gm-keycheck -s 6 -l ipv6 -d 'use IPv6 only'
complete -c gm-keycheck -s v -l verbose -d 'print more; -vv: even more'
complete -c gm-keycheck -l quiet -d 'print errors only'
complete -c gm-keycheck -l color -x -a '(__gm_words auto always never)' -d 'colour on stderr: auto, always, never'
complete -c gm-keycheck -l metrics -d 'print all metrics of each request'
complete -c gm-keycheck -l log-file -r -F -d 'append metrics to FILE as JSON'
complete -c gm-keycheck -l syslog -d 'send metrics to syslog'
complete -c gm-keycheck -l completion -x -a '(__gm_words bash zsh fish)' -d 'print completions for bash, zsh or fish'
complete -c gm-keycheck -s h -l help -d 'print common options; --help all or -hh: all'
complete -c gm-keycheck -n '__fish_contains_opt help' -a '(__gm_words all)'
complete -c gm-keycheck -s V -l version -d 'print the version'
