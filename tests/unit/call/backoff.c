#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "call/backoff.h"

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

		assert_int_equal(gm_backoff_ms(n, -1, 0), 0);
		assert_int_equal(
		    gm_backoff_ms(n, -1, UINT32_MAX), rows[i].ceiling_ms);
		assert_in_range(gm_backoff_ms(n, -1, UINT32_MAX / 2),
		    rows[i].ceiling_ms / 2 - 1, rows[i].ceiling_ms / 2);
		before = 0;
		for (chance = 0; chance < UINT32_MAX - (1u << 24);
		     chance += 1u << 24) {
			ms = gm_backoff_ms(n, -1, chance);
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
		    gm_backoff_ms(2, rows[i].hint_ms, rows[i].chance),
		    rows[i].want_ms);
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
			ms = gm_backoff_jitter_ms(waits[i], chances[j]);
			assert_true(ms >= waits[i]);
			assert_true(ms <= waits[i] + waits[i] / 5);
			assert_true(ms <= waits[i] + 1000);
		}
		assert_int_equal(gm_backoff_jitter_ms(waits[i], 0), waits[i]);
	}
	assert_true(gm_backoff_jitter_ms(60000, UINT32_MAX) > 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_jitter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
