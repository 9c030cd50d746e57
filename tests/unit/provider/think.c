#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/think.h"

#define FINAL "<|channel|>final<|message|>"
#define ANALYSIS "<|channel|>analysis<|message|>"

/*
 * Thoughts are in brackets; text that is given only at the end follows a '|'.  open:
 * without holding; '!': a thought was given as text; NULL: no difference.
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
	/* Without thoughts. */
	{ " \n Hello.", "| \n Hello.", " \n Hello.|" },
	{ "a<think>b</think>", "|a<think>b</think>", "a<think>b</think>|" },
	{ "a<thinking>b</thinking>", "|a<thinking>b</thinking>",
	    "a<thinking>b</thinking>|" },
	{ "<thinker>a</thinker>", "|<thinker>a</thinker>",
	    "<thinker>a</thinker>|" },
	{ "<|channel>b", "|<|channel>b", "<|channel>b|" },
	{ "`<think>` and </think>", "|`<think>` and </think>",
	    "`<think>` and </think>|" },
	{ "[1] a", "|[1] a", "[1] a|" },
	/* Other tags, other cases. */
	{ "<Think>a</THINK>b", "[a]b|", NULL },
	{ "<thinking>a</think></Thinking>\nb </thinking>",
	    "[a</think>]b </thinking>|", NULL },
	{ "<thoughts>a</thoughts>b", "[a]b|", NULL },
	{ "<REASONING>a</reasoning>b", "[a]b|", NULL },
	{ "<reason>a</reason>b", "[a]b|", NULL },
	{ "[think]a[/Think]b", "[a]b|", NULL },
	{ "\xE2\x97\x81think\xE2\x96\xB7"
	  "a\xE2\x97\x8B"
	  "\xE2\x97\x81/think\xE2\x96\xB7"
	  "b",
	    "[a\xE2\x97\x8B]b|", NULL },
	{ "<|begin_of_thought|>a<|end_of_thought|>b", "[a]b|", NULL },
	{ "<|START_THINKING|>a<|END_THINKING|>b", "[a]b|", NULL },
	{ "<|inner_prefix|>a<|inner_suffix|>b", "[a]b|", NULL },
	{ "<longcat_think>a</longcat_think>b", "[a]b|", NULL },
	{ "<|channel>thought\na<channel|>b", "[\na]b|", NULL },
	{ "<|channel>thought<channel|>b", "b|", NULL },
	{ "Hm.</Thinking>\nb", "[Hm.]b|", "Hm.</Thinking>\nb|!" },
	{ "Hm.<channel|>b", "[Hm.]b|", "Hm.<channel|>b|!" },
	{ "First <Thinking>\nhm\n</think>\nb",
	    "|First <Thinking>\nhm\n</think>\nb",
	    "First <Thinking>\nhm\n</think>\nb|" },
	/* Never closed: only thoughts. */
	{ "<think>a", "[a]|", NULL },
	{ "<think>", "|", NULL },
	{ "<think>a\nb <think>", "[a\nb <think>]|", NULL },
	{ "<think>a</thin", "[a]|[</thin]", NULL },
	{ "<reasoning>caf\xC3\xA9 <", "[caf\xC3\xA9 ]|[<]", NULL },
	{ "<|channel>thought a<channel", "[ a]|[<channel]", NULL },
	{ "< think>", "|< think>", "< think>|" },
	{ "<thin", "|<thin", NULL },
	{ " \n", "| \n", NULL },
	/* Only a closing tag. */
	{ "</think>a", "a|", NULL },
	{ "\n</think>\n\na", "a|", NULL },
	{ "[/THINK]a </think> b", "a </think> b|", NULL },
	{ "<channel|>a", "a|", NULL },
	{ "</think>", "|", NULL },
	{ "</think>, so it is", "|</think>, so it is", "</think>, so it is|" },
	{ "</thin", "|</thin", NULL },
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
	/* A mention of the closing tag. */
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
	/* A mention of the opening tag, and code that never ends. */
	{ "About `<think>`.\n</think>\n\nYes.", "[About `<think>`.\n]Yes.|",
	    "About `<think>`.\n</think>\n\nYes.|!" },
	{ "About \"<think>\".</think>Yes.", "[About \"<think>\".]Yes.|",
	    "About \"<think>\".</think>Yes.|!" },
	{ "About `a <think> b`.</think>\nYes.", "[About `a <think> b`.]Yes.|",
	    "About `a <think> b`.</think>\nYes.|!" },
	{ "A don`t.</think>\nYes.", "[A don`t.]Yes.|",
	    "A don`t.</think>\nYes.|!" },
	{ "Write `<think>a</think>` so.", "|Write `<think>a</think>` so.",
	    "Write `<think>a</think>` so.|" },
	{ "Write `<think>a</think> b`.", "|Write `<think>a</think> b`.",
	    "Write `<think>a</think> b`.|" },
	{ "Write \"<think>a</think>\".", "|Write \"<think>a</think>\".",
	    "Write \"<think>a</think>\".|" },
	{ "Write '<think>a</think>' so.", "|Write '<think>a</think>' so.",
	    "Write '<think>a</think>' so.|" },
	{ "Draft:\n```py\nx=1\n</think>\n\nYes.", "|[Draft:\n```py\nx=1\n]Yes.",
	    "Draft:\n```py\nx=1\n</think>\n\nYes.|!" },
	{ "Draft:\n```\nx=1\n</think>\n\n```sh\nls\n```",
	    "|[Draft:\n```\nx=1\n]```sh\nls\n```",
	    "Draft:\n```\nx=1\n</think>\n\n```sh\nls\n```|!" },
	{ "Draft:\n```\nx=1\n</think>\n\n```\nls\n```\nok",
	    "|[Draft:\n```\nx=1\n]```\nls\n```\nok",
	    "Draft:\n```\nx=1\n</think>\n\n```\nls\n```\nok|!" },
	{ "See:\n```\n</think>\n```\n```\nx\n</think>\nYes.",
	    "|[See:\n```\n</think>\n```\n```\nx\n]Yes.",
	    "See:\n```\n</think>\n```\n```\nx\n</think>\nYes.|!" },
	{ "See:\n```\n<think>a\n</think>\n```\nSo.\n</think>\nYes.",
	    "[See:\n```\n<think>a\n</think>\n```\nSo.\n]Yes.|",
	    "See:\n```\n<think>a\n</think>\n```\nSo.\n</think>\nYes.|!" },
	{ "See:\n```xml\n<think>a\n</think>\nb\n```\nSo.",
	    "|See:\n```xml\n<think>a\n</think>\nb\n```\nSo.",
	    "See:\n```xml\n<think>a\n</think>\nb\n```\nSo.|" },
	{ "See:\n- a\n\n  ```\n  </think>\n  ```\nSo.",
	    "|See:\n- a\n\n  ```\n  </think>\n  ```\nSo.",
	    "See:\n- a\n\n  ```\n  </think>\n  ```\nSo.|" },
	{ "See:\n\t```c\n\tx</think>\n\t```\nSo.",
	    "|See:\n\t```c\n\tx</think>\n\t```\nSo.",
	    "See:\n\t```c\n\tx</think>\n\t```\nSo.|" },
	{ "Hm.</think>```sh\nls\n```", "[Hm.]```sh\nls\n```|",
	    "Hm.</think>```sh\nls\n```|!" },
	{ "See `x.</think>```sh\nls\n```", "[See `x.]```sh\nls\n```|",
	    "See `x.</think>```sh\nls\n```|!" },
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
	{ "<|Channel|>Analysis<|Message|>Hm.<|END|>" FINAL "Yes.", "[Hm.]Yes.|",
	    NULL },
	{ "<|channel|> final <|message|>Yes.", "Yes.|", NULL },
	{ "<|channel|>analysis Hm. " FINAL "Yes.", "Yes.|", NULL },
	{ "<|channel|>analysis Hm.", "|", NULL },
	{ "Say " FINAL, "|Say " FINAL, "Say " FINAL "|" },
	{ "Say `" FINAL "` so.", "|Say `" FINAL "` so.",
	    "Say `" FINAL "` so.|" },
};

/* Thoughts may come in several pieces: one pair of brackets for all. */
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
end(struct gm_think *t, struct log *log)
{
	struct gm_err err = { .code = GM_OK };

	mark(log, false);
	gm_buf_putc(&log->text, '|');
	assert_int_equal(gm_think_end(t, put, log, &err), 0);
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

/* Without the bars, whose position depends on the pieces. */
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
	end(&t, &log);
	if (strcmp(gm_buf_str(&log.text), want) != 0)
		fail_msg("%s, %d, cut at %zu and %zu: %s", text, (int)hold, a,
		    b, gm_buf_str(&log.text));
	release(&t, &log);
}

/* Every two cuts, and byte by byte, give one result. */
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

/* Text without an opening tag is held only on request. */
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
	assert_true(t.leaked);
	release(&t, &log);

	/* After the end all is text. */
	start(&t, &log, true);
	take(&t, &log, gm_span_of("<think>a"));
	end(&t, &log);
	take(&t, &log, gm_span_of(" <think>b</think>"));
	assert_string_equal(gm_buf_str(&log.text), "[a]| <think>b</think>");
	release(&t, &log);
}

/* A struct of zeros: everything is text. */
static void
test_zero(void **state)
{
	struct gm_think t = { 0 };
	struct log log = { .text = { .max = 1000 } };

	(void)state;
	take(&t, &log, gm_span_of("<think>a</think>"));
	take(&t, &log, gm_span_of("b"));
	end(&t, &log);
	assert_string_equal(gm_buf_str(&log.text), "<think>a</think>b|");
	release(&t, &log);
}

/* Too much to hold is text, all of it. */
static void
test_bound(void **state)
{
	static char kib[1024];
	struct gm_think t;
	struct log log;
	size_t n, want = 1 + GM_THINK_MAX;

	(void)state;
	memset(kib, 'x', sizeof(kib));
	start(&t, &log, true);
	take(&t, &log, gm_span_of("a"));
	for (n = 0; n < GM_THINK_MAX; n += sizeof(kib)) {
		assert_int_equal(log.text.len, 0);
		take(&t, &log, (struct gm_span){ kib, sizeof(kib) });
	}
	assert_int_equal(log.text.len, want);
	take(&t, &log, gm_span_of("</think>"));
	end(&t, &log);
	assert_int_equal(log.text.len, want + strlen("</think>|"));
	assert_int_equal(log.text.data[0], 'a');
	release(&t, &log);
}

/* After an opening tag nothing is held, so that nothing is too long. */
static void
test_long_thought(void **state)
{
	static char kib[1024];
	struct gm_think t;
	struct log log;
	size_t n;

	(void)state;
	memset(kib, 'x', sizeof(kib));
	start(&t, &log, false);
	take(&t, &log, gm_span_of("<think>"));
	for (n = 0; n < 2 * GM_THINK_MAX; n += sizeof(kib)) {
		take(&t, &log, (struct gm_span){ kib, sizeof(kib) });
		assert_int_equal(log.text.len, 1 + n + sizeof(kib));
	}
	take(&t, &log, gm_span_of("</think>b"));
	end(&t, &log);
	assert_int_equal(log.text.len, 1 + n + strlen("]b|"));
	assert_string_equal(log.text.data + 1 + n, "]b|");
	release(&t, &log);
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
		end(&t, &log);
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
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_long_thought),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
