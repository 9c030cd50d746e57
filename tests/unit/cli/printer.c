#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/printer.h"

static struct gm_watch watch;
static struct gm_out out;
static int reader; /* the other end of out, which is a pipe */

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

/* What the reader gets now. */
static const char *
taken(void)
{
	static char text[1000];
	struct pollfd fd = { .fd = reader, .events = POLLIN };
	ssize_t n = 0;

	if (poll(&fd, 1, 0) == 1)
		n = read(reader, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
put(struct gm_printer *p, int64_t number, const char *line)
{
	struct gm_err err;

	assert_int_equal(
	    gm_order_hold(&p->order, number, gm_span_of(line), &err), 0);
}

/* Between two results, whichever are missing, and not before or after them. */
static void
test_between(void **state)
{
	struct gm_printer p = {
		.out = &out, .watch = &watch, .between = gm_span_of("--\n")
	};
	struct gm_err err;

	(void)state;
	gm_order_init(&p.order, false);
	assert_int_equal(gm_printer_tick(&p, &err), 0);
	assert_false(p.begun);
	put(&p, 1, "");
	put(&p, 2, "b\n");
	put(&p, 4, "d\n");
	assert_int_equal(gm_printer_tick(&p, &err), 0);
	assert_string_equal(taken(), "b\n");
	assert_true(p.begun);
	put(&p, 3, "");
	put(&p, 6, "f\n");
	assert_int_equal(gm_printer_tick(&p, &err), 0);
	assert_string_equal(taken(), "--\nd\n");
	assert_int_equal(gm_printer_end(&p, &err), 0);
	assert_string_equal(taken(), "--\nf\n");
	assert_int_equal(gm_printer_end(&p, &err), 0);
	assert_string_equal(taken(), "");
	gm_printer_release(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_between, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
