#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sync.h"

static int
wait_for_result(struct gm_sync *s)
{
	struct pollfd ready = { .fd = gm_sync_fd(s), .events = POLLIN };
	int error = -1;

	assert_int_equal(poll(&ready, 1, 60000), 1);
	assert_true(gm_sync_end(s, &error));
	return error;
}

/* Two syncs in order, each with its result. */
static void
test_results(void **state)
{
	char name[] = "/tmp/gm-unit-sync.XXXXXX";
	struct gm_sync sync, *s = &sync;
	int fd = mkstemp(name), error = -1, i;

	(void)state;
	assert_int_equal(gm_sync_open(s, 0), 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(unlink(name), 0);
	assert_false(gm_sync_end(s, &error));
	for (i = 0; i < 3; i++) {
		assert_int_equal(gm_sync_begin(s, fd), 0);
		assert_int_equal(wait_for_result(s), 0);
		assert_int_equal(gm_sync_begin(s, -1), 0);
		assert_int_equal(wait_for_result(s), EBADF);
	}
	assert_false(gm_sync_end(s, &error));
	(void)close(fd);
	gm_sync_close(s, &error);
}

/* gm_sync_close() waits for pending syncs. */
static void
test_close(void **state)
{
	struct gm_sync sync, *s = &sync;
	int error = 0;

	(void)state;
	assert_int_equal(gm_sync_open(s, 0), 0);
	assert_int_equal(gm_sync_begin(s, -1), 0);
	gm_sync_close(s, &error);
	assert_int_equal(error, EBADF);
	assert_int_equal(gm_sync_open(s, 0), 0);
	gm_sync_close(s, &error);
	assert_int_equal(error, 0); /* nothing was pending */
}

/* gm_sync_close() ends the wait, and both syncs are done. */
static void
test_nap(void **state)
{
	struct gm_sync sync, *s = &sync;
	struct pollfd ready = { .events = POLLIN };
	int fd = dup(STDERR_FILENO), error;

	(void)state;
	assert_int_equal(gm_sync_open(s, 60 * 60 * 1000), 0);
	assert_int_equal(gm_sync_begin(s, fd), 0);
	assert_int_equal(gm_sync_begin(s, -1), 0);
	ready.fd = gm_sync_fd(s);
	assert_int_equal(poll(&ready, 1, 20), 0);
	gm_sync_close(s, &error);
	assert_int_equal(error, EBADF); /* the error of the second sync */
	(void)close(fd);
}

/* gm_sync_abandon() does not wait; the thread closes its pipes at its end. */
static void
test_abandon(void **state)
{
	struct pollfd end = { .fd = -1 };
	struct gm_sync sync, *s = &sync;

	(void)state;
	assert_int_equal(gm_sync_open(s, 0), 0);
	end.fd = dup(s->jobs[1]); /* has an error once the thread has ended */
	assert_int_not_equal(end.fd, -1);
	assert_int_equal(gm_sync_begin(s, -1), 0);
	gm_sync_abandon(s);
	assert_int_equal(poll(&end, 1, 60000), 1);
	assert_int_equal(end.revents, POLLERR);
	(void)close(end.fd);
}

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

/* Signals are delivered to the main thread. */
static void
test_signals(void **state)
{
	struct sigaction action = { .sa_handler = catch };
	struct gm_sync sync, *s = &sync;
	sigset_t term, before, now;
	int error;

	(void)state;
	assert_int_equal(sigaction(SIGTERM, &action, NULL), 0);
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, &before);
	assert_int_equal(gm_sync_open(s, 0), 0);
	(void)sigprocmask(SIG_BLOCK, NULL, &now);
	assert_int_equal(sigismember(&now, SIGINT), 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(gm_sync_begin(s, -1), 0);
	(void)wait_for_result(s);
	assert_int_equal(caught, 0); /* not delivered to the other thread */
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(caught, SIGTERM);
	gm_sync_close(s, &error);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_nap),
		cmocka_unit_test(test_abandon),
		cmocka_unit_test(test_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
