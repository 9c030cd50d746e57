#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../base/file_place.h"
#include "../notes.h"
#include "base/clock.h"
#include "base/stop.h"
#include "keys/state.h"

#define O "https://host:443"
#define KEY "fake-good-key-0001"
#define MEMORY "gm-x: the key state is kept in memory only: "

/* 2026-11-22T10:00:00Z */
#define NOW INT64_C(1795341600000)

#define HEAD \
	"# gm keys, version 2: requests, Pacific day, failures, last use, " \
	"slot, tokens, id, model, project, class, since, until, origin, " \
	"reason\n"
#define TIME "2026-11-22T10:00:00.000Z"
#define NEVER "-                        "

static void
lock(struct gm_keystate *k)
{
	struct gm_err err;

	if (gm_keystate_lock(k, false, NOW, &err) != 0)
		fail_msg("%s", err.msg);
}

static struct gm_keyrow *
get(struct gm_keytable *t, const char *id)
{
	struct gm_err err;
	struct gm_keyrow *row =
	    gm_keytable_get(t, GM_KEYROW_OWNER, O, id, "all", &err);

	assert_non_null(row);
	return row;
}

/* Mark a row until so many milliseconds from now, and save. */
static void
mark(struct gm_keystate *k, const char *id, int64_t ms)
{
	struct gm_keyrow *row;

	lock(k);
	row = get(&k->table, id);
	row->class = GM_CLASS_QUOTA_MINUTE;
	row->since_ms = NOW;
	row->until_ms = NOW + ms;
	k->table.changed = true;
	gm_keystate_unlock(k);
}

/* Count one use of a row. */
static void
use(struct gm_keystate *k, const char *id)
{
	struct gm_keyrow *row;

	lock(k);
	row = get(&k->table, id);
	row->requests++;
	row->last_ms = NOW;
	gm_keystate_save_counters(k, row);
	gm_keystate_unlock(k);
}

/* Read the table, with all counters. */
static void
look(struct gm_keystate *k)
{
	gm_keystate_look(k, NOW);
	gm_keytable_fetch_all(&k->table);
}

static int64_t
until(const struct gm_keytable *t, const char *id)
{
	const struct gm_keyrow *row =
	    gm_keytable_find(t, GM_KEYROW_OWNER, O, id, "all");

	return row != NULL ? row->until_ms - NOW : -1;
}

static int64_t
requests(const struct gm_keytable *t, const char *id)
{
	const struct gm_keyrow *row =
	    gm_keytable_find(t, GM_KEYROW_OWNER, O, id, "all");

	return row != NULL ? row->requests : -1;
}

/* A handle, like that of another process. */
struct side {
	struct gm_keystate k;
};

static void
open_side(struct side *side, const char *dir)
{
	gm_keystate_open(&side->k, dir, &note, false);
}

static void
close_side(struct side *side)
{
	gm_keystate_close(&side->k);
}

static void
test_two(void **state)
{
	char ours[GM_HASH_HEX], theirs[GM_HASH_HEX];
	struct side a, b;

	(void)state;
	open_side(&a, "sub");
	open_side(&b, "sub");
	gm_keystate_id(&a.k, span(KEY), ours);
	gm_keystate_id(&b.k, span(KEY), theirs);
	assert_string_equal(ours, theirs);
	look(&b.k);
	assert_int_equal(b.k.table.len, 0);
	mark(&a.k, "key", 60000);
	assert_false(a.k.table.changed);
	look(&b.k);
	assert_int_equal(until(&b.k.table, "key"), 60000);
	use(&b.k, "key");
	use(&a.k, "key");
	mark(&b.k, "other", 5);
	assert_file("sub/keys",
	    HEAD "         2      0      0 " TIME " " NEVER NEVER
		 "key all - quota_minute " TIME " 2026-11-22T10:01:00.000Z " O
		 " -\n         0      0      0 " NEVER NEVER NEVER
		 "other all - quota_minute " TIME " 2026-11-22T10:00:00.005Z " O
		 " -\n");
	assert_int_equal(mode_of("sub/keys"), 0600);
	assert_int_equal(mode_of("sub/keys.lock"), 0600);
	assert_int_equal(mode_of("sub/salt"), 0600);
	assert_int_equal(mode_of("sub"), 0700);
	assert_int_equal(count("sub", false), 3);
	assert_string_equal(said(), "");
	close_side(&a);
	close_side(&b);
	close_side(&b);
}

/* Counters are rewritten in place: the file is not replaced. */
static void
test_in_place(void **state)
{
	struct stat before, after;
	struct side a;

	(void)state;
	open_side(&a, ".");
	mark(&a.k, "key", 5);
	mark(&a.k, "first", 5);
	assert_int_equal(stat("keys", &before), 0);
	use(&a.k, "key");
	assert_int_equal(stat("keys", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_size, after.st_size);
	look(&a.k);
	assert_int_equal(requests(&a.k.table, "key"), 1);
	assert_int_equal(requests(&a.k.table, "first"), 0);
	use(&a.k, "new");
	look(&a.k);
	assert_int_equal(requests(&a.k.table, "new"), 1);
	close_side(&a);
}

/* A file of version 1 is replaced before anything is written in place. */
static void
test_version_1(void **state)
{
	static const char old[] = "# gm keys, version 1:\n"
				  "         7      0      0 " TIME " " NEVER
				  "key all - ok - - " O " -\n";
	struct side a, b;

	(void)state;
	open_side(&a, ".");
	open_side(&b, ".");
	put_file("keys", old);
	look(&a.k);
	assert_int_equal(requests(&a.k.table, "key"), 7);
	assert_file("keys", old);
	look(&b.k);
	use(&a.k, "key");
	assert_file("keys", HEAD "         8      0      0 " TIME
				 " " NEVER NEVER "key all - ok - - " O " -\n");
	use(&b.k, "key");
	look(&a.k);
	assert_int_equal(requests(&a.k.table, "key"), 9);
	assert_string_equal(said(), "");
	close_side(&a);
	close_side(&b);
}

static void
test_ids(void **state)
{
	char id[GM_HASH_HEX], other[GM_HASH_HEX];
	struct gm_keystate zero = { 0 };
	struct side a;

	(void)state;
	put_file("salt", "000102030405060708090a0b0c0d0e0f"
			 "101112131415161718191a1b1c1d1e1f\n");
	open_side(&a, ".");
	gm_keystate_id(&a.k, span(KEY), id);
	assert_string_equal(id, "42341dfa0d353175780523145b0c6718");
	gm_keystate_id(&zero, span(KEY), other);
	assert_string_not_equal(id, other);
	close_side(&a);
}

/* An obstacle: the state stays in memory, with one note, for the whole run. */
static void
assert_memory(const char *dir, const char *want)
{
	struct side a;

	open_side(&a, dir);
	mark(&a.k, "key", 60000);
	use(&a.k, "key");
	look(&a.k);
	assert_int_equal(until(&a.k.table, "key"), 60000);
	assert_int_equal(requests(&a.k.table, "key"), 1);
	lock(&a.k);
	assert_int_equal(until(&a.k.table, "key"), 60000);
	gm_keystate_unlock(&a.k);
	assert_string_equal(said(), want);
	assert_string_equal(said(), "");
	close_side(&a);
}

static void
test_memory(void **state)
{
	struct gm_keystate zero = { 0 };

	(void)state;
	mark(&zero, "key", 60000);
	use(&zero, "key");
	look(&zero);
	assert_int_equal(until(&zero.table, "key"), 60000);
	gm_keystate_close(&zero);
	assert_memory(NULL, "");
	assert_memory("", MEMORY "no state directory; set GM_STATE_DIR\n");
	put_file("file", "text");
	assert_memory("file/sub", MEMORY "file/sub: Not a directory\n");
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(chmod("sub", 0777), 0);
	assert_memory("sub", MEMORY "sub: writable by others\n");
	assert_int_equal(count("sub", false), 0);
}

/* Each of the files may be something else, such as a FIFO. */
static void
test_odd_files(void **state)
{
	static const char *const names[] = { "keys", "keys.lock", "salt" };
	char path[40], want[200];
	size_t i, kind;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	put_file("other", "untouched");
	for (i = 0; i < 4 * GM_LEN(names); i++) {
		kind = i % 4;
		(void)snprintf(path, sizeof(path), "sub/%s", names[i / 4]);
		if (kind == 0)
			assert_int_equal(mkfifo(path, 0600), 0);
		else if (kind == 1)
			assert_int_equal(mkdir(path, 0700), 0);
		else if (kind == 2)
			assert_int_equal(symlink("../other", path), 0);
		else if (geteuid() == 0) {
			put_file(path, "text");
			assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
		} else
			continue;
		(void)snprintf(want, sizeof(want), MEMORY "%s: %s\n", path,
		    kind == 3 ? "owned by another user" : "not a regular file");
		assert_memory("sub", want);
		(void)count("sub", true);
	}
	assert_file("other", "untouched");
}

static void
test_odd_salt(void **state)
{
	static const char *const salts[] = { "", "\n", "words\n",
		"000102030405060708090a0b0c0d0e0f"
		"101112131415161718191a1b1c1d1e1f",
		"000102030405060708090a0b0c0d0e0f"
		"101112131415161718191a1b1c1d1e1f0\n",
		"000102030405060708090a0b0c0d0e0f"
		"101112131415161718191a1b1c1d1e1F\n" };
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(salts); i++) {
		put_file("salt", salts[i]);
		assert_memory(".", MEMORY "./salt: damaged; remove it\n");
		assert_file("salt", salts[i]);
	}
}

/* Garbage gets one note, and the next save removes it. */
static void
test_garbage(void **state)
{
	struct side a;

	(void)state;
	put_file("keys", "some\nwords\n");
	open_side(&a, ".");
	look(&a.k);
	assert_string_equal(
	    said(), "gm-x: ./keys: 2 unreadable lines dropped\n");
	use(&a.k, "key");
	look(&a.k);
	assert_string_equal(said(), "");
	assert_file("keys", HEAD "         1      0      0 " TIME
				 " " NEVER NEVER "key all - ok - - " O " -\n");
	close_side(&a);
}

/* One note says how many rows over the limit were dropped. */
static void
test_too_many(void **state)
{
	struct gm_keyrow row = { .origin = O, .model = "all", .at = -1 };
	struct gm_err err;
	struct side a;
	size_t i;

	(void)state;
	open_side(&a, ".");
	lock(&a.k);
	for (i = 0; i < GM_KEYTABLE_ROWS + 3; i++) {
		(void)snprintf(row.id, sizeof(row.id), "%06zu", i);
		row.last_ms = NOW - 1000 + (int64_t)(i % 1000);
		assert_int_equal(gm_keytable_append(&a.k.table, &row, &err), 0);
	}
	a.k.table.changed = true;
	gm_keystate_unlock(&a.k);
	assert_string_equal(said(),
	    "gm-x: ./keys: full: the oldest 3 rows dropped; set "
	    "GM_STATE_DIR to a different directory for each list of keys\n");
	mark(&a.k, "new", 5);
	assert_string_equal(said(), "");
	look(&a.k);
	assert_int_equal(a.k.table.len, GM_KEYTABLE_ROWS);
	assert_int_equal(get(&a.k.table, "new")->class, GM_CLASS_QUOTA_MINUTE);
	close_side(&a);
}

/* A file larger than ours is not read in part and then overwritten. */
static void
test_too_large(void **state)
{
	struct stat st;

	(void)state;
	put_file("keys", HEAD);
	assert_int_equal(truncate("keys", (off_t)GM_KEYTABLE_BYTES + 1), 0);
	assert_memory(".", MEMORY "./keys: larger than 4194304 bytes\n");
	assert_int_equal(stat("keys", &st), 0);
	assert_int_equal(st.st_size, GM_KEYTABLE_BYTES + 1);
}

/* A file of a later version is not overwritten. */
static void
test_newer(void **state)
{
	static const char text[] = "# gm keys, version 3: all is new\nx\n";

	(void)state;
	put_file("keys", text);
	assert_memory(".", MEMORY "./keys: written by a newer version\n");
	assert_file("keys", text);
}

static void
test_modes(void **state)
{
	struct side a;

	(void)state;
	open_side(&a, ".");
	mark(&a.k, "key", 5);
	close_side(&a);
	assert_int_equal(chmod("keys", 0644), 0);
	assert_int_equal(chmod("salt", 0666), 0);
	assert_int_equal(chmod("keys.lock", 0666), 0);
	open_side(&a, ".");
	use(&a.k, "key");
	assert_int_equal(mode_of("keys"), 0600);
	assert_int_equal(mode_of("keys.lock"), 0600);
	assert_int_equal(mode_of("salt"), 0600);
	assert_string_equal(said(), "");
	close_side(&a);
}

/* Root may do anything, so another user tries. */
static void
test_read_only(void **state)
{
	pid_t pid;

	(void)state;
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(mkdir("sub", 0500), 0);
	if (geteuid() == 0)
		assert_int_equal(chown("sub", 12345, (gid_t)-1), 0);
	pid = start();
	if (pid == 0) {
		if (geteuid() == 0 && setuid(12345) != 0)
			_exit(1);
		assert_memory(
		    "sub", MEMORY "sub/keys.lock: Permission denied\n");
		_exit(0);
	}
	finish(pid);
	assert_int_equal(count("sub", false), 0);
}

static void
limit(rlim_t size)
{
	struct rlimit limits;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limits), 0);
	limits.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limits), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/* On a full disk marks count in this process, and for all once there is room. */
static void
test_full(void **state)
{
	struct side a, b;

	(void)state;
	open_side(&a, ".");
	open_side(&b, ".");
	mark(&b.k, "key", 60000);
	limit(0);
	mark(&a.k, "key", 90000);
	assert_string_equal(said(), MEMORY "./keys: File too large\n");
	use(&a.k, "key");
	use(&a.k, "other");
	look(&b.k);
	assert_int_equal(until(&b.k.table, "key"), 60000);
	look(&a.k);
	assert_int_equal(until(&a.k.table, "key"), 90000);
	assert_int_equal(requests(&a.k.table, "key"), 1);
	assert_int_equal(requests(&a.k.table, "other"), 1);
	limit(RLIM_INFINITY);
	mark(&b.k, "third", 5);
	use(&a.k, "key");
	look(&b.k);
	assert_int_equal(until(&b.k.table, "key"), 90000);
	assert_int_equal(until(&b.k.table, "third"), 5);
	assert_int_equal(requests(&b.k.table, "key"), 2);
	assert_int_equal(count(".", false), 3);
	assert_string_equal(said(), "");
	close_side(&a);
	close_side(&b);
}

/* Writing counters in place may fail, too. */
static void
test_full_counters(void **state)
{
	struct side a;

	(void)state;
	open_side(&a, ".");
	mark(&a.k, "key", 60000);
	limit(0);
	use(&a.k, "key");
	use(&a.k, "key");
	limit(RLIM_INFINITY);
	assert_string_equal(said(), MEMORY "./keys: File too large\n");
	assert_int_equal(requests(&a.k.table, "key"), 2);
	use(&a.k, "key");
	look(&a.k);
	assert_int_equal(requests(&a.k.table, "key"), 3);
	assert_string_equal(said(), "");
	close_side(&a);
}

/* After a timeout of the lock the process goes on and leaves the file alone. */
static void
test_lock_in_vain(void **state)
{
	struct side a, b;

	(void)state;
	open_side(&a, ".");
	open_side(&b, ".");
	mark(&a.k, "key", 60000);
	lock(&a.k);
	b.k.timed_out = true; /* so that it takes 1 s, not 10 */
	mark(&b.k, "key", 90000);
	assert_string_equal(
	    said(), MEMORY "./keys.lock: locked for too long\n");
	use(&b.k, "key");
	gm_keystate_unlock(&a.k);
	look(&a.k);
	assert_int_equal(until(&a.k.table, "key"), 60000);
	assert_int_equal(requests(&a.k.table, "key"), 0);
	use(&b.k, "key");
	look(&a.k);
	assert_int_equal(until(&a.k.table, "key"), 90000);
	assert_int_equal(requests(&a.k.table, "key"), 2);
	assert_string_equal(said(), "");
	close_side(&a);
	close_side(&b);
}

static int
enter_at(struct gm_keystate *k, struct gm_keywait *w)
{
	struct gm_err err;
	int rc = gm_keystate_enter(k, w, NOW, &err);

	assert_in_range(w->nap_us, 1, 6400);
	return rc;
}

/* A wait goes on while the file changes, but not for ever. */
static void
test_lock_alive(void **state)
{
	static const struct timespec past[] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = 1, .tv_nsec = 5 } };
	struct gm_keywait w = { 0 };
	struct side a, b;

	(void)state;
	open_side(&a, ".");
	open_side(&b, ".");
	mark(&a.k, "key", 60000);
	lock(&a.k);
	assert_int_equal(enter_at(&b.k, &w), 0);
	/* the holder changes the file in place, then replaces it */
	w.changed_ms -= 11000;
	assert_int_equal(utimensat(AT_FDCWD, "keys", past, 0), 0);
	assert_int_equal(enter_at(&b.k, &w), 0);
	w.changed_ms -= 11000;
	put_file("keys.other", "");
	assert_int_equal(rename("keys.other", "keys"), 0);
	assert_int_equal(enter_at(&b.k, &w), 0);
	/* or was killed while it wrote the file aside */
	w.changed_ms -= 11000;
	put_file("keys.new", "");
	assert_int_equal(enter_at(&b.k, &w), 0);
	assert_int_equal(unlink("keys.new"), 0);
	assert_int_equal(enter_at(&b.k, &w), 0);
	assert_string_equal(said(), "");
	w.changed_ms -= 11000;
	assert_int_equal(enter_at(&b.k, &w), 1);
	assert_string_equal(
	    said(), MEMORY "./keys.lock: locked for too long\n");
	gm_keystate_unlock(&b.k);
	b.k.timed_out = false;
	w = (struct gm_keywait){ 0 };
	assert_int_equal(enter_at(&b.k, &w), 0);
	w.begun_ms -= 31000;
	assert_int_equal(enter_at(&b.k, &w), 1);
	close_side(&a);
	close_side(&b);
}

/* A process that has waited yields the lock afterwards. */
static void
test_lock_fair(void **state)
{
	struct gm_keywait w = { 0 };
	struct side a, b;

	(void)state;
	open_side(&a, ".");
	open_side(&b, ".");
	lock(&a.k);
	assert_int_equal(enter_at(&b.k, &w), 0);
	gm_keystate_unlock(&a.k);
	assert_int_equal(a.k.yield_until_ms, 0); /* it has not waited */
	assert_int_equal(enter_at(&b.k, &w), 1);
	b.k.locked_ms -= 60000; /* held for a minute */
	gm_keystate_unlock(&b.k);
	assert_in_range(b.k.yield_until_ms, 1, gm_clock_mono_ms() + 100);
	b.k.yield_until_ms += 60000;
	w = (struct gm_keywait){ 0 };
	assert_int_equal(enter_at(&b.k, &w), 0);
	lock(&a.k);
	gm_keystate_unlock(&a.k);
	b.k.yield_until_ms = 0;
	assert_int_equal(enter_at(&b.k, &w), 1);
	close_side(&a);
	close_side(&b);
}

/* Naps become longer, and shorter again for those that have waited long. */
static void
test_lock_naps(void **state)
{
	static const struct {
		int64_t waited_ms, longest_us;
	} rows[] = { { 0, 6400 }, { 600, 3200 }, { 1100, 1600 },
		{ 4000, 1600 } };
	struct gm_keywait w = { 0 };
	struct side a, b;
	size_t i;
	int n;

	(void)state;
	open_side(&a, ".");
	open_side(&b, ".");
	lock(&a.k);
	assert_int_equal(enter_at(&b.k, &w), 0);
	assert_in_range(w.nap_us, 25, 50);
	for (i = 0; i < GM_LEN(rows); i++) {
		for (n = 0; n < 20; n++) {
			w.changed_ms = gm_clock_mono_ms();
			w.begun_ms = w.changed_ms - rows[i].waited_ms;
			assert_int_equal(enter_at(&b.k, &w), 0);
			assert_true(w.nap_us <= rows[i].longest_us);
		}
		assert_true(w.nap_us >= 800); /* and not as at first */
	}
	close_side(&a);
	close_side(&b);
}

/* A signal ends the wait for a lock at once. */
static void
test_lock_signal(void **state)
{
	struct side a, b;
	struct gm_err err;
	pid_t pid;

	(void)state;
	open_side(&a, ".");
	lock(&a.k);
	pid = start();
	if (pid == 0) {
		(void)alarm(60);
		open_side(&b, ".");
		if (gm_stop_install(false, &err) != 0)
			_exit(1);
		(void)kill(getpid(), SIGTERM);
		if (gm_keystate_lock(&b.k, false, NOW, &err) != -1)
			_exit(2);
		_exit(err.code == GM_ESIGNAL ? 0 : 3);
	}
	finish(pid);
	close_side(&a);
}

/* Wait until the child sleeps in a system call. */
static void
wait_until_asleep(pid_t pid)
{
	char path[64], text[64], *after;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	do {
		fd = open(path, O_RDONLY);
		n = read(fd, text, sizeof(text) - 1);
		(void)close(fd);
		text[n > 0 ? n : 0] = '\0';
		after = strrchr(text, ')');
	} while (after == NULL || strncmp(after, ") S", 3) != 0);
}

/* A reservation that is given back waits briefly, at any stage. */
static void
test_lock_briefly(void **state)
{
	struct side a, b;
	struct gm_err err;
	int ends[2];
	pid_t pid;
	char byte;

	(void)state;
	open_side(&b, ".");
	b.k.brief_left_us = INT64_MAX;
	assert_int_equal(pipe(ends), 0);
	pid = start();
	if (pid == 0) {
		(void)alarm(60);
		open_side(&a, ".");
		lock(&a.k);
		(void)!write(ends[1], "x", 1);
		wait_until_asleep(getppid());
		gm_keystate_unlock(&a.k);
		_exit(0);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(gm_keystate_lock(&b.k, true, NOW, &err), 0);
	assert_true(b.k.locked);
	gm_keystate_unlock(&b.k);
	finish(pid);
	open_side(&a, ".");
	lock(&a.k);
	b.k.brief_left_us = 200;
	assert_int_equal(gm_keystate_lock(&b.k, true, NOW, &err), -1);
	assert_int_equal(err.code, GM_EUNAVAILABLE);
	assert_true(b.k.brief_left_us <= 0);
	gm_keystate_unlock(&a.k);
	b.k.yield_until_ms =
	    gm_clock_mono_ms() + 60000; /* longer than a brief wait */
	assert_int_equal(gm_keystate_lock(&b.k, true, NOW, &err), 0);
	assert_string_equal(said(), "");
	close_side(&a);
	close_side(&b);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* Times that a clock, a year ahead, has written. */
static void
test_clock_back(void **state)
{
	const int64_t year_ms = INT64_C(365) * 24 * 3600000;
	struct gm_err err;
	struct side a;

	(void)state;
	open_side(&a, ".");
	mark(&a.k, "key", 60000);
	assert_int_equal(gm_keystate_lock(&a.k, false, NOW - year_ms, &err), 0);
	assert_true(a.k.table.rows[0].since_ms == NOW - year_ms);
	assert_true(a.k.table.rows[0].until_ms == NOW - year_ms + 25 * 3600000);
	/* the corrected time is saved for all */
	gm_keystate_save_counters(&a.k, &a.k.table.rows[0]);
	gm_keystate_unlock(&a.k);
	look(&a.k);
	assert_true(a.k.table.rows[0].since_ms == NOW - year_ms);
	close_side(&a);
}

/* The directory is removed during the run, to forget everything. */
static void
test_removed(void **state)
{
	struct side a;

	(void)state;
	open_side(&a, "sub");
	mark(&a.k, "key", 60000);
	assert_int_equal(unlink("sub/keys"), 0);
	assert_int_equal(unlink("sub/keys.lock"), 0);
	use(&a.k, "other");
	assert_int_equal(until(&a.k.table, "key"), -1);
	assert_int_equal(requests(&a.k.table, "other"), 1);
	assert_int_equal(count("sub", false), 3);
	assert_string_equal(said(), "");
	(void)count("sub", true);
	assert_int_equal(rmdir("sub"), 0);
	use(&a.k, "other");
	use(&a.k, "other");
	assert_int_equal(requests(&a.k.table, "other"), 3);
	assert_string_equal(said(), MEMORY "sub/keys.lock: No such file or "
					   "directory\n");
	assert_string_equal(said(), "");
	close_side(&a);
}

/* A file aside that a killed process has left does no harm. */
static void
test_litter(void **state)
{
	struct side a;

	(void)state;
	open_side(&a, ".");
	put_file("keys.new", "half a ta");
	mark(&a.k, "key", 60000);
	assert_int_equal(count(".", false), 3);
	look(&a.k);
	assert_int_equal(until(&a.k.table, "key"), 60000);
	assert_string_equal(said(), "");
	close_side(&a);
}

static int
begin(void **state)
{
	return open_notes() == 0 ? enter(state) : -1;
}

static int
end(void **state)
{
	close_notes();
	return leave(state);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two),
		TEST(test_in_place),
		TEST(test_version_1),
		TEST(test_ids),
		TEST(test_memory),
		TEST(test_odd_files),
		TEST(test_odd_salt),
		TEST(test_garbage),
		TEST(test_newer),
		TEST(test_too_many),
		TEST(test_too_large),
		TEST(test_modes),
		TEST(test_read_only),
		TEST(test_full),
		TEST(test_full_counters),
		TEST(test_lock_in_vain),
		TEST(test_lock_alive),
		TEST(test_lock_fair),
		TEST(test_lock_naps),
		TEST(test_lock_signal),
		TEST(test_lock_briefly),
		TEST(test_clock_back),
		TEST(test_removed),
		TEST(test_litter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
