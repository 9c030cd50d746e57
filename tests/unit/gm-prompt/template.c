#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gm-prompt/template.h"

#define OBJECT \
	"{\"name\": \"Ada {} {name}\", \"n\": 1.50, \"yes\": true," \
	" \"no\": null, \"list\": [1, \"a \\\" b\", { \"c\" : [ ] }]," \
	" \"a.b\": \"dot\", \"\\u00e9\": \"accent\", \"twice\": 1," \
	" \"twice\": 2, \"empty\": \"\", \"prompt\": \"p\"}"

/* The record is "R {} {name}". */
static const struct {
	const char *text, *mark;
	bool members;
	const char *want;
} rows[] = {
	{ "", NULL, false, "" },
	{ "text", NULL, false, "text" },
	{ "{}", NULL, false, "R {} {name}" },
	{ "a {} b {}{} c", NULL, false,
	    "a R {} {name} b R {} {name}R {} {name} c" },
	{ "{{}}", NULL, false, "{R {} {name}}" },
	{ "{ } {name} { {", NULL, false, "{ } {name} { {" },
	{ "a", "", false, "a" },
	{ "{}", "", false, "R {} {name}" },
	/* another mark: "{}" is text */
	{ "{} % {}", "%", false, "{} R {} {name} {}" },
	{ "%%", "%%", false, "R {} {name}" },
	{ "%%%", "%%", false, "R {} {name}%" },
	{ "{} {n}", "@", true, "{} 1.50" },
	/* values of members are not searched for placeholders */
	{ "{name}", NULL, true, "Ada {} {name}" },
	{ "{n}{yes}[{no}]{empty}", NULL, true, "1.50true[]" },
	{ "{list}", NULL, true, "[1,\"a \\\" b\",{\"c\":[]}]" },
	{ "{a.b} {\xC3\xA9}", NULL, true, "dot accent" },
	{ "{twice}", NULL, true, "2" },
	{ "{} {prompt}", NULL, true, "R {} {name} p" },
	/* not names of members */
	{ "{2} {3,4} {\"a\": 1} { name } {-a} {.a} {name {", NULL, true,
	    "{2} {3,4} {\"a\": 1} { name } {-a} {.a} {name {" },
	{ "{{n}}", NULL, true, "{1.50}" },
	/* the mark wins */
	{ "{n}", "{n}", true, "R {} {name}" },
};

static void
test_rows(void **state)
{
	struct gm_template t = { .text = { .data = NULL } };
	struct gm_json json = { .tokens = NULL };
	struct gm_template_style style;
	struct gm_template_values v;
	struct gm_buf out;
	struct gm_err err;
	size_t i;

	(void)state;
	assert_int_equal(gm_json_parse(&json, gm_span_of(OBJECT), &err), 0);
	v = (struct gm_template_values){ gm_span_of("R {} {name}"), &json,
		GM_JSON_ROOT };
	gm_buf_init(&out, 1000);
	for (i = 0; i < GM_LEN(rows); i++) {
		style =
		    (struct gm_template_style){ rows[i].mark, rows[i].members };
		assert_int_equal(gm_template_parse(&t, gm_span_of(rows[i].text),
				     &style, &err),
		    0);
		gm_buf_reset(&out);
		if (gm_template_render(&t, &v, &out, &err) != 0)
			fail_msg("%s: %s", rows[i].text, err.msg);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
	}
	gm_buf_release(&out);
	gm_template_release(&t);
	gm_template_release(&t);
	gm_json_release(&json);
}

static void
check_failure(
    const char *text, const struct gm_template_values *v, const char *want)
{
	const struct gm_template_style style = { .members = true };
	struct gm_template t = { .text = { .data = NULL } };
	struct gm_err err = { .code = GM_OK };
	struct gm_buf out;

	gm_buf_init(&out, 8);
	assert_int_equal(
	    gm_template_parse(&t, gm_span_of(text), &style, &err), 0);
	assert_int_equal(gm_template_render(&t, v, &out, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	if (want != NULL)
		assert_string_equal(err.msg, want);
	gm_buf_release(&out);
	gm_template_release(&t);
}

static void
test_failures(void **state)
{
	struct gm_json json = { .tokens = NULL };
	struct gm_template_values v = { { NULL, 0 }, &json, GM_JSON_ROOT };
	struct gm_err err;

	(void)state;
	assert_int_equal(
	    gm_json_parse(&json, gm_span_of("{\"a\":{\"b\":1}}"), &err), 0);
	check_failure("{c}", &v, "no member 'c' for the placeholder {c}");
	/* a name is not a path */
	check_failure("{a.b}", &v, "no member 'a.b' for the placeholder {a.b}");
	check_failure("{}", &v, "no prompt");
	v.object = GM_JSON_NONE;
	check_failure("{a}", &v, "no member 'a' for the placeholder {a}");
	v.record = gm_span_of("more than 8 bytes");
	check_failure("{}", &v, NULL);
	gm_json_release(&json);
}

static void
test_places(void **state)
{
	struct gm_template_style style = { .members = true };
	struct gm_template t = { .text = { .data = NULL } };
	struct gm_err err;

	(void)state;
	assert_false(gm_template_has(&t, NULL));
	assert_false(gm_template_varies(&t));
	assert_int_equal(
	    gm_template_parse(&t, gm_span_of("a {} {n}"), &style, &err), 0);
	assert_true(gm_template_has(&t, NULL));
	assert_true(gm_template_has(&t, "n"));
	assert_false(gm_template_has(&t, "a"));
	assert_true(gm_template_varies(&t));
	style.members = false;
	assert_int_equal(
	    gm_template_parse(&t, gm_span_of("a {n}"), &style, &err), 0);
	assert_false(gm_template_has(&t, NULL));
	assert_false(gm_template_has(&t, "n"));
	assert_false(gm_template_varies(&t));
	gm_template_release(&t);
}

/* NUL bytes in a record or a template are kept. */
static void
test_bytes(void **state)
{
	const struct gm_template_style style = { .members = true };
	const char record[] = { 'x', '\0', 'y' };
	const struct gm_template_values v = { { record, 3 }, NULL,
		GM_JSON_NONE };
	struct gm_template t = { .text = { .data = NULL } };
	struct gm_buf out;
	struct gm_err err;

	(void)state;
	gm_buf_init(&out, 100);
	assert_int_equal(gm_template_parse(&t,
			     (struct gm_span){ "a\0{}{b\0}", 8 }, &style, &err),
	    0);
	assert_int_equal(gm_template_render(&t, &v, &out, &err), 0);
	assert_int_equal(out.len, 9);
	assert_memory_equal(out.data, "a\0x\0y{b\0}", 9);
	gm_buf_release(&out);
	gm_template_release(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
