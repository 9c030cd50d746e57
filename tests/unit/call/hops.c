/* One answer out of several responses: which text the sink gets, and when. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "call/hops.h"

static struct gm_buf text, thoughts;
static struct gm_answer answer;
static struct gm_sink to;
static struct gm_hops hops;
static struct gm_err err;
static bool full;

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *e)
{
	(void)arg;
	if (full && !part->thought)
		return gm_fail(e, GM_EIO, "no space");
	gm_buf_put_span(part->thought ? &thoughts : &text, part->text);
	gm_buf_put_span(&text, part->signature);
	return 0;
}

static void
start(bool final)
{
	full = false;
	err = (struct gm_err){ .code = GM_OK };
	gm_buf_init(&text, (size_t)1 << 30);
	gm_buf_init(&thoughts, (size_t)1 << 30);
	gm_answer_init(&answer);
	to = (struct gm_sink){ .part = on_part, .final = final };
	gm_hops_init(&hops, &to, &answer);
	assert_true(hops.sink.final == final);
	gm_hops_begin(&hops);
}

static void
stop(void)
{
	gm_hops_release(&hops);
	gm_hops_release(&hops);
	gm_answer_release(&answer);
	gm_buf_release(&text);
	gm_buf_release(&thoughts);
}

static int
say(const char *piece)
{
	const struct gm_part part = { .text = gm_span_of(piece) };

	return hops.sink.part(&part, hops.sink.arg, &err);
}

static int
think(const char *piece)
{
	const struct gm_part part = { .text = gm_span_of(piece),
		.thought = true };

	return hops.sink.part(&part, hops.sink.arg, &err);
}

static int
show(const char *piece)
{
	const struct gm_part part = { .kind = GM_PART_OTHER,
		.text = gm_span_of(piece) };

	return hops.sink.part(&part, hops.sink.arg, &err);
}

static int
token(const char *name)
{
	return hops.sink.checkpoint(gm_span_of(name), hops.sink.arg, &err);
}

static void
test_joined(void **state)
{
	int final;

	(void)state;
	for (final = 0; final < 2; final++) {
		start(final == 1);
		assert_int_equal(say("a"), 0);
		assert_string_equal(gm_buf_str(&text), "a");
		assert_int_equal(token("T1"), 0);
		answer.usage = (struct gm_usage){ 5, -1, 1, -1, 6 };
		assert_true(hops.moved);
		assert_true(gm_hops_next(&hops));
		gm_hops_begin(&hops);
		assert_false(hops.moved);
		assert_int_equal(say("b"), 0);
		/* not safe yet */
		assert_string_equal(gm_buf_str(&text), final ? "ab" : "a");
		answer.usage = (struct gm_usage){ 6, 2, 1, -1, 9 };
		assert_false(gm_hops_next(&hops)); /* no token */
		assert_false(gm_hops_is_short(&hops));
		assert_int_equal(gm_hops_end(&hops, &err), 0);
		assert_string_equal(gm_buf_str(&text), "ab");
		gm_hops_add_up(&hops);
		gm_hops_add_up(&hops);
		assert_int_equal(answer.usage.prompt, 11);
		assert_int_equal(answer.usage.cached, 2);
		assert_int_equal(answer.usage.output, 2);
		assert_int_equal(answer.usage.thoughts, -1);
		assert_int_equal(answer.usage.total, 15);
		stop();
	}
}

/* Which tokens continue an answer that ends with GM_FINISH_MORE. */
static void
test_tokens(void **state)
{
	static char huge[GM_HOPS_TOKEN_MAX + 2];

	(void)state;
	start(false);
	memset(huge, 'x', sizeof(huge) - 1);
	assert_int_equal(token(""), 0);
	assert_int_equal(token(huge), 0);
	assert_false(gm_hops_next(&hops));
	huge[GM_HOPS_TOKEN_MAX] = '\0';
	assert_int_equal(token(huge), 0);
	assert_true(gm_hops_next(&hops));
	gm_hops_begin(&hops);
	assert_int_equal(token(huge), 0); /* the same as before */
	assert_false(gm_hops_next(&hops));
	assert_int_equal(token("T2"), 0);
	assert_int_equal(say("x"), 0); /* after it: comes again */
	assert_true(gm_hops_next(&hops));
	gm_hops_begin(&hops);
	assert_int_equal(say("xy"), 0);
	assert_int_equal(token("T3"), 0);
	assert_string_equal(gm_buf_str(&text), "xy");
	assert_true(gm_hops_next(&hops));
	gm_hops_reset(&hops);
	assert_int_equal(hops.token.len, 0);
	assert_true(hops.moved);
	assert_false(gm_hops_resume(&hops));
	stop();
}

/* Parts that are no text are given once, however often they come. */
static void
test_others(void **state)
{
	const struct gm_part signature = { .signature = { "~", 1 } };
	int final;

	(void)state;
	for (final = 0; final < 2; final++) {
		start(final == 1);
		assert_int_equal(show("1"), 0);
		assert_int_equal(token("T1"), 0);
		assert_int_equal(show("2"), 0);
		assert_int_equal(show("3"), 0);
		assert_true(gm_hops_resume(&hops));
		gm_hops_begin(&hops);
		assert_int_equal(show("2"), 0);
		assert_int_equal(token("T2"), 0); /* "3" may come after it */
		assert_int_equal(show("3"), 0);
		assert_int_equal(show("4"), 0);
		assert_string_equal(gm_buf_str(&text), "1234");
		assert_true(gm_hops_next(&hops));
		gm_hops_begin(&hops);
		assert_int_equal(show("3"), 0);
		assert_int_equal(show("4"), 0);
		assert_int_equal(show("5"), 0);
		assert_string_equal(gm_buf_str(&text), "12345");
		gm_hops_reset(&hops);
		gm_hops_begin(&hops);
		assert_int_equal(token("T1"), 0);
		assert_int_equal(show("6"), 0);
		assert_string_equal(gm_buf_str(&text), "123456");
		assert_int_equal(
		    hops.sink.part(&signature, hops.sink.arg, &err), 0);
		assert_string_equal(gm_buf_str(&text), "123456~");
		stop();
	}
}

/* What came after the token comes again. */
static void
test_resumed(void **state)
{
	(void)state;
	start(false);
	assert_int_equal(say("a"), 0);
	answer.text_half = 0xD83D;
	assert_int_equal(token("T1"), 0);
	answer.text_half = 0;
	answer.seen = true;
	assert_int_equal(say("bc"), 0);
	assert_int_equal(think("hm"), 0);
	assert_true(gm_hops_resume(&hops));
	gm_hops_begin(&hops);
	assert_int_equal(answer.text_half, 0xD83D);
	assert_int_equal(say("B"), 0);
	assert_int_equal(think("Hm"), 0);
	assert_int_equal(gm_hops_end(&hops, &err), 0);
	assert_string_equal(gm_buf_str(&text), "aB");
	assert_string_equal(gm_buf_str(&thoughts), "Hm");
	stop();

	start(true);
	assert_int_equal(token("T1"), 0);
	assert_int_equal(say("abc"), 0);
	assert_int_equal(think("hm"), 0);
	assert_true(gm_hops_resume(&hops));
	gm_hops_begin(&hops);
	assert_int_equal(say("a"), 0);
	assert_int_equal(think("h"), 0);
	assert_int_equal(think("M"), 0); /* another one: shown */
	assert_true(gm_hops_is_short(&hops));
	assert_int_equal(token("T2"), 0);
	assert_true(gm_hops_resume(&hops));
	gm_hops_begin(&hops);
	assert_int_equal(say("bcd"), 0);
	assert_false(gm_hops_is_short(&hops));
	assert_string_equal(gm_buf_str(&text), "abcd");
	assert_string_equal(gm_buf_str(&thoughts), "hmM");
	assert_true(gm_hops_resume(&hops));
	gm_hops_begin(&hops);
	assert_int_equal(say("bx"), -1);
	assert_true(hops.differs);
	assert_false(gm_hops_resume(&hops));
	assert_string_equal(gm_buf_str(&text), "abcd");
	stop();
}

/* A response ended after text that follows its token. */
static void
test_tail(void **state)
{
	static const struct {
		const char *token, *after, *next, *given;
		bool differs, is_short;
	} rows[] = {
		{ "T1", "b", "bc", "abc", false, false },
		{ "T1", "b", "b", "ab", false, false },
		{ "T1", "bc", "b", "abc", false, true },
		{ "T1", "b", "c", "ab", true, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		start(true);
		assert_int_equal(say("a"), 0);
		assert_int_equal(token(rows[i].token), 0);
		assert_int_equal(say(rows[i].after), 0);
		answer.usage = (struct gm_usage){ 5, -1, 2, -1, 7 };
		assert_true(gm_hops_next(&hops));
		assert_false(hops.broke);
		gm_hops_begin(&hops);
		assert_int_equal(say(rows[i].next), rows[i].differs ? -1 : 0);
		assert_true(hops.differs == rows[i].differs);
		assert_true(gm_hops_is_short(&hops) == rows[i].is_short);
		assert_string_equal(gm_buf_str(&text), rows[i].given);
		gm_hops_add_up(&hops);
		assert_int_equal(answer.usage.total, 7); /* all of the hop */
		stop();
	}
	start(false);
	assert_int_equal(token("T1"), 0);
	assert_int_equal(say("b"), 0);
	assert_true(gm_hops_resume(&hops));
	assert_true(hops.broke);
	gm_hops_reset(&hops);
	assert_false(hops.broke);
	stop();
}

static void
test_stuck(void **state)
{
	int i;

	(void)state;
	start(false);
	assert_false(gm_hops_resume(&hops)); /* no token */
	assert_int_equal(token("T1"), 0);
	for (i = 0; i < GM_HOPS_STUCK; i++) {
		answer.seen = true;
		assert_true(gm_hops_resume(&hops));
		gm_hops_begin(&hops);
	}
	assert_false(gm_hops_resume(&hops));
	assert_int_equal(token("T2"), 0);
	/* Responses that bring nothing do not count, but all together do. */
	for (i = GM_HOPS_STUCK + 1; i < GM_HOPS_MAX; i++) {
		answer.seen = false;
		assert_true(gm_hops_resume(&hops));
		gm_hops_begin(&hops);
	}
	assert_false(gm_hops_resume(&hops));
	assert_int_equal(token("T3"), 0);
	assert_false(gm_hops_next(&hops));
	stop();
}

/* Too much after a token: there is no going back to it, nothing gets lost. */
static void
test_long(void **state)
{
	static char much[1 << 20];
	int final;
	size_t i;

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	for (final = 0; final < 2; final++) {
		start(final == 1);
		assert_int_equal(token("T1"), 0);
		for (i = 0; i < 10; i++)
			assert_int_equal(say(much), 0);
		assert_false(gm_hops_resume(&hops));
		assert_int_equal(token("T2"), 0);
		assert_int_equal(text.len, 10 * (sizeof(much) - 1));
		assert_true(gm_hops_resume(&hops));
		assert_int_equal(gm_hops_end(&hops, &err), 0);
		assert_int_equal(text.len, 10 * (sizeof(much) - 1));
		stop();
	}
}

static void
test_sink_fails(void **state)
{
	(void)state;
	start(false);
	assert_int_equal(token("T1"), 0);
	assert_int_equal(say("a"), 0);
	full = true;
	assert_int_equal(token("T2"), -1);
	assert_int_equal(err.code, GM_EIO);
	stop();
	start(false);
	assert_int_equal(token("T1"), 0);
	assert_int_equal(say("a"), 0);
	full = true;
	assert_int_equal(gm_hops_end(&hops, &err), -1);
	assert_int_equal(err.code, GM_EIO);
	stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
