#include "base/term.h"
#include "base/utf8.h"

enum state {
	TEXT,
	ESCAPE,       /* after ESC */
	INTERMEDIATE, /* after ESC and an intermediate byte */
	CONTROL,      /* after CSI, until a final byte */
	COMMAND,      /* after OSC: like STRING, but BEL ends it too */
	STRING        /* after DCS, SOS, PM, APC, until ST */
};

enum {
	BEL = 0x07,
	CAN = 0x18,
	SUB = 0x1A,
	ESC = 0x1B,
	DEL = 0x7F,
	DCS = 0x90,
	SOS = 0x98,
	CSI = 0x9B,
	OSC = 0x9D,
	PM = 0x9E,
	APC = 0x9F
};

static bool
is_c1(uint32_t c)
{
	return c >= 0x80 && c <= 0x9F;
}

static bool
is_bidi_control(uint32_t c)
{
	return c == 0x061C || c == 0x200E || c == 0x200F ||
	       (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool
is_text(uint32_t c)
{
	if (c < 0x20)
		return c == '\n' || c == '\t';
	return c != DEL && !is_c1(c) && !is_bidi_control(c);
}

bool
gm_term_is_plain(uint32_t c)
{
	return c >= 0x20 && c != 0x2028 && c != 0x2029 && is_text(c);
}

bool
gm_term_is_clean(struct gm_span text)
{
	uint32_t point;
	size_t n;

	for (; text.len > 0; text.p += n, text.len -= n) {
		n = gm_utf8_decode(text, &point, NULL);
		if (n == 0 || !gm_term_is_plain(point))
			return false;
	}
	return true;
}

static enum state
after_c1(uint32_t c)
{
	switch (c) {
	case CSI:
		return CONTROL;
	case OSC:
		return COMMAND;
	case DCS:
	case SOS:
	case PM:
	case APC:
		return STRING;
	default:
		return TEXT; /* ST among them */
	}
}

/* Return the state after c, not a control, within a sequence but a string. */
static enum state
after_part(enum state state, uint32_t c)
{
	if (c >= 0x20 && c <= 0x2F)
		return state == CONTROL ? CONTROL : INTERMEDIATE;
	if (state == ESCAPE && c >= 0x40 && c <= 0x5F)
		return after_c1(c + 0x40);
	return state == CONTROL && c >= 0x30 && c <= 0x3F ? CONTROL : TEXT;
}

/* True if c means the same in all states; set the state after it. */
static bool
is_switch(uint32_t c, enum state *state)
{
	if (c == '\n' || c == CAN || c == SUB)
		*state = TEXT;
	else if (c == ESC)
		*state = ESCAPE;
	else if (is_c1(c))
		*state = after_c1(c);
	else
		return false;
	return true;
}

/* Take a character; return true if it is text. */
static bool
step(enum state *state, uint32_t c)
{
	enum state before = *state;

	if (is_switch(c, state))
		return c == '\n';
	if (before == TEXT)
		return is_text(c);
	if (c == BEL && before == COMMAND)
		*state = TEXT;
	if (c < 0x20 || c == DEL || before == COMMAND || before == STRING)
		return false;
	*state = after_part(before, c);
	/* A character that cannot belong to a sequence ends it, and is text. */
	return c > DEL && is_text(c);
}

/* Decode a character; an ill-formed part is U+FFFD. */
static size_t
next_character(struct gm_span s, uint32_t *point)
{
	size_t n, skip;

	n = gm_utf8_decode(s, point, &skip);
	if (n > 0)
		return n;
	*point = GM_UTF8_REPLACEMENT;
	return skip;
}

/* Return the number of bytes at the start that are text. */
static size_t
plain_run(struct gm_span s)
{
	size_t i = 0, n;
	uint32_t c;

	while (i < s.len) {
		c = (unsigned char)s.p[i];
		n = 1;
		if (c >= 0x80)
			n = gm_utf8_decode(
			    (struct gm_span){ s.p + i, s.len - i }, &c, NULL);
		if (n == 0 || !is_text(c))
			break;
		i += n;
	}
	return i;
}

void
gm_term_filter(
    struct gm_term_filter *f, struct gm_buf *out, struct gm_span text)
{
	enum state state = (enum state)f->state;
	uint32_t point;
	size_t n;

	while (text.len > 0) {
		n = state == TEXT ? plain_run(text) : 0;
		gm_buf_put(out, text.p, n);
		if (n == 0) {
			n = next_character(text, &point);
			if (step(&state, point))
				gm_utf8_put(out, point);
		}
		text.p += n;
		text.len -= n;
	}
	f->state = (int)state;
}

/* Return the character in a line: a blank, 0 for none, or itself. */
static uint32_t
in_line(enum state *state, uint32_t c)
{
	if (*state == TEXT && (c == '\r' || c == '\v' || c == '\f'))
		return ' ';
	if (!step(state, c) || c == 0x2028 || c == 0x2029)
		return 0;
	return c == '\n' || c == '\t' ? ' ' : c;
}

void
gm_term_line(struct gm_buf *out, struct gm_span text, size_t max)
{
	enum state state = TEXT;
	size_t n, count = 0, blank = 0;
	uint32_t c;

	for (; text.len > 0; text.p += n, text.len -= n) {
		n = next_character(text, &c);
		c = in_line(&state, c);
		if (c == 0)
			continue;
		if (c == ' ') {
			blank = count > 0;
			continue;
		}
		if (count + blank >= max) {
			gm_buf_puts(out, "...");
			return;
		}
		gm_buf_put(out, " ", blank);
		gm_utf8_put(out, c);
		count += blank + 1;
		blank = 0;
	}
}
