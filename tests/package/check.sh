#!/usr/bin/env bash
#
# check.sh ARCHIVE [ROOT]...: build the package from the archive of "make dist",
# install it and purge it, on bare systems; called by "make check-deb".
#
# ROOT is a directory with a bare Debian, from debootstrap --variant=minbase; it is
# copied, not changed.  Without a ROOT, make two: Debian 12 and 13.  In one copy,
# build the package three times, once as a lower version, and compare two.  In
# another copy, install the lower version, upgrade it, run debian/tests, purge, and
# look for files that are left.  Needs root and the network.
#
# Prints a line for each check, the output of a command that fails, and
# "N passed, M failed, 0 skipped".

# shellcheck disable=SC2016 # what is in '' is for the shell inside

set -u
[ $# -gt 0 ] || {
	echo 'usage: check.sh ARCHIVE [ROOT]...' >&2
	exit 64
}
archive=$(realpath "$1") || exit 1
shift
[ "$(id -u)" -eq 0 ] || {
	echo 'check.sh: only root can work in another root directory' >&2
	exit 77
}
version=${archive##*/gm-}
version=${version%.tar.gz}
lower=$version~1
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/gm-deb.XXXXXX") || exit 1
trap 'rm -rf --one-file-system "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
passed=0
failed=0

# inside ROOT COMMAND [argument]...: run COMMAND by sh in ROOT.  Its processes end
# with it.
inside() {
	local root=$1
	shift
	unshare --mount --pid --fork --kill-child sh -c '
		mount --make-rprivate / &&
		mount -t proc proc "$1/proc" &&
		mount --rbind /dev "$1/dev" &&
		mount -t tmpfs tmpfs "$1/dev/shm" || exit
		root=$1
		shift
		exec chroot "$root" /usr/bin/env -i HOME=/root CI=true \
		    PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		    DEBIAN_FRONTEND=noninteractive /bin/sh -euc "$@"
	' sh "$root" "$@" </dev/null
}

# check WHAT COMMAND...: pass if COMMAND ends with status 0.
check() {
	local what=$1
	shift
	if "$@" >"$dir/log" 2>&1; then
		passed=$((passed + 1))
		printf 'ok   %s: %s\n' "$system" "$what"
		return 0
	fi
	failed=$((failed + 1))
	printf 'FAIL %s: %s\n' "$system" "$what"
	tail -n 60 "$dir/log" | sed 's/^/     | /'
	return 1
}

copy() { # ROOT COPY
	cp -a --reflink=auto "$1" "$2" &&
		cp -L /etc/resolv.conf "$2/etc/resolv.conf" &&
		cp "$archive" "$2/root/gm.tar.gz" &&
		inside "$2" 'apt-get -q update'
}

# Print all files and directories that a package could leave, without the lists,
# logs and caches of apt and dpkg.
listing() {
	(cd "$1" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev \
	    -o -path ./tmp -o -path ./root -o -path ./var/log \
	    -o -path ./var/lib/apt -o -path ./var/cache/apt \
	    -o -path ./var/cache/debconf -o -path './var/lib/dpkg/*-old' \
	    -o -path ./var/lib/dpkg/lock -o -path ./var/lib/dpkg/triggers \
	    -o -path ./var/cache/ldconfig -o -path ./run \) -prune \
	    -o -printf '%y %m %p\n') | LC_ALL=C sort -k 3
}

same_debs() {
	local file
	for file in "$1"/one/*.deb; do
		cmp "$file" "$1/two/${file##*/}" || return
	done
}

# Run units and enable timers, which leave state, caches and links.
use_units='
	for dir in lib cache; do
		mkdir -p /var/$dir/private/gm/x
		ln -s private/gm /var/$dir/gm
	done
	mkdir -p /var/lib/systemd/timers /etc/systemd/system/timers.target.wants \
	    /etc/systemd/user/timers.target.wants
	for unit in gm-keycheck gm-summ@news; do
		: >"/var/lib/systemd/timers/stamp-$unit.timer"
		ln -s "/usr/lib/systemd/system/${unit%@*}.timer" \
		    "/etc/systemd/system/timers.target.wants/$unit.timer"
		ln -s "/usr/lib/systemd/user/${unit%@*}.timer" \
		    "/etc/systemd/user/timers.target.wants/$unit.timer"
	done'

try() { # ROOT
	local build=$dir/$system/build use=$dir/$system/use

	mkdir "$dir/$system"
	check 'a copy for building' copy "$1" "$build" || return
	check 'the package builds, lintian finds nothing' inside "$build" '
		mkdir /one && cd /one && tar -xzf /root/gm.tar.gz && cd gm-*
		./bootstrap --yes deb && make deb && mv build/deb/*.deb ..' || return
	check 'it builds again, another way' inside "$build" '
		mkdir -p /two/longer && cd /two/longer
		umask 077
		export TZ=Asia/Tokyo LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS="nocheck parallel=3"
		tar -xzf /root/gm.tar.gz && cd gm-*
		dpkg-buildpackage -us -uc -b && mv ../*.deb /two' || return
	check 'both are the same, bit for bit' same_debs "$build"
	check 'a lower version builds' inside "$build" '
		mkdir /lower && cd /lower && tar -xzf /root/gm.tar.gz && cd gm-*
		sed -i "1s/(.*)/($1)/" debian/changelog
		DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc -b
	' sh "$lower" || return

	check 'a copy for use' copy "$1" "$use" || return
	cp "$build"/one/gm_*.deb "$build"/lower/gm_*.deb "$use/root" || return
	rm -rf --one-file-system "$build"
	# Install the dependencies of the package and of its tests first, so that
	# their files are not taken for its own.
	check 'what it needs can be installed' inside "$use" '
		depends=$(dpkg-deb -f /root/gm_"$1"_*.deb Depends)
		apt-get -qy --no-install-recommends satisfy "$depends"
		tar -xzf /root/gm.tar.gz -C /root
		tests=$(sed -n "s/^Depends: @, //p" /root/gm-*/debian/tests/control |
		    tr -d ,)
		apt-get -qy --no-install-recommends install $tests
	' sh "$version" || return
	listing "$use" >"$dir/before"
	check 'the lower version installs' inside "$use" '
		apt-get -qy --no-install-recommends install /root/gm_"$1"_*.deb
		gm-prompt --version' sh "$lower"
	check 'it can be upgraded' inside "$use" '
		apt-get -qy --no-install-recommends install /root/gm_"$1"_*.deb
		[ "$(dpkg-query -W -f "\${Version}" gm)" = "$1" ]
		[ "$(gm-prompt --version)" = "gm-prompt $1" ]' sh "$version"
	for test in $(inside "$use" \
	    'sed -n "s/^Tests: //p" /root/gm-*/debian/tests/control'); do
		check "debian/tests/$test" inside "$use" \
		    'cd /root/gm-* && debian/tests/"$1"' sh "$test"
	done
	check 'without a key it says so' inside "$use" '
		status=0
		gm-prompt -n hello 2>/root/err || status=$?
		[ "$status" -eq 78 ] && grep "^gm-prompt: no API key in " /root/err'
	check 'units are used' inside "$use" "$use_units"
	check 'it can be removed and purged' inside "$use" '
		apt-get -qy remove gm
		[ ! -e /usr/bin/gm-prompt ] && [ -L /var/lib/gm ]
		apt-get -qy purge gm
		[ ! -e /var/lib/gm ]
		if dpkg -s gm; then exit 1; fi'
	listing "$use" >"$dir/after"
	# Ignore directories that systemd would have made.
	sed -E -i '\@ \./(etc/systemd/(system|user)/timers\.target\.wants|var/lib/systemd/timers|var/(lib|cache)/private|(etc|var/lib)/systemd(/system|/user)?)$@d' \
	    "$dir/before" "$dir/after"
	check 'nothing is left' diff "$dir/before" "$dir/after"
}

if [ $# -eq 0 ]; then
	for system in bookworm trixie; do
		check 'a bare system' debootstrap --variant=minbase "$system" \
		    "$dir/bare/$system" && set -- "$@" "$dir/bare/$system"
	done
fi
for root; do
	system=${root##*/}
	try "$(realpath "$root")"
	rm -rf --one-file-system "${dir:?}/$system"
done
printf '%d passed, %d failed, 0 skipped\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
