#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

/* 2026-11-22T10:00:00Z */
#define NOW INT64_C(1795341600000)

static void
test_format(void **state)
{
	static const struct {
		int64_t ms;
		const char *seconds, *all;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:01Z", "1970-01-01T00:00:00.001Z" },
		{ 999, "1970-01-01T00:00:01Z", "1970-01-01T00:00:00.999Z" },
		{ 1000, "1970-01-01T00:00:01Z", "1970-01-01T00:00:01.000Z" },
		{ -1, "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z" },
		{ -999, "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.001Z" },
		{ -1000, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000Z" },
		{ NOW, "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000Z" },
		{ NOW + 123, "2026-11-22T10:00:01Z",
		    "2026-11-22T10:00:00.123Z" },
		{ 1709164800000, "2024-02-29T00:00:00Z",
		    "2024-02-29T00:00:00.000Z" },
		{ 951782400000 - 1, "2000-02-29T00:00:00Z",
		    "2000-02-28T23:59:59.999Z" },
		{ 253402300799999, "9999-12-31T23:59:59Z",
		    "9999-12-31T23:59:59.999Z" },
		{ 253402300800000, "9999-12-31T23:59:59Z",
		    "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59Z",
		    "9999-12-31T23:59:59.999Z" },
		{ INT64_MIN, "0000-01-01T00:00:00Z",
		    "0000-01-01T00:00:00.000Z" },
	};
	char out[GM_CLOCK_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_clock_format(out, rows[i].ms);
		assert_string_equal(out, rows[i].seconds);
		gm_clock_format_ms(out, rows[i].ms);
		assert_string_equal(out, rows[i].all);
	}
}

static void
test_parse(void **state)
{
	static const char *const bad[] = { "", "-", "2026-11-22T10:00:00Z",
		"2026-11-22T10:00:00.123", "2026-11-22T10:00:00.123Z ",
		"2026-11-22T10:00:00.123z", "2026-11-22 10:00:00.123Z",
		"2026-11-22T10:00:00.12 Z", "2026-11-22T24:00:00.000Z",
		"2026-11-22T10:60:00.000Z", "2026-11-22T10:00:60.000Z",
		"2026-00-22T10:00:00.000Z", "2026-13-22T10:00:00.000Z",
		"2026-11-00T10:00:00.000Z", "2026-11-31T10:00:00.000Z",
		"2026-02-29T10:00:00.000Z", "1900-02-29T10:00:00.000Z",
		" 026-11-22T10:00:00.123Z", "2026-11-22T-1:00:00.123Z" };
	char text[GM_CLOCK_TEXT];
	int64_t ms, got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(bad); i++)
		assert_false(gm_clock_parse(&got, bad[i]));
	/*
	 * From the first to the last time, in steps that change all parts of a
	 * date.
	 */
	for (ms = INT64_C(-62167219200000); ms <= INT64_C(253402300799999);
	     ms += 17 * DAY_MS + 5 * HOUR_MS + 61003) {
		gm_clock_format_ms(text, ms);
		if (!gm_clock_parse(&got, text))
			fail_msg("%s", text);
		assert_true(got == ms);
	}
	assert_true(gm_clock_parse(&got, "2024-02-29T00:00:00.001Z"));
	assert_true(got == 1709164800001);
	assert_true(gm_clock_parse(&got, "2000-02-29T23:59:59.999Z"));
	assert_true(got == 951868799999);
	assert_true(gm_clock_parse(&got, "9999-12-31T23:59:59.999Z"));
	assert_true(got == 253402300799999);
}

static void
test_until(void **state)
{
	static const struct {
		const char *now;
		int64_t ms;
		const char *want;
	} rows[] = {
		{ "2026-11-29T05:45:22.000Z", 38000, "05:46:00Z (38 s)" },
		{ "2026-11-29T05:45:22.300Z", 37001, "05:46:00Z (38 s)" },
		{ "2026-11-29T05:45:22.000Z", 1, "05:45:23Z (1 s)" },
		{ "2026-11-29T05:45:22.000Z", 0, "05:45:22Z (now)" },
		{ "2026-11-29T05:45:22.000Z", -5000, "05:45:17Z (now)" },
		{ "2026-11-29T05:45:00.000Z", 119000, "05:46:59Z (119 s)" },
		{ "2026-11-29T05:45:00.000Z", 120000, "05:47:00Z (2 min)" },
		{ "2026-11-29T05:45:00.000Z", 121000, "05:47:01Z (3 min)" },
		{ "2026-11-29T05:45:00.000Z", 7199000,
		    "07:44:59Z (2 h 0 min)" },
		{ "2026-11-28T22:46:00.000Z", 9 * HOUR_MS + 14 * 60000,
		    "2026-11-29T08:00:00Z (9 h 14 min)" },
		{ "2026-11-28T23:59:59.000Z", 999,
		    "2026-11-29T00:00:00Z (1 s)" },
		{ "2026-11-28T00:00:00.000Z", 3 * DAY_MS + 4 * HOUR_MS,
		    "2026-12-01T04:00:00Z (3 d 4 h)" },
	};
	char text[GM_CLOCK_UNTIL];
	int64_t now;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_true(gm_clock_parse(&now, rows[i].now));
		gm_clock_until(text, now + rows[i].ms, now);
		assert_string_equal(text, rows[i].want);
	}
	gm_clock_until(text, INT64_MAX, INT64_MIN); /* the longest span */
	assert_string_equal(text, "9999-12-31T23:59:59Z (3652425 d 0 h)");
}

/* Calculated with tzdata's America/Los_Angeles. */
static void
test_pacific_midnight(void **state)
{
	static const struct {
		const char *now, *want;
	} rows[] = {
		/* winter */
		{ "2026-01-22T10:00:00.000Z", "2026-01-23T08:00:00Z" },
		{ "2026-01-22T07:59:59.000Z", "2026-01-22T08:00:00Z" },
		/* at midnight: the next one */
		{ "2026-01-22T08:00:00.000Z", "2026-01-23T08:00:00Z" },
		{ "2026-01-01T07:00:00.000Z", "2026-01-01T08:00:00Z" },
		{ "2026-12-31T09:00:00.000Z", "2027-01-01T08:00:00Z" },
		/* summer */
		{ "2026-07-22T10:00:00.000Z", "2026-07-23T07:00:00Z" },
		{ "2026-07-22T07:00:00.000Z", "2026-07-23T07:00:00Z" },
		{ "2026-07-22T06:59:59.000Z", "2026-07-22T07:00:00Z" },
		{ "2026-07-22T07:30:00.000Z", "2026-07-23T07:00:00Z" },
		/* 8 March 2026, 10:00 UTC: daylight saving time begins */
		{ "2026-03-07T12:00:00.000Z", "2026-03-08T08:00:00Z" },
		{ "2026-03-08T07:59:59.000Z", "2026-03-08T08:00:00Z" },
		{ "2026-03-08T08:00:00.000Z", "2026-03-09T07:00:00Z" },
		{ "2026-03-08T09:59:59.000Z", "2026-03-09T07:00:00Z" },
		{ "2026-03-08T10:00:00.000Z", "2026-03-09T07:00:00Z" },
		{ "2026-03-09T06:59:59.000Z", "2026-03-09T07:00:00Z" },
		{ "2026-03-09T07:00:00.000Z", "2026-03-10T07:00:00Z" },
		/* 1 November 2026, 09:00 UTC: it ends */
		{ "2026-10-31T12:00:00.000Z", "2026-11-01T07:00:00Z" },
		{ "2026-11-01T06:59:59.000Z", "2026-11-01T07:00:00Z" },
		{ "2026-11-01T07:00:00.000Z", "2026-11-02T08:00:00Z" },
		{ "2026-11-01T09:00:00.000Z", "2026-11-02T08:00:00Z" },
		{ "2026-11-02T07:30:00.000Z", "2026-11-02T08:00:00Z" },
		{ "2026-11-02T08:00:00.000Z", "2026-11-03T08:00:00Z" },
		/* the earliest and latest possible days */
		{ "2027-03-14T09:00:00.000Z", "2027-03-15T07:00:00Z" },
		{ "2027-11-07T09:00:00.000Z", "2027-11-08T08:00:00Z" },
		{ "2029-03-11T09:00:00.000Z", "2029-03-12T07:00:00Z" },
		{ "2032-11-01T07:30:00.000Z", "2032-11-02T07:00:00Z" },
	};
	char out[GM_CLOCK_TEXT];
	int64_t now;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_true(gm_clock_parse(&now, rows[i].now));
		gm_clock_format(out, gm_clock_pacific_midnight(now));
		if (strcmp(out, rows[i].want) != 0)
			fail_msg("%s gives %s", rows[i].now, out);
	}
}

/* Every half hour of 30 years: the next midnight, at most 25 h ahead. */
static void
test_pacific_steps(void **state)
{
	int64_t now, next, last = gm_clock_pacific_midnight(NOW);
	int longer = 0, shorter = 0;

	(void)state;
	for (now = NOW; now < NOW + 30 * 365 * DAY_MS; now += HOUR_MS / 2) {
		next = gm_clock_pacific_midnight(now);
		assert_true(next > now && next - now <= 25 * HOUR_MS);
		assert_true(next % DAY_MS == 7 * HOUR_MS ||
			    next % DAY_MS == 8 * HOUR_MS);
		longer += next - last == 25 * HOUR_MS;
		shorter += next - last == 23 * HOUR_MS;
		last = next;
	}
	assert_int_equal(longer, 30);
	assert_int_equal(shorter, 30);
	/* The ends of the range work, too. */
	assert_true(gm_clock_pacific_midnight(INT64_MAX) > NOW);
	assert_true(gm_clock_pacific_midnight(INT64_MIN) < NOW);
}

static void
test_now(void **state)
{
	int64_t wall = gm_clock_wall_ms(), mono = gm_clock_mono_ms();

	(void)state;
	assert_true(wall > INT64_C(1700000000000)); /* 2023 */
	assert_true(wall < INT64_C(4102444800000)); /* 2100 */
	assert_true(gm_clock_mono_ms() >= mono);
	assert_true(gm_clock_mono_ms() - mono < 60000);
}

/* Both clocks have the same distance to the deadline. */
static void
test_latest(void **state)
{
	int64_t before = gm_clock_wall_ms(), latest;

	(void)state;
	latest = gm_clock_latest_ms(gm_clock_mono_ms() + 3600000);
	assert_in_range(latest - 3600000, (uintmax_t)before - 60000,
	    (uintmax_t)gm_clock_wall_ms() + 60000);
	assert_true(gm_clock_latest_ms(0) == INT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_latest),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_pacific_midnight),
		cmocka_unit_test(test_pacific_steps),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
