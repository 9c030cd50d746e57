#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "json/write.h"

void
gm_jsonw_init(struct gm_jsonw *w, struct gm_buf *out)
{
	*w = (struct gm_jsonw){ .out = out };
}

/* True if an ASCII character must be escaped. */
static bool
is_special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

/* The length of the character at the start if it needs no escape; else 0. */
static size_t
plain_character(struct gm_span s)
{
	uint32_t point;
	size_t n;

	n = gm_utf8_decode(s, &point, NULL);
	return n > 0 && (point == 0x2028 || point == 0x2029) ? 0 : n;
}

/* The number of bytes at the start that need no escape. */
static size_t
plain_run(struct gm_span s)
{
	size_t i = 0, n;

	while (i < s.len) {
		if ((unsigned char)s.p[i] >= 0x80)
			n = plain_character(
			    (struct gm_span){ s.p + i, s.len - i });
		else
			n = is_special((unsigned char)s.p[i]) ? 0 : 1;
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

static void
put_hex4(struct gm_buf *out, uint32_t point)
{
	char text[5] = { 'u' };
	size_t i;

	for (i = 4; i > 0; i--, point >>= 4)
		text[i] = "0123456789abcdef"[point & 0xF];
	gm_buf_put(out, text, sizeof(text));
}

/*
 * Escape the character at the start, or replace ill-formed bytes; return their
 * number.
 */
static size_t
escape(struct gm_buf *out, struct gm_span s)
{
	static const char letters[] = "\"\\bfnrt",
			  controls[] = "\"\\\b\f\n\r\t";
	const char *control;
	uint32_t point;
	size_t n, skip;

	n = gm_utf8_decode(s, &point, &skip);
	if (n == 0) {
		gm_utf8_put(out, GM_UTF8_REPLACEMENT);
		return skip;
	}
	control = memchr(controls, s.p[0], sizeof(controls) - 1);
	gm_buf_putc(out, '\\');
	if (control != NULL)
		gm_buf_putc(out, letters[control - controls]);
	else
		put_hex4(out, point);
	return n;
}

static void
put_escaped(struct gm_buf *out, struct gm_span s)
{
	size_t n;

	while (s.len > 0) {
		n = plain_run(s);
		gm_buf_put(out, s.p, n);
		if (n == 0)
			n = escape(out, s);
		s.p += n;
		s.len -= n;
	}
}

static void
put_string(struct gm_buf *out, struct gm_span s)
{
	gm_buf_putc(out, '"');
	put_escaped(out, s);
	gm_buf_putc(out, '"');
}

/* The byte that ends the innermost level; NUL at the top. */
static char
closer_of(const struct gm_jsonw *w)
{
	return w->depth > 0 ? w->levels[w->depth - 1].closer : '\0';
}

/* Write the comma and the name before a value. */
static void
begin(struct gm_jsonw *w, const char *name)
{
	assert(closer_of(w) != '"');
	assert((closer_of(w) == '}') == (name != NULL));
	assert(w->depth > 0 || !w->comma);
	if (w->comma)
		gm_buf_putc(w->out, ',');
	w->comma = true;
	if (name != NULL) {
		put_string(w->out, gm_span_of(name));
		gm_buf_putc(w->out, ':');
	}
}

static void
open_level(struct gm_jsonw *w, const char *name, char opener, char closer)
{
	assert(w->depth < GM_JSONW_DEPTH);
	w->levels[w->depth].start = w->out->len;
	w->levels[w->depth].closer = closer;
	w->levels[w->depth].comma = w->comma;
	begin(w, name);
	w->depth++;
	w->comma = false;
	gm_buf_putc(w->out, opener);
}

void
gm_jsonw_object(struct gm_jsonw *w, const char *name)
{
	open_level(w, name, '{', '}');
}

void
gm_jsonw_array(struct gm_jsonw *w, const char *name)
{
	open_level(w, name, '[', ']');
}

void
gm_jsonw_string(struct gm_jsonw *w, const char *name)
{
	open_level(w, name, '"', '"');
}

void
gm_jsonw_piece(struct gm_jsonw *w, struct gm_span piece)
{
	assert(closer_of(w) == '"');
	put_escaped(w->out, piece);
	w->comma = w->comma || piece.len > 0;
}

void
gm_jsonw_end(struct gm_jsonw *w)
{
	assert(w->depth > 0);
	gm_buf_putc(w->out, w->levels[--w->depth].closer);
	w->comma = true;
}

void
gm_jsonw_end_or_drop(struct gm_jsonw *w)
{
	assert(w->depth > 0);
	if (w->comma) {
		gm_jsonw_end(w);
		return;
	}
	/* The level is empty: take back comma, name and bracket. */
	w->depth--;
	gm_buf_cut(w->out, w->levels[w->depth].start);
	w->comma = w->levels[w->depth].comma;
}

void
gm_jsonw_span(struct gm_jsonw *w, const char *name, struct gm_span text)
{
	begin(w, name);
	put_string(w->out, text);
}

void
gm_jsonw_text(struct gm_jsonw *w, const char *name, const char *text)
{
	gm_jsonw_span(w, name, gm_span_of(text));
}

void
gm_jsonw_int(struct gm_jsonw *w, const char *name, int64_t value)
{
	begin(w, name);
	gm_buf_printf(w->out, "%" PRId64, value);
}

void
gm_jsonw_bool(struct gm_jsonw *w, const char *name, bool value)
{
	begin(w, name);
	gm_buf_puts(w->out, value ? "true" : "false");
}

void
gm_jsonw_null(struct gm_jsonw *w, const char *name)
{
	begin(w, name);
	gm_buf_puts(w->out, "null");
}

void
gm_jsonw_text_or_null(struct gm_jsonw *w, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		gm_jsonw_text(w, name, text);
	else
		gm_jsonw_null(w, name);
}

void
gm_jsonw_int_or_null(struct gm_jsonw *w, const char *name, int64_t value)
{
	if (value >= 0)
		gm_jsonw_int(w, name, value);
	else
		gm_jsonw_null(w, name);
}

void
gm_jsonw_raw(struct gm_jsonw *w, const char *name, struct gm_span json)
{
	begin(w, name);
	gm_buf_put_span(w->out, json);
}

void
gm_jsonw_number(struct gm_jsonw *w, const char *name, const char *number)
{
	if (number != NULL)
		gm_jsonw_raw(w, name, gm_span_of(number));
}

void
gm_jsonw_texts(
    struct gm_jsonw *w, const char *name, const char *const *texts, size_t len)
{
	size_t i;

	if (len == 0)
		return;
	gm_jsonw_array(w, name);
	for (i = 0; i < len; i++)
		gm_jsonw_text(w, NULL, texts[i]);
	gm_jsonw_end(w);
}
