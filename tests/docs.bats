# The documents say what the programs do: each fact is compared with its source.

load helper

PAGES=$BUILD/man

# section NAME PAGE: the lines of a section.
section() {
	awk -v name=".Sh $1" '/^\.Sh/ { on = $0 == name; next } on' "$2"
}

# members: the names after macros "Va NAME , NAME" of standard input, each on a
# line.
members() {
	awk '/^\./ {
		on = 0
		for (i = 1; i <= NF; i++)
			if ($i ~ /^\.?[A-Z][a-z]$/)
				on = $i ~ /Va/
			else if (on && $i ~ /^[a-z]/)
				print $i
	}'
}

# plain: mdoc text as words on one line, its few escapes undone.
plain() {
	sed 's/^\.[A-Z][a-z] //; s/ \([.,:;)]\)$/\1/; s/\\&//g; s/\\e/\\/g' |
	    tr '\n' ' ' | sed 's/ $//'
}

# ask_source C-FILE...: compile a program from standard input with these files
# of the library, and run it.
ask_source() {
	cat >ask.c
	"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
	    -I"$ROOT/lib" -o ask ask.c "${@/#/$ROOT/lib/}" && ./ask
}

@test "options: page and table agree in letter, name and placeholder" {
	local tool path

	for path in "$ROOT"/tools/*/main.c; do
		tool=$(basename "$(dirname "$path")")
		section OPTIONS "$PAGES/$tool.1" | awk '
		/^\.It Fl / {
			letter = "-"
			i = 3
			if ($4 == ",") {
				letter = $3
				i = 6
			}
			print letter "\t" substr($i, 2) "\t" \
			    ($(i + 1) == "Ar" ? $(i + 2) : "-")
			if (NF > i + 2 || (NF > i && $(i + 1) != "Ar"))
				print "cannot be read: " $0
		}' >page
		"$tool" --gm-options | cut -f 1-3 >table
		[ -s table ]
		diff table page
	done
}

@test "options: help shows each row of the table, within 80 columns" {
	gm-prompt --help all >help
	[ -z "$(awk 'length > 80' help)" ]
	gm-prompt --gm-options |
	    while IFS=$'\t' read -r letter name arg text _ _; do
		[ "$letter" != - ] && start="  -$letter, --$name" ||
			start="      --$name"
		[ "$arg" = - ] || start+=" $arg"
		grep -qxF -e "$(printf '%-28s%s' "$start" "$text")" help || {
			grep -qxF -e "$start" help
			grep -qxF -e "$(printf '%-28s%s' '' "$text")" help
		}
	done
}

@test "a tool's description is the same everywhere" {
	local tool path text

	section DESCRIPTION "$PAGES/gm.7" |
	    awk '/^\.It Xr / { tool = $3; getline; print tool ": " $0 }' >gm7
	sed -n 's/^- \x60\(gm-[a-z]*\)\x60: /\1: /p' "$ROOT/README.md" >readme
	for path in "$ROOT"/tools/*/main.c; do
		tool=$(basename "$(dirname "$path")")
		text=$("$tool" --help | sed -n '2s/\.$//p')
		echo "$tool: ${text,}"
	done >help
	for path in "$ROOT"/tools/*/main.c; do
		tool=$(basename "$(dirname "$path")")
		echo "$tool: $(sed -n 's/^\.Nd //p' "$PAGES/$tool.1")"
	done >pages
	[ -s help ]
	diff help pages
	diff help gm7
	diff help readme
}

@test "exit statuses: gm(7) and the table in lib/base/err.c agree" {
	ask_source base/err.c >table <<'EOT'
#include <stdio.h>
#include "base/err.h"

int
main(void)
{
	int code;

	for (code = 0; code < GM_CODES; code++)
		if (code != GM_ESIGNAL) /* has none: it ends the process */
			printf("%d %s: %s\n", gm_err_status(code),
			    gm_err_word(code), gm_err_meaning(code));
	return 0;
}
EOT
	section 'EXIT STATUS' "$PAGES/gm.7" | awk '
	/^\.El/ && text != "" { print text; text = "" }
	/^\.It/ {
		if (text != "")
			print text
		text = $2 " " $3 ":"
		next
	}
	text != "" { text = text " " $0 }' >page
	[ -s table ]
	diff table page
}

@test "variables: gm(7), the table and .env.example agree" {
	section ENVIRONMENT "$PAGES/gm.7" | sed -n 's/^\.It Ev //p' >page
	gm-prompt --gm-variables >table
	[ -s table ]
	# Those that no table lists are read in lib/config/config.c or by libraries.
	head -n "$(wc -l <table)" page | diff table -
	grep -vx -e GM_ENV_FILE -e GM_ALLOW_UNSAFE_ENV table >in_files
	sed -n 's/=.*//p' "$ROOT/.env.example" | grep -v '^#' >example
	diff in_files example
	# A comment each, and no value: a default there would hide ours.
	grep -vE '^(#.*|[A-Z_]*=)?$' "$ROOT/.env.example" >others || :
	same others ''
	awk '/^#/ { comment = 1; next } /=/ && !comment { print } { comment = 0 }
	' "$ROOT/.env.example" >bare
	same bare ''
}

@test "providers: the pages name all of them" {
	local name file line

	: >missing
	for name in $(gm-keycheck --help all | sed -n \
	    '/ --provider /{s/.*  //; s/,//g; s/ or all$//p;}'); do
		echo "$name" >>names
		while read -r file line; do
			grep -qE "^\.($line)$" "$PAGES/$file" ||
				echo "$file: $name" >>missing
		done <<EOT
gm-prompt.1 Cm $name( ,)?
gm-prompt.1 Ql $name( [,.])?
gm-keycheck.1 Ql $name( [,.])?
gm.7 It Cm $name
gm.7 Pa (.*/)?${name/gemini/google}-api-keys?( ,)?
EOT
	done
	[ "$(wc -l <names)" -ge 3 ]
	same missing ''
}

@test "variables: each name that is read is told in gm(7)" {
	section ENVIRONMENT "$PAGES/gm.7" | sed -n 's/^\.It Ev //p' |
	    sed 's/ , /\n/g' | sort >page
	[ "$(sort -u page)" = "$(cat page)" ]
	sed -n 's/.*\(variable\|directory\)("\([A-Z_]*\)").*/\2/p' \
	    "$ROOT/lib/config/config.c" |
	    sort -u >names
	[ -s names ]
	comm -23 names page >missing
	same missing ''
}

@test "defaults: .env.example and the page tell the built-in ones" {
	export GEMINI_API_KEY=$GOOD_KEY
	gm-prompt -n -vv --dry-run Hello 2>&1 >body |
	    sed -n 's/^gm-prompt: \([A-Z_]*\): \(.*\) (built-in default)$/\1=\2/p' |
	    grep -v '=not set$' >built_in
	[ "$(wc -l <built_in)" -ge 4 ]
	awk '
	/^#/ && match($0, /Default: [^ ]*/) {
		value = substr($0, RSTART + 9, RLENGTH - 9)
		sub(/\.$/, "", value)
	}
	/=/ && value != "" { print $0 value }
	!/^#/ { value = "" }' "$ROOT/.env.example" >example
	diff built_in example
	tr '\n' ' ' <"$PAGES/gm.7" >page
	while IFS='=' read -r name value; do
		grep -qE "\.It Ev $name [^E]*default is (\.Ql )?${value%s}( |\.)" \
		    page || echo "$name: $value"
	done <built_in >missing
	same missing ''
}

@test ".env.example loads by sh and by gm-prompt, without a note" {
	cp "$ROOT/.env.example" env
	chmod 600 env
	# shellcheck disable=SC2016 # for the inner shell
	sh -euc 'set -a; . ./env
	    echo "<$GOOGLE_API_KEYS$GEMINI_MODEL$GM_SYSLOG>"' >out 2>err
	same out '<>
'
	same err ''
	run -78 gm-prompt -n --env-file env Hello
	assert_output 'gm-prompt: no API key in env or the environment; set GOOGLE_API_KEYS'
	sed -i "s/^GOOGLE_API_KEYS=/&$GOOD_KEY/" env
	gm-prompt -n --env-file env --dry-run Hello >out 2>err
	same out '{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}
'
	same err 'gm-prompt: POST https://generativelanguage.googleapis.com/v1beta/models/gemini-flash-latest:streamGenerateContent?alt=sse
gm-prompt: x-goog-api-key: ...0001
gm-prompt: Content-Type: application/json
gm-prompt: Accept: text/event-stream
'
}

@test "classes: gm(7) and the table in lib/fault.c agree" {
	ask_source fault.c base/err.c >table <<'EOT'
#include <stdio.h>
#include "fault.h"

int
main(void)
{
	static const char *const then[] = { [GM_ACTION_STOP] = "",
		[GM_ACTION_RETRY] = ", retried",
		[GM_ACTION_WAIT] = ", retried",
		[GM_ACTION_ROTATE] = ", another key",
		[GM_ACTION_MODEL] = ", another model",
		[GM_ACTION_FALLBACK] = ", another provider" };
	const struct gm_class_row *row;
	int i;

	for (i = 0; i < GM_CLASSES; i++) {
		row = gm_class(i);
		printf("%s: %s", row->name, row->phrase);
		if (row->advice != NULL)
			printf("; %s", row->advice);
		printf(" (");
		if (row->code == GM_ESIGNAL)
			printf("the signal");
		else
			printf("%d", gm_err_status(row->code));
		if (row->status != GM_STATUS_OK &&
		    row->status != GM_STATUS_UNKNOWN)
			printf(", %s", gm_status_name(row->status));
		printf("%s)\n", then[row->action]);
	}
	return 0;
}
EOT
	section 'ERROR CLASSES' "$PAGES/gm.7" | awk '
	/^\.Ss Key status$/ { exit }
	/^\.(It|El)/ && text != "" { print text; text = "" }
	/^\.It Cm / { text = $3 ":"; next }
	text != "" { text = text " " $0 }' >page
	[ -s table ]
	diff table page
}

@test "key status: gm(7) and the words in lib/fault.c agree" {
	ask_source fault.c base/err.c >table <<'EOT'
#include <stdio.h>
#include "fault.h"

int
main(void)
{
	int i;

	for (i = 0; i < GM_STATUSES; i++)
		printf("%s\n", gm_status_name(i));
	return 0;
}
EOT
	section 'ERROR CLASSES' "$PAGES/gm.7" |
	    sed -n '/^\.Ss Key status$/,$s/^\.It Cm //p' >page
	[ -s table ]
	diff table page
}

@test "JSON: the page tells each member, in its order, and no other" {
	serve
	gm-prompt -n --json --search Hello >object
	section 'JSON OUTPUT' "$PAGES/gm-prompt.1" |
	    sed -n 's/^\.It Va //p' >page
	echo '{"prompt": "Hello", "id": 1}' | gm-prompt -a --search >line
	jq -r 'keys_unsorted[]' line >members
	diff members page
	jq -r 'keys_unsorted[]' object >members
	tail -n +4 page | diff members -
	section 'JSON OUTPUT' "$PAGES/gm-prompt.1" | members | sort -u >page
	gm-prompt -n --json -m none Hello >failure || :
	script <<-'END'
		[{"stream":[{"candidates":[{"content":{"parts":[{"toolCall":{}}]},
		   "finishReason":"STOP"}]}],"finish":null}]
	END
	gm-prompt -n --json Hello >parts || :
	jq -r '.. | objects | keys[]' object line failure parts |
	    sort -u >members
	diff members page
}

@test "JSON: the page of gm-summ tells each member, in its order, and no other" {
	serve
	echo 'A pipe joins two programs.' >text
	gm-summ --json text absent >objects 2>err || :
	section 'JSON OUTPUT' "$PAGES/gm-summ.1" |
	    sed -n 's/^\.It Va //p' >page
	grep -vx files page >of_file
	head -n 1 objects | jq -r 'keys_unsorted[]' | diff of_file -
	tail -n 1 objects | jq -r 'keys_unsorted[]' | diff of_file -
	gm-summ --json --combine text text >combined
	grep -vx file page >of_files
	jq -r 'keys_unsorted[]' combined | diff of_files -
	section 'JSON OUTPUT' "$PAGES/gm-summ.1" | members | sort -u >page
	jq -r '.. | objects | keys[]' objects combined | sort -u | diff page -
}

@test "the cache: the page tells each member of --cache-stats --json" {
	serve
	echo 'A pipe joins two programs.' | gm-summ >out
	gm-summ --cache-stats --json | jq -r 'keys_unsorted[]' >members
	section OPTIONS "$PAGES/gm-summ.1" |
	    sed -n '/-cache-stats$/,/-cache-clear$/p' | members | diff members -
}

@test "metrics: the page tells each field, in its order, and no other" {
	script <<'EOT'
[{"stream": ["x"], "usage": {"promptTokenCount": 1, "totalTokenCount": 4,
  "cachedContentTokenCount": 1, "thoughtsTokenCount": 1}}]
EOT
	serve
	gm-prompt -n --metrics --log-file log Hello 2>line >answer
	section 'METRICS AND LOGGING' "$PAGES/gm.7" | sed '/^\.Ss/,$d' |
	    members >page
	[ "$(tail -n 2 page)" = "$(printf 'time\ntool')" ]
	sed 's/^gm-prompt: //' line | tr ' ' '\n' | sed 's/=.*//' >fields
	head -n -2 page | diff fields -
	jq -r 'keys_unsorted[]' log >fields
	{ tail -n 2 page && head -n -2 page; } | diff fields -
}

@test "metrics: the page tells each total of a batch, in its order" {
	serve
	echo Hello | gm-prompt -l --log-file log >line
	section METRICS "$PAGES/gm-prompt.1" |
	    sed -n '/^\.Ss Totals of a batch/,$p' | members >page
	tail -n 1 log | jq -r 'keys_unsorted[]' >fields
	{ printf 'time\ntool\n' && cat page; } | diff fields -
}

@test "records: the page tells each member, and no other" {
	section BATCHES "$PAGES/gm-prompt.1" |
	    awk '/^\.El/ { exit } sub(/^\.It Va /, "")' |
	    sed 's/ , /\n/g' | sort >page
	sed -n '/ names\[MEMBERS\] = {/,/}/p' "$ROOT/tools/gm-prompt/item.c" |
	    grep -o '"[a-z_]*"' | tr -d '"' | sort >members
	[ -s members ]
	diff members page
}

@test "the estimate: the page tells each member, in its order" {
	serve
	echo Hello | gm-prompt -l --estimate --json | jq -r 'keys_unsorted[]' \
	    >members
	section BATCHES "$PAGES/gm-prompt.1" |
	    sed -n '/it prints an object/,/^The estimate/p' | members |
	    diff members -
}

# standin NAME TEXT: a command that must not run in a test; it prints the text.
standin() {
	mkdir -p bin
	printf '#!/bin/sh\nprintf "%%s\\n" "%s"\n' "$2" >"bin/$1"
	chmod +x "bin/$1"
}

# What those of gm-summ take for granted: articles of November, of yesterday and
# of today, which is yesterday soon, and two commands.
prepare_summaries() {
	local day

	mkdir -p news
	for day in 2026-11-20 2026-11-21 2026-11-27 2026-11-28 \
	    "$(date -d yesterday +%F)" "$(date +%F)"; do
		echo "On $day the ferry was late." >"news/$day-ferry.txt"
		echo "On $day the bridge was closed." >"news/$day-bridge.txt"
		touch -d "$day 12:00" "news/$day"*
	done
	standin journalctl 'Nov 28 10:00:00 host kernel: disk sda: read error'
	standin mail 'The mail is on its way.'
	standin llm 'A pipe joins two programs.'
	export PATH=$PWD/bin:$PATH
}

# What the examples take for granted.
prepare_examples() {
	cp "$ROOT/.env.example" .
	echo 'Answer briefly.' >style.txt
	printf 'pipe\nfilter\n' >words.txt
	printf '%s\n' FIFO socket signal >names.txt
	printf '%s\n' '1,Very good' '2,It broke at once' >reviews.csv
	mkdir -p docs
	echo 'A pipe joins two programs.' >docs/pipes.txt
	echo 'A FIFO is a pipe with a name.' >docs/fifos.txt
	printf 'make: *** [Makefile:1: all] Error 1\n' >build.log
	printf 'Pipes join programs. Each reads and writes. All is text.\n' \
	    >report.txt
	printf '%s\n' 'Ada and Ben met.' 'Ben repairs the pump by Friday.' \
	    >minutes.txt
	prepare_summaries
	git init -q .
	git add report.txt
	git -c user.name=A -c user.email=a@example.org commit -qm 'begin'
	echo 'A line more.' >>report.txt
	export EDITOR=true
	export MISTRAL_API_KEYS=$GOOD_KEY MISTRAL_BASE_URL=$URL/mistral/v1
	export OPENAI_BASE_URL=$URL/llamacpp/v1 OPENAI_MODEL=qwen3-8b-q4_k_m
}

# try_examples: run each block of standard input; blocks end in a line "--".
try_examples() {
	local block='' line count=0

	while IFS= read -r line; do
		if [ "$line" != -- ]; then
			block+=$line$'\n'
			continue
		fi
		bash -e -o pipefail -c "$block" </dev/null >out 2>err || {
			printf 'status %d:\n%s' $? "$block"
			cat out err
			return 1
		}
		block='' count=$((count + 1))
	done
	echo "$count"
}

# asked PATH: how many requests went there.
asked() {
	grep -lE "^[A-Z]+ $1" "$DIR"/request.* | wc -l
}

@test "examples: those of the pages run" {
	local page blocks

	serve
	prepare_examples
	for page in "$PAGES"/*; do
		section EXAMPLES "$page" | awk '
		/^\.Ed/ && on { print "--"; on = 0 }
		on { gsub(/\\&/, ""); gsub(/\\e/, "\\"); print }
		/^\.Bd -literal/ { on = 1 }' >blocks
		blocks=$(section EXAMPLES "$page" | grep -c '^\.Bd -literal')
		[ "$blocks" -gt 0 ]
		[ "$(try_examples <blocks)" = "$blocks" ] || try_examples <blocks
	done
	[ "$(requests)" -eq 68 ]
	[ "$(asked '/mistral/v1/')" -eq 3 ]
	[ "$(asked '/llamacpp/v1/')" -eq 2 ]
}

@test "examples: those of README run" {
	local blocks

	serve
	prepare_examples
	awk '/^```/ && on { print "--"; on = 0; next }
	on
	/^```sh$/ { on = 1 }' "$ROOT/README.md" >blocks
	blocks=$(grep -c '^--$' blocks)
	[ "$blocks" -gt 5 ]
	[ "$(try_examples <blocks)" = "$blocks" ] || try_examples <blocks
	[ "$(stat -c %a "$HOME/.config/gm/env")" = 600 ]
	[ "$(requests)" -eq 19 ]
	[ "$(asked '/mistral/v1/')" -eq 0 ]
	[ "$(asked '/llamacpp/v1/')" -eq 1 ]
}

@test "README is at most 200 lines long" {
	[ "$(wc -l <"$ROOT/README.md")" -le 200 ]
}

@test "README compares with curl as the measurements do" {
	awk -F '\t' '$1 == "--version" || $1 == "request over TLS" {
		printf "%.2f\n", $2 / $3
	}' "$ROOT/tests/pictures/start.tsv" >measured
	# The ratio of medians is not quite the median of ratios.
	grep -oP '[0-9.]+(?= × \x60curl)' "$ROOT/README.md" |
	    paste measured - | awk '
	($1 - $2) ^ 2 <= 0.02 ^ 2 { near++ }
	END { exit near != 2 }'
}

@test "examples: the crontab of README and gm(7) runs, as cron runs it" {
	local command

	serve
	prepare_summaries
	mkdir -p "$HOME/.config/gm"
	(umask 077 && printf '%s\n' "GOOGLE_API_KEYS=$GOOD_KEY" \
	    "GOOGLE_GEMINI_BASE_URL=$URL" >"$HOME/.config/gm/env")
	mv news "$HOME"
	# Five fields, then the command, in which a percent sign is escaped.
	awk '/^```/ { on = $0 == "```crontab"; next }
	on && /^[0-9*]/' "$ROOT/README.md" >line
	sed -n '/^30 /s/\\e/\\/p' "$PAGES/gm.7" | diff line -
	sed -E 's/^([^ ]+ ){5}//; s/\\%/%/g' line >commands
	[ "$(wc -l <commands)" -eq 1 ]
	command=$(cat commands)
	env -i -C "$HOME" HOME="$HOME" LOGNAME=user SHELL=/bin/sh \
	    PATH="$BUILD:/usr/bin:/bin" /bin/sh -c "$command" \
	    >out 2>err </dev/null
	same err ''
	[ -s out ]
	[ "$(requests)" -eq 1 ]
	body 1 | grep -o 'the [a-z]* was [a-z]*\.' >sent
	same sent 'the bridge was closed.
the ferry was late.
'
}

@test "examples: a run that is killed continues with the same command" {
	script <<-'END'
		[{"stream": ["The first."]}, {"hold": true},
		 {"stream": ["The second."]}, {"stream": ["The third."]}]
	END
	serve
	mkdir docs
	for name in a b c; do
		echo "The text of $name." >"docs/$name.txt"
	done
	gm-summ -j 1 -o all.txt docs/*.txt 2>err 3>&- &
	pid=$!
	wait_for "[ -e '$DIR/request.2' ]"
	kill -9 "$pid"
	wait "$pid" || :
	[ ! -e all.txt ]
	gm-summ -j 1 -o all.txt docs/*.txt
	same all.txt '==> docs/a.txt <==
The first.

==> docs/b.txt <==
The second.

==> docs/c.txt <==
The third.
'
	[ "$(requests)" -eq 4 ]
}

@test "the version is that of VERSION, and both changelogs begin with it" {
	local tool path version

	version=$(cat "$ROOT/VERSION")
	for path in "$ROOT"/tools/*/main.c; do
		tool=$(basename "$(dirname "$path")")
		run -0 "$tool" -V
		assert_output "$tool $version"
	done
	[ "$(sed -n '/^## /{s/^## \([^ ]*\).*/\1/p;q}' "$ROOT/CHANGELOG.md")" = \
	    "$version" ]
	[ "$(sed 's/^gm (\([^)]*\)).*/\1/;q' "$ROOT/debian/changelog")" = \
	    "$version" ]
}

@test "the package has the text of LICENSE, and what bootstrap installs to build" {
	local package

	diff <(sed -n '/^License: Expat$/,$p' "$ROOT/debian/copyright" |
	    sed -n 's/^ //p' | sed 's/^\.$//') \
	    <(sed -n '/^Permission/,$p' "$ROOT/LICENSE")
	diff <(sed -n 's/^Copyright: /Copyright (c) /p' "$ROOT/debian/copyright") \
	    <(grep '^Copyright' "$ROOT/LICENSE")
	sed -n '/^Build-Depends:/,/^[^ B]/s/^ \([a-z0-9-]*\).*/\1/p' \
	    "$ROOT/debian/control" | sed 's/-compat$//' >packages
	grep -qx libmd-dev packages
	while read -r package; do
		grep -qE "^$package +([a-z,-]*,)?(build|deb)[ ,]" "$ROOT/bootstrap"
	done <packages
}

@test "the pages, as they are built, are well-formed" {
	run -0 mandoc -Tlint -W warning "$PAGES"/*
	assert_output ''
	# The line that names the shared options is gone, and they are there.
	run ! grep -n '@common' "$PAGES"/*
}

@test "a page that names an unknown section of shared options is an error" {
	echo '.\" @common nonsense' >page
	run -1 awk -f "$ROOT/man/insert.awk" "$ROOT/man/common.mdoc" page
	assert_output 'page: no such section: nonsense'
}

@test "ARCHITECTURE.md shows lib/LAYERS as it is" {
	sed -n '/^<!-- lib\/LAYERS -->$/,/^<!-- end -->$/p' \
	    "$ROOT/ARCHITECTURE.md" | sed -n 's/^    //p' >shown
	diff "$ROOT/lib/LAYERS" shown
}

@test "ARCHITECTURE.md shows the smallest caller as it is" {
	sed -n '/^<!-- tests\/smallest\/ask.c -->$/,/^<!-- end -->$/p' \
	    "$ROOT/ARCHITECTURE.md" | sed '/^<!--/d; /^\x60\x60\x60/d' >shown
	diff "$ROOT/tests/smallest/ask.c" shown
}

@test "the files that the documents name are there" {
	local file name place

	cd "$ROOT" || return
	for file in README.md ARCHITECTURE.md CONTRIBUTING.md \
	    tests/fixtures/README; do
		grep -oP '\x60(lib|tools|tests|man)/[A-Za-z0-9_./-]*\x60' "$file" |
		    tr -d '\140' | grep -v NAME | sort -u | while read -r name; do
			[ -e "$name" ] || echo "$file: $name"
		done
		grep -oP '\x60[A-Za-z_/-]+\.(h|c|bats)\x60' "$file" |
		    tr -d '\140' | grep -v NAME | sort -u | while read -r name; do
			for place in . lib tools tests /usr/include; do
				[ ! -e "$place/$name" ] || continue 2
			done
			echo "$file: $name"
		done
	done >"$BATS_TEST_TMPDIR/missing"
	same "$BATS_TEST_TMPDIR/missing" ''
}
