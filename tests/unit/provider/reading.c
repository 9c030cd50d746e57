/* Functions that the readers of all services share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/reading.h"

#define DOCUMENT \
	"{\"a\":\"x\\u00e9\",\"b\":\"\",\"c\":5,\"d\":{\"e\":\"\\u001b[" \
	"1mbold\"}}"

static const struct gm_reading_finish finishes[] = {
	{ "stop", GM_FINISH_DONE },
	{ "length", GM_FINISH_LIMIT },
	{ NULL, GM_FINISH_OTHER },
};

struct run {
	struct gm_json json;
	struct gm_answer answer;
	struct gm_sink sink;
	struct gm_reading r;
	struct gm_err err;
	struct gm_buf log;
	bool full;
};

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct run *run = arg;

	if (run->full)
		return gm_fail(err, GM_EIO, "no space");
	gm_buf_putc(&run->log, part->thought ? '?' : '+');
	gm_buf_put_span(&run->log, part->text);
	return 0;
}

static int
set_up(void **state)
{
	static struct run run;

	run = (struct run){ .sink = { on_part, .arg = &run } };
	gm_buf_init(&run.log, 1000);
	gm_answer_init(&run.answer);
	if (gm_json_parse(&run.json, gm_span_of(DOCUMENT), &run.err) != 0)
		return -1;
	gm_reading_init(&run.r, &run.json, &run.answer, &run.sink, &run.err);
	*state = &run;
	return 0;
}

static int
tear_down(void **state)
{
	struct run *run = *state;

	gm_reading_release(&run->r);
	gm_json_release(&run->json);
	gm_answer_release(&run->answer);
	gm_buf_release(&run->log);
	return 0;
}

static void
test_decode(void **state)
{
	struct gm_reading *r = &((struct run *)*state)->r;
	int root = GM_JSON_ROOT;

	assert_true(gm_reading_decode(r, gm_reading_at(r, root, "a")));
	assert_string_equal(gm_buf_str(&r->text), "x\xC3\xA9");
	assert_false(gm_reading_decode(r, gm_reading_at(r, root, "b")));
	assert_false(gm_reading_decode(r, gm_reading_at(r, root, "c")));
	assert_false(gm_reading_decode(r, gm_reading_at(r, root, "none")));
	assert_true(gm_reading_decode(r, gm_reading_at(r, root, "d.e")));
	r->rc = -1; /* as after a failure */
	assert_false(gm_reading_decode(r, gm_reading_at(r, root, "a")));
}

static void
test_line_and_finish(void **state)
{
	struct run *run = *state;
	struct gm_reading *r = &run->r;
	char line[20] = "as it was";

	gm_reading_line(
	    r, gm_reading_at(r, GM_JSON_ROOT, "c"), line, sizeof(line));
	assert_string_equal(line, "as it was");
	gm_reading_line(
	    r, gm_reading_at(r, GM_JSON_ROOT, "d.e"), line, sizeof(line));
	assert_string_equal(line, "bold");
	gm_reading_finish(
	    r, gm_reading_at(r, GM_JSON_ROOT, "a"), finishes, false);
	assert_string_equal(run->answer.reason, "x\xC3\xA9");
	assert_int_equal(run->answer.finish, GM_FINISH_OTHER);
	/* Other types and an empty string leave the reason unchanged. */
	gm_reading_finish(
	    r, gm_reading_at(r, GM_JSON_ROOT, "c"), finishes, false);
	gm_reading_finish(
	    r, gm_reading_at(r, GM_JSON_ROOT, "b"), finishes, false);
	assert_string_equal(run->answer.reason, "x\xC3\xA9");
	assert_int_equal(run->answer.finish, GM_FINISH_OTHER);
	assert_int_equal(r->rc, 0);
}

static void
test_give(void **state)
{
	struct run *run = *state;
	struct gm_reading *r = &run->r;

	gm_reading_give(r, gm_span_of("a"), false);
	gm_reading_give(r, gm_span_of(""), false);
	gm_reading_give(r, gm_span_of("b"), true);
	run->full = true;
	gm_reading_give(r, gm_span_of("c"), false);
	assert_int_equal(r->rc, -1);
	assert_string_equal(run->err.msg, "no space");
	run->full = false;
	gm_reading_give(r, gm_span_of("d"), false);
	assert_string_equal(gm_buf_str(&run->log), "+a?b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_decode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_line_and_finish, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_give, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
