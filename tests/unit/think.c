#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "think.h"

#define FINAL "<|channel|>final<|message|>"
#define ANALYSIS "<|channel|>analysis<|message|>"

/*
 * Thoughts in brackets; what only comes at the end behind a '|'. open: without
 * holding text that has no opening tag, '!': a thought went out; NULL: as held.
 */
static const struct {
	const char *text, *held, *open;
} rows[] = {
	{ "", "|", NULL },
	{ "Hello.", "|Hello.", "Hello.|" },
	{ "<think>hm</think>Hello.", "[hm]Hello.|", NULL },
	{ "<think>\nhm\n</think>\n\nHello.\n", "[\nhm\n]Hello.\n|", NULL },
	{ " \r\n\t<think>hm</think> \r\n\tHello. <think>",
	    "[hm]Hello. <think>|", NULL },
	{ "<think></think>Hello.", "Hello.|", NULL },
	{ "<think>a</think><think>b</think>", "[a]<think>b</think>|", NULL },
	{ "<think>a<think>b</think>c</think>", "[a<think>b]c</think>|", NULL },
	{ "<think>a</thin</think>b", "[a</thin]b|", NULL },
	{ "<think>a</</think>b", "[a</]b|", NULL },
	{ "<think>a</think>", "[a]|", NULL },
	{ "<think>a</think> \n", "[a]|", NULL },
	{ "<think>caf\xC3\xA9</think>\xE2\x82\xAC",
	    "[caf\xC3\xA9]\xE2\x82\xAC|", NULL },
	{ "[THINK]hm [1]\n[/THINK]\nHello.", "[hm [1]\n]Hello.|", NULL },
	{ "<thought>hm</think></thought>Hello.", "[hm</think>]Hello.|", NULL },
	{ "<seed:think>hm</seed:think>Hello.", "[hm]Hello.|", NULL },
	/* No thought. */
	{ " \n Hello.", "| \n Hello.", " \n Hello.|" },
	{ "a<think>b</think>", "|a<think>b</think>", "a<think>b</think>|" },
	{ "<thinking>a</thinking>", "|<thinking>a</thinking>",
	    "<thinking>a</thinking>|" },
	{ "[1] a", "|[1] a", "[1] a|" },
	{ "<Think>a</Think>", "|<Think>a</Think>", "<Think>a</Think>|" },
	{ "< think>", "|< think>", "< think>|" },
	{ "<thin", "|<thin", NULL },
	{ " \n", "| \n", NULL },
	{ " <think>", "| <think>", NULL },
	{ "\n<think>a and\n</thin", "|\n<think>a and\n</thin", NULL },
	/* A closing tag alone. */
	{ "</think>a", "a|", "</think>a|!" },
	{ "It is two.</think>\n\nThe answer is 2.",
	    "[It is two.]The answer is 2.|",
	    "It is two.</think>\n\nThe answer is 2.|!" },
	{ "It is two. </think>\nTwo.", "[It is two. ]Two.|",
	    "It is two. </think>\nTwo.|!" },
	{ "Two.\n</think> Two.", "[Two.\n]Two.|", "Two.\n</think> Two.|!" },
	{ "so it is</think>Two.", "[so it is]Two.|", "so it is</think>Two.|!" },
	{ "so it is</think>**Two**", "[so it is]**Two**|",
	    "so it is</think>**Two**|!" },
	{ "It is. </think> Two.", "[It is. ]Two.|", "It is. </think> Two.|!" },
	{ "Hm. `</think>` ends it.\n</think>\nYes.",
	    "[Hm. `</think>` ends it.\n]Yes.|",
	    "Hm. `</think>` ends it.\n</think>\nYes.|!" },
	{ "Hm.[/THINK]Yes, </think>.", "[Hm.]Yes, </think>.|",
	    "Hm.[/THINK]Yes, </think>.|!" },
	{ "Hm.</think>\n", "[Hm.]|", "Hm.</think>\n|!" },
	{ "Hm.</think>", "|[Hm.]", "Hm.</think>|!" },
	{ "Hm.<|end|><|start|>assistant" FINAL "Yes.", "[Hm.]Yes.|",
	    "Hm.<|end|><|start|>assistant" FINAL "Yes.|!" },
	/* A mention of it. */
	{ "The tag </think> ends it.", "|The tag </think> ends it.",
	    "The tag </think> ends it.|" },
	{ "It ends with `</think>`\nor so.", "|It ends with `</think>`\nor so.",
	    "It ends with `</think>`\nor so.|" },
	{ "Use (</think>) or \"</think>\".", "|Use (</think>) or \"</think>\".",
	    "Use (</think>) or \"</think>\".|" },
	{ "It ends with </think>.", "|It ends with </think>.",
	    "It ends with </think>.|" },
	{ "It ends with </think>", "|It ends with </think>",
	    "It ends with </think>|" },
	{ "See:\n```\nhm\n</think>\nyes\n```\nSo.",
	    "|See:\n```\nhm\n</think>\nyes\n```\nSo.",
	    "See:\n```\nhm\n</think>\nyes\n```\nSo.|" },
	{ "First <think>\nhm\n</think>\nthen.",
	    "|First <think>\nhm\n</think>\nthen.",
	    "First <think>\nhm\n</think>\nthen.|" },
	/* Channels. */
	{ ANALYSIS "Hm.<|end|><|start|>assistant" FINAL "Yes.", "[Hm.]Yes.|",
	    NULL },
	{ "<|start|>assistant" ANALYSIS "Hm.<|end|>\n<|start|>assistant" FINAL
	  "Yes <|x|> <b>.<|return|>",
	    "[Hm.]Yes <|x|> <b>.|", NULL },
	{ ANALYSIS "Hm." FINAL "Yes.", "[Hm.]Yes.|", NULL },
	{ ANALYSIS "Hm.<|end|>assistant" FINAL "Yes.", "[Hm.]Yes.|", NULL },
	{ ANALYSIS "Hm.<|end|>Yes.", "[Hm.]Yes.|", NULL },
	{ ANALYSIS "a<|end|>" ANALYSIS "b<|end|>" FINAL "c<|end|>", "[ab]c|",
	    NULL },
	{ "<|channel|>commentary to=f <|constrain|>json<|message|>{}<|call|>",
	    "[{}]|", NULL },
	{ FINAL "Yes.", "Yes.|", NULL },
	{ "<|channel|>final <|constrain|>json<|message|>{}", "{}|", NULL },
	{ "<|channel|>finally<|message|>a", "[a]|", NULL },
	{ ANALYSIS "Hm.", "[Hm.]|", NULL },
	{ ANALYSIS "Hm.<|en", "[Hm.]|[<|en]", NULL },
	{ "<|channel|>final", "|", NULL },
	{ "Say " FINAL, "|Say " FINAL, "Say " FINAL "|" },
	{ "Say `" FINAL "` so.", "|Say `" FINAL "` so.",
	    "Say `" FINAL "` so.|" },
};

/* Thoughts may come in several pieces: brackets stand around all of them. */
struct log {
	struct gm_buf text;
	bool thought;
};

static void
mark(struct log *log, bool thought)
{
	if (log->thought != thought)
		gm_buf_putc(&log->text, thought ? '[' : ']');
	log->thought = thought;
}

static int
put(struct gm_span text, bool thought, void *arg, struct gm_err *err)
{
	struct log *log = arg;

	(void)err;
	assert_int_not_equal(text.len, 0);
	mark(log, thought);
	gm_buf_put_span(&log->text, text);
	return 0;
}

static void
start(struct gm_think *t, struct log *log, bool hold)
{
	gm_think_init(t, hold);
	*log = (struct log){ .thought = false };
	gm_buf_init(&log->text, 4 * GM_THINK_MAX);
}

static void
take(struct gm_think *t, struct log *log, struct gm_span piece)
{
	struct gm_err err = { .code = GM_OK };

	assert_int_equal(gm_think_take(t, piece, put, log, &err), 0);
}

static void
end(struct gm_think *t, struct log *log, bool cut)
{
	struct gm_err err = { .code = GM_OK };

	mark(log, false);
	gm_buf_putc(&log->text, '|');
	assert_int_equal(gm_think_end(t, cut, put, log, &err), 0);
	mark(log, false);
	if (t->leaked)
		gm_buf_putc(&log->text, '!');
}

static void
release(struct gm_think *t, struct log *log)
{
	gm_think_release(t);
	gm_think_release(t);
	gm_buf_release(&log->text);
}

/* Without the bars: where pieces end decides what is known before the end. */
static void
check(size_t row, bool hold, size_t a, size_t b, size_t step)
{
	const char *text = rows[row].text, *want = rows[row].held;
	size_t len = strlen(text), i;
	struct gm_think t;
	struct log log;

	if (!hold && rows[row].open != NULL)
		want = rows[row].open;
	start(&t, &log, hold);
	take(&t, &log, (struct gm_span){ text, a });
	take(&t, &log, (struct gm_span){ text + a, b - a });
	for (i = b; i < len; i += step)
		take(&t, &log,
		    (struct gm_span){
			text + i, step < len - i ? step : len - i });
	end(&t, &log, false);
	if (strcmp(gm_buf_str(&log.text), want) != 0)
		fail_msg("%s, %d, cut at %zu and %zu: %s", text, (int)hold, a,
		    b, gm_buf_str(&log.text));
	release(&t, &log);
}

/* At every two cuts, and byte by byte: the same comes out. */
static void
test_cuts(void **state)
{
	size_t i, a, b, len, hold;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		for (hold = 0; hold < 2; hold++) {
			len = strlen(rows[i].text);
			for (a = 0; a <= len; a++)
				for (b = a; b <= len; b++)
					check(i, hold == 1, a, b, len + 1);
			check(i, hold == 1, 0, 0, 1);
		}
}

/* Text without an opening tag is held only if it is wished. */
static void
test_at_once(void **state)
{
	struct gm_think t;
	struct log log;
	struct gm_err err = { .code = GM_OK };

	(void)state;
	start(&t, &log, false);
	take(&t, &log, gm_span_of(" <t"));
	assert_string_equal(gm_buf_str(&log.text), "");
	take(&t, &log, gm_span_of("a"));
	assert_string_equal(gm_buf_str(&log.text), " <ta");
	take(&t, &log, gm_span_of("<think>b"));
	assert_string_equal(gm_buf_str(&log.text), " <ta<think>b");
	release(&t, &log);

	/* A server that sends thoughts apart shows that it is text. */
	start(&t, &log, true);
	take(&t, &log, gm_span_of("a"));
	assert_string_equal(gm_buf_str(&log.text), "");
	assert_int_equal(gm_think_separated(&t, put, &log, &err), 0);
	assert_string_equal(gm_buf_str(&log.text), "a");
	take(&t, &log, gm_span_of("</think>\nb"));
	assert_string_equal(gm_buf_str(&log.text), "a</think>\nb");
	assert_false(t.leaked);
	release(&t, &log);

	/* After the end all is text. */
	start(&t, &log, true);
	take(&t, &log, gm_span_of("<think>a"));
	end(&t, &log, false);
	take(&t, &log, gm_span_of(" <think>b</think>"));
	assert_string_equal(
	    gm_buf_str(&log.text), "|<think>a <think>b</think>");
	release(&t, &log);
}

/* Of an answer that the token limit has cut, an open thought is one. */
static void
test_cut_off(void **state)
{
	struct gm_think t;
	struct log log;

	(void)state;
	start(&t, &log, true);
	take(&t, &log, gm_span_of(" <think>a"));
	end(&t, &log, true);
	assert_string_equal(gm_buf_str(&log.text), "|[a]");
	release(&t, &log);
	start(&t, &log, true);
	take(&t, &log, gm_span_of("Hel"));
	end(&t, &log, true);
	assert_string_equal(gm_buf_str(&log.text), "|Hel");
	release(&t, &log);
}

/* A struct of zeros holds nothing: all is text. */
static void
test_zero(void **state)
{
	struct gm_think t = { 0 };
	struct log log = { .text = { .max = 1000 } };

	(void)state;
	take(&t, &log, gm_span_of("<think>a</think>"));
	take(&t, &log, gm_span_of("b"));
	end(&t, &log, false);
	assert_string_equal(gm_buf_str(&log.text), "<think>a</think>b|");
	release(&t, &log);
}

/* What is too long for a thought is text, all of it. */
static void
check_bound(const char *tag, bool hold)
{
	static char kib[1024];
	struct gm_think t;
	struct log log;
	size_t n, want = strlen(tag) + GM_THINK_MAX;

	memset(kib, 'x', sizeof(kib));
	start(&t, &log, hold);
	take(&t, &log, gm_span_of(tag));
	for (n = 0; n < GM_THINK_MAX; n += sizeof(kib)) {
		assert_int_equal(log.text.len, 0);
		take(&t, &log, (struct gm_span){ kib, sizeof(kib) });
	}
	assert_int_equal(log.text.len, want);
	take(&t, &log, gm_span_of("</think>"));
	end(&t, &log, false);
	assert_int_equal(log.text.len, want + strlen("</think>|"));
	assert_int_equal(strncmp(log.text.data, tag, strlen(tag)), 0);
	release(&t, &log);
}

static void
test_bound(void **state)
{
	(void)state;
	check_bound("<think>", false);
	check_bound("a", true);
}

/* A long answer after a thought, and a long one without, in one piece. */
static void
test_long(void **state)
{
	static const char *const begins[] = { "<think>a</think>\n",
		ANALYSIS "a<|end|>" FINAL, "a" };
	static char text[2 * GM_THINK_MAX];
	struct gm_think t;
	struct log log;
	size_t i, len;

	(void)state;
	for (i = 0; i < GM_LEN(begins); i++) {
		len = strlen(begins[i]);
		memset(text, 'x', sizeof(text));
		memcpy(text, begins[i], len);
		start(&t, &log, false);
		take(&t, &log, (struct gm_span){ text, sizeof(text) });
		end(&t, &log, false);
		len = sizeof(text) - len + strlen("[a]|");
		assert_int_equal(log.text.len, i < 2 ? len : len - 2);
		release(&t, &log);
	}
}

static void
test_names(void **state)
{
	static const struct {
		const char *model;
		bool want;
	} names[] = {
		{ "qwen3-30b-a3b-thinking-2507", true },
		{ "Qwen/QwQ-32B", true },
		{ "deepseek-r1:14b", true },
		{ "DeepSeek-R1-Distill-Qwen-7B", true },
		{ "phi-4-reasoning-plus", true },
		{ "grok-4-fast-non-reasoning", false },
		{ "qwen3-8b", false },
		{ "mistral-large-latest", false },
		{ "", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(names); i++)
		assert_int_equal(
		    gm_think_is_expected(names[i].model), names[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
