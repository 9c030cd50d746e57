#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/forecast.h"

static const struct {
	struct gm_forecast f;
	const char *text, *json;
} rows[] = {
	/* More than fits into any time. */
	{ { .requests = INT64_MAX,
	      .tokens = INT64_MAX,
	      .rpm = 1,
	      .projects = 1 },
	    "9223372036854775807 requests, about 9223372036854775807 input "
	    "tokens\nat least 11574074 d 01 h because of GM_RPM, with 1 quota "
	    "project\n",
	    "{\"requests\":9223372036854775807,\"invalid\":0,"
	    "\"tokens\":9223372036854775807,\"projects\":1,"
	    "\"limit\":\"GM_RPM\",\"seconds\":1000000000000}\n" },
	{ { .requests = 0, .projects = 1 },
	    "0 requests, about 0 input tokens\n"
	    "no rate limit is set (GM_RPM, GM_TPM)\n",
	    "{\"requests\":0,\"invalid\":0,\"tokens\":0,\"projects\":1,"
	    "\"limit\":null,\"seconds\":null}\n" },
	/* The first request need not wait. */
	{ { .requests = 1, .tokens = 5, .rpm = 1, .projects = 1 },
	    "1 request, about 5 input tokens\n"
	    "no rate limit delays it\n",
	    "{\"requests\":1,\"invalid\":0,\"tokens\":5,\"projects\":1,"
	    "\"limit\":null,\"seconds\":null}\n" },
	{ { .requests = 61, .tokens = 610, .rpm = 60, .projects = 1 },
	    "61 requests, about 610 input tokens\n"
	    "at least 1 min 00 s because of GM_RPM, with 1 quota project\n",
	    "{\"requests\":61,\"invalid\":0,\"tokens\":610,\"projects\":1,"
	    "\"limit\":\"GM_RPM\",\"seconds\":60}\n" },
	/* Projects share the work; the longest time counts. */
	{ { .requests = 102,
	      .invalid = 3,
	      .tokens = 102000,
	      .rpm = 60,
	      .tpm = 10000,
	      .projects = 2 },
	    "102 requests, about 102000 input tokens\n"
	    "3 records cannot be sent\n"
	    "at least 5 min 00 s because of GM_TPM, with 2 quota projects\n",
	    "{\"requests\":102,\"invalid\":3,\"tokens\":102000,"
	    "\"projects\":2,\"limit\":\"GM_TPM\",\"seconds\":300}\n" },
	{ { .requests = 11, .tokens = 1, .sleep_ms = 250, .projects = 5 },
	    "11 requests, about 1 input tokens\n"
	    "at least 2.5 s because of --sleep-ms, with 5 quota projects\n",
	    "{\"requests\":11,\"invalid\":0,\"tokens\":1,\"projects\":5,"
	    "\"limit\":\"--sleep-ms\",\"seconds\":3}\n" },
	{ { .requests = 251,
	      .invalid = 1,
	      .tokens = 251,
	      .rpd = 125,
	      .projects = 1 },
	    "251 requests, about 251 input tokens\n"
	    "1 record cannot be sent\n"
	    "at least 2 d 00 h because of GM_RPD, with 1 quota project\n",
	    "{\"requests\":251,\"invalid\":1,\"tokens\":251,\"projects\":1,"
	    "\"limit\":\"GM_RPD\",\"seconds\":172800}\n" },
};

static void
test_put(void **state)
{
	struct gm_buf out;
	size_t i;

	(void)state;
	gm_buf_init(&out, 10000);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&out);
		gm_forecast_put(&rows[i].f, false, &out);
		assert_string_equal(gm_buf_str(&out), rows[i].text);
		gm_buf_reset(&out);
		gm_forecast_put(&rows[i].f, true, &out);
		assert_string_equal(gm_buf_str(&out), rows[i].json);
	}
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
