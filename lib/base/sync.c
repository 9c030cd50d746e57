/* For pipe2(2). */
#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sync.h"

static bool
take(int fd, int *value)
{
	ssize_t n;

	do
		n = read(fd, value, sizeof(*value));
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(*value);
}

static bool
give(int fd, int value)
{
	ssize_t n;

	do
		n = write(fd, &value, sizeof(value));
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(value);
}

/* Until the other end of the jobs is closed, nap_ms at most. */
static void
nap(const struct gm_sync *s)
{
	struct pollfd jobs = { .fd = s->jobs[0] };

	if (s->nap_ms > 0)
		(void)poll(&jobs, 1, s->nap_ms);
}

/* The end of the results says that there will be none any more. */
static void *
run(void *arg)
{
	struct gm_sync *s = arg;
	int fd;

	while (take(s->jobs[0], &fd)) {
		nap(s);
		if (!give(s->results[1], gm_file_sync(fd) == 0 ? 0 : errno))
			break;
	}
	(void)close(s->results[1]);
	return NULL;
}

static int
start(struct gm_sync *s)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&s->thread, NULL, run, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return errno == 0 ? 0 : -1;
}

static void
close_both(const int ends[2])
{
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int
gm_sync_open(struct gm_sync *s, int nap_ms)
{
	s->nap_ms = nap_ms;
	if (pipe2(s->jobs, O_CLOEXEC) != 0)
		return -1;
	if (pipe2(s->results, O_CLOEXEC) == 0) {
		if (fcntl(s->results[0], F_SETFL, O_NONBLOCK) == 0 &&
		    start(s) == 0)
			return 0;
		close_both(s->results);
	}
	close_both(s->jobs);
	return -1;
}

int
gm_sync_fd(const struct gm_sync *s)
{
	return s->results[0];
}

int
gm_sync_begin(struct gm_sync *s, int fd)
{
	return give(s->jobs[1], fd) ? 0 : -1;
}

bool
gm_sync_end(struct gm_sync *s, int *error)
{
	errno = EIO; /* of a thread that has ended */
	if (!take(s->results[0], error)) {
		if (errno == EAGAIN)
			return false;
		*error = errno;
	}
	return true;
}

void
gm_sync_close(struct gm_sync *s, int *error)
{
	int result;

	(void)close(s->jobs[1]);
	(void)pthread_join(s->thread, NULL);
	*error = 0;
	while (take(s->results[0], &result))
		if (*error == 0)
			*error = result;
	(void)close(s->jobs[0]);
	(void)close(s->results[0]);
}
