# gm-summ(1) in fish, printed by "gm-summ --completion fish".

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

complete -c gm-summ -l style -x -a '(__gm_words bullets paragraph headline tldr minutes)' -d 'bullets, paragraph, headline, tldr or minutes'
complete -c gm-summ -s w -l words -x -d 'write about N words (150)'
complete -c gm-summ -l lang -x -d 'language of the summary (the text\'s)'
complete -c gm-summ -s i -l instructions -x -a '(__gm_at)' -d 'what to stress or leave out'
complete -c gm-summ -l combine -d 'write one summary of all files'
complete -c gm-summ -l files0-from -r -F -d 'read file names from FILE, each ended by NUL'
complete -c gm-summ -s n -l no-stdin -d 'do not read standard input'
complete -c gm-summ -s o -l output -r -F -d 'write all summaries to FILE'
complete -c gm-summ -l out-suffix -x -d 'write the summary of FILE to FILESUFFIX'
complete -c gm-summ -l force -d 'with --out-suffix: replace newer files, too'
complete -c gm-summ -l estimate -d 'estimate tokens and time; send nothing'
complete -c gm-summ -s J -l json -d 'print JSON instead of text'
complete -c gm-summ -s j -l jobs -x -d 'send up to N requests at once (8)'
complete -c gm-summ -l sleep-ms -x -d 'milliseconds between requests'
complete -c gm-summ -l rpm -x -d 'requests per minute and project (GM_RPM)'
complete -c gm-summ -l tpm -x -d 'input tokens per minute and project (GM_TPM)'
complete -c gm-summ -l chunk-tokens -x -d 'split texts into parts of at most N tokens'
complete -c gm-summ -l no-cache -d 'do not read or write the cache'
complete -c gm-summ -l cache-stats -d 'print number and size of cached answers'
complete -c gm-summ -l cache-clear -d 'remove all cached answers'
complete -c gm-summ -s m -l model -x -a '(__gm_list (__gm_ask gm-summ models))' -d 'model, and fallback models'
complete -c gm-summ -l provider -x -a '(__gm_words gemini mistral openai)' -d 'gemini, mistral or openai'
complete -c gm-summ -s k -l key-index -x -a '(__gm_words (__gm_ask gm-summ keys))' -d 'use only the key with index N'
complete -c gm-summ -l env-file -r -F -d 'read keys and settings from FILE'
complete -c gm-summ -l fallback -x -a '(__gm_list gemini mistral openai none)' -d 'providers to use if this one cannot answer'
complete -c gm-summ -l fallback-mistral -d 'short for --fallback mistral'
complete -c gm-summ -l ignore-cooldown -d 'use keys that are cooling down or rejected'
complete -c gm-summ -l max-wait -x -d 'longest wait for a rate-limited key (60s)'
complete -c gm-summ -l response-timeout -x -d 'longest wait for the start of an answer (15m)'
complete -c gm-summ -l timeout -x -d 'longest wait for more of an answer (120s)'
complete -c gm-summ -l connect-timeout -x -d 'longest wait for a connection (10s)'
complete -c gm-summ -l deadline -x -d 'longest time of the run (none)'
complete -c gm-summ -l retries -x -d 'retries after network and server errors (4)'
complete -c gm-summ -l http1.1 -d 'do not use HTTP/2'
complete -c gm-summ -s 4 -l ipv4 -d 'use IPv4 only'
complete -c gm-summ -s 6 -l ipv6 -d 'use IPv6 only'
complete -c gm-summ -s v -l verbose -d 'print more; -vv: even more'
complete -c gm-summ -l quiet -d 'print errors only'
complete -c gm-summ -l color -x -a '(__gm_words auto always never)' -d 'colour on stderr: auto, always, never'
complete -c gm-summ -l metrics -d 'print all metrics of each request'
complete -c gm-summ -l log-file -r -F -d 'append metrics to FILE as JSON'
complete -c gm-summ -l syslog -d 'send metrics to syslog'
complete -c gm-summ -l completion -x -a '(__gm_words bash zsh fish)' -d 'print completions for bash, zsh or fish'
complete -c gm-summ -s h -l help -d 'print common options; --help all or -hh: all'
complete -c gm-summ -n '__fish_contains_opt help' -a '(__gm_words all)'
complete -c gm-summ -s V -l version -d 'print the version'
