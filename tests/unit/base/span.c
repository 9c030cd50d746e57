/* Borrowed bytes: compared, searched, trimmed, split. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/span.h"

static const struct gm_span nothing = { NULL, 0 };

static void
test_of(void **state)
{
	(void)state;
	assert_int_equal(gm_span_of("abc").len, 3);
	assert_int_equal(gm_span_of("").len, 0);
	assert_non_null(gm_span_of("").p);
	assert_int_equal(gm_span_of(NULL).len, 0);
	assert_null(gm_span_of(NULL).p);
}

static void
test_compare(void **state)
{
	static const struct {
		const char *input, *text;
		bool is, starts, has;
	} rows[] = {
		{ "", "", true, true, true },
		{ "abc", "", false, true, true },
		{ "", "a", false, false, false },
		{ "abc", "abc", true, true, true },
		{ "abc", "ab", false, true, true },
		{ "abc", "abcd", false, false, false },
		{ "abc", "bc", false, false, true },
		{ "abc", "c", false, false, true },
		{ "abc", "ABC", false, false, true },
		{ "xABc", "abC", false, false, true },
		{ "aab", "ab", false, false, true },
		{ "abab", "abb", false, false, false },
		{ "@", "`", false, false, false },
		{ "[", "{", false, false, false },
		{ "\xC3\x89", "\xC3\xA9", false, false, false },
	};
	struct gm_span s;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		s = gm_span_of(rows[i].input);
		if (gm_span_is(s, rows[i].text) != rows[i].is ||
		    gm_span_starts(s, rows[i].text) != rows[i].starts ||
		    gm_span_has(s, rows[i].text) != rows[i].has)
			fail_msg("%s, %s", rows[i].input, rows[i].text);
	}
	assert_true(gm_span_is(nothing, ""));
	assert_true(gm_span_starts(nothing, ""));
	assert_true(gm_span_has(nothing, ""));
	assert_false(gm_span_is(nothing, "a"));
	assert_false(gm_span_starts(nothing, "a"));
	assert_false(gm_span_has(nothing, "a"));
}

static void
test_find(void **state)
{
	static const char text[] = "say\0Limit: limit";
	struct gm_span s = { text, sizeof(text) - 1 };

	(void)state;
	assert_ptr_equal(gm_span_find(s, "limit"), text + 4);
	assert_ptr_equal(gm_span_find(s, "LIMIT"), text + 4);
	assert_ptr_equal(gm_span_find(s, " limit"), text + 10);
	assert_ptr_equal(gm_span_find(s, ""), text);
	assert_null(gm_span_find(s, "limits"));
	s.len--; /* no read beyond the end */
	assert_null(gm_span_find(s, " limit"));
	assert_null(gm_span_find(nothing, "a"));
}

static void
test_trim(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ " ", "" },
		{ " \t\r\n", "" },
		{ "a", "a" },
		{ " a b\t", "a b" },
		{ "\r\n\ta\r\n", "a" },
		{ "\va\f", "\va\f" },
	};
	struct gm_span s;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		s = gm_span_trim(gm_span_of(rows[i][0]));
		if (!gm_span_is(s, rows[i][1]))
			fail_msg("row %zu: %.*s", i, (int)s.len, s.p);
	}
	assert_int_equal(gm_span_trim(nothing).len, 0);
}

static void
test_split(void **state)
{
	static const struct {
		const char *input, *separators;
		size_t len;
		const char *items[5];
	} rows[] = {
		{ "", ",", 1, { "" } },
		{ "a", ",", 1, { "a" } },
		{ "a,b", ",", 2, { "a", "b" } },
		{ "a,", ",", 2, { "a", "" } },
		{ ",a", ",", 2, { "", "a" } },
		{ ",", ",", 2, { "", "" } },
		{ "a,,b", ",", 3, { "a", "", "b" } },
		{ "ab,cd ef\tg", " ,\t", 4, { "ab", "cd", "ef", "g" } },
		{ "a,b", "", 1, { "a,b" } },
	};
	struct gm_span rest, item;
	size_t i, n;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		rest = gm_span_of(rows[i].input);
		for (n = 0; gm_span_split(&rest, rows[i].separators, &item);
		     n++)
			if (n >= rows[i].len ||
			    !gm_span_is(item, rows[i].items[n]))
				fail_msg("%s: item %zu is %.*s", rows[i].input,
				    n, (int)item.len, item.p);
		assert_int_equal(n, rows[i].len);
	}
	rest = nothing;
	assert_false(gm_span_split(&rest, ",", &item));
	rest = (struct gm_span){ "a\0b,c", 5 }; /* a NUL is no separator */
	assert_true(gm_span_split(&rest, ",", &item));
	assert_int_equal(item.len, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
