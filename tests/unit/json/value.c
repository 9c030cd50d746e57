/* Whole numbers in JSON, as numbers and as strings; see also read.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "json/read.h"
#include "json/value.h"

#define NONE INT64_C(-77777) /* no row has this value */

static const struct {
	const char *input;
	int64_t want;
} numbers[] = {
	{ "0", 0 },
	{ "-0", 0 },
	{ "0.0", 0 },
	{ "-0.000", 0 },
	{ "0e999999999999999999999", 0 },
	{ "0e-999999999999999999999", 0 },
	{ "7", 7 },
	{ "-7", -7 },
	{ "10", 10 },
	{ "1000000", 1000000 },
	{ "1010", 1010 },
	{ "5.0", 5 },
	{ "5.000000000000000000000000000000", 5 },
	{ "5e0", 5 },
	{ "5E0", 5 },
	{ "5e+0", 5 },
	{ "5e-0", 5 },
	{ "5e3", 5000 },
	{ "5E+3", 5000 },
	{ "-5e3", -5000 },
	{ "1.5e1", 15 },
	{ "1.25e2", 125 },
	{ "1.250e2", 125 },
	{ "1.25e1", NONE },
	{ "0.05e2", 5 },
	{ "0.0000000000000000000000000001e28", 1 },
	{ "500e-2", 5 },
	{ "-500e-2", -5 },
	{ "500e-3", NONE },
	{ "100000000000000000000000000000e-29", 1 },
	{ "100000000000000000000000000001e-29", NONE },
	{ "10e-1", 1 },
	{ "10e-2", NONE },
	{ "0.5", NONE },
	{ "-1.5", NONE },
	{ "1e-05", NONE },
	{ "1e-999999999999999999999", NONE },
	{ "1e18", INT64_C(1000000000000000000) },
	{ "9e18", INT64_C(9000000000000000000) },
	{ "1e19", NONE },
	{ "20000000000000000001", NONE },
	{ "5e18446744073709551616", NONE },
	{ "1e999999999999999999999", NONE },
	{ "9223372036854775807", INT64_MAX },
	{ "9223372036854775807.0", INT64_MAX },
	{ "922337203685477580.7e1", INT64_MAX },
	{ "9223372036854775808", NONE },
	{ "9223372036854775810", NONE },
	{ "-9223372036854775807", -INT64_MAX },
	{ "-9223372036854775808", INT64_MIN },
	{ "-9223372036854775809", NONE },
	{ "18446744073709551615", NONE },
	{ "18446744073709551616", NONE },
	{ "18446744073709551617", NONE },
	{ "-18446744073709551617", NONE },
	{ "184467440737095516170", NONE },
	{ "123456789012345678901234567890", NONE },
	{ "123456789012345678901234567890e-29", NONE },
	{ "\"20\"", 20 },
	{ "\"-20\"", -20 },
	{ "\"0\"", 0 },
	{ "\"007\"", 7 },
	{ "\"9223372036854775807\"", INT64_MAX },
	{ "\"-9223372036854775808\"", INT64_MIN },
	{ "\"9223372036854775808\"", NONE },
	{ "\"\"", NONE },
	{ "\"-\"", NONE },
	{ "\"+1\"", NONE },
	{ "\"--1\"", NONE },
	{ "\" 1\"", NONE },
	{ "\"1 \"", NONE },
	{ "\"1.0\"", NONE },
	{ "\"1e3\"", NONE },
	{ "\"38s\"", NONE },
	{ "\"\\u0031\"", NONE },
	{ "true", NONE },
	{ "null", NONE },
	{ "[5]", NONE },
	{ "{\"5\":5}", NONE },
};

static void
test_numbers(void **state)
{
	struct gm_json j = { 0 };
	struct gm_err err;
	int64_t got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(numbers); i++) {
		if (gm_json_parse(&j, gm_span_of(numbers[i].input), &err) != 0)
			fail_msg("%s: %s", numbers[i].input, err.msg);
		got = gm_json_int(&j, GM_JSON_ROOT, NONE);
		if (got != numbers[i].want)
			fail_msg("%s: %lld", numbers[i].input, (long long)got);
	}
	gm_json_release(&j);
}

/* All 64-bit values next to powers of two, in several forms. */
static void
test_forms(void **state)
{
	static const char *const tails[] = { "", ".0", "0e-1",
		"000000000000000000000000e-24" };
	char text[64];
	int64_t want, got;
	size_t i;
	int bit, off;

	(void)state;
	for (bit = 0; bit < 63; bit++)
		for (off = -1; off <= 1; off++)
			for (i = 0; i < GM_LEN(tails); i++) {
				want = (INT64_C(1) << bit) + off;
				want = bit % 2 == 0 ? want : -want;
				(void)snprintf(text, sizeof(text), "%lld%s",
				    (long long)want, tails[i]);
				if (!gm_jsonval_whole(gm_span_of(text), &got))
					fail_msg("%s: not whole", text);
				assert_int_equal(got, want);
			}
}

/* Comparison with texts that are longer or shorter. */
static void
test_is(void **state)
{
	static const struct {
		const char *string, *text;
		bool want;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "abc", "abc", true },
		{ "abc", "abd", false },
		{ "abc", "ab", false },
		{ "ab", "abc", false },
		{ "a\\nc", "a\nc", true },
		{ "a\\nc", "a\nd", false },
		{ "a\\nc", "a\n", false },
		{ "\\u0061bc", "abc", true },
		{ "ab\\u0063", "abc", true },
		{ "ab\\u0063", "ab", false },
		{ "\\u00e9", "é", true },
		{ "\\u00e9", "\xC3", false },
		{ "\\u0000", "", false },
		{ "\\u0000", "\xEF\xBF\xBD", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		if (gm_jsonval_is(gm_span_of(rows[i].string),
			gm_span_of(rows[i].text)) != rows[i].want)
			fail_msg("\"%s\" and %s", rows[i].string, rows[i].text);
}

/* Strings that continue each other, as in a stream. */
static void
test_join(void **state)
{
	static const struct {
		const char *strings[4], *want;
		uint32_t half;
	} rows[] = {
		{ { "A \\ud83d", "\\ude00 B" }, "A \xF0\x9F\x98\x80 B", 0 },
		{ { "\\uD83D", "", "\\uDE00" }, "\xF0\x9F\x98\x80", 0 },
		{ { "\\ud83d\\ude00" }, "\xF0\x9F\x98\x80", 0 },
		{ { "a\\ud83d" }, "a", 0xD83D },
		{ { "a\\ud83d", "b" },
		    "a\xEF\xBF\xBD"
		    "b",
		    0 },
		{ { "\\ud83d", "\\ud83d", "\\ude00" },
		    "\xEF\xBF\xBD\xF0\x9F\x98\x80", 0 },
		{ { "\\ud83d", "\\n\\ude00" }, "\xEF\xBF\xBD\n\xEF\xBF\xBD",
		    0 },
		{ { "\\\\ud83d", "\\ude00" }, "\\ud83d\xEF\xBF\xBD", 0 },
		{ { "a", "\\ude00" }, "a\xEF\xBF\xBD", 0 },
	};
	struct gm_buf out;
	uint32_t half;
	size_t i, k;

	(void)state;
	gm_buf_init(&out, 100);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&out);
		half = 0;
		for (k = 0; k < 4 && rows[i].strings[k] != NULL; k++)
			gm_jsonval_join(
			    gm_span_of(rows[i].strings[k]), &half, &out);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
		assert_int_equal(half, rows[i].half);
	}
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
