#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/watch.h"

/* True if it is readable within ms. */
static bool
wakes(const struct gm_watch *w, int ms)
{
	struct pollfd fd = { .fd = w->fd, .events = POLLIN };

	return poll(&fd, 1, ms) == 1;
}

static int
open_watch(void **state)
{
	static struct gm_watch w;
	struct gm_err err;

	*state = &w;
	return gm_watch_open(&w, &err);
}

static int
close_watch(void **state)
{
	gm_watch_close(*state);
	return 0;
}

static void
test_descriptors(void **state)
{
	struct gm_watch *w = *state;
	struct gm_err err;
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_false(wakes(w, 0));
	assert_int_equal(gm_watch_set(w, in[0], POLLIN, &err), 0);
	assert_int_equal(gm_watch_set(w, in[0], POLLIN, &err), 0);
	assert_false(wakes(w, 0));
	assert_int_equal(gm_watch_set(w, out[1], POLLOUT, &err), 0);
	assert_true(wakes(w, 0));
	assert_int_equal(gm_watch_set(w, out[1], 0, &err), 0);
	assert_int_equal(gm_watch_set(w, out[1], 0, &err), 0);
	assert_false(wakes(w, 0));
	assert_int_equal(write(in[1], "x", 1), 1);
	assert_true(wakes(w, 60000));
	/* A descriptor that is not watched does not wake. */
	assert_int_equal(close(in[1]), 0);
	assert_int_equal(gm_watch_set(w, in[0], 0, &err), 0);
	assert_false(wakes(w, 0));
	(void)close(in[0]);
	(void)close(out[0]);
	(void)close(out[1]);
}

/* A file on disk is always ready, and is ignored. */
static void
test_file(void **state)
{
	char name[] = "/tmp/gm-unit-watch.XXXXXX";
	struct gm_err err;
	int fd = mkstemp(name);

	assert_int_not_equal(fd, -1);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(gm_watch_set(*state, fd, POLLIN, &err), 0);
	assert_int_equal(gm_watch_set(*state, fd, 0, &err), 0);
	assert_int_equal(gm_watch_set(*state, -1, POLLIN, &err), -1);
	assert_int_equal(err.code, GM_EOS);
	(void)close(fd);
}

static void
test_time(void **state)
{
	struct gm_watch *w = *state;
	int64_t now = gm_clock_mono_ms();
	struct gm_err err;

	assert_int_equal(gm_watch_at(w, now + 10000000, &err), 0);
	assert_false(wakes(w, 0));
	/* An expired timer stays readable until it is set again. */
	assert_int_equal(gm_watch_at(w, now - 1, &err), 0);
	assert_true(wakes(w, 60000));
	assert_int_equal(gm_watch_at(w, now - 1, &err), 0);
	assert_true(wakes(w, 60000));
	assert_int_equal(gm_watch_at(w, now + 30, &err), 0);
	assert_true(wakes(w, 60000));
	assert_true(gm_clock_mono_ms() >= now + 30);
	assert_int_equal(gm_watch_at(w, 0, &err), 0);
	assert_false(wakes(w, 0));
}

/* The earlier of two times wakes. */
static void
test_earlier_time(void **state)
{
	struct gm_watch *w = *state;
	int64_t now = gm_clock_mono_ms();
	struct gm_err err;

	assert_int_equal(gm_watch_by(w, now + 10000000, &err), 0);
	assert_int_equal(w->due_ms, now + 10000000);
	assert_false(wakes(w, 0));
	assert_int_equal(gm_watch_by(w, now - 1, &err), 0);
	assert_int_equal(w->due_ms, now - 1);
	assert_int_equal(gm_watch_by(w, now + 10000000, &err), 0);
	assert_int_equal(w->due_ms, now - 1);
	assert_true(wakes(w, 60000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_descriptors, open_watch, close_watch),
		cmocka_unit_test_setup_teardown(
		    test_file, open_watch, close_watch),
		cmocka_unit_test_setup_teardown(
		    test_time, open_watch, close_watch),
		cmocka_unit_test_setup_teardown(
		    test_earlier_time, open_watch, close_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
