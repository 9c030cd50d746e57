#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json/line.h"

#define E "\xC3\xA9"

/* Copy into a field of eight bytes that contains "before". */
static const struct {
	const char *json, *want;
} rows[] = {
	{ "\"stop\"", "stop" },
	{ "\"\"", "" },
	{ "\"seven77\"", "seven77" },
	{ "\"eight888\"", "eigh..." },
	{ "\" a \\n\\t b \"", "a b" },
	{ "\"a\\u001b[31mb\\u0000\"", "ab\xEF\xBF\xBD" },
	{ "\"" E E E "x\"", E E E "x" },
	{ "\"" E E E E "\"", E E "..." },
	{ "\"x" E E E E "\"", "x" E "..." },
	{ "\"xxxx" E E "\"", "xxxx..." },
	{ "null", "before" },
	{ "5", "before" },
	{ "[\"a\"]", "before" },
	{ "{}", "before" },
};

static void
test_rows(void **state)
{
	struct gm_json j = { 0 };
	struct gm_err err;
	char line[8];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(line, sizeof(line), "before");
		assert_int_equal(
		    gm_json_parse(&j, gm_span_of(rows[i].json), &err), 0);
		assert_int_equal(
		    gm_jsonline(&j, GM_JSON_ROOT, line, sizeof(line), &err), 0);
		assert_string_equal(line, rows[i].want);
	}
	assert_int_equal(
	    gm_jsonline(&j, GM_JSON_NONE, line, sizeof(line), &err), 0);
	gm_json_release(&j);
}

/* Never longer than GM_TERM_LINE_MAX characters, however large the field. */
static void
test_long(void **state)
{
	static char json[10000], line[4000];
	struct gm_json j = { 0 };
	struct gm_err err;
	size_t i;

	(void)state;
	json[0] = '"';
	for (i = 1; i < 8000; i += 4)
		memcpy(json + i, "\xF0\x9F\x98\x80", 4);
	json[i] = '"';
	assert_int_equal(
	    gm_json_parse(&j, (struct gm_span){ json, i + 1 }, &err), 0);
	assert_int_equal(
	    gm_jsonline(&j, GM_JSON_ROOT, line, sizeof(line), &err), 0);
	assert_int_equal(strlen(line), 4 * 300 + 3);
	assert_string_equal(line + 4 * 300, "...");
	gm_json_release(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
