#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gm-prompt/delivery.h"

/* An output, and a pipe in place of standard error; reads do not wait. */
struct place {
	struct gm_out out;
	struct gm_delivery d;
	int out_fd, err_fd;
};

static void
open_place(struct place *p, bool stream, bool thoughts)
{
	struct gm_err err;
	int ends[2];

	assert_int_equal(gm_out_open(&p->out, NULL, &err), 0);
	assert_int_equal(pipe(ends), 0);
	p->out.fd = ends[1];
	p->out.regular = false;
	p->out_fd = ends[0];
	gm_delivery_init(&p->d, &p->out, stream);
	assert_int_equal(p->d.thoughts_fd, -1);
	assert_int_equal(pipe(ends), 0);
	p->err_fd = ends[0];
	if (thoughts)
		p->d.thoughts_fd = ends[1];
	else
		(void)close(ends[1]);
	assert_int_equal(fcntl(p->out_fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(p->err_fd, F_SETFL, O_NONBLOCK), 0);
}

static void
close_place(struct place *p)
{
	gm_delivery_release(&p->d);
	(void)close(p->out.fd);
	(void)close(p->out_fd);
	(void)close(p->err_fd);
	if (p->d.thoughts_fd != -1)
		(void)close(p->d.thoughts_fd);
	gm_out_release(&p->out);
}

static void
check_read(int fd, const char *want)
{
	char got[200];
	ssize_t n = read(fd, got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, want);
}

static void
check(const struct place *p, const char *out, const char *thoughts)
{
	check_read(p->out_fd, out);
	check_read(p->err_fd, thoughts);
}

/* Parts as a service sends them: each is one event. */
static void
text(const struct place *p, const char *t)
{
	const struct gm_part part = { .text = gm_span_of(t) };
	const struct gm_sink *sink = &p->d.sink;
	struct gm_err err;

	assert_int_equal(sink->part(&part, sink->arg, &err), 0);
	assert_int_equal(sink->flush(sink->arg, &err), 0);
}

static void
thought(const struct place *p, const char *t)
{
	const struct gm_part part = { .text = gm_span_of(t), .thought = true };
	const struct gm_sink *sink = &p->d.sink;
	struct gm_err err;

	assert_int_equal(sink->part(&part, sink->arg, &err), 0);
	assert_int_equal(sink->flush(sink->arg, &err), 0);
}

static void
finish(struct place *p)
{
	struct gm_err err;

	assert_int_equal(gm_delivery_finish(&p->d, &err), 0);
}

static void
test_stream(void **state)
{
	const struct gm_part signature = { .signature = { "QQ==", 4 } };
	const struct gm_part image = {
		.kind = GM_PART_DATA, .text = { "AAAA", 4 }, .mime = "image/png"
	};
	struct gm_err err;
	struct place p;

	(void)state;
	open_place(&p, true, true);
	assert_true(p.d.sink.final);
	thought(&p, "Let me\n");
	check(&p, "", "Let me\n");
	thought(&p, "think");
	check(&p, "", "think");
	/* a line of thoughts is ended before the text of the answer */
	text(&p, "One, ");
	check(&p, "One, ", "\n");
	text(&p, "two.");
	check(&p, "two.", "");
	thought(&p, "More.");
	check(&p, "", "More.");
	assert_int_equal(p.d.sink.part(&signature, p.d.sink.arg, &err), 0);
	check(&p, "", "");
	assert_int_equal(
	    p.d.sink.part(&image, p.d.sink.arg, &err), GM_SINK_OMITS);
	check(&p, "", "");
	finish(&p);
	check(&p, "\n", "\n");
	close_place(&p);
}

/* Lines that were begun are ended if no answer follows. */
static void
test_end(void **state)
{
	struct gm_err err;
	struct place p;

	(void)state;
	open_place(&p, true, true);
	thought(&p, "think");
	assert_int_equal(gm_delivery_end(&p.d, &err), 0);
	check(&p, "", "think\n");
	text(&p, "half");
	assert_int_equal(gm_delivery_end(&p.d, &err), 0);
	check(&p, "half\n", "");
	close_place(&p);
	/* text that is held back stays so */
	open_place(&p, false, true);
	thought(&p, "think");
	text(&p, "half");
	assert_int_equal(gm_delivery_end(&p.d, &err), 0);
	check(&p, "", "");
	close_place(&p);
}

static void
test_held(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, false, true);
	assert_false(p.d.sink.final);
	thought(&p, "Hm. ");
	text(&p, "One, ");
	thought(&p, "Yes.");
	text(&p, "two.");
	check(&p, "", "");
	finish(&p);
	check(&p, "One, two.\n", "Hm. Yes.\n");
	close_place(&p);
}

/* After a retry nothing of the first answer is left. */
static void
test_restart(void **state)
{
	struct place p;

	(void)state;
	open_place(&p, false, true);
	thought(&p, "old thoughts");
	text(&p, "old text");
	p.d.sink.restart(p.d.sink.arg);
	thought(&p, "new thoughts\n");
	text(&p, "new text\n");
	finish(&p);
	check(&p, "new text\n", "new thoughts\n");
	close_place(&p);
	/* nothing came after it */
	open_place(&p, false, true);
	text(&p, "old text");
	p.d.sink.restart(p.d.sink.arg);
	finish(&p);
	check(&p, "", "");
	close_place(&p);
}

static void
test_replace(void **state)
{
	struct gm_err err;
	struct place p;

	(void)state;
	open_place(&p, false, true);
	thought(&p, "Hm.");
	text(&p, "a ```b```");
	assert_int_equal(gm_delivery_replace(&p.d, gm_span_of("b"), &err), 0);
	check(&p, "b\n", "Hm.\n");
	close_place(&p);
}

static void
test_no_thoughts(void **state)
{
	struct place p;
	int stream;

	(void)state;
	for (stream = 0; stream < 2; stream++) {
		open_place(&p, stream, false);
		thought(&p, "secret thoughts");
		text(&p, "text");
		finish(&p);
		check(&p, "text\n", "");
		close_place(&p);
	}
}

/* Thoughts are filtered for a terminal; the output filters the answer. */
static void
test_filter(void **state)
{
	static const char evil[] = "a\033]0;x\007b";
	struct place p;

	(void)state;
	open_place(&p, true, true);
	thought(&p, evil);
	thought(&p, "\033[3");
	thought(&p, "1mc\n");
	text(&p, evil);
	finish(&p);
	check(&p, "a\033]0;x\007b\n", "abc\n");
	close_place(&p);
	open_place(&p, true, true);
	p.d.raw = true;
	thought(&p, evil);
	finish(&p);
	check(&p, "", "a\033]0;x\007b\n");
	close_place(&p);
}

/* An answer longer than a piece is delivered to the byte. */
static void
test_long(void **state)
{
	enum {
		LEN = 300000
	};
	char *all = malloc(LEN), *got = malloc(LEN + 2), path[40];
	const struct gm_part part = { .text = { all, LEN } };
	struct gm_err err;
	struct gm_delivery d;
	struct gm_out out;
	FILE *f = tmpfile();
	size_t i;

	(void)state;
	assert_true(all != NULL && got != NULL && f != NULL);
	for (i = 0; i < LEN; i += 3) /* the euro sign, cut nowhere */
		(void)memcpy(all + i, "\xE2\x82\xAC", 3);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fileno(f));
	assert_int_equal(gm_out_open(&out, path, &err), 0);
	out.filtered = true; /* would show a cut as U+FFFD */
	gm_delivery_init(&d, &out, false);
	assert_int_equal(d.sink.part(&part, d.sink.arg, &err), 0);
	assert_int_equal(gm_delivery_finish(&d, &err), 0);
	rewind(f);
	assert_int_equal(fread(got, 1, LEN + 2, f), LEN + 1);
	assert_memory_equal(got, all, LEN);
	assert_int_equal(got[LEN], '\n');
	gm_delivery_release(&d);
	gm_out_release(&out);
	(void)fclose(f);
	free(all);
	free(got);
}

/* An answer that cannot be written is an error; a thought is not. */
static void
test_full(void **state)
{
	const struct gm_part a = { .text = { "a", 1 }, .thought = true };
	const struct gm_part b = { .text = { "b", 1 } };
	struct gm_err err = { .code = GM_OK };
	struct gm_delivery d;
	struct gm_out out;
	int stream;

	(void)state;
	for (stream = 0; stream < 2; stream++) {
		assert_int_equal(gm_out_open(&out, "/dev/full", &err), 0);
		gm_delivery_init(&d, &out, stream);
		d.thoughts_fd = out.fd;
		assert_int_equal(d.sink.part(&a, d.sink.arg, &err), 0);
		assert_int_equal(d.sink.part(&b, d.sink.arg, &err), 0);
		assert_int_equal(d.sink.flush(d.sink.arg, &err), -stream);
		if (!stream)
			assert_int_equal(gm_delivery_finish(&d, &err), -1);
		assert_int_equal(err.code, GM_EIO);
		assert_string_equal(
		    err.msg, "/dev/full: No space left on device");
		gm_delivery_release(&d);
		gm_out_release(&out);
	}
}

/* The class of an answer without a block is set, unless it has one already. */
static void
test_block(void **state)
{
	const struct gm_span with = gm_span_of("A\n```\nblock\n```\n");
	const struct gm_span none = gm_span_of("none");
	struct gm_result result = { .model = "m" };
	struct gm_err err = { .code = GM_OK };
	struct gm_buf block;

	(void)state;
	gm_buf_init(&block, 10);
	assert_int_equal(gm_delivery_block(&result, with, 0, &block, &err), 0);
	assert_string_equal(gm_buf_str(&block), "block\n");
	assert_int_equal(result.class, GM_CLASS_OK);
	gm_buf_reset(&block);
	assert_int_equal(gm_delivery_block(&result, none, 0, &block, &err), -1);
	assert_int_equal(block.len, 0);
	assert_int_equal(result.class, GM_CLASS_NO_BLOCK);
	assert_int_equal(err.code, GM_ENEGATIVE);
	assert_string_equal(err.msg,
	    "m: the answer has no fenced block; omit --extract (no_block)");

	/* A truncated answer keeps the call's error. */
	result.class = GM_CLASS_TOKEN_LIMIT;
	(void)gm_fail(&err, GM_ENEGATIVE, "truncated");
	assert_int_equal(
	    gm_delivery_block(&result, none, -1, &block, &err), -1);
	assert_string_equal(err.msg, "truncated");
	assert_int_equal(
	    gm_delivery_block(&result, with, -1, &block, &err), -1);
	assert_string_equal(gm_buf_str(&block), "block\n");
	assert_string_equal(err.msg, "truncated");
	assert_int_equal(result.class, GM_CLASS_TOKEN_LIMIT);
	gm_buf_release(&block);

	/* Half a block is none. */
	gm_buf_init(&block, 3);
	result.class = GM_CLASS_OK;
	assert_int_equal(gm_delivery_block(&result, with, 0, &block, &err), -1);
	assert_int_not_equal(err.code, GM_ENEGATIVE);
	assert_int_equal(result.class, GM_CLASS_LOCAL);
	gm_buf_release(&block);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_no_thoughts),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
