/* The distance of names. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/near.h"

static void
test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		size_t far;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "abc", 0 },
		{ "abc", "ABC", 0 },
		{ "abc", "ac", 1 },
		{ "abc", "abcd", 1 },
		{ "abc", "axc", 1 },
		{ "GM_TIMOUT", "GM_TIMEOUT", 1 },
		{ "kitten", "sitting", 3 },
		{ "abc", "xyz", 3 },
	};
	char name[202];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    gm_near_distance(rows[i].a, rows[i].b), rows[i].far);
		assert_int_equal(
		    gm_near_distance(rows[i].b, rows[i].a), rows[i].far);
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(gm_near_distance(name, "x"), GM_NEAR_FAR);
	assert_int_equal(gm_near_distance("x", name), GM_NEAR_FAR);
	name[200] = '\0';
	assert_int_equal(gm_near_distance(name, "x"), 199);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
