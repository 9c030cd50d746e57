#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/origin.h"

static const int a, b; /* two requests */

/* The first request leads until it has sent its head; then another may. */
static void
test_http2(void **state)
{
	struct gm_origin o = { .leader = NULL };

	(void)state;
	assert_false(gm_origin_is_busy(&o));
	assert_true(gm_origin_lead(&o, &a));
	assert_true(gm_origin_lead(&o, &a)); /* at its next address */
	assert_true(gm_origin_is_busy(&o));
	assert_false(gm_origin_lead(&o, &b));
	gm_origin_leave(&o, &b);
	assert_true(gm_origin_is_busy(&o));
	gm_origin_sent(&o, &a, GM_ORIGIN_HTTP2);
	assert_false(gm_origin_is_busy(&o));
	/* A second connection, while others send over the first. */
	assert_true(gm_origin_lead(&o, &b));
	gm_origin_sent(&o, &a, GM_ORIGIN_HTTP2);
	assert_true(gm_origin_is_busy(&o));
	assert_false(gm_origin_lead(&o, &a));
	gm_origin_sent(&o, &b, GM_ORIGIN_HTTP2);
	assert_false(gm_origin_is_busy(&o));
}

/* After a leader that fails the next request leads. */
static void
test_failure(void **state)
{
	struct gm_origin o = { .leader = NULL };

	(void)state;
	assert_true(gm_origin_lead(&o, &a));
	gm_origin_leave(&o, &a);
	assert_false(gm_origin_is_busy(&o));
	assert_true(gm_origin_lead(&o, &b));
	assert_false(gm_origin_lead(&o, &a));
}

/* Over HTTP/1 all may connect at once, until one is sent over HTTP/2. */
static void
test_http1(void **state)
{
	struct gm_origin o = { .leader = NULL };

	(void)state;
	assert_true(gm_origin_lead(&o, &a));
	gm_origin_sent(&o, &a, GM_ORIGIN_HTTP1);
	assert_true(gm_origin_lead(&o, &a));
	assert_true(gm_origin_lead(&o, &b));
	assert_false(gm_origin_is_busy(&o));
	gm_origin_sent(&o, &b, GM_ORIGIN_HTTP2);
	assert_true(gm_origin_lead(&o, &a));
	assert_false(gm_origin_lead(&o, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http2),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_http1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
