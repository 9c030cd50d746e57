# gm-prompt(1) in fish, printed by "gm-prompt --completion fish".

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

complete -c gm-prompt -f
complete -c gm-prompt -s q -l prompt -x -a '(__gm_at)' -d 'prompt, instead of operands'
complete -c gm-prompt -s s -l system -x -a '(__gm_at)' -d 'system instruction'
complete -c gm-prompt -s f -l file -r -F -d 'add a text file; - is standard input'
complete -c gm-prompt -s n -l no-stdin -d 'do not read standard input'
complete -c gm-prompt -l require-stdin -d 'fail if standard input is empty'
complete -c gm-prompt -s t -l temperature -x -d 'randomness, from 0 to 2'
complete -c gm-prompt -l top-p -x -d 'nucleus sampling, from 0 to 1'
complete -c gm-prompt -l top-k -x -d 'sample from the N likeliest tokens'
complete -c gm-prompt -l max-tokens -x -d 'limit of answer and thinking'
complete -c gm-prompt -l stop -x -d 'end the answer at TEXT (up to 5 times)'
complete -c gm-prompt -l seed -x -d 'make answers repeatable, if possible'
complete -c gm-prompt -l thinking -x -a '(__gm_words minimal low medium high xhigh off)' -d 'minimal, low, medium, high, xhigh, off or tokens'
complete -c gm-prompt -l safety -x -a '(__gm_words none low medium high)' -d 'filter: none, low, medium or high'
complete -c gm-prompt -l search -d 'let the model search the web'
complete -c gm-prompt -l url-context -d 'let the model read URLs in the prompt'
complete -c gm-prompt -s o -l output -r -F -d 'write the answer to FILE'
complete -c gm-prompt -s x -l extract -d 'print only the first fenced code block'
complete -c gm-prompt -s S -l stream -d 'print the answer as it arrives'
complete -c gm-prompt -l no-stream -d 'print the answer when it is complete'
complete -c gm-prompt -l show-thoughts -d 'print summaries of thoughts on stderr'
complete -c gm-prompt -l raw -d 'keep control characters on a terminal'
complete -c gm-prompt -l count -d 'count tokens by the service; no answer'
complete -c gm-prompt -l estimate -d 'estimate tokens and time; send nothing'
complete -c gm-prompt -l dry-run -d 'print the request; send nothing'
complete -c gm-prompt -s J -l json -d 'print JSON instead of text'
complete -c gm-prompt -s l -l lines -d 'each line of standard input is a record'
complete -c gm-prompt -s 0 -l null -d 'records end in NUL, as of find -print0'
complete -c gm-prompt -s a -l jsonl -d 'each line is a JSON object'
complete -c gm-prompt -s I -l replace -x -d 'replace TEXT by the record, not {}'
complete -c gm-prompt -l text -d 'print only answers, no JSON lines'
complete -c gm-prompt -l unordered -d 'print results as they arrive'
complete -c gm-prompt -l resume -d 'skip records that have an answer in FILE of -o'
complete -c gm-prompt -l keep-failed -d 'with --resume: keep old lines of failed records'
complete -c gm-prompt -l force -d 'overwrite FILE of -o'
complete -c gm-prompt -s j -l jobs -x -d 'send up to N requests at once (8)'
complete -c gm-prompt -l sleep-ms -x -d 'milliseconds between requests'
complete -c gm-prompt -l rpm -x -d 'requests per minute and project (GM_RPM)'
complete -c gm-prompt -l tpm -x -d 'input tokens per minute and project (GM_TPM)'
complete -c gm-prompt -l max-failures -x -d 'stop when N records have failed'
complete -c gm-prompt -l max-requests -x -d 'stop after N requests'
complete -c gm-prompt -l max-total-tokens -x -d 'stop after N tokens, in and out'
complete -c gm-prompt -s m -l model -x -a '(__gm_list (__gm_ask gm-prompt models))' -d 'model, and fallback models'
complete -c gm-prompt -l provider -x -a '(__gm_words gemini mistral openai)' -d 'gemini, mistral or openai'
complete -c gm-prompt -s k -l key-index -x -a '(__gm_words (__gm_ask gm-prompt keys))' -d 'use only the key with index N'
complete -c gm-prompt -l env-file -r -F -d 'read keys and settings from FILE'
complete -c gm-prompt -l fallback -x -a '(__gm_list gemini mistral openai none)' -d 'providers to use if this one cannot answer'
complete -c gm-prompt -l fallback-mistral -d 'short for --fallback mistral'
complete -c gm-prompt -l ignore-cooldown -d 'use keys that are cooling down or rejected'
complete -c gm-prompt -l max-wait -x -d 'longest wait for a rate-limited key (60s)'
complete -c gm-prompt -l response-timeout -x -d 'longest wait for the start of an answer (15m)'
complete -c gm-prompt -l timeout -x -d 'longest wait for more of an answer (120s)'
complete -c gm-prompt -l connect-timeout -x -d 'longest wait for a connection (10s)'
complete -c gm-prompt -l deadline -x -d 'longest time of the run (none)'
complete -c gm-prompt -l retries -x -d 'retries after network and server errors (4)'
complete -c gm-prompt -l http1.1 -d 'do not use HTTP/2'
complete -c gm-prompt -s 4 -l ipv4 -d 'use IPv4 only'
complete -c gm-prompt -s 6 -l ipv6 -d 'use IPv6 only'
complete -c gm-prompt -s v -l verbose -d 'print more; -vv: even more'
complete -c gm-prompt -l quiet -d 'print errors only'
complete -c gm-prompt -l color -x -a '(__gm_words auto always never)' -d 'colour on stderr: auto, always, never'
complete -c gm-prompt -l metrics -d 'print all metrics of each request'
complete -c gm-prompt -l log-file -r -F -d 'append metrics to FILE as JSON'
complete -c gm-prompt -l syslog -d 'send metrics to syslog'
complete -c gm-prompt -l completion -x -a '(__gm_words bash zsh fish)' -d 'print completions for bash, zsh or fish'
complete -c gm-prompt -s h -l help -d 'print common options; --help all or -hh: all'
complete -c gm-prompt -n '__fish_contains_opt help' -a '(__gm_words all)'
complete -c gm-prompt -s V -l version -d 'print the version'
