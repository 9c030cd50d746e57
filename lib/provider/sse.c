#include <string.h>

#include "provider/sse.h"

void
gm_sse_init(
    struct gm_sse *s, size_t max, gm_sse_fn *event, gm_sse_fn *stray, void *arg)
{
	*s = (struct gm_sse){ .event = event, .stray = stray, .arg = arg };
	gm_buf_init(&s->line, max);
	gm_buf_init(&s->data, max + 1); /* 1 for the last '\n' */
}

static int
check(const struct gm_buf *b, struct gm_err *err)
{
	if (gm_buf_check(b, err) == 0)
		return 0;
	if (err->code == GM_EDATA)
		return gm_fail(err, GM_EPROTOCOL,
		    "an event of the stream is larger than %zu MiB",
		    b->max >> 20);
	return -1;
}

static int
dispatch(struct gm_sse *s, struct gm_err *err)
{
	struct gm_span data = gm_buf_span(&s->data);
	int rc = 0;

	if (check(&s->data, err) != 0)
		return -1;
	/* Each data line adds its '\n'; the last one is not part of the data. */
	if (data.len > 1) {
		data.len--;
		rc = s->event(data, s->arg, err);
	}
	gm_buf_reset(&s->data);
	return rc;
}

static int
take_field(struct gm_sse *s, struct gm_span line, struct gm_err *err)
{
	const char *colon = memchr(line.p, ':', line.len);
	size_t name = colon != NULL ? (size_t)(colon - line.p) : line.len;
	struct gm_span field = { line.p, name };
	size_t from = name < line.len ? name + 1 : line.len;

	if (name == 0)
		return 0; /* a comment */
	if (from < line.len && line.p[from] == ' ')
		from++;
	if (gm_span_is(field, "data")) {
		gm_buf_put(&s->data, line.p + from, line.len - from);
		gm_buf_putc(&s->data, '\n');
		return check(&s->data, err);
	}
	if (gm_span_is(field, "event") || gm_span_is(field, "id") ||
	    gm_span_is(field, "retry"))
		return 0;
	return s->stray(line, s->arg, err);
}

static int
take_line(struct gm_sse *s, struct gm_span line, struct gm_err *err)
{
	if (!s->started && gm_span_starts(line, "\xEF\xBB\xBF")) {
		line.p += 3;
		line.len -= 3;
	}
	s->started = true;
	if (line.len == 0)
		return dispatch(s, err);
	return take_field(s, line, err);
}

/*
 * Take the end of a line.  A line that came whole, as most do, is not copied; one
 * that is too long goes through the buffer, which reports it.
 */
static int
end_line(struct gm_sse *s, struct gm_span tail, struct gm_err *err)
{
	int rc;

	if (s->line.len == 0 && tail.len <= s->line.max)
		return take_line(s, tail, err);
	gm_buf_put_span(&s->line, tail);
	if (check(&s->line, err) != 0)
		return -1;
	rc = take_line(s, gm_buf_span(&s->line), err);
	gm_buf_reset(&s->line);
	return rc;
}

/* Find the first CR or LF, or NULL; memchr() is fast on long lines. */
static const char *
line_end(const char *p, size_t len)
{
	const char *lf = memchr(p, '\n', len);
	const char *cr = memchr(p, '\r', lf != NULL ? (size_t)(lf - p) : len);

	return cr != NULL ? cr : lf;
}

int
gm_sse_feed(struct gm_sse *s, struct gm_span bytes, struct gm_err *err)
{
	const char *p = bytes.p, *end, *eol;

	if (bytes.len == 0)
		return 0; /* p may be NULL */
	for (end = p + bytes.len; p < end; p = eol + 1) {
		/* Skip the LF of a CRLF, which may come with the next call. */
		if (s->after_cr && *p == '\n')
			p++;
		s->after_cr = false;
		eol = line_end(p, (size_t)(end - p));
		if (eol == NULL) {
			gm_buf_put(&s->line, p, (size_t)(end - p));
			return check(&s->line, err);
		}
		s->after_cr = *eol == '\r';
		if (end_line(
			s, (struct gm_span){ p, (size_t)(eol - p) }, err) != 0)
			return -1;
	}
	return 0;
}

int
gm_sse_end(struct gm_sse *s, struct gm_err *err)
{
	if (s->line.len > 0 && end_line(s, (struct gm_span){ "", 0 }, err) != 0)
		return -1;
	return dispatch(s, err);
}

size_t
gm_sse_pending(const struct gm_sse *s)
{
	if (s->line.len > 0 && s->line.data[0] != ':')
		return s->data.len + s->line.len;
	return s->data.len;
}

bool
gm_sse_begins(const struct gm_sse *s, const char *data)
{
	struct gm_span line = gm_buf_span(&s->line);
	struct gm_span whole = gm_span_ltrim(gm_buf_span(&s->data));

	if (whole.len > 0)
		return gm_span_starts(whole, data);
	if (!gm_span_starts(line, "data:"))
		return false;
	line.p += strlen("data:");
	line.len -= strlen("data:");
	return gm_span_starts(gm_span_ltrim(line), data);
}

void
gm_sse_release(struct gm_sse *s)
{
	gm_buf_release(&s->line);
	gm_buf_release(&s->data);
}
