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

/* Pieces of each size, twice. */
static void
test_body_of(void **state)
{
	static const char text[] = "0123456789";
	struct gm_body_span source;
	struct gm_body body;
	char got[20];
	size_t size, at;
	int64_t n;
	int round;

	(void)state;
	assert_null(gm_body_of(&source, gm_span_of("")).read);
	for (size = 1; size < 12; size++) {
		body = gm_body_of(&source, gm_span_of(text));
		assert_int_equal(body.len, 10);
		for (round = 0; round < 2; round++) {
			for (at = 0; (n = body.read(
					  body.arg, got + at, size, NULL)) > 0;
			     at += (size_t)n)
				assert_true(n <= (int64_t)size);
			assert_int_equal(n, 0);
			assert_int_equal(at, 10);
			assert_memory_equal(got, text, 10);
			assert_int_equal(body.rewind(body.arg, NULL), 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_header),
		cmocka_unit_test(test_body_of) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
