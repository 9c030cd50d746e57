#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "gm-summ/chunk.h"

#define CHUNKS_MAX 8192

/* Marsaglia's xorshift: a fixed random sequence for each seed. */
static uint64_t
chance(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

static uint64_t
between(uint64_t *state, uint64_t least, uint64_t most)
{
	return least + chance(state) % (most - least + 1);
}

/* Generated texts. */

static void
put_word(struct gm_buf *b, uint64_t *state)
{
	uint64_t len = between(state, 1, 9);

	for (; len > 0; len--)
		gm_buf_putc(b, (char)between(state, 'a', 'z'));
}

/* "Xyz abc, def." and a blank, or another separator. */
static void
put_sentence(struct gm_buf *b, uint64_t *state, const char *end)
{
	uint64_t words = between(state, 3, 20);

	gm_buf_putc(b, (char)between(state, 'A', 'Z'));
	for (; words > 0; words--) {
		put_word(b, state);
		if (words > 1)
			gm_buf_puts(b, chance(state) % 8 == 0 ? ", " : " ");
	}
	gm_buf_puts(b, chance(state) % 8 == 0 ? "?" : ".");
	gm_buf_puts(b, end);
}

static void
put_paragraph(struct gm_buf *b, uint64_t *state)
{
	uint64_t sentences = between(state, 3, 10);

	for (; sentences > 0; sentences--)
		put_sentence(b, state, sentences > 1 ? " " : "\n\n");
}

static void
put_one_line(struct gm_buf *b, uint64_t *state)
{
	put_sentence(b, state, " ");
}

/* Lines of about 60 characters; sentences end anywhere. */
static void
put_wrapped(struct gm_buf *b, uint64_t *state)
{
	size_t begin = b->len, line = begin, i;

	put_paragraph(b, state);
	for (i = begin; i + 2 < b->len; i++)
		if (b->data[i] == ' ' && i - line > 60) {
			b->data[i] = '\n';
			line = i;
		}
}

static void
put_crlf(struct gm_buf *b, uint64_t *state)
{
	put_sentence(b, state, chance(state) % 3 == 0 ? "\r\n\r\n" : "\r\n");
}

static void
put_section(struct gm_buf *b, uint64_t *state)
{
	uint64_t paragraphs = between(state, 1, 4);

	gm_buf_puts(b, chance(state) % 2 == 0 ? "# " : "### ");
	put_word(b, state);
	gm_buf_puts(b, "\n\n");
	for (; paragraphs > 0; paragraphs--)
		put_paragraph(b, state);
}

static void
put_underlined(struct gm_buf *b, uint64_t *state)
{
	size_t begin = b->len, len;
	uint64_t paragraphs = between(state, 1, 3);
	char rule = chance(state) % 2 == 0 ? '=' : '-';

	put_word(b, state);
	put_word(b, state);
	gm_buf_puts(b, "ing\n");
	for (len = b->len - begin; len > 1; len--)
		gm_buf_putc(b, rule);
	gm_buf_puts(b, "\n\n");
	for (; paragraphs > 0; paragraphs--)
		put_paragraph(b, state);
}

static void
put_headings(struct gm_buf *b, uint64_t *state)
{
	gm_buf_puts(b, "## ");
	put_word(b, state);
	gm_buf_putc(b, '\n');
}

static void
put_log(struct gm_buf *b, uint64_t *state)
{
	gm_buf_printf(b, "2026-11-%02uT%02u:%02uZ host-%u sshd[%u]: ",
	    (unsigned)between(state, 1, 30), (unsigned)between(state, 0, 23),
	    (unsigned)between(state, 0, 59), (unsigned)between(state, 1, 4),
	    (unsigned)between(state, 100, 9999));
	put_word(b, state);
	gm_buf_puts(b, chance(state) % 5 == 0 ? ". Failed\n    at " : " ok\n");
	if (b->data[b->len - 1] != '\n') {
		put_word(b, state);
		gm_buf_putc(b, '\n');
	}
}

static void
put_csv(struct gm_buf *b, uint64_t *state)
{
	gm_buf_printf(b, "%u,\"", (unsigned)between(state, 0, 99999));
	put_word(b, state);
	gm_buf_printf(b, "\",%u.%u\n", (unsigned)between(state, 0, 999),
	    (unsigned)between(state, 0, 9));
}

static void
put_json(struct gm_buf *b, uint64_t *state)
{
	gm_buf_puts(b, "{\"");
	put_word(b, state);
	gm_buf_puts(b, "\":[");
	gm_buf_printf(b, "%u,\"", (unsigned)between(state, 0, 99999));
	put_word(b, state);
	gm_buf_puts(b, "\"]},");
}

static void
put_base64(struct gm_buf *b, uint64_t *state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789+/";

	gm_buf_putc(b, digits[chance(state) % 64]);
}

static void
put_japanese(struct gm_buf *b, uint64_t *state)
{
	uint64_t len = between(state, 4, 40);

	for (; len > 0; len--)
		gm_utf8_put(b,
		    (uint32_t)(len % 3 == 0 ? between(state, 0x3041, 0x3093)
					    : between(state, 0x4E00, 0x9FFF)));
	gm_buf_puts(b, "\xE3\x80\x82"); /* full stop */
	if (chance(state) % 4 == 0)
		gm_buf_puts(b, "\xE3\x80\x8D"); /* closing quote */
}

static void
put_russian(struct gm_buf *b, uint64_t *state)
{
	uint64_t len = between(state, 1, 12);

	for (; len > 0; len--)
		gm_utf8_put(b, (uint32_t)between(state, 0x430, 0x44F));
	gm_buf_puts(b, chance(state) % 9 == 0 ? ".\n" : " ");
}

static void
put_marks(struct gm_buf *b, uint64_t *state)
{
	uint64_t len = between(state, 0, 4);

	if (chance(state) % 40 == 0)
		len = 200;
	gm_buf_putc(b, (char)between(state, 'a', 'z'));
	for (; len > 0; len--)
		gm_utf8_put(b, (uint32_t)between(state, 0x300, 0x36F));
}

static void
put_emoji(struct gm_buf *b, uint64_t *state)
{
	gm_utf8_put(b, 0x1F468);
	if (chance(state) % 2 == 0)
		gm_utf8_put(b, (uint32_t)between(state, 0x1F3FB, 0x1F3FF));
	if (chance(state) % 2 == 0)
		gm_utf8_put(b, 0x200D);
}

static void
put_noise(struct gm_buf *b, uint64_t *state)
{
	gm_buf_putc(b, (char)between(state, 0, 255));
}

/* Parts of UTF-8 characters among whole ones. */
static void
put_broken(struct gm_buf *b, uint64_t *state)
{
	static const char *const parts[] = { "\xE2\x82", "\xF0\x9F\x98", "\x80",
		"\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xFF", "\xC3", "\xC3\xA9",
		"a", " ", "\xED\xA0\x80", "\n" };

	gm_buf_puts(b, parts[chance(state) % GM_LEN(parts)]);
}

static void
put_newline(struct gm_buf *b, uint64_t *state)
{
	(void)state;
	gm_buf_putc(b, '\n');
}

static void
put_blank(struct gm_buf *b, uint64_t *state)
{
	gm_buf_puts(b, chance(state) % 9 == 0 ? "\r\n" : "  ");
}

static void
put_nul(struct gm_buf *b, uint64_t *state)
{
	(void)state;
	gm_buf_putc(b, '\0');
}

/* Runs that look like code for a while, so that estimates jump. */
static void
put_runs(struct gm_buf *b, uint64_t *state)
{
	uint64_t len = between(state, 5, 300), code = chance(state) % 2;

	for (; len > 0; len--)
		gm_buf_putc(b, code && len % 2 == 0 ? 'A' : 'a');
	if (chance(state) % 20 == 0)
		gm_buf_putc(b, ' ');
}

static void put_anything(struct gm_buf *, uint64_t *);

static const struct form {
	const char *name;
	void (*put)(struct gm_buf *, uint64_t *);
	bool few_tokens; /* may have more chunks than its estimate allows */
} forms[] = {
	{ "prose", put_paragraph, false },
	{ "one line", put_one_line, false },
	{ "wrapped", put_wrapped, false },
	{ "CRLF", put_crlf, false },
	{ "sections", put_section, false },
	{ "underlined", put_underlined, false },
	{ "headings alone", put_headings, false },
	{ "log", put_log, false },
	{ "CSV", put_csv, false },
	{ "JSON", put_json, false },
	{ "base64", put_base64, false },
	{ "Japanese", put_japanese, false },
	{ "Russian", put_russian, false },
	{ "marks", put_marks, false },
	{ "emoji", put_emoji, false },
	{ "noise", put_noise, false },
	{ "broken UTF-8", put_broken, false },
	{ "newlines", put_newline, true },
	{ "blanks", put_blank, true },
	{ "NUL", put_nul, false },
	{ "runs", put_runs, true },
	{ "anything", put_anything, false },
};

static void
put_anything(struct gm_buf *b, uint64_t *state)
{
	uint64_t i = chance(state) % (GM_LEN(forms) - 1), n;

	for (n = between(state, 1, 30); n > 0 && !forms[i].few_tokens; n--)
		forms[i].put(b, state);
}

/* Make a text of about len bytes; the caller releases it. */
static struct gm_buf
make_text(void (*put)(struct gm_buf *, uint64_t *), size_t len, uint64_t seed)
{
	uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
	struct gm_buf b;

	gm_buf_init(&b, SIZE_MAX / 2);
	while (b.len < len)
		put(&b, &state);
	assert_int_equal(b.failed, GM_OK);
	return b;
}

/* Chunks of a text. */

struct cuts {
	size_t len;
	struct {
		size_t at, len;
		int64_t tokens;
	} chunks[CHUNKS_MAX];
};

static int64_t
tokens_of(struct gm_span text)
{
	struct gm_tokens t = { .sum = 0 };

	gm_tokens_add(&t, text);
	return gm_tokens_total(&t);
}

/* Take all chunks that are complete; compare their bytes to the text. */
static void
drain(struct cuts *cuts, struct gm_chunker *c, struct gm_span text)
{
	struct gm_chunk chunk;
	size_t at;

	while (gm_chunker_next(c, &chunk)) {
		assert_true(cuts->len < CHUNKS_MAX);
		at = (size_t)chunk.offset;
		cuts->chunks[cuts->len].at = at;
		cuts->chunks[cuts->len].len = chunk.text.len;
		cuts->chunks[cuts->len++].tokens = chunk.tokens;
		assert_true(at + chunk.text.len <= text.len);
		assert_memory_equal(text.p + at, chunk.text.p, chunk.text.len);
	}
}

/* Add the text in pieces: first bytes, then step bytes at a time. */
static struct cuts *
cut(struct gm_span text, int64_t limit, size_t first, size_t step)
{
	struct cuts *cuts = calloc(1, sizeof(*cuts));
	size_t at = 0, n = first;
	struct gm_chunker c;
	struct gm_chunk chunk;
	struct gm_err err;

	assert_non_null(cuts);
	gm_chunker_init(&c, limit);
	for (; at < text.len; at += n, n = step) {
		if (n > text.len - at)
			n = text.len - at;
		assert_int_equal(gm_chunker_add(&c,
				     (struct gm_span){ text.p + at, n }, &err),
		    0);
		drain(cuts, &c, text);
	}
	gm_chunker_end(&c);
	drain(cuts, &c, text);
	assert_false(gm_chunker_next(&c, &chunk));
	gm_chunker_release(&c);
	return cuts;
}

static struct cuts *
cut_whole(struct gm_span text, int64_t limit)
{
	return cut(text, limit, text.len, 1);
}

static void
assert_same(const struct cuts *a, const struct cuts *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(
	    a->chunks, b->chunks, a->len * sizeof(a->chunks[0]));
}

/*
 * The chunks cover the text without gaps, keep the limit with its margin, and
 * are not empty.
 */
static void
check_chunks(const struct cuts *cuts, struct gm_span text, int64_t limit)
{
	size_t at = 0, i;
	int64_t tokens;

	for (i = 0; i < cuts->len; i++) {
		assert_int_equal(cuts->chunks[i].at, at);
		assert_true(cuts->chunks[i].len > 0);
		tokens = tokens_of(
		    (struct gm_span){ text.p + at, cuts->chunks[i].len });
		assert_int_equal(cuts->chunks[i].tokens, tokens);
		assert_true(tokens * 125 <= limit * 100);
		at += cuts->chunks[i].len;
		assert_false(at < text.len && text.p[at - 1] == '\r' &&
			     text.p[at] == '\n');
	}
	assert_int_equal(at, text.len);
}

/* Each chunk begins at the start of a character. */
static void
check_characters(const struct cuts *cuts, struct gm_span text)
{
	struct gm_span rest = text;
	size_t i = 0, n;
	uint32_t point;

	while (rest.len > 0 && i < cuts->len) {
		if ((size_t)(rest.p - text.p) >= cuts->chunks[i].at)
			assert_int_equal(rest.p - text.p, cuts->chunks[i++].at);
		n = gm_utf8_decode(rest, &point, NULL);
		n = n > 0 ? n : 1;
		rest.p += n;
		rest.len -= n;
	}
	assert_int_equal(i, cuts->len);
}

static const int64_t limits[] = { 16, 17, 40, 100, 333, 1000, 5000 };

/* Return the most chunks that a text may have. */
static size_t
most_chunks(struct gm_span text, int64_t limit)
{
	int64_t need =
	    (tokens_of(text) * 125 + limit * 100 - 1) / (limit * 100);

	return (size_t)(need * 3 / 2 + 1);
}

static void
check_cover(const struct form *form, struct gm_span s, int64_t limit)
{
	struct cuts *cuts = cut_whole(s, limit);

	check_chunks(cuts, s, limit);
	check_characters(cuts, s);
	if (!form->few_tokens && cuts->len > most_chunks(s, limit))
		fail_msg("%s, limit %d: %zu chunks, not %zu", form->name,
		    (int)limit, cuts->len, most_chunks(s, limit));
	free(cuts);
}

static void
test_cover(void **state)
{
	struct gm_buf text;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(forms); i++) {
		text = make_text(forms[i].put, 30000, i + 1);
		for (j = 0; j < GM_LEN(limits); j++)
			check_cover(&forms[i], gm_buf_span(&text), limits[j]);
		gm_buf_release(&text);
	}
}

/* The size of the pieces does not change the chunks. */
static void
check_pieces(struct gm_span s, int64_t limit)
{
	static const size_t steps[] = { 1, 7, 64, 1000, 1329, 1330, 5000 };
	struct cuts *whole = cut_whole(s, limit), *cuts;
	size_t i;

	for (i = 0; i < GM_LEN(steps); i++) {
		cuts = cut(s, limit, steps[i], steps[i]);
		assert_same(whole, cuts);
		free(cuts);
	}
	free(whole);
}

static void
test_pieces(void **state)
{
	struct gm_buf text;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(forms); i++) {
		text = make_text(forms[i].put, 15000, i + 100);
		for (j = 0; j < GM_LEN(limits); j += 2)
			check_pieces(gm_buf_span(&text), limits[j]);
		gm_buf_release(&text);
	}
}

/* A text of all forms is added in two pieces, for every cut. */
static void
test_every_cut(void **state)
{
	struct gm_buf text = make_text(put_anything, 5000, 7);
	struct gm_span s = gm_buf_span(&text);
	struct cuts *whole = cut_whole(s, 500), *cuts;
	size_t at;

	(void)state;
	assert_true(whole->len > 3);
	for (at = 1; at < s.len; at++) {
		cuts = cut(s, 500, at, SIZE_MAX);
		assert_same(whole, cuts);
		free(cuts);
	}
	free(whole);
	gm_buf_release(&text);
}

/* Ten words of 0.79 tokens each */
#define TEN "aa bb cc dd ee ff gg hh ii jj"
#define TWENTY TEN " " TEN
#define THIRTY TWENTY " " TEN
#define DIGITS30 "012345678901234567890123456789"
#define HAN5 "\xE5\xAD\x97\xE5\xAD\x97\xE5\xAD\x97\xE5\xAD\x97\xE5\xAD\x97"
#define HAN20 HAN5 HAN5 HAN5 HAN5
/* A letter with 80 acute accents, and 13 emoji joined to one. */
#define ACUTE10 \
	"\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81" \
	"\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81"
#define ACUTE40 ACUTE10 ACUTE10 ACUTE10 ACUTE10
#define MARKED "e" ACUTE40 ACUTE40
#define MAN "\xF0\x9F\x91\xA8"
#define JOINED MAN "\xE2\x80\x8D"
#define JOINED4 JOINED JOINED JOINED JOINED
#define FAMILY JOINED4 JOINED4 JOINED4 MAN

/* Texts for a limit of 50, with "|" where they must be cut. */
static const struct {
	const char *name, *want;
} borders[] = {
	{ "empty", "" },
	{ "fits", THIRTY " " TEN "\n\naa bb cc dd ee ff gg hh ii" },
	{ "does not fit", THIRTY " " TEN "\n\n|" TEN },
	{ "heading, not blank line",
	    THIRTY "\n|# Kk\n\nll\n\nmm\n\nnn\n\n" TWENTY },
	{ "not after a heading",
	    TWENTY " kk ll\n\n# mm\n\nnn.\n|oo\npp\n" TWENTY },
	{ "not between headings",
	    TWENTY " kk ll\n\n# mm\n## nn\n\noo.\n|pp\nqq\n" TWENTY },
	{ "not within a heading",
	    TWENTY " kk ll\n\nMm\n----\nnn.\n|oo\npp\n" TWENTY },
	{ "underlined", THIRTY "\n\n|Kk ll\n=====\n\nmm\n\nnn\n\n" TWENTY },
	{ "underlined, CRLF",
	    THIRTY "\r\n\r\n|Kk\r\n----\r\n\r\nmm\r\n\r\n" TWENTY },
	{ "overlined", THIRTY "\n\n|====\nKk\n====\n\nmm\n\nnn\n" TWENTY },
	{ "capitals", THIRTY "\n\nll\n\n|NAME OF\nmm\n\nnn\n\n" TWENTY },
	{ "AsciiDoc", THIRTY "\n\n|== Kk\n\nmm\n\nnn\n" TWENTY },
	{ "no heading: in a paragraph",
	    THIRTY "\n\n|kk\nLL\n----\nmm nn\n" TWENTY },
	{ "no heading: no blank", THIRTY "\n\n|kk\n#ll\nmm nn\n" TWENTY },
	{ "no heading: too long", THIRTY "\nkk.\n|ll\n# " TWENTY " " TWENTY },
	{ "blank line, not sentence", THIRTY "\n \t\n|kk.\nll mm\n" TWENTY },
	{ "blank line before what is not indented",
	    THIRTY "\n\n kk\n\n|ll\n\n mm\n\n nn" TWENTY },
	{ "line after a sentence", THIRTY "\nkk\nll.\n|mm\nnn\noo\n" TWENTY },
	{ "line after a sentence and a quote",
	    THIRTY "\nkk\nll?\xE2\x80\x9D)\r\n|mm\nnn\noo\n" TWENTY },
	{ "line that is not indented",
	    THIRTY "\n\tkk\n|ll\n  mm\n  nn" TWENTY },
	{ "line, not sentence", THIRTY ". Kk. Ll\n|mm. Nn. Oo. " TWENTY },
	{ "sentence, not word", THIRTY " kk ll. |Mm nn oo " TWENTY },
	{ "no sentence: a small letter",
	    THIRTY " kk ll. |Mm (i.e. nn) oo " TWENTY },
	{ "East Asian sentence",
	    HAN20 HAN20 "\xE3\x80\x82\xE3\x80\x8D|" HAN20 HAN20 },
	{ "word, not mark", DIGITS30 ",0,0 |0,0" DIGITS30 },
	{ "mark, not digit", DIGITS30 "}|" DIGITS30 },
	{ "combining marks", MARKED "|" MARKED },
	{ "joined emoji", FAMILY "|" FAMILY },
};

static void
test_borders(void **state)
{
	struct gm_buf text, got;
	struct cuts *cuts;
	size_t i, j;
	const char *p;

	(void)state;
	gm_buf_init(&text, SIZE_MAX / 2);
	gm_buf_init(&got, SIZE_MAX / 2);
	for (i = 0; i < GM_LEN(borders); i++) {
		gm_buf_reset(&text);
		for (p = borders[i].want; *p != '\0'; p++)
			if (*p != '|')
				gm_buf_putc(&text, *p);
		cuts = cut_whole(gm_buf_span(&text), 50);
		gm_buf_reset(&got);
		for (j = 0; j < cuts->len; j++) {
			if (j > 0)
				gm_buf_putc(&got, '|');
			gm_buf_put(&got, text.data + cuts->chunks[j].at,
			    cuts->chunks[j].len);
		}
		if (strcmp(gm_buf_str(&got), borders[i].want) != 0)
			fail_msg("%s: '%s'", borders[i].name, gm_buf_str(&got));
		free(cuts);
	}
	gm_buf_release(&got);
	gm_buf_release(&text);
}

/* Chunks have a heading each, always at the same part of their size. */
static void
test_count(void **state)
{
	struct cuts *cuts;
	struct gm_buf text;
	struct gm_span s;
	int words, i, j;

	(void)state;
	for (words = 300; words < 1000; words += 30) {
		gm_buf_init(&text, SIZE_MAX / 2);
		for (i = 0; i < 60; i++) {
			gm_buf_puts(&text, "# Title\n\n");
			for (j = 0; j < words; j++)
				gm_buf_puts(&text, "ab ");
			gm_buf_putc(&text, '\n');
		}
		s = gm_buf_span(&text);
		cuts = cut_whole(s, 1000);
		check_chunks(cuts, s, 1000);
		if (cuts->len > most_chunks(s, 1000))
			fail_msg("%d words: %zu chunks, not %zu", words,
			    cuts->len, most_chunks(s, 1000));
		free(cuts);
		gm_buf_release(&text);
	}
}

/*
 * A text that fits is one chunk, and no other is.  The last chunk of a longer
 * text is not tiny, wherever the text ends.
 */
static void
test_fits(void **state)
{
	struct gm_buf text;
	struct gm_span s;
	struct cuts *cuts;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(forms); i++) {
		if (forms[i].few_tokens)
			continue;
		text = make_text(forms[i].put, 5000, i + 3);
		s = gm_buf_span(&text);
		for (; s.len > 200; s.len -= 37) {
			cuts = cut_whole(s, 1000);
			assert_true(cuts->len > 0);
			assert_int_equal(cuts->len == 1, tokens_of(s) <= 800);
			if (cuts->len > 1)
				assert_true(
				    cuts->chunks[cuts->len - 1].tokens >=
				    800 / 32);
			free(cuts);
		}
		gm_buf_release(&text);
	}
}

/* Count the chunks of a text that another text does not have. */
static size_t
count_new(const struct cuts *now, struct gm_span text, const struct cuts *then,
    struct gm_span old)
{
	size_t i, j, len, count = 0;

	for (i = 0; i < now->len; i++) {
		len = now->chunks[i].len;
		for (j = 0; j < then->len; j++)
			if (then->chunks[j].len == len &&
			    memcmp(text.p + now->chunks[i].at,
				old.p + then->chunks[j].at, len) == 0)
				break;
		count += j == then->len;
	}
	return count;
}

/* Insert another piece of the same form at the start of a piece. */
static struct gm_buf
edit(struct gm_span old, const struct form *form, const char *before,
    uint64_t *state)
{
	const char *end = old.p + chance(state) % (old.len * 9 / 10);
	struct gm_buf text;
	size_t at;

	while (memcmp(end, before, strlen(before)) != 0)
		end++;
	at = (size_t)(end - old.p) + strlen(before);
	gm_buf_init(&text, SIZE_MAX / 2);
	gm_buf_put(&text, old.p, at);
	form->put(&text, state);
	gm_buf_put(&text, old.p + at, old.len - at);
	return text;
}

/* A text of 400 kB, in chunks of about 30 kB, changed 40 times. */
static void
test_edits(void **state)
{
	static const struct {
		struct form form;
		const char *before;
	} texts[] = {
		{ { "prose", put_paragraph, false }, "\n\n" },
		{ { "wrapped", put_wrapped, false }, "\n\n" },
		{ { "sections", put_section, false }, "\n\n" },
		{ { "one line", put_one_line, false }, ". " },
		{ { "log", put_log, false }, "\n" },
		{ { "JSON", put_json, false }, "]}," },
		{ { "base64", put_base64, false }, "A" },
	};
	uint64_t seed = 12345;
	struct gm_buf old, text;
	struct cuts *then, *now;
	size_t i, edits, again;
	int64_t limit;

	(void)state;
	for (i = 0; i < GM_LEN(texts); i++) {
		old = make_text(texts[i].form.put, 400000, 50 + i);
		limit = tokens_of(gm_buf_span(&old)) * 125 / 100 / 13;
		then = cut_whole(gm_buf_span(&old), limit);
		assert_true(then->len >= 13);
		again = 0;
		for (edits = 0; edits < 40; edits++) {
			text = edit(gm_buf_span(&old), &texts[i].form,
			    texts[i].before, &seed);
			now = cut_whole(gm_buf_span(&text), limit);
			again += count_new(
			    now, gm_buf_span(&text), then, gm_buf_span(&old));
			gm_buf_release(&text);
			free(now);
		}
		if (again > 2 * 40)
			fail_msg("%s: %zu chunks in 40 edits",
			    texts[i].form.name, again);
		free(then);
		gm_buf_release(&old);
	}
}

static bool
is_border(struct gm_span s, size_t at, const char *before, const char *first)
{
	struct gm_span head = { s.p, at }, rest = { s.p + at, s.len - at };

	return gm_span_ends(head, before) && gm_span_starts(rest, first);
}

/* Forms whose chunks must begin well: the text before, and the start. */
static void
test_good_borders(void **state)
{
	static const struct {
		void (*put)(struct gm_buf *, uint64_t *);
		const char *before, *first;
	} rows[] = {
		{ put_paragraph, "\n\n", "" },
		{ put_wrapped, "\n\n", "" },
		{ put_crlf, "\r\n\r\n", "" },
		{ put_section, "\n\n", "#" },
		{ put_log, "\n", "2026-" },
		{ put_csv, "\n", "" },
		{ put_one_line, " ", "" },
		{ put_japanese, "", "" },
		{ put_json, ",", "" },
	};
	struct gm_buf text;
	struct cuts *cuts;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		text = make_text(rows[i].put, 200000, i + 200);
		cuts = cut_whole(gm_buf_span(&text), 5000);
		assert_true(cuts->len > 10);
		for (j = 1; j < cuts->len; j++)
			if (!is_border(gm_buf_span(&text), cuts->chunks[j].at,
				rows[i].before, rows[i].first))
				fail_msg("row %zu: '%.20s|%.20s'", i,
				    text.data + cuts->chunks[j].at - 20,
				    text.data + cuts->chunks[j].at);
		free(cuts);
		gm_buf_release(&text);
	}
}

/* Check for gaps and for fair sizes.  Returns the end of the last chunk. */
static int64_t
check_endless(struct gm_chunker *c, int64_t end)
{
	struct gm_chunk chunk;

	while (gm_chunker_next(c, &chunk)) {
		assert_int_equal(chunk.offset, end);
		end += (int64_t)chunk.text.len;
		assert_true(chunk.tokens <= 32768 * 100 / 125);
		assert_true(chunk.text.len >= 15000);
		assert_true(chunk.text.len < 32768 * 16);
	}
	return end;
}

/* A text without any border is cut in constant memory and linear time. */
static void
test_endless(void **state)
{
	static const struct {
		void (*put)(struct gm_buf *, uint64_t *);
		size_t mib;
	} rows[] = { { put_base64, 50 }, { put_newline, 10 },
		{ put_marks, 10 } };
	const size_t window = 1 << 20;
	size_t i, at;
	struct gm_chunker c;
	struct gm_chunk chunk;
	struct gm_buf text;
	struct gm_err err;
	int64_t end;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		text = make_text(rows[i].put, window, i + 300);
		gm_chunker_init(&c, 32768);
		end = 0;
		for (at = 0; at < rows[i].mib; at++) {
			assert_int_equal(
			    gm_chunker_add(&c, gm_buf_span(&text), &err), 0);
			end = check_endless(&c, end);
			assert_true(c.text.len <= 2 * window);
		}
		gm_chunker_end(&c);
		while (gm_chunker_next(&c, &chunk))
			end += (int64_t)chunk.text.len;
		assert_int_equal(end, rows[i].mib * text.len);
		gm_chunker_release(&c);
		gm_buf_release(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cover),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_good_borders),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
