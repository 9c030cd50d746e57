#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/stop.h"
#include "keys/state.h"

/* Timeouts of a wait for the lock. */
#define UNCHANGED_MS 10000 /* without any change of the files */
#define WAIT_MS 30000      /* in all */
#define QUICKER 10         /* divides both after a timeout */

#define NAP_US 50        /* first nap: most locks are held for that long */
#define LONGEST_US 6400  /* longest nap, until the wait has lasted 500 ms */
#define YIELD_MAX_MS 100 /* longest time that the lock is left to others */
#define BRIEF_US 200000  /* all brief waits of a process together */
#define SYNC_US 5000     /* between two looks at a sync of this process */

#define ABANDON_MS 50 /* for a sync when the process is about to end */
#define SKEW_MS 5000  /* smaller steps of the clock are not "set back" */

/* Print one note that nothing is stored; a strict caller reports it itself. */
static void
note_unstored(struct gm_keystate *k, const struct gm_err *why)
{
	k->why = *why;
	if (k->note != NULL && !k->strict && !k->noted)
		gm_note(k->note, GM_LEVEL_NOTE,
		    "the key state is kept in memory only: %s", why->msg);
	k->noted = true;
}

static void
drop_file(struct gm_keystate *k)
{
	if (k->file != -1)
		(void)close(k->file);
	k->file = -1;
	k->loaded = false;
}

/* True for a signal or the deadline: the directory is not at fault. */
static bool
is_stop(const struct gm_err *err)
{
	return err->code == GM_ESIGNAL || err->code == GM_EUNAVAILABLE;
}

/*
 * Unlock.  A process that had to wait is in competition: it leaves the lock to
 * the others for as long as it had it.  Otherwise it would lock again before
 * any of them wakes up from a nap, and they would starve.
 */
static void
unlock(struct gm_keystate *k)
{
	int64_t now, held;

	if (k->locked) {
		gm_lock_end(k->lock);
		now = gm_clock_mono_ms();
		held = now - k->locked_ms;
		if (k->waited)
			k->yield_until_ms =
			    now + (held < YIELD_MAX_MS ? held : YIELD_MAX_MS);
	}
	k->locked = false;
	k->phase = GM_KEYSTATE_IDLE;
}

static void
close_files(struct gm_keystate *k)
{
	if (k->dir.open) {
		unlock(k);
		drop_file(k);
		if (k->lock != -1)
			(void)close(k->lock);
	}
	gm_keydir_close(&k->dir); /* frees the path, also if not open */
}

/* Give up the directory for the rest of the run. */
static void
use_memory(struct gm_keystate *k, const struct gm_err *why)
{
	if (is_stop(why))
		k->why = *why;
	else
		note_unstored(k, why);
	close_files(k);
}

static uint32_t
random_bits(void)
{
	uint32_t bits = 0;

	/* If it fails the naps are only less spread: 0 will do. */
	(void)!getrandom(&bits, sizeof(bits), GRND_NONBLOCK);
	return bits;
}

/*
 * Plan the next nap: doubled each time, up to a bound that becomes smaller as
 * the wait goes on, so that old waiters try more often than new ones.  Half of
 * it is random, so that processes that were blocked together do not wake up
 * together.
 */
static void
plan_nap(struct gm_keywait *w, int64_t now_ms)
{
	int64_t halvings = (now_ms - w->begun_ms) / 500, bound;

	bound = LONGEST_US >> (halvings < 2 ? halvings : 2);
	w->longest_us = w->longest_us == 0 ? NAP_US : 2 * w->longest_us;
	if (w->longest_us > bound)
		w->longest_us = bound;
	w->nap_us = w->longest_us / 2 + random_bits() % (w->longest_us / 2 + 1);
}

/* True if a file has changed since its stamp was taken.  Renews the stamp. */
static bool
is_changed(
    const struct gm_keystate *k, const char *name, struct gm_keystamp *stamp)
{
	const struct gm_keystamp old = *stamp;

	*stamp = gm_keydir_stamp(&k->dir, name);
	return stamp->inode != old.inode ||
	       stamp->written.tv_sec != old.written.tv_sec ||
	       stamp->written.tv_nsec != old.written.tv_nsec;
}

/*
 * True if the wait has timed out.  While files change, processes with the lock
 * are alive, and waiting makes sense.
 */
static bool
is_over(const struct gm_keystate *k, struct gm_keywait *w, int64_t now_ms)
{
	int64_t part = k->timed_out ? QUICKER : 1;
	bool changed = is_changed(k, "keys", &w->stamp);

	/* On a slow disk only the file aside may change for a long time. */
	changed = is_changed(k, GM_KEYDIR_ASIDE, &w->aside) || changed;
	if (changed)
		w->changed_ms = now_ms;
	return now_ms - w->changed_ms >= UNCHANGED_MS / part ||
	       now_ms - w->begun_ms >= WAIT_MS / part;
}

#define TIMED_OUT 2

/* Try once.  Returns 1, 0 (try again after nap_us), TIMED_OUT, or -1. */
static int
try_lock(struct gm_keystate *k, struct gm_keywait *w, struct gm_err *err)
{
	int64_t now = gm_clock_mono_ms();
	int rc = 0;

	if (w->begun_ms == 0)
		*w = (struct gm_keywait){ .begun_ms = now, .changed_ms = now };
	if (now >= k->yield_until_ms)
		rc = gm_keydir_lock(&k->dir, "keys.lock", &k->lock, err);
	k->locked = rc == 1;
	if (k->locked) {
		k->timed_out = false;
		k->waited = w->longest_us != 0;
		k->locked_ms = now;
	}
	if (rc != 0)
		return rc;
	plan_nap(w, now);
	if (!is_over(k, w, now))
		return 0;
	k->timed_out = true;
	return TIMED_OUT;
}

static void
nap(const struct gm_keywait *w)
{
	const struct timespec time = { .tv_nsec = w->nap_us * 1000 };

	(void)nanosleep(&time, NULL);
}

/*
 * Wait until locked, the stage is GM_STOP_NOW or, briefly, brief_left_us is
 * spent.  A brief wait does not yield, as its time is short.  Returns 1,
 * TIMED_OUT or -1.
 */
static int
wait_for_lock(struct gm_keystate *k, bool briefly, struct gm_err *err)
{
	struct gm_keywait w = { 0 };
	int rc;

	if (briefly)
		k->yield_until_ms = 0;
	while ((rc = try_lock(k, &w, err)) == 0) {
		if (!briefly && gm_stop_stage() == GM_STOP_NOW)
			return gm_stop_fail(err);
		if (briefly && k->brief_left_us <= 0)
			return gm_fail(err, GM_EUNAVAILABLE,
			    "%s/keys.lock: locked", gm_buf_str(&k->dir.path));
		nap(&w);
		k->brief_left_us -= briefly ? w.nap_us : 0;
	}
	return rc;
}

static int
fail_timed_out(const struct gm_keystate *k, struct gm_err *err)
{
	return gm_fail(err, GM_ECANTCREAT, "%s/keys.lock: locked for too long",
	    gm_buf_str(&k->dir.path));
}

/*
 * Read the salt, or make it.  Made under the lock, and read again there, so
 * that processes that start together agree on one.
 */
static int
find_salt(struct gm_keystate *k, struct gm_err *err)
{
	int rc = gm_keydir_read_salt(&k->dir, k->salt, err);

	if (rc != 0)
		return rc;
	rc = wait_for_lock(k, false, err);
	if (rc == TIMED_OUT)
		return fail_timed_out(k, err);
	if (rc == 1)
		rc = gm_keydir_read_salt(&k->dir, k->salt, err);
	if (rc == 0)
		rc = gm_keydir_make_salt(&k->dir, k->salt, err);
	unlock(k);
	return rc;
}

void
gm_keystate_open(struct gm_keystate *k, const char *dir,
    const struct gm_note *note, bool strict)
{
	struct gm_err err;
	int rc;

	*k = (struct gm_keystate){ .note = note,
		.strict = strict,
		.brief_left_us = BRIEF_US,
		.lock = -1,
		.file = -1,
		.aside = -1 };
	if (dir == NULL || *dir == '\0')
		rc = gm_fail(&err, GM_ECANTCREAT,
		    "no state directory; set GM_STATE_DIR");
	else
		rc = gm_keydir_open(&k->dir, dir, &err);
	k->noted = dir == NULL; /* no directory is wanted: no note */
	if (rc == 0)
		rc = find_salt(k, &err);
	if (rc == -1)
		use_memory(k, &err);
}

void
gm_keystate_id(
    const struct gm_keystate *k, struct gm_span key, char out[GM_HASH_HEX])
{
	gm_hash_hex(out, gm_span_of(k->salt), key);
}

/* Append copies of rows, without a place in the file. */
static int
append_rows(
    struct gm_keytable *t, const struct gm_keytable *from, struct gm_err *err)
{
	size_t i;

	for (i = 0; i < from->len; i++) {
		if (gm_keytable_append(t, &from->rows[i], err) != 0)
			return -1;
		t->rows[t->len - 1].at = -1;
	}
	return 0;
}

/*
 * Keep a table that cannot be written; if there is no memory it is lost.  The
 * next look reads the file again, and merges these rows into it.
 */
static void
keep_in_memory(struct gm_keystate *k)
{
	struct gm_keytable unsaved = { 0 };
	struct gm_err ignored;

	k->loaded = false;
	if (!k->dir.open)
		return; /* no file will be read: the table itself stays */
	gm_keytable_fetch_all(&k->table);
	(void)!append_rows(&unsaved, &k->table, &ignored);
	gm_keytable_release(&k->unsaved);
	k->unsaved = unsaved;
}

/* Parse the file, and merge what this process could not write before. */
static int
parse(struct gm_keystate *k, struct gm_keytable *t, struct gm_span text,
    struct gm_err *err)
{
	size_t bad;

	if (gm_keytable_parse(t, text, &bad, err) != 0 ||
	    append_rows(t, &k->unsaved, err) != 0)
		return -1;
	if (k->unsaved.len > 0) {
		gm_keytable_sort(t);
		t->changed = true;
	}
	if (t->newer)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s/keys: written by a newer version",
		    gm_buf_str(&k->dir.path));
	if (bad > 0 && k->note != NULL && !k->noted_bad)
		gm_note(k->note, GM_LEVEL_NOTE,
		    "%s/keys: %zu unreadable line%s dropped",
		    gm_buf_str(&k->dir.path), bad, bad == 1 ? "" : "s");
	k->noted_bad = k->noted_bad || bad > 0;
	return 0;
}

/*
 * Open the file with flags, and read it into a table.  The descriptor stays
 * open: it is how counters are read and written, and how a replaced file is
 * noticed.
 */
static int
load(
    struct gm_keystate *k, struct gm_keytable *t, int flags, struct gm_err *err)
{
	struct gm_buf text;
	int rc = 0;

	drop_file(k);
	gm_buf_init(&text, GM_KEYTABLE_BYTES);
	k->file = gm_keydir_file(&k->dir, "keys", flags, err);
	if (k->file != -1)
		rc = gm_keydir_read(&k->dir, "keys", k->file, &text, err);
	else if (errno != ENOENT)
		rc = -1;
	if (rc == 0)
		rc = parse(k, t, gm_buf_span(&text), err);
	k->size = (off_t)text.len;
	k->writable = flags == O_RDWR;
	gm_buf_release(&text);
	return rc;
}

/* Read the counters of a row again: other processes may have changed them. */
static void
fetch(void *arg, struct gm_keyrow *row)
{
	char counters[GM_KEYROW_COUNTERS];
	struct gm_keystate *k = arg;
	ssize_t n;

	do
		n = pread(k->file, counters, sizeof(counters), row->at);
	while (n == -1 && errno == EINTR);
	if (n != (ssize_t)sizeof(counters))
		return; /* keep the old counters */
	gm_keyrow_parse_counters(row, counters);
	gm_keyrow_settle(row, k->now_ms);
}

/*
 * True if the table still equals the file, apart from counters.  A replaced
 * file has another inode, and an added row another size; nothing else changes
 * more than counters.  This saves parsing a large file for each reservation.
 */
static bool
is_up_to_date(struct gm_keystate *k, int flags, int64_t now_ms)
{
	off_t size;

	/* If the clock was set back, settle the table again. */
	return k->loaded && k->file != -1 && (k->writable || flags != O_RDWR) &&
	       now_ms + SKEW_MS >= k->now_ms &&
	       gm_keydir_is_same(&k->dir, "keys", k->file, &size) &&
	       size == k->size;
}

/* Read the table again if the file has changed; if that fails, keep it. */
static void
refresh(struct gm_keystate *k, int flags, int64_t now_ms)
{
	struct gm_keytable fresh = { 0 };
	uint64_t look = k->table.look + 1;
	struct gm_err err;

	if (k->dir.open && is_up_to_date(k, flags, now_ms)) {
		/* Counters are fetched when they are needed, row by row. */
		k->now_ms = k->table.now_ms = now_ms;
		k->table.look = look;
		return;
	}
	k->now_ms = now_ms;
	if (k->dir.open && load(k, &fresh, flags, &err) == 0) {
		gm_keytable_release(&k->table);
		k->table = fresh;
		k->loaded = true;
	} else {
		gm_keytable_release(&fresh);
		if (k->dir.open)
			use_memory(k, &err);
	}
	/* All counters were just read: look is that of the rows. */
	k->table.fetch = k->loaded ? fetch : NULL;
	k->table.arg = k;
	k->table.look = 0;
	gm_keytable_settle(&k->table, now_ms);
}

void
gm_keystate_look(struct gm_keystate *k, int64_t now_ms)
{
	if (k->phase == GM_KEYSTATE_IDLE)
		refresh(k, O_RDONLY, now_ms);
}

/*
 * Begin changes after a try to lock that ended with rc.  Without the lock, or
 * without a directory, they are made in memory.
 */
static int
begin(struct gm_keystate *k, int rc, int64_t now_ms, struct gm_err *err)
{
	struct gm_err timed_out;

	if (rc == -1 && is_stop(err))
		return -1;
	if (rc == TIMED_OUT) {
		(void)fail_timed_out(k, &timed_out);
		note_unstored(k, &timed_out);
	} else if (rc == -1) {
		use_memory(k, err);
	}
	k->phase = GM_KEYSTATE_OPEN;
	k->batch++;
	refresh(k, O_RDWR, now_ms);
	return 0;
}

int
gm_keystate_enter(struct gm_keystate *k, struct gm_keywait *w, int64_t now_ms,
    struct gm_err *err)
{
	int rc;

	w->nap_us = SYNC_US;
	if (k->phase != GM_KEYSTATE_IDLE)
		return k->phase == GM_KEYSTATE_OPEN;
	rc = k->dir.open ? try_lock(k, w, err) : 1;
	if (rc == 0)
		return 0;
	return begin(k, rc, now_ms, err) == 0 ? 1 : -1;
}

int
gm_keystate_lock(
    struct gm_keystate *k, bool briefly, int64_t now_ms, struct gm_err *err)
{
	gm_keystate_unlock(k);
	return begin(
	    k, k->dir.open ? wait_for_lock(k, briefly, err) : 1, now_ms, err);
}

static void
keep_unsaved(struct gm_keystate *k, const struct gm_err *why)
{
	keep_in_memory(k);
	note_unstored(k, why);
}

static void
note_full(struct gm_keystate *k, size_t dropped)
{
	if (dropped == 0 || k->noted_full || k->note == NULL)
		return;
	k->noted_full = true;
	gm_note(k->note, GM_LEVEL_NOTE,
	    "%s/keys: full: the oldest %zu row%s dropped; set GM_STATE_DIR to "
	    "a different directory for each list of keys",
	    gm_buf_str(&k->dir.path), dropped, dropped == 1 ? "" : "s");
}

static bool
is_writable(const struct gm_keystate *k)
{
	return k->dir.open && k->locked && k->loaded;
}

/* Write the whole table to the file aside.  Returns 0, or -1. */
static int
write_aside(struct gm_keystate *k, struct gm_err *err)
{
	struct gm_buf text;

	/* Include what others have counted since the file was parsed. */
	gm_keytable_fetch_all(&k->table);
	gm_buf_init(&text, GM_KEYTABLE_BYTES);
	gm_keytable_write(&k->table, &text);
	if (gm_buf_check(&text, err) == 0)
		k->aside =
		    gm_keydir_aside(&k->dir, "keys", gm_buf_span(&text), err);
	k->size = (off_t)text.len;
	gm_buf_release(&text);
	return k->aside != -1 ? 0 : -1;
}

/* Rename the file aside, after a sync that ended with this errno, 0: none. */
static int
publish(struct gm_keystate *k, int error, struct gm_err *err)
{
	if (gm_keydir_publish(&k->dir, "keys", error, err) != 0) {
		(void)close(k->aside);
		k->aside = -1;
		return -1;
	}
	note_full(k, k->table.dropped);
	drop_file(k);
	k->file = k->aside;
	k->aside = -1;
	k->writable = k->loaded = true;
	return 0;
}

/* End a save after the sync of the directory: the new name is on the disk. */
static int
check_synced(struct gm_keystate *k, int error, struct gm_err *err)
{
	if (error == 0) {
		k->table.changed = false;
		k->table.fetch = fetch;
		k->table.arg = k;
		gm_keytable_forget(&k->table);
		gm_keytable_release(&k->unsaved);
		return 0;
	}
	errno = error;
	return gm_fail_errno(err, GM_EIO, "%s/keys", gm_buf_str(&k->dir.path));
}

/* Have the thread sync a descriptor.  Returns false if there is no thread. */
static bool
begin_sync(struct gm_keystate *k, int fd)
{
	if (!k->syncs)
		k->syncs = gm_sync_open(&k->sync, 0) == 0;
	return k->syncs && gm_sync_begin(&k->sync, fd) == 0;
}

/*
 * Take the next step of a save, after a sync that ended with error (errno, 0:
 * none).  Returns the descriptor to sync before the step after it; -1: done.
 *
 *	OPEN       write aside, then sync that file: a rename before would let
 *	           a power cut leave an empty file under the new name
 *	SYNC       rename, then sync the directory: else a power cut may bring
 *	           the old file back, and a rejected key with it
 *	PUBLISHED  the save is complete
 */
static int
write_step(struct gm_keystate *k, int error)
{
	int fd = -1, rc = 0;
	struct gm_err err;

	switch (k->phase) {
	case GM_KEYSTATE_OPEN:
		k->stored = is_writable(k);
		if (k->table.changed && !k->stored)
			keep_in_memory(k);
		if (!k->table.changed || !k->stored)
			return -1;
		rc = write_aside(k, &err);
		k->phase = GM_KEYSTATE_SYNC;
		fd = k->aside;
		break;
	case GM_KEYSTATE_SYNC:
		rc = publish(k, error, &err);
		k->phase = GM_KEYSTATE_PUBLISHED;
		fd = k->dir.fd;
		break;
	case GM_KEYSTATE_PUBLISHED:
		rc = check_synced(k, error, &err);
		break;
	case GM_KEYSTATE_IDLE:
		break;
	}
	k->stored = rc == 0;
	if (rc == 0)
		return fd;
	keep_unsaved(k, &err);
	return -1;
}

/*
 * Save the table if it has changed, then unlock.  blocking: do it all now, on
 * this thread; else return false while the other thread syncs.
 */
static bool
write_changes(struct gm_keystate *k, bool blocking)
{
	int error = 0, fd;

	if (k->phase != GM_KEYSTATE_OPEN && blocking) {
		/* Closing waits for the sync that is under way. */
		gm_sync_close(&k->sync, &error);
		k->syncs = false;
	} else if (k->phase != GM_KEYSTATE_OPEN &&
		   !gm_sync_end(&k->sync, &error)) {
		return false;
	}
	fd = write_step(k, error);
	while (fd != -1 && (blocking || !begin_sync(k, fd)))
		fd = write_step(k, gm_file_sync(fd) == 0 ? 0 : errno);
	if (fd == -1)
		unlock(k);
	return fd == -1;
}

int
gm_keystate_check(const struct gm_keystate *k, struct gm_err *err)
{
	if (k->stored)
		return 0;
	*err = k->why;
	if (!is_stop(err))
		(void)gm_fail(err,
		    k->why.code == GM_EOS ? GM_EOS : GM_ECANTCREAT,
		    "the key state could not be written: %s", k->why.msg);
	return -1;
}

/* Write all of text at an offset.  Returns 0, or -1 with errno. */
static int
write_at(int fd, const char *text, size_t len, off_t at)
{
	ssize_t n;

	do
		n = pwrite(fd, text, len, at);
	while (n == -1 && errno == EINTR);
	if (n >= 0 && n != (ssize_t)len)
		errno = ENOSPC;
	return n == (ssize_t)len ? 0 : -1;
}

/* True if one more row may be appended to the file. */
static bool
has_room(const struct gm_keystate *k)
{
	return k->file != -1 && k->table.len <= GM_KEYTABLE_ROWS &&
	       (size_t)k->size + GM_KEYROW_LINE <= GM_KEYTABLE_BYTES;
}

void
gm_keystate_save_counters(struct gm_keystate *k, struct gm_keyrow *row)
{
	char line[GM_KEYROW_LINE];
	struct gm_err err;
	size_t len;
	int rc;

	/* The whole table is written at the end: see gm_keytable_write() for
	 * what is dropped if there is no room. */
	if (k->table.changed || !is_writable(k) ||
	    (row->at == -1 && !has_room(k))) {
		k->table.changed = true;
		return;
	}
	len = gm_keyrow_line(row, line);
	if (row->at != -1) {
		rc = write_at(k->file, line, GM_KEYROW_COUNTERS - 1, row->at);
	} else {
		rc = write_at(k->file, line, len, k->size);
		row->at = rc == 0 ? k->size : -1;
		k->size += rc == 0 ? (off_t)len : 0;
	}
	row->look = k->table.look; /* the counters are ours: do not fetch */
	if (rc == 0)
		return;
	(void)gm_fail_errno(&err, GM_EIO, "%s/keys", gm_buf_str(&k->dir.path));
	keep_unsaved(k, &err);
}

uint64_t
gm_keystate_leave(struct gm_keystate *k)
{
	if (k->phase != GM_KEYSTATE_OPEN)
		return 0;
	/* Stay locked in phase OPEN: other calls may join the batch until
	 * gm_keystate_finish() begins to write it. */
	if (k->table.changed && is_writable(k))
		return k->batch;
	(void)write_changes(k, true);
	return 0;
}

bool
gm_keystate_finish(struct gm_keystate *k, uint64_t batch)
{
	return k->phase == GM_KEYSTATE_IDLE || batch != k->batch ||
	       write_changes(k, false);
}

int
gm_keystate_fd(const struct gm_keystate *k)
{
	return k->phase == GM_KEYSTATE_SYNC || k->phase == GM_KEYSTATE_PUBLISHED
	           ? gm_sync_fd(&k->sync)
	           : -1;
}

void
gm_keystate_unlock(struct gm_keystate *k)
{
	if (k->phase != GM_KEYSTATE_IDLE)
		(void)write_changes(k, true);
}

/*
 * Drop a batch whose sync takes too long, as if this process had been killed.
 * A file that is not renamed yet is removed: renamed without a sync, it could
 * be empty after a power cut.
 */

static void
drop_batch(struct gm_keystate *k)
{
	(void)gm_fail(&k->why, GM_ECANTCREAT, "%s/keys: not synced in time",
	    gm_buf_str(&k->dir.path));
	gm_sync_abandon(&k->sync);
	k->syncs = false;
	if (k->phase == GM_KEYSTATE_SYNC) {
		struct gm_err ignored;

		(void)!publish(k, ECANCELED, &ignored);
		k->dropped = k->batch;
	}
	drop_file(k);
	k->stored = false;
	unlock(k);
}

bool
gm_keystate_abandon(struct gm_keystate *k, uint64_t batch)
{
	struct pollfd synced = { .events = POLLIN };
	int64_t left, until = gm_clock_mono_ms() + ABANDON_MS;

	while (!gm_keystate_finish(k, batch)) {
		synced.fd = gm_sync_fd(&k->sync);
		left = until - gm_clock_mono_ms();
		if (left <= 0 || (poll(&synced, 1, (int)left) == 0))
			drop_batch(k);
	}
	return batch == 0 || batch != k->dropped;
}

void
gm_keystate_close(struct gm_keystate *k)
{
	int ignored;

	gm_keystate_unlock(k);
	if (k->syncs)
		gm_sync_close(&k->sync, &ignored);
	close_files(k);
	gm_keytable_release(&k->table);
	gm_keytable_release(&k->unsaved);
	*k = (struct gm_keystate){ 0 };
}
