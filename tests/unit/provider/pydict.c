#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/pydict.h"

/* NULL: no value. */
static const struct {
	const char *text, *json;
} rows[] = {
	{ "", NULL },
	{ "a", NULL },
	{ "'a'", NULL },
	{ "}", NULL },
	{ "{", NULL },
	{ "{'a", NULL },
	{ "{'a\\", NULL },
	{ "{'a\\'}", NULL },
	{ "[[]", NULL },
	{ "{}", "{}" },
	{ "[]b", "[]" },
	{ "{'a': 'b'}", "{\"a\": \"b\"}" },
	{ "{'a': [None, True, False, -1.5]} and more",
	    "{\"a\": [null, true, false, -1.5]}" },
	{ "{'a': \"it's\"}", "{\"a\": \"it's\"}" },
	{ "{'a': 'b \"c\" \\'d\\''}", "{\"a\": \"b \\\"c\\\" 'd'\"}" },
	{ "{'a': '}]'}", "{\"a\": \"}]\"}" },
	{ "{'a': 'None'}", "{\"a\": \"None\"}" },
	{ "{'a': '\\n\\\\ \\xe9 \\xz \\a'}",
	    "{\"a\": \"\\n\\\\ \\u00e9 \\\\xz \\\\a\"}" },
	{ "{'a': 'b\nc'}", "{\"a\": \"b c\"}" },
	/* JSON stays unchanged. */
	{ "{\"a\":\"b \\\"c\\\" \\u00e9 '\",\"d\":[1,null]}x",
	    "{\"a\":\"b \\\"c\\\" \\u00e9 '\",\"d\":[1,null]}" },
};

static void
test_rows(void **state)
{
	struct gm_buf out;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 1000);
		if (gm_pydict_put(&out, gm_span_of(rows[i].text)) !=
			(rows[i].json != NULL) ||
		    (rows[i].json != NULL &&
			strcmp(gm_buf_str(&out), rows[i].json) != 0))
			fail_msg("%s: %s", rows[i].text, gm_buf_str(&out));
		gm_buf_release(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
