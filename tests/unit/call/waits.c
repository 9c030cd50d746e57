#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "call/waits.h"

static const int ours, others;

static struct gm_wait
wait_for(const void *keys, const char *model, enum gm_class why, int64_t until)
{
	return (struct gm_wait){ keys, model, why, until };
}

/* Who comes later waits as long, and says nothing. */
static void
test_joined(void **state)
{
	struct gm_waits w = { 0 };
	struct gm_wait a = wait_for(&ours, "m", GM_CLASS_QUOTA_MINUTE, 500);
	bool news;

	(void)state;
	assert_int_equal(gm_waits_join(&w, &a, 100, &news), 500);
	assert_true(news);
	a.until_ms = 517;
	assert_int_equal(gm_waits_join(&w, &a, 110, &news), 500);
	assert_false(news);
	/* It is over: another one begins. */
	assert_int_equal(gm_waits_join(&w, &a, 500, &news), 517);
	assert_true(news);
}

/* What differs in keys, model or reason is another wait. */
static void
test_apart(void **state)
{
	struct gm_waits w = { 0 };
	const struct gm_wait waits[] = {
		wait_for(&ours, "m", GM_CLASS_QUOTA_MINUTE, 500),
		wait_for(&others, "m", GM_CLASS_QUOTA_MINUTE, 501),
		wait_for(&ours, "n", GM_CLASS_QUOTA_MINUTE, 502),
		wait_for(&ours, "m", GM_CLASS_QUOTA, 503),
	};
	bool news;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(waits); i++) {
		assert_int_equal(
		    gm_waits_join(&w, &waits[i], 1, &news), 500 + i);
		assert_true(news);
	}
	for (i = 0; i < GM_LEN(waits); i++) {
		assert_int_equal(
		    gm_waits_join(&w, &waits[i], 2, &news), 500 + i);
		assert_false(news);
	}
}

/* Of too many the one that ends first is forgotten. */
static void
test_many(void **state)
{
	static const char *const models[] = { "a", "b", "c", "d", "e", "f", "g",
		"h", "i", "j", "k", "l", "m", "n", "o", "p", "q" };
	struct gm_waits w = { 0 };
	struct gm_wait a;
	bool news;
	size_t i;

	(void)state;
	assert_int_equal(GM_LEN(models), GM_WAITS_MAX + 1);
	for (i = 0; i < GM_LEN(models); i++) {
		a = wait_for(
		    &ours, models[i], GM_CLASS_QUOTA, 1000 + (int64_t)i);
		(void)gm_waits_join(&w, &a, 1, &news);
	}
	a = wait_for(&ours, "q", GM_CLASS_QUOTA, 9000);
	assert_int_equal(gm_waits_join(&w, &a, 1, &news), 1016);
	a = wait_for(&ours, "a", GM_CLASS_QUOTA, 9000);
	assert_int_equal(gm_waits_join(&w, &a, 1, &news), 9000);
	assert_true(news);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
