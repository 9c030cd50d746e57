# "make dist": the same source gives the same archive, with git and without.

load helper

# Copy the source as it is now into a new repository.
setup_file() {
	SOURCE=$BATS_FILE_TMPDIR/source
	export SOURCE GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
	export GIT_AUTHOR_DATE='2026-01-02T03:04:05Z'
	export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
	mkdir "$SOURCE"
	cd "$BATS_TEST_DIRNAME/.." || return
	tar -c --exclude=./build --exclude=./.git . | tar -x -C "$SOURCE"
	cd "$SOURCE" || return
	git init -q
	git add -A
	git -c user.name=A -c user.email=a@example.org commit -qm begin
}

# dist DIR [VARIABLE=VALUE...]: make an archive of DIR, in an empty environment; set
# $archive, and write the output of make to "out" and "err".
dist() {
	local dir=$1
	shift
	rc=0
	env -i PATH="$PATH" "$@" make -C "$dir" --no-print-directory dist \
	    >out 2>err || rc=$?
	archive=$dir/build/gm-$(<"$ROOT/VERSION").tar.gz
}

@test "make dist: bit for bit the same, from a repository and from itself" {
	local name first
	name=gm-$(<"$ROOT/VERSION")
	git clone -q "$SOURCE" one
	git clone -q "$SOURCE" 'a longer place'
	find one -exec touch -d 2020-01-01 {} +
	(umask 022 && dist one TZ=UTC && [ "$rc" -eq 0 ])
	same out "  DIST build/$name.tar.gz
"
	same err ''
	dist one
	first=$archive
	# Change directory, umask, time zone, locale, and options of users.
	(umask 077 && cd 'a longer place' && chmod -R go= . &&
	    git config core.autocrlf true && git config tar.umask 0007 &&
	    mkdir -p .git/info)
	(umask 077 && dist 'a longer place' TZ=Asia/Tokyo LC_ALL=C.UTF-8 GZIP=-1 \
	    TAR_OPTIONS=--owner=nobody && [ "$rc" -eq 0 ])
	cmp "$first" "a longer place/build/$name.tar.gz"
	# Check its files, their order, owners, modes and times.
	tar -tzf "$first" | grep -v '/$' | sort >listed
	git -C "$SOURCE" ls-files | sed "s|^|$name/|" | sort | diff - listed
	tar -tzf "$first" | sed -n "s|^$name/\([^/]*\)/*\$|\1|p" | LC_ALL=C sort -c
	tar -tvzf "$first" --numeric-owner --utc --full-time |
	    awk '{ print substr($1, 2), $2, $4, $5 }' | sort -u >facts
	diff - facts <<-'END'
		rw-r--r-- 0/0 2026-01-02 03:04:05
		rwxr-xr-x 0/0 2026-01-02 03:04:05
	END
	# Unpacked, without git and after a build, it gives the same archive.
	mkdir unpacked
	(umask 027 && tar -xzf "$first" -C unpacked)
	mkdir -p "unpacked/$name/build/lib"
	: >"unpacked/$name/build/lib/x.o"
	dist "unpacked/$name" TZ=America/Lima
	[ "$rc" -eq 0 ]
	cmp "$first" "$archive"
	# It also depends on SOURCE_DATE_EPOCH.
	dist "unpacked/$name" SOURCE_DATE_EPOCH=86400
	tar -tvzf "$archive" --utc --full-time | awk '{ print $4 }' | sort -u >days
	same days $'1970-01-02\n'
	[ "$(ls -A "unpacked/$name/build")" = $'gm-'"$(<"$ROOT/VERSION")"$'.tar.gz\nlib' ]
}

@test "make dist: uncommitted changes are left out, with a note" {
	git clone -q "$SOURCE" one
	dist one
	mv "$archive" clean.tar.gz
	echo more >>one/README.md
	: >one/new
	dist one
	[ "$rc" -eq 0 ]
	same err 'make: what is not committed is left out
'
	cmp clean.tar.gz "$archive"
}

@test "make dist: fails without an archive if git does" {
	git clone -q "$SOURCE" one
	rm -rf one/.git/refs one/.git/packed-refs one/.git/objects
	dist one
	[ "$rc" -eq 2 ]
	[ ! -e "$archive" ]
	[ -z "$(ls -A one/build)" ]
}

@test "the archive builds without git" {
	local version
	version=$(<"$ROOT/VERSION")
	git clone -q "$SOURCE" one
	dist one
	tar -xzf "$archive"
	env -i PATH="$PATH" make -C "gm-$version" -j "$(nproc)" CFLAGS=-O0 \
	    build/gm-rotate build/man/gm-rotate.1 >log 2>&1 || {
		cat log
		return 1
	}
	"gm-$version/build/gm-rotate" --version | grep -qx "gm-rotate $version"
	GEMINI_API_KEY=$GOOD_KEY "gm-$version/build/gm-rotate" --peek >key
	[ -s key ]
}
