#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "call/reported.h"

static const char services[GM_VENDORS + 1];

/* Each class of each service is news once. */
static void
test_once(void **state)
{
	struct gm_reported t = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < GM_VENDORS; i++) {
		assert_true(
		    gm_reported_is_new(&t, &services[i], GM_CLASS_QUOTA_DAY));
		assert_true(
		    gm_reported_is_new(&t, &services[i], GM_CLASS_OVERLOADED));
	}
	for (i = 0; i < GM_VENDORS; i++) {
		assert_false(
		    gm_reported_is_new(&t, &services[i], GM_CLASS_QUOTA_DAY));
		assert_false(
		    gm_reported_is_new(&t, &services[i], GM_CLASS_OVERLOADED));
		assert_true(
		    gm_reported_is_new(&t, &services[i], GM_CLASS_NETWORK));
	}
}

/* One too many is rather said again than never. */
static void
test_full(void **state)
{
	struct gm_reported t = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < GM_VENDORS; i++)
		assert_true(
		    gm_reported_is_new(&t, &services[i], GM_CLASS_NETWORK));
	assert_true(gm_reported_is_new(&t, &services[i], GM_CLASS_NETWORK));
	assert_true(gm_reported_is_new(&t, &services[i], GM_CLASS_NETWORK));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
