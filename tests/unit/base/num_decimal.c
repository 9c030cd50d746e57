#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"

/* want is JSON's form, or the message with which text is refused. */
struct row {
	const char *text, *want;
};

static void
assert_same(const char *text, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("'%s' gives \"%s\", not \"%s\"", text, got, want);
}

#define NOT_0_TO_2 "not a number from 0 to 2"

static const struct row decimals[] = {
	{ "0.7", "0.7" },
	{ ".7", "0.7" },
	{ "0", "0" },
	{ "2", "2" },
	{ "2.000", "2.000" },
	{ "007", NOT_0_TO_2 },
	{ "00.70", "0.70" },
	{ "-0", "-0" },
	{ "1e-2", "1e-2" },
	{ "1E+00", "1E+00" },
	{ ".2e1", "0.2e1" },
	{ "20e-1", "20e-1" },
	{ "1e-400", "1e-400" },
	{ "0e999999999999999999999", "0e999999999999999999999" },
	{ "20000000000000000000000000000e-28",
	    "20000000000000000000000000000e-28" },
	{ ".0000000000000000000000000000000000000000000000000000000002e58",
	    "0.0000000000000000000000000000000000000000000000000000000002e58" },
	{ "1.9999999999999999999999999", "1.9999999999999999999999999" },
	{ "2.0000000000001", NOT_0_TO_2 },
	{ "2.1", NOT_0_TO_2 },
	{ "-.1", NOT_0_TO_2 },
	{ "1e1", NOT_0_TO_2 },
	{ "1e400", NOT_0_TO_2 },
	{ "1e99999999999999999999", NOT_0_TO_2 },
	{ "-1e400", NOT_0_TO_2 },
	{ "nan", NOT_0_TO_2 },
	{ "inf", NOT_0_TO_2 },
	{ "0x1", NOT_0_TO_2 },
	{ "", NOT_0_TO_2 },
	{ "-", NOT_0_TO_2 },
	{ ".", NOT_0_TO_2 },
	{ "1.", NOT_0_TO_2 },
	{ "1.e1", NOT_0_TO_2 },
	{ ".e1", NOT_0_TO_2 },
	{ "1e", NOT_0_TO_2 },
	{ "1e+", NOT_0_TO_2 },
	{ "1e-+1", NOT_0_TO_2 },
	{ "+1", NOT_0_TO_2 },
	{ "--1", NOT_0_TO_2 },
	{ "0,7", NOT_0_TO_2 },
	{ "1 ", NOT_0_TO_2 },
	{ "1.0.0", NOT_0_TO_2 },
	{ "0.00000000000000000000000000000000000000000000000000000000000001",
	    "0.000000000000000000000000000000000000000000000000000000000000"
	    "01" },
	{ "0.000000000000000000000000000000000000000000000000000000000000001",
	    NOT_0_TO_2 },
};

static void
test_decimal(void **state)
{
	struct gm_buf out;
	struct gm_err err;
	size_t i;

	(void)state;
	gm_buf_init(&out, 1000);
	for (i = 0; i < GM_LEN(decimals); i++) {
		const char *text = decimals[i].text;

		gm_buf_reset(&out);
		if (gm_num_decimal(&out, text, 0, 2, &err) == 0) {
			assert_same(text, gm_buf_str(&out), decimals[i].want);
		} else {
			assert_same(text, err.msg, decimals[i].want);
			assert_int_equal(err.code, GM_EUSAGE);
			assert_int_equal(out.len, 0);
		}
	}
	gm_buf_release(&out);
}

static void
test_decimal_range(void **state)
{
	static const struct {
		double min, max;
		const char *want;
	} rows[] = {
		{ -2, 2, "not a number from -2 to 2" },
		{ 0.5, 1.25, "not a number from 0.5 to 1.25" },
		{ 0, 0.9999, "not a number from 0 to 1" },
		{ -0.125, 100, "not a number from -0.125 to 100" },
		{ 0, 1000000, "not a number from 0 to 1000000" },
	};
	struct gm_buf out;
	struct gm_err err;
	size_t i;

	(void)state;
	gm_buf_init(&out, 3);
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(
		    gm_num_decimal(&out, "x", rows[i].min, rows[i].max, &err),
		    -1);
		assert_string_equal(err.msg, rows[i].want);
	}
	assert_int_equal(gm_num_decimal(&out, "0.25", 0, 1, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "larger than 3 bytes");
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_decimal_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
