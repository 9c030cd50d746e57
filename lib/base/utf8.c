#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

/* The length of a sequence that begins with this byte; 0: none does. */
static size_t
length_of(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2)
		return 0; /* continuation byte, or overlong */
	if (lead < 0xE0)
		return 2;
	if (lead < 0xF0)
		return 3;
	return lead < 0xF5 ? 4 : 0;
}

/*
 * True if c may be the second byte.  After four of the first bytes its range is
 * narrower than 80..BF, to exclude overlong forms, surrogates and values over
 * U+10FFFF (table 3-7).
 */
static bool
is_second(unsigned char lead, unsigned char c)
{
	unsigned char low = 0x80, high = 0xBF;

	if (lead == 0xE0)
		low = 0xA0;
	else if (lead == 0xED)
		high = 0x9F;
	else if (lead == 0xF0)
		low = 0x90;
	else if (lead == 0xF4)
		high = 0x8F;
	return c >= low && c <= high;
}

static inline size_t
decode(struct gm_span s, uint32_t *point, size_t *skip)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t want = length_of(p[0]), i = 1;
	uint32_t value = want < 2 ? p[0] : p[0] & (0x7Fu >> want);

	if (want > 1 && s.len > 1 && is_second(p[0], p[1]))
		do
			value = value << 6 | (p[i++] & 0x3Fu);
		while (i < want && i < s.len && (p[i] & 0xC0) == 0x80);
	*point = value;
	*skip = i;
	return i == want ? want : 0;
}

size_t
gm_utf8_decode(struct gm_span s, uint32_t *point, size_t *skip)
{
	uint32_t value;
	size_t part, n;

	n = decode(s, &value, &part);
	if (n > 0)
		*point = value;
	else if (skip != NULL)
		*skip = part;
	return n;
}

/* Count the ASCII bytes at the start, eight at a time. */
static size_t
ascii_run(struct gm_span s)
{
	size_t i = 0;
	uint64_t word;

	for (; s.len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s.p + i, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (i < s.len && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

size_t
gm_utf8_valid(struct gm_span s)
{
	struct gm_span rest = s;
	uint32_t point;
	size_t n, skip;

	while (rest.len > 0) {
		if ((unsigned char)rest.p[0] < 0x80)
			n = ascii_run(rest);
		else
			n = decode(rest, &point, &skip);
		if (n == 0)
			break;
		rest.p += n;
		rest.len -= n;
	}
	return s.len - rest.len;
}

size_t
gm_utf8_encode(char out[4], uint32_t point)
{
	size_t len, i;

	if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
		point = GM_UTF8_REPLACEMENT;
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (point & 0x3F));
		point >>= 6;
	}
	out[0] = (char)((0xF00u >> len & 0xF0) | point);
	return len;
}

void
gm_utf8_put(struct gm_buf *out, uint32_t point)
{
	char bytes[4];

	gm_buf_put(out, bytes, gm_utf8_encode(bytes, point));
}

size_t
gm_utf8_repair(struct gm_buf *out, struct gm_span text)
{
	size_t bad = 0, n, skip;
	uint32_t point;

	for (;;) {
		n = gm_utf8_valid(text);
		gm_buf_put(out, text.p, n);
		if (n == text.len)
			return bad;
		text.p += n;
		text.len -= n;
		(void)decode(text, &point, &skip);
		gm_utf8_put(out, GM_UTF8_REPLACEMENT);
		bad++;
		text.p += skip;
		text.len -= skip;
	}
}

/* White_Space of Unicode, and zero-width spaces and joiners. */
static bool
is_blank(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = { { 0x9, 0xD }, { 0x20, 0x20 }, { 0x85, 0x85 },
		{ 0xA0, 0xA0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200B },
		{ 0x2028, 0x2029 }, { 0x202F, 0x202F }, { 0x205F, 0x2060 },
		{ 0x3000, 0x3000 }, { 0xFEFF, 0xFEFF } };
	size_t i;

	for (i = 0; i < GM_LEN(ranges); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

size_t
gm_utf8_blanks(struct gm_span text)
{
	size_t all = text.len, len;
	uint32_t point;

	while (text.len > 0) {
		len = gm_utf8_decode(text, &point, NULL);
		if (len == 0 || !is_blank(point))
			break;
		text.p += len;
		text.len -= len;
	}
	return all - text.len;
}

size_t
gm_utf8_cut(struct gm_span s, size_t max)
{
	size_t i, count = 0;

	for (i = 0; i < s.len; i++)
		if (((unsigned char)s.p[i] & 0xC0) != 0x80 && count++ == max)
			break;
	return i;
}

/* Bytes at the start that gm_utf8_foreign() examines. */
#define SAMPLE 64

/*
 * True if each of the first units of width bytes is NUL except the byte at
 * offset at, and that is not a control character.  ASCII and Latin-1 look like
 * this in UTF-16 (width 2) and UTF-32 (width 4).
 */
static bool
is_widened(struct gm_span text, size_t width, size_t at)
{
	size_t len = text.len < SAMPLE ? text.len : SAMPLE, i;
	unsigned char c;

	len -= len % width;
	if (len < 4 * width)
		return false;
	for (i = 0; i < len; i++) {
		c = (unsigned char)text.p[i];
		if (i % width != at
			? c != 0
			: c < ' ' && c != '\t' && c != '\n' && c != '\r')
			return false;
	}
	return true;
}

const char *
gm_utf8_foreign(struct gm_span text)
{
	static const struct {
		size_t width, at;
		const char *name;
	} forms[] = { { 2, 0, "UTF-16LE" }, { 2, 1, "UTF-16BE" },
		{ 4, 0, "UTF-32LE" }, { 4, 3, "UTF-32BE" } };
	static const char marks[] = "\xFF\xFE\0\0\xFE\xFF";
	size_t i;

	if (text.len >= 4 && (memcmp(text.p, marks, 4) == 0 ||
				 memcmp(text.p, marks + 2, 4) == 0))
		return "UTF-32";
	if (text.len >= 2 && (memcmp(text.p, marks, 2) == 0 ||
				 memcmp(text.p, marks + 4, 2) == 0))
		return "UTF-16";
	for (i = 0; i < GM_LEN(forms); i++)
		if (is_widened(text, forms[i].width, forms[i].at))
			return forms[i].name;
	return NULL;
}
