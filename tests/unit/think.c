#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "think.h"

/* Thoughts in brackets; what only comes at the end behind a '|'. */
static const struct {
	const char *text, *want;
} rows[] = {
	{ "", "|" },
	{ "Hello.", "Hello.|" },
	{ "<think>hm</think>Hello.", "[hm]Hello.|" },
	{ "<think>\nhm\n</think>\n\nHello.\n", "[\nhm\n]Hello.\n|" },
	{ " \r\n\t<think>hm</think> \r\n\tHello. <think>",
	    "[hm]Hello. <think>|" },
	{ "<think></think>Hello.", "Hello.|" },
	{ "<think>a</think><think>b</think>", "[a]<think>b</think>|" },
	{ "<think>a<think>b</think>c</think>", "[a<think>b]c</think>|" },
	{ "<think>a</thin</think>b", "[a</thin]b|" },
	{ "<think>a</</think>b", "[a</]b|" },
	{ "<think>a</think>", "[a]|" },
	{ "<think>a</think> \n", "[a]|" },
	{ "<think>caf\xC3\xA9</think>\xE2\x82\xAC",
	    "[caf\xC3\xA9]\xE2\x82\xAC|" },
	/* No thought. */
	{ " \n Hello.", " \n Hello.|" },
	{ "a<think>b</think>", "a<think>b</think>|" },
	{ "<thinking>a</thinking>", "<thinking>a</thinking>|" },
	{ "<Think>a</Think>", "<Think>a</Think>|" },
	{ "< think>", "< think>|" },
	{ "</think>a", "</think>a|" },
	{ "<thin", "|<thin" },
	{ " \n", "| \n" },
	{ " <think>", "| <think>" },
	{ "\n<think>a and\n</thin", "|\n<think>a and\n</thin" },
};

static void
put(struct gm_buf *log, const struct gm_think_out *out)
{
	if (out->thought.len > 0) {
		gm_buf_putc(log, '[');
		gm_buf_put_span(log, out->thought);
		gm_buf_putc(log, ']');
	}
	gm_buf_put_span(log, out->text[0]);
	gm_buf_put_span(log, out->text[1]);
}

static void
take(struct gm_think *t, struct gm_buf *log, struct gm_span piece)
{
	struct gm_think_out out;
	struct gm_err err;

	assert_int_equal(gm_think_take(t, piece, &out, &err), 0);
	put(log, &out);
}

static void
end(struct gm_think *t, struct gm_buf *log)
{
	struct gm_think_out out;

	gm_buf_putc(log, '|');
	gm_think_end(t, &out);
	put(log, &out);
	gm_think_release(t);
	gm_think_release(t);
}

/* At every two cuts, and byte by byte: the same comes out. */
static void
test_cuts(void **state)
{
	struct gm_think t;
	struct gm_buf log;
	const char *text;
	size_t i, a, b, len;

	(void)state;
	gm_buf_init(&log, 1000);
	for (i = 0; i < GM_LEN(rows); i++) {
		text = rows[i].text;
		len = strlen(text);
		for (a = 0; a <= len; a++)
			for (b = a; b <= len; b++) {
				gm_buf_reset(&log);
				gm_think_init(&t);
				take(&t, &log, (struct gm_span){ text, a });
				take(&t, &log,
				    (struct gm_span){ text + a, b - a });
				take(&t, &log, gm_span_of(text + b));
				end(&t, &log);
				assert_string_equal(
				    gm_buf_str(&log), rows[i].want);
			}
		gm_buf_reset(&log);
		gm_think_init(&t);
		for (a = 0; a < len; a++)
			take(&t, &log, (struct gm_span){ text + a, 1 });
		end(&t, &log);
		assert_string_equal(gm_buf_str(&log), rows[i].want);
	}
	gm_buf_release(&log);
}

/* What is no thought is not held back. */
static void
test_at_once(void **state)
{
	struct gm_think t;
	struct gm_buf log;

	(void)state;
	gm_buf_init(&log, 1000);
	gm_think_init(&t);
	take(&t, &log, gm_span_of(" <t"));
	assert_string_equal(gm_buf_str(&log), "");
	take(&t, &log, gm_span_of("a"));
	assert_string_equal(gm_buf_str(&log), " <ta");
	take(&t, &log, gm_span_of("<think>b"));
	assert_string_equal(gm_buf_str(&log), " <ta<think>b");
	gm_think_release(&t);

	/* After the end all is text. */
	gm_buf_reset(&log);
	gm_think_init(&t);
	take(&t, &log, gm_span_of("<think>a"));
	end(&t, &log);
	take(&t, &log, gm_span_of(" <think>b</think>"));
	assert_string_equal(gm_buf_str(&log), "|<think>a <think>b</think>");
	gm_think_release(&t);
	gm_buf_release(&log);
}

/* A struct of zeros holds nothing: all is text. */
static void
test_zero(void **state)
{
	struct gm_think t = { 0 };
	struct gm_buf log;

	(void)state;
	gm_buf_init(&log, 1000);
	take(&t, &log, gm_span_of("<think>a</think>"));
	take(&t, &log, gm_span_of("b"));
	end(&t, &log);
	assert_string_equal(gm_buf_str(&log), "<think>a</think>b|");
	gm_buf_release(&log);
}

/* What is too long for a thought is text, all of it. */
static void
test_bound(void **state)
{
	static char kib[1024];
	struct gm_think t;
	struct gm_buf log;
	size_t n, want = strlen("<think>") + GM_THINK_MAX;

	(void)state;
	memset(kib, 'x', sizeof(kib));
	gm_buf_init(&log, 2 * GM_THINK_MAX);
	gm_think_init(&t);
	take(&t, &log, gm_span_of("<think>"));
	for (n = 0; n < GM_THINK_MAX; n += sizeof(kib)) {
		assert_int_equal(log.len, 0);
		take(&t, &log, (struct gm_span){ kib, sizeof(kib) });
	}
	assert_int_equal(log.len, want);
	take(&t, &log, gm_span_of("</think>"));
	end(&t, &log);
	assert_int_equal(log.len, want + strlen("</think>|"));
	assert_memory_equal(log.data, "<think>xxx", 10);
	gm_buf_release(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
