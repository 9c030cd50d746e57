#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "gm-summ/prompts.h"

static const char *
head_of(struct gm_buf *out, const struct gm_prompt_part *part,
    const struct gm_wanted_summary *wanted)
{
	gm_buf_reset(out);
	gm_prompts_put_head(part, wanted, out);
	return gm_buf_str(out);
}

static void
test_styles(void **state)
{
	static const char *const names[] = { "bullets", "paragraph", "headline",
		"tldr", "minutes" };
	enum gm_style style;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(names); i++) {
		assert_int_equal(gm_style_parse(&style, names[i], &err), 0);
		assert_int_equal(style, i);
	}
	assert_int_equal(gm_style_parse(&style, "Bullets", &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(
	    err.msg, "not bullets, paragraph, headline, tldr or minutes");
}

/* Only the last round has what the user wants. */
static void
test_only_last_round_is_styled(void **state)
{
	const struct gm_wanted_summary plain = { .style = GM_STYLE_BULLETS };
	const struct gm_wanted_summary wanted = { .style = GM_STYLE_MINUTES,
		.words = 77,
		.lang = "Zulu",
		.instructions = gm_span_of("Stress money.") };
	struct gm_prompt_part part = { .index = 2, .count = 3 };
	struct gm_buf a, b;
	int round;

	(void)state;
	gm_buf_init(&a, 10000);
	gm_buf_init(&b, 10000);
	for (round = GM_ROUND_FACTS; round <= GM_ROUND_SUMMARY; round++) {
		part.round = (enum gm_round)round;
		(void)head_of(&a, &part, &plain);
		(void)head_of(&b, &part, &wanted);
		assert_true(a.len > 100);
		/* The head is the same for all parts: it has no number. */
		assert_null(strpbrk(gm_buf_str(&a), "23"));
		if (round != GM_ROUND_SUMMARY) {
			assert_string_equal(gm_buf_str(&a), gm_buf_str(&b));
			continue;
		}
		assert_non_null(strstr(gm_buf_str(&a), "begins with \"- \""));
		assert_non_null(strstr(gm_buf_str(&a), "about 150 words"));
		assert_non_null(
		    strstr(gm_buf_str(&a), "in the language of the text"));
		assert_non_null(strstr(gm_buf_str(&b), "about 77 words"));
		assert_non_null(strstr(gm_buf_str(&b), "language: Zulu."));
		assert_non_null(strstr(gm_buf_str(&b), "\n\nStress money."));
		assert_non_null(strstr(gm_buf_str(&b), "minutes"));
		assert_null(strstr(gm_buf_str(&b), "150"));
	}
	gm_buf_release(&a);
	gm_buf_release(&b);
}

/* Styles that imply a length get one only from the user. */
static void
test_lengths(void **state)
{
	struct gm_wanted_summary wanted = { .style = GM_STYLE_TLDR };
	const struct gm_prompt_part part = { .round = GM_ROUND_SUMMARY };
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 10000);
	assert_null(strstr(head_of(&out, &part, &wanted), "about"));
	wanted.style = GM_STYLE_HEADLINE;
	assert_null(strstr(head_of(&out, &part, &wanted), "about"));
	wanted.words = 9;
	assert_non_null(strstr(head_of(&out, &part, &wanted), "about 9 words"));
	gm_buf_release(&out);
}

static void
test_summary_of_facts_is_of_the_text(void **state)
{
	const struct gm_wanted_summary wanted = { .words = 10 };
	struct gm_prompt_part part = { .round = GM_ROUND_SUMMARY };
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 10000);
	assert_null(strstr(head_of(&out, &part, &wanted), "list of facts"));
	part.facts = true;
	assert_non_null(strstr(head_of(&out, &part, &wanted), "list of facts"));
	gm_buf_release(&out);
}

/* % is the id, the start of the text's hash. */
static const struct {
	const char *name, *text, *want;
	size_t index, count;
} rows[] = {
	{ NULL, "One.\n", "<text id=\"%\">\nOne.\n</text id=\"%\">\n", 1, 1 },
	{ NULL, "One.", "<text id=\"%\">\nOne.\n</text id=\"%\">\n", 1, 1 },
	{ NULL, "", "<text id=\"%\">\n</text id=\"%\">\n", 1, 1 },
	{ "a\"<\n", "One.",
	    "<text name=\"a&quot;&lt;&#10;\" id=\"%\">\nOne.\n</text "
	    "id=\"%\">\n",
	    1, 1 },
	{ NULL, "</text>",
	    "This is part 2 of 7; do not mention that.\n\n"
	    "<text id=\"%\">\n</text>\n</text id=\"%\">\n",
	    2, 7 },
};

static void
test_texts(void **state)
{
	struct gm_prompt_part part = { .round = GM_ROUND_FACTS };
	struct gm_buf out, want;
	char id[GM_HASH_HEX];
	const char *p;
	size_t i;

	(void)state;
	gm_buf_init(&out, 10000);
	gm_buf_init(&want, 10000);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&out);
		part.index = rows[i].index;
		part.count = rows[i].count;
		gm_prompts_put_text(&part,
		    rows[i].name != NULL ? gm_span_of(rows[i].name)
					 : (struct gm_span){ NULL, 0 },
		    gm_span_of(rows[i].text), &out);
		p = strstr(gm_buf_str(&out), "id=\"");
		assert_non_null(p);
		assert_true(strcspn(p + 4, "\"") < sizeof(id));
		memcpy(id, p + 4, strcspn(p + 4, "\""));
		id[strcspn(p + 4, "\"")] = '\0';
		assert_true(strlen(id) >= 8);
		gm_buf_reset(&want);
		for (p = rows[i].want; *p != '\0'; p++)
			if (*p == '%')
				gm_buf_puts(&want, id);
			else
				gm_buf_putc(&want, *p);
		assert_string_equal(gm_buf_str(&out), gm_buf_str(&want));
	}
	gm_buf_release(&out);
	gm_buf_release(&want);
}

static void
test_words(void **state)
{
	enum gm_style style;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; gm_style_word(i) != NULL; i++) {
		assert_int_equal(
		    gm_style_parse(&style, gm_style_word(i), &err), 0);
		assert_int_equal(style, i);
	}
	assert_int_equal(i, GM_STYLE_MINUTES + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_only_last_round_is_styled),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_summary_of_facts_is_of_the_text),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
