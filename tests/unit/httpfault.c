#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "httpfault.h"

static const struct {
	enum gm_http_fault fault;
	enum gm_class class;
	bool counts; /* a status of 400 and more */
} rows[] = {
	{ GM_HTTP_DONE, GM_CLASS_OK, true },
	{ GM_HTTP_NETWORK, GM_CLASS_NETWORK, true },
	{ GM_HTTP_SILENCE, GM_CLASS_SILENCE, true },
	{ GM_HTTP_CUT, GM_CLASS_CUT, true },
	{ GM_HTTP_TLS, GM_CLASS_TLS, true },
	{ GM_HTTP_PROXY, GM_CLASS_PROXY, true },
	{ GM_HTTP_GARBAGE, GM_CLASS_PROTOCOL, true },
	{ GM_HTTP_REFUSED, GM_CLASS_LOCAL, false },
	{ GM_HTTP_LOCAL, GM_CLASS_LOCAL, true },
};

static void
test_rows(void **state)
{
	static const long statuses[] = { 0, 200, 302, 399 };
	struct gm_http_result result;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		result = (struct gm_http_result){ .fault = rows[i].fault };
		assert_int_equal(
		    gm_httpfault_class(rows[i].fault), rows[i].class);
		for (j = 0; j < GM_LEN(statuses); j++) {
			result.head.status = statuses[j];
			assert_int_equal(gm_httpfault_has_verdict(&result),
			    rows[i].fault == GM_HTTP_DONE);
		}
		result.head.status = 400;
		assert_int_equal(
		    gm_httpfault_has_verdict(&result), rows[i].counts);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
