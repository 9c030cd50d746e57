#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gm-prompt/results.h"

#define MANY 40000 /* lines: more than fit into a pipe */

static struct gm_watch watch;
static struct gm_out out;
static int reader; /* read end of the pipe out */

static int
set_up(void **state)
{
	struct gm_err err;
	int ends[2];

	(void)state;
	if (pipe(ends) != 0 || gm_watch_open(&watch, &err) != 0 ||
	    gm_out_open(&out, NULL, &err) != 0)
		return -1;
	out.fd = ends[1];
	out.regular = false;
	out.has_reader = true;
	reader = ends[0];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gm_watch_close(&watch);
	gm_out_release(&out);
	return close(out.fd) | close(reader);
}

static void
put(struct gm_results *r, int64_t number, const char *line)
{
	struct gm_err err;

	assert_int_equal(
	    gm_results_put(r, number, NULL, gm_span_of(line), &err), 0);
}

/* Check what the reader gets now. */
static const char *
taken(void)
{
	static char text[70000];
	struct pollfd fd = { .fd = reader, .events = POLLIN };
	ssize_t n = 0;

	if (poll(&fd, 1, 0) == 1)
		n = read(reader, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static bool
wakes(void)
{
	struct pollfd fd = { .fd = watch.fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/* Lines come in the order of the input; one without a line is skipped. */
static void
test_ordered(void **state)
{
	struct gm_results r = { .printer = { .out = &out, .watch = &watch } };
	struct gm_err err;

	(void)state;
	gm_order_init(&r.printer.order, false);
	put(&r, 2, "b\n");
	put(&r, 3, "");
	put(&r, 5, "e\n");
	assert_int_equal(gm_results_tick(&r, &err), 0);
	assert_string_equal(taken(), "");
	put(&r, 1, "a\n");
	assert_int_equal(gm_results_tick(&r, &err), 0);
	assert_string_equal(taken(), "a\nb\n");
	/* At the end lines do not wait for records without a result. */
	assert_int_equal(gm_results_end(&r, &err), 0);
	assert_string_equal(taken(), "e\n");
	gm_results_release(&r);
}

static void
test_unordered(void **state)
{
	struct gm_results r = { .printer = { .out = &out, .watch = &watch } };
	struct gm_err err;

	(void)state;
	gm_order_init(&r.printer.order, true);
	put(&r, 3, "c\n");
	put(&r, 1, "a\n");
	assert_int_equal(gm_results_tick(&r, &err), 0);
	assert_string_equal(taken(), "c\na\n");
	assert_int_equal(gm_results_end(&r, &err), 0);
	gm_results_release(&r);
}

/*
 * The loop does not wait for a slow reader, and is woken when it reads.  Each
 * line comes once.  When too many wait, the results are full.
 */
static void
test_slow_reader(void **state)
{
	struct gm_results r = { .printer = { .out = &out, .watch = &watch } };
	struct gm_err err;
	char line[32], *all = calloc(MANY, sizeof(line));
	size_t len = 0, sent = 0, n;
	const char *text;
	int64_t i;

	(void)state;
	assert_non_null(all);
	gm_order_init(&r.printer.order, false);
	for (i = 1; i <= MANY; i++) {
		(void)snprintf(
		    line, sizeof(line), "a line %lld\n", (long long)i);
		put(&r, i, line);
		sent += (size_t)sprintf(all + sent, "%s", line);
		assert_int_equal(gm_results_tick(&r, &err), 0);
	}
	assert_true(gm_results_is_full(&r));
	assert_false(wakes());
	for (i = 0; (n = strlen(text = taken())) > 0; i++) {
		assert_memory_equal(text, all + len, n);
		len += n;
		assert_int_equal(gm_results_tick(&r, &err), 0);
	}
	assert_true(i > 1);
	assert_int_equal(len, sent);
	assert_false(wakes());
	assert_false(gm_results_is_full(&r));
	assert_int_equal(gm_results_end(&r, &err), 0);
	gm_results_release(&r);
	free(all);
}

/* Lines are written to a file at once, or in order if that is set. */
static void
test_journal(void **state)
{
	char name[] = "/tmp/gm-unit-results.XXXXXX", text[100] = "";
	struct gm_journal_options options = { .path = name,
		.mode = GM_JOURNAL_OVERWRITE };
	struct gm_journal journal;
	struct gm_err err;
	int fd = mkstemp(name), ordered;

	(void)state;
	assert_int_not_equal(fd, -1);
	for (ordered = 0; ordered < 2; ordered++) {
		struct gm_results r = { .journal = &journal,
			.ordered = ordered };

		assert_int_equal(gm_journal_open(&journal, &options, &err), 0);
		gm_order_init(&r.printer.order, false);
		put(&r, 2, "b\n");
		put(&r, 1, "a\n");
		put(&r, 3, "");
		assert_int_equal(gm_results_tick(&r, &err), 0);
		assert_int_equal(gm_results_end(&r, &err), 0);
		assert_int_equal(gm_journal_finish(&journal, true, &err), 0);
		memset(text, 0, sizeof(text));
		assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 4);
		assert_string_equal(text, ordered ? "a\nb\n" : "b\na\n");
		gm_results_release(&r);
	}
	(void)close(fd);
	(void)unlink(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_ordered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_unordered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_slow_reader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_journal, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
