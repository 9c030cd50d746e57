/* Lines from a pipe, written in two parts with every possible cut. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/lines.h"

#define MAX 100000

static const struct {
	const char *text, *want; /* each line in brackets */
} rows[] = {
	{ "", "" },
	{ "\n", "[]" },
	{ "a", "[a]" },
	{ "a\n", "[a]" },
	{ "a\nbc\n\nd", "[a][bc][][d]" },
	{ "one line\nanother one\r\n", "[one line][another one\r]" },
};

static void
take_all(struct gm_lines *l, struct gm_buf *got)
{
	struct gm_span line;

	while (gm_lines_take(l, &line)) {
		gm_buf_putc(got, '[');
		gm_buf_put_span(got, line);
		gm_buf_putc(got, ']');
	}
}

static void
try_cut(const char *text, size_t cut, struct gm_buf *got)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_lines l;
	int ends[2], more;

	assert_int_equal(pipe(ends), 0);
	gm_lines_init(&l, ends[0], "pipe", MAX);
	if (cut > 0) {
		assert_int_equal(write(ends[1], text, cut), cut);
		assert_int_equal(gm_lines_fill(&l, &err), 1);
		take_all(&l, got);
	}
	assert_int_equal(
	    write(ends[1], text + cut, strlen(text) - cut), strlen(text) - cut);
	assert_int_equal(close(ends[1]), 0);
	do {
		more = gm_lines_fill(&l, &err);
		take_all(&l, got);
	} while (more == 1);
	assert_int_equal(more, 0);
	gm_lines_release(&l);
	gm_lines_release(&l);
	assert_int_equal(close(ends[0]), 0);
}

static void
test_cuts(void **state)
{
	struct gm_buf got;
	size_t i, cut;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		for (cut = 0; cut <= strlen(rows[i].text); cut++) {
			gm_buf_init(&got, MAX);
			try_cut(rows[i].text, cut, &got);
			assert_string_equal(gm_buf_str(&got), rows[i].want);
			gm_buf_release(&got);
		}
}

/* A line may have max bytes, newline included. */
static void
test_limit(void **state)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_span line;
	struct gm_lines l;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "abc\nabcd\n", 9), 9);
	gm_lines_init(&l, ends[0], "pipe", 4);
	assert_int_equal(gm_lines_fill(&l, &err), 1);
	assert_true(gm_lines_take(&l, &line));
	assert_true(gm_span_is(line, "abc"));
	assert_int_equal(gm_lines_fill(&l, &err), 1);
	assert_false(gm_lines_take(&l, &line));
	assert_int_equal(gm_lines_fill(&l, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "pipe: larger than 4 bytes");
	gm_lines_release(&l);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
}

static void
test_errors(void **state)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_lines l;
	struct gm_span line;
	char text[4096];
	int ends[2], rc, i;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	memset(text, 'x', sizeof(text));
	gm_lines_init(&l, ends[0], "pipe", 1);
	for (rc = 1, i = 0; rc == 1 && i < 100; i++) {
		assert_int_equal(
		    write(ends[1], text, sizeof(text)), sizeof(text));
		rc = gm_lines_fill(&l, &err);
		assert_false(gm_lines_take(&l, &line));
	}
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_memory_equal(err.msg, "pipe: ", 6);
	gm_lines_release(&l);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(close(ends[0]), 0);

	gm_lines_init(&l, ends[0], "closed", MAX);
	assert_int_equal(gm_lines_fill(&l, &err), -1);
	assert_int_equal(err.code, GM_ENOINPUT);
	assert_string_equal(err.msg, "closed: Bad file descriptor");
	gm_lines_release(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
