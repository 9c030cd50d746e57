/*
 * Reading JSON: look-ups, walks, decoded strings, whole numbers.  check.c tests
 * the grammar.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "json/read.h"

/* Responses like those of the service, shortened. */
static const char *const answers[] = {
	"{\n  \"candidates\": [\n    {\"content\": {\"parts\": [{\"text\": "
	"\"Hi!\"}], \"role\": \"model\"}, \"finishReason\": \"STOP\", "
	"\"index\": 0}\n  ],\n  \"usageMetadata\": {\"promptTokenCount\": 4, "
	"\"totalTokenCount\": 131, \"promptTokensDetails\": [{\"modality\": "
	"\"TEXT\", \"tokenCount\": 4}]},\n  \"modelVersion\": \"gemini-x\"\n}",

	"{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":["
	"{\"text\":\"Weighing \\u003cb\\u003e.\",\"thought\":true},"
	"{\"text\":\"Сорок два \\ud83d\\ude00\\n\"},{\"text\":\"\","
	"\"thoughtSignature\":\"QmFzZTY0\"}]},\"avgLogprobs\":-1.5e-05}]}",

	"{\"error\":{\"code\":429,\"message\":\"Quota exceeded.\\nPlease retry "
	"in 38.6s.\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":["
	"{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\","
	"\"violations\":[{\"quotaValue\":\"20\"}]},{\"retryDelay\":\"38s\"}]}}",

	"[{\"error\": {\"code\": 503, \"message\": \"overloaded\"}}\n,\n{}\n]",

	"{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"a\":null}",
};

static void
parse(struct gm_json *j, const char *text)
{
	struct gm_err err = { 0 };

	if (gm_json_parse(j, gm_span_of(text), &err) != 0)
		fail_msg("%s: %s", text, err.msg);
}

static void
test_cut_answers(void **state)
{
	struct gm_json j = { 0 };
	struct gm_err err;
	struct gm_span part;
	size_t i, len;

	(void)state;
	for (i = 0; i < GM_LEN(answers); i++) {
		len = strlen(answers[i]);
		for (part = gm_span_of(answers[i]); part.len-- > 0;)
			if (gm_json_parse(&j, part, &err) == 0)
				fail_msg("answer %zu, accepted when cut after "
					 "%zu of %zu bytes",
				    i, part.len, len);
		parse(&j, answers[i]);
	}
	gm_json_release(&j);
}

static void
test_paths(void **state)
{
	static const struct {
		const char *input, *path, *want; /* NULL: no such value */
	} rows[] = {
		{ "{\"a\":1}", "a", "1" },
		{ "{\"a\":{\"b\":{\"c\":[5]}}}", "a.b.c.0", "5" },
		{ "{\"a\":{\"b\":{\"c\":[5]}}}", "a.b", "{\"c\":[5]}" },
		{ "[10,[20,30],{\"x\":40}]", "0", "10" },
		{ "[10,[20,30],{\"x\":40}]", "1.1", "30" },
		{ "[10,[20,30],{\"x\":40}]", "2.x", "40" },
		{ "[10,[20,30],{\"x\":40}]", "3", NULL },
		{ "[10,[20,30],{\"x\":40}]", "1.2", NULL },
		{ "[10]", "00", "10" },
		{ "[10]", "x", NULL },
		{ "[10]", "", NULL },
		{ "[10]", "-1", NULL },
		{ "[10]", "0x", NULL },
		{ "[10]", "18446744073709551616", NULL },
		{ "[10]", "99999999999999999999999999", NULL },
		{ "[]", "0", NULL },
		{ "{}", "a", NULL },
		{ "{\"0\":\"zero\",\"10\":\"ten\"}", "10", "\"ten\"" },
		{ "{\"a\":1,\"b\":2,\"a\":3}", "a", "3" },
		{ "{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "a.b", NULL },
		{ "{\"a\":1,\"\\u0061\":2}", "a", "2" },
		{ "{\"b\":{\"a\":1},\"a\":2}", "a", "2" },
		{ "{\"x\":\"a\",\"a\":2}", "a", "2" },
		{ "{\"\":7}", "", "7" },
		{ "{\"@type\":7}", "@type", "7" },
		{ "{\"имя\":7}", "имя", "7" },
		{ "{\"ab\":1}", "a", NULL },
		{ "{\"a\":1}", "ab", NULL },
		{ "{\"a\":1}", "a.b", NULL },
		{ "{\"a\":\"text\"}", "a.0", NULL },
		{ "{\"a\":null}", "a", "null" },
		{ "42", "a", NULL },
		{ "\"text\"", "0", NULL },
	};
	struct gm_json j = { 0 };
	struct gm_span got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		parse(&j, rows[i].input);
		got =
		    gm_json_raw(&j, gm_json_at(&j, GM_JSON_ROOT, rows[i].path));
		if (rows[i].want == NULL ? got.p != NULL
					 : !gm_span_is(got, rows[i].want))
			fail_msg("%s of %s: %.*s", rows[i].path, rows[i].input,
			    (int)got.len, got.p);
	}
	gm_json_release(&j);
}

static void
test_types(void **state)
{
	static const struct {
		const char *input;
		enum gm_json_type type;
		size_t len;
	} rows[] = {
		{ " {\"a\":[1,2,3],\"b\":{\"c\":1}} ", GM_JSON_OBJECT, 2 },
		{ " [[1,2],[3],{}] ", GM_JSON_ARRAY, 3 },
		{ "{}", GM_JSON_OBJECT, 0 },
		{ "[]", GM_JSON_ARRAY, 0 },
		{ "\"true\"", GM_JSON_STRING, 0 },
		{ " true ", GM_JSON_BOOL, 0 },
		{ "false", GM_JSON_BOOL, 0 },
		{ "null\n", GM_JSON_NULL, 0 },
		{ "\t0", GM_JSON_NUMBER, 0 },
		{ " -1.5e3 ", GM_JSON_NUMBER, 0 },
	};
	struct gm_json j = { 0 };
	struct gm_span want;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		parse(&j, rows[i].input);
		assert_int_equal(gm_json_type(&j, GM_JSON_ROOT), rows[i].type);
		assert_int_equal(gm_json_len(&j, GM_JSON_ROOT), rows[i].len);
		assert_int_equal(gm_json_true(&j, GM_JSON_ROOT),
		    strstr(rows[i].input, " true ") != NULL);
		want = gm_span_trim(gm_span_of(rows[i].input));
		assert_int_equal(gm_json_raw(&j, GM_JSON_ROOT).len, want.len);
		assert_ptr_equal(gm_json_raw(&j, GM_JSON_ROOT).p, want.p);
	}
	gm_json_release(&j);
}

/* Append "name=raw;" for each value, and for those within. */
static void
show(const struct gm_json *j, int parent, struct gm_buf *out)
{
	int at;

	for (at = gm_json_first(j, parent); at >= 0;
	     at = gm_json_next(j, parent, at)) {
		gm_json_string(j, gm_json_name(j, at), out);
		gm_buf_putc(out, '=');
		if (gm_json_len(j, at) == 0)
			gm_buf_put_span(out, gm_json_raw(j, at));
		gm_buf_putc(out, ';');
		show(j, at, out);
	}
}

static void
test_walk(void **state)
{
	static const struct {
		const char *input, *want;
	} rows[] = {
		{ "[]", "" },
		{ "{}", "" },
		{ "\"a\"", "" },
		{ "7", "" },
		{ "[1,\"a\",null]", "=1;=\"a\";=null;" },
		{ "[[],[[]],{}]", "=[];=;=[];={};" },
		{ "{\"a\":1,\"b\":[2,3],\"a\":4}", "a=1;b=;=2;=3;a=4;" },
		{ "{\"\":{\"x\":{}},\"y\\n\":\"\"}", "=;x={};y\n=\"\";" },
		{ "[ { \"a\" : \"\" } , \"\" ]", "=;a=\"\";=\"\";" },
	};
	struct gm_json j = { 0 };
	struct gm_buf out = { 0 };
	size_t i;

	(void)state;
	gm_buf_init(&out, 1000);
	for (i = 0; i < GM_LEN(rows); i++) {
		parse(&j, rows[i].input);
		gm_buf_reset(&out);
		show(&j, GM_JSON_ROOT, &out);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
	}
	gm_buf_release(&out);
	gm_json_release(&j);
}

/* Walks take linear time, over many elements and over large ones. */
static void
test_walk_is_linear(void **state)
{
	struct gm_json j = { 0 };
	struct gm_buf text = { 0 };
	struct gm_err err = { 0 };
	size_t i, n = 0;
	int at;

	(void)state;
	gm_buf_init(&text, 1 << 24);
	gm_buf_puts(&text, "[");
	for (i = 0; i < 100000; i++)
		gm_buf_puts(&text, "{\"a\":[1,2,3],\"b\":{}},");
	gm_buf_puts(&text, "0]");
	assert_int_equal(gm_json_parse(&j, gm_buf_span(&text), &err), 0);
	for (at = gm_json_first(&j, GM_JSON_ROOT); at >= 0;
	     at = gm_json_next(&j, GM_JSON_ROOT, at))
		n++;
	assert_int_equal(n, 100001);
	at = gm_json_at(&j, GM_JSON_ROOT, "99999.a.2");
	assert_int_equal(gm_json_int(&j, at, 0), 3);
	gm_buf_release(&text);
	gm_json_release(&j);
}

#define FFFD "\xEF\xBF\xBD"

static void
test_strings(void **state)
{
	static const struct {
		const char *input, *want;
	} rows[] = {
		{ "\"\"", "" },
		{ "\"plain\"", "plain" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"a\\nb\\nc\"", "a\nb\nc" },
		{ "\"\\\\n\"", "\\n" },
		{ "\"\\\\u0041\"", "\\u0041" },
		{ "\"\\u0041\\u007f\"", "A\x7F" },
		{ "\"\\u003cb\\u003e\"", "<b>" },
		{ "\"\\u00e9\\u00E9é\"", "ééé" },
		{ "\"\\u07ff\\u0800\"", "\xDF\xBF\xE0\xA0\x80" },
		{ "\"\\ud7ff\\ue000\"", "\xED\x9F\xBF\xEE\x80\x80" },
		{ "\"\\uffff\"", "\xEF\xBF\xBF" },
		{ "\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80" },
		{ "\"\\uD800\\uDC00\"", "\xF0\x90\x80\x80" },
		{ "\"\\udbff\\udfff\"", "\xF4\x8F\xBF\xBF" },
		{ "\"\\u0000\"", FFFD },
		{ "\"a\\u0000b\"", "a" FFFD "b" },
		{ "\"\\ud83d\"", FFFD },
		{ "\"\\ude00\"", FFFD },
		{ "\"\\ud83dx\"", FFFD "x" },
		{ "\"\\ud83d\\n\"", FFFD "\n" },
		{ "\"\\ud83d\\u0041\"", FFFD "A" },
		{ "\"\\ude00\\ud83d\"", FFFD FFFD },
		{ "\"\\ud83d\\ud83d\\ude00\"", FFFD "\xF0\x9F\x98\x80" },
		{ "\"\\ud83d \\ude00\"", FFFD " " FFFD },
		{ "\"\\ud83d123456\"", FFFD "123456" },
		{ "\"\\ud83d-ude00\"", FFFD "-ude00" },
		{ "\"\\ud83d\\ue000\"", FFFD "\xEE\x80\x80" },
		{ "\"\\ude00\\ude00\"", FFFD FFFD },
		{ "\"\\ud83d\\\\ude00\"", FFFD "\\ude00" },
		{ "42", "" },
		{ "[\"a\"]", "" },
		{ "null", "" },
	};
	struct gm_json j = { 0 };
	struct gm_buf out = { 0 };
	bool is_string;
	size_t i;

	(void)state;
	gm_buf_init(&out, 100);
	for (i = 0; i < GM_LEN(rows); i++) {
		parse(&j, rows[i].input);
		gm_buf_reset(&out);
		gm_json_string(&j, GM_JSON_ROOT, &out);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
		is_string = rows[i].input[0] == '"';
		if (gm_json_is(&j, 0, rows[i].want) != is_string)
			fail_msg("%s is not itself", rows[i].input);
		gm_buf_putc(&out, 'x');
		assert_false(gm_json_is(&j, 0, gm_buf_str(&out)));
	}
	gm_buf_release(&out);
	gm_json_release(&j);
}

/* Look-ups in values that do not exist find nothing. */
static void
test_absent(void **state)
{
	static const int places[] = { GM_JSON_NONE, -2, INT_MIN, 5, INT_MAX };
	struct gm_json j = { 0 };
	struct gm_buf out = { 0 };
	size_t i;
	int at;

	(void)state;
	gm_buf_init(&out, 10);
	assert_int_equal(gm_json_type(&j, GM_JSON_ROOT), GM_JSON_ABSENT);
	parse(&j, "{\"a\":[1,2]}"); /* five tokens */
	for (i = 0; i < GM_LEN(places); i++) {
		at = places[i];
		assert_int_equal(gm_json_type(&j, at), GM_JSON_ABSENT);
		assert_int_equal(gm_json_len(&j, at), 0);
		assert_true(gm_json_at(&j, at, "a") < 0);
		assert_true(gm_json_first(&j, at) < 0);
		assert_true(gm_json_next(&j, at, 1) < 0);
		assert_true(gm_json_next(&j, 0, at) < 0);
		assert_true(gm_json_name(&j, at) < 0);
		assert_null(gm_json_raw(&j, at).p);
		assert_false(gm_json_is(&j, at, ""));
		assert_false(gm_json_true(&j, at));
		assert_int_equal(gm_json_int(&j, at, 7), 7);
		gm_json_string(&j, at, &out);
	}
	assert_int_equal(out.len, 0);
	assert_int_equal(gm_json_name(&j, GM_JSON_ROOT), GM_JSON_NONE);
	assert_int_equal(gm_json_name(&j, 1), GM_JSON_NONE); /* a name */
	assert_int_equal(gm_json_first(&j, 1), GM_JSON_NONE);
	assert_int_equal(gm_json_name(&j, 2), 1);
	assert_int_equal(gm_json_name(&j, 3), GM_JSON_NONE);
	gm_buf_release(&out);
	gm_json_release(&j);
	gm_json_release(&j);
	assert_int_equal(gm_json_type(&j, GM_JSON_ROOT), GM_JSON_ABSENT);
}

/*
 * A struct that is reused keeps nothing of the last text, also after an error.
 */
static void
test_again(void **state)
{
	struct gm_json j = { 0 };
	struct gm_err err = { 0 };

	(void)state;
	parse(&j, "[1,2,3,4,5,6,7,8,9]");
	assert_int_equal(gm_json_len(&j, GM_JSON_ROOT), 9);
	parse(&j, "[1]");
	assert_int_equal(gm_json_len(&j, GM_JSON_ROOT), 1);
	assert_true(gm_json_next(&j, GM_JSON_ROOT, 1) < 0);
	assert_int_equal(gm_json_parse(&j, gm_span_of("[1,"), &err), -1);
	assert_int_equal(gm_json_type(&j, GM_JSON_ROOT), GM_JSON_ABSENT);
	parse(&j, "[1,2,3,4,5,6,7,8,9,10,11,12,{}]");
	assert_int_equal(gm_json_len(&j, GM_JSON_ROOT), 13);
	gm_json_release(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_answers),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_walk_is_linear),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
