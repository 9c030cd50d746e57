#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "keyrules.h"
#include "keys/rules.h"

static void
learn(size_t index, const char *number)
{
	/* The fault marks no key, but names the project. */
	struct gm_fault fault = { .class = GM_CLASS_BAD_REQUEST,
		.hint_ms = -1 };

	(void)snprintf(fault.project, sizeof(fault.project), "%s", number);
	assert_int_equal(
	    gm_keyrule_fault(AT(MODEL, NOW), index, NOW, &fault, &err), 0);
}

/* Two keys with the same number share a project. */
static void
test_join(void **state)
{
	(void)state;
	begin("fake-a,fake-b,fake-c");
	learn(0, "123");
	assert_true(table.changed);
	learn(2, "123");
	assert_string_equal(
	    gm_keyrule_project(&rule, &table, 0), "project:123");
	assert_string_equal(gm_keyrule_project(&rule, &table, 1), "k1");
	assert_string_equal(
	    gm_keyrule_project(&rule, &table, 2), "project:123");
	/* a key may move to another project */
	learn(2, "77");
	assert_string_equal(gm_keyrule_project(&rule, &table, 2), "project:77");
	end();
}

/* A number that is known already changes nothing. */
static void
test_known(void **state)
{
	(void)state;
	begin("fake-a");
	learn(0, "");
	assert_int_equal(table.len, 0);
	assert_false(table.changed);
	learn(0, "123");
	table.changed = false;
	learn(0, "123");
	assert_false(table.changed);
	end();
}

/* Marks of the key's quotas become those of its project. */
static void
test_quotas(void **state)
{
	const struct gm_keyrow *r;

	(void)state;
	begin("fake-a,fake-b");
	put("k0", MODEL, GM_CLASS_QUOTA_MINUTE, NOW, NOW + MIN);
	put("k0", GM_KEYROW_ALL, GM_CLASS_KEY_INVALID, NOW, NOW + DAY);
	learn(0, "123");
	r = gm_keytable_find(
	    &table, GM_KEYROW_OWNER, ORIGIN, "project:123", MODEL);
	assert_non_null(r);
	assert_int_equal(r->class, GM_CLASS_QUOTA_MINUTE);
	assert_int_equal(r->until_ms, NOW + MIN);
	/* an invalid key does not mark its project */
	assert_null(gm_keytable_find(
	    &table, GM_KEYROW_OWNER, ORIGIN, "project:123", GM_KEYROW_ALL));
	end();
}

/* A label of the user wins over the number. */
static void
test_label(void **state)
{
	(void)state;
	begin("work:fake-a,fake-b");
	learn(0, "123");
	assert_string_equal(gm_keyrule_project(&rule, &table, 0), "label:work");
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_quotas),
		cmocka_unit_test(test_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
