#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/enclose.h"

static const struct {
	const char *name, *want;
} names[] = {
	{ "notes.txt", "notes.txt" },
	{ "a b\"c<d>e&f", "a b&quot;c&lt;d&gt;e&amp;f" },
	{ "a\nb\tc\x7F", "a&#10;b&#9;c&#127;" },
	{ "\xC3\xA4\xFF\xE2\x80\xA8", "\xC3\xA4\xEF\xBF\xBD&#8232;" },
	{ "", "" },
};

static void
test_name(void **state)
{
	struct gm_buf out;
	size_t i;

	(void)state;
	gm_buf_init(&out, 1000);
	for (i = 0; i < GM_LEN(names); i++) {
		gm_buf_reset(&out);
		gm_enclose_name(&out, gm_span_of(names[i].name));
		assert_string_equal(gm_buf_str(&out), names[i].want);
	}
	gm_buf_release(&out);
}

/* The id is the same each time, and not in the content, in either case. */
static void
test_id(void **state)
{
	char id[GM_HASH_HEX], again[GM_HASH_HEX], text[100];
	size_t i;

	(void)state;
	gm_enclose_id(id, gm_span_of("content"));
	assert_int_equal(strlen(id), 8);
	gm_enclose_id(again, gm_span_of("content"));
	assert_string_equal(id, again);
	gm_enclose_id(again, gm_span_of("other"));
	assert_string_not_equal(id, again);
	for (i = 0; i < 200; i++) {
		(void)snprintf(text, sizeof(text), "%zu 01234567", i);
		gm_enclose_id(id, gm_span_of(text));
		assert_false(gm_span_has(gm_span_of(text), id));
		assert_true(strlen(id) >= 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
