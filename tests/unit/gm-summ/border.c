#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gm-summ/border.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* The texts before and after the border. */
static const struct {
	const char *before, *after;
	enum gm_border_kind want;
} places[] = {
	{ "a", "b", GM_BORDER_CHARACTER },
	{ "\xC3\xA9", "\xC3\xA9", GM_BORDER_CHARACTER },
	{ "\xFF", "\x80", GM_BORDER_CHARACTER },
	{ "a", ",", GM_BORDER_CHARACTER },
	{ "a", " ", GM_BORDER_CHARACTER },
	{ " ", " ", GM_BORDER_CHARACTER },
	{ "\n", "\n", GM_BORDER_CHARACTER },
	/* Code points of one character. */
	{ "\r", "\n", GM_BORDER_POINT },
	{ "e", "\xCC\x81", GM_BORDER_POINT },
	{ " ", "\xCC\x81", GM_BORDER_POINT },
	{ "\xE0\xA4\xA8", "\xE0\xA4\xBE", GM_BORDER_POINT },
	{ "\xE1\x84\x92", "\xE1\x85\xA1", GM_BORDER_POINT },
	{ "\xF0\x9F\x91\xA8", "\xF0\x9F\x8F\xBB", GM_BORDER_POINT },
	{ "\xF0\x9F\x91\xA8", "\xE2\x80\x8D", GM_BORDER_POINT },
	{ "\xE2\x80\x8D", "\xF0\x9F\x91\xA8", GM_BORDER_POINT },
	{ "\xF0\x9F\x91\xA8", "\xF0\x9F\x91\xA8", GM_BORDER_CHARACTER },
	/* Punctuation marks. */
	{ "a,", "b", GM_BORDER_MARK },
	{ "]}", "\"", GM_BORDER_MARK },
	{ "]", "}", GM_BORDER_CHARACTER },
	{ "a", "}", GM_BORDER_CHARACTER },
	{ "a.", "b", GM_BORDER_CHARACTER },
	/* Words. */
	{ "a ", "b", GM_BORDER_WORD },
	{ "a,\t", "B", GM_BORDER_WORD },
	{ "\n", "B", GM_BORDER_WORD },
	{ "e.g. ", "a", GM_BORDER_WORD },
	/* Sentences. */
	{ "a. ", "B", GM_BORDER_SENTENCE },
	{ "a!  ", "1", GM_BORDER_SENTENCE },
	{ "a?\n", "\"", GM_BORDER_SENTENCE },
	{ "a.\xE2\x80\x9D) ", "\xC3\x89", GM_BORDER_SENTENCE },
	{ "\xE5\xAD\x97\xE3\x80\x82", "\xE5\xAD\x97", GM_BORDER_SENTENCE },
	{ "\xEF\xBC\x9F\xE3\x80\x8D", "\xE5\xAD\x97", GM_BORDER_SENTENCE },
	{ "\xE3\x80\x82", "\xE3\x80\x8D", GM_BORDER_CHARACTER },
	{ "\xEF\xBC\x81", "\xEF\xBC\x9F", GM_BORDER_CHARACTER },
	{ "\xE3\x80\x81", "\xE5\xAD\x97", GM_BORDER_CHARACTER },
};

static void
test_within(void **state)
{
	enum gm_border_kind got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(places); i++) {
		got = gm_border_within(
		    gm_span_of(places[i].before), gm_span_of(places[i].after));
		if (got != places[i].want)
			fail_msg("'%s|%s': %d", places[i].before,
			    places[i].after, (int)got);
	}
	got = gm_border_within((struct gm_span){ "\0", 1 }, gm_span_of("b"));
	assert_int_equal(got, GM_BORDER_CHARACTER);
}

static const struct {
	const char *text;
	bool after_blank;
	int want;
} headings[] = {
	{ "", true, 0 },
	{ "\n", true, 0 },
	{ "text", true, 0 },
	{ "text\nand more\n", true, 0 },
	/* Titles with a mark. */
	{ "# Title\n", false, 1 },
	{ "# Title", true, 1 },
	{ "###### Title\r\n", false, 1 },
	{ "#\tTitle\n", false, 1 },
	{ "== Title\n", false, 1 },
	{ "####### Title\n", false, 0 },
	{ "#Title\n", false, 0 },
	{ "#", false, 0 },
	{ "#= Title\n", false, 0 },
	{ " # Title\n", true, 0 },
	/* Titles with lines below and above. */
	{ "Title\n=====\n", true, 2 },
	{ "Title\r\n---  \r\n", true, 2 },
	{ "Title\n~~~", true, 2 },
	{ "===\nTitle\n===\n", true, 3 },
	{ "Title\n=====\n", false, 0 },
	{ "Title\n==\n", true, 0 },
	{ "Title\n=-=\n", true, 0 },
	{ "Title\n= =\n", true, 0 },
	{ "Title\n...\n", true, 0 },
	{ "Title\n\n===\n", true, 0 },
	{ "---\n\nText\n", true, 0 },
	{ "---\nText\n", true, 0 },
	{ "\n---\n", true, 0 },
	{ " Title\n---\n", true, 0 },
	/* Titles in capitals. */
	{ "NAME\n", true, 1 },
	{ "1.2 THE END\ntext\n", true, 1 },
	{ "===\nTHE END\ntext\n", true, 2 },
	{ "THE END\n---\n", true, 2 },
	{ "THE END\n", false, 0 },
	{ "The END\n", true, 0 },
	{ "I\n", true, 0 },
	{ "2026\n", true, 0 },
	/* Limits of the length. */
	{ "# " HUNDRED "\n", true, 0 },
	{ "AB" TEN TEN TEN TEN TEN TEN TEN TEN TEN "01234567\n", true, 1 },
	{ "AB" TEN TEN TEN TEN TEN TEN TEN TEN TEN "01234567\r\n", true, 1 },
	{ "AB" TEN TEN TEN TEN TEN TEN TEN TEN TEN "01234567", true, 1 },
	{ "AB" HUNDRED "\n", true, 0 },
	{ "AB" HUNDRED, true, 0 },
};

static void
test_headings(void **state)
{
	size_t i;
	int got;

	(void)state;
	for (i = 0; i < GM_LEN(headings); i++) {
		got = gm_border_heading(
		    gm_span_of(headings[i].text), headings[i].after_blank);
		if (got != headings[i].want)
			fail_msg("'%s', %d: %d", headings[i].text,
			    headings[i].after_blank, got);
	}
}

static void
test_sentences(void **state)
{
	static const char *const whole[] = { ".", "a.", "a!", "a?\r\n",
		"a.\" \n\n", "a.')]*_`", "a\xE2\x80\xA6", "a.\xE2\x80\x99",
		"a!\xC2\xBB", "\xE3\x80\x82", "\xEF\xBC\x81\xE3\x80\x8F",
		"\xEF\xBC\x9F\xEF\xBC\x89", "\xE0\xA5\xA4", "\xD8\x9F",
		"\xDB\x94 " };
	static const char *const part[] = { "", " ", "a", "a,", "a.b", "a. b",
		"a:", ")", "\"", "\xE3\x80\x81", "\x82", "\xFF" };
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(whole); i++)
		if (!gm_border_ends_sentence(gm_span_of(whole[i])))
			fail_msg("'%s' ends no sentence", whole[i]);
	for (i = 0; i < GM_LEN(part); i++)
		if (gm_border_ends_sentence(gm_span_of(part[i])))
			fail_msg("'%s' ends a sentence", part[i]);
}

static void
test_blank(void **state)
{
	char line[GM_BORDER_AHEAD + 2];
	struct gm_span s = { line, sizeof(line) };

	(void)state;
	assert_true(gm_border_is_blank(gm_span_of("")));
	assert_true(gm_border_is_blank(gm_span_of("\n")));
	assert_true(gm_border_is_blank(gm_span_of(" \t\r\nabc")));
	assert_true(gm_border_is_blank(gm_span_of("  ")));
	assert_false(gm_border_is_blank(gm_span_of("a\n")));
	assert_false(gm_border_is_blank(gm_span_of(" a\n")));
	assert_false(gm_border_is_blank((struct gm_span){ "\0\n", 2 }));
	memset(line, ' ', sizeof(line));
	assert_false(gm_border_is_blank(s));
	line[GM_BORDER_AHEAD + 1] = '\n';
	assert_false(gm_border_is_blank(s));
	line[GM_BORDER_AHEAD] = '\n';
	assert_true(gm_border_is_blank(s));
	s.len = GM_BORDER_AHEAD;
	assert_true(gm_border_is_blank(s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_headings),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_blank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
