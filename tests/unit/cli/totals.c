#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/totals.h"

#define MAX 1000

static void
test_times(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{ 0, "0 s" },
		{ 49, "0 s" },
		{ 50, "0.1 s" },
		{ 949, "0.9 s" },
		{ 950, "1 s" },
		{ 1049, "1 s" },
		{ 12345, "12.3 s" },
		{ 59949, "59.9 s" },
		{ 59950, "1 min 00 s" },
		{ 60000, "1 min 00 s" },
		{ 312400, "5 min 12 s" },
		{ 3599499, "59 min 59 s" },
		{ 3599500, "1 h 00 min" },
		{ 3600000 + 5 * 60000, "1 h 05 min" },
		{ 86399499, "23 h 59 min" },
		{ 86400000, "1 d 00 h" },
		{ INT64_C(1000) * 86400000, "1000 d 00 h" },
	};
	struct gm_buf got;
	size_t i;

	(void)state;
	gm_buf_init(&got, MAX);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&got);
		gm_totals_put_time(&got, rows[i].ms);
		assert_string_equal(gm_buf_str(&got), rows[i].want);
	}
	gm_buf_release(&got);
}

static void
test_rates(void **state)
{
	static const struct {
		double rate;
		const char *want;
	} rows[] = {
		{ 0, "0.0/h" },
		{ 0.0014, "5.0/h" },
		{ 0.0167, "1.0/min" },
		{ 0.04, "2.4/min" },
		{ 0.99, "59.4/min" },
		{ 1, "1.0/s" },
		{ 4.12, "4.1/s" },
		{ 9.94, "9.9/s" },
		{ 9.96, "10/s" },
		{ 406.4, "406/s" },
		{ 15234.9, "15235/s" },
	};
	struct gm_buf got;
	size_t i;

	(void)state;
	gm_buf_init(&got, MAX);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&got);
		gm_totals_put_rate(&got, rows[i].rate);
		assert_string_equal(gm_buf_str(&got), rows[i].want);
	}
	gm_buf_release(&got);
}

static void
test_sentences(void **state)
{
	static const struct {
		struct gm_totals totals;
		const char *want;
	} rows[] = {
		{ { 0 }, "0 records: 0 answered; 0 s" },
		{ { .records = 5000,
		      .answered = 4990,
		      .failed = 8,
		      .not_sent = 2,
		      .requests = 5001,
		      .retries = 3,
		      .tokens_in = 123456,
		      .tokens_out = 45678,
		      .tokens_total = 169134,
		      .total_ms = 12312 },
		    "5000 records: 4990 answered, 8 failed, 2 not sent; "
		    "12.3 s, 406/s; 123456 tokens in, 45678 out; 3 retries" },
		{ { .records = 1,
		      .answered = 1,
		      .retries = 1,
		      .tokens_in = 1,
		      .total_ms = 2000 },
		    "1 record: 1 answered; 2 s, 30.0/min; 1 token in, 0 out; "
		    "1 retry" },
		{ { .records = 10, .skipped = 10, .total_ms = 100 },
		    "10 records: 0 answered, 10 already done; 0.1 s" },
		{ { .records = 12,
		      .skipped = 2,
		      .failed = 10,
		      .total_ms = 1000 },
		    "12 records: 0 answered, 2 already done, 10 failed; 1 s, "
		    "10/s" },
		{ { .records = 3, .answered = 3 },
		    "3 records: 3 answered; 0 s" },
	};
	struct gm_buf got;
	size_t i;

	(void)state;
	gm_buf_init(&got, MAX);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&got);
		gm_totals_put(&got, &rows[i].totals, false);
		assert_string_equal(gm_buf_str(&got), rows[i].want);
	}
	gm_buf_release(&got);
}

static void
test_brief(void **state)
{
	const struct gm_totals totals = { .records = 2,
		.answered = 1,
		.failed = 1,
		.retries = 3,
		.tokens_in = 2,
		.tokens_out = 4,
		.total_ms = 2000 };
	struct gm_buf got;

	(void)state;
	gm_buf_init(&got, MAX);
	gm_totals_put(&got, &totals, true);
	assert_string_equal(gm_buf_str(&got),
	    "2 records: 1 answered, 1 failed; 2 s; 2 tokens in, 4 out");
	gm_buf_release(&got);
}

/* Two results: one with a retry, one without known tokens. */
static void
test_add(void **state)
{
	const struct gm_attempt attempt = { .provider = "gemini",
		.model = "m" };
	struct gm_totals t = { .records = 2 };
	struct gm_result o;

	(void)state;
	gm_result_init(&o);
	gm_result_add(&o, &attempt);
	gm_result_add(&o, &attempt);
	o.answer.usage = (struct gm_usage){ 10, -1, 20, 5, 35 };
	gm_totals_add(&t, &o);
	gm_result_release(&o);
	gm_result_init(&o);
	gm_totals_add(&t, &o); /* nothing was sent */
	gm_result_release(&o);
	assert_int_equal(t.records, 2);
	assert_int_equal(t.requests, 2);
	assert_int_equal(t.retries, 1);
	assert_int_equal(t.tokens_in, 10);
	assert_int_equal(t.tokens_out, 20);
	assert_int_equal(t.tokens_total, 35);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_brief),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
