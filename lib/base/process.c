#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"

#define STACK_BYTES (1024 * 1024)

/*
 * Open /dev/null in the opposite direction, so that using the descriptor fails
 * as it would if it were closed.
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

int
gm_process_shortage(void)
{
	int fds[4], error = 0; /* resolver, its wake-up, certificates */
	size_t n;

	for (n = 0; n < GM_LEN(fds) && error == 0; n++) {
		fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fds[n] == -1)
			error = errno;
	}
	while (n > 0)
		if (fds[--n] != -1)
			(void)close(fds[n]);
	return error == EMFILE || error == ENFILE ? error : 0;
}

/* Set a soft limit unless bytes is -1; return the old one, or -1. */
static int64_t
set_limit(int resource, int64_t bytes)
{
	struct rlimit limit;
	rlim_t before;

	if (bytes < 0 || getrlimit(resource, &limit) != 0)
		return -1;
	before = limit.rlim_cur;
	limit.rlim_cur = bytes < INT64_MAX ? (rlim_t)bytes : RLIM_INFINITY;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(resource, &limit);
	return before < INT64_MAX ? (int64_t)before : INT64_MAX;
}

/* We need 64 KiB; libcurl, OpenSSL and the resolver need more. */
static int64_t
raise_stack(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) != 0 ||
	    limit.rlim_cur >= STACK_BYTES)
		return -1;
	return set_limit(RLIMIT_STACK, STACK_BYTES);
}

void
gm_process_prepare(struct gm_process_limits *before)
{
	before->core = set_limit(RLIMIT_CORE, 0);
	before->stack = raise_stack();
#ifndef GM_SANITIZED /* the leak sanitizer must attach */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void
gm_process_restore(const struct gm_process_limits *before)
{
	/* execve(2) makes the process dumpable again. */
	(void)set_limit(RLIMIT_CORE, before->core);
	(void)set_limit(RLIMIT_STACK, before->stack);
}

/* $JOURNAL_STREAM has the form "DEVICE:INODE". */
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
