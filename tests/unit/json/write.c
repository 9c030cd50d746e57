/* Writing JSON: escapes, commas, levels; misuse asserts. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "json/read.h"
#include "json/write.h"

#define FFFD "\xEF\xBF\xBD"

static void
test_strings(void **state)
{
	static const struct {
		const char *input, *want;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain / 'text'", "\"plain / 'text'\"" },
		{ "say \"no\"", "\"say \\\"no\\\"\"" },
		{ "a\\b", "\"a\\\\b\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x0B\x1B\x1F", "\"\\u0001\\u000b\\u001b\\u001f\"" },
		{ "\x7F", "\"\\u007f\"" },
		{ "a\nb\nc", "\"a\\nb\\nc\"" },
		{ "é€\xF0\x9F\x98\x80", "\"é€\xF0\x9F\x98\x80\"" },
		{ "\xC2\x80\xC2\x9B", "\"\xC2\x80\xC2\x9B\"" },
		{ "\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA",
		    "\"\xE2\x80\xA7\\u2028\\u2029\xE2\x80\xAA\"" },
		{ "caf\xE9", "\"caf" FFFD "\"" },
		{ "\xE2\x82 \xED\xA0\x80", "\"" FFFD " " FFFD FFFD FFFD "\"" },
	};
	struct gm_buf out = { 0 };
	struct gm_jsonw w;
	size_t i;

	(void)state;
	gm_buf_init(&out, 100);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&out);
		gm_jsonw_init(&w, &out);
		gm_jsonw_text(&w, NULL, rows[i].input);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
	}
	gm_buf_reset(&out);
	gm_jsonw_init(&w, &out);
	gm_jsonw_span(&w, NULL, (struct gm_span){ "a\0b", 3 });
	assert_string_equal(gm_buf_str(&out), "\"a\\u0000b\"");
	gm_buf_release(&out);
}

/* The example of the header, and all kinds of values in objects and arrays. */
static void
test_structure(void **state)
{
	static const char want[] =
	    "{\"model\":\"x\",\"stop\":[\"END\",1,true,null,[],{},{\"a\":1}],"
	    "\"n\":-9223372036854775808,\"m\":9223372036854775807,"
	    "\"t\":true,\"f\":false,\"z\":null,\"r\":1e5,\"s\":\"\","
	    "\"a\\\"\\n\":{},\"\":[[[]]]}";
	struct gm_buf out = { 0 };
	struct gm_json j = { 0 };
	struct gm_err err = { 0 };
	struct gm_jsonw w;

	(void)state;
	gm_buf_init(&out, 1000);
	gm_jsonw_init(&w, &out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_text(&w, "model", "x");
	gm_jsonw_array(&w, "stop");
	gm_jsonw_text(&w, NULL, "END");
	gm_jsonw_int(&w, NULL, 1);
	gm_jsonw_bool(&w, NULL, true);
	gm_jsonw_null(&w, NULL);
	gm_jsonw_array(&w, NULL);
	gm_jsonw_end(&w);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_end(&w);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_int(&w, "a", 1);
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
	gm_jsonw_int(&w, "n", INT64_MIN);
	gm_jsonw_int(&w, "m", INT64_MAX);
	gm_jsonw_bool(&w, "t", true);
	gm_jsonw_bool(&w, "f", false);
	gm_jsonw_null(&w, "z");
	gm_jsonw_raw(&w, "r", gm_span_of("1e5"));
	gm_jsonw_text(&w, "s", NULL);
	gm_jsonw_object(&w, "a\"\n");
	gm_jsonw_end(&w);
	gm_jsonw_array(&w, "");
	gm_jsonw_array(&w, NULL);
	gm_jsonw_array(&w, NULL);
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
	assert_string_equal(gm_buf_str(&out), want);
	assert_int_equal(gm_json_parse(&j, gm_buf_span(&out), &err), 0);
	gm_json_release(&j);
	gm_buf_release(&out);
}

/* Empty levels are removed, wherever they are. */
static void
test_drop(void **state)
{
	static const char want[] =
	    "{\"a\":1,\"full\":{\"x\":[1]},\"list\":[[]],\"z\":2}";
	struct gm_buf out = { 0 };
	struct gm_jsonw w;

	(void)state;
	gm_buf_init(&out, 100);
	gm_jsonw_init(&w, &out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_object(&w, "first");
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_int(&w, "a", 1);
	gm_jsonw_object(&w, "outer");
	gm_jsonw_array(&w, "inner");
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_object(&w, "full");
	gm_jsonw_array(&w, "x");
	gm_jsonw_int(&w, NULL, 1);
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_array(&w, "y");
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_array(&w, "list");
	gm_jsonw_array(&w, NULL);
	gm_jsonw_end(&w);
	gm_jsonw_array(&w, NULL);
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_int(&w, "z", 2);
	gm_jsonw_end(&w);
	assert_string_equal(gm_buf_str(&out), want);
	gm_buf_release(&out);
}

/* A buffer that has failed stays failed, even if the level is removed. */
static void
test_drop_full(void **state)
{
	struct gm_buf out = { 0 };
	struct gm_jsonw w;
	struct gm_err err;

	(void)state;
	gm_buf_init(&out, strlen("{\"long"));
	gm_jsonw_init(&w, &out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_object(&w, "long");
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_end(&w);
	assert_int_equal(gm_buf_check(&out, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	gm_buf_release(&out);
}

/* Any number of pieces, also none, make one string. */
static void
test_pieces(void **state)
{
	struct gm_buf out = { 0 };
	struct gm_jsonw w;

	(void)state;
	gm_buf_init(&out, 100);
	gm_jsonw_init(&w, &out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_string(&w, "a");
	gm_jsonw_piece(&w, gm_span_of("x\n"));
	gm_jsonw_piece(&w, gm_span_of(""));
	gm_jsonw_piece(&w, gm_span_of("\"\xC3\xA9"));
	gm_jsonw_end(&w);
	gm_jsonw_string(&w, "none");
	gm_jsonw_end(&w);
	gm_jsonw_string(&w, "dropped");
	gm_jsonw_piece(&w, gm_span_of(""));
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_string(&w, "kept");
	gm_jsonw_piece(&w, gm_span_of("k"));
	gm_jsonw_end_or_drop(&w);
	gm_jsonw_end(&w);
	assert_string_equal(gm_buf_str(&out),
	    "{\"a\":\"x\\n\\\"\xC3\xA9\",\"none\":\"\",\"kept\":\"k\"}");
	gm_buf_release(&out);
}

static void
test_bare_values(void **state)
{
	struct gm_buf out = { 0 };
	struct gm_jsonw w;

	(void)state;
	gm_buf_init(&out, 100);
	gm_buf_puts(&out, "before ");
	gm_jsonw_init(&w, &out);
	gm_jsonw_int(&w, NULL, -1);
	gm_buf_puts(&out, " ");
	gm_jsonw_init(&w, &out);
	gm_jsonw_bool(&w, NULL, false);
	gm_jsonw_init(&w, &out);
	gm_jsonw_raw(&w, NULL, gm_span_of("{\"a\": 1}"));
	assert_string_equal(gm_buf_str(&out), "before -1 false{\"a\": 1}");
	gm_buf_release(&out);
}

/* Buffers of every size up to the one that is large enough. */
static void
test_full_buffer(void **state)
{
	struct gm_buf out = { 0 };
	struct gm_jsonw w;
	struct gm_err err;
	size_t max, full = strlen("[\"a\\n\\u0001\",12]");

	(void)state;
	for (max = 0; max <= full; max++) {
		gm_buf_init(&out, max);
		gm_jsonw_init(&w, &out);
		gm_jsonw_array(&w, NULL);
		gm_jsonw_text(&w, NULL, "a\n\x01");
		gm_jsonw_int(&w, NULL, 12);
		gm_jsonw_end(&w);
		assert_int_equal(gm_buf_check(&out, &err), max < full ? -1 : 0);
		assert_true(out.len <= max);
		gm_buf_release(&out);
	}
}

static void
levels(struct gm_jsonw *w, size_t n)
{
	for (; n > 0; n--)
		gm_jsonw_array(w, NULL);
}

static void
end_without_begin(struct gm_jsonw *w)
{
	levels(w, 1);
	gm_jsonw_end(w);
	gm_jsonw_end(w);
}

static void
too_deep(struct gm_jsonw *w)
{
	levels(w, GM_JSONW_DEPTH + 1);
}

static void
name_in_array(struct gm_jsonw *w)
{
	levels(w, 1);
	gm_jsonw_null(w, "a");
}

static void
no_name_in_object(struct gm_jsonw *w)
{
	gm_jsonw_object(w, NULL);
	gm_jsonw_null(w, NULL);
}

static void
name_at_the_top(struct gm_jsonw *w)
{
	gm_jsonw_object(w, "a");
}

static void
two_at_the_top(struct gm_jsonw *w)
{
	gm_jsonw_null(w, NULL);
	gm_jsonw_null(w, NULL);
}

static void
piece_in_array(struct gm_jsonw *w)
{
	levels(w, 1);
	gm_jsonw_piece(w, gm_span_of("a"));
}

static void
value_in_string(struct gm_jsonw *w)
{
	gm_jsonw_string(w, NULL);
	gm_jsonw_null(w, NULL);
}

static void
as_deep_as_allowed(struct gm_jsonw *w)
{
	levels(w, GM_JSONW_DEPTH);
}

/* Return the signal by which misuse ends, or 0. */
static int
signal_of(void (*misuse)(struct gm_jsonw *))
{
	struct gm_buf out = { 0 };
	struct gm_jsonw w;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)close(STDERR_FILENO);
		(void)signal(SIGABRT, SIG_DFL);
		gm_buf_init(&out, 1000);
		gm_jsonw_init(&w, &out);
		misuse(&w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void
test_misuse(void **state)
{
	(void)state;
	assert_int_equal(signal_of(end_without_begin), SIGABRT);
	assert_int_equal(signal_of(too_deep), SIGABRT);
	assert_int_equal(signal_of(name_in_array), SIGABRT);
	assert_int_equal(signal_of(no_name_in_object), SIGABRT);
	assert_int_equal(signal_of(name_at_the_top), SIGABRT);
	assert_int_equal(signal_of(two_at_the_top), SIGABRT);
	assert_int_equal(signal_of(piece_in_array), SIGABRT);
	assert_int_equal(signal_of(value_in_string), SIGABRT);
	assert_int_equal(signal_of(as_deep_as_allowed), 0);
}

/* Values that are missing are not written. */
static void
test_optional(void **state)
{
	static const char *const texts[] = { "a", "b\"" };
	struct gm_jsonw w;
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 1000);
	gm_jsonw_init(&w, &out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_number(&w, "none", NULL);
	gm_jsonw_number(&w, "n", "0.5");
	gm_jsonw_texts(&w, "nothing", texts, 0);
	gm_jsonw_texts(&w, "t", texts, GM_LEN(texts));
	gm_jsonw_end(&w);
	assert_string_equal(
	    gm_buf_str(&out), "{\"n\":0.5,\"t\":[\"a\",\"b\\\"\"]}");
	gm_buf_release(&out);
}

static void
test_or_null(void **state)
{
	struct gm_jsonw w;
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 1000);
	gm_jsonw_init(&w, &out);
	gm_jsonw_array(&w, NULL);
	gm_jsonw_text_or_null(&w, NULL, NULL);
	gm_jsonw_text_or_null(&w, NULL, "");
	gm_jsonw_text_or_null(&w, NULL, "-");
	gm_jsonw_int_or_null(&w, NULL, -1);
	gm_jsonw_int_or_null(&w, NULL, 0);
	gm_jsonw_int_or_null(&w, NULL, INT64_MAX);
	gm_jsonw_end(&w);
	assert_string_equal(
	    gm_buf_str(&out), "[null,null,\"-\",null,0,9223372036854775807]");
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_drop_full),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_bare_values),
		cmocka_unit_test(test_full_buffer),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_or_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
