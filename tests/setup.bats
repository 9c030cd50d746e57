# From a checkout to a build: errors of make if something is missing, the packages
# for the demo, and the environment of the checks.

load helper

# without COMMAND...: link all commands of PATH except these into "bin".
without() {
	local dir
	rm -rf bin
	mkdir bin
	for dir in ${PATH//:/ }; do
		ln -s "$dir"/* bin/ 2>/dev/null || :
	done
	rm -f "${@/#/bin/}"
}

# makes [argument...]: run make in an empty environment, with a new BUILD; set $rc,
# "out" and "err".
makes() {
	rc=0
	env -i "$(command -v make)" -C "$ROOT" --no-print-directory \
	    BUILD="$PWD/build" "$@" >out 2>err || rc=$?
}

# commands GROUP [not]: print the commands that bootstrap looks for in this group
# and in build, or with "not" those of the other groups.
commands() {
	sed -n "/^needs()/,/^EOF/p" "$ROOT/bootstrap" | awk -v group="$1" \
	    -v inverse="${2-}" '
	NF == 3 && $3 !~ /[\/.]/ {
		wanted[$3] += ("," $2 ",") ~ ",(build|" group "),"
		all[$3]
	}
	END {
		for (name in all)
			if ((wanted[name] > 0) != (inverse == "not"))
				print name
	}'
}

@test "make in an empty environment" {
	makes "$PWD/build/lib/base/hash.o"
	same err ''
	[ "$rc" -eq 0 ]
	[ -s build/lib/base/hash.o ]
	grep -q "^  CC   $PWD/build/lib/base/hash.o$" out
}

@test "make with something missing: one line that names it and ./bootstrap" {
	local headers='stdio.h curl/curl.h sha2.h jsmn.h'
	# No compiler, then no libc, then each other header.
	printf '#!/bin/sh\n%s\n' 'grep -qF jsmn.h && exit 1; exit 0' >cc-jsmn
	printf '#!/bin/sh\n%s\n' 'grep -qF curl/ && exit 1; exit 0' >cc-curl
	printf '#!/bin/sh\n%s\n' 'grep -qF sha2.h && exit 1; exit 0' >cc-md
	chmod +x cc-*
	while IFS='|' read -r compiler missing; do
		makes CC="$compiler" "$PWD/build/lib/base/hash.o"
		[ "$rc" -eq 2 ]
		same out ''
		sed -i 's/^Makefile:[0-9]*: /Makefile:N: /' err
		same err "Makefile:N: *** not found: $missing; ./bootstrap installs what is missing.  Stop.
"
		[ ! -e build/can-compile ]
	done <<-END
		no-such-cc|no-such-cc
		cc -nostdinc|$headers
		$PWD/cc-jsmn|jsmn.h
		$PWD/cc-curl|curl/curl.h
		$PWD/cc-md|sha2.h
	END
}

@test "make help: all targets and variables of the Makefile" {
	local name
	makes help
	[ "$rc" -eq 0 ]
	same err ''
	same out "$(sed '/^$/,$d; s/^# \{0,1\}//' "$ROOT/Makefile")
"
	grep '^	make [a-z]' out | awk '{ print $2 }' | sort >shown
	sed -n '/^\.PHONY:/,/[^\\]$/p' "$ROOT/Makefile" |
	    sed 's/^\.PHONY://; s/\\$//' | tr -s ' \t' '\n' |
	    grep -vxE '|all|check-built|check-unit|programs|fault-programs|FORCE|\$\(need\)' |
	    sort >targets
	diff targets shown
	for name in CC CFLAGS LDFLAGS BUILD V WERROR SAN TESTS FUZZ_SECONDS \
	    TORTURE_SECONDS LIVE CI; do
		grep -qE "(^| )$name(=|,| |\$)" out
	done
}

@test "make demo: needs exactly the commands that bootstrap looks for" {
	local name
	# shellcheck disable=SC2046 # names
	without $(commands demo not)
	PATH=$PWD/bin "$ROOT/tests/demo/demo.sh" "$BUILD" >shown 2>errors
	grep -q '^== Next$' shown
	commands demo | grep -vxE 'cc|make' >used
	printf '%s\n' jq openssl python3 | diff - <(sort used)
	for name in $(<used); do
		without "$name"
		run ! env PATH="$PWD/bin" "$ROOT/tests/demo/demo.sh" "$BUILD"
	done
}

@test ".ci/run: checks get PATH, HOME and CI, apt-get the whole environment" {
	mkdir -p tree/.ci tools
	cp "$ROOT/.ci/run" tree/.ci/run
	printf '#!/bin/sh\nenv | sort >%s\n' "$PWD/bootstrapped" >tree/bootstrap
	cat >tools/make <<-END
		#!/bin/sh
		tr '\0' '\n' </proc/\$\$/environ | sort >>$PWD/made
		echo "\$*" >>$PWD/words
		echo '1 passed, 0 failed, 0 skipped'
	END
	chmod +x tree/bootstrap tools/make
	PATH=$PWD/tools:$PATH
	https_proxy=http://proxy.test LC_ALL=C.UTF-8 GM_RETRIES=9 CI=no \
	    tree/.ci/run >out
	[ "$(tail -n 1 out)" = '2 passed, 0 failed, 0 skipped' ]
	grep -qx 'https_proxy=http://proxy.test' bootstrapped
	same made "CI=true
HOME=$HOME
PATH=$PATH
CI=true
HOME=$HOME
PATH=$PATH
"
	[ "$(sed 's/.* //' words)" = $'lint\ncheck' ]
}
