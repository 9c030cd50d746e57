#include <string.h>

#include "base/utf8.h"
#include "json/value.h"

static unsigned
hex4(const char *p)
{
	unsigned value = 0, c;
	int i;

	for (i = 0; i < 4; i++) {
		/* '0' is 0x30, 'A' 0x41, 'a' 0x61: letters lack nine. */
		c = (unsigned char)p[i];
		value = value << 4 | ((c & 0xF) + (c > '9' ? 9 : 0));
	}
	return value;
}

/*
 * Decode the \u escape at the start, or two of them that make a surrogate pair;
 * *used is set to their length.
 */
static uint32_t
point_of(struct gm_span s, size_t *used)
{
	uint32_t high = hex4(s.p + 2), low;

	*used = 6;
	if (high < 0xD800 || high > 0xDBFF || s.len < 12 || s.p[6] != '\\' ||
	    s.p[7] != 'u')
		return high != 0 ? high : GM_UTF8_REPLACEMENT;
	low = hex4(s.p + 8);
	if (low < 0xDC00 || low > 0xDFFF)
		return high; /* alone: gm_utf8_encode() writes U+FFFD */
	*used = 12;
	return 0x10000 + ((high - 0xD800) << 10 | (low - 0xDC00));
}

/*
 * Take the next piece of a string: the bytes before an escape, or one decoded
 * escape, which is written to space.
 */
static struct gm_span
take_piece(struct gm_span *rest, char space[4])
{
	static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
	struct gm_span piece = { rest->p, rest->len };
	const char *backslash = memchr(rest->p, '\\', rest->len);
	const char *letter;
	size_t used = 2;

	if (backslash != rest->p) {
		if (backslash != NULL)
			piece.len = (size_t)(backslash - rest->p);
		used = piece.len;
	} else if (rest->p[1] == 'u') {
		piece.len = gm_utf8_encode(space, point_of(*rest, &used));
		piece.p = space;
	} else {
		letter = strchr(letters, rest->p[1]);
		space[0] = rest->p[1];
		if (letter != NULL)
			space[0] = controls[letter - letters];
		piece = (struct gm_span){ space, 1 };
	}
	rest->p += used;
	rest->len -= used;
	return piece;
}

void
gm_jsonval_string(struct gm_span string, struct gm_buf *out)
{
	char space[4];

	while (string.len > 0)
		gm_buf_put_span(out, take_piece(&string, space));
}

/* True if s begins with an escape of one of the 1024 surrogates from first. */
static bool
is_surrogate(struct gm_span s, uint32_t first)
{
	return s.len >= 6 && s.p[0] == '\\' && s.p[1] == 'u' &&
	       (hex4(s.p + 2) & 0xFC00) == first;
}

void
gm_jsonval_join(struct gm_span string, uint32_t *half, struct gm_buf *out)
{
	char space[4];

	if (string.len == 0)
		return;
	if (*half != 0 && is_surrogate(string, 0xDC00)) {
		gm_utf8_put(out, 0x10000 + ((*half - 0xD800) << 10 |
					       (hex4(string.p + 2) - 0xDC00)));
		string.p += 6;
		string.len -= 6;
	} else if (*half != 0) {
		gm_utf8_put(out, GM_UTF8_REPLACEMENT);
	}
	*half = 0;
	while (string.len > 0) {
		if (string.len == 6 && is_surrogate(string, 0xD800)) {
			*half = hex4(string.p + 2);
			return;
		}
		gm_buf_put_span(out, take_piece(&string, space));
	}
}

bool
gm_jsonval_is(struct gm_span string, struct gm_span text)
{
	struct gm_span piece;
	char space[4];

	/*
	 * Decide most cases fast: an escape is never shorter than its
	 * character.
	 */
	if (string.len < text.len ||
	    (string.len > 0 && text.len > 0 && string.p[0] != '\\' &&
		string.p[0] != text.p[0]))
		return false;
	while (string.len > 0) {
		piece = take_piece(&string, space);
		if (piece.len > text.len ||
		    memcmp(piece.p, text.p, piece.len) != 0)
			return false;
		text.p += piece.len;
		text.len -= piece.len;
	}
	return text.len == 0;
}

/* A number without its sign: digits * 10^exponent. */
struct decimal {
	uint64_t digits;
	int64_t exponent;
};

/*
 * Append a digit; false if the number does not fit into 64 bits.  Zeros count
 * only once another digit follows, so a number that does not fit is too large
 * or, if the exponent is negative, not whole.
 */
static bool
take_digit(struct decimal *d, unsigned digit, int64_t *zeros)
{
	if (digit == 0) {
		(*zeros)++;
		return true;
	}
	for (; d->digits > 0 && *zeros >= 0; (*zeros)--) {
		if (d->digits > UINT64_MAX / 10)
			return false;
		d->digits *= 10;
	}
	*zeros = 0;
	if (d->digits > UINT64_MAX - digit)
		return false;
	d->digits += digit;
	return true;
}

/* Parse an exponent; limit it to what no number of other digits can offset. */
static int64_t
exponent_of(struct gm_span s)
{
	bool negative = s.p[0] == '-';
	int64_t value = 0;
	size_t i;

	for (i = negative || s.p[0] == '+' ? 1 : 0; i < s.len; i++)
		if (value < INT64_MAX / 100)
			value = value * 10 + (s.p[i] - '0');
	return negative ? -value : value;
}

static bool
read_decimal(struct decimal *d, struct gm_span s)
{
	bool in_fraction = false;
	int64_t zeros = 0;
	size_t i;

	*d = (struct decimal){ 0 };
	for (i = 0; i < s.len && (s.p[i] | 0x20) != 'e'; i++) {
		if (s.p[i] == '.') {
			in_fraction = true;
			continue;
		}
		if (!take_digit(d, (unsigned)(s.p[i] - '0'), &zeros))
			return false;
		if (in_fraction)
			d->exponent--;
	}
	d->exponent += zeros;
	if (i < s.len)
		d->exponent +=
		    exponent_of((struct gm_span){ s.p + i + 1, s.len - i - 1 });
	return true;
}

bool
gm_jsonval_whole(struct gm_span number, int64_t *value)
{
	bool negative = gm_span_starts(number, "-");
	uint64_t max = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	struct decimal d;

	if (negative)
		number = (struct gm_span){ number.p + 1, number.len - 1 };
	if (!read_decimal(&d, number))
		return false;
	for (; d.digits > 0 && d.exponent > 0; d.exponent--) {
		if (d.digits > max / 10)
			return false;
		d.digits *= 10;
	}
	if (d.digits > max || (d.digits > 0 && d.exponent < 0))
		return false;
	/* -digits would overflow for INT64_MIN. */
	*value = negative && d.digits > 0 ? -(int64_t)(d.digits - 1) - 1
	                                  : (int64_t)d.digits;
	return true;
}

bool
gm_jsonval_digits(struct gm_span string, int64_t *value)
{
	size_t i = gm_span_starts(string, "-") ? 1 : 0;

	if (i == string.len)
		return false;
	for (; i < string.len; i++)
		if (string.p[i] < '0' || string.p[i] > '9')
			return false;
	return gm_jsonval_whole(string, value);
}
