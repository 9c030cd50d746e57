# The units in systemd, without booting.  "make check-systemd" runs them.

load helper

# units: copy all units, with the programs of this build.
units() {
	cp -r "$ROOT/systemd/system" "$ROOT/systemd/user" .
	sed -i "s|/usr/bin/gm-|$BUILD/gm-|" system/* user/*
}

# analyze DIRECTORY VERB [argument...]
analyze() {
	local user=()

	[ "$1" = system ] || user=(--user)
	XDG_RUNTIME_DIR=$PWD systemd-analyze "${user[@]}" "${@:2}" >out 2>&1
}

# section UNIT NAME: print its lines, without comments.
section() {
	sed -n "/^\[$2\]/,/^\[/{/^[A-Z]/p}" "$ROOT/systemd/$1"
}

@test "systemd: the units are valid" {
	local dir

	units
	for dir in system user; do
		(cd $dir && analyze $dir verify --man=no --recursive-errors=no \
		    ./gm-keycheck.service ./gm-keycheck.timer \
		    ./gm-summ@.service ./gm-summ@.timer) || {
			cat $dir/out
			return 1
		}
		same $dir/out ''
	done
}

@test "systemd: the exposure of the system's services is at most 2.0" {
	local unit

	for unit in gm-keycheck gm-summ@; do
		analyze system security --no-pager --offline=true --threshold=20 \
		    "$ROOT/systemd/system/$unit.service" || {
			tail -n 3 out
			return 1
		}
	done
}

@test "systemd: the services use options that the programs have" {
	local file line program option n=0

	for file in "$ROOT"/systemd/*/*.service; do
		line=$(sed -n 's|^ExecStart=/usr/bin/||p' "$file")
		program=${line%% *}
		while read -r option; do
			"$program" --help all | grep -qE "^ *(-., )?$option( |$)|^ *$option," || {
				echo "$file: $option"
				return 1
			}
			n=$((n + 1))
		done < <(grep -oE ' --?[a-z-]+' <<<"$line")
	done
	[ $n -eq 6 ]
}

@test "systemd: the units of the system and of users agree" {
	local unit

	for unit in gm-keycheck.timer gm-summ@.timer; do
		diff "$ROOT/systemd/system/$unit" "$ROOT/systemd/user/$unit"
	done
	# A system service has all settings of the user service, except paths.
	for unit in gm-keycheck gm-summ@; do
		grep -vxFf <(section system/$unit.service Service) \
		    <(section user/$unit.service Service) || :
	done >differ
	# shellcheck disable=SC2016 # systemd's and sh's
	same differ 'EnvironmentFile=%E/gm/summ/%i.env
ExecStartPre=/bin/sh -c '\''mkdir -p "$$HOME/.local/state/gm/summaries" && eval "$${COMMAND:?is not set in %E/gm/summ/%i.env}" >"$$RUNTIME_DIRECTORY/text"'\''
ExecStart=/usr/bin/gm-summ --deadline 50m $OPTIONS -o %h/.local/state/gm/summaries/%i.txt %t/gm-summ-%i/text
'
	# The system services have the same sandboxing.
	diff <(section system/gm-keycheck.service Service | sed -n '/^DynamicUser=/,$p') \
	    <(section system/gm-summ@.service Service | sed -n '/^DynamicUser=/,$p')
	diff <(grep -E '^(Load|Set)Credential=' "$ROOT/systemd/system/gm-keycheck.service") \
	    <(grep -E '^(Load|Set)Credential=' "$ROOT/systemd/system/gm-summ@.service")
}
