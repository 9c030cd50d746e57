#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/clock.h"
#include "base/file.h"
#include "gm-summ/shard.h"

#define DIGITS "0123456789abcdef"
#define ENTRY ((size_t)30) /* digits of an entry's name */
#define ASIDE ((size_t)16) /* digits of a temporary file, after its "." */
#define TRIES 3            /* names tried for a temporary file */
#define HOUR_MS INT64_C(3600000)
#define LATEST_S INT64_C(253402300799) /* the end of the year 9999 */

const char *
gm_shard_distrust(const struct stat *st, mode_t type)
{
	if ((st->st_mode & S_IFMT) != type)
		return type == S_IFDIR ? "not a directory"
		                       : "not a regular file";
	if (st->st_uid != geteuid())
		return "owned by another user";
	if ((st->st_mode & 077) != 0)
		return "accessible to other users";
	return NULL;
}

int
gm_shard_open(
    struct gm_shard *s, int dir, const char *key, bool make, struct gm_err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	const char *why;
	struct stat st;

	(void)snprintf(s->name, sizeof(s->name), "%.2s", key);
	s->fd = gm_file_openat(dir, s->name, flags);
	if (s->fd == -1 && errno == ENOENT && make &&
	    (mkdirat(dir, s->name, 0700) == 0 || errno == EEXIST))
		s->fd = gm_file_openat(dir, s->name, flags);
	if (s->fd == -1)
		return gm_fail_errno(err, GM_EIO, "%s", s->name);
	if (fstat(s->fd, &st) != 0) {
		(void)gm_fail_errno(err, GM_EIO, "%s", s->name);
		return gm_file_drop(s->fd);
	}
	why = gm_shard_distrust(&st, S_IFDIR);
	if (why == NULL)
		return 0;
	(void)gm_fail(err, GM_ECONFIG, "%s: %s", s->name, why);
	return gm_file_drop(s->fd);
}

/* Return the modification time, from 1970 to the year 9999. */
static int64_t
time_ms(const struct stat *st)
{
	int64_t s = st->st_mtim.tv_sec;

	if (s > LATEST_S)
		s = LATEST_S;
	if (s < 0)
		s = 0;
	return s * 1000 + st->st_mtim.tv_nsec / 1000000;
}

/* Return true if two times differ by more than an hour. */
static bool
is_far(int64_t a_ms, int64_t b_ms)
{
	return a_ms - b_ms > HOUR_MS || b_ms - a_ms > HOUR_MS;
}

/* Returns 0, or -1 with errno: EIO if the file is shorter than it was. */
static int
read_all(int fd, size_t len, struct gm_buf *out)
{
	char *room = gm_buf_room(out, len);
	size_t have = 0;
	ssize_t n = 1;

	errno = ENOMEM;
	if (room == NULL)
		return -1;
	while (have < len && n != 0) {
		n = read(fd, room + have, len - have);
		if (n > 0)
			have += (size_t)n;
		else if (n == -1 && errno != EINTR)
			return -1;
	}
	gm_buf_filled(out, have);
	errno = EIO;
	return have == len ? 0 : -1;
}

static int
read_file(int fd, const char *name, struct gm_buf *out, struct gm_err *err)
{
	const char *why;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return gm_fail_errno(err, GM_EIO, "%s", name);
	why = gm_shard_distrust(&st, S_IFREG);
	if (why != NULL)
		return gm_fail(err, GM_ECONFIG, "%s: %s", name, why);
	if ((uintmax_t)st.st_size > out->max - out->len)
		return gm_fail(err, GM_EDATA, "%s: larger than %zu bytes", name,
		    out->max - out->len);
	if (read_all(fd, (size_t)st.st_size, out) != 0)
		return gm_fail_errno(err, GM_EIO, "%s", name);
	/*
	 * Record the use, but at most once an hour, as it is a write.  Ignore a
	 * failure: a read-only cache can still be read.
	 */
	if (is_far(time_ms(&st), gm_clock_wall_ms()))
		(void)futimens(fd, NULL);
	return 1;
}

int
gm_shard_read(int dir, const char key[GM_HASH_HEX], struct gm_buf *out,
    struct gm_err *err)
{
	char name[GM_HASH_HEX + 1];
	int fd, rc;

	(void)snprintf(name, sizeof(name), "%.2s/%s", key, key + 2);
	fd = gm_file_openat(dir, name, O_RDONLY | O_NOFOLLOW);
	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1 && errno == ELOOP)
		return gm_fail(err, GM_ECONFIG, "%s: not a regular file", name);
	if (fd == -1)
		return gm_fail_errno(err, GM_EIO, "%s", name);
	rc = read_file(fd, name, out, err);
	(void)close(fd);
	return rc;
}

/*
 * Create a temporary file.  Its name differs from others of this process by the
 * time, from those of other processes by the process ID.
 */
static int
open_aside(int dir, char name[ASIDE + 2])
{
	struct timespec now;
	int fd = -1, tries;

	for (tries = 0; tries < TRIES && fd == -1; tries++) {
		(void)clock_gettime(CLOCK_REALTIME, &now);
		(void)snprintf(name, ASIDE + 2, ".%08lx%08lx",
		    (unsigned long)getpid() & 0xffffffff,
		    (unsigned long)now.tv_nsec);
		fd = gm_file_openat(
		    dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
		if (fd == -1 && errno != EEXIST)
			break;
	}
	return fd;
}

/* Write and close.  Returns 0, or -1 with errno. */
static int
fill(int fd, struct gm_span bytes)
{
	if (gm_aside_fill(fd, bytes) != 0)
		return gm_file_drop(fd);
	/* NFS may report a full disk only now. */
	return close(fd) != 0 && errno != EINTR ? -1 : 0;
}

int
gm_shard_write(const struct gm_shard *s, const char key[GM_HASH_HEX],
    struct gm_span bytes, struct gm_err *err)
{
	char aside[ASIDE + 2];
	int fd = open_aside(s->fd, aside);

	if (fd != -1 && fill(fd, bytes) == 0 &&
	    renameat(s->fd, aside, s->fd, key + 2) == 0)
		return 0;
	(void)gm_fail_errno(err, GM_EIO, "%s/%s", s->name, key + 2);
	if (fd != -1)
		(void)unlinkat(s->fd, aside, 0);
	return -1;
}

/* A file of the cache that was found in the shard. */
struct found {
	char name[ENTRY + 1];
	bool aside;
	int64_t bytes, used_ms;
};

struct list {
	struct found *items;
	size_t len, cap;
};

static bool
has_digits(const char *name, size_t count)
{
	return strspn(name, DIGITS) == count && name[count] == '\0';
}

static bool
has_room(struct list *l)
{
	size_t cap = l->cap > 0 ? l->cap * 2 : 64;
	struct found *items;

	if (l->len < l->cap)
		return true;
	items = realloc(l->items, cap * sizeof(*items));
	if (items == NULL)
		return false;
	l->items = items;
	l->cap = cap;
	return true;
}

/*
 * Add a file to the list.  Returns 0, also for a file that is not ours or was
 * removed in between, or -1 with errno.
 */
static int
add(struct list *l, int dir, const char *name)
{
	bool aside = name[0] == '.' && has_digits(name + 1, ASIDE);
	struct found *f;
	struct stat st;

	if (!aside && !has_digits(name, ENTRY))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return 0;
	if (!has_room(l))
		return -1;
	f = &l->items[l->len++];
	memcpy(f->name, name, strlen(name) + 1);
	f->aside = aside;
	f->bytes = st.st_size;
	f->used_ms = time_ms(&st);
	return 0;
}

/* Returns 0, or -1 with errno. */
static int
add_all(struct list *l, DIR *dir)
{
	struct dirent *entry;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return errno == 0 ? 0 : -1;
		if (add(l, dirfd(dir), entry->d_name) != 0)
			return -1;
	}
}

/*
 * List the files of the shard.  l->items are to be freed in any case.  Returns
 * 0, or -1: GM_EIO, GM_EOS.
 */
static int
list(const struct gm_shard *s, struct list *l, struct gm_err *err)
{
	int fd = gm_file_openat(s->fd, ".", O_RDONLY | O_DIRECTORY), rc = -1;
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;

	*l = (struct list){ .items = NULL };
	if (dir != NULL)
		rc = add_all(l, dir);
	if (rc != 0)
		(void)gm_fail_errno(err, GM_EIO, "%s", s->name);
	if (dir != NULL)
		(void)closedir(dir);
	else if (fd != -1)
		(void)close(fd);
	return rc;
}

static int
by_use(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->used_ms != y->used_ms)
		return x->used_ms < y->used_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Add an entry to the sum; temporary files do not count. */
static void
add_to_sum(struct gm_shard_sum *sum, const struct found *f)
{
	if (f->aside)
		return;
	if (sum->entries == 0 || f->used_ms < sum->oldest_ms)
		sum->oldest_ms = f->used_ms;
	if (sum->entries == 0 || f->used_ms > sum->newest_ms)
		sum->newest_ms = f->used_ms;
	sum->entries++;
	sum->bytes += f->bytes;
}

static bool
exceeds(const struct gm_shard_sum *sum, const struct gm_shard_limits *max,
    int eighths)
{
	return sum->entries > max->entries * eighths / 8 ||
	       sum->bytes > max->bytes * eighths / 8;
}

/* Remove temporary files that no writer can still use. */
static void
sweep(const struct gm_shard *s, const struct list *l, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < l->len; i++)
		if (l->items[i].aside && is_far(l->items[i].used_ms, now_ms))
			(void)unlinkat(s->fd, l->items[i].name, 0);
}

/* Remove the least recently used entries until 6/8 of the limits are left. */
static void
evict(const struct gm_shard *s, const struct list *l,
    const struct gm_shard_limits *max, struct gm_shard_sum *sum)
{
	size_t i;

	qsort(l->items, l->len, sizeof(*l->items), by_use);
	for (i = 0; i < l->len && exceeds(sum, max, 6); i++) {
		if (l->items[i].aside)
			continue;
		(void)unlinkat(s->fd, l->items[i].name, 0);
		sum->entries--;
		sum->bytes -= l->items[i].bytes;
	}
}

void
gm_shard_trim(
    const struct gm_shard *s, const struct gm_shard_limits *max, int64_t now_ms)
{
	struct gm_shard_sum sum = { .entries = 0 };
	struct gm_err err;
	struct list l;
	size_t i;
	int rc = list(s, &l, &err);

	if (rc == 0)
		sweep(s, &l, now_ms);
	for (i = 0; rc == 0 && i < l.len; i++) {
		if (l.items[i].used_ms - now_ms > HOUR_MS)
			l.items[i].used_ms = 0;
		add_to_sum(&sum, &l.items[i]);
	}
	if (rc == 0 && exceeds(&sum, max, 7))
		evict(s, &l, max, &sum);
	free(l.items);
}

int
gm_shard_count(
    const struct gm_shard *s, struct gm_shard_sum *sum, struct gm_err *err)
{
	struct list l;
	size_t i;
	int rc = list(s, &l, err);

	for (i = 0; rc == 0 && i < l.len; i++)
		add_to_sum(sum, &l.items[i]);
	free(l.items);
	return rc;
}

int
gm_shard_clear(
    const struct gm_shard *s, struct gm_shard_sum *sum, struct gm_err *err)
{
	struct list l;
	size_t i;
	int rc = list(s, &l, err);

	for (i = 0; i < l.len; i++)
		if (unlinkat(s->fd, l.items[i].name, 0) == 0)
			add_to_sum(sum, &l.items[i]);
		else if (errno != ENOENT && rc == 0)
			rc = gm_fail_errno(
			    err, GM_EIO, "%s/%s", s->name, l.items[i].name);
	free(l.items);
	return rc;
}
