#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/exchange.h"

static void
test_header(void **state)
{
	static const struct {
		const char *headers, *want; /* NULL: there is none */
	} rows[] = {
		{ "", NULL },
		{ "\r\n", NULL },
		{ "Retry-After: 5\r\n\r\n", "5" },
		{ "retry-after:5\r\n", "5" },
		{ "RETRY-AFTER: \t5 s \r\n", "5 s" },
		{ "Retry-After:\r\n", "" },
		{ "Retry-After", NULL },
		{ "Retry-After \r\n", NULL },
		{ "Retry-After-All: 5\r\n", NULL },
		{ "X-Retry-After: 5\r\n", NULL },
		{ "A: b\r\nRetry-After: 5\r\nC: d\r\n\r\n", "5" },
		{ "Retry-After: 5\r\nretry-after: 6\r\n", "6" },
		{ "X: y\r\n Retry-After: 5\r\n", NULL },
	};
	struct gm_http_head head = { .status = 503 };
	struct gm_span got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		head.headers = gm_span_of(rows[i].headers);
		got = gm_http_header(&head, "retry-after");
		if (rows[i].want == NULL
			? got.p != NULL
			: got.p == NULL || !gm_span_is(got, rows[i].want))
			fail_msg("'%s' gives '%.*s'", rows[i].headers,
			    (int)got.len, got.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_header) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
