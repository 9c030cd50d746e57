# Completions: what TAB inserts in bash, zsh and fish, typed on a terminal into
# the shell itself, and what the tools tell the scripts.

load sweep

TOOLS='gm-prompt gm-summ gm-models gm-keycheck gm-rotate'

# Files whose names are hard on a shell.
make_files() {
	mkdir -p dir
	touch plain.txt 'my file' "it's" cost\$x 'a=c' 'a:b' dir/inside
}

# setup_of SHELL: how a user without a package enables completions there.
setup_of() {
	local tool

	[ "$1" != zsh ] || echo "autoload -U compinit; compinit -u -d '$BATS_FILE_TMPDIR/zcompdump'"
	for tool in $TOOLS; do
		case $1 in
		fish) echo "$tool --completion fish | source" ;;
		*) echo ". <($tool --completion $1)" ;;
		esac
	done
}

# types SHELL [SETUP]: type what is on the left of each line "KEYS => LINE" of
# standard input; what the command line becomes is on the right.
types() {
	[ $# -gt 1 ] || setup_of "$1" >"setup.$1"
	cat >table
	sed 's/ => .*//' table >keys
	sed 's/.* => //' table >want
	python3 -B "$ROOT/tests/tab.py" "$1" "${2-setup.$1}" <keys >got
	paste -d '~' keys got | sed 's/~/ => /' | diff table -
}

# What is the same in all shells.
common_table() {
	cat <<-'END'
		gm-prompt --color=al\t => gm-prompt --color=always |
		gm-prompt --color al\t => gm-prompt --color always |
		gm-prompt --fallback mistral,op\t => gm-prompt --fallback mistral,openai |
		gm-prompt --fallback=mistral,op\t => gm-prompt --fallback=mistral,openai |
		gm-prompt --safety me\t => gm-prompt --safety medium |
		gm-prompt --thinking=x\t => gm-prompt --thinking=xhigh |
		gm-prompt --temperature pl\t => gm-prompt --temperature pl|
		gm-prompt --temperature=\t => gm-prompt --temperature=|
		gm-summ --style=t\t => gm-summ --style=tldr |
		gm-keycheck --level g\t => gm-keycheck --level generate |
		gm-keycheck --provider a\t => gm-keycheck --provider all |
		gm-prompt --provider a\t => gm-prompt --provider a|
		gm-rotate --class quota_m\t => gm-rotate --class quota_minute |
		gm-models --completion f\t => gm-models --completion fish |
		gm-prompt --file=pl\t => gm-prompt --file=plain.txt |
		gm-prompt --file pl\t => gm-prompt --file plain.txt |
		gm-prompt --file=my\t => gm-prompt --file=my\ file |
		gm-prompt -f my\t => gm-prompt -f my\ file |
		gm-prompt -f my\ f\t => gm-prompt -f my\ file |
		gm-prompt -f "my\t => gm-prompt -f "my file" |
		gm-prompt -f it\t => gm-prompt -f it\'s |
		gm-prompt -f cos\t => gm-prompt -f cost\$x |
		gm-prompt -f di\t => gm-prompt -f dir/|
		gm-prompt -f dir/\t => gm-prompt -f dir/inside |
		gm-prompt -q @my\t => gm-prompt -q @my\ file |
		gm-prompt --prompt=@my\t => gm-prompt --prompt=@my\ file |
		gm-summ -i @di\t => gm-summ -i @dir/|
		gm-summ -i @dir/\t => gm-summ -i @dir/inside |
		gm-prompt -q pl\t => gm-prompt -q pl|
		gm-prompt pl\t => gm-prompt pl|
		gm-prompt -- pl\t => gm-prompt -- pl|
		gm-prompt -- --mod\t => gm-prompt -- --mod|
		gm-prompt "What?" <pl\t => gm-prompt "What?" <plain.txt |
		gm-prompt "What?" 2> pl\t => gm-prompt "What?" 2> plain.txt |
		gm-summ pl\t => gm-summ plain.txt |
		gm-summ -- pl\t => gm-summ -- plain.txt |
		gm-summ --style tldr my\t => gm-summ --style tldr my\ file |
		gm-keycheck -k \t => gm-keycheck -k |
		gm-keycheck 9\t => gm-keycheck 9 |
		gm-keycheck 1\t => gm-keycheck 1|
		gm-keycheck --key-index=9\t => gm-keycheck --key-index=9 |
		gm-rotate --current-index 9\t => gm-rotate --current-index 9 |
		gm-rotate --reset 9\t => gm-rotate --reset 9 |
		gm-rotate 9\t => gm-rotate 9|
		gm-rotate pl\t => gm-rotate pl|
		gm-rotate -- gmtest-c\t => gm-rotate -- gmtest-command |
		gm-rotate --reset -- cat pl\t => gm-rotate --reset -- cat plain.txt |
		gm-prompt --model gemini-4-h\t => gm-prompt --model gemini-4-hydrogen |
		gm-prompt --model=gemini-4-h\t => gm-prompt --model=gemini-4-hydrogen |
		gm-prompt -m a,gemini-4-h\t => gm-prompt -m a,gemini-4-hydrogen |
		gm-prompt --model=a,gemini-4-h\t => gm-prompt --model=a,gemini-4-hydrogen |
		gm-prompt -mgemini-4-h\t => gm-prompt -mgemini-4-hydrogen |
		gm-models gemini-4-h\t => gm-models gemini-4-hydrogen |
		gm-summ -m gemini-emb\t => gm-summ -m gemini-emb|
		gm-prompt --provider mistral -m gem\t => gm-prompt --provider mistral -m gem|
		gm-prompt --provider mistral -m co\t => gm-prompt --provider mistral -m codestral-|
		gm-prompt --provider openai -m lla\t => gm-prompt --provider openai -m llama3.2:3b |
		gm-prompt --provider=openai --model=lla\t => gm-prompt --provider=openai --model=llama3.2:3b |
		gm-prompt --provider openai -m llama3.2:\t => gm-prompt --provider openai -m llama3.2:3b |
		gm-prompt --provider openai -m qwen3:8b,lla\t => gm-prompt --provider openai -m qwen3:8b,llama3.2:3b |
		gm-prompt --provider mistral --env-file other -k 9\t => gm-prompt --provider mistral --env-file other -k 9 |
		gm-prompt --env-file=other --provider=mistral -k 9\t => gm-prompt --env-file=other --provider=mistral -k 9 |
		gm-prompt --provider mistral -k 9\t => gm-prompt --provider mistral -k 9|
	END
}

# What differs: zsh puts "=" after options that take an argument, and bash and
# fish a space.
options_table() { # AFTER IN-THE-MIDDLE
	sed "s/@/$1/; s/%/$2/" <<-'END'
		gm-prompt --tem\t => gm-prompt --temperature@|
		gm-prompt --sys\t => gm-prompt --sys|
		gm-prompt --syst\t => gm-prompt --system@|
		gm-summ --sty\t => gm-summ --style@|
		gm-keycheck --lev\t => gm-keycheck --level@|
		gm-models --ref\t => gm-models --refresh |
		gm-rotate --cla\t => gm-rotate --class@|
		gm-prompt -lv --saf\t => gm-prompt -lv --safety@|
		gm-prompt --mod "What?"\b\b\b\b\b\b\b\b\t => gm-prompt --model% "What?"
		gm-summ plain.txt --lan\t => gm-summ plain.txt --lang@|
		gm-prompt --gm\t => gm-prompt --gm|
	END
}

# A directory, keys, a cache of models of three services, a command.
prepare() {
	serve
	make_files
	export GOOGLE_API_KEYS
	GOOGLE_API_KEYS=$(printf 'fake-good-key-00%02d,' {0..10})
	export MISTRAL_API_KEYS=$GOOD_KEY MISTRAL_BASE_URL=$URL/mistral/v1
	export OPENAI_BASE_URL=$URL/ollama/v1
	for provider in gemini mistral openai; do
		gm-models --provider "$provider" >/dev/null
	done
	sent=$(requests)
	mkdir "$HOME/bin"
	printf '#!/bin/sh\n' >"$HOME/bin/gmtest-command"
	chmod +x "$HOME/bin/gmtest-command"
	echo "MISTRAL_API_KEYS=$GOOGLE_API_KEYS" >other
	chmod 600 other
	unset MISTRAL_API_KEYS
	export PATH=$HOME/bin:$PATH
	# Where completions would go if they sent something.
	export https_proxy=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9
}

# nasty SHELL: the script of a table whose help texts have all that shells treat
# in a special way.
nasty() {
	[ -x nasty ] || "${CC:-cc}" -std=c11 ${SAN:+-fsanitize=$SAN} \
	    -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -I"$ROOT/lib" \
	    -I"$ROOT/tests/unit" -o nasty -x c - -x none "$BUILD/libgm.a" \
	    -lmd -lcurl <<-END
		#include <stdio.h>
		#include "cli/bash.h"
		#include "cli/completion_table.h"
		#include "cli/fish.h"
		#include "cli/zsh.h"

		int
		main(int argc, char **argv)
		{
			struct gm_options o;
			const struct gm_completion c = { "gm-x", &o, GM_ARG_TEXT };
			struct gm_buf out;

			make_table(&o);
			gm_buf_init(&out, 1 << 20);
			if (argc > 1 && argv[1][0] == 'b')
				gm_bash_write(&c, &out);
			else if (argc > 1 && argv[1][0] == 'z')
				gm_zsh_write(&c, &out);
			else
				gm_fish_write(&c, &out);
			fputs(gm_buf_str(&out), stdout);
			gm_buf_release(&out);
			return 0;
		}
	END
	./nasty "$1"
}

# Nothing of all that TAB did has reached the services.
nothing_sent() {
	[ "$(requests)" -eq "$sent" ]
}

@test "bash, without bash-completion" {
	prepare
	{
		common_table
		options_table ' ' '|'
		cat
	} <<-'END' | types bash
		gm-prompt -fmy\t => gm-prompt -fmy\ file |
		gm-prompt -fcos\t => gm-prompt -fcost\$x |
		gm-prompt -fdi\t => gm-prompt -fdir/|
		gm-prompt -fdir/\t => gm-prompt -fdir/inside |
		gm-prompt -f"my\t => gm-prompt -f"my file" |
		gm-prompt -f a=\t => gm-prompt -f a=c |
		gm-prompt -f a:\t => gm-prompt -f a:b |
		gm-prompt --file=a=\t => gm-prompt --file=a=c |
		gm-prompt -q "@my\t => gm-prompt -q "@my file" |
		gm-prompt --prompt='@my\t => gm-prompt --prompt='@my file' |
		gm-prompt --colo=al\t => gm-prompt --colo=always |
		gm-prompt --colo al\t => gm-prompt --colo always |
		true; gm-prompt --color al\t => true; gm-prompt --color always |
		gm-prompt x | gm-summ --style=t\t => gm-prompt x | gm-summ --style=tldr |
		gm-prompt --\t\t => gm-prompt --|
		? --model model, and fallback models => shown
		? --color colour on stderr: auto, always, never => shown
		gm-prompt --color \t\t => gm-prompt --color |
		? always auto never => shown
	END
	nothing_sent
}

@test "bash, where words are broken in other places" {
	prepare
	{
		# shellcheck disable=SC2016 # for the other shell
		echo 'set -u; COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:@]/}'
		setup_of bash
	} >setup
	types bash setup <<-'END'
		gm-prompt --color=al\t => gm-prompt --color=always |
		gm-prompt --fallback=mistral,op\t => gm-prompt --fallback=mistral,openai |
		gm-prompt --file=my\t => gm-prompt --file=my\ file |
		gm-prompt -f a:\t => gm-prompt -f a:b |
		gm-prompt --prompt=@my\t => gm-prompt --prompt=@my\ file |
		gm-prompt --provider=openai --model=lla\t => gm-prompt --provider=openai --model=llama3.2:3b |
	END
	nothing_sent
}

@test "bash, with bash-completion, which reads the files when they are needed" {
	local tool dir=$HOME/.local/share/bash-completion/completions package

	prepare
	for package in /usr /usr/local; do
		package=$package/share/bash-completion/bash_completion
		[ ! -e "$package" ] || echo ". $package" >setup
	done
	mkdir -p "$dir"
	for tool in $TOOLS; do
		ln -s "$ROOT/completions/$tool.bash" "$dir/$tool"
	done
	{
		common_table
		options_table ' ' '|'
		cat
	} <<-'END' | types bash setup
		gm-rotate -- chown --help\t => gm-rotate -- chown --help |
		gm-rotate -- cat --number-non\t => gm-rotate -- cat --number-nonblank |
	END
	nothing_sent
}

@test "zsh" {
	prepare
	{
		common_table
		options_table '=' '=|'
		cat
	} <<-'END' | types zsh
		gm-prompt -fmy\t => gm-prompt -fmy\ file |
		gm-prompt -f a=\t => gm-prompt -f a=c |
		gm-prompt -f a:\t => gm-prompt -f a:b |
		gm-prompt --\t => gm-prompt --|
		? --model -- model, and fallback models => shown
		? --color -- colour on stderr: auto, always, never => shown
		gm-prompt --color \t => gm-prompt --color |
		? always auto never => shown
	END
	nothing_sent
}

@test "zsh, from the directory of completions" {
	prepare
	printf '%s\n' "fpath=('$ROOT/completions' \$fpath)" \
	    'autoload -U compinit; compinit -u -D' >setup
	{
		common_table | grep 4-h
		options_table '=' '=|'
	} | types zsh setup
	nothing_sent
}

@test "fish" {
	prepare
	{
		common_table
		options_table ' ' ' |' | sed 's/| "What/|"What/'
		cat
	} <<-'END' | types fish
		gm-prompt -q "@my\t => gm-prompt -q "@my file" |
		gm-prompt --\t => gm-prompt --|
		? --model (model, and fallback models) => shown
		? --color (colour on stderr: auto, always, never) => shown
		gm-prompt --color \t => gm-prompt --color |
		? always => shown
		? (colour => not shown
		gm-prompt -k \t => gm-prompt -k |
		? (use => not shown
	END
	nothing_sent
}

@test "fish, from the directory of completions" {
	prepare
	echo "set -p fish_complete_path '$ROOT/completions'" >setup
	{
		common_table | grep 4-h
		options_table ' ' ' |' | sed 's/| "What/|"What/'
	} | types fish setup
	nothing_sent
}

@test "help texts with quotes, brackets, colons, backslashes and dollars" {
	local shell tabs

	for shell in bash zsh fish; do
		tabs='\t'
		[ $shell != bash ] || tabs='\t\t'
		nasty $shell >script
		{
			setup_of $shell | head -n 1
			echo '. ./script'
		} >setup
		types $shell setup <<-END
			gm-x --al\t => gm-x --all |
			gm-x --word tw\t => gm-x --word two |
			gm-x -$tabs => gm-x -|
			? it's [a] "b": \$c \`d\` \\e => shown
		END
	done
}

@test "without a cache and without keys nothing is offered, nor said" {
	local shell

	for shell in bash zsh fish; do
		types $shell <<-'END'
			gm-prompt -m gem\t => gm-prompt -m gem|
			gm-models g\t => gm-models g|
			gm-keycheck -k \t => gm-keycheck -k |
			? gm-keycheck: => not shown
		END
	done
	run -0 --separate-stderr gm-models --completion models
	[ -z "$output$stderr" ]
	run -0 --separate-stderr gm-keycheck --completion keys
	[ -z "$output$stderr" ]
}

@test "--completion models: those that answer, of the provider, at any age" {
	local tool

	prepare
	gm-models >want
	sed -i 's/"time_ms":[0-9]*/"time_ms":1/' "$HOME"/.cache/gm/models.*
	for tool in $TOOLS; do
		"$tool" --completion models 2>&1 | diff want -
	done
	gm-prompt --provider openai --completion models >got 2>&1
	same got 'llama3.2:3b
qwen3:8b
'
	run -0 gm-prompt --provider nobody --completion models
	assert_output ''
	nothing_sent
}

@test "--completion models: no name that a shell would take for more" {
	script <<-'END'
		[{"json": {"models": [
		 {"name": "models/good-1.0:a/b@c+d_e"}, {"name": "models/$(touch x)"},
		 {"name": "models/a b"}, {"name": "models/a;b"}, {"name": "models/`a`"},
		 {"name": "models/-rf"}, {"name": "models/a'b"}, {"name": "models/\u00e9"},
		 {"name": "models/a*"}, {"name": "models/~"}]}}]
	END
	serve
	gm-models >list
	[ "$(wc -l <list)" -eq 10 ]
	run -0 gm-models --completion models
	assert_output 'good-1.0:a/b@c+d_e'
}

@test "--completion keys: the indices, and no key" {
	local tool

	printf 'GOOGLE_API_KEYS=fake-a-1,label:fake-b-2,fake-c-3\n' >file
	chmod 600 file
	for tool in $TOOLS; do
		"$tool" --env-file file --completion keys >got 2>&1
		same got $'0\n1\n2\n'
	done
	GOOGLE_API_KEYS=fake-a-1 gm-rotate --completion keys >got 2>&1
	same got $'0\n'
}

@test "--completion: no command for keys, no lock, no complaint, no long wait" {
	prepare
	gm-rotate
	unset GOOGLE_API_KEYS GEMINI_API_KEY
	GOOGLE_API_KEYS_COMMAND='touch ran; echo fake-good-key-0001' \
	    gm-rotate --completion keys >got 2>&1
	same got ''
	[ ! -e ran ]
	# A file that others can read, one that is none, one without an end.
	printf 'GOOGLE_API_KEYS=fake-a-1\n' >open
	chmod 644 open
	mkfifo fifo
	exec 8<>fifo
	for file in open absent dir fifo; do
		gm-rotate --env-file $file --completion keys >got 2>&1
		same got ''
	done
	exec 8>&-
	hold "$(echo "$HOME"/.local/state/gm/*lock)"
	GOOGLE_API_KEYS=fake-a-1 gm-rotate --completion keys >got 2>&1
	release
	same got $'0\n'
}

@test "--completion models: each call that fails, offers all or nothing" {
	local fn

	prepare
	ANSWER=$(gm-models --completion models)
	# What is not offered is no error, but without memory there are no options.
	check_fault() {
		[ -z "$output" ] || [ "$output" = "$ANSWER" ] || return
		# shellcheck disable=SC2154 # set by run
		[ "$status" -ne 0 ] || [ "${#stderr_lines[@]}" -eq 1 ]
	}
	for fn in malloc realloc read openat fstat; do
		STEP=$([ "$fn" != malloc ] || echo 4) sweep $fn '0 71' \
		    "$BUILD/fault/gm-models" --completion models
	done
	nothing_sent
}

@test "--completion: what it does not know is a usage error" {
	run -64 gm-prompt --completion tcsh
	assert_output "gm-prompt: --completion: not bash, zsh or fish
Try 'gm-prompt --help'."
	run -64 gm-prompt --completion ''
}

@test "completions/ has what the tools print" {
	local tool

	for tool in $TOOLS; do
		"$tool" --completion bash | diff "$ROOT/completions/$tool.bash" -
		"$tool" --completion zsh | diff "$ROOT/completions/_$tool" -
		"$tool" --completion fish | diff "$ROOT/completions/$tool.fish" -
	done
	set -- "$ROOT"/completions/*
	[ $# -eq 15 ]
	make -C "$ROOT" -n completions BUILD="$PWD/x" >/dev/null
}

@test "each argument that is a file by its placeholder is completed as one" {
	local tool

	for tool in $TOOLS; do
		"$tool" --gm-options | awk -F '\t' '
		$3 ~ /FILE$/ {
			print "[--" $2 "]=\047" ($3 == "FILE" ? "file" : "at") "\047"
		}' | sort >want
		"$tool" --completion bash | grep -oE \
		    "\[--[a-z0-9-]+\]='(file|at)'" | sort | diff want -
	done
}
