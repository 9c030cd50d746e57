/*
 * Text for a terminal: the result does not depend on cuts between characters; no
 * control sequence is left, nothing is added, and no line is lost.
 */

#include <assert.h>
#include <string.h>

#include "base/term.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
same(const struct gm_buf *a, const struct gm_buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static bool
steers(uint32_t c)
{
	static const uint32_t bidi[] = { 0x61C, 0x200E, 0x200F, 0x202A, 0x202B,
		0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069 };
	size_t i;

	for (i = 0; i < GM_LEN(bidi); i++)
		if (c == bidi[i])
			return true;
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
}

/* Check: well-formed, no control sequences.  Return the number of characters. */
static size_t
check_clean(struct gm_span s)
{
	size_t n, count = 0;
	uint32_t c;

	for (; s.len > 0; s.p += n, s.len -= n) {
		n = gm_utf8_decode(s, &c, NULL);
		assert(n > 0);
		assert(!steers(c));
		count++;
	}
	return count;
}

/* Check: part is a subsequence of whole, with all newlines. */
static void
check_part(struct gm_span part, struct gm_span whole)
{
	size_t i, n = 0;

	for (i = 0; i < whole.len; i++)
		if (n < part.len && part.p[n] == whole.p[i])
			n++;
		else
			assert(whole.p[i] != '\n');
	assert(n == part.len);
}

/* In pieces of the given number of characters. */
static void
filter_pieces(struct gm_buf *out, struct gm_span text, size_t characters)
{
	struct gm_term_filter filter = { 0 };
	struct gm_span piece;

	gm_buf_reset(out);
	for (; text.len > 0; text.p += piece.len, text.len -= piece.len) {
		piece = text;
		piece.len = gm_utf8_cut(text, characters);
		gm_term_filter(&filter, out, piece);
	}
}

static void
filter_halves(struct gm_buf *out, struct gm_span text, size_t cut)
{
	struct gm_term_filter filter = { 0 };

	gm_buf_reset(out);
	gm_term_filter(&filter, out, (struct gm_span){ text.p, cut });
	gm_term_filter(
	    &filter, out, (struct gm_span){ text.p + cut, text.len - cut });
}

static void
check_filter(struct gm_span raw, struct gm_span text)
{
	struct gm_buf want, got;
	size_t cut, n;

	gm_buf_init(&want, text.len);
	gm_buf_init(&got, text.len);
	filter_pieces(&want, text, SIZE_MAX);
	(void)check_clean(gm_buf_span(&want));
	check_part(gm_buf_span(&want), text);
	filter_halves(&got, raw, 0); /* repairs on its own */
	assert(same(&got, &want));
	filter_pieces(&got, gm_buf_span(&want), SIZE_MAX);
	assert(same(&got, &want));
	for (n = 1; n < 4; n++) {
		filter_pieces(&got, text, n);
		assert(same(&got, &want));
	}
	for (n = 1; n < 24; n++) {
		cut = gm_utf8_cut(text, n);
		filter_halves(&got, text, cut);
		assert(same(&got, &want));
	}
	gm_buf_release(&want);
	gm_buf_release(&got);
}

static void
check_line(struct gm_span raw, size_t max)
{
	struct gm_buf line, again;
	struct gm_span s;
	size_t count, i;

	gm_buf_init(&line, raw.len * 3 + 3);
	gm_buf_init(&again, raw.len * 3 + 3);
	gm_term_line(&line, raw, max);
	s = gm_buf_span(&line);
	count = check_clean(s);
	assert(count <= max ||
	       (count <= max + 3 && memcmp(s.p + s.len - 3, "...", 3) == 0));
	for (i = 0; i < s.len; i++) {
		assert(s.p[i] != '\n' && s.p[i] != '\t');
		if (s.p[i] == ' ')
			assert(i > 0 && i + 1 < s.len && s.p[i + 1] != ' ');
	}
	gm_term_line(&again, s, max + 3);
	assert(same(&line, &again));
	gm_buf_release(&line);
	gm_buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gm_span raw = { (const char *)data, size };
	struct gm_buf text;

	gm_buf_init(&text, size * 3);
	(void)gm_utf8_repair(&text, raw);
	check_filter(raw, gm_buf_span(&text));
	check_line(raw, size % 40);
	check_line(raw, GM_TERM_LINE_MAX);
	gm_buf_release(&text);
	return 0;
}
