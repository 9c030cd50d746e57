#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/completion_table.h"

static void
test_quote(void **state)
{
	static const char *const rows[][2] = {
		{ "", "''" },
		{ "plain text", "'plain text'" },
		{ "it's", "'it'\\''s'" },
		{ "$x `y` \\z \"q\"", "'$x `y` \\z \"q\"'" },
	};
	struct gm_buf out;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 100);
		gm_completion_quote(&out, rows[i][0]);
		assert_string_equal(gm_buf_str(&out), rows[i][1]);
		gm_buf_release(&out);
	}
}

static void
test_name(void **state)
{
	const struct gm_completion c = { .tool = "gm-a-b" };
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 100);
	gm_completion_name(&out, &c);
	assert_string_equal(gm_buf_str(&out), "gm_a_b");
	gm_buf_release(&out);
}

static void
test_words(void **state)
{
	const struct gm_opt with = { .word = nasty_word }, without = { 0 };
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 100);
	gm_completion_words(&out, &without);
	assert_string_equal(gm_buf_str(&out), "");
	gm_completion_words(&out, &with);
	assert_string_equal(gm_buf_str(&out), "one two");
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
