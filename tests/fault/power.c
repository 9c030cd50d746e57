/*
 * Preloaded before libc: record what a disk would keep after a power cut, if it
 * keeps only what was synced.  For files with the name POWER_FILE, each write
 * and sync adds a line to the file POWER_LOG, with its time and the size of the
 * file, or of its synced part:
 *
 *	write MILLISECONDS SIZE
 *	sync MILLISECONDS SIZE
 *
 * Times are of the monotonic clock.  A sync takes no time.
 */

#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool
is_meant(int fd)
{
	const char *name = getenv("POWER_FILE");
	char link[64], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (name == NULL || n == -1)
		return false;
	path[n] = '\0';
	return strcmp(path, name) == 0;
}

static void
tell(const char *what, off_t size)
{
	const char *path = getenv("POWER_LOG");
	struct timespec now;
	char line[128];
	int fd, n;

	if (path == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	n = snprintf(line, sizeof(line), "%s %lld.%06ld %lld\n", what,
	    now.tv_sec * 1000LL + now.tv_nsec / 1000000, now.tv_nsec % 1000000,
	    (long long)size);
	(void)!syscall(SYS_write, fd, line, n);
	(void)close(fd);
}

static off_t
size_of(int fd)
{
	struct stat st = { .st_size = 0 };

	(void)fstat(fd, &st);
	return st.st_size;
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	ssize_t n = (ssize_t)syscall(SYS_write, fd, buf, len);

	if (n > 0 && is_meant(fd))
		tell("write", size_of(fd));
	return n;
}

int
fsync(int fd)
{
	off_t size = size_of(fd);

	if (is_meant(fd))
		tell("sync", size);
	return 0;
}
