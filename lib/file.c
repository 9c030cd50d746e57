#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "stop.h"

#define CHUNK ((size_t)64 * 1024) /* bytes read at once */
#define LINKS_MAX 40              /* more must be a loop, as Linux says */
#define DIGITS "0123456789"

/* Close after a failure, which errno goes on naming. */
static int
drop(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
	return -1;
}

/* Without waiting for the other end of a FIFO, now or later. */
static int
open_at_once(const char *path, int flags)
{
	int fd;

	do
		fd =
		    open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
	while (fd == -1 && errno == EINTR);
	return fd;
}

int
gm_file_open(const char *path, struct gm_err *err)
{
	int fd = open_at_once(path, O_RDONLY);

	if (fd == -1)
		return gm_fail_errno(err, GM_ENOINPUT, "%s", path);
	return fd;
}

/*
 * Only read(2) knows a FIFO without a writer, which is at its end, from one
 * that is silent, so it is asked first.  Returns what it does; -1 with *err.
 */
static ssize_t
read_once(int fd, const char *name, char *room, size_t len, struct gm_err *err)
{
	ssize_t n;

	do {
		n = read(fd, room, len);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return gm_fail_errno(err, GM_ENOINPUT, "%s", name);
	} while (gm_stop_poll(fd, POLLIN, 0, err) > 0);
	gm_err_prefix(err, "%s: ", name);
	return -1;
}

/* Returns 1, 0 at the end, or -1. */
static int
read_some(int fd, const char *name, struct gm_buf *out, struct gm_err *err)
{
	size_t left = out->max - out->len, want = left < CHUNK ? left : CHUNK;
	char probe, *room = &probe; /* full: is there one more? */
	ssize_t n;

	if (left > 0)
		room = gm_buf_room(out, want);
	if (room == NULL)
		return gm_buf_check(out, err);
	n = read_once(fd, name, room, left > 0 ? want : 1, err);
	if (n > 0 && left == 0)
		return gm_fail(
		    err, GM_EDATA, "%s: larger than %zu bytes", name, out->max);
	if (left > 0)
		gm_buf_filled(out, n > 0 ? (size_t)n : 0);
	return n > 0 ? 1 : (int)n;
}

int
gm_file_read(int fd, const char *name, struct gm_buf *out, struct gm_err *err)
{
	int rc;

	do
		rc = read_some(fd, name, out, err);
	while (rc == 1);
	return rc;
}

int
gm_file_slurp(const char *path, struct gm_buf *out, struct gm_err *err)
{
	int fd = gm_file_open(path, err), rc;

	if (fd == -1)
		return -1;
	rc = gm_file_read(fd, path, out, err);
	(void)drop(fd);
	return rc;
}

/* One write(2) that takes something, unless a signal or the deadline comes. */
static ssize_t
write_some(int fd, struct gm_span bytes, struct gm_err *err)
{
	ssize_t n;

	while (gm_stop_poll(fd, POLLOUT, 0, err) > 0) {
		n = write(fd, bytes.p, bytes.len);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return gm_fail(err, GM_EIO, "%s", strerror(errno));
	}
	return -1;
}

int
gm_file_write(int fd, struct gm_span bytes, struct gm_err *err)
{
	size_t piece;
	ssize_t n;

	while (bytes.len > 0) {
		/* More than this may wait for a reader. */
		piece = bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF;
		n = write_some(fd, (struct gm_span){ bytes.p, piece }, err);
		if (n == -1)
			return -1;
		bytes.p += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}

/*
 * A copy of the descriptor that a path names.  Opening such a path instead
 * would start at the beginning of a file, and fail on a socket.
 */
static bool
open_named(const char *path, int *fd)
{
	static const char dir[] = "/dev/fd/";
	const char *number = "";
	int named = -1;
	size_t digits;

	if (strncmp(path, dir, strlen(dir)) == 0)
		number = path + strlen(dir);
	digits = strspn(number, DIGITS);
	if (strcmp(path, "/dev/stdout") == 0)
		named = STDOUT_FILENO;
	else if (strcmp(path, "/dev/stderr") == 0)
		named = STDERR_FILENO;
	else if (digits > 0 && digits < 8 && number[digits] == '\0')
		named = (int)strtol(number, NULL, 10);
	if (named == -1)
		return false;
	*fd = fcntl(named, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return true;
}

int
gm_file_append(const char *path, struct gm_span line, struct gm_err *err)
{
	ssize_t n;
	bool named;
	int fd;

	named = open_named(path, &fd);
	if (!named)
		fd = open_at_once(path, O_WRONLY | O_APPEND | O_CREAT);
	if (fd == -1)
		return gm_fail_errno(err, GM_ECANTCREAT, "%s", path);
	/* A pipe takes a long line whole only if it may wait. */
	if (!named)
		(void)fcntl(fd, F_SETFL, O_APPEND);
	n = write_some(fd, line, err);
	if (n == -1) {
		gm_err_prefix(err, "%s: ", path);
		return drop(fd);
	}
	if (close(fd) != 0 && errno != EINTR)
		return gm_fail_errno(err, GM_EIO, "%s", path);
	if ((size_t)n < line.len)
		return gm_fail(err, GM_EIO,
		    "%s: only %zd of %zu bytes of a line were written", path, n,
		    line.len);
	return 0;
}

bool
gm_file_is_hashed_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		found = strspn(name, DIGITS "abcdef") == 8 && name[8] == '.' &&
		        name[9] != '\0' &&
		        name[9 + strspn(name + 9, DIGITS)] == '\0';
	}
	(void)closedir(dir);
	return found;
}

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

/* ".NAME.XXXXXX" beside the target; a long name is cut to leave room. */
static int
open_aside(struct gm_file_new *f)
{
	const char *slash = strrchr(f->path, '/');
	int dir = slash != NULL ? (int)(slash + 1 - f->path) : 0;
	size_t size = strlen(f->path) + sizeof("..XXXXXX");

	f->aside = malloc(size);
	if (f->aside == NULL)
		return -1;
	(void)snprintf(
	    f->aside, size, "%.*s.%.200s.XXXXXX", dir, f->path, f->path + dir);
	f->fd = mkstemp(f->aside);
	if (f->fd != -1)
		return fcntl(f->fd, F_SETFD, FD_CLOEXEC);
	free(f->aside); /* a name, but no file of ours */
	f->aside = NULL;
	return -1;
}

/* How the file shall be in the end; old is the one it replaces, or NULL. */
static void
choose_mode(struct gm_file_new *f, const struct stat *old)
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

static int
open_new(struct gm_file_new *f, const char *path)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	bool regular = !there || S_ISREG(st.st_mode);

	if (!there && (errno != ENOENT || path[0] == '\0'))
		return -1;
	f->path = resolve(path, regular ? LINKS_MAX : 0);
	if (f->path == NULL) {
		errno = ENOMEM; /* readlink() may have left another */
		return -1;
	}
	if (open_named(path, &f->fd))
		regular = false;
	else if (!regular) /* a signal ends the wait for a FIFO's reader */
		f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (!regular)
		return f->fd == -1 ? -1 : 0;
	/* A redirection would not overwrite what is write-protected. */
	if ((there && access(path, W_OK) != 0) || open_aside(f) != 0)
		return -1;
	choose_mode(f, there ? &st : NULL);
	return 0;
}

int
gm_file_create(struct gm_file_new *f, const char *path, struct gm_err *err)
{
	*f = (struct gm_file_new){ .fd = -1 };
	if (open_new(f, path) == 0)
		return 0;
	(void)gm_fail_errno(
	    err, errno == ENOMEM ? GM_EOS : GM_ECANTCREAT, "%s", path);
	gm_file_release(f);
	return -1;
}

int
gm_file_sync(int fd)
{
	int rc;

	do
		rc = fsync(fd);
	while (rc != 0 && errno == EINTR);
	return rc != 0 && errno != EINVAL && errno != ENOTSUP ? -1 : 0;
}

/* So that a new name outlives a power cut, too; cuts path short. */
static int
sync_directory(char *path)
{
	char *slash = strrchr(path, '/');
	int fd, rc;

	if (slash != NULL)
		slash[1] = '\0';
	fd = open_at_once(slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return 0; /* we may use it, but not read it */
	rc = gm_file_sync(fd);
	(void)drop(fd);
	return rc;
}

int
gm_file_commit(struct gm_file_new *f, struct gm_err *err)
{
	int fd = f->fd, rc = 0;

	if (f->aside != NULL) {
		/* Where there are no modes it stays as it was made. */
		(void)fchmod(fd, f->mode);
		rc = gm_file_sync(fd);
	}
	f->fd = -1;
	if (close(fd) != 0 && errno != EINTR)
		rc = -1;
	if (rc == 0 && f->aside != NULL)
		rc = rename(f->aside, f->path);
	if (rc == 0 && f->aside != NULL) {
		rc = sync_directory(f->aside);
		f->aside[0] = '\0'; /* nothing is left to remove */
	}
	if (rc != 0)
		(void)gm_fail_errno(err, GM_EIO, "%s", f->path);
	gm_file_release(f);
	return rc;
}

void
gm_file_release(struct gm_file_new *f)
{
	if (f->path == NULL)
		return;
	if (f->fd != -1)
		(void)close(f->fd);
	if (f->aside != NULL)
		(void)unlink(f->aside);
	free(f->aside);
	free(f->path);
	*f = (struct gm_file_new){ .fd = -1 };
}
