# "make install" and "make uninstall": paths and modes of the files.

load helper

# Use other completions and units than the project's, so that the lists below do
# not change with those.
setup_file() {
	TREE=$BATS_FILE_TMPDIR/tree
	export TREE
	mkdir -p "$TREE/completions" "$TREE/systemd/system" "$TREE/systemd/user"
	ln -s "$BATS_TEST_DIRNAME"/../{Makefile,VERSION,lib,man,tests,tools} \
	    "$BATS_TEST_DIRNAME"/../{README.md,CHANGELOG.md,LICENSE,.env.example} \
	    "$TREE"
	for name in gm-prompt.bash _gm-prompt gm-prompt.fish; do
		echo "# $name" >"$TREE/completions/$name"
	done
	for name in system user; do
		printf '%s\n' '[Service]' 'ExecStart=/usr/bin/gm-prompt --quiet' \
		    'ExecStartPre=/usr/bin/true' >"$TREE/systemd/$name/gm-x@.service"
		echo '[Timer]' >"$TREE/systemd/$name/gm-x@.timer"
	done
}

# makes [argument...]: run make in that tree, with the finished BUILD.
makes() {
	rc=0
	env -i PATH="$PATH" HOME="$HOME" make -C "$TREE" --no-print-directory \
	    BUILD="$BUILD" "$@" >out 2>err || rc=$?
}

# listing DIR: print type, mode and path of everything in it.
listing() {
	find "$1" -mindepth 1 -printf '%y %m %P\n' | LC_ALL=C sort -k 3
}

# expected: print the listing of a complete installation.
expected() {
	cat <<-'END'
		d 755 bin
		f 755 bin/gm-keycheck
		f 755 bin/gm-models
		f 755 bin/gm-prompt
		f 755 bin/gm-rotate
		f 755 bin/gm-summ
		d 755 lib
		d 755 lib/systemd
		d 755 lib/systemd/system
		f 644 lib/systemd/system/gm-x@.service
		f 644 lib/systemd/system/gm-x@.timer
		d 755 lib/systemd/user
		f 644 lib/systemd/user/gm-x@.service
		f 644 lib/systemd/user/gm-x@.timer
		d 755 share
		d 755 share/bash-completion
		d 755 share/bash-completion/completions
		f 644 share/bash-completion/completions/gm-prompt
		d 755 share/doc
		d 755 share/doc/gm
		f 644 share/doc/gm/.env.example
		f 644 share/doc/gm/CHANGELOG.md
		f 644 share/doc/gm/LICENSE
		f 644 share/doc/gm/README.md
		f 644 share/doc/gm/directories
		d 755 share/fish
		d 755 share/fish/vendor_completions.d
		f 644 share/fish/vendor_completions.d/gm-prompt.fish
		d 755 share/man
		d 755 share/man/man1
		f 644 share/man/man1/gm-keycheck.1
		f 644 share/man/man1/gm-models.1
		f 644 share/man/man1/gm-prompt.1
		f 644 share/man/man1/gm-rotate.1
		f 644 share/man/man1/gm-summ.1
		d 755 share/man/man7
		f 644 share/man/man7/gm.7
		d 755 share/zsh
		d 755 share/zsh/site-functions
		f 644 share/zsh/site-functions/_gm-prompt
	END
}

# unit_of BIN: print the unit of this tree, as it is installed.
unit_of() {
	printf '%s\n' '[Service]' "ExecStart=$1/gm-prompt --quiet" \
	    'ExecStartPre=/usr/bin/true'
}

@test "make install, uninstall: PREFIX, with any umask" {
	local page
	umask 077
	mkdir -m 755 sys
	makes install PREFIX="$PWD/sys/local"
	[ "$rc" -eq 0 ]
	same err ''
	diff <(expected) <(listing sys/local)
	# make prints a line for each file except the list of directories.
	diff <(expected | sed -n "s|^f ... |  INST $PWD/sys/local/|p" |
	    grep -v '/directories$' | sort) <(sort out)
	diff <(unit_of "$PWD/sys/local/bin") \
	    sys/local/lib/systemd/system/gm-x@.service
	"sys/local/bin/gm-prompt" --version | grep -qx "gm-prompt $(<"$ROOT/VERSION")"
	for page in sys/local/share/man/man*/*; do
		run ! grep -q '@common' "$page"
		mandoc -T lint -W warning "$page"
		mandoc -T ascii "$page" | sed 's/.\x08//g' >shown
		grep -qx DESCRIPTION shown
	done
	# A second run gives the same result.
	makes install PREFIX="$PWD/sys/local"
	[ "$rc" -eq 0 ]
	diff <(expected) <(listing sys/local)
	makes uninstall PREFIX="$PWD/sys/local"
	[ "$rc" -eq 0 ]
	same err ''
	diff <(expected | sed -n "s|^f ... |  RM   $PWD/sys/local/|p" |
	    grep -v '/directories$' | sort) <(sort out)
	[ -z "$(listing sys)" ]
	makes uninstall PREFIX="$PWD/sys/local"
	[ "$rc" -eq 0 ]
	same out ''
}

@test "make uninstall: files and directories of others stay" {
	mkdir -p local/share/man/man1 local/share/zsh
	chmod 750 local/share/man/man1
	echo foreign | tee local/share/man/man1/other.1 >local/share/zsh/other
	listing local >before
	makes install PREFIX="$PWD/local"
	[ "$rc" -eq 0 ]
	echo foreign >local/bin/other
	makes uninstall PREFIX="$PWD/local"
	[ "$rc" -eq 0 ]
	rm local/bin/other
	rmdir local/bin
	diff before <(listing local)
}

@test "make install: no installed file contains DESTDIR" {
	local stage="$PWD/a 'stage' of mine"
	makes install DESTDIR="$stage" prefix=/opt/gm
	[ "$rc" -eq 0 ]
	diff <(expected) <(listing "$stage/opt/gm")
	run -1 grep -rlF "$PWD" "$stage"
	[ -z "$output" ]
	[ "$(sort "$stage/opt/gm/share/doc/gm/directories")" = "$(
		expected | sed -n 's|^d ... |/opt/gm/|p' |
		    cat - <(printf '/opt\n/opt/gm\n') | sort)" ]
	diff <(unit_of /opt/gm/bin) "$stage/opt/gm/lib/systemd/user/gm-x@.service"
	makes uninstall DESTDIR="$stage" prefix=/opt/gm
	[ "$rc" -eq 0 ]
	[ -z "$(listing "$stage")" ]
}

@test "make install: each directory can be chosen, or left out" {
	makes install DESTDIR="$PWD/stage" prefix=/usr bindir=/b mandir=/m \
	    docdir=/d bashcompletiondir=/c/bash zshcompletiondir=/c/zsh \
	    fishcompletiondir= unitdir=/s userunitdir= record=
	[ "$rc" -eq 0 ]
	diff - <(listing stage | sed -n 's/^f ... //p') <<-'END'
		b/gm-keycheck
		b/gm-models
		b/gm-prompt
		b/gm-rotate
		b/gm-summ
		c/bash/gm-prompt
		c/zsh/_gm-prompt
		d/.env.example
		d/CHANGELOG.md
		d/LICENSE
		d/README.md
		m/man1/gm-keycheck.1
		m/man1/gm-models.1
		m/man1/gm-prompt.1
		m/man1/gm-rotate.1
		m/man1/gm-summ.1
		m/man7/gm.7
		s/gm-x@.service
		s/gm-x@.timer
	END
	diff <(unit_of /b) stage/s/gm-x@.service
}

@test "make install: for one user, no units of the system" {
	makes install PREFIX="$HOME/.local"
	[ "$rc" -eq 0 ]
	diff <(expected | grep -vE ' lib(/|$)' | cat - <(cat <<-'END'
		d 755 share/systemd
		d 755 share/systemd/user
		f 644 share/systemd/user/gm-x@.service
		f 644 share/systemd/user/gm-x@.timer
	END
	) | LC_ALL=C sort -k 3) <(listing "$HOME/.local")
	makes uninstall PREFIX="$HOME/.local"
	[ -z "$(listing "$HOME")" ]
	# A home directory that is / does not make it a user's installation.
	HOME=/ makes install PREFIX=/x DESTDIR="$PWD/stage"
	[ -e stage/x/lib/systemd/system ]
}

@test "make install: a path that is not absolute is an error" {
	local name
	# shellcheck disable=SC2088 # as some shells hand it on
	for name in 'prefix=~/.local' prefix=stage docdir=doc 'unitdir=~/x'; do
		makes install "$name"
		[ "$rc" -eq 2 ]
		sed -i 's/^Makefile:[0-9]*: /Makefile:N: /' err
		same err "Makefile:N: *** ${name%%=*} is not an absolute path: ${name#*=}.  Stop.
"
	done
	[ ! -e "$TREE/stage" ]
}

@test "make install: stops at the first file that cannot be installed" {
	makes install DESTDIR="$PWD/stage" prefix=/usr unitdir=/b/c bindir=/b
	[ "$rc" -eq 0 ]
	rm -rf stage/b
	: >stage/b
	makes install DESTDIR="$PWD/stage" prefix=/usr unitdir=/b/c bindir=/b
	[ "$rc" -eq 2 ]
	grep -q "stage/b" err
	run ! grep -q INST out
}

@test "make install, uninstall: characters that are special to systemd, sed or echo" {
	makes install DESTDIR="$PWD/stage" prefix='/o|p&t/a %\b'
	[ "$rc" -eq 0 ]
	diff <(unit_of '/o|p&t/a\x20%%\\b/bin') \
	    'stage/o|p&t/a %\b/lib/systemd/system/gm-x@.service'
	# With backslashes, too, uninstall finds the directories.
	makes uninstall DESTDIR="$PWD/stage" prefix='/o|p&t/a %\b'
	[ "$rc" -eq 0 ]
	[ -z "$(listing stage)" ]
}

@test "make install: nothing is built again, in a tree that cannot be written" {
	find "$BUILD/gm-prompt" "$BUILD/man/gm.7" -printf '%p %T@ %i\n' >before
	# Root can write anywhere, so there is no compiler.
	makes install DESTDIR="$PWD/stage" CC=/no-such-cc
	[ "$rc" -eq 0 ]
	find "$BUILD/gm-prompt" "$BUILD/man/gm.7" -printf '%p %T@ %i\n' |
	    diff before -
	cmp "$BUILD/gm-prompt" stage/usr/local/bin/gm-prompt
}

@test "make install: root does not compile in another user's BUILD" {
	mkdir bin
	# shellcheck disable=SC2016 # of that script
	printf '#!/bin/sh\n%s\n' '[ "$*" = -u ] && echo "$UID_IS"' >bin/id
	printf '#!/bin/sh\n%s\n' 'echo "drwxr-xr-x 2 1000 1000 40 Jan 1 00:00 x"' >bin/ls
	chmod +x bin/id bin/ls
	mkdir other
	: >other/can-compile
	rc=0
	env -i PATH="$PWD/bin:$PATH" UID_IS=0 make -C "$TREE" CC=/no-such-cc \
	    --no-print-directory BUILD="$PWD/other" install DESTDIR="$PWD/stage" \
	    >out 2>err || rc=$?
	[ "$rc" -eq 2 ]
	grep -qxF "make: $PWD/other is out of date; run make as its owner first" err
	[ "$(echo other/*)" = other/can-compile ]
	[ ! -e stage ]
}

@test "make install: completions and units of this tree, all of them" {
	local file
	(stage=$PWD/stage && cd "$ROOT" && env -i PATH="$PATH" make BUILD="$BUILD" \
	    install DESTDIR="$stage" prefix=/usr/local) >out 2>err
	same err ''
	for file in "$ROOT"/completions/* "$ROOT"/systemd/*/*; do
		[ -e "$file" ] || continue
		file=${file##*/}
		grep -q "/${file%.bash}\$" out
	done
	# If one tool has completions, all have them, of each shell.
	[ ! -d "$ROOT/completions" ] || for file in "$ROOT"/tools/*/main.c; do
		file=$(basename "$(dirname "$file")")
		[ -e "stage/usr/local/share/bash-completion/completions/$file" ]
		[ -e "stage/usr/local/share/zsh/site-functions/_$file" ]
		[ -e "stage/usr/local/share/fish/vendor_completions.d/$file.fish" ]
	done
	# The programs of the units are installed.
	grep -rhoE '/[^ ]*/bin/gm-[a-z]+' stage/usr/local/lib 2>/dev/null |
	    sort -u | while read -r file; do
		[ -x "stage$file" ]
	done
}
