#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stop.h"

#define CHUNK ((size_t)64 * 1024) /* bytes read at once */
#define DIGITS "0123456789"
#define LINKS_MAX 40      /* as Linux: more must be a loop */
#define PROC_MAGIC 0x9fa0 /* f_type of statfs(2) for /proc */
#define TASKS "/task/"

int
gm_file_drop(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
	return -1;
}

int
gm_file_openat(int dir, const char *path, int flags)
{
	int fd;

	do
		fd = openat(
		    dir, path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
	while (fd == -1 && errno == EINTR && gm_stop_stage() != GM_STOP_NOW);
	return fd;
}

int
gm_file_fail_open(enum gm_code code, const char *path, struct gm_err *err)
{
	if (errno != EINTR)
		return gm_fail_errno(err, code, "%s", path);
	(void)gm_stop_fail(err);
	gm_err_prefix(err, "%s: ", path);
	errno = EINTR;
	return -1;
}

int
gm_file_open(const char *path, struct gm_err *err)
{
	int fd = gm_file_openat(AT_FDCWD, path, O_RDONLY);

	return fd == -1 ? gm_file_fail_open(GM_ENOINPUT, path, err) : fd;
}

/*
 * Call read(2), and wait for input if there is none.  read(2) comes first, as
 * only it distinguishes a FIFO without a writer (at its end) from one whose
 * writer is idle.  Returns as read(2) does; fills *err for -1.
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
	} while (gm_stop_poll(fd, POLLIN, 0, GM_STOP_DRAIN, err) > 0);
	gm_err_prefix(err, "%s: ", name);
	return -1;
}

int
gm_file_read_some(
    int fd, const char *name, struct gm_buf *out, struct gm_err *err)
{
	size_t left = out->max - out->len, want = left < CHUNK ? left : CHUNK;
	char probe,
	    *room = &probe; /* if *out is full: is there another byte? */
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
		rc = gm_file_read_some(fd, name, out, err);
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
	(void)gm_file_drop(fd);
	return rc;
}

bool
gm_file_has_reader(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		   (S_ISCHR(st.st_mode) && isatty(fd) == 1));
}

/*
 * Call write(2) until it takes at least a byte, or stop at the stage obeys.  If
 * poll(2) fails, try write(2) once, for the sake of its errno.
 */
static ssize_t
write_some(
    int fd, struct gm_span bytes, enum gm_stop_stage obeys, struct gm_err *err)
{
	bool waits = gm_file_has_reader(fd);
	ssize_t n;
	int rc;

	do {
		rc = waits ? gm_stop_poll(fd, POLLOUT, 0, obeys, err)
		           : gm_stop_check(obeys, err);
		if (rc < 0 && err->code != GM_EOS)
			return -1;
		n = write(fd, bytes.p, bytes.len);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return gm_fail(err, GM_EIO, "%s", strerror(errno));
		waits = waits || errno == EAGAIN; /* a FIFO without room */
	} while (rc > 0);
	return -1;
}

int
gm_file_write(
    int fd, struct gm_span bytes, enum gm_stop_stage obeys, struct gm_err *err)
{
	size_t piece;
	ssize_t n;

	while (bytes.len > 0) {
		/*
		 * Write pieces of PIPE_BUF: a pipe that is ready takes no more
		 * at once.
		 */
		piece = bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF;
		n = write_some(
		    fd, (struct gm_span){ bytes.p, piece }, obeys, err);
		if (n == -1)
			return -1;
		bytes.p += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}

/* The offset of the last part of a path. */
static size_t
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

/* The directory of path, without links and dots; NULL if it does not exist. */
static char *
real_directory(const char *path)
{
	char *dir = strdup(path), *real;

	if (dir == NULL)
		return NULL;
	dir[last_part(path)] = '\0';
	real = realpath(dir[0] != '\0' ? dir : ".", NULL);
	free(dir);
	return real;
}

bool
gm_file_is_proc(const char *path)
{
	char *dir = real_directory(path);
	struct statfs st;
	bool is =
	    dir != NULL && statfs(dir, &st) == 0 && st.f_type == PROC_MAGIC;

	free(dir);
	return is;
}

char *
gm_file_target(const char *path)
{
	char target[PATH_MAX], *result;
	struct gm_buf at;
	ssize_t n;
	int max = LINKS_MAX;

	gm_buf_init(&at, (size_t)(LINKS_MAX + 1) * PATH_MAX);
	gm_buf_puts(&at, path);
	while (max-- > 0 && at.failed == GM_OK &&
	       !gm_file_is_proc(gm_buf_str(&at))) {
		n = readlink(gm_buf_str(&at), target, sizeof(target));
		if (n == -1)
			break;
		gm_buf_cut(
		    &at, target[0] == '/' ? 0 : last_part(gm_buf_str(&at)));
		gm_buf_put(&at, target, (size_t)n);
	}
	result = gm_buf_take(&at);
	gm_buf_release(&at);
	return result;
}

/* True if dir is our "/proc/PID/fd", or "/proc/PID/task/TID/fd". */
static bool
is_our_directory(const char *dir)
{
	char *self = realpath("/proc/self", NULL);
	size_t len = self != NULL ? strlen(self) : 0;
	bool is = false;

	if (self != NULL && strncmp(dir, self, len) == 0) {
		dir += len;
		if (strncmp(dir, TASKS, strlen(TASKS)) == 0) {
			dir += strlen(TASKS);
			dir += strspn(dir, DIGITS);
		}
		is = strcmp(dir, "/fd") == 0;
	}
	free(self);
	return is;
}

/*
 * Compare names alone, for a target whose directory does not exist (no /proc).
 */
static bool
is_in_name(const char *target)
{
	static const char *const dirs[] = { "/dev/fd/", "/proc/self/fd/",
		"/proc/thread-self/fd/" };
	size_t i;

	for (i = 0; i < GM_LEN(dirs); i++)
		if (strlen(dirs[i]) == last_part(target) &&
		    strncmp(target, dirs[i], last_part(target)) == 0)
			return true;
	return false;
}

/* The number of the descriptor that a target names; -1: none. */
static int
number_of(const char *target)
{
	const char *number = target + last_part(target);
	size_t digits = strspn(number, DIGITS);
	char *dir;
	bool ours;

	if (strcmp(target, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(target, "/dev/stderr") == 0)
		return STDERR_FILENO;
	if (digits == 0 || digits >= 8 || number[digits] != '\0')
		return -1;
	dir = real_directory(target);
	ours = dir != NULL ? is_our_directory(dir) : is_in_name(target);
	free(dir);
	return ours ? (int)strtol(number, NULL, 10) : -1;
}

bool
gm_file_named(const char *path, int *fd)
{
	char *target = gm_file_target(path);
	int named, flags;

	*fd = -1;
	errno = ENOMEM;
	if (target == NULL)
		return true;
	named = number_of(target);
	free(target);
	if (named == -1)
		return false;
	/* Our own descriptors are close-on-exec; inherited ones cannot be. */
	flags = fcntl(named, F_GETFD);
	if (named > STDERR_FILENO && flags != -1 && (flags & FD_CLOEXEC) != 0)
		errno = EBADF;
	else
		*fd = fcntl(named, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return true;
}

/* Remove a part of a line at the end, unless another process wrote after it. */
static void
take_back(int fd, off_t part)
{
	off_t end = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (end >= part && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == end)
		(void)!ftruncate(fd, end - part);
}

int
gm_file_append(const char *path, struct gm_span line, struct gm_err *err)
{
	ssize_t n;
	bool named;
	int fd;

	named = gm_file_named(path, &fd);
	if (!named)
		fd = gm_file_openat(
		    AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT);
	if (fd == -1)
		return gm_file_fail_open(GM_ECANTCREAT, path, err);
	/* Block: a pipe takes a line over PIPE_BUF in one write only then. */
	if (!named)
		(void)fcntl(fd, F_SETFL, O_APPEND);
	n = write_some(fd, line, GM_STOP_NOW, err);
	if (n == -1) {
		gm_err_prefix(err, "%s: ", path);
		return gm_file_drop(fd);
	}
	/* A full disk: half a line would spoil the next one. */
	if ((size_t)n < line.len)
		take_back(fd, n);
	if (close(fd) != 0 && errno != EINTR)
		return gm_fail_errno(err, GM_EIO, "%s", path);
	if ((size_t)n < line.len)
		return gm_fail(err, GM_EIO,
		    "%s: only %zd of %zu bytes of a line were written", path, n,
		    line.len);
	return 0;
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
