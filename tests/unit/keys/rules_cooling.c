/* Lengths of cooldowns. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "keys/rules.h"

#define S 1000
#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)

static const struct {
	enum gm_class class;
	int64_t hint_ms, before_ms, day_ms, want_ms;
} coolings[] = {
	/* Minute quota: the hint, else 60 s. */
	{ GM_CLASS_QUOTA_MINUTE, 37100, 0, 9 * HOUR, 37100 },
	{ GM_CLASS_QUOTA_MINUTE, 1, 0, 9 * HOUR, 1 },
	{ GM_CLASS_QUOTA_MINUTE, -1, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_MINUTE, 0, 0, 9 * HOUR, MINUTE },
	/* Again: the hint did not help, so double, at least 1 s. */
	{ GM_CLASS_QUOTA_MINUTE, -1, 5 * MINUTE, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_MINUTE, 1, 1, 9 * HOUR, S },
	{ GM_CLASS_QUOTA_MINUTE, 37100, 37100, 9 * HOUR, 74200 },
	{ GM_CLASS_QUOTA_MINUTE, 90000, 1000, 9 * HOUR, 90000 },
	{ GM_CLASS_QUOTA_MINUTE, -1, 0, 5 * S, MINUTE },
	{ GM_CLASS_QUOTA, -1, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA, 5000, 0, 9 * HOUR, 5000 },
	/* Daily quota: at least 60 s, then double, until midnight. */
	{ GM_CLASS_QUOTA_DAY, -1, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_DAY, 38000, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_DAY, 90000, 0, 9 * HOUR, 90000 },
	{ GM_CLASS_QUOTA_DAY, 38000, MINUTE, 9 * HOUR, 2 * MINUTE },
	{ GM_CLASS_QUOTA_DAY, 38000, 2 * MINUTE, 9 * HOUR, 4 * MINUTE },
	{ GM_CLASS_QUOTA_DAY, HOUR, 2 * MINUTE, 9 * HOUR, HOUR },
	{ GM_CLASS_QUOTA_DAY, 38000, 5 * HOUR, 9 * HOUR, 9 * HOUR },
	{ GM_CLASS_QUOTA_DAY, 20 * HOUR, 0, 9 * HOUR, 9 * HOUR },
	{ GM_CLASS_QUOTA_DAY, 38000, 0, 5 * S, 5 * S },
	/* No quota at all: until midnight. */
	{ GM_CLASS_QUOTA_NONE, 38000, 0, 9 * HOUR, 9 * HOUR },
	{ GM_CLASS_QUOTA_NONE, -1, MINUTE, 9 * HOUR, 9 * HOUR },
	/* The spend limit is measured over ten minutes. */
	{ GM_CLASS_QUOTA_SPEND, -1, 0, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_SPEND, 90000, 0, 9 * HOUR, 90000 },
	{ GM_CLASS_QUOTA_SPEND, 0, 0, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_SPEND, -1, 10 * MINUTE, 9 * HOUR, 10 * MINUTE },
	/* A cooldown that follows another lasts 10 minutes at most, */
	{ GM_CLASS_QUOTA_MINUTE, -1, 6 * MINUTE, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA, 1000, 9 * HOUR, 9 * HOUR, 10 * MINUTE },
	{ GM_CLASS_QUOTA_MINUTE, 1000, INT64_MAX / 4, 9 * HOUR, 10 * MINUTE },
	/* unless the service says so. */
	{ GM_CLASS_QUOTA_MINUTE, HOUR, MINUTE, 9 * HOUR, HOUR },
	/* Rejections: neither hint nor earlier cooldown matters. */
	{ GM_CLASS_QUOTA_DAY, 0, 0, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_DAY, -1, 1, 9 * HOUR, MINUTE },
	{ GM_CLASS_QUOTA_DAY, -1, INT64_MAX / 4, 9 * HOUR, 9 * HOUR },
	{ GM_CLASS_QUOTA_DAY, -1, MINUTE, 90000, 90000 },
	/* Rejected keys are tried again, as they may have been mended. */
	{ GM_CLASS_KEY_INVALID, -1, 0, 9 * HOUR, 24 * HOUR },
	{ GM_CLASS_KEY_INVALID, 1000, 24 * HOUR, HOUR, 24 * HOUR },
	{ GM_CLASS_KEY_EXPIRED, -1, 0, 9 * HOUR, 24 * HOUR },
	{ GM_CLASS_KEY_RESTRICTED, -1, 0, 9 * HOUR, 24 * HOUR },
	{ GM_CLASS_KEY_REJECTED, -1, 0, 9 * HOUR, HOUR },
	{ GM_CLASS_KEY_LEAKED, -1, 0, 9 * HOUR, GM_KEYROW_FOREVER },
	{ GM_CLASS_KEY_LEAKED, 1000, HOUR, HOUR, GM_KEYROW_FOREVER },
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
		ms = gm_keyrule_cooling_ms(coolings[i].class,
		    coolings[i].hint_ms, coolings[i].before_ms,
		    coolings[i].day_ms);
		if (ms != coolings[i].want_ms)
			fail_msg("row %zu: %lld", i, (long long)ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cooling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
