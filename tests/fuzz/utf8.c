/*
 * UTF-8: decoding, skipping and repairing agree with a slow decoder that works by
 * values, not by bounds of bytes.
 */

#include <assert.h>
#include <string.h>

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True if all of it is one well-formed sequence. */
static bool
is_sequence(const uint8_t *p, size_t len)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	static const uint8_t leads[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	uint32_t value;
	size_t i;

	if (len == 1)
		return p[0] < 0x80;
	if (len < 2 || len > 4 || p[0] < leads[len] ||
	    p[0] - leads[len] >= 1 << (7 - len))
		return false;
	value = (uint32_t)p[0] - leads[len];
	for (i = 1; i < len; i++) {
		if (p[i] < 0x80 || p[i] > 0xBF)
			return false;
		value = value * 64 + (p[i] - 0x80u);
	}
	return value >= lowest[len] && value < 0x110000 &&
	       (value < 0xD800 || value >= 0xE000);
}

/* True if more bytes could make it a sequence. */
static bool
is_beginning(const uint8_t *p, size_t len)
{
	static const uint8_t fill[] = { 0x80, 0x90, 0xA0 };
	uint8_t text[4];
	size_t i, all;

	for (i = 0; i < GM_LEN(fill); i++)
		for (all = len + 1; all <= sizeof(text); all++) {
			memset(text, fill[i], sizeof(text));
			memcpy(text, p, len);
			if (is_sequence(text, all))
				return true;
		}
	return false;
}

static size_t
beginning(const uint8_t *p, size_t size)
{
	size_t len = 1;

	while (len < 3 && len < size && is_beginning(p, len + 1))
		len++;
	return len;
}

/* Check the first character; return its length and if it is valid. */
static size_t
check_first(const uint8_t *p, size_t size, bool *good)
{
	struct gm_span s = { (const char *)p, size };
	uint32_t point = 0;
	size_t len, skip = 0, n;
	char bytes[4];

	n = gm_utf8_decode(s, &point, &skip);
	for (len = 1; len <= 4 && len <= size; len++)
		if (is_sequence(p, len))
			break;
	*good = len <= 4 && len <= size;
	if (!*good) {
		assert(n == 0);
		assert(skip == beginning(p, size));
		return skip;
	}
	assert(n == len);
	assert(gm_utf8_encode(bytes, point) == len);
	assert(memcmp(bytes, p, len) == 0);
	return len;
}

static void
check_cuts(struct gm_span text, size_t characters)
{
	size_t n, cut, last = 0;

	for (n = 0; n <= characters && n < 20; n++) {
		cut = gm_utf8_cut(text, n);
		assert(cut > last || n == 0);
		assert(gm_utf8_valid((struct gm_span){ text.p, cut }) == cut);
		last = cut;
	}
	assert(gm_utf8_cut(text, characters) == text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gm_span text = { (const char *)data, size };
	struct gm_buf want, got;
	size_t at, n, bad = 0, characters = 0, valid = size;
	bool good;

	gm_buf_init(&want, size * 3);
	gm_buf_init(&got, size * 3);
	for (at = 0; at < size; at += n) {
		n = check_first(data + at, size - at, &good);
		if (!good && bad++ == 0)
			valid = at;
		if (good)
			gm_buf_put(&want, text.p + at, n);
		else
			gm_buf_puts(&want, "\xEF\xBF\xBD");
		characters++;
	}
	assert(gm_utf8_valid(text) == valid);
	assert(gm_utf8_repair(&got, text) == bad);
	assert(got.failed == GM_OK && got.len == want.len);
	assert(gm_span_is(gm_buf_span(&got), gm_buf_str(&want)) ||
	       memchr(data, '\0', size) != NULL);
	assert(gm_utf8_valid(gm_buf_span(&got)) == got.len);
	check_cuts(gm_buf_span(&got), characters);
	gm_buf_release(&want);
	gm_buf_release(&got);
	return 0;
}
