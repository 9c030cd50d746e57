#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aside.h"
#include "buf.h"
#include "clock.h"
#include "file.h"
#include "outfile.h"
#include "stop.h"

#define LINKS_MAX 40 /* more must be a loop, as Linux says */
#define READER_MS 20 /* between two looks whether a FIFO has a reader */

/*
 * path without up to max symbolic links in its last part, also to what is not
 * there; NULL without memory.  What else may be wrong shows when the result is
 * opened.
 */
static char *
resolve(const char *path, int max)
{
	char target[PATH_MAX], *result;
	struct gm_buf at;
	const char *slash;
	ssize_t n;

	gm_buf_init(&at, (size_t)(LINKS_MAX + 1) * PATH_MAX);
	gm_buf_puts(&at, path);
	while (max-- > 0) {
		n = readlink(gm_buf_str(&at), target, sizeof(target));
		if (n == -1)
			break;
		slash = strrchr(gm_buf_str(&at), '/');
		if (slash == NULL || target[0] == '/')
			gm_buf_reset(&at);
		else
			gm_buf_cut(&at, (size_t)(slash + 1 - at.data));
		gm_buf_put(&at, target, (size_t)n);
	}
	result = gm_buf_take(&at);
	gm_buf_release(&at);
	return result;
}

static int
open_aside(struct gm_outfile *f)
{
	gm_aside_sweep(f->path);
	f->fd = gm_aside_open(f->path, 0600, &f->aside);
	return f->fd != -1 ? 0 : -1;
}

/* How the file shall be in the end; old is the one it replaces, or NULL. */
static void
choose_mode(struct gm_outfile *f, const struct stat *old)
{
	mode_t mask;

	if (old == NULL) {
		mask = umask(077); /* there is no call that only looks */
		(void)umask(mask);
		f->mode = 0666 & ~mask;
		return;
	}
	f->mode = old->st_mode & 0777;
	/* Another group than before gets no more than everybody. */
	if (fchown(f->fd, old->st_uid, old->st_gid) != 0 &&
	    fchown(f->fd, (uid_t)-1, old->st_gid) != 0)
		f->mode = (f->mode & 0707) | (f->mode & 07) << 3;
}

/* errno's words, for what keeps the file from being made. */
static int
fail_create(const char *path, struct gm_err *err)
{
	return gm_fail_errno(
	    err, errno == ENOMEM ? GM_EOS : GM_ECANTCREAT, "%s", path);
}

/* ENXIO of a FIFO, as long as nobody reads it. */
static bool
lacks_reader(const char *path, int error)
{
	struct stat st;

	return error == ENXIO && stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/*
 * Waits for the reader of a FIFO.  open(2) could, too, but any signal ends
 * that, and one that came just before does not; nothing tells when the time
 * has come.
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
		if (gm_stop_poll(-1, POLLOUT, next, err) == -1) {
			gm_err_prefix(err, "%s: ", path);
			return -1;
		}
	}
	if (fcntl(f->fd, F_SETFL, 0) != 0)
		return fail_create(path, err);
	return 0;
}

static int
open_regular(struct gm_outfile *f, const char *path, const struct stat *old,
    struct gm_err *err)
{
	/* A redirection would not overwrite what is write-protected. */
	if ((old != NULL && access(path, W_OK) != 0) || open_aside(f) != 0)
		return fail_create(path, err);
	choose_mode(f, old);
	return 0;
}

static int
open_new(struct gm_outfile *f, const char *path, struct gm_err *err)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	bool regular = !there || S_ISREG(st.st_mode);

	if (!there && (errno != ENOENT || path[0] == '\0'))
		return fail_create(path, err);
	f->path = resolve(path, regular ? LINKS_MAX : 0);
	if (f->path == NULL)
		return gm_fail(err, GM_EOS, "%s: %s", path, strerror(ENOMEM));
	if (gm_file_named(path, &f->fd))
		return f->fd == -1 ? fail_create(path, err) : 0;
	if (!regular)
		return open_direct(f, path, err);
	return open_regular(f, path, there ? &st : NULL, err);
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

/* So that a new name outlives a power cut, too; cuts path short. */
static int
sync_directory(char *path)
{
	char *slash = strrchr(path, '/');
	int fd, rc, saved;

	if (slash != NULL)
		slash[1] = '\0';
	fd = open(
	    slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return 0; /* we may use it, but not read it */
	rc = gm_file_sync(fd);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

/*
 * All that may be wrong with what was written is known before the rename, also
 * where close(2) tells it.  The descriptor stays, as its lock keeps others from
 * removing the file.
 */
static int
settle(int fd)
{
	int copy;

	if (gm_file_sync(fd) != 0)
		return -1;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (copy == -1)
		return -1;
	return close(copy) != 0 && errno != EINTR ? -1 : 0;
}

/* Returns 0, or -1 with errno. */
static int
finish(struct gm_outfile *f)
{
	int fd = f->fd, rc;

	if (f->aside == NULL) {
		f->fd = -1;
		return close(fd) != 0 && errno != EINTR ? -1 : 0;
	}
	/* Where there are no modes it stays as it was made. */
	(void)fchmod(fd, f->mode);
	if (settle(fd) != 0 || rename(f->aside, f->path) != 0)
		return -1;
	rc = sync_directory(f->aside);
	f->aside[0] = '\0'; /* nothing is left to remove */
	return rc;
}

int
gm_outfile_commit(struct gm_outfile *f, struct gm_err *err)
{
	int rc = finish(f);

	if (rc != 0)
		(void)gm_fail_errno(err, GM_EIO, "%s", f->path);
	gm_outfile_release(f);
	return rc;
}

void
gm_outfile_release(struct gm_outfile *f)
{
	if (f->path == NULL)
		return;
	/* Before the lock goes. */
	if (f->aside != NULL)
		(void)unlink(f->aside);
	if (f->fd != -1)
		(void)close(f->fd);
	free(f->aside);
	free(f->path);
	*f = (struct gm_outfile){ .fd = -1 };
}
