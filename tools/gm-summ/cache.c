#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/file.h"
#include "gm-summ/cache.h"

#define NAME "summaries"
#define KEEP ((size_t)64 * 1024) /* bytes of memory kept between entries */
#define PATH_LEN_MAX \
	((size_t)2 * PATH_MAX) /* the system says what is too long */
#define DIGITS ((size_t)(GM_HASH_HEX - 1))

typedef int
visit_fn(const struct gm_shard *, struct gm_shard_sum *, struct gm_err *);

/* Return the limit of one shard. */
static int64_t
share(int64_t wanted, int64_t standard)
{
	int64_t all = wanted > 0 ? wanted : standard;

	return all > GM_SHARDS ? all / GM_SHARDS : 1;
}

void
gm_cache_init(struct gm_cache *c, const struct gm_cache_options *o)
{
	*c = (struct gm_cache){ .note = o->note };
	c->limits.bytes = share(o->max_bytes, GM_CACHE_BYTES);
	c->limits.entries = share(o->max_entries, GM_CACHE_ENTRIES);
	/*
	 * At most half of a shard, so that one entry cannot evict all others.
	 */
	gm_buf_init(&c->room, (size_t)(c->limits.bytes / 2));
	gm_buf_init(&c->path, PATH_LEN_MAX);
	if (o->dir != NULL && o->dir[0] != '\0')
		gm_buf_printf(&c->path, "%s/%s", o->dir, NAME);
}

static void
detach(struct gm_cache *c)
{
	if (c->open)
		(void)close(c->fd);
	c->open = false;
}

/* Fail if the directory does not belong to us alone. */
static int
judge(int fd, const char *path, struct gm_err *err)
{
	const char *why;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return gm_fail_errno(err, GM_ECONFIG, "%s", path);
	why = gm_shard_distrust(&st, S_IFDIR);
	if (why == NULL)
		return 0;
	return gm_fail(err, GM_ECONFIG, "%s: %s; %s", path, why,
	    st.st_uid == geteuid() ? "use chmod 700" : "set GM_CACHE_DIR");
}

/*
 * Open the directory, unless it is open.  Returns 0, or -1; err->number is
 * ENOENT if it is absent.
 */
static int
attach(struct gm_cache *c, bool make, struct gm_err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	const char *path = gm_buf_str(&c->path);
	int fd;

	if (c->open)
		return 0;
	if (gm_buf_check(&c->path, err) != 0)
		return -1;
	if (path[0] == '\0')
		return gm_fail(
		    err, GM_ECONFIG, "no cache directory; set GM_CACHE_DIR");
	fd = gm_file_openat(AT_FDCWD, path, flags);
	if (fd == -1 && errno == ENOENT && make) {
		if (gm_dir_make(path, err) != 0)
			return -1;
		fd = gm_file_openat(AT_FDCWD, path, flags);
	}
	if (fd == -1)
		return gm_file_fail_open(GM_ECONFIG, path, err);
	if (judge(fd, path, err) != 0)
		return gm_file_drop(fd);
	c->fd = fd;
	c->open = true;
	return 0;
}

/* Report a failure: the first one by a note, others only with -v. */
static void
report(const struct gm_cache *c, bool *noted, const char *what,
    const struct gm_err *err)
{
	gm_note(c->note, *noted ? GM_LEVEL_DETAIL : GM_LEVEL_NOTE, "%s: %s",
	    what, err->msg);
	*noted = true;
}

static void
report_write(struct gm_cache *c, const struct gm_err *err)
{
	report(c, &c->noted_write, "answers are not cached", err);
}

/* Remove a damaged file, which would only be read in vain again. */
static void
drop(const struct gm_cache *c, const char key[GM_HASH_HEX])
{
	char name[GM_HASH_HEX + 1];

	(void)snprintf(name, sizeof(name), "%.2s/%s", key, key + 2);
	(void)unlinkat(c->fd, name, 0);
	gm_note(c->note, GM_LEVEL_DETAIL, "%s/%s: damaged cache entry removed",
	    gm_buf_str(&c->path), name);
}

bool
gm_cache_get(
    struct gm_cache *c, const char key[GM_HASH_HEX], struct gm_entry *entry)
{
	struct gm_err err;
	int rc;

	if (c->note == NULL)
		return false;
	gm_buf_recycle(&c->room, KEEP);
	if (attach(c, false, &err) != 0) {
		if (err.number != ENOENT)
			report_write(c, &err);
		return false;
	}
	rc = gm_shard_read(c->fd, key, &c->room, &err);
	if (rc == 1 && gm_entry_parse(entry, key, gm_buf_span(&c->room)))
		return true;
	if (rc == 1 || (rc == -1 && err.code == GM_EDATA)) {
		drop(c, key);
	} else if (rc == -1) {
		gm_err_prefix(&err, "%s/", gm_buf_str(&c->path));
		report(c, &c->noted_read, "cached answer ignored", &err);
	}
	return false;
}

/*
 * Return true if it is time to trim the shard: at random, once for each eighth
 * of its limits on average.  The key is random, so this needs no counter that
 * processes would have to share; a put costs as much as listing eight files.
 */
static bool
is_due(const struct gm_cache *c, const char key[GM_HASH_HEX], size_t len)
{
	double part = 8.0 / (double)c->limits.entries +
	              8.0 * (double)len / (double)c->limits.bytes;
	const unsigned long chance = strtoul(key + DIGITS - 8, NULL, 16);

	return (double)chance <= part * (double)UINT32_MAX;
}

/* Write an entry. */
static int
put_once(struct gm_cache *c, const char key[GM_HASH_HEX], struct gm_span bytes,
    struct gm_err *err)
{
	struct gm_shard shard;
	int rc = -1;

	if (attach(c, true, err) != 0)
		return -1;
	if (gm_shard_open(&shard, c->fd, key, true, err) == 0) {
		rc = gm_shard_write(&shard, key, bytes, err);
		if (rc == 0 && is_due(c, key, bytes.len))
			gm_shard_trim(&shard, &c->limits, gm_clock_wall_ms());
		(void)close(shard.fd);
	}
	if (rc != 0)
		gm_err_prefix(err, "%s/", gm_buf_str(&c->path));
	return rc;
}

/*
 * Write an entry although other processes may remove the directory (rm -r) or
 * its files (--cache-clear) at the same time: if something is gone, open the
 * directory again and retry once.  If files still vanish, another process is
 * clearing the cache, and the answer is dropped without a note.
 */
static int
put_twice(struct gm_cache *c, const char key[GM_HASH_HEX], struct gm_span bytes,
    struct gm_err *err)
{
	int rc = put_once(c, key, bytes, err);

	if (rc == 0 || err->number != ENOENT)
		return rc;
	detach(c);
	rc = put_once(c, key, bytes, err);
	return rc != 0 && err->number == ENOENT && c->open ? 0 : rc;
}

void
gm_cache_put(struct gm_cache *c, const char key[GM_HASH_HEX],
    const struct gm_entry *entry)
{
	struct gm_buf bytes;
	struct gm_err err;

	if (c->note == NULL || entry->text.len == 0)
		return;
	gm_buf_init(&bytes, c->room.max);
	gm_entry_write(&bytes, key, entry);
	if (bytes.failed == GM_EDATA)
		gm_note(c->note, GM_LEVEL_DETAIL,
		    "answer not cached: %zu bytes are too large",
		    entry->text.len);
	else if (gm_buf_check(&bytes, &err) != 0 ||
		 put_twice(c, key, gm_buf_span(&bytes), &err) != 0)
		report_write(c, &err);
	gm_buf_release(&bytes);
}

/* Visit a shard, if it exists. */
static int
visit_one(const struct gm_cache *c, unsigned int number, visit_fn *visit,
    struct gm_shard_sum *sum, struct gm_err *err)
{
	struct gm_shard shard;
	char name[3];
	int rc;

	(void)snprintf(name, sizeof(name), "%02x", number % GM_SHARDS);
	if (gm_shard_open(&shard, c->fd, name, false, err) != 0) {
		if (err->number == ENOENT)
			return 0;
		gm_err_prefix(err, "%s/", gm_buf_str(&c->path));
		return -1;
	}
	rc = visit(&shard, sum, err);
	(void)close(shard.fd);
	if (rc != 0)
		gm_err_prefix(err, "%s/", gm_buf_str(&c->path));
	return rc;
}

/* Visit all shards, also after a failure; *err has the first one. */
static int
visit_all(struct gm_cache *c, visit_fn *visit, struct gm_shard_sum *sum,
    struct gm_err *err)
{
	struct gm_err other;
	unsigned int i;
	int rc = 0;

	*sum = (struct gm_shard_sum){ .entries = 0 };
	if (attach(c, false, err) != 0)
		return err->number == ENOENT ? 0 : -1;
	for (i = 0; i < GM_SHARDS; i++)
		if (visit_one(c, i, visit, sum, rc == 0 ? err : &other) != 0)
			rc = -1;
	return rc;
}

int
gm_cache_stats(struct gm_cache *c, struct gm_shard_sum *sum, struct gm_err *err)
{
	return visit_all(c, gm_shard_count, sum, err);
}

int
gm_cache_clear(struct gm_cache *c, struct gm_shard_sum *sum, struct gm_err *err)
{
	return visit_all(c, gm_shard_clear, sum, err);
}

void
gm_cache_release(struct gm_cache *c)
{
	detach(c);
	gm_buf_release(&c->path);
	gm_buf_release(&c->room);
	*c = (struct gm_cache){ .note = NULL };
}
