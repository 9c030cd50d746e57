#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/stop.h"
#include "keys/state.h"

#define LOCK_MS 5000
#define LOCK_AGAIN_MS 500 /* once it did not come in time */
#define SALT_BYTES 32
#define MORE "; the state of the keys is kept in memory only"

enum { /* bits in told: what is said once */
	TOLD_MEMORY = 1,
	TOLD_BAD = 2,
	TOLD_WRITE = 4,
	TOLD_LOCK = 8,
	TOLD_FULL = 16
};

/* Said also where gm_keystate_check() says the others. */
#define TOLD_ALWAYS (TOLD_BAD | TOLD_FULL)

/* Shall this note be given?  Only the first of its kind. */
static bool
is_news(struct gm_keystate *k, unsigned kind)
{
	bool news = k->note != NULL && (*k->told & kind) == 0 &&
	            (!k->strict || (kind & TOLD_ALWAYS) != 0);

	if (news)
		*k->told |= kind;
	return news;
}

static void
drop_file(struct gm_keystate *k)
{
	if (k->file != -1)
		(void)close(k->file);
	k->file = -1;
	k->whole = false;
}

/* A signal or the deadline: no fault of the directory. */
static bool
is_stop(const struct gm_err *err)
{
	return err->code == GM_ESIGNAL || err->code == GM_EUNAVAILABLE;
}

static void
use_memory(struct gm_keystate *k, const struct gm_err *why)
{
	k->why = *why;
	if (!is_stop(why) && is_news(k, TOLD_MEMORY))
		gm_note(k->note, GM_LEVEL_NOTE, "%s" MORE, why->msg);
	if (k->dir.open) {
		gm_keystate_unlock(k);
		if (k->lock != -1)
			(void)close(k->lock);
	}
	gm_keydir_close(&k->dir);
}

static int
take_lock(struct gm_keystate *k, struct gm_err *err)
{
	int rc = gm_keydir_lock(&k->dir, "keys.lock", &k->lock,
	    k->slow ? LOCK_AGAIN_MS : LOCK_MS, err);

	k->locked = rc == 1;
	k->slow = rc == 0;
	return rc;
}

/* Returns 1, 0 if there is none, or -1: what is there is no salt. */
static int
read_salt(struct gm_keystate *k, struct gm_err *err)
{
	const size_t digits = sizeof(k->salt) - 1;
	struct gm_buf text;
	int fd, rc;

	fd = gm_keydir_file(&k->dir, "salt", O_RDONLY, err);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	gm_buf_init(&text, digits + 2);
	rc = gm_keydir_read(&k->dir, "salt", fd, &text, err);
	(void)close(fd);
	if (rc == 0 && (text.len != digits + 1 || text.data[digits] != '\n' ||
			   strspn(text.data, "0123456789abcdef") != digits))
		rc = gm_fail(err, GM_ECANTCREAT, "%s/salt: not 64 digits",
		    gm_buf_str(&k->dir.path));
	if (rc == 0)
		memcpy(k->salt, text.data, digits);
	gm_buf_release(&text);
	return rc == 0 ? 1 : -1;
}

static int
make_salt(struct gm_keystate *k, struct gm_err *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[SALT_BYTES];
	char text[2 * SALT_BYTES + 1];
	ssize_t n;
	size_t i;
	int fd;

	do
		n = getrandom(random, sizeof(random), 0);
	while (n == -1 && errno == EINTR && gm_stop_signal() == 0);
	if (n != (ssize_t)sizeof(random))
		return gm_fail_errno(err, GM_EOS, "getrandom");
	for (i = 0; i < 2 * sizeof(random); i++)
		text[i] = digits[random[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xf];
	text[i] = '\n';
	fd = gm_keydir_replace(
	    &k->dir, "salt", (struct gm_span){ text, sizeof(text) }, err);
	if (fd == -1)
		return -1;
	(void)close(fd);
	return read_salt(k, err);
}

/* Two processes that start at once agree, as one makes it under the lock. */
static int
find_salt(struct gm_keystate *k, struct gm_err *err)
{
	int rc = read_salt(k, err);

	if (rc != 0)
		return rc;
	rc = take_lock(k, err);
	if (rc == 0)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s/keys.lock: locked for too long",
		    gm_buf_str(&k->dir.path));
	if (rc == 1)
		rc = read_salt(k, err);
	if (rc == 0)
		rc = make_salt(k, err);
	gm_keystate_unlock(k);
	return rc;
}

void
gm_keystate_open(struct gm_keystate *k, const char *dir,
    const struct gm_note *note, unsigned *told)
{
	struct gm_err err;
	int rc;

	*k = (struct gm_keystate){
		.note = note, .told = told, .lock = -1, .file = -1
	};
	if (told == NULL)
		k->told = &k->own_told;
	if (dir == NULL)
		rc = gm_fail(&err, GM_ECANTCREAT, "no state directory");
	else
		rc = gm_keydir_open(&k->dir, dir, &err);
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

/* Keep a table that cannot be written; without memory it is lost. */
static void
keep(struct gm_keystate *k, const struct gm_keytable *t)
{
	struct gm_keytable own = { 0 };
	struct gm_err ignored;
	size_t i;

	for (i = 0; i < t->len; i++)
		if (gm_keytable_append(&own, &t->rows[i], &ignored) != 0)
			break;
	for (i = 0; i < own.len; i++)
		own.rows[i].at = -1;
	gm_keytable_release(&k->own);
	k->own = own;
}

/* Lay over a table what was kept. */
static int
add_own(const struct gm_keystate *k, struct gm_keytable *t, struct gm_err *err)
{
	size_t i;

	if (k->own.len == 0)
		return 0;
	for (i = 0; i < k->own.len; i++)
		if (gm_keytable_append(t, &k->own.rows[i], err) != 0)
			return -1;
	gm_keytable_sort(t);
	t->changed = true;
	return 0;
}

static int
parse(struct gm_keystate *k, struct gm_keytable *t, struct gm_span text,
    struct gm_err *err)
{
	size_t bad;

	if (gm_keytable_parse(t, text, &bad, err) != 0 ||
	    add_own(k, t, err) != 0)
		return -1;
	if (t->newer)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s/keys: written by a newer version",
		    gm_buf_str(&k->dir.path));
	if (bad > 0 && is_news(k, TOLD_BAD))
		gm_note(k->note, GM_LEVEL_NOTE,
		    "%s/keys: %zu unreadable line%s dropped",
		    gm_buf_str(&k->dir.path), bad, bad == 1 ? "" : "s");
	return 0;
}

/* The file, opened with flags, into a table; stays open if it is there. */
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
	gm_buf_release(&text);
	return rc;
}

/* Into the caller's table, which stays as it is when that fails. */
static void
renew(struct gm_keystate *k, struct gm_keytable *t, int flags, int64_t now_ms)
{
	struct gm_keytable fresh = { 0 };
	struct gm_err err, ignored;

	if (k->dir.open && load(k, &fresh, flags, &err) == 0) {
		k->whole = k->locked;
		gm_keytable_release(t);
		*t = fresh;
	} else {
		gm_keytable_release(&fresh);
		if (k->dir.open)
			use_memory(k, &err);
		if (t->len == 0)
			(void)!add_own(k, t, &ignored);
	}
	gm_keytable_settle(t, now_ms);
}

void
gm_keystate_read(struct gm_keystate *k, struct gm_keytable *t, int64_t now_ms)
{
	renew(k, t, O_RDONLY, now_ms);
	if (k->dir.open)
		drop_file(k);
}

static void
tell_locked(struct gm_keystate *k)
{
	(void)gm_fail(&k->why, GM_ECANTCREAT,
	    "%s/keys.lock: locked for too long", gm_buf_str(&k->dir.path));
	if (is_news(k, TOLD_LOCK))
		gm_note(k->note, GM_LEVEL_NOTE, "%s" MORE, k->why.msg);
}

int
gm_keystate_lock(struct gm_keystate *k, struct gm_keytable *t, int64_t now_ms,
    struct gm_err *err)
{
	struct gm_err why = { .code = GM_OK };
	int rc = k->dir.open ? take_lock(k, &why) : 0;

	if (rc == -1 && is_stop(&why)) {
		*err = why;
		return -1;
	}
	if (rc == -1)
		use_memory(k, &why);
	else if (rc == 0 && k->dir.open)
		tell_locked(k);
	renew(k, t, O_RDWR, now_ms);
	return 0;
}

static void
keep_unwritten(struct gm_keystate *k, const struct gm_keytable *t,
    const struct gm_err *why)
{
	k->why = *why;
	k->whole = false; /* at speaks of a file that was not written */
	keep(k, t);
	if (is_news(k, TOLD_WRITE))
		gm_note(k->note, GM_LEVEL_NOTE, "%s" MORE, why->msg);
}

static void
tell_full(struct gm_keystate *k, size_t dropped)
{
	if (dropped > 0 && is_news(k, TOLD_FULL))
		gm_note(k->note, GM_LEVEL_NOTE,
		    "%s/keys: full: the oldest %zu of its rows dropped; set "
		    "GM_STATE_DIR to a directory for each list of keys",
		    gm_buf_str(&k->dir.path), dropped);
}

static void
write_table(struct gm_keystate *k, struct gm_keytable *t)
{
	struct gm_buf text;
	struct gm_err err;
	int fd = -1;

	gm_buf_init(&text, GM_KEYTABLE_BYTES);
	gm_keytable_write(t, &text);
	if (gm_buf_check(&text, &err) == 0)
		fd = gm_keydir_replace(
		    &k->dir, "keys", gm_buf_span(&text), &err);
	gm_buf_release(&text);
	if (fd == -1) {
		keep_unwritten(k, t, &err);
		return;
	}
	tell_full(k, t->dropped);
	drop_file(k);
	k->file = fd;
	k->whole = true;
	t->changed = false;
	gm_keytable_release(&k->own);
}

void
gm_keystate_save(struct gm_keystate *k, struct gm_keytable *t)
{
	if (t->changed && k->dir.open && k->whole)
		write_table(k, t);
	else if (t->changed)
		keep(k, t);
	k->stored = k->dir.open && k->whole;
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

void
gm_keystate_save_counters(
    struct gm_keystate *k, struct gm_keytable *t, const struct gm_keyrow *row)
{
	char counters[GM_KEYROW_COUNTERS];
	struct gm_err err;
	ssize_t n;

	if (t->changed || row->at == -1 || !k->dir.open || !k->whole) {
		t->changed = true;
		gm_keystate_save(k, t);
		return;
	}
	gm_keyrow_counters(row, counters);
	do
		n = pwrite(k->file, counters, sizeof(counters) - 1, row->at);
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)sizeof(counters) - 1)
		return;
	(void)gm_fail_errno(&err, GM_EIO, "%s/keys", gm_buf_str(&k->dir.path));
	keep_unwritten(k, t, &err);
}

void
gm_keystate_unlock(struct gm_keystate *k)
{
	if (!k->dir.open)
		return;
	drop_file(k);
	if (k->locked)
		gm_keydir_unlock(k->lock);
	k->locked = false;
}

void
gm_keystate_close(struct gm_keystate *k)
{
	gm_keystate_unlock(k);
	if (k->dir.open && k->lock != -1)
		(void)close(k->lock);
	gm_keydir_close(&k->dir);
	gm_keytable_release(&k->own);
	*k = (struct gm_keystate){ 0 };
}
