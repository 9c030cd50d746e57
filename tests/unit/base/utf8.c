/* UTF-8: decoding, repair, cuts; the tables of the standard. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

#define FFFD "\xEF\xBF\xBD"

static const struct {
	const char *input;
	size_t len;
	uint32_t point;
	size_t skip;
} decoded[] = {
	{ "a", 1, 'a', 0 },
	{ "\x7F", 1, 0x7F, 0 },
	{ "\xC2\x80", 2, 0x80, 0 },
	{ "\xDF\xBF", 2, 0x7FF, 0 },
	{ "\xE0\xA0\x80", 3, 0x800, 0 },
	{ "\xE0\xBF\xBF", 3, 0xFFF, 0 },
	{ "\xE1\x80\x80", 3, 0x1000, 0 },
	{ "\xED\x9F\xBF", 3, 0xD7FF, 0 },
	{ "\xEE\x80\x80", 3, 0xE000, 0 },
	{ "\xEF\xBF\xBF", 3, 0xFFFF, 0 },
	{ "\xF0\x90\x80\x80", 4, 0x10000, 0 },
	{ "\xF1\x80\x80\x80", 4, 0x40000, 0 },
	{ "\xF3\xBF\xBF\xBF", 4, 0xFFFFF, 0 },
	{ "\xF4\x8F\xBF\xBF", 4, 0x10FFFF, 0 },
	{ "\xC3\xA9x", 2, 0xE9, 0 },
	{ "\xC3\xA9\xA9", 2, 0xE9, 0 },
	{ "\x80", 0, 0, 1 },
	{ "\xBF\xBF", 0, 0, 1 },
	{ "\xC0\x80", 0, 0, 1 },
	{ "\xC1\xBF", 0, 0, 1 },
	{ "\xC2", 0, 0, 1 },
	{ "\xC2x", 0, 0, 1 },
	{ "\xC2\xC0", 0, 0, 1 },
	{ "\xE0\x9F\xBF", 0, 0, 1 },
	{ "\xE0\xA0", 0, 0, 2 },
	{ "\xE2\x82", 0, 0, 2 },
	{ "\xE2\x82x", 0, 0, 2 },
	{ "\xE2x", 0, 0, 1 },
	{ "\xED\xA0\x80", 0, 0, 1 },
	{ "\xF0\x8F\xBF\xBF", 0, 0, 1 },
	{ "\xF0\x9F\x98", 0, 0, 3 },
	{ "\xF0\x9F\x98x", 0, 0, 3 },
	{ "\xF0\x9Fx", 0, 0, 2 },
	{ "\xF1\x80\xE1\x80", 0, 0, 2 },
	{ "\xF4\x90\x80\x80", 0, 0, 1 },
	{ "\xF5\x80\x80\x80", 0, 0, 1 },
	{ "\xFE", 0, 0, 1 },
	{ "\xFF\xFF", 0, 0, 1 },
};

/* A sequence alone: its code point and length, or the bytes to skip. */
static void
test_decode(void **state)
{
	struct gm_span s;
	uint32_t point;
	size_t i, skip, len;

	(void)state;
	for (i = 0; i < GM_LEN(decoded); i++) {
		s = gm_span_of(decoded[i].input);
		point = 0;
		skip = 0;
		len = gm_utf8_decode(s, &point, &skip);
		if (len != decoded[i].len || point != decoded[i].point ||
		    skip != decoded[i].skip)
			fail_msg("row %zu: %zu bytes, U+%04X, skip %zu", i, len,
			    (unsigned)point, skip);
		assert_int_equal(gm_utf8_decode(s, &point, NULL), len);
	}
	s = (struct gm_span){ "\0", 1 };
	assert_int_equal(gm_utf8_decode(s, &point, &skip), 1);
	assert_int_equal(point, 0);
	s = (struct gm_span){ "\xF0\x9F\x98\x80", 3 };
	assert_int_equal(gm_utf8_decode(s, &point, &skip), 0);
	assert_int_equal(skip, 3);
}

/* All code points, without surrogates. */
static void
test_all_points(void **state)
{
	uint32_t point, got;
	char bytes[4];
	size_t len;
	bool bad;

	(void)state;
	for (point = 0; point < 0x110400; point++) {
		len = gm_utf8_encode(bytes, point);
		if (gm_utf8_decode(
			(struct gm_span){ bytes, len }, &got, NULL) != len)
			fail_msg("U+%04X does not decode", (unsigned)point);
		bad = point > 0x10FFFF || (point >= 0xD800 && point < 0xE000);
		if (got != (bad ? GM_UTF8_REPLACEMENT : point))
			fail_msg("U+%04X decodes as U+%04X", (unsigned)point,
			    (unsigned)got);
	}
	assert_int_equal(gm_utf8_encode(bytes, UINT32_MAX), 3);
}

static void
test_put(void **state)
{
	struct gm_buf out = { 0 };

	(void)state;
	gm_buf_init(&out, 20);
	gm_utf8_put(&out, 'a');
	gm_utf8_put(&out, 0xE9);
	gm_utf8_put(&out, 0x20AC);
	gm_utf8_put(&out, 0x1F600);
	gm_utf8_put(&out, 0xD800);
	gm_utf8_put(&out, 0x110000);
	assert_string_equal(gm_buf_str(&out), "aé€\xF0\x9F\x98\x80" FFFD FFFD);
	gm_buf_release(&out);
}

static void
test_repair(void **state)
{
	static const struct {
		const char *input, *want;
		size_t bad;
	} rows[] = {
		{ "", "", 0 },
		{ "plain", "plain", 0 },
		{ "é€\xF0\x9F\x98\x80", "é€\xF0\x9F\x98\x80", 0 },
		{ "caf\xE9", "caf" FFFD, 1 },
		{ "\xE9t\xE9", FFFD "t" FFFD, 2 },
		{ "\x80\x80", FFFD FFFD, 2 },
		{ "\xC0\xAF", FFFD FFFD, 2 },
		{ "\xED\xA0\x80", FFFD FFFD FFFD, 3 },
		{ "\xE2\x82", FFFD, 1 },
		{ "\xE2\x82\x41", FFFD "A", 1 },
		{ "\xF0\x9F\x98", FFFD, 1 },
		{ "\xF0\x9F\x98é", FFFD "é", 1 },
		/* The example of the standard, table 3-11. */
		{ "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41",
		    FFFD FFFD FFFD FFFD "A", 4 },
		/* Those of tables 3-8 to 3-10. */
		{ "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41",
		    FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A", 8 },
		{ "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41",
		    FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A", 8 },
		{ "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42",
		    FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B", 7 },
	};
	struct gm_buf out = { 0 };
	size_t i, bad, valid;

	(void)state;
	gm_buf_init(&out, 100);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&out);
		bad = gm_utf8_repair(&out, gm_span_of(rows[i].input));
		assert_string_equal(gm_buf_str(&out), rows[i].want);
		assert_int_equal(bad, rows[i].bad);
		valid = gm_utf8_valid(gm_span_of(rows[i].input));
		assert_int_equal(
		    valid == strlen(rows[i].input), rows[i].bad == 0);
	}
	assert_int_equal(gm_utf8_repair(&out, (struct gm_span){ NULL, 0 }), 0);
	gm_buf_release(&out);
}

/* A bad byte at each offset of a long text, as words are read at once. */
static void
test_valid_places(void **state)
{
	char text[41];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text) - 1; i++) {
		memset(text, 'a', sizeof(text));
		assert_int_equal(gm_utf8_valid((struct gm_span){ text, i }), i);
		text[i] = '\x80';
		assert_int_equal(
		    gm_utf8_valid((struct gm_span){ text, sizeof(text) }), i);
		text[i] = '\xC3';
		text[i + 1] = '\xA9';
		assert_int_equal(
		    gm_utf8_valid((struct gm_span){ text, sizeof(text) }),
		    sizeof(text));
		assert_int_equal(
		    gm_utf8_valid((struct gm_span){ text, i + 1 }), i);
	}
	assert_int_equal(gm_utf8_valid((struct gm_span){ NULL, 0 }), 0);
}

static void
test_cut(void **state)
{
	static const struct {
		const char *input;
		size_t max, want;
	} rows[] = {
		{ "", 0, 0 },
		{ "", 5, 0 },
		{ "abc", 0, 0 },
		{ "abc", 2, 2 },
		{ "abc", 3, 3 },
		{ "abc", 4, 3 },
		{ "éa€b", 1, 2 },
		{ "éa€b", 2, 3 },
		{ "éa€b", 3, 6 },
		{ "éa€b", 4, 7 },
		{ "éa€b", SIZE_MAX, 7 },
		{ "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 1, 4 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		assert_int_equal(
		    gm_utf8_cut(gm_span_of(rows[i].input), rows[i].max),
		    rows[i].want);
	assert_int_equal(gm_utf8_cut((struct gm_span){ NULL, 0 }, 1), 0);
}

static void
test_foreign(void **state)
{
#define SPAN(bytes) \
	{ \
		bytes, sizeof(bytes) - 1 \
	}
	static const struct {
		struct gm_span text;
		const char *name;
	} rows[] = {
		{ SPAN(""), NULL },
		{ SPAN("plain text"), NULL },
		{ SPAN("\xEF\xBB\xBFtext"), NULL },
		{ SPAN("\xFF\xFE"), "UTF-16" },
		{ SPAN("\xFE\xFF\0a"), "UTF-16" },
		{ SPAN("\xFF\xFE\0\0"), "UTF-32" },
		{ SPAN("\0\0\xFE\xFF"), "UTF-32" },
		{ SPAN("K\0E\0Y\0=\0"), "UTF-16LE" },
		{ SPAN("\0K\0E\0Y\0=\0"), "UTF-16BE" },
		{ SPAN("\xE9\0t\0\xE9\0\n\0"), "UTF-16LE" },
		{ SPAN("K\0\0\0E\0\0\0Y\0\0\0=\0\0\0"), "UTF-32LE" },
		{ SPAN("\0\0\0K\0\0\0E\0\0\0Y\0\0\0="), "UTF-32BE" },
		/* too short, controls, NULs elsewhere: not recognised */
		{ SPAN("K\0E\0Y\0"), NULL },
		{ SPAN("K\0\1\0Y\0=\0"), NULL },
		{ SPAN("text\0\0\0\0"), NULL },
		{ SPAN("\0\0\0\0\0\0\0\0"), NULL },
	};
#undef SPAN
	const char *name;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		name = gm_utf8_foreign(rows[i].text);
		if (rows[i].name == NULL)
			assert_null(name);
		else
			assert_string_equal(name, rows[i].name);
	}
}

static void
test_blanks(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "", 0 },
		{ "a ", 0 },
		{ " \t\n\v\f\ra", 6 },
		{ "\xC2\x85\xC2\xA0 .", 5 },
		{ "\xE3\x80\x80\xE2\x80\x8B\xEF\xBB\xBF", 9 },
		{ "\xE2\x80\x8C", 0 },
		{ " \xC2", 1 },
		{ "\x1F", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		assert_int_equal(
		    gm_utf8_blanks(gm_span_of(rows[i].text)), rows[i].len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_all_points),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_repair),
		cmocka_unit_test(test_valid_places),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
