/* What may reach a terminal, and what becomes of it as one line. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/term.h"
#include "base/utf8.h"

#define FFFD "\xEF\xBF\xBD"

/* C1 controls, in UTF-8. */
#define DCS "\xC2\x90"
#define SOS "\xC2\x98"
#define CSI "\xC2\x9B"
#define ST "\xC2\x9C"
#define OSC "\xC2\x9D"
#define PM "\xC2\x9E"
#define APC "\xC2\x9F"

static const struct {
	const char *name, *input, *want;
} rows[] = {
	{ "nothing", "", "" },
	{ "text", "plain text", "plain text" },
	{ "newline and tab", "a\n\tb\n", "a\n\tb\n" },
	{ "letters of all lengths", "aé€\xF0\x9F\x98\x80",
	    "aé€\xF0\x9F\x98\x80" },
	{ "carriage return", "over\rwrite\r\n", "overwrite\n" },
	{ "other C0", "a\001\002\007\010\013\014\016\037b", "ab" },
	{ "delete", "a\177b", "ab" },
	{ "other C1", "a\xC2\x80\xC2\x85\xC2\x99\xC2\x9Az", "az" },
	{ "ST alone", "a" ST "b", "ab" },
	{ "next to C1", "\xC2\xA0\xC2\xA1", "\xC2\xA0\xC2\xA1" },
	{ "bidi controls",
	    "a\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F\xE2\x80\xAA\xE2\x80\xAB"
	    "\xE2\x80\xAC\xE2\x80\xAD\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA7"
	    "\xE2\x81\xA8\xE2\x81\xA9z",
	    "az" },
	{ "next to bidi controls",
	    "\xD8\x9B\xD8\x9D\xE2\x80\x8D\xE2\x80\x90\xE2\x80\xA9\xE2\x80\xAF"
	    "\xE2\x81\xA5\xE2\x81\xAA",
	    "\xD8\x9B\xD8\x9D\xE2\x80\x8D\xE2\x80\x90\xE2\x80\xA9\xE2\x80\xAF"
	    "\xE2\x81\xA5\xE2\x81\xAA" },
	{ "Arabic and Hebrew", "سلام שלום", "سلام שלום" },
	{ "colour", "a\033[31mred\033[0mb", "aredb" },
	{ "colour, C1", "a" CSI "31mred" CSI "0mb", "aredb" },
	{ "no parameters", "a\033[Hb\033[2Jc", "abc" },
	{ "private parameters", "a\033[?1049h\033[>0;1cb", "ab" },
	{ "intermediate byte", "a\033[1 q\033[!pb", "ab" },
	{ "parameter after it", "a\033[ 1mb", "ab" },
	{ "last final byte", "a\033[1~b", "ab" },
	{ "first final byte", "a\033[1@b", "ab" },
	{ "brackets without ESC", "[31mtext", "[31mtext" },
	{ "two-byte escape", "a\033cb\0337d\033=e\033Mf", "abdef" },
	{ "last two-byte escape", "a\033~b", "ab" },
	{ "character set", "a\033(B\033$(Cb\033#8c", "abc" },
	{ "character set, last prefix", "a\033/Gb", "ab" },
	{ "character set named [", "a\033([b]", "ab]" },
	{ "title, BEL", "a\033]0;title\007b", "ab" },
	{ "title, ST", "a\033]0;title\033\\b", "ab" },
	{ "title, C1", "a" OSC "0;title" ST "b", "ab" },
	{ "link", "\033]8;;http://x/\033\\text\033]8;;\033\\", "text" },
	{ "clipboard", "\033]52;c;cm0gLXJm\007.", "." },
	{ "DCS", "a\033P1$r0m\033\\b" DCS "q#0" ST "c", "abc" },
	{ "SOS", "a\033Xsos\033\\b" SOS "sos" ST "c", "abc" },
	{ "PM", "a\033^pm\033\\b" PM "pm" ST "c", "abc" },
	{ "APC", "a\033_Gi=1;AAAA\033\\b" APC "x" ST "c", "abc" },
	{ "BEL does not end a DCS", "a\033Px\007y\033\\b", "ab" },
	{ "BEL does not end a CSI", "a\033[3\0071mb", "ab" },
	{ "tab in a CSI", "a\033[3\t1mb", "ab" },
	{ "letters in a string", "a\033]0;é€\xF0\x9F\x98\x80\007z", "az" },
	{ "newline ends a string", "a\033]0;no end\nb", "a\nb" },
	{ "newline ends a CSI", "a\033[31\nmb", "a\nmb" },
	{ "newline ends an ESC", "a\033\n[b", "a\n[b" },
	{ "newline ends an ESC (", "a\033(\nBb", "a\nBb" },
	{ "CAN ends a string", "a\033Pxx\030b", "ab" },
	{ "SUB ends a CSI", "a\033[31\032b", "ab" },
	{ "ESC in a CSI begins again", "a\033[3\033[1mb", "ab" },
	{ "ESC in a string begins again", "a\033]0;x\033[31mb", "ab" },
	{ "ESC ESC", "a\033\033[31mb", "ab" },
	{ "CSI in a string begins again", "a\033]0;x" CSI "31mb", "ab" },
	{ "C1 ends a string", "a\033]0;x\xC2\x85z", "az" },
	{ "letter ends a CSI", "a\033[31éb", "aéb" },
	{ "letter ends an ESC", "a\033éb", "aéb" },
	{ "bidi control ends a CSI", "a\033[31\xE2\x80\xAEmb", "amb" },
	{ "delete in a CSI", "a\033[3\1771mb", "ab" },
	{ "open ESC", "a\033", "a" },
	{ "open CSI", "a\033[31", "a" },
	{ "open string", "a\033]0;x", "a" },
};

/* Filter text in two pieces, of which the first has at bytes. */
static void
check_cut(const char *name, struct gm_span text, size_t at, const char *want)
{
	struct gm_term_filter filter = { 0 };
	struct gm_span head = { text.p, at };
	struct gm_span tail = { text.p + at, text.len - at };
	struct gm_buf out;

	gm_buf_init(&out, 200);
	gm_term_filter(&filter, &out, head);
	gm_term_filter(&filter, &out, tail);
	if (strcmp(gm_buf_str(&out), want) != 0)
		fail_msg("%s, cut at %zu: %s", name, at, gm_buf_str(&out));
	gm_buf_release(&out);
}

/* Every row, cut in two between any characters, and into single ones. */
static void
test_filter(void **state)
{
	struct gm_term_filter filter;
	struct gm_buf out;
	struct gm_span text;
	uint32_t point;
	size_t i, at, n;

	(void)state;
	gm_buf_init(&out, 200);
	for (i = 0; i < GM_LEN(rows); i++) {
		text = gm_span_of(rows[i].input);
		filter = (struct gm_term_filter){ 0 };
		gm_buf_reset(&out);
		for (at = 0; at < text.len; at += n) {
			struct gm_span rest = { text.p + at, text.len - at };

			check_cut(rows[i].name, text, at, rows[i].want);
			n = gm_utf8_decode(rest, &point, NULL);
			rest.len = n;
			gm_term_filter(&filter, &out, rest);
		}
		check_cut(rows[i].name, text, at, rows[i].want);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
	}
	gm_buf_release(&out);
}

/* What is not UTF-8 cannot reach a terminal as a C1 control. */
static void
test_filter_repairs(void **state)
{
	struct gm_term_filter filter = { 0 };
	struct gm_buf out = { 0 };

	(void)state;
	gm_buf_init(&out, 100);
	gm_term_filter(&filter, &out, gm_span_of("a\x9B 1m\xE2\x82"));
	assert_string_equal(gm_buf_str(&out), "a" FFFD " 1m" FFFD);
	gm_term_filter(&filter, &out, (struct gm_span){ "a\0b", 3 });
	assert_string_equal(gm_buf_str(&out), "a" FFFD " 1m" FFFD "ab");
	gm_buf_release(&out);
}

static void
test_clean(void **state)
{
	static const struct {
		const char *text;
		bool clean;
	} texts[] = {
		{ "", true },
		{ "two words", true },
		{ "caf\xC3\xA9 \xF0\x9F\x98\x80", true },
		{ "\xE2\x80\xA7", true },
		{ "a\nb", false },
		{ "a\tb", false },
		{ "\x1F", false },
		{ "\x7F", false },
		{ "a\xC2\x85", false },
		{ "\xC2\x9F", false },
		{ "\xE2\x80\xA8", false },
		{ "\xE2\x80\xA9", false },
		{ "\xE2\x80\xAE", false },
		{ "caf\xE9", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(texts); i++)
		if (gm_term_is_clean(gm_span_of(texts[i].text)) !=
		    texts[i].clean)
			fail_msg("row %zu", i);
	assert_true(gm_term_is_plain(0xA0));
	assert_false(gm_term_is_plain(0));
}

static void
test_line(void **state)
{
	static const struct {
		const char *input;
		size_t max;
		const char *want;
	} lines[] = {
		{ "", 10, "" },
		{ "plain", 10, "plain" },
		{ "two words", 10, "two words" },
		{ " \t\n two \r\n\t words\n\n", 10, "two words" },
		{ "over\rwrite", 20, "over write" },
		{ "a\v\fb", 20, "a b" },
		{ "a \033[31m b", 20, "a b" },
		{ "a\033]0;x\ry\007b", 20, "ab" },
		{ "a\033]0;x\nb", 20, "a b" },
		{ "a\001\177\xC2\x85\xE2\x80\xAE b", 20, "a b" },
		{ "a\xE2\x80\xA8 \xE2\x80\xA9z", 20, "a z" },
		{ "caf\xE9 \x9B", 20, "caf" FFFD " " FFFD },
		{ " \n\t\r", 20, "" },
		{ "abc", 3, "abc" },
		{ "abc \n", 3, "abc" },
		{ "abcd", 3, "abc..." },
		{ "abc d", 3, "abc..." },
		{ "abc d", 4, "abc..." },
		{ "abc d", 5, "abc d" },
		{ "a b c d", 5, "a b c..." },
		{ "abc\033[0m", 3, "abc" },
		{ "éé€€", 3, "éé€..." },
		{ "éé€€", 4, "éé€€" },
		{ "a", 0, "..." },
		{ " ", 0, "" },
	};
	struct gm_buf out = { 0 };
	size_t i;

	(void)state;
	gm_buf_init(&out, 100);
	for (i = 0; i < GM_LEN(lines); i++) {
		gm_buf_reset(&out);
		gm_buf_puts(&out, ">");
		gm_term_line(&out, gm_span_of(lines[i].input), lines[i].max);
		if (strcmp(gm_buf_str(&out) + 1, lines[i].want) != 0)
			fail_msg("row %zu: %s", i, gm_buf_str(&out));
	}
	gm_term_line(&out, (struct gm_span){ NULL, 0 }, 10);
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_repairs),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
