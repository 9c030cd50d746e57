/*
 * Valid JSON, the limits, and the messages.  json/read.c parses each row, too,
 * as jsmn must agree with the check.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "json/check.h"
#include "json/read.h"

struct row {
	const char *name;
	struct gm_span text;
};

#define ROW(name, text) \
	{ \
		name, \
		{ \
			text, sizeof(text) - 1 \
		} \
	}

static const struct row good_values[] = {
	ROW("empty array", "[]"),
	ROW("empty object", "{}"),
	ROW("bare number", "42"),
	ROW("bare digit", "7"),
	ROW("bare negative real", "-0.1"),
	ROW("bare exponent", "1e5"),
	ROW("bare true", "true"),
	ROW("bare false", "false"),
	ROW("bare null", "null"),
	ROW("bare string", "\"text\""),
	ROW("bare empty string", "\"\""),
	ROW("bare one-letter string", "\"a\""),
	ROW("bare escape", "\"\\n\""),
	ROW("all blanks around a number", " \t\r\n1 \t\r\n"),
	ROW("all blanks around a word", " \t\r\nnull \t\r\n"),
	ROW("all blanks around a string", " \t\r\n\"a\" \t\r\n"),
	ROW("all blanks around an array", " \t\r\n[] \t\r\n"),
	ROW("all blanks around an object", " \t\r\n{} \t\r\n"),
	ROW("newline at the end", "[1]\n"),
	ROW("blanks in an empty array", "[ \t\r\n]"),
	ROW("blanks in an empty object", "{ \t\r\n}"),
	ROW("blanks everywhere", " [ 1 , { \"a\" : [ ] , \"b\" : 2 } ] "),
	ROW("array of one", "[1]"),
	ROW("array of each type", "[null,true,false,1,\"a\",[],{}]"),
	ROW("array of nulls", "[null,null,null,null]"),
	ROW("array in array", "[[]]"),
	ROW("arrays side by side", "[[],[],[[]]]"),
	ROW("array of objects", "[{},{\"a\":{}},{}]"),
	ROW("array over lines", "[\n\t1,\n\t2\n]\n"),
	ROW("one member", "{\"a\":1}"),
	ROW("two members", "{\"a\":1,\"b\":2}"),
	ROW("empty name", "{\"\":0}"),
	ROW("name of a blank", "{\" \":0}"),
	ROW("name twice", "{\"a\":1,\"a\":2}"),
	ROW("name and value twice", "{\"a\":1,\"a\":1}"),
	ROW("name with escapes", "{\"a\\tb\\u0041\":1}"),
	ROW("name with U+0000", "{\"a\\u0000b\":1}"),
	ROW("name in Cyrillic", "{\"имя\":\"значение\"}"),
	ROW("objects in objects", "{\"a\":{\"b\":{\"c\":{}}}}"),
	ROW("members over lines", "{\n  \"a\": 1,\n  \"b\": []\n}"),
	ROW("huge and tiny", "{\"min\":-1.0e+28,\"max\":1.0e+28}"),
	ROW("every type by name", "{\"a\":1,\"b\":\"\",\"c\":[],\"d\":{},"
				  "\"e\":true,\"f\":false,\"g\":null}"),
};

static const struct row good_numbers[] = {
	ROW("zero", "[0]"),
	ROW("minus zero", "[-0]"),
	ROW("one digit", "[8]"),
	ROW("digits", "[1234567890]"),
	ROW("minus", "[-123]"),
	ROW("ten", "[10]"),
	ROW("fraction", "[12.75]"),
	ROW("zero and fraction", "[0.5]"),
	ROW("minus zero and fraction", "[-0.5]"),
	ROW("fraction of zeros", "[1.000]"),
	ROW("zeros only", "[0.0]"),
	ROW("exponent", "[1e3]"),
	ROW("capital exponent", "[1E3]"),
	ROW("exponent with plus", "[1e+3]"),
	ROW("exponent with minus", "[1e-3]"),
	ROW("capital with plus", "[1E+3]"),
	ROW("capital with minus", "[1E-3]"),
	ROW("zero exponent", "[1e0]"),
	ROW("exponent with leading zeros", "[1e007]"),
	ROW("zero to a power", "[0e1]"),
	ROW("zero to a power, plus", "[0e+1]"),
	ROW("zero to a power, minus", "[0E-1]"),
	ROW("minus zero to a power", "[-0e1]"),
	ROW("fraction and exponent", "[123.456e78]"),
	ROW("fraction and exponents", "[-1.5E-10]"),
	ROW("blank after it", "[1 ]"),
	ROW("over a double", "[1.5e9999]"),
	ROW("under a double", "[1.5e-9999]"),
	ROW("minus over a double", "[-1e9999]"),
	ROW("over 64 bits", "[18446744073709551616]"),
	ROW("minus over 64 bits", "[-9223372036854775809]"),
	ROW("thirty digits", "[-123456789012345678901234567890]"),
	ROW("long exponent", "[1e123456789012345678901234567890]"),
	ROW("near zero", "[-0.00000000000000000000000000000000001]"),
};

static const struct row good_strings[] = {
	ROW("all short escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
	ROW("escape of a letter", "[\"\\u0041\"]"),
	ROW("hex in both cases", "[\"\\uabCD\\uEf01\"]"),
	ROW("U+0000", "[\"\\u0000\"]"),
	ROW("control as escape", "[\"\\u001b\\u007f\\u0085\"]"),
	ROW("pair", "[\"\\ud83d\\ude00\"]"),
	ROW("pair in capitals", "[\"\\uD834\\uDD1E\"]"),
	ROW("pairs in a row", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
	ROW("last pair", "[\"\\uDBFF\\uDFFF\"]"),
	ROW("lone high half", "[\"\\ud83d\"]"),
	ROW("lone low half", "[\"\\ude00\"]"),
	ROW("halves in the wrong order", "[\"\\ude00\\ud83d\"]"),
	ROW("high half and a letter", "[\"\\ud83dabc\"]"),
	ROW("high half and an escape", "[\"\\ud83d\\n\"]"),
	ROW("two high halves", "[\"\\ud83d\\ud83d\"]"),
	ROW("half in a name", "{\"\\ud83d\":0}"),
	ROW("no character", "[\"\\uffff\\ufdd0\\ud83f\\udffe\"]"),
	ROW("markup as escapes", "[\"\\u003cb\\u003e \\u0026 \\u0027\"]"),
	ROW("escaped backslash and u", "[\"\\\\u0041\"]"),
	ROW("backslash before the end", "[\"\\\\\"]"),
	ROW("backslashes", "[\"\\\\\\\\\\\"\"]"),
	ROW("escape at every eighth", "[\"1234567\\n1234567\\n1234567\"]"),
	ROW("delete, raw", "[\"a\x7F"
			   "b\"]"),
	ROW("two bytes", "[\"\xC2\x80 \xC3\xA9 \xDF\xBF\"]"),
	ROW("three bytes", "[\"\xE0\xA0\x80 \xE2\x82\xAC \xEF\xBF\xBF\"]"),
	ROW("four bytes", "[\"\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF\"]"),
	ROW("next to the surrogates", "[\"\xED\x9F\xBF\xEE\x80\x80\"]"),
	ROW("separators", "[\"\xE2\x80\xA8\xE2\x80\xA9\"]"),
	ROW("byte order mark within", "[\"\xEF\xBB\xBF\"]"),
	ROW("bidi override", "[\"\xE2\x80\xAE\"]"),
	ROW("syntax in a string", "[\"[{,:]}\"]"),
	ROW("comments in a string", "[\"/* a */ // b\"]"),
	ROW("apostrophe", "[\"it's\"]"),
	ROW("blanks in a string", "[\" \",\"  a  \"]"),
	ROW("words in strings", "[\"true\",\"null\",\"-1\"]"),
};

static void
pass(const struct row *rows, size_t len)
{
	struct gm_json j = { 0 };
	struct gm_err err = { 0 };
	size_t i, tokens;

	for (i = 0; i < len; i++) {
		if (gm_jsoncheck(rows[i].text, &tokens, &err) != 0 ||
		    gm_json_parse(&j, rows[i].text, &err) != 0)
			fail_msg("%s: %s", rows[i].name, err.msg);
		if (j.count != tokens || tokens == 0)
			fail_msg("%s: %zu tokens checked, %zu made",
			    rows[i].name, tokens, j.count);
		assert_int_equal(err.code, GM_OK);
	}
	gm_json_release(&j);
}

static void
test_values(void **state)
{
	(void)state;
	pass(good_values, GM_LEN(good_values));
}

static void
test_numbers(void **state)
{
	(void)state;
	pass(good_numbers, GM_LEN(good_numbers));
}

static void
test_strings(void **state)
{
	(void)state;
	pass(good_strings, GM_LEN(good_strings));
}

/* Append one text n times. */
static void
repeat(struct gm_buf *b, const char *text, size_t n)
{
	for (; n > 0; n--)
		gm_buf_puts(b, text);
}

static void
test_tokens(void **state)
{
	static const struct {
		const char *input;
		size_t want;
	} rows[] = {
		{ "1", 1 },
		{ "\"a\"", 1 },
		{ "[]", 1 },
		{ "[1,[2,3],\"a\"]", 6 },
		{ "{\"a\":1,\"b\":{\"c\":[]}}", 7 },
	};
	struct gm_err err = { 0 };
	size_t i, tokens;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(
		    gm_jsoncheck(gm_span_of(rows[i].input), &tokens, &err), 0);
		assert_int_equal(tokens, rows[i].want);
	}
}

/* Nesting up to the limit, and once more. */
static void
test_depth(void **state)
{
	static const char *const rows[][2] = {
		{ "[", "]" },
		{ "{\"a\":", "}" },
		{ "[1,", "]" },
		{ "[[],", "]" },
	};
	struct gm_buf b = { 0 };
	struct gm_err err = { 0 };
	size_t i, n, tokens;
	int rc;

	(void)state;
	gm_buf_init(&b, 1 << 20);
	for (i = 0; i < GM_LEN(rows); i++)
		for (n = GM_JSON_DEPTH; n <= GM_JSON_DEPTH + 1; n++) {
			gm_buf_reset(&b);
			repeat(&b, rows[i][0], n - 1);
			gm_buf_puts(&b, "[]");
			repeat(&b, rows[i][1], n - 1);
			rc = gm_jsoncheck(gm_buf_span(&b), &tokens, &err);
			if (rc != (n > GM_JSON_DEPTH ? -1 : 0))
				fail_msg("%s %zu deep: %d", rows[i][0], n, rc);
		}
	assert_non_null(strstr(err.msg, "nested too deeply at byte "));
	gm_buf_release(&b);
}

/* jsmn alone would take seconds for the first of these, minutes for others. */
static void
test_far_too_deep(void **state)
{
	static const char *const rows[] = { "[", "{\"a\":", "[{\"a\":[1," };
	struct gm_json j = { 0 };
	struct gm_buf b = { 0 };
	struct gm_err err = { 0 };
	size_t i;

	(void)state;
	gm_buf_init(&b, 1 << 24);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&b);
		repeat(&b, rows[i], 100000);
		assert_int_equal(gm_json_parse(&j, gm_buf_span(&b), &err), -1);
		assert_int_equal(err.code, GM_EPROTOCOL);
	}
	gm_buf_release(&b);
	gm_json_release(&j);
}

static void
test_token_cap(void **state)
{
	struct gm_buf b = { 0 };
	struct gm_err err = { 0 };
	size_t tokens;

	(void)state;
	gm_buf_init(&b, 1 << 24);
	gm_buf_puts(&b, "[0");
	repeat(&b, ",0", GM_JSON_TOKENS - 2);
	gm_buf_puts(&b, "]");
	assert_int_equal(gm_jsoncheck(gm_buf_span(&b), &tokens, &err), 0);
	assert_int_equal(tokens, GM_JSON_TOKENS);
	gm_buf_cut(&b, b.len - 1);
	gm_buf_puts(&b, ",0]");
	assert_int_equal(gm_jsoncheck(gm_buf_span(&b), &tokens, &err), -1);
	assert_int_equal(err.code, GM_EPROTOCOL);
	assert_non_null(strstr(err.msg, "too many values"));
	gm_buf_release(&b);
}

static void
test_size_cap(void **state)
{
	struct gm_span text = { "{}",
		INT_MAX }; /* an error before it is read */
	struct gm_err err = { 0 };
	size_t tokens;

	(void)state;
	assert_int_equal(gm_jsoncheck(text, &tokens, &err), -1);
	assert_int_equal(err.code, GM_EPROTOCOL);
	assert_string_equal(err.msg, "bad JSON: 2 GiB or more");
}

static void
test_messages(void **state)
{
	static const struct {
		const char *input, *want;
	} rows[] = {
		{ "", "ends too soon at byte 0" },
		{ "[1", "ends too soon at byte 2" },
		{ "[\"abc", "ends too soon at byte 5" },
		{ "[tr", "ends too soon at byte 3" },
		{ "[-", "ends too soon at byte 2" },
		{ "{\"a\"", "ends too soon at byte 4" },
		{ "[1] x", "unexpected text after the value at byte 4" },
		{ "[01]", "expected a comma or the end of the list at byte 2" },
		{ "[1.]", "bad number at byte 3" },
		{ "[trux]", "unknown word at byte 4" },
		{ "[secret]", "expected a value at byte 1" },
		{ "{1:2}", "expected a name at byte 1" },
		{ "{\"a\",1}", "expected a colon at byte 4" },
		{ "[\"\\x41\"]", "bad escape at byte 3" },
		{ "[\"a\nb\"]", "control character in a string at byte 3" },
		{ "[\"\xC3\xA9\xE9\"]", "ill-formed UTF-8 at byte 4" },
		{ "\xEF\xBB\xBF{}", "byte order mark at byte 0" },
	};
	struct gm_err err = { 0 };
	size_t i, tokens;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(
		    gm_jsoncheck(gm_span_of(rows[i].input), &tokens, &err), -1);
		assert_int_equal(err.code, GM_EPROTOCOL);
		assert_memory_equal(err.msg, "bad JSON: ", 10);
		assert_string_equal(err.msg + 10, rows[i].want);
	}
	assert_int_equal(
	    gm_jsoncheck((struct gm_span){ NULL, 0 }, &tokens, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_far_too_deep),
		cmocka_unit_test(test_token_cap),
		cmocka_unit_test(test_size_cap),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
