# gm-prompt -o FILE, and -x.

load prompt

FULL='No space left on device'

# apart COMMAND...: in a mount namespace of its own, if this system lets us.
apart() {
	unshare -m "$@"
}

# as_user ID COMMAND...: as somebody else, who may look into all directories, as
# the programs and the test may stand in one that is closed.
as_user() {
	setpriv --reuid "$1" --regid "$1" --clear-groups \
	    --inh-caps=-all,+dac_read_search \
	    --ambient-caps=-all,+dac_read_search \
	    --bounding-set=-all,+dac_read_search \
	    env HOME=/nonexistent "${@:2}"
}

need_mounts() {
	apart true 2>"$BATS_TEST_TMPDIR/why" ||
	    skip "no mount namespaces: $(cat "$BATS_TEST_TMPDIR/why")"
}

# held N: replies, the N-th of which waits for the file "go".
held() {
	replies <<-END
		[{"stream": ["Hello."], "repeat": $(($1 - 1))},
		 {"stream": ["Hello."], "gate": "go"},
		 {"stream": ["Hello."], "repeat": -1}]
	END
}

# limited COMMAND...: without root's right to write everywhere.
limited() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --bounding-set=-dac_override,-dac_read_search \
		    --inh-caps=-dac_override,-dac_read_search "$@"
	else
		"$@"
	fi
}

# --- -o FILE

@test "-o, --output FILE: a new file, as a redirection makes it" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	umask 027
	ask -o new hi
	said 0 '' ''
	same new $'Hello.\n'
	[ "$(stat -c %a new)" = 640 ]
	sent "$HI"
	ask --output ./sub/../new2 hi
	[ "$rc" -eq 73 ]
	mkdir sub
	ask --output ./sub/../new2 hi
	said 0 '' ''
	same new2 $'Hello.\n'
	[ "$(requests)" -eq 2 ]
	[ "$(ls -A)" = $'err\nnew\nnew2\nout\nsub' ]
}

@test "--output: an existing file is replaced at once and keeps its mode" {
	local pid

	replies <<-'END'
		[{"stream": ["Hel"], "finish": null},
		 {"stream": ["Hello."], "gate": "go"}]
	END
	echo old >file
	chmod 604 file
	exec 8<file
	gm-prompt --max-wait 0 -o file hi >out 2>err </dev/null 8<&- &
	pid=$!
	wait_for "[ -e '$DIR/request.2' ]"
	same file $'old\n'
	touch "$DIR/go"
	wait $pid
	same file $'Hello.\n'
	[ "$(stat -c %a file)" = 604 ]
	same /dev/fd/8 $'old\n' # another file has its name now
	exec 8<&-
	same out ''
	same err ''
	[ "$(ls -A)" = $'err\nfile\nout' ]
}

@test "--output: names of a descriptor keep what is before and after" {
	local name

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	for name in /dev/stdout /dev/fd/1 /proc/self/fd/1 /proc/thread-self/fd/1; do
		{
			echo first
			gm-prompt -n -o "$name" hi
			echo last
		} >file 2>err
		same file $'first\nHello.\nlast\n'
		same err ''
	done
	ask -o /proc/self/fd/999 hi
	said 73 '' $'gm-prompt: /proc/self/fd/999: Bad file descriptor\n'
	[ "$(ls -A)" = $'err\nfile\nout' ]
}

# spelled: other ways to write /dev/stdout, one a line; makes their links.
spelled() {
	ln -s /dev/stdout out-link
	ln -s out-link link-to-link
	ln -s /proc/self/fd/1 fd-link
	ln -s /dev/fd fd-dir
	printf '%s\n' out-link ./out-link link-to-link fd-link fd-dir/1 \
	    "$PWD/fd-dir/1" //dev/stdout /dev/../dev/stdout /dev//fd/1 \
	    /dev/./fd/1 /proc/self/task/../fd/1 /proc/self/fd/../fd/01 \
	    /proc/thread-self/../../fd/1
}

@test "--output: a descriptor is written itself, however it is spelled" {
	local name

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	for name in $(spelled); do
		{
			echo first
			gm-prompt -n -o "$name" hi
			echo last
		} >file 2>err
		same file $'first\nHello.\nlast\n'
		same err ''
		gm-prompt -n -o "$name" hi 2>err | cat >out
		same out $'Hello.\n'
		same err ''
	done
	# Descriptors above 2, of a file, of one without a name, of a socket.
	ln -s /dev/fd/9 nine
	echo first >file
	gm-prompt -n -o nine hi 9>>file
	same file $'first\nHello.\n'
	exec 9<>file
	rm file
	gm-prompt -n -o /dev/../dev/fd/9 hi
	same /dev/fd/9 $'Hello.\nello.\n'
	exec 9>&-
	[ "$(find . -type l | wc -l)" -eq 5 ]
}

@test "--output: a descriptor that cannot be written is never status 0" {
	local name fd

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo old >file
	for name in $(spelled); do
		rc=0
		gm-prompt -n -o "$name" hi >&- 2>err || rc=$?
		[ "$rc" -eq 74 ]
		same err "gm-prompt: $name: Bad file descriptor"$'\n'
		rc=0
		gm-prompt -n -o "$name" hi 1<file 2>err || rc=$?
		[ "$rc" -eq 74 ]
		same err "gm-prompt: $name: Bad file descriptor"$'\n'
		same file $'old\n'
	done
	# Closed when we began: what we open ourselves has these numbers now.
	unsent_before=$(requests)
	for fd in {3..19}; do
		rc=0
		eval "gm-prompt -n -o /dev/fd/$fd hi >out 2>err $fd>&-" || rc=$?
		[ "$rc" -eq 73 ]
		same err "gm-prompt: /dev/fd/$fd: Bad file descriptor"$'\n'
		same out ''
	done
	[ "$(requests)" -eq "$unsent_before" ]
}

@test "--output: a file by a descriptor of another process stays this file" {
	local name inode

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	exec 9>file
	echo 'longer than the answer' >&9
	inode=$(stat -c %i file)
	ln -s "/proc/$BASHPID/fd/9" nine
	for name in "/proc/$BASHPID/fd/9" nine "/proc/$BASHPID/task/$BASHPID/fd/9"; do
		ask -o "$name" hi
		said 0 '' ''
		same file $'Hello.\n'
		[ "$(stat -c %i file)" = "$inode" ]
	done
	exec 9>&-
	[ "$(ls -A)" = $'err\nfile\nnine\nout' ]
}

@test "--output: symbolic links are followed, also to what is not there" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkdir dir
	echo old >dir/file
	ln -s file dir/link
	ln -s dir/link link
	ask -o link hi
	said 0 '' ''
	same dir/file $'Hello.\n'
	[ -L link ]
	[ -L dir/link ]
	ln -s dir/none dangling
	ask -o dangling hi
	said 0 '' ''
	[ -L dangling ]
	same dir/none $'Hello.\n'
	[ "$(ls -A dir)" = $'file\nlink\nnone' ]
}

@test "--output: a FIFO, /dev/stdout and /dev/null are written directly" {
	local pid

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkfifo pipe
	cat pipe >got &
	pid=$!
	ask -o pipe hi
	wait $pid
	said 0 '' ''
	same got $'Hello.\n'
	[ -p pipe ]
	ask -o /dev/stdout hi
	said 0 $'Hello.\n' ''
	echo before >log
	gm-prompt -o /dev/stdout hi >>log 2>err </dev/null
	same log $'before\nHello.\n'
	ask -o /dev/null hi
	said 0 '' ''
	[ -c /dev/null ]
	ask -o /dev/full hi
	said 74 '' "gm-prompt: /dev/full: $FULL"$'\n'
	[ "$(requests)" -eq 5 ]
}

@test "--output -S: text is in the FIFO as it comes" {
	local pid

	replies <<-END
		[{"stream": ["Hel", "lo. $(printf %01000d 0)"], "gate": "go",
		  "gate_at": 600}]
	END
	mkfifo pipe
	cat pipe >got &
	gm-prompt -S -o pipe hi </dev/null >out 2>err &
	pid=$!
	wait_for '[ -s got ]'
	same got Hel
	touch "$DIR/go"
	wait $pid %?cat
	same got "Hello. $(printf %01000d 0)"$'\n'
}

@test "--output: what cannot be made is told before anything is sent, 73" {
	serve
	ask -o . hi
	said 73 '' $'gm-prompt: .: Is a directory\n'
	ask -o absent/file hi
	said 73 '' $'gm-prompt: absent/file: No such file or directory\n'
	mkdir closed
	chmod 555 closed
	rc=0
	limited gm-prompt -o closed/file hi >out 2>err </dev/null || rc=$?
	said 73 '' $'gm-prompt: closed/file: Permission denied\n'
	echo old >file
	chmod 444 file
	rc=0
	limited gm-prompt -o file hi >out 2>err </dev/null || rc=$?
	said 73 '' $'gm-prompt: file: Permission denied\n'
	same file $'old\n'
	unsent
}

@test "--output: a failure leaves the old file, and no litter" {
	local pid

	replies <<-'END'
		[{"refusal": "invalid_argument"}, {"stream": ["Hel"], "finish": null},
		 {"stream": ["Hel"], "finish": "SAFETY"},
		 {"stream": [], "repeat": 2},
		 {"stream": ["Hel"], "finish": null},
		 {"stream": ["Hello."], "gate": "never"}]
	END
	echo old >file
	ask -o file hi
	[ "$rc" -eq 65 ]
	ask -o file --retries 0 hi
	[ "$rc" -eq 76 ]
	ask -o file hi
	[ "$rc" -eq 1 ]
	ask -o file hi
	[ "$rc" -eq 1 ]
	ask -o file -S hi
	[ "$rc" -eq 76 ]
	gm-prompt -o file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.7' ]"
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	said 143 '' ''
	same file $'old\n'
	[ "$(ls -A)" = $'err\nfile\nout' ]
}

@test "--output: an answer that was cut by the token limit is kept" {
	replies <<<'[{"stream": ["Hel"], "finish": "MAX_TOKENS"}]'
	ask -o file hi
	said 1 '' "gm-prompt: $ALIAS: the answer was cut at the token limit;\
 raise --max-tokens (MAX_TOKENS, token_limit)
"
	same file $'Hel\n'
}

@test "--output with --json, --count, --dry-run" {
	replies <<<'[{"stream": ["Hello."]}, {"refusal": "invalid_argument"}]'
	ask -o file --json hi
	said 0 '' ''
	python3 -c 'import json
assert json.load(open("file"))["text"] == "Hello."'
	ask -o file --json hi # the record of a failure is an output, too
	[ "$rc" -eq 65 ]
	python3 -c 'import json
assert json.load(open("file"))["ok"] is False'
	ask -o file --count hi
	said 0 '' ''
	same file $'1\n'
	ask -o file --dry-run hi
	[ "$rc" -eq 0 ]
	same out ''
	same file "$HI"$'\n'
}

# --- -o FILE where a rename cannot be: written in place

@test "--output: a mount point is written in place, whole" {
	local inode

	need_mounts
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo 'old, and longer than the new content' >real
	chmod 640 real
	inode=$(stat -c %i real)
	: >file
	rc=0
	apart bash -c 'mount --bind real file && exec gm-prompt -o file hi' \
	    >out 2>err </dev/null || rc=$?
	said 0 '' ''
	same real $'Hello.\n'
	[ "$(stat -c '%i %a' real)" = "$inode 640" ]
	same file ''
	ln -s file link
	rc=0
	apart bash -c 'mount --bind real file && exec gm-prompt -o link hi' \
	    >out 2>err </dev/null || rc=$?
	said 0 '' ''
	[ "$(ls -A)" = $'err\nfile\nlink\nout\nreal' ]
	# in a directory of a read-only file system, as in containers
	mkdir dir
	: >dir/file
	apart bash -c 'mount --bind dir dir && mount --bind real dir/file &&
	    mount -o remount,bind,ro dir && ! touch dir/x 2>x &&
	    exec gm-prompt -o dir/file "hi"' >out 2>err </dev/null
	said 0 '' ''
	[ "$(stat -c %i real)" = "$inode" ]
	[ "$(ls -A dir)" = file ]
	[ "$(requests)" -eq 3 ]
}

@test "--output: a failure leaves the old content of a mount point" {
	need_mounts
	replies <<<'[{"refusal": "invalid_argument"}]'
	echo old >real
	: >file
	rc=0
	apart bash -c 'mount --bind real file && exec gm-prompt -o file hi' \
	    >out 2>err </dev/null || rc=$?
	[ "$rc" -eq 65 ]
	same real $'old\n'
	[ "$(ls -A)" = $'err\nfile\nout\nreal' ]
}

@test "--output: a mount point that cannot be written is 73 before a request" {
	need_mounts
	serve
	: >file
	: >real
	rc=0
	apart bash -c 'mount --bind real file &&
	    mount -o remount,bind,ro file && exec gm-prompt -o file hi' \
	    >out 2>err </dev/null || rc=$?
	said 73 '' $'gm-prompt: file: Read-only file system\n'
	unsent
}

@test "--output: a full disk: the old file stays, 74" {
	need_mounts
	replies <<<'[{"generate": {"bytes": 200000}, "repeat": -1}]'
	mkdir disk
	rc=0
	apart bash -c 'mount -t tmpfs -o size=64k none disk || exit
	    echo old >disk/file
	    gm-prompt -o disk/file hi >out 2>err </dev/null
	    echo $? >status
	    cp disk/file left
	    ls -A disk >>left'
	rc=$(cat status)
	said 74 '' "gm-prompt: disk/file: $FULL"$'\n'
	same left $'old\nfile\n'
	# in place: space is reserved before anything is changed
	: >file
	rm status
	apart bash -c 'mount -t tmpfs -o size=64k none disk || exit
	    echo old >disk/file
	    mount --bind disk/file file
	    gm-prompt -o file hi >out 2>err </dev/null
	    echo $? >status
	    cp disk/file left'
	rc=$(cat status)
	kept "gm-prompt: file: $FULL" file
	same left $'old\n'
	[ "$(wc -c <"$KEPT")" -ge 200000 ]
}

# kept MESSAGE PATH: status 74, and the answer is in a file beside PATH that the
# error names, $KEPT.
kept() {
	local said

	[ "$rc" -eq 74 ] || return
	same out '' || return
	said=$(cat err)
	KEPT=${said#"$1; the output is in "}
	if [[ $KEPT != "$2".gm-?????? ]] || [ ! -f "$KEPT" ]; then
		echo "$said"
		return 1
	fi
}

@test "--output: a limit on the size of files: the old file stays, 74" {
	replies <<<'[{"generate": {"bytes": 200000}, "repeat": -1}]'
	mkdir dir
	echo old >dir/file
	rc=0
	(
		ulimit -f 64
		exec gm-prompt -o dir/file hi >out 2>err </dev/null
	) || rc=$?
	said 74 '' $'gm-prompt: dir/file: File too large\n'
	same dir/file $'old\n'
	[ "$(ls dir -A)" = file ]
}

@test "--output: a file in a directory that is closed is written in place" {
	local inode

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkdir dir
	echo 'old, and longer' >dir/file
	inode=$(stat -c %i dir/file)
	chmod 555 dir
	rc=0
	limited gm-prompt -o dir/file hi >out 2>err </dev/null || rc=$?
	said 0 '' ''
	same dir/file $'Hello.\n'
	[ "$(stat -c %i dir/file)" = "$inode" ]
	rc=0
	limited gm-prompt -S -o dir/file hi >out 2>err </dev/null || rc=$?
	said 0 '' ''
	same dir/file $'Hello.\n'
	[ "$(ls -A dir)" = file ]
	chmod 755 dir
}

@test "--output: a file of somebody else in a directory like /tmp" {
	[ "$(id -u)" -eq 0 ] || skip 'needs two users'
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkdir dir
	chmod 1777 dir
	echo old >dir/file
	chmod 666 dir/file
	chown 65533 dir/file
	rc=0
	as_user 65532 gm-prompt --quiet -o dir/file hi \
	    >out 2>err </dev/null || rc=$?
	said 0 '' ''
	same dir/file $'Hello.\n'
	[ "$(stat -c '%u %a' dir/file)" = '65533 666' ]
	[ "$(ls -A dir)" = file ]
}

@test "--output: a rename that fails at last, wherever it can, is made up for" {
	local error inode

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	for error in EBUSY EXDEV EPERM EACCES EROFS; do
		echo old >file
		inode=$(stat -c %i file)
		rc=0
		GM_FAULT=rename=$error:1 "$BUILD/fault/gm-prompt" -o file hi \
		    >out 2>err </dev/null || rc=$?
		said 0 '' "gm-fault: rename=$error 1"$'\n'
		same file $'Hello.\n'
		[ "$(stat -c %i file)" = "$inode" ]
	done
	[ "$(ls -A)" = $'err\nfile\nout' ]
}

@test "--output: an answer that cannot get its name is kept, 74" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo old >file
	rc=0
	GM_FAULT=rename=EIO:1 "$BUILD/fault/gm-prompt" -o ./file hi \
	    >out 2>err </dev/null || rc=$?
	sed -i 1d err
	kept 'gm-prompt: ./file: Input/output error' ./file
	same "$KEPT" $'Hello.\n'
	same file $'old\n'
	# and is not swept by the next run
	ask -o file hi
	said 0 '' ''
	same "$KEPT" $'Hello.\n'
	rm "$KEPT"
	rc=0
	GM_FAULT=rename=EIO:1+ "$BUILD/fault/gm-prompt" -o file hi \
	    >out 2>err </dev/null || rc=$?
	[ "$rc" -eq 74 ]
	grep -qx 'gm-prompt: file: Input/output error; the output is in \.file\.gm-......' \
	    err
	same .file.gm-?????? $'Hello.\n'
}

@test "--output: what takes the name of the file meanwhile" {
	local pid

	held 1
	gm-prompt -o file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.1' ]"
	mkdir file
	touch "$DIR/go"
	rc=0
	wait $pid || rc=$?
	kept 'gm-prompt: file: Is a directory' file
	same "$KEPT" $'Hello.\n'
	[ "$(ls -A)" = $'err\nfile\n'"$KEPT"$'\nout' ]
}

@test "--output: a directory that vanishes meanwhile: 74" {
	local pid

	held 1
	mkdir dir
	gm-prompt -o dir/file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.1' ]"
	rm -r dir
	touch "$DIR/go"
	rc=0
	wait $pid || rc=$?
	said 74 '' $'gm-prompt: dir/file: No such file or directory\n'
}

@test "--output: an immutable or append-only file is 73 before a request" {
	serve
	echo old >file
	chattr +i file 2>why || skip "no chattr: $(cat why)"
	ask -o file hi
	chattr -i file
	said 73 '' $'gm-prompt: file: the file is immutable; see chattr(1)\n'
	chattr +a file
	ask -o file hi
	chattr -a file
	said 73 '' $'gm-prompt: file: the file is append-only; see chattr(1)\n'
	same file $'old\n'
	unsent
}

@test "--output: a file in an append-only directory is written in place" {
	replies <<<'[{"stream": ["Hello."]}]'
	mkdir dir
	echo old >dir/file
	chattr +a dir 2>why || skip "no chattr: $(cat why)"
	ask -o dir/file hi
	chattr -a dir
	said 0 '' ''
	same dir/file $'Hello.\n'
	[ "$(ls -A dir)" = file ]
}

# --- -o FILE: who may use it

# acls: skip where there are none.
acls() {
	: >try
	setfacl -m u:65533:r try 2>why || skip "no ACLs: $(cat why)"
	rm try why
}

@test "--output: the ACL of an existing file is kept" {
	acls
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	echo old >file
	setfacl -m u:65533:r,g:65532:rw,g::-,o::- file
	getfacl -n file >before
	ask -o file hi
	said 0 '' ''
	same file $'Hello.\n'
	getfacl -n file | diff before -
	[ "$(ls -A)" = $'before\nerr\nfile\nout' ]
}

@test "--output: a new file, and an old one, below a default ACL" {
	acls
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkdir dir
	umask 027
	echo old >dir/old
	getfacl -n dir/old >before
	setfacl -d -m u:65533:rwx,g::r,o::r dir
	ask -o dir/old hi
	said 0 '' ''
	getfacl -n dir/old | diff before -
	echo >dir/redirected
	ask -o dir/new hi
	said 0 '' ''
	diff <(getfacl -n dir/redirected | sed 1d) <(getfacl -n dir/new | sed 1d)
}

@test "--output: an ACL that only the old file can have: written in place" {
	acls
	[ "$(id -u)" -eq 0 ] || skip 'needs two users'
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkdir dir
	chmod 777 dir
	echo old >dir/file
	chmod 600 dir/file
	setfacl -m u:65532:rw dir/file
	getfacl -n dir/file >before
	rc=0
	as_user 65532 gm-prompt --quiet -o dir/file hi \
	    >out 2>err </dev/null || rc=$?
	said 0 '' ''
	same dir/file $'Hello.\n'
	getfacl -n dir/file | diff before -
	[ "$(ls -A dir)" = file ]
}

@test "--output: other hard links keep the old content" {
	replies <<<'[{"stream": ["Hello."]}]'
	echo old >file
	ln file other
	ask -o file hi
	said 0 '' ''
	same file $'Hello.\n'
	same other $'old\n'
}

# --- -o FILE: files aside

@test "--output: the next run removes what a killed one left, no more" {
	local pid

	held 1
	gm-prompt -o file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.1' ]"
	same .file.gm-?????? ''
	kill -KILL $pid
	wait $pid || :
	[ "$(ls -A)" = "$(printf '%s\n' .file.gm-?????? err out)" ]
	touch .file.gm-abcde .other.gm-abcdef
	ask -o file hi
	said 0 '' ''
	same file $'Hello.\n'
	[ "$(ls -A)" = $'.file.gm-abcde\n.other.gm-abcdef\nerr\nfile\nout' ]
}

@test "--output: two runs at once: both are whole, the last one counts" {
	local pid

	held 1
	gm-prompt -o file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.1' ]"
	rc=0
	gm-prompt -o file --json hi >out2 2>err2 </dev/null
	same err2 ''
	python3 -c 'import json
assert json.load(open("file"))["text"] == "Hello."'
	touch "$DIR/go"
	wait $pid
	same err ''
	same file $'Hello.\n'
	[ "$(ls -A)" = $'err\nerr2\nfile\nout\nout2' ]
}

# --- -x

@test "-x, --extract: the first fenced block only" {
	replies <<-'END'
		[{"stream": ["Here:\n\n```sh\necho `", "date`\n  ls\n```\n\nor\n```\nno\n```\n"]},
		 {"stream": ["~~~~\n~~~\n```\n~~~~"]}, {"stream": ["```\nopen"]}]
	END
	ask -x hi
	said 0 $'echo `date`\n  ls\n' ''
	sent "$HI"
	ask --extract hi
	said 0 $'~~~\n```\n' ''
	ask -x -o file hi
	said 0 '' ''
	same file $'open\n'
}

@test "--extract: no block: 1, nothing on stdout, the old file stays" {
	replies <<<'[{"stream": ["Use ls."], "repeat": -1}]'
	ask -x hi
	said 1 '' "gm-prompt: $ALIAS: the answer has no fenced block; omit --extract (no_block)"$'\n'
	echo old >file
	ask -x -o file hi
	said 1 '' "gm-prompt: $ALIAS: the answer has no fenced block; omit --extract (no_block)"$'\n'
	same file $'old\n'
	ask -x --json hi
	[ "$rc" -eq 1 ]
	python3 -c 'import json
r = json.load(open("out"))
assert r["ok"] is False and r["text"] == "", r
assert r["error"]["message"].endswith("the answer has no fenced block; omit --extract (no_block)"), r'
	sent_as 3 "$HI"
}

@test "--extract --json: the block is the text" {
	replies <<-'END'
		[{"stream": ["So:\n```c\nint i;\n```\n"]}]
	END
	ask -x --json hi
	[ "$rc" -eq 0 ]
	python3 -c 'import json
assert json.load(open("out"))["text"] == "int i;\n"'
}

@test "--extract of an answer that was cut: 1, and why it was cut" {
	replies <<<'[{"stream": ["```\none\ntw"], "finish": "MAX_TOKENS"}]'
	ask -x hi
	said 1 $'one\ntw\n' "gm-prompt: $ALIAS: the answer was cut at the token limit;\
 raise --max-tokens (MAX_TOKENS, token_limit)
"
}
