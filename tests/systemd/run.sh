#!/usr/bin/env bash
#
# run.sh: boot a Debian with systemd in a container, and run inside.py in it,
# against the stand-in; called by "make check-systemd".  Needs root.
#
# Environment: BUILD (the directory of the programs); SUITE (bookworm or trixie);
# SYSTEMD_ROOT (a directory with that Debian, made by debootstrap if it does not
# exist, and copied; BUILD/systemd/SUITE); LIMIT (seconds, 300).
#
# Ends with "N passed, M failed".  Leaves nothing running or mounted.

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=$(realpath "${BUILD:-build}")
SUITE=${SUITE:-bookworm}
SYSTEMD_ROOT=${SYSTEMD_ROOT:-$BUILD/systemd/$SUITE}

say() {
	printf 'check-systemd: %s\n' "$*" >&2
}

[ "$(id -u)" -eq 0 ] || {
	say 'only root can boot a container'
	exit 1
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/gm-systemd.XXXXXX") || exit 1
root=$scratch/root-${scratch##*.}
# Remove the empty directory that systemd-nspawn leaves if it does not register.
trap 'rm -rf "$scratch"
    rmdir "/run/systemd/nspawn/propagate/${root##*/}" 2>/dev/null' EXIT
trap 'exit 130' INT TERM HUP

packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,libmd0
packages+=,ca-certificates,python3
case $SUITE in
bookworm) packages+=,libcurl4 ;;
*) packages+=,libcurl4t64 ;;
esac

make_pristine() {
	say "making $SYSTEMD_ROOT with debootstrap"
	mkdir -p "${SYSTEMD_ROOT%/*}"
	debootstrap --variant=minbase --include="$packages" "$SUITE" \
	    "$SYSTEMD_ROOT.new" >"$scratch/log" 2>&1 || {
		tail "$scratch/log" >&2
		rm -rf "$SYSTEMD_ROOT.new"
		return 1
	}
	rm -rf "$SYSTEMD_ROOT.new"/var/cache/apt/archives/*.deb
	mv "$SYSTEMD_ROOT.new" "$SYSTEMD_ROOT"
}

# Install what the units need, as "make install" does.
install_programs() {
	make -s BUILD="$BUILD" DESTDIR="$root" PREFIX=/usr install >/dev/null
}

# unit NAME: write standard input as a unit of the container.
unit() {
	cat >"$root/etc/systemd/system/$1" &&
	    ln -s "../$1" "$root/etc/systemd/system/multi-user.target.wants/$1"
}

install_tests() {
	mkdir -p "$root/tests" "$root/etc/systemd/system/multi-user.target.wants"
	cp -r tests/server "$root/tests/server"
	cp tests/systemd/inside.py "$root/tests"
	unit standin.service <<-'END'
		[Service]
		ExecStartPre=/bin/mkdir -p /var/tmp/standin
		ExecStart=/usr/bin/python3 -B /tests/server/standin.py --dir /var/tmp/standin
		StandardOutput=file:/var/tmp/standin.url
		ExecStartPost=/bin/ln -s /var/tmp/standin.url /var/tmp/standin/url
	END
	unit inside.service <<-'END'
		[Unit]
		After=standin.service network.target systemd-user-sessions.service

		[Service]
		Type=oneshot
		ExecStart=/usr/bin/python3 -B /tests/inside.py
		StandardOutput=file:/tests/result
		StandardError=file:/tests/result
		TimeoutStartSec=infinity
		ExecStopPost=/bin/sh -c 'systemctl exit "$$EXIT_STATUS"'
	END
}

[ -d "$SYSTEMD_ROOT" ] || make_pristine || exit 1
cp -a "$SYSTEMD_ROOT" "$root" || exit 1
: >"$root/etc/machine-id" # an own one for each boot
install_programs && install_tests || exit 1

timeout -k 10 "${LIMIT:-300}" systemd-nspawn -q -D "$root" --register=no \
    --keep-unit --private-network -b </dev/null >"$scratch/console" 2>&1
status=$?

cat "$root/tests/result"
passed=$(grep -c '^ok ' "$root/tests/result")
failed=$(grep -c '^not ok ' "$root/tests/result")
planned=$(sed -n 's/^1\.\.//p' "$root/tests/result")
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ] ||
    [ $((passed + failed)) -ne "${planned:-0}" ]; then
	say "the container ended with status $status; its console:"
	tail -n 40 "$scratch/console" >&2
	failed=$((failed + 1))
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
