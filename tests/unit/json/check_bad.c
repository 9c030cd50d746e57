/* Text that is not JSON, by kind of mistake. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

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

static const struct row numbers[] = {
	ROW("leading zero", "[01]"),
	ROW("leading zeros", "[00]"),
	ROW("leading zero, bare", "012"),
	ROW("minus and leading zero", "[-012]"),
	ROW("leading zero and fraction", "[00.5]"),
	ROW("no digit after point", "[1.]"),
	ROW("no digit after zero and point", "[0.]"),
	ROW("no digit after minus and point", "[-2.]"),
	ROW("no digit before point", "[.5]"),
	ROW("minus before point", "[-.5]"),
	ROW("point alone", "[.]"),
	ROW("minus and point", "[-.]"),
	ROW("minus alone", "[-]"),
	ROW("minus alone, bare", "-"),
	ROW("minus and blank", "[- 1]"),
	ROW("two minuses", "[--1]"),
	ROW("minus and letter", "[-a]"),
	ROW("minus and word", "[-true]"),
	ROW("plus", "[+1]"),
	ROW("two pluses", "[++1]"),
	ROW("plus alone", "[+]"),
	ROW("plus minus", "[+-1]"),
	ROW("exponent without digits", "[1e]"),
	ROW("capital without digits", "[1E]"),
	ROW("exponent with plus only", "[1e+]"),
	ROW("exponent with minus only", "[1e-]"),
	ROW("capital with plus only", "[1E+]"),
	ROW("zero exponent without digits", "[0e]"),
	ROW("zero exponent with plus only", "[0e+]"),
	ROW("point before exponent", "[1.e1]"),
	ROW("zero, point, exponent", "[0.e1]"),
	ROW("fraction, exponent without digits", "[1.5e]"),
	ROW("point and exponent alone", "[.e1]"),
	ROW("exponent with fraction", "[1e1.5]"),
	ROW("two exponents", "[1e1e1]"),
	ROW("two e", "[1ee2]"),
	ROW("exponent with two signs", "[1e+-2]"),
	ROW("blank before exponent", "[1 e5]"),
	ROW("blank after e", "[1e 5]"),
	ROW("blank after point", "[1. 5]"),
	ROW("two points", "[1.2.3]"),
	ROW("points in a row", "[1..2]"),
	ROW("thousands with blanks", "[1 000]"),
	ROW("thousands with underscore", "[1_000]"),
	ROW("thousands with apostrophe", "[1'000]"),
	ROW("hex", "[0x1F]"),
	ROW("binary", "[0b11]"),
	ROW("suffix f", "[1.5f]"),
	ROW("letter within", "[1a2]"),
	ROW("letter after exponent", "[1e5x]"),
	ROW("NaN", "[NaN]"),
	ROW("minus NaN", "[-NaN]"),
	ROW("Infinity", "[Infinity]"),
	ROW("minus Infinity", "[-Infinity]"),
	ROW("sum", "[1+2]"),
	ROW("difference", "[2-1]"),
	ROW("fullwidth digit", "[\xEF\xBC\x91]"),
	ROW("minus sign of Unicode", "[\xE2\x88\x92\x31]"),
	ROW("byte after a digit", "[1\xE5]"),
	ROW("byte after an exponent", "[1e1\xE5]"),
	ROW("NUL within", "[1\0002]"),
	ROW("colon within", "[1:2]"),
};

static const struct row words[] = {
	ROW("tru", "[tru]"),
	ROW("tru, bare", "tru"),
	ROW("truth", "[truth]"),
	ROW("truee", "[truee]"),
	ROW("True", "[True]"),
	ROW("tRUE", "[tRUE]"),
	ROW("fals", "[fals]"),
	ROW("fa lse", "[fa lse]"),
	ROW("False", "[False]"),
	ROW("nul", "[nul]"),
	ROW("nul, bare", "nul"),
	ROW("nulll", "[nulll]"),
	ROW("NULL", "[NULL]"),
	ROW("None", "[None]"),
	ROW("undefined", "[undefined]"),
	ROW("two in one", "[truefalse]"),
	ROW("word and digit", "[true1]"),
	ROW("word and NUL", "[true\0]"),
	ROW("word with escape", "[tr\\u0075e]"),
	ROW("letter", "[a]"),
};

static const struct row arrays[] = {
	ROW("blank for comma", "[1 2]"),
	ROW("newline for comma", "[1\n2]"),
	ROW("strings without comma", "[\"a\" \"b\"]"),
	ROW("strings side by side", "[\"a\"\"b\"]"),
	ROW("number and string", "[1\"a\"]"),
	ROW("string and number", "[\"a\"1]"),
	ROW("array and number", "[[]1]"),
	ROW("number and array", "[1[]]"),
	ROW("arrays without comma", "[[][]]"),
	ROW("objects without comma", "[{}{}]"),
	ROW("words without comma", "[true false]"),
	ROW("two commas", "[1,,2]"),
	ROW("comma alone", "[,]"),
	ROW("comma first", "[,1]"),
	ROW("comma last", "[1,]"),
	ROW("comma last after a string", "[\"\",]"),
	ROW("comma last within", "[[1,],2]"),
	ROW("semicolon", "[1;2]"),
	ROW("colon", "[\"a\":1]"),
	ROW("colon alone", "[:]"),
};

static const struct row objects[] = {
	ROW("name alone", "{\"a\"}"),
	ROW("no value", "{\"a\":}"),
	ROW("no name", "{:1}"),
	ROW("colon alone", "{:}"),
	ROW("no colon", "{\"a\" 1}"),
	ROW("no colon, string", "{\"a\"\"b\"}"),
	ROW("two colons", "{\"a\"::1}"),
	ROW("colon after the value", "{\"a\":1:2}"),
	ROW("colons in a row", "{\"a\":\"b\":\"c\"}"),
	ROW("comma for colon", "{\"a\",1}"),
	ROW("equals for colon", "{\"a\"=1}"),
	ROW("arrow for colon", "{\"a\"=>1}"),
	ROW("comma for value", "{\"a\":,}"),
	ROW("comma alone", "{,}"),
	ROW("comma first", "{,\"a\":1}"),
	ROW("comma last", "{\"a\":1,}"),
	ROW("two commas", "{\"a\":1,,\"b\":2}"),
	ROW("no comma", "{\"a\":1 \"b\":2}"),
	ROW("semicolon", "{\"a\":1;\"b\":2}"),
	ROW("value without name", "{\"a\":1,2}"),
	ROW("second name alone", "{\"a\":1,\"b\"}"),
	ROW("second value missing", "{\"a\":1,\"b\":}"),
	ROW("bare name", "{a:1}"),
	ROW("bare name after one", "{\"a\":1,b:2}"),
	ROW("bare letter after name", "{\"a\"b:1}"),
	ROW("name in apostrophes", "{'a':1}"),
	ROW("value in apostrophes", "{\"a\":'b'}"),
	ROW("number as name", "{1:2}"),
	ROW("word as name", "{true:1}"),
	ROW("array as name", "{[]:1}"),
	ROW("object as name", "{{}:1}"),
	ROW("array in an object", "{[1]}"),
	ROW("comment within", "{\"a\":/* one */1}"),
	ROW("comment after", "{\"a\":1}// one"),
	ROW("comment after, sharp", "{\"a\":1}#one"),
	ROW("comment unclosed", "{\"a\":1}/*"),
	ROW("syntax only", "{:,:}"),
};

static const struct row structure[] = {
	ROW("nothing", ""),
	ROW("blank only", " "),
	ROW("blanks only", " \t\r\n"),
	ROW("open array", "["),
	ROW("open object", "{"),
	ROW("open array, value", "[1"),
	ROW("open array, comma", "[1,"),
	ROW("open array, string", "[\"a\""),
	ROW("open arrays", "[[["),
	ROW("open within", "[[]"),
	ROW("open object, name", "{\"a\""),
	ROW("open object, colon", "{\"a\":"),
	ROW("open object, value", "{\"a\":1"),
	ROW("open object, comma", "{\"a\":1,"),
	ROW("open object, array", "{\"a\":["),
	ROW("open array, open object", "[{\"a\":[{"),
	ROW("open string", "\""),
	ROW("open string, letter", "\"a"),
	ROW("open string in array", "[\"a]"),
	ROW("open name", "{\"a}"),
	ROW("open escape", "[\"\\"),
	ROW("open point", "[\"\\u00"),
	ROW("closed array alone", "]"),
	ROW("closed object alone", "}"),
	ROW("array closed twice", "[]]"),
	ROW("object closed twice", "{}}"),
	ROW("array closed as object", "[}"),
	ROW("object closed as array", "{]"),
	ROW("value, closed as object", "[1}"),
	ROW("member, closed as array", "{\"a\":1]"),
	ROW("closed crosswise", "[{]}"),
	ROW("closed crosswise, member", "{\"a\":[}]"),
	ROW("comma alone", ","),
	ROW("colon alone", ":"),
	ROW("two arrays", "[][]"),
	ROW("two objects", "{}{}"),
	ROW("objects, line by line", "{\"a\":1}\n{\"b\":2}"),
	ROW("two numbers", "1 2"),
	ROW("number and comma", "1,"),
	ROW("two strings", "\"a\"\"b\""),
	ROW("two words", "true false"),
	ROW("object and quote", "{}\""),
	ROW("member without braces", "\"a\":1"),
	ROW("markup", "<html><body>502 Bad Gateway</body></html>"),
	ROW("event", "data: {\"a\":1}"),
	ROW("end of events", "[DONE]"),
	ROW("guard against inclusion", ")]}'\n{}"),
	ROW("call", "f({})"),
	ROW("comment first", "/* a */{}"),
	ROW("form feed", "[\f]"),
	ROW("escape outside", "[\\n]"),
	ROW("escape character outside", "\x1B[]"),
	ROW("no-break space", "[\xC2\xA0]"),
	ROW("line separator", "[]\xE2\x80\xA8"),
};

static const struct row strings[] = {
	ROW("escape a", "[\"\\a\"]"),
	ROW("escape v", "[\"\\v\"]"),
	ROW("escape 0", "[\"\\0\"]"),
	ROW("escape octal", "[\"\\012\"]"),
	ROW("escape apostrophe", "[\"\\'\"]"),
	ROW("escape capital N", "[\"\\N\"]"),
	ROW("escape capital U", "[\"\\U0041\"]"),
	ROW("escape newline", "[\"\\\n\"]"),
	ROW("escape tab", "[\"\\\t\"]"),
	ROW("escape NUL", "[\"\\\0\"]"),
	ROW("escape U+00E9", "[\"\\\xC3\xA9\"]"),
	ROW("escape emoji", "[\"\\\xF0\x9F\x98\x80\"]"),
	ROW("escape a byte", "[\"\\\xE5\"]"),
	ROW("escapes the end", "[\"\\\"]"),
	ROW("escapes the end, odd", "[\"\\\\\\\"]"),
	ROW("u without digits", "[\"\\u\"]"),
	ROW("u with one", "[\"\\u0\"]"),
	ROW("u with three", "[\"\\u00A\"]"),
	ROW("u with a letter", "[\"\\u00G0\"]"),
	ROW("u with a letter last", "[\"\\u000g\"]"),
	ROW("u with a byte", "[\"\\u\xE5\"]"),
	ROW("u with blank", "[\"\\u 041\"]"),
	ROW("u with plus", "[\"\\u+041\"]"),
	ROW("u with braces", "[\"\\u{41}\"]"),
	ROW("u with colon, after 9", "[\"\\u:041\"]"),
	ROW("u with at sign, before A", "[\"\\u@041\"]"),
	ROW("u with slash, before 0", "[\"\\u/041\"]"),
	ROW("u with backtick, before a", "[\"\\u`041\"]"),
	ROW("half pair, cut", "[\"\\ud83d\\\"]"),
	ROW("half pair, u", "[\"\\ud83d\\u\"]"),
	ROW("half pair, u and digits", "[\"\\ud83d\\ude\"]"),
	ROW("half pair, hex", "[\"\\ud83d\\x\"]"),
	ROW("in apostrophes", "['a']"),
	ROW("in curly quotes", "[\xE2\x80\x9C\x61\xE2\x80\x9D]"),
	ROW("quote within", "[\"a\"b\"]"),
	ROW("newline within", "[\"a\nb\"]"),
	ROW("tab within", "[\"\t\"]"),
	ROW("NUL within", "[\"a\0b\"]"),
	ROW("control in a name", "{\"a\nb\":1}"),
};

static const struct row bytes[] = {
	ROW("byte order mark", "\xEF\xBB\xBF{}"),
	ROW("byte order mark alone", "\xEF\xBB\xBF"),
	ROW("byte order mark, cut", "\xEF\xBB{}"),
	ROW("byte order mark after it", "{}\xEF\xBB\xBF"),
	ROW("UTF-16, low first", "\xFF\xFE[\0]\0"),
	ROW("UTF-16, high first", "\xFE\xFF\0[\0]"),
	ROW("UTF-16 without mark", "[\0\"\0a\0\"\0]\0"),
	ROW("NUL alone", "\0"),
	ROW("NUL first", "\0[]"),
	ROW("NUL last", "[]\0"),
	ROW("NUL and more", "[]\0[]"),
	ROW("NUL in an array", "[\0]"),
	ROW("NUL after the name", "{\"a\"\0:1}"),
	ROW("byte outside", "[\xE5]"),
	ROW("letter outside", "[\xC3\xA9]"),
	ROW("Latin-1", "[\"caf\xE9\"]"),
	ROW("Latin-1 in a name", "{\"caf\xE9\":1}"),
	ROW("continuation alone", "[\"\x80\"]"),
	ROW("overlong, two", "[\"\xC0\xAF\"]"),
	ROW("overlong NUL", "[\"\xC0\x80\"]"),
	ROW("overlong quote", "[\"\xC0\xA2\"]"),
	ROW("overlong, C1", "[\"\xC1\xBF\"]"),
	ROW("overlong, three", "[\"\xE0\x9F\xBF\"]"),
	ROW("overlong, four", "[\"\xF0\x8F\xBF\xBF\"]"),
	ROW("overlong, five", "[\"\xF8\x80\x80\x80\x80\"]"),
	ROW("high surrogate", "[\"\xED\xA0\x80\"]"),
	ROW("low surrogate", "[\"\xED\xBF\xBF\"]"),
	ROW("pair of surrogates", "[\"\xED\xA0\xBD\xED\xB8\x80\"]"),
	ROW("over U+10FFFF", "[\"\xF4\x90\x80\x80\"]"),
	ROW("F5", "[\"\xF5\x80\x80\x80\"]"),
	ROW("FF", "[\"\xFF\"]"),
	ROW("cut after one of two", "[\"\xC3\"]"),
	ROW("cut after two of three", "[\"\xE2\x82\"]"),
	ROW("cut after three of four", "[\"\xF0\x9F\x98\"]"),
	ROW("cut by the end", "\"\xE2\x82"),
	ROW("bad at the end", "[\"\xE2\x82\x28\"]"),
	ROW("bad after much good", "[\"0123456789abcdef\xC3\xA9\xBF\"]"),
};

#define CLASS(rows) \
	{ \
#rows, rows, GM_LEN(rows) \
	}

static const struct {
	const char *name;
	const struct row *rows;
	size_t len;
} classes[] = {
	CLASS(numbers),
	CLASS(words),
	CLASS(arrays),
	CLASS(objects),
	CLASS(structure),
	CLASS(strings),
	CLASS(bytes),
};

static void
refuse(struct gm_json *j, const char *class, const struct row *row)
{
	struct gm_err err = { 0 };

	if (gm_json_parse(j, row->text, &err) != -1)
		fail_msg("%s: %s: accepted", class, row->name);
	if (err.code != GM_EPROTOCOL || err.msg[0] == '\0')
		fail_msg("%s: %s: no error", class, row->name);
	if (gm_json_type(j, GM_JSON_ROOT) != GM_JSON_ABSENT)
		fail_msg("%s: %s: left a value", class, row->name);
}

static void
test_classes(void **state)
{
	struct gm_json j = { 0 };
	size_t i, n;

	(void)state;
	for (i = 0; i < GM_LEN(classes); i++)
		for (n = 0; n < classes[i].len; n++)
			refuse(&j, classes[i].name, &classes[i].rows[n]);
	gm_json_release(&j);
}

static bool
accepts(const char *text, size_t len)
{
	struct gm_err err = { 0 };
	size_t tokens;

	return gm_jsoncheck((struct gm_span){ text, len }, &tokens, &err) == 0;
}

/* Each control character, early and late in a string, and outside. */
static void
test_controls(void **state)
{
	char early[] = "[\"12?4567890\"]", late[] = "[\"1234567890?\"]";
	char blank[] = "[?]";
	char c;

	(void)state;
	for (c = 0; c < 0x20; c++) {
		early[4] = c;
		late[12] = c;
		blank[1] = c;
		if (accepts(early, sizeof(early) - 1) ||
		    accepts(late, sizeof(late) - 1))
			fail_msg("%02X in a string", (unsigned)c);
		if (accepts(blank, 3) != (c == '\t' || c == '\n' || c == '\r'))
			fail_msg("%02X outside", (unsigned)c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
