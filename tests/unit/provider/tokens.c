#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "provider/tokens.h"

#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}
#define REPEAT 1000

static int64_t
total_of(const char *p, size_t len)
{
	struct gm_tokens t = { .sum = 0 };

	gm_tokens_add(&t, (struct gm_span){ p, len });
	return gm_tokens_total(&t);
}

/* In 1/1000 token: n times the text, with a symbol after each. */
static int64_t
weight_of(struct gm_span text)
{
	struct gm_tokens t = { .sum = 0 };
	size_t i;

	for (i = 0; i < REPEAT; i++) {
		gm_tokens_add(&t, text);
		gm_tokens_add(&t, gm_span_of("\x01"));
	}
	return gm_tokens_total(&t) - 1100;
}

static const struct {
	struct gm_span text;
	int64_t want; /* thousandths */
} rows[] = {
	{ S(""), 0 },
	/* Words. */
	{ S("a"), 520 + 135 },
	{ S("Abc"), 520 + 3 * 135 },
	{ S("ab cd"), 2 * 520 + 4 * 135 },
	{ S("ab_cd"), 2 * 520 + 4 * 135 + 900 },
	{ S("ab1cd"), 2 * 520 + 4 * 135 + 1060 },
	{ S("é"), 520 + 780 },
	{ S("été"), 520 + 2 * 780 + 135 },
	{ S("дом"), 520 + 3 * 220 },
	{ S("λόγος"), 520 + 5 * 220 },
	{ S("aéдλz"), 520 + 135 + 780 + 220 + 220 + 135 },
	{ S("é д"), 2 * 520 + 780 + 220 },
	/* Other scripts have no words. */
	{ S("漢字"), 2 * 630 },
	{ S("かな"), 2 * 460 },
	{ S("カナー"), 3 * 460 },
	{ S("한글"), 2 * 660 },
	{ S("नाम"), 3 * 320 },
	{ S("שלום עולם"), 8 * 320 },
	{ S("a漢b"), 2 * 655 + 630 },
	{ S("דa"), 320 + 655 },
	/* Marks. */
	{ S("e\xCC\x81"), 655 + 320 },
	{ S("e\xCC\x81\xCC\x81t"), 655 + 2 * 320 + 135 },
	{ S("д\xCC\x81д"), 520 + 2 * 220 + 320 },
	{ S("1\xCC\x81t"), 1060 + 320 + 655 },
	{ S("\xCC\x81t"), 320 + 655 },
	{ S(" \xCC\x81 "), 320 },
	/* Digits, punctuation, symbols. */
	{ S("0"), 1060 },
	{ S("2026"), 4 * 1060 },
	{ S("२१"), 2 * 1060 },
	{ S("１"), 1060 },
	{ S("!\"#$%&'()*"), 10 * 900 },
	{ S("+,-./:;<=>?@[\\]^_`{|}~"), 22 * 900 },
	{ S("€"), 1100 },
	{ S("。"), 1100 },
	{ S("😀"), 1100 },
	{ S("\x7F"), 1100 },
	{ S("\0"), 1100 },
	/* White space. */
	{ S(" "), 0 },
	{ S("  "), 90 },
	{ S("a    b"), 2 * 655 + 3 * 90 },
	{ S("\n"), 810 },
	{ S("\r\n\r\n\n"), 810 },
	{ S("\n \n"), 2 * 810 },
	{ S("\n   "), 810 + 2 * 90 },
	{ S("\t"), 1100 },
	{ S("1\t1"), 2 * 1060 + 1100 },
	{ S("\n\t\ta"), 810 + 2 * 90 + 655 },
	{ S("  \t "), 3 * 90 },
	{ S("\xC2\xA0"), 1100 },
	/* Bytes that are not UTF-8. */
	{ S("\xFF"), 1100 },
	{ S("\x80\x80"), 2200 },
	{ S("a\xFF"
	    "b"),
	    2 * 655 + 1100 },
	{ S("\xC3"), 1100 },
	{ S("\xC3"
	    "a"),
	    1100 + 655 },
	{ S("\xE2\x82"), 2200 },
	{ S("\xE2\x82\xE2\x82\xAC"), 2200 + 1100 },
	{ S("\xF0\x9F\x98"), 3300 },
	{ S("\xF0\xC3\xA9"), 1100 + 1300 },
	{ S("\xC0\x80"), 2200 },
	{ S("\xED\xA0\x80"), 3300 },
	{ S("\xF4\x90\x80\x80"), 4400 },
	/* Runs of 12 with a change at a fifth are code. */
	{ S("a1a1a1a1a1a"), 6 * 655 + 5 * 1060 },
	{ S("a1a1a1a1a1a1"), 6 * 630 + 6 * 1060 },
	{ S("A+1/=b+1/=c+"), 3 * 630 + 2 * 1060 + 7 * 900 },
	{ S("aaaaa1aaaaAaaaa"), 14 * 630 + 1060 },
	{ S("aaaaa1aaaaAaaaaa"), 2 * 520 + 15 * 135 + 1060 },
	{ S("AAAAAAaaaaaaa"), 520 + 13 * 135 },
	{ S("AaAaAaAaAaAa"), 12 * 630 },
	{ S("aA-A1a1a1a1a1a1"), 655 + 135 + 900 + 6 * 630 + 6 * 1060 },
	{ S("a=a=a=a=a=a="), 6 * 655 + 6 * 900 },
	{ S("a1a1a1a1a1a1 a1"), 6 * 630 + 6 * 1060 + 655 + 1060 },
	{ S("éa1a1a1a1a1a1"), 1300 + 6 * 630 + 6 * 1060 },
	{ S("1a1a1a1a1a1aé"), 6 * 1060 + 6 * 630 + 1300 },
	{ S("1a1a1a1a1a1a\xCC\x81t"), 6 * 1060 + 6 * 630 + 320 + 655 },
	{ S("1a1a1a1a1aé"), 5 * 1060 + 5 * 655 + 780 },
	{ S("a\xCC\x81"
	    "1aaaaaaaaaaaa1aa"),
	    655 + 320 + 2 * 1060 + 2 * 520 + 14 * 135 },
};

static void
test_weights(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		if (weight_of(rows[i].text) != rows[i].want)
			fail_msg("row %zu, '%s': %lld", i, rows[i].text.p,
			    (long long)weight_of(rows[i].text));
}

/* The first and last characters of classes, each alone. */
static void
test_borders(void **state)
{
	static const struct {
		uint32_t point;
		int64_t want;
	} points[] = {
		{ 0x08, 1100 },
		{ 0x0B, 1100 },
		{ 0x0C, 1100 },
		{ 0x1F, 1100 },
		{ '/', 900 },
		{ '0', 1060 },
		{ '9', 1060 },
		{ ':', 900 },
		{ '@', 900 },
		{ 'A', 655 },
		{ 'Z', 655 },
		{ '[', 900 },
		{ '`', 900 },
		{ 'a', 655 },
		{ 'z', 655 },
		{ '{', 900 },
		{ '~', 900 },
		{ 0x80, 1100 },
		{ 0xBF, 1100 },
		{ 0xC0, 1300 },
		{ 0xD6, 1300 },
		{ 0xD7, 1100 },
		{ 0xD8, 1300 },
		{ 0xF7, 1100 },
		{ 0x2AF, 1300 },
		{ 0x2B0, 1100 },
		{ 0x2FF, 1100 },
		{ 0x300, 320 },
		{ 0x36F, 320 },
		{ 0x370, 740 },
		{ 0x52F, 740 },
		{ 0x531, 320 },
		{ 0x65F, 320 },
		{ 0x660, 1060 },
		{ 0x669, 1060 },
		{ 0x66A, 1100 },
		{ 0x7FF, 320 },
		{ 0x800, 320 },
		{ 0x963, 320 },
		{ 0x964, 1100 },
		{ 0x965, 1100 },
		{ 0x966, 1060 },
		{ 0x96F, 1060 },
		{ 0x970, 320 },
		{ 0xE3F, 1100 },
		{ 0xE40, 320 },
		{ 0x10FF, 320 },
		{ 0x1100, 660 },
		{ 0x11FF, 660 },
		{ 0x1200, 320 },
		{ 0x1DBF, 1300 },
		{ 0x1DC0, 320 },
		{ 0x1DFF, 320 },
		{ 0x1E00, 1300 },
		{ 0x1EFF, 1300 },
		{ 0x1F00, 740 },
		{ 0x1FFC, 740 },
		{ 0x2000, 1100 },
		{ 0x20CF, 1100 },
		{ 0x20D0, 320 },
		{ 0x20FF, 320 },
		{ 0x2100, 1100 },
		{ 0x2BFF, 1100 },
		{ 0x2C00, 320 },
		{ 0x3004, 1100 },
		{ 0x3005, 630 },
		{ 0x3007, 630 },
		{ 0x3008, 1100 },
		{ 0x3040, 1100 },
		{ 0x3041, 460 },
		{ 0x309F, 460 },
		{ 0x30A0, 1100 },
		{ 0x30A1, 460 },
		{ 0x30FB, 1100 },
		{ 0x30FC, 460 },
		{ 0x3131, 660 },
		{ 0x33FF, 1100 },
		{ 0x3400, 630 },
		{ 0x4DBF, 630 },
		{ 0x4DC0, 1100 },
		{ 0x4DFF, 1100 },
		{ 0x4E00, 630 },
		{ 0x9FFF, 630 },
		{ 0xA000, 320 },
		{ 0xABFF, 1060 },
		{ 0xAC00, 660 },
		{ 0xD7A3, 660 },
		{ 0xE000, 1100 },
		{ 0xF8FF, 1100 },
		{ 0xF900, 630 },
		{ 0xFAFF, 630 },
		{ 0xFE1F, 1100 },
		{ 0xFE20, 320 },
		{ 0xFE2F, 320 },
		{ 0xFE30, 1100 },
		{ 0xFF0F, 1100 },
		{ 0xFF10, 1060 },
		{ 0xFF19, 1060 },
		{ 0xFF1A, 1100 },
		{ 0xFF20, 1100 },
		{ 0xFF21, 1300 },
		{ 0xFF3A, 1300 },
		{ 0xFF3B, 1100 },
		{ 0xFF41, 1300 },
		{ 0xFF5A, 1300 },
		{ 0xFF65, 1100 },
		{ 0xFF66, 460 },
		{ 0xFF9F, 460 },
		{ 0xFFA0, 660 },
		{ 0xFFFD, 1100 },
		{ 0x10000, 320 },
		{ 0x1F600, 1100 },
		{ 0x1FFFF, 1100 },
		{ 0x20000, 630 },
		{ 0x3FFFF, 630 },
		{ 0x40000, 1100 },
		{ 0x10FFFF, 1100 },
	};
	struct gm_span s;
	char bytes[4] = "";
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(points); i++) {
		s = (struct gm_span){ bytes,
			gm_utf8_encode(bytes, points[i].point) };
		if (weight_of(s) != points[i].want)
			fail_msg("U+%04X: %lld", (unsigned)points[i].point,
			    (long long)weight_of(s));
	}
}

static void
test_rounding(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} totals[] = {
		{ "", 0 }, { " ", 0 }, { "a", 1 }, { "1", 2 },
		{ "abc abc abc", 3 },                              /* 2.775 */
		{ "\xE2\x82", 3 }, { "2026-11-29T14:10:25Z", 20 }, /* 19.75 */

	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(totals); i++)
		assert_int_equal(
		    total_of(totals[i].text, strlen(totals[i].text)),
		    totals[i].want);
}

/* Add in two pieces, and byte by byte, with totals in between. */
static void
check_cuts(struct gm_span text)
{
	int64_t whole = total_of(text.p, text.len);
	struct gm_tokens slow = { .sum = 0 }, t;
	size_t cut;

	for (cut = 0; cut <= text.len; cut++) {
		t = (struct gm_tokens){ .sum = 0 };
		gm_tokens_add(&t, (struct gm_span){ text.p, cut });
		assert_int_equal(gm_tokens_total(&t), gm_tokens_total(&slow));
		gm_tokens_add(&t, (struct gm_span){ NULL, 0 });
		gm_tokens_add(
		    &t, (struct gm_span){ text.p + cut, text.len - cut });
		assert_int_equal(gm_tokens_total(&t), whole);
		if (cut < text.len)
			gm_tokens_add(
			    &slow, (struct gm_span){ text.p + cut, 1 });
	}
	assert_int_equal(gm_tokens_total(&slow), whole);
}

static void
test_cuts(void **state)
{
	struct gm_buf all;
	size_t i, j;

	(void)state;
	gm_buf_init(&all, SIZE_MAX / 2);
	for (i = 0; i < GM_LEN(rows); i++) {
		check_cuts(rows[i].text);
		for (j = 0; j < 3; j++) /* so that thousandths add up */
			gm_buf_put_span(&all, rows[i].text);
	}
	check_cuts(gm_buf_span(&all));
	gm_buf_release(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
