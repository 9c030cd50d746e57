/* For pipe2(2). */
#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
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

/* The thread's own copy: after gm_sync_abandon() it outlives struct gm_sync. */
struct ends {
	int jobs, results, nap_ms;
};

/* Wait nap_ms, or until gm_sync_close() closes the other end of jobs. */
static void
nap(const struct ends *ends)
{
	struct pollfd jobs = { .fd = ends->jobs };

	if (ends->nap_ms > 0)
		(void)poll(&jobs, 1, ends->nap_ms);
}

/* Close results at the end, so that readers see that no more will come. */
static void *
run(void *arg)
{
	const struct ends ends = *(struct ends *)arg;
	int fd;

	free(arg);
	while (take(ends.jobs, &fd)) {
		nap(&ends);
		if (!give(ends.results, gm_file_sync(fd) == 0 ? 0 : errno))
			break;
	}
	(void)close(ends.jobs);
	(void)close(ends.results);
	return NULL;
}

static int
start(struct gm_sync *s, int nap_ms)
{
	struct ends *ends = malloc(sizeof(*ends));
	sigset_t all, before;

	if (ends == NULL)
		return -1;
	*ends = (struct ends){ s->jobs[0], s->results[1], nap_ms };
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&s->thread, NULL, run, ends);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (errno == 0)
		return 0;
	free(ends);
	return -1;
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
	if (pipe2(s->jobs, O_CLOEXEC) != 0)
		return -1;
	if (pipe2(s->results, O_CLOEXEC) == 0) {
		if (fcntl(s->results[0], F_SETFL, O_NONBLOCK) == 0 &&
		    start(s, nap_ms) == 0)
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
	errno = EIO; /* if the thread has ended */
	if (!take(s->results[0], error)) {
		if (errno == EAGAIN)
			return false;
		*error = errno;
	}
	return true;
}

/* With results closed the thread gets EPIPE, not SIGPIPE, which it blocks. */
void
gm_sync_abandon(struct gm_sync *s)
{
	(void)pthread_detach(s->thread);
	(void)close(s->jobs[1]);
	(void)close(s->results[0]);
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
	(void)close(s->results[0]);
}
