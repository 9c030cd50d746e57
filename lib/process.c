#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

/*
 * A descriptor that was closed is held by /dev/null, opened the wrong way
 * round: using it fails, and no file of ours gets its number.
 */
int
gm_process_hold(bool *stdin_closed, struct gm_err *err)
{
	int fd, got;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		got = open(
		    "/dev/null", (fd == 0 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
		if (got != fd)
			return gm_fail_errno(err, GM_EOS, "/dev/null");
		if (fd == 0)
			*stdin_closed = true;
	}
	return 0;
}

/* The soft limit of core files; returns what it was, or -1. */
static int64_t
limit_core(int64_t bytes)
{
	struct rlimit limit;
	rlim_t before;

	if (bytes < 0 || getrlimit(RLIMIT_CORE, &limit) != 0)
		return -1;
	before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)bytes;
	if (bytes == INT64_MAX)
		limit.rlim_cur = RLIM_INFINITY;
	(void)setrlimit(RLIMIT_CORE, &limit);
	return before < INT64_MAX ? (int64_t)before : INT64_MAX;
}

/* Keys shall not reach a core file or a debugger. */
int64_t
gm_process_hide(void)
{
	int64_t before = limit_core(0);

#ifndef GM_SANITIZED /* the leak sanitizer must attach */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	return before;
}

void
gm_process_show(int64_t core_limit)
{
	(void)limit_core(core_limit); /* the rest is undone by execve(2) */
}

/* The stream is named by device and inode. */
bool
gm_process_is_journal(const char *stream)
{
	unsigned long long device, inode;
	struct stat st;
	char *end;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	device = strtoull(stream, &end, 10);
	if (*end != ':')
		return false;
	inode = strtoull(end + 1, &end, 10);
	return *end == '\0' && device == (unsigned long long)st.st_dev &&
	       inode == (unsigned long long)st.st_ino;
}
