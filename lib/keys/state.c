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

/* A wait for the lock. */
#define SILENT_MS 10000 /* at most, if the file does not change */
#define WAIT_MS 30000   /* at most in all */
#define SLOW 10         /* both are so much shorter after a wait in vain */
#define NAP_US 50       /* the first nap: most locks last as long */
#define LONGEST_US 6400
#define REST_MAX_MS 100
#define PATIENCE_US 200000
#define SYNC_US 5000 /* between two looks at a sync of this process */

#define ABANDON_MS 50 /* for a sync at the end of a run */
#define SKEW_MS 5000  /* a clock that was set back differs by more */

/* Say once that nothing is stored, unless the caller asks for the reason. */
static void
note_unstored(struct gm_keystate *k, const struct gm_err *why)
{
	k->why = *why;
	if (k->note != NULL && !k->strict && !k->told)
		gm_note(k->note, GM_LEVEL_NOTE,
		    "%s; the state of the keys is kept in memory only",
		    why->msg);
	k->told = true;
}

static void
drop_file(struct gm_keystate *k)
{
	if (k->file != -1)
		(void)close(k->file);
	k->file = -1;
	k->known = false;
}

/* Is it a signal or the deadline, and no fault of the directory? */
static bool
is_stop(const struct gm_err *err)
{
	return err->code == GM_ESIGNAL || err->code == GM_EUNAVAILABLE;
}

/* After a wait, leave the lock to others for as long as it was held. */
static void
unlock(struct gm_keystate *k)
{
	int64_t now, held;

	if (k->locked) {
		gm_lock_end(k->lock);
		now = gm_clock_mono_ms();
		held = now - k->took_ms;
		if (k->waited)
			k->rest_ms =
			    now + (held < REST_MAX_MS ? held : REST_MAX_MS);
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
chance(void)
{
	uint32_t bits = 0;

	/* Without chance the naps are only less spread. */
	(void)!getrandom(&bits, sizeof(bits), GRND_NONBLOCK);
	return bits;
}

/* Double the nap each time, up to a bound that falls as the wait lasts. */
static void
plan_nap(struct gm_keywait *w, int64_t now_ms)
{
	int64_t halvings = (now_ms - w->begun_ms) / 500, bound;

	bound = LONGEST_US >> (halvings < 2 ? halvings : 2);
	w->longest_us = w->longest_us == 0 ? NAP_US : 2 * w->longest_us;
	if (w->longest_us > bound)
		w->longest_us = bound;
	w->nap_us = w->longest_us / 2 + chance() % (w->longest_us / 2 + 1);
}

/* Has a file changed since its stamp was taken, which this renews? */
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

/* Has the wait been in vain? */
static bool
is_over(const struct gm_keystate *k, struct gm_keywait *w, int64_t now_ms)
{
	int64_t part = k->slow ? SLOW : 1;
	bool changed = is_changed(k, "keys", &w->stamp);

	/* On a slow disk, processes may be killed before they rename it. */
	changed = is_changed(k, GM_KEYDIR_ASIDE, &w->aside) || changed;
	if (changed)
		w->alive_ms = now_ms;
	return now_ms - w->alive_ms >= SILENT_MS / part ||
	       now_ms - w->begun_ms >= WAIT_MS / part;
}

#define IN_VAIN 2

/* Returns 1, 0: not yet, IN_VAIN: not at all, or -1. */
static int
try_lock(struct gm_keystate *k, struct gm_keywait *w, struct gm_err *err)
{
	int64_t now = gm_clock_mono_ms();
	int rc = 0;

	if (w->begun_ms == 0)
		*w = (struct gm_keywait){ .begun_ms = now, .alive_ms = now };
	if (now >= k->rest_ms)
		rc = gm_keydir_lock(&k->dir, "keys.lock", &k->lock, err);
	k->locked = rc == 1;
	if (k->locked) {
		k->slow = false;
		k->waited = w->longest_us != 0;
		k->took_ms = now;
	}
	if (rc != 0)
		return rc;
	plan_nap(w, now);
	if (!is_over(k, w, now))
		return 0;
	k->slow = true;
	return IN_VAIN;
}

static void
nap(const struct gm_keywait *w)
{
	const struct timespec time = { .tv_nsec = w->nap_us * 1000 };

	(void)nanosleep(&time, NULL);
}

/*
 * Wait until the stage is GM_STOP_NOW or, briefly, until the patience of the
 * process is over; whose time is short takes no rest.  Returns 1, IN_VAIN or
 * -1.
 */
static int
wait_for_lock(struct gm_keystate *k, bool briefly, struct gm_err *err)
{
	struct gm_keywait w = { 0 };
	int rc;

	if (briefly)
		k->rest_ms = 0;
	while ((rc = try_lock(k, &w, err)) == 0) {
		if (!briefly && gm_stop_stage() == GM_STOP_NOW)
			return gm_stop_fail(err);
		if (briefly && k->patience_us <= 0)
			return gm_fail(err, GM_EUNAVAILABLE,
			    "%s/keys.lock: locked", gm_buf_str(&k->dir.path));
		nap(&w);
		k->patience_us -= briefly ? w.nap_us : 0;
	}
	return rc;
}

static int
fail_in_vain(const struct gm_keystate *k, struct gm_err *err)
{
	return gm_fail(err, GM_ECANTCREAT, "%s/keys.lock: locked for too long",
	    gm_buf_str(&k->dir.path));
}

/* Two processes that start at once agree, as one makes it under the lock. */
static int
find_salt(struct gm_keystate *k, struct gm_err *err)
{
	int rc = gm_keydir_read_salt(&k->dir, k->salt, err);

	if (rc != 0)
		return rc;
	rc = wait_for_lock(k, false, err);
	if (rc == IN_VAIN)
		return fail_in_vain(k, err);
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
		.patience_us = PATIENCE_US,
		.lock = -1,
		.file = -1,
		.aside = -1 };
	if (dir == NULL || *dir == '\0')
		rc = gm_fail(&err, GM_ECANTCREAT, "no state directory");
	else
		rc = gm_keydir_open(&k->dir, dir, &err);
	k->told = dir == NULL; /* none is wanted */
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

/* Append copies, which are in no file. */
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
 * Keep a table that cannot be written; without memory it is lost.  The next look
 * reads the file again, and merges this with it.
 */
static void
keep(struct gm_keystate *k)
{
	struct gm_keytable own = { 0 };
	struct gm_err ignored;

	k->known = false;
	if (!k->dir.open)
		return; /* the table is all that there is */
	gm_keytable_fetch_all(&k->table);
	(void)!append_rows(&own, &k->table, &ignored);
	gm_keytable_release(&k->own);
	k->own = own;
}

static int
parse(struct gm_keystate *k, struct gm_keytable *t, struct gm_span text,
    struct gm_err *err)
{
	size_t bad;

	if (gm_keytable_parse(t, text, &bad, err) != 0 ||
	    append_rows(t, &k->own, err) != 0)
		return -1;
	if (k->own.len > 0) {
		gm_keytable_sort(t);
		t->changed = true;
	}
	if (t->newer)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s/keys: written by a newer version",
		    gm_buf_str(&k->dir.path));
	if (bad > 0 && k->note != NULL && !k->told_bad)
		gm_note(k->note, GM_LEVEL_NOTE,
		    "%s/keys: %zu unreadable line%s dropped",
		    gm_buf_str(&k->dir.path), bad, bad == 1 ? "" : "s");
	k->told_bad = k->told_bad || bad > 0;
	return 0;
}

/* Read the file, opened with flags, into a table; it stays open. */
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

/* Read the counters of a row, which others may have written since. */
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
		return; /* old counters are better than none */
	gm_keyrow_parse_counters(row, counters);
	gm_keyrow_settle(row, k->now_ms);
}

/* Is the table still what the file holds, but for its counters? */
static bool
is_known(struct gm_keystate *k, int flags, int64_t now_ms)
{
	off_t size;

	/* If the clock was set back the table must be settled again. */
	return k->known && k->file != -1 && (k->writable || flags != O_RDWR) &&
	       now_ms + SKEW_MS >= k->now_ms &&
	       gm_keydir_is_same(&k->dir, "keys", k->file, &size) &&
	       size == k->size;
}

/* Bring the table up to date; it stays as it is if that fails. */
static void
renew(struct gm_keystate *k, int flags, int64_t now_ms)
{
	struct gm_keytable fresh = { 0 };
	uint64_t look = k->table.look + 1;
	struct gm_err err;

	if (k->dir.open && is_known(k, flags, now_ms)) {
		k->now_ms = k->table.now_ms = now_ms;
		k->table.look = look;
		return;
	}
	k->now_ms = now_ms;
	if (k->dir.open && load(k, &fresh, flags, &err) == 0) {
		gm_keytable_release(&k->table);
		k->table = fresh;
		k->known = true;
	} else {
		gm_keytable_release(&fresh);
		if (k->dir.open)
			use_memory(k, &err);
	}
	/* All counters are as fresh as the table. */
	k->table.fetch = k->known ? fetch : NULL;
	k->table.arg = k;
	k->table.look = 0;
	gm_keytable_settle(&k->table, now_ms);
}

void
gm_keystate_look(struct gm_keystate *k, int64_t now_ms)
{
	if (k->phase == GM_KEYSTATE_IDLE)
		renew(k, O_RDONLY, now_ms);
}

/* Begin changes, after a try to lock that ended with rc. */
static int
begin(struct gm_keystate *k, int rc, int64_t now_ms, struct gm_err *err)
{
	struct gm_err in_vain;

	if (rc == -1 && is_stop(err))
		return -1;
	if (rc == IN_VAIN) {
		(void)fail_in_vain(k, &in_vain);
		note_unstored(k, &in_vain);
	} else if (rc == -1) {
		use_memory(k, err);
	}
	k->phase = GM_KEYSTATE_OPEN;
	k->batch++;
	renew(k, O_RDWR, now_ms);
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
keep_unwritten(struct gm_keystate *k, const struct gm_err *why)
{
	keep(k);
	note_unstored(k, why);
}

static void
note_full(struct gm_keystate *k, size_t dropped)
{
	if (dropped == 0 || k->told_full || k->note == NULL)
		return;
	k->told_full = true;
	gm_note(k->note, GM_LEVEL_NOTE,
	    "%s/keys: full: the oldest %zu of its rows dropped; set "
	    "GM_STATE_DIR to a directory for each list of keys",
	    gm_buf_str(&k->dir.path), dropped);
}

static bool
is_writable(const struct gm_keystate *k)
{
	return k->dir.open && k->locked && k->known;
}

/* Write the whole table aside.  Returns 0, or -1. */
static int
write_aside(struct gm_keystate *k, struct gm_err *err)
{
	struct gm_buf text;

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

/* Rename the file aside, after a sync that ended with error. */
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
	k->writable = k->known = true;
	return 0;
}

static int
check_synced(struct gm_keystate *k, int error, struct gm_err *err)
{
	if (error == 0) {
		k->table.changed = false;
		k->table.fetch = fetch;
		k->table.arg = k;
		gm_keytable_forget(&k->table);
		gm_keytable_release(&k->own);
		return 0;
	}
	errno = error;
	return gm_fail_errno(err, GM_EIO, "%s/keys", gm_buf_str(&k->dir.path));
}

/* Let the thread sync a descriptor, if there can be a thread. */
static bool
begin_sync(struct gm_keystate *k, int fd)
{
	if (!k->syncs)
		k->syncs = gm_sync_open(&k->sync, 0) == 0;
	return k->syncs && gm_sync_begin(&k->sync, fd) == 0;
}

/*
 * The next step of writing, after one whose sync ended with error.  Returns a
 * descriptor that must be synced before the one after it; -1: no more.
 */
static int
step(struct gm_keystate *k, int error)
{
	int fd = -1, rc = 0;
	struct gm_err err;

	switch (k->phase) {
	case GM_KEYSTATE_OPEN:
		k->stored = is_writable(k);
		if (k->table.changed && !k->stored)
			keep(k);
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
	keep_unwritten(k, &err);
	return -1;
}

/*
 * Write what has changed, then unlock.  here: to the end, on this thread; else
 * return false as long as the other thread syncs.
 */
static bool
write_changes(struct gm_keystate *k, bool here)
{
	int error = 0, fd;

	if (k->phase != GM_KEYSTATE_OPEN && here) {
		gm_sync_close(&k->sync, &error);
		k->syncs = false;
	} else if (k->phase != GM_KEYSTATE_OPEN &&
		   !gm_sync_end(&k->sync, &error)) {
		return false;
	}
	fd = step(k, error);
	while (fd != -1 && (here || !begin_sync(k, fd)))
		fd = step(k, gm_file_sync(fd) == 0 ? 0 : errno);
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
		    "the state of the keys could not be written: %s",
		    k->why.msg);
	return -1;
}

/* Returns 0, or -1 with errno. */
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

/* Is there room for one more row at the end? */
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
	row->look = k->table.look;
	if (rc == 0)
		return;
	(void)gm_fail_errno(&err, GM_EIO, "%s/keys", gm_buf_str(&k->dir.path));
	keep_unwritten(k, &err);
}

uint64_t
gm_keystate_leave(struct gm_keystate *k)
{
	if (k->phase != GM_KEYSTATE_OPEN)
		return 0;
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
 * Drop a batch that is not renamed yet, as if this process had been killed: in a
 * power cut, a renamed file that was not synced could lose everything.
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
	gm_keytable_release(&k->own);
	*k = (struct gm_keystate){ 0 };
}
