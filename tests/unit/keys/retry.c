#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "keys/retry.h"

#define S 1000
#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)

static void
test_backoff(void **state)
{
	static const struct {
		unsigned failures;
		int64_t ceiling_ms;
	} rows[] = {
		{ 1, 1 * S },
		{ 2, 2 * S },
		{ 3, 4 * S },
		{ 4, 8 * S },
		{ 5, 16 * S },
		{ 6, 32 * S },
		{ 7, 32 * S },
		{ 8, 32 * S },
		{ 100, 32 * S },
		{ UINT_MAX, 32 * S },
	};
	int64_t ms, before;
	uint32_t chance;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		unsigned n = rows[i].failures;

		assert_int_equal(gm_retry_backoff_ms(n, -1, 0), 0);
		assert_int_equal(
		    gm_retry_backoff_ms(n, -1, UINT32_MAX), rows[i].ceiling_ms);
		assert_in_range(gm_retry_backoff_ms(n, -1, UINT32_MAX / 2),
		    rows[i].ceiling_ms / 2 - 1, rows[i].ceiling_ms / 2);
		before = 0;
		for (chance = 0; chance < UINT32_MAX - (1u << 24);
		     chance += 1u << 24) {
			ms = gm_retry_backoff_ms(n, -1, chance);
			assert_true(ms >= before && ms <= rows[i].ceiling_ms);
			before = ms;
		}
	}
}

/* What the service asks for counts if it is longer, up to a minute. */
static void
test_hint(void **state)
{
	static const struct {
		int64_t hint_ms;
		uint32_t chance;
		int64_t want_ms;
	} rows[] = {
		{ -1, UINT32_MAX, 2 * S },
		{ 0, UINT32_MAX, 2 * S },
		{ 1 * S, UINT32_MAX, 2 * S },
		{ 1 * S, 0, 1 * S },
		{ 45 * S, UINT32_MAX, 45 * S },
		{ 60 * S, 0, 60 * S },
		{ 61 * S, 0, 60 * S },
		{ HOUR, UINT32_MAX, 60 * S },
		{ INT64_MAX, 0, 60 * S },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		assert_int_equal(
		    gm_retry_backoff_ms(2, rows[i].hint_ms, rows[i].chance),
		    rows[i].want_ms);
}

static const struct {
	enum gm_class class;
	int64_t hint_ms, before_ms, day_ms, want_ms;
} coolings[] = {
	/* A minute: what the service says, else 60 s. */
	{ GM_CLASS_QUOTA_MINUTE, 37100, 0, 9 * HOUR, 37100 },
	{ GM_CLASS_QUOTA_MINUTE, 1, 0, 9 * HOUR, 1 },
	{ GM_CLASS_QUOTA_MINUTE, -1, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_MINUTE, 0, 0, 9 * HOUR, MINUTE },
	/* Again: the hint was of no use, so double, at least 1 s. */
	{ GM_CLASS_QUOTA_MINUTE, -1, 5 * MINUTE, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_MINUTE, 1, 1, 9 * HOUR, S },
	{ GM_CLASS_QUOTA_MINUTE, 37100, 37100, 9 * HOUR, 74200 },
	{ GM_CLASS_QUOTA_MINUTE, 90000, 1000, 9 * HOUR, 90000 },
	{ GM_CLASS_QUOTA_MINUTE, -1, 0, 5 * S, MINUTE },
	{ GM_CLASS_QUOTA, -1, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA, 5000, 0, 9 * HOUR, 5000 },
	/* A day: at least 60 s, then double, till midnight. */
	{ GM_CLASS_QUOTA_DAY, -1, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_DAY, 38000, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_DAY, 90000, 0, 9 * HOUR, 90000 },
	{ GM_CLASS_QUOTA_DAY, 38000, MINUTE, 9 * HOUR, 2 * MINUTE },
	{ GM_CLASS_QUOTA_DAY, 38000, 2 * MINUTE, 9 * HOUR, 4 * MINUTE },
	{ GM_CLASS_QUOTA_DAY, HOUR, 2 * MINUTE, 9 * HOUR, HOUR },
	{ GM_CLASS_QUOTA_DAY, 38000, 5 * HOUR, 9 * HOUR, 9 * HOUR },
	{ GM_CLASS_QUOTA_DAY, 20 * HOUR, 0, 9 * HOUR, 9 * HOUR },
	{ GM_CLASS_QUOTA_DAY, 38000, 0, 5 * S, 5 * S },
	/* No quota: till midnight. */
	{ GM_CLASS_QUOTA_NONE, 38000, 0, 9 * HOUR, 9 * HOUR },
	{ GM_CLASS_QUOTA_NONE, -1, MINUTE, 9 * HOUR, 9 * HOUR },
	/* Spend is reckoned over ten minutes. */
	{ GM_CLASS_QUOTA_SPEND, -1, 0, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_SPEND, 90000, 0, 9 * HOUR, 90000 },
	{ GM_CLASS_QUOTA_SPEND, 0, 0, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_SPEND, -1, 10 * MINUTE, 9 * HOUR, 10 * MINUTE },
	/* A rest that follows another is no longer than 10 minutes, */
	{ GM_CLASS_QUOTA_MINUTE, -1, 6 * MINUTE, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA, 1000, 9 * HOUR, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_MINUTE, 1000, INT64_MAX / 4, 9 * HOUR, 10 * MINUTE },
	/* unless the service says so. */
	{ GM_CLASS_QUOTA_MINUTE, HOUR, MINUTE, 9 * HOUR, HOUR },
	/* Where another begins: no project, no day, no hint matters. */
	{ GM_CLASS_QUOTA_DAY, 0, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_DAY, -1, 1, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_DAY, -1, INT64_MAX / 4, 9 * HOUR, 9 * HOUR },
	{ GM_CLASS_QUOTA_DAY, -1, MINUTE, 90000, 90000 },
	/* Refused keys: somebody may have mended them by then. */
	{ GM_CLASS_KEY_INVALID, -1, 0, 9 * HOUR, 24 * HOUR },
	{ GM_CLASS_KEY_INVALID, 1000, 24 * HOUR, HOUR, 24 * HOUR },
	{ GM_CLASS_KEY_EXPIRED, -1, 0, 9 * HOUR, 24 * HOUR },
	{ GM_CLASS_KEY_RESTRICTED, -1, 0, 9 * HOUR, 24 * HOUR },
	{ GM_CLASS_KEY_REFUSED, -1, 0, 9 * HOUR, HOUR },
	{ GM_CLASS_KEY_LEAKED, -1, 0, 9 * HOUR, GM_RETRY_FOREVER },
	{ GM_CLASS_KEY_LEAKED, 1000, HOUR, HOUR, GM_RETRY_FOREVER },
	{ GM_CLASS_PROJECT_BLOCKED, -1, 0, 9 * HOUR, HOUR },
	{ GM_CLASS_PROJECT_DENIED, -1, HOUR, 5 * S, HOUR },
	{ GM_CLASS_NO_CREDIT, -1, 0, 9 * HOUR, HOUR },
	/* A 403 without a reason: minutes. */
	{ GM_CLASS_FORBIDDEN, -1, 0, 9 * HOUR, 5 * MINUTE },
	{ GM_CLASS_FORBIDDEN, HOUR, 0, 9 * HOUR, 5 * MINUTE },
	{ GM_CLASS_FORBIDDEN, -1, 5 * MINUTE, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_FORBIDDEN, -1, 10 * MINUTE, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_SEARCH, -1, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_SEARCH, -1, MINUTE, 9 * HOUR, 2 * MINUTE },
};

static void
test_cooling(void **state)
{
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(coolings); i++) {
		ms = gm_retry_cooling_ms(coolings[i].class, coolings[i].hint_ms,
		    coolings[i].before_ms, coolings[i].day_ms);
		if (ms != coolings[i].want_ms)
			fail_msg("row %zu: %lld", i, (long long)ms);
	}
}

/* Later, but not much; never earlier. */
static void
test_jitter(void **state)
{
	static const int64_t waits[] = { 0, 1, 19, 20, 1000, 37100, 60000,
		24 * HOUR };
	static const uint32_t chances[] = { 0, 1, 1u << 20, UINT32_MAX / 2,
		UINT32_MAX };
	int64_t ms;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(waits); i++) {
		for (j = 0; j < GM_LEN(chances); j++) {
			ms = gm_retry_jitter_ms(waits[i], chances[j]);
			assert_true(ms >= waits[i]);
			assert_true(ms <= waits[i] + waits[i] / 5);
			assert_true(ms <= waits[i] + 1000);
		}
		assert_int_equal(gm_retry_jitter_ms(waits[i], 0), waits[i]);
	}
	assert_true(gm_retry_jitter_ms(60000, UINT32_MAX) > 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_cooling),
		cmocka_unit_test(test_jitter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
