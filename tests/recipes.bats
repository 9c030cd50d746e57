# Run the recipes of gm(7), as printed, in the programs that they are for.

load helper

# recipe NAME [N]: print the N-th block of a recipe, as the page shows it.
recipe() {
	awk -v name=".Ss $1" -v n="${2-1}" '
	/^\.S[sh]/ { here = $0 == name }
	/^\.Ed/ { on = 0 }
	on && block == n { gsub(/\\&/, ""); gsub(/\\e/, "\\"); print }
	here && /^\.Bd/ { on = 1; block++ }' "$BUILD/man/gm.7" >recipe
	[ -s recipe ] && cat recipe
}

# prompts: print the prompt of each request, in their order, as JSON.
prompts() {
	local i

	for ((i = 1; i <= $(requests); i++)); do
		body "$i" | jq -c '.contents[0].parts[0].text'
	done
}

# unreachable: stop the stand-in, so that connections are refused.
unreachable() {
	stop_server
	rm -f "$DIR"/request.*
}

@test "README has the git hook of gm(7), line by line" {
	recipe 'A git hook that writes commit messages' >page
	awk '/^```/ { on = $0 == "```bash"; next } on' "$ROOT/README.md" >readme
	diff page readme
}

@test "aliases: each shell takes them, and more options" {
	local shell shells=0 before

	script <<-'END'
		[{"stream": ["One."], "repeat": -1}]
	END
	serve
	recipe Aliases >aliases
	cat aliases - >session <<-'END'
		ask -j is an option
		brief -m a-model "What is a pipe?"
		english -n Bonjour
		gist text
	END
	echo 'A pipe joins two programs.' >text
	for shell in 'bash -O expand_aliases' dash zsh fish; do
		command -v "${shell%% *}" || continue
		shells=$((shells + 1))
		before=$(requests)
		rm -rf "$HOME/.cache"
		$shell ./session >out 2>err </dev/null
		same err ''
		same out $'One.\nOne.\nOne.\nOne.\n'
		# Words after -- are operands, also if they begin with a dash.
		body $((before + 1)) | jq -e '.contents[0].parts[0].text == "-j is an option"'
		grep -q '^POST /v1beta/models/a-model:' \
		    "$DIR/request.$((before + 2))"
		body $((before + 2)) | jq -e '.generationConfig.temperature == 0 and
		    .systemInstruction.parts[0].text ==
		    "Answer in one short sentence."'
		body $((before + 3)) | jq -e '.systemInstruction.parts[0].text |
		    startswith("Translate into English.")'
	done
	[ "$shells" -ge 1 ]
	# The names hide no installed program and no word of the shell.
	sed 's/alias \([a-z]*\)=.*/\1/' aliases | while read -r name; do
		run ! bash -c "type -t $name"
	done
}

@test "aliases: snip prints the code alone" {
	script <<-'END'
		[{"stream": ["Here:\n```sh\nls\n```\n"]}]
	END
	serve
	{ recipe Aliases; echo 'snip "List the files"'; } >session
	bash -O expand_aliases ./session >out </dev/null
	same out $'ls\n'
}

# hourly: run the line of the crontab as cron does; its output, which cron would
# mail, is in "mail".
hourly() {
	local line path

	recipe Cron >lines
	line=$(sed -n 's/^5 \* \* \* \* //p' lines | sed 's/\\%/%/g')
	path=$(sed -n 's/^PATH=//p' lines)
	[ -n "$line" ] && [ -n "$path" ]
	env -i -C "$HOME" HOME="$HOME" LOGNAME=user SHELL=/bin/sh \
	    PATH="${path/\/usr\/local\/bin/$BUILD}" /bin/sh -c "$line" \
	    >mail 2>&1 </dev/null
}

# prepare_log TEXT: write the env file and the log file of the last hour, and that
# of this hour, for a test during which the hour changes.
prepare_log() {
	local when

	mkdir -p "$HOME/log" "$HOME/.config/gm"
	(umask 077 && printf '%s\n' "GOOGLE_API_KEYS=$GOOD_KEY" GM_RETRIES=0 \
	    "GOOGLE_GEMINI_BASE_URL=$URL" >"$HOME/.config/gm/cron.env")
	for when in '1 hour ago' now; do
		printf '%s' "$1" >"$HOME/log/$(date -d "$when" +%Y-%m-%d-%H)"
	done
}

@test "cron: an hourly line, with the environment of cron" {
	script <<-'END'
		[{"stream": ["The disk is full."]}]
	END
	serve
	prepare_log $'write: No space left on device\n'
	hourly
	same mail $'The disk is full.\n'
	same <(prompts) '"What went wrong here?\n\nwrite: No space left on device\n"
'
}

@test "cron: an hour without a line sends nothing, and no mail" {
	serve
	prepare_log ''
	hourly
	same mail ''
	rm "$HOME"/log/*
	hourly
	same mail ''
	[ "$(requests)" -eq 0 ]
}

@test "cron: an error is mailed" {
	serve
	prepare_log $'a line\n'
	unreachable
	run -69 hourly
	[ "$(wc -l <mail)" -eq 1 ]
	grep -q '^gm-prompt: .*(refused)' mail
}

# Make a repository with one commit and the hook; the editor changes nothing.
prepare_repository() {
	export GIT_CONFIG_GLOBAL=$PWD/gitconfig GIT_CONFIG_SYSTEM=/dev/null
	export GIT_EDITOR=true
	git config --global user.name A
	git config --global user.email a@example.org
	git config --global init.defaultBranch main
	git init -q repository
	cd repository || return
	echo one >file
	git add file
	git commit -qm 'begin'
	recipe 'A git hook that writes commit messages' >../hook
	install -m 755 ../hook .git/hooks/prepare-commit-msg
}

# message_is TEXT: check the message of the last commit.
message_is() {
	same <(git log -1 --format=%B) "$1"$'\n'
}

@test "git hook: a commit without a message gets one for the staged changes" {
	script <<-'END'
		[{"stream": ["file: add two\n\nIt was not there."]}]
	END
	serve
	prepare_repository
	echo two >>file
	git add file
	echo three >>file
	git commit -q 2>../err
	same ../err ''
	message_is 'file: add two

It was not there.
'
	[ "$(requests)" -eq 1 ]
	body 1 | jq -r '.contents[0].parts[0].text' >../sent
	grep -qx '+two' ../sent
	run ! grep -q three ../sent
	[ ! -e .git/COMMIT_EDITMSG.new ]
}

@test "git hook: the first commit, -a, and -v" {
	script <<-'END'
		[{"stream": ["The message."], "repeat": -1}]
	END
	serve
	prepare_repository
	echo two >>file
	git commit -qav
	message_is 'The message.
'
	body 1 | jq -r '.contents[0].parts[0].text' | grep -qx '+two'
	git checkout -q --orphan other
	git commit -q
	message_is 'The message.
'
	[ "$(requests)" -eq 2 ]
}

@test "git hook: other messages are left alone" {
	serve
	prepare_repository
	echo two >>file
	git commit -qam 'from -m'
	message_is 'from -m
'
	git commit -q --amend
	message_is 'from -m
'
	git commit -q --amend -C HEAD
	echo 'from -F' | git commit -q --amend -F -
	message_is 'from -F
'
	git checkout -qb side HEAD~
	echo side >side
	git add side
	git commit -qm side
	git checkout -q main
	git merge -q --no-ff --no-edit side
	message_is "Merge branch 'side'
"
	git reset -q --hard HEAD~
	git merge -q --squash side >../out
	git commit -q
	git log -1 --format=%s >../subject
	same ../subject $'Squashed commit of the following:\n'
	echo 'from a template' >../template
	echo two >>file
	run git -c commit.template=../template commit -qa
	git revert --no-edit HEAD >../out
	[ "$(requests)" -eq 0 ]
}

@test "git hook: without a change nothing is sent" {
	serve
	prepare_repository
	run -1 git commit --allow-empty
	assert_output --partial 'empty commit message'
	[ "$(requests)" -eq 0 ]
}

@test "git hook: a commit goes on without the service, and without gm-prompt" {
	serve
	prepare_repository
	unreachable
	# An editor that types a message, as a user would.
	# shellcheck disable=SC2016 # for the editor
	printf '#!/bin/sh\ncp "$1" "%s"\necho typed >"$1"\n' "$PWD/../seen" \
	    >../editor
	chmod +x ../editor
	export GIT_EDITOR=$PWD/../editor
	echo two >>file
	git commit -qa 2>../err
	message_is 'typed
'
	[ "$(wc -l <../err)" -eq 1 ]
	grep -q '^gm-prompt: .*(refused)' ../err
	run ! grep -v '^#' <(sed '/^$/d' ../seen)
	echo three >>file
	PATH=/usr/bin:/bin git commit -qa 2>../err
	message_is 'typed
'
	same <(git rev-list --count HEAD) $'3\n'
}

@test "git hook: no retry if the service is overloaded" {
	script <<-'END'
		[{"refusal": "overloaded", "repeat": -1}]
	END
	serve
	prepare_repository
	echo two >>file
	run -1 git commit -qa
	assert_output --partial 'gm-prompt: '
	assert_output --partial 'empty commit message'
	[ "$(requests)" -eq 1 ]
}

@test "git hook: a truncated answer is not used" {
	script <<-'END'
		[{"stream": ["file: half of a"], "finish": "MAX_TOKENS"}]
	END
	serve
	prepare_repository
	echo two >>file
	run -1 git commit -qa
	assert_output --partial 'empty commit message'
	[ "$(requests)" -eq 1 ]
}

# edit COMMAND...: run vim with the .vimrc of the recipe, the commands and the file
# "text"; its terminal output is in "shown".
edit() {
	local vim

	for vim in vim.tiny vim.basic vim; do
		command -v "$vim" >/dev/null && break
	done
	recipe 'Filters in vim' >vimrc
	# -N as with a real .vimrc.  With bash, vim's default setting would write
	# standard error into the text.
	printf '%s\n' "$@" |
	    SHELL=/bin/bash "$vim" -N -u vimrc -i NONE -n -es text >shown 2>&1 ||
	    [ "$?" -eq 1 ] # a filter has failed
}

@test "vim: each filter of the recipe" {
	script <<-'END'
		[{"stream": ["A"]}, {"stream": ["B\nC"]}, {"stream": ["D"]},
		 {"stream": ["E"]}, {"stream": ["F"]}]
	END
	serve
	recipe 'Filters in vim' 2 | sed 's/^://' >filters
	[ "$(wc -l <filters)" -eq 5 ]
	printf '%s\n' one two >text
	edit "$(sed -n 1p filters)" wq
	same text $'A\n'
	printf '%s\n' 1 2 3 4 5 6 >text
	edit 1 "$(sed -n 2p filters)" wq
	same text $'B\nC\n6\n'
	printf '%s\n' 1 '' 3 4 '' 6 >text
	edit 4 "$(sed -n 3p filters)" wq
	grep -qx D text
	run ! grep -q '[34]' text
	grep -qx 1 text && grep -qx 6 text
	printf '%s\n' one two >text
	edit "$(sed -n 4p filters)" wq
	same text $'one\ntwo\n'
	edit 1 "$(sed -n 5p filters)" wq
	same text $'one\nF\ntwo\n'
	same <(prompts) '"Correct the spelling. Print the text only.\n\none\ntwo\n"
"Translate into English. Print the text only.\n\n1\n2\n3\n4\n5\n"
"Make this shorter. Print the text only.\n\n\n3\n4\n\n"
"What does this do?\n\none\ntwo\n"
"A haiku about pipes"
'
}

@test "vim: notes do not become part of the text" {
	script <<-'END'
		[{"stream": ["A"]}]
	END
	serve
	echo one >text
	edit '%!gm-prompt -v --metrics "Correct"' wq
	same text $'A\n'
	grep -q 'gm-prompt: ' shown
}

@test "vim: after an error u brings the text back" {
	serve
	unreachable
	echo one >text
	edit '%!gm-prompt --retries 0 "Correct"' 'w after' u wq
	same text $'one\n'
	run ! grep -q . after
	grep -q 'gm-prompt: .*(refused)' shown
}

@test "vim: gm-edit keeps the text when there is no whole answer" {
	script <<-'END'
		[{"stream": ["A"]}, {"stream": ["half"], "finish": "MAX_TOKENS"}]
	END
	serve
	export TMPDIR=$PWD/tmp
	mkdir bin tmp
	recipe 'Filters in vim' 3 >bin/gm-edit
	chmod +x bin/gm-edit
	PATH=$PWD/bin:$PATH
	printf '%s\n' one two >text
	edit '1!gm-edit "Correct"' wq
	same text $'A\ntwo\n'
	edit '%!gm-edit "Correct"' wq
	same text $'A\ntwo\n'
	[ "$(requests)" -eq 2 ]
	unreachable
	edit '%!gm-edit --retries 0 "Correct"' wq
	same text $'A\ntwo\n'
	run -69 gm-edit --retries 0 Correct <text
	[ -z "$(ls tmp)" ]
}

@test "mutt: a key shows the summary of a mail in the pager" {
	script <<-'END'
		[{"stream": ["- The pump is repaired."]}]
	END
	serve
	mkdir bin
	printf '#!/bin/sh\ncat >"%s"\n' "$PWD/paged" >bin/less
	chmod +x bin/less
	PATH=$PWD/bin:$PATH
	cat >mbox <<-'END'
		From ben@example.org Sat Nov 28 10:00:00 2026
		From: Ben <ben@example.org>
		To: ada@example.org
		Subject: The pump
		Date: Sat, 28 Nov 2026 10:00:00 +0000
		Content-Type: text/plain; charset=iso-8859-1
		Content-Transfer-Encoding: quoted-printable

		It is repaired. Gr=FC=DFe
	END
	recipe 'A summary of a mail in mutt' >muttrc
	mkdir "$HOME/Mail"
	# ncurses 6.5 does not open a terminal without a size.
	timeout 60 python3 -B "$ROOT/tests/pty.py" -o screen \
	    sh -c 'stty rows 24 cols 80 && exec mutt "$@"' mutt -n -F muttrc \
	    -R -f mbox -e 'set quit=yes move=no' -e 'push \egq'
	same paged $'- The pump is repaired.\n'
	[ "$(requests)" -eq 1 ]
	body 1 | jq -r '.contents[0].parts[0].text' >sent
	grep -q 'It is repaired. Grüße' sent
	grep -q 'Subject: The pump' sent
	run ! grep -q 'Error in' screen
}

# summaries: run make with the rule of the recipe.
summaries() {
	recipe 'A rule for make' >Makefile
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory \
	    >out 2>err
}

@test "make: new and changed files are summarised, others are not" {
	script <<-'END'
		[{"stream": ["- One."]}, {"stream": ["- Two."]},
		 {"stream": ["- Three."]}]
	END
	serve
	echo 'The text of a.' >a.md
	echo 'The text of b.' >b.md
	touch -d '2 hours ago' a.md b.md
	summaries
	same out 'gm-summ -o a.summary a.md
gm-summ -o b.summary b.md
'
	same a.summary $'- One.\n'
	same b.summary $'- Two.\n'
	summaries
	same out "make: Nothing to be done for 'all'."$'\n'
	touch -d '1 hour ago' a.summary b.summary
	echo 'Another text.' >b.md
	summaries
	same out $'gm-summ -o b.summary b.md\n'
	same a.summary $'- One.\n'
	same b.summary $'- Three.\n'
	[ "$(requests)" -eq 3 ]
}

@test "make: a failure leaves no summary, or the old one, and the next run retries" {
	script <<-'END'
		[{"refusal": "model_gone"}, {"stream": ["- One."]}, {"refusal": "model_gone"},
		 {"stream": ["- Two."]}]
	END
	serve
	echo 'The text.' >a.md
	touch -d '2 hours ago' a.md
	run -2 summaries
	[ ! -e a.summary ]
	summaries
	same a.summary $'- One.\n'
	touch -d '1 hour ago' a.summary
	echo 'Another text.' >a.md
	run -2 summaries
	same a.summary $'- One.\n'
	summaries
	same a.summary $'- Two.\n'
	[ "$(requests)" -eq 4 ]
}

@test "parallel: three hosts, each with its share of the rate limit" {
	local host i

	serve
	# Each host has its own home, and a gm-prompt that records its limit.
	mkdir bin remote
	cat >bin/ssh <<-'END'
		#!/bin/sh
		while case $1 in -*) ;; *) false ;; esac; do shift; done
		host=$1
		shift
		[ "$1" != -- ] || shift
		exec env HOME="$PWD/$host" PATH="$PWD/remote:$PATH" \
		    SHELL=/bin/sh sh -c "$*"
	END
	cat >remote/gm-prompt <<-END
		#!/bin/sh
		echo "\${HOME##*/} \$GM_RPM" >>limits
		exec "$BUILD/gm-prompt" "\$@"
	END
	chmod +x bin/ssh remote/gm-prompt
	for host in alpha beta gamma; do
		mkdir -p "$host/.config/gm"
		(umask 077 && printf '%s\n' "GOOGLE_API_KEYS=$GOOD_KEY" \
		    "GOOGLE_GEMINI_BASE_URL=$URL" >"$host/.config/gm/env")
	done
	unset GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL
	for i in 1 2 3; do
		echo "{\"id\": $i, \"text\": \"Text $i.\"}"
	done >reviews.jsonl
	# Use blocks of one record in place of 100, so that the test is quick.
	recipe 'Several hosts with GNU parallel' | sed 's/-N 100/-N 1/' >commands
	PATH=$PWD/bin:$PATH timeout 60 bash -e ./commands 2>err </dev/null
	jq -s -c 'sort_by(.id)[] | [.id, .record, .ok]' results.jsonl >results
	same results '[1,1,true]
[2,1,true]
[3,1,true]
'
	[ "$(requests)" -eq 3 ]
	same <(prompts | sort) '"Is this review positive? Text 1."
"Is this review positive? Text 2."
"Is this review positive? Text 3."
'
	same <(sort limits) 'alpha 200
beta 200
gamma 200
'
}

# dockerfile: the Dockerfile of the recipe, each instruction on one line.
dockerfile() {
	recipe 'A container' | sed -e ':a' -e '/\\$/{N;s/\\\n *//;ba' -e '}'
}

@test "container: ten instructions that build, with the needed libraries, without a key" {
	local library

	dockerfile >Dockerfile
	[ "$(wc -l <Dockerfile)" -eq 10 ]
	run ! grep -i 'api_key' Dockerfile
	# The second stage has a package for each library except libc.
	for library in $(readelf -d "$BUILD"/gm-* |
	    sed -nE 's/.*\(NEEDED\).*\[(lib(curl|md))\.so\.([0-9]+)\]/\1\3/p' |
	    sort -u); do
		echo "$library"
	done >needed
	[ "$(wc -l <needed)" -eq 2 ]
	sed -n '/^FROM .*slim$/,$p' Dockerfile | grep -o 'install -y.* && rm' |
	    tr ' ' '\n' | grep '^lib' | diff needed -
	# The first stage runs bootstrap and targets of make.
	sed -n 's/^RUN cd .gm && //p' Dockerfile | sed 's/ && /\n/g' >steps
	sed -n 1p steps | grep -qx './bootstrap --yes'
	sed -n 2p steps | grep -qx make
	sed -n 3p steps >install
	[ "$(wc -l <steps)" -eq 3 ]
	sed -i "s|/out|$PWD/out|; s|\$| BUILD=$BUILD|" install
	(cd "$ROOT" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
	    sh -e "$OLDPWD/install") >log 2>&1
	[ "$(out/usr/bin/gm-prompt -V)" = "gm-prompt $(cat "$ROOT/VERSION")" ]
	grep -qx 'ENTRYPOINT \["gm-prompt"\]' Dockerfile
}

@test "container: the key comes from the secret, the key state is in the volume" {
	local variables

	serve
	unset GEMINI_API_KEY
	mkdir secrets state
	echo "$GOOD_KEY" >secrets/google-api-keys
	recipe 'A container' 2 | grep -q -e '--secret google-api-keys,'
	recipe 'A container' >Dockerfile
	sed -n 's/^ENV //p' Dockerfile |
	    sed "s|/run/secrets|$PWD/secrets|; s|/var/lib/gm|$PWD/state|" >settings
	read -ra variables <settings
	env -u HOME "${variables[@]}" gm-prompt -n hi >out
	[ "$(requests)" -eq 1 ]
	grep -q "^x-goog-api-key: $GOOD_KEY" "$DIR/request.1"
	[ -s state/keys ]
}
