#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "provider/provider.h"

/* A new answer is empty, with unknown counts. */
static void
test_answer(void **state)
{
	struct gm_answer a;

	(void)state;
	memset(&a, 'x', sizeof(a));
	gm_answer_init(&a);
	assert_int_equal(a.finish, GM_FINISH_NONE);
	assert_false(a.prompt_blocked);
	assert_string_equal(a.reason, "");
	assert_string_equal(a.explanation, "");
	assert_string_equal(a.model_version, "");
	assert_string_equal(a.stage, "");
	assert_int_equal(a.usage.prompt, -1);
	assert_int_equal(a.usage.cached, -1);
	assert_int_equal(a.usage.output, -1);
	assert_int_equal(a.usage.thoughts, -1);
	assert_int_equal(a.usage.total, -1);
	assert_int_equal(a.sources.len, 0);
	gm_buf_puts(&a.sources, "https://a.example\ta\n");
	assert_string_equal(gm_buf_str(&a.sources), "https://a.example\ta\n");
	gm_answer_release(&a);
	gm_answer_release(&a);
	assert_int_equal(a.sources.len, 0);
}

static void
test_nothing_to_release(void **state)
{
	struct gm_answer a = { .finish = GM_FINISH_NONE };

	(void)state;
	gm_answer_release(&a);
	assert_null(a.sources.data);
}

/* The first omitted parts are kept, the others only counted. */
static void
test_omitted(void **state)
{
	struct gm_omitted o = { .type = "inlineData", .mime = "image/png" };
	const struct gm_omitted *kept;
	const void *all;
	struct gm_answer a;
	struct gm_err err;

	(void)state;
	gm_answer_init(&a);
	for (o.bytes = 0; o.bytes < GM_OMITTED_MAX + 5; o.bytes++)
		assert_int_equal(gm_answer_omit(&a, &o, &err), 0);
	assert_int_equal(a.omitted_len, GM_OMITTED_MAX + 5);
	assert_int_equal(a.omitted.len, GM_OMITTED_MAX * sizeof(o));
	all = a.omitted.data;
	kept = all;
	assert_int_equal(kept[GM_OMITTED_MAX - 1].bytes, GM_OMITTED_MAX - 1);
	assert_string_equal(kept[0].mime, "image/png");
	gm_answer_release(&a);
}

/* Sources have a limit, which bounds the memory. */
static void
test_limit(void **state)
{
	static const char line[] = "https://a.example/a/rather/long/path\ta\n";
	struct gm_answer a;
	size_t i;

	(void)state;
	gm_answer_init(&a);
	for (i = 0; i < 1000 * 1000; i++)
		gm_buf_puts(&a.sources, line);
	assert_true(a.sources.len <= 4 * 1024 * 1024);
	assert_true(a.sources.failed == GM_EDATA);
	assert_int_equal(a.sources.len % strlen(line), 0);
	gm_answer_release(&a);
}

/* Only the text of the answer is written, as it comes. */
static void
test_sink_fd(void **state)
{
	const struct gm_part parts[] = {
		{ .text = { "One, ", 5 } },
		{ .text = { "hm", 2 }, .thought = true },
		{ .text = { "", 0 }, .signature = { "sig", 3 } },
		{ .text = { "two.", 4 } },
	};
	const struct gm_part other = { .kind = GM_PART_DATA };
	int fds[2], closed = -1;
	struct gm_sink sink = gm_sink_fd(&fds[1]);
	char out[20] = "";
	struct gm_err err;
	size_t i;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_true(sink.final);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_int_equal(sink.part(&parts[i], sink.arg, &err), 0);
	assert_int_equal(sink.part(&other, sink.arg, &err), GM_SINK_OMITS);
	assert_int_equal(sink.flush(sink.arg, &err), 0);
	assert_int_equal(read(fds[0], out, sizeof(out)), 9);
	assert_string_equal(out, "One, two.");
	(void)close(fds[0]);
	(void)close(fds[1]);
	sink = gm_sink_fd(&closed);
	assert_int_equal(sink.part(&parts[0], sink.arg, &err), -1);
	assert_int_equal(err.code, GM_EIO);
	assert_string_equal(err.msg, "answer: Bad file descriptor");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_nothing_to_release),
		cmocka_unit_test(test_omitted),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_sink_fd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
