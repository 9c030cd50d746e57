#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/retryafter.h"

#define NOW INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */

static void
test_retry_after(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "0", 0 },
		{ "120", 120000 },
		{ "1.5", 1500 },
		{ "0.0000001", 1 },
		{ "3601", 3600000 },
		{ "99999999999999999999", 3600000 },
		/* the three forms of dates */
		{ "Sun, 22 Nov 2026 10:00:30 GMT", 30000 },
		{ "Sunday, 22-Nov-26 10:00:30 GMT", 30000 },
		{ "Sun Nov 22 10:00:30 2026", 30000 },
		{ "Sun, 22 Nov 2026 10:00:00 GMT", 0 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
		{ "Sun, 22 Nov 2026 11:00:00 GMT", 3600000 },
		{ "Sun, 22 Nov 2026 11:00:01 GMT", 3600000 },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", 3600000 },
		{ "Thu, 31 Dec 1998 23:59:60 GMT", 0 },
		{ NULL, -1 },
		{ "", -1 },
		{ "-5", -1 },
		{ "+5", -1 },
		{ "5s", -1 },
		{ "1.2.3", -1 },
		{ ".", -1 },
		{ "soon", -1 },
		{ "120, 120", -1 },
		{ "Sun", -1 },
		{ "Sun, 06 Nox 2094 08:49:37 GMT", -1 },
		{ "Sun, 32 Jan 2094 08:49:37 GMT", -1 },
		{ "Sun, 06 Nov 2094 24:00:00 GMT", -1 },
		{ "Sun, 06 Nov 2094 08:60:00 GMT", -1 },
		{ "Sun, 06 Nov 2094 08:00:61 GMT", -1 },
		{ "Sun, 22 Nov 2026 10:00:30 GMT "
		  "and very much more than a date has, so that it is none",
		    -1 },
	};
	int64_t got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		got = gm_retryafter_ms(gm_span_of(rows[i].text), NOW, 3600000);
		if (got != rows[i].want)
			fail_msg("'%s' gives %" PRId64, rows[i].text, got);
	}
	/* A moment after a whole second. */
	assert_int_equal(
	    gm_retryafter_ms(gm_span_of("Sun, 22 Nov 2026 10:00:30 GMT"),
		NOW + 250, 3600000),
	    29750);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
	    test_retry_after) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
