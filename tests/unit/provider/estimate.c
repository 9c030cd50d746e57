#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "provider/estimate.h"

#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}

static void
test_request(void **state)
{
	const struct gm_part first[] = {
		{ .kind = GM_PART_TEXT, .text = S("one two three") },
		{ .kind = GM_PART_DATA,
		    .text = S("aGVsbG8gd29ybGQK"),
		    .mime = "image/png" },
		{ .kind = GM_PART_TEXT, .text = S("four") },
	};
	const struct gm_part second = { .text = S("five") };
	const struct gm_turn turns[] = {
		{ .parts = first, .parts_len = GM_LEN(first) },
		{ .role = GM_ROLE_MODEL, .parts = &second, .parts_len = 1 },
	};
	struct gm_request q = { .turns = turns };

	(void)state;
	assert_int_equal(gm_estimate_request(&q), 0);
	q.system = gm_span_of("2026");
	assert_int_equal(gm_estimate_request(&q), 5);
	q.turns_len = 1;
	assert_int_equal(gm_estimate_request(&q), 5 + GM_ESTIMATE_TURN + 4 + 2);
	q.turns_len = 2;
	assert_int_equal(
	    gm_estimate_request(&q), 5 + 2 * GM_ESTIMATE_TURN + 4 + 2 + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
