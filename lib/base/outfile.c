/* For statx(2), memfd_create(2) and fallocate(2). */
#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/access.h"
#include "base/aside.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/outfile.h"
#include "base/stop.h"

#define READER_MS 20 /* interval of checks for a FIFO's reader */
#define LOCK_MS 10   /* interval of checks for a lock */
#define LOCK_TRIES 500
#define CHUNK ((size_t)64 * 1024)

/* Attributes of a file by statx(2); 0 if it fails. */
static uint64_t
attributes(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, 0, 0, &st) != 0)
		return 0;
	return st.stx_attributes & st.stx_attributes_mask;
}

/* Fill *err from errno: the file cannot be created. */
static int
fail_create(const char *path, struct gm_err *err)
{
	return gm_file_fail_open(GM_ECANTCREAT, path, err);
}

/* True if error means that a FIFO has no reader yet. */
static bool
lacks_reader(const char *path, int error)
{
	struct stat st;

	return error == ENXIO && stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/*
 * Open a device or FIFO; wait for the reader of a FIFO by trying again.  A
 * blocking open(2) would miss a signal that came just before it, and poll(2)
 * cannot wait for a reader.
 */
static int
open_direct(struct gm_outfile *f, const char *path, struct gm_err *err)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	int64_t next;

	while ((f->fd = open(path, flags)) == -1) {
		if (errno != EINTR && !lacks_reader(path, errno))
			return fail_create(path, err);
		next = gm_clock_mono_ms() + READER_MS;
		if (gm_stop_poll(-1, POLLOUT, next, GM_STOP_DRAIN, err) == -1) {
			gm_err_prefix(err, "%s: ", path);
			return -1;
		}
	}
	if (fcntl(f->fd, F_SETFL, 0) != 0)
		return fail_create(path, err);
	return 0;
}

/*
 * True if the directory of path is append-only: it allows no rename or unlink.
 */
static bool
only_grows(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash != NULL ? strdup(path) : NULL;
	uint64_t have;

	if (dir != NULL)
		dir[slash + 1 - path] = '\0';
	have = attributes(dir != NULL ? dir : ".");
	free(dir);
	return (have & STATX_ATTR_APPEND) != 0;
}

static int
open_aside(struct gm_outfile *f, mode_t mode)
{
	struct stat st;

	if (only_grows(f->path)) {
		errno = EPERM;
		return -1;
	}
	gm_aside_sweep(f->path);
	f->fd = gm_aside_open(f->path, mode, &f->aside);
	if (f->fd == -1)
		return -1;
	/*
	 * Keep the mode that umask or default ACL gave; until the rename, use
	 * 0600.
	 */
	f->made = fstat(f->fd, &st) == 0 ? st.st_mode & 0777 : 0600;
	(void)fchmod(f->fd, 0600);
	return 0;
}

/* True if error means that a file aside cannot be created there. */
static bool
is_closed(int error)
{
	return error == EACCES || error == EPERM || error == EROFS ||
	       error == ENAMETOOLONG;
}

/*
 * Choose how to replace an existing file.  A link in /proc leads to a file that
 * a process has open; after a rename that process would go on with the old one,
 * so such a file is written in place.
 */
static int
open_old(struct gm_outfile *f, const char *path, const struct stat *old,
    struct gm_err *err)
{
	uint64_t have = attributes(path);
	struct stat st;
	bool same = !gm_file_is_proc(f->path) && stat(f->path, &st) == 0 &&
	            st.st_dev == old->st_dev && st.st_ino == old->st_ino;

	if ((have & STATX_ATTR_IMMUTABLE) != 0)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s: the file is immutable; see chattr(1)", path);
	if ((have & STATX_ATTR_APPEND) != 0)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s: the file is append-only; see chattr(1)", path);
	/* Respect write protection, as a redirection does. */
	if (access(path, W_OK) != 0)
		return fail_create(path, err);
	f->in_place = (have & STATX_ATTR_MOUNT_ROOT) != 0;
	if (same && open_aside(f, 0600) == 0)
		return 0;
	if (same && !f->in_place && !is_closed(errno))
		return fail_create(path, err);
	f->in_place = true;
	if (!same) {
		free(f->path);
		f->path = strdup(path);
	}
	/* No file aside: collect the output in memory until the commit. */
	f->fd = f->path != NULL ? memfd_create("gm", MFD_CLOEXEC) : -1;
	return f->fd == -1 ? fail_create(path, err) : 0;
}

static int
open_new(struct gm_outfile *f, const char *path, struct gm_err *err)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	bool regular = !there || S_ISREG(st.st_mode);

	if (!there && (errno != ENOENT || path[0] == '\0'))
		return fail_create(path, err);
	f->path = regular ? gm_file_target(path) : strdup(path);
	if (f->path == NULL)
		return gm_fail(err, GM_EOS, "%s: out of memory", path);
	if (gm_file_named(path, &f->fd))
		return f->fd == -1 ? fail_create(path, err) : 0;
	if (!regular)
		return open_direct(f, path, err);
	if (there)
		return open_old(f, path, &st, err);
	return open_aside(f, 0666) != 0 ? fail_create(path, err) : 0;
}

int
gm_outfile_create(struct gm_outfile *f, const char *path, struct gm_err *err)
{
	int rc;

	*f = (struct gm_outfile){ .fd = -1 };
	rc = open_new(f, path, err);
	if (rc != 0)
		gm_outfile_release(f);
	return rc;
}

/*
 * Find all write errors before the rename, also those that only close(2)
 * reports (NFS).  Closes a copy, as the lock of the descriptor keeps other
 * processes from removing the file.
 */
static int
settle(int fd)
{
	int again;

	if (gm_file_sync(fd) != 0)
		return -1;
	again = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (again == -1)
		return -1;
	return close(again) != 0 && errno != EINTR ? -1 : 0;
}

/*
 * Lock the target, so that two processes of this suite do not write it at the
 * same time.  Gives up after 5 s, as any program may hold a lock.  Returns 0,
 * or -1 with errno.
 */
static int
lock_target(int fd)
{
	struct gm_err ignored;
	int tries;

	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (gm_lock_try(fd) != GM_LOCK_BUSY)
			return 0; /* or the file system has no locks */
		if (gm_stop_poll(-1, POLLIN, gm_clock_mono_ms() + LOCK_MS,
			GM_STOP_NOW, &ignored) != 0)
			break;
	}
	errno = EBUSY;
	return -1;
}

/* Reserve space for len bytes, without changing size or content if possible. */
static int
reserve(int fd, off_t len, off_t old_len)
{
	int error = 0, saved;

	if (len == 0)
		return 0;
	while (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, len) != 0) {
		error = errno;
		if (error != EINTR)
			break;
		error = 0;
	}
	if (error == EOPNOTSUPP || error == ENOSYS)
		while ((error = posix_fallocate(fd, 0, len)) == EINTR)
			;
	if (error == 0)
		return 0;
	saved = error; /* give back space that was reserved */
	(void)!ftruncate(fd, old_len);
	errno = saved;
	return -1;
}

static int
write_at(int fd, const char *bytes, size_t len, off_t at)
{
	ssize_t n;

	while (len > 0) {
		n = pwrite(fd, bytes, len, at);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
			at += n;
		}
	}
	return 0;
}

static int
copy(int from, int to, off_t len)
{
	char *chunk = malloc(CHUNK);
	off_t at = 0;
	ssize_t n;
	int rc = chunk != NULL ? 0 : -1;

	while (rc == 0 && at < len) {
		n = pread(from, chunk, CHUNK, at);
		if (n == 0)
			errno = EIO; /* someone has shortened it */
		if (n > 0)
			rc = write_at(to, chunk, (size_t)n, at);
		else if (n == 0 || errno != EINTR)
			rc = -1;
		if (n > 0)
			at += n;
	}
	free(chunk);
	return rc;
}

/* Copy the new content into the old file, and set its size and mode. */
static int
overwrite(const struct gm_outfile *f, int fd)
{
	struct stat st, new;

	if (fstat(fd, &st) != 0 || fstat(f->fd, &new) != 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	/* Another process may have changed the size before it unlocked. */
	if (lock_target(fd) != 0 || fstat(fd, &st) != 0 ||
	    reserve(fd, new.st_size, st.st_size) != 0 ||
	    copy(f->fd, fd, new.st_size) != 0 ||
	    ftruncate(fd, new.st_size) != 0)
		return -1;
	if (f->mode != 0)
		gm_access_set(fd, f->mode);
	return gm_file_sync(fd);
}

static int
write_in_place(const struct gm_outfile *f)
{
	int fd = -1, rc, saved;

	/* The caller has set errno: why the file cannot be renamed. */
	if (!f->must_rename)
		fd = gm_file_openat(AT_FDCWD, f->path, O_WRONLY);
	if (fd == -1)
		return -1;
	rc = overwrite(f, fd);
	saved = errno;
	if (close(fd) != 0 && errno != EINTR && rc == 0)
		return -1;
	errno = saved;
	return rc;
}

/* True if rename(2) failed for a reason that does not forbid writing. */
static bool
is_fixed(int error)
{
	return error == EBUSY || error == EXDEV || error == EPERM ||
	       error == EACCES || error == EROFS;
}

/* Returns 0, or -1 with errno. */
static int
finish(struct gm_outfile *f)
{
	struct stat old;
	bool there = stat(f->path, &old) == 0 && S_ISREG(old.st_mode);
	int rc;

	if (f->aside != NULL && settle(f->fd) != 0) {
		f->keep = false; /* its content is unknown */
		return -1;
	}
	errno = EACCES; /* reported if it must be renamed */
	if (f->in_place)
		return write_in_place(f);
	if (f->mode != 0)
		gm_access_set(f->fd, f->mode);
	else if (!there)
		(void)fchmod(f->fd, f->made);
	else if (gm_access_copy(f->fd, f->path, &old) != 0)
		return write_in_place(f);
	rc = gm_aside_rename(AT_FDCWD, f->aside, f->path);
	if (rc != -1)
		f->aside[0] = '\0'; /* renamed */
	if (rc == 0)
		return 0;
	if (rc == 1 || !is_fixed(errno))
		return -1;
	return write_in_place(f);
}

/* Rename ".NAME.gm-XXXXXX" to "NAME.gm-XXXXXX", which is never swept. */
static void
keep(struct gm_outfile *f, struct gm_err *err)
{
	const char *slash = strrchr(f->aside, '/');
	size_t dot = slash != NULL ? (size_t)(slash + 1 - f->aside) : 0;
	char *path = strdup(f->aside);

	if (path != NULL)
		memmove(path + dot, path + dot + 1, strlen(path + dot));
	if (path != NULL && rename(f->aside, path) == 0) {
		gm_err_append(err, "; the output is in %s", path);
		f->aside[0] = '\0';
	} else if (access(f->aside, F_OK) == 0) {
		gm_err_append(err, "; the output is in %s", f->aside);
		f->aside[0] = '\0';
	}
	free(path);
}

int
gm_outfile_commit(struct gm_outfile *f, struct gm_err *err)
{
	bool direct = f->aside == NULL && !f->in_place;
	int fd = f->fd, rc = 0;

	if (!direct) {
		rc = finish(f);
	} else {
		f->fd = -1;
		if (close(fd) != 0 && errno != EINTR)
			rc = -1;
	}
	if (rc != 0)
		(void)gm_fail_errno(err, GM_EIO, "%s", f->path);
	if (rc != 0 && f->keep && f->aside != NULL && f->aside[0] != '\0')
		keep(f, err);
	gm_outfile_release(f);
	return rc;
}

void
gm_outfile_release(struct gm_outfile *f)
{
	if (f->path == NULL)
		return;
	/* Remove it before close(2) ends its lock. */
	if (f->aside != NULL && f->aside[0] != '\0')
		(void)unlink(f->aside);
	if (f->fd != -1)
		(void)close(f->fd);
	free(f->aside);
	free(f->path);
	*f = (struct gm_outfile){ .fd = -1 };
}
