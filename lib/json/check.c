#include <string.h>

#include "base/utf8.h"
#include "json/check.h"

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* The tokens that may follow, apart from white space. */
enum next {
	VALUE,
	FIRST_VALUE, /* of an array; or its end */
	NAME,
	FIRST_NAME, /* of an object; or its end */
	MORE,       /* a comma, or the end of the innermost array or object */
	NOTHING,
	WRONG
};

struct check {
	const unsigned char *p; /* next byte; after a failure, the bad one */
	const unsigned char *end;
	const char *problem; /* NULL: none */
	size_t tokens;
	size_t depth;
	unsigned char closers[GM_JSON_DEPTH];
};

static enum next
wrong(struct check *c, const char *problem)
{
	c->problem = c->p == c->end ? "ends too soon" : problem;
	return WRONG;
}

/* The next byte, or NUL at the end, as NUL is valid nowhere. */
static unsigned char
here(const struct check *c)
{
	return c->p < c->end ? *c->p : '\0';
}

static void
skip_blanks(struct check *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' ||
				    *c->p == '\r' || *c->p == '\t'))
		c->p++;
}

static enum next
after_value(const struct check *c)
{
	return c->depth > 0 ? MORE : NOTHING;
}

static enum next
open_level(struct check *c, unsigned char closer, enum next next)
{
	if (c->depth == GM_JSON_DEPTH)
		return wrong(c, "nested too deeply");
	c->closers[c->depth++] = closer;
	c->p++;
	return next;
}

static enum next
close_level(struct check *c)
{
	c->depth--;
	c->p++;
	return after_value(c);
}

/*
 * True if one of eight bytes is a quote, a backslash or a control character.
 * Subtracting n sets the high bit of a byte below n, by a borrow; bytes whose
 * high bit was set before are left out.
 */
static bool
has_special(uint64_t word)
{
	uint64_t control = word - EACH_BYTE(0x20);
	uint64_t quote = (word ^ EACH_BYTE('"')) - EACH_BYTE(1);
	uint64_t backslash = (word ^ EACH_BYTE('\\')) - EACH_BYTE(1);

	return ((control | quote | backslash) & ~word & EACH_BYTE(0x80)) != 0;
}

static void
skip_plain(struct check *c)
{
	const unsigned char *p = c->p, *end = c->end;
	uint64_t word;

	for (; end - p >= (ptrdiff_t)sizeof(word); p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		if (has_special(word))
			break;
	}
	while (p < end && *p >= 0x20 && *p != '"' && *p != '\\')
		p++;
	c->p = p;
}

static bool
is_hex(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static bool
take_escape(struct check *c)
{
	bool is_point;
	int i;

	c->p++;
	is_point = here(c) == 'u';
	if (here(c) == '\0' || strchr("\"\\/bfnrtu", here(c)) == NULL)
		return false;
	c->p++;
	for (i = 0; is_point && i < 4; i++) {
		if (!is_hex(here(c)))
			return false;
		c->p++;
	}
	return true;
}

static bool
take_string(struct check *c)
{
	c->p++;
	for (;;) {
		skip_plain(c);
		if (here(c) == '"')
			break;
		if (here(c) != '\\') {
			(void)wrong(c, "control character in a string");
			return false;
		}
		if (!take_escape(c)) {
			(void)wrong(c, "bad escape");
			return false;
		}
	}
	c->p++;
	return true;
}

static bool
take_digits(struct check *c)
{
	const unsigned char *start = c->p;

	while (here(c) >= '0' && here(c) <= '9')
		c->p++;
	return c->p > start;
}

static enum next
take_number(struct check *c)
{
	if (here(c) == '-')
		c->p++;
	if (here(c) == '0')
		c->p++;
	else if (!take_digits(c))
		return wrong(c, "bad number");
	if (here(c) == '.') {
		c->p++;
		if (!take_digits(c))
			return wrong(c, "bad number");
	}
	if (here(c) == 'e' || here(c) == 'E') {
		c->p++;
		if (here(c) == '+' || here(c) == '-')
			c->p++;
		if (!take_digits(c))
			return wrong(c, "bad number");
	}
	return after_value(c);
}

static enum next
take_word(struct check *c, const char *word)
{
	for (; *word != '\0'; word++, c->p++)
		if (here(c) != (unsigned char)*word)
			return wrong(c, "unknown word");
	return after_value(c);
}

static enum next
take_value(struct check *c)
{
	c->tokens++;
	switch (*c->p) {
	case '{':
		return open_level(c, '}', FIRST_NAME);
	case '[':
		return open_level(c, ']', FIRST_VALUE);
	case '"':
		return take_string(c) ? after_value(c) : WRONG;
	case 't':
		return take_word(c, "true");
	case 'f':
		return take_word(c, "false");
	case 'n':
		return take_word(c, "null");
	default:
		if (*c->p != '-' && (*c->p < '0' || *c->p > '9'))
			return wrong(c, "expected a value");
		return take_number(c);
	}
}

static enum next
take_name(struct check *c)
{
	c->tokens++;
	if (*c->p != '"')
		return wrong(c, "expected a name");
	if (!take_string(c))
		return WRONG;
	skip_blanks(c);
	if (here(c) != ':')
		return wrong(c, "expected a colon");
	c->p++;
	return VALUE;
}

static enum next
take_separator(struct check *c)
{
	unsigned char closer = c->closers[c->depth - 1];

	if (*c->p == closer)
		return close_level(c);
	if (*c->p != ',')
		return wrong(c, "expected a comma or the end of the list");
	c->p++;
	return closer == '}' ? NAME : VALUE;
}

static enum next
step(struct check *c, enum next next)
{
	if (c->tokens > GM_JSON_TOKENS)
		return wrong(c, "too many values");
	switch (next) {
	case FIRST_VALUE:
		return *c->p == ']' ? close_level(c) : take_value(c);
	case FIRST_NAME:
		return *c->p == '}' ? close_level(c) : take_name(c);
	case VALUE:
		return take_value(c);
	case NAME:
		return take_name(c);
	case MORE:
		return take_separator(c);
	case NOTHING:
	case WRONG:
		break;
	}
	return wrong(c, "unexpected text after the value");
}

static enum next
walk(struct check *c)
{
	enum next next = VALUE;

	while (next != WRONG) {
		skip_blanks(c);
		if (c->p == c->end)
			return next == NOTHING ? next : wrong(c, NULL);
		next = step(c, next);
	}
	return next;
}

int
gm_jsoncheck(struct gm_span text, size_t *tokens, struct gm_err *err)
{
	const char *bytes = text.len > 0 ? text.p : "";
	const unsigned char *start = (const unsigned char *)bytes;
	struct check c = { .p = start };
	size_t valid;

	if (text.len >= INT_MAX)
		return gm_fail(err, GM_EPROTOCOL, "bad JSON: 2 GiB or more");
	valid = gm_utf8_valid(text);
	if (valid < text.len)
		return gm_fail(err, GM_EPROTOCOL,
		    "bad JSON: ill-formed UTF-8 at byte %zu", valid);
	if (gm_span_starts(text, "\xEF\xBB\xBF"))
		return gm_fail(
		    err, GM_EPROTOCOL, "bad JSON: byte order mark at byte 0");
	c.end = start + text.len;
	if (walk(&c) == WRONG)
		return gm_fail(err, GM_EPROTOCOL, "bad JSON: %s at byte %zu",
		    c.problem, (size_t)(c.p - start));
	*tokens = c.tokens;
	return 0;
}
