#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"

/* 2026-11-22T10:00:00Z */

#define DAY_MS INT64_C(86400000)

/* want is the number, or the error message. */
struct row {
	const char *text, *want;
};

static void
assert_same(const char *text, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("'%s' gives \"%s\", not \"%s\"", text, got, want);
}

/* The result of a function in the form of a row. */
static void
show(char out[GM_ERR_MAX], int rc, int64_t value, const struct gm_err *err)
{
	if (rc == 0) {
		(void)snprintf(out, GM_ERR_MAX, "%" PRId64, value);
		return;
	}
	assert_int_equal(rc, -1);
	assert_int_equal(err->code, GM_EUSAGE);
	(void)snprintf(out, GM_ERR_MAX, "%s", err->msg);
}

static const struct {
	struct row row;
	int64_t min, max;
} wholes[] = {
	{ { "1", "1" }, 1, 64 },
	{ { "64", "64" }, 1, 64 },
	{ { "008", "8" }, 1, 64 },
	{ { "-0", "0" }, 0, 64 },
	{ { "-1", "-1" }, -1, 64 },
	{ { "9223372036854775807", "9223372036854775807" }, 0, INT64_MAX },
	{ { "-9223372036854775808", "-9223372036854775808" }, INT64_MIN,
	    INT64_MAX },
	{ { "0", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "65", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "1O", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "", "not a whole number from 0 to 64" }, 0, 64 },
	{ { "-", "not a whole number from 0 to 64" }, 0, 64 },
	{ { "--1", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "+1", "not a whole number from 1 to 64" }, 1, 64 },
	{ { " 1", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "1 ", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "1.0", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "1e1", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "0x10", "not a whole number from 1 to 64" }, 1, 64 },
	{ { "9223372036854775808",
	      "not a whole number from "
	      "-9223372036854775808 to 9223372036854775807" },
	    INT64_MIN, INT64_MAX },
	{ { "-9223372036854775809",
	      "not a whole number from "
	      "-9223372036854775808 to 9223372036854775807" },
	    INT64_MIN, INT64_MAX },
	{ { "18446744073709551617", "not a whole number from 1 to "
				    "64" },
	    1, 64 },
	{ { "184467440737095516160000000000000000001",
	      "not a "
	      "whole number from 1 to 64" },
	    1, 64 },
};

static void
test_whole(void **state)
{
	char got[GM_ERR_MAX];
	struct gm_err err;
	int64_t value;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(wholes); i++) {
		rc = gm_num_whole(&value, wholes[i].row.text, wholes[i].min,
		    wholes[i].max, &err);
		show(got, rc, value, &err);
		assert_same(wholes[i].row.text, got, wholes[i].row.want);
	}
}

/* Messages never repeat the text. */
static void
test_not_repeated(void **state)
{
	static const struct row rows[] = {
		{ "a\tb", "not a whole number from 1 to 2" },
		{ "\x1b[2J\r\n\x7f", "not a whole number from 1 to 2" },
		{ "\xC3\xA9", "not a whole number from 1 to 2" },
		{ "1234567890123456789012345678901234567890",
		    "not a whole "
		    "number from 1 to 2" },
		{ "12345678901234567890123456789012345678901",
		    "not a whole "
		    "number from 1 to 2" },
	};
	struct gm_err err;
	int64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(
		    gm_num_whole(&value, rows[i].text, 1, 2, &err), -1);
		assert_same(rows[i].text, err.msg, rows[i].want);
	}
}

#define NO_DURATION "not a duration such as 250ms, 1.5, 90s, 5m or 1h"
#define TOO_LONG "not a duration of at most 24h"

static const struct row durations[] = {
	{ "0", "0" },
	{ "1", "1000" },
	{ "1.5", "1500" },
	{ ".5", "500" },
	{ "250ms", "250" },
	{ "90s", "90000" },
	{ "5m", "300000" },
	{ "1h", "3600000" },
	{ "1.5h", "5400000" },
	{ "24h", "86400000" },
	{ "86400", "86400000" },
	{ "16h30m12.5s", "59412500" },
	{ "1h0.5ms", "3600001" },
	{ "1m30s", "90000" },
	{ "1h2m3s4ms", "3723004" },
	{ "0.0001", "1" },
	{ "0.000000000000000000001", "1" },
	{ "0.000000000000000000000", "0" },
	{ "1.0010", "1001" },
	{ "1.0010000000000000000000000000000000000000001", "1002" },
	{ "900.2ms", "901" },
	{ "38.612s", "38612" },
	{ "56.185908122s", "56186" },
	{ "51820.638305887s", "51820639" },
	{ "0.539477544s", "540" },
	{ "0.999999999s", "1000" },
	{ "0.3333333333333333333333333h", "1200000" },
	{ "0.33333333h", "1200000" },
	{ "0.3333333h", "1200000" },
	{ "86400.0000001", TOO_LONG },
	{ "25h", TOO_LONG },
	{ "23h3600s1ms", TOO_LONG },
	{ "99999999999999999999", TOO_LONG },
	{ "9223372036854775807h", TOO_LONG },
	{ "18446744073709551615ms", TOO_LONG },
	{ "1h18446744073709551615ms", TOO_LONG },
	{ "5x", NO_DURATION },
	{ "2d", NO_DURATION },
	{ "", NO_DURATION },
	{ "-1", NO_DURATION },
	{ "+1", NO_DURATION },
	{ "s", NO_DURATION },
	{ ".", NO_DURATION },
	{ ".s", NO_DURATION },
	{ "1.", NO_DURATION },
	{ "1.s", NO_DURATION },
	{ "1h30", NO_DURATION },
	{ "1s1m", NO_DURATION },
	{ "1m1m", NO_DURATION },
	{ "1.5h30m", NO_DURATION },
	{ "1.2.3", NO_DURATION },
	{ "1 s", NO_DURATION },
	{ "1s ", NO_DURATION },
	{ "1S", NO_DURATION },
	{ "1sm", NO_DURATION },
	{ "1mss", NO_DURATION },
	{ "1e3", NO_DURATION },
	{ "nan", NO_DURATION },
	{ "inf", NO_DURATION },
};

static void
test_duration(void **state)
{
	char got[GM_ERR_MAX];
	struct gm_err err;
	int64_t ms = 0;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(durations); i++) {
		rc =
		    gm_num_duration(&ms, durations[i].text, 1000, DAY_MS, &err);
		show(got, rc, ms, &err);
		assert_same(durations[i].text, got, durations[i].want);
	}
}

static void
test_duration_bare(void **state)
{
	static const struct {
		struct row row;
		int64_t max;
	} rows[] = {
		{ { "250", "250" }, DAY_MS },
		{ { "1.5", "2" }, DAY_MS },
		{ { "1.5s", "1500" }, DAY_MS },
		{ { "x", "not a duration such as 250, 1.5s, 90s, 5m or "
			 "1h" },
		    DAY_MS },
		{ { "2s", "not a duration of at most 1500ms" }, 1500 },
		{ { "2m", "not a duration of at most 90s" }, 90000 },
		{ { "2h", "not a duration of at most 5m" }, 300000 },
	};
	char got[GM_ERR_MAX];
	struct gm_err err;
	int64_t ms = 0;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		rc = gm_num_duration(
		    &ms, rows[i].row.text, 1, rows[i].max, &err);
		show(got, rc, ms, &err);
		assert_same(rows[i].row.text, got, rows[i].row.want);
	}
}

static void
test_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "0", 0 },
		{ "120", 120000 },
		{ "1.5", 1500 },
		{ "0.0000001", 1 },
		{ "3600", 3600000 },
		{ "3601", 3600000 },
		{ "99999999999999999999", 3600000 },
		{ "", -1 },
		{ "-5", -1 },
		{ "+5", -1 },
		{ "5s", -1 },
		{ "5 ", -1 },
		{ "1.2.3", -1 },
		{ ".", -1 },
		{ "soon", -1 },
		{ "120, 120", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		int64_t got = gm_num_seconds(rows[i].text, 3600000);

		if (got != rows[i].want)
			fail_msg("'%s' gives %" PRId64, rows[i].text, got);
	}
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
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_not_repeated),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_duration_bare),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_decimal_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
