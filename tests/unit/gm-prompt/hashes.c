#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gm-prompt/hashes.h"

#define MANY 10007 /* a prime, so that steps reach every number */

static struct gm_hash
hash_of(uint64_t n)
{
	return (struct gm_hash){ n % 101, n };
}

static void
add(struct gm_hashes *h, struct gm_hash hash)
{
	struct gm_err err;

	assert_int_equal(gm_hashes_add(h, hash, &err), 0);
}

static void
sort(struct gm_hashes *h)
{
	struct gm_err err;

	assert_int_equal(gm_hashes_sort(h, &err), 0);
}

static void
test_parse(void **state)
{
	static const char *const bad[] = { "",
		"0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0",
		"0123456789ABCDEF0123456789abcdef",
		"0123456789abcdef0123456789abcdeg",
		"/123456789abcdef0123456789abcdef",
		"0123456789abcdef:123456789abcdef",
		"0123456789abcdef`123456789abcdef",
		" 123456789abcdef0123456789abcdef" };
	struct gm_hash hash;
	size_t i;

	(void)state;
	assert_true(gm_hashes_parse(
	    &hash, gm_span_of("0123456789abcdeffedcba9876543210")));
	assert_true(hash.high == UINT64_C(0x0123456789abcdef));
	assert_true(hash.low == UINT64_C(0xfedcba9876543210));
	for (i = 0; i < GM_LEN(bad); i++)
		assert_false(gm_hashes_parse(&hash, gm_span_of(bad[i])));
}

static void
test_empty(void **state)
{
	struct gm_hashes h = { 0 };

	(void)state;
	assert_false(gm_hashes_mark(&h, hash_of(1)));
	sort(&h);
	assert_false(gm_hashes_mark(&h, hash_of(1)));
	assert_false(gm_hashes_unmark(&h, hash_of(1)));
	assert_false(gm_hashes_is_marked(&h, hash_of(1)));
	gm_hashes_release(&h);
	gm_hashes_release(&h);
}

/* Hashes are added in any order; their neighbours are not found. */
static void
test_sort(void **state)
{
	struct gm_hashes h = { 0 };
	uint64_t i;

	(void)state;
	for (i = 0; i < MANY; i++)
		add(&h, hash_of(i * 4001 % MANY * 2));
	sort(&h);
	assert_int_equal(h.len, MANY);
	for (i = 1; i < MANY; i++)
		assert_true(h.all[i - 1].high < h.all[i].high ||
			    (h.all[i - 1].high == h.all[i].high &&
				h.all[i - 1].low < h.all[i].low));
	for (i = 0; i < MANY; i++) {
		assert_true(gm_hashes_mark(&h, hash_of(i * 2)));
		assert_false(gm_hashes_mark(&h, hash_of(i * 2)));
		assert_false(gm_hashes_mark(&h, hash_of(i * 2 + 1)));
	}
	assert_int_equal(h.marked, MANY);
	gm_hashes_release(&h);
}

/* Each hash is marked as often as it occurs, and no other. */
static void
test_equal(void **state)
{
	struct gm_hashes h = { 0 };
	uint64_t i, j;

	(void)state;
	for (i = 0; i < 20; i++)
		for (j = 0; j < 20; j++)
			if (j < i)
				add(&h, hash_of(j));
	sort(&h); /* 0 occurs 19 times, 18 once, 19 never */
	for (j = 0; j < 20; j++) {
		assert_false(gm_hashes_is_marked(&h, hash_of(j)));
		for (i = j + 1; i < 20; i++) {
			assert_true(gm_hashes_mark(&h, hash_of(j)));
			assert_true(gm_hashes_is_marked(&h, hash_of(j)));
		}
		assert_false(gm_hashes_mark(&h, hash_of(j)));
	}
	assert_int_equal(h.marked, h.len);
	for (j = 0; j < 20; j++) {
		for (i = j + 1; i < 20; i++) {
			assert_true(gm_hashes_is_marked(&h, hash_of(j)));
			assert_true(gm_hashes_unmark(&h, hash_of(j)));
		}
		assert_false(gm_hashes_unmark(&h, hash_of(j)));
		assert_false(gm_hashes_is_marked(&h, hash_of(j)));
	}
	assert_int_equal(h.marked, 0);
	gm_hashes_release(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
