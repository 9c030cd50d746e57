/*
 * Server-sent events: events, stray lines, errors and pending bytes do not depend
 * on the cuts, and the events are those of a slow plain parser.
 */

#include <assert.h>
#include <string.h>

#include "provider/sse.h"

#define CUTS 64
#define LOG_MAX ((size_t)1 << 26)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	struct gm_buf log;
	struct gm_err err;
	int rc;
	size_t bytes;
};

static void
put(struct gm_buf *log, char kind, struct gm_span text)
{
	gm_buf_printf(log, "%c%zu:", kind, text.len);
	gm_buf_put_span(log, text);
}

static int
on_event(struct gm_span data, void *arg, struct gm_err *err)
{
	(void)err;
	assert(data.len > 0);
	put(arg, 'e', data);
	return 0;
}

static int
on_stray(struct gm_span line, void *arg, struct gm_err *err)
{
	(void)err;
	assert(line.len > 0 && line.p[0] != ':');
	put(arg, 's', line);
	return 0;
}

/* In pieces: the first bytes, then step bytes each. */
static void
parse(
    struct result *o, struct gm_span text, size_t max, size_t cut, size_t step)
{
	struct gm_sse sse;
	size_t n = cut;

	*o = (struct result){ .rc = 0 };
	gm_buf_init(&o->log, LOG_MAX);
	gm_sse_init(&sse, max, on_event, on_stray, &o->log);
	while (text.len > 0 && o->rc == 0) {
		if (n > text.len)
			n = text.len;
		o->rc =
		    gm_sse_feed(&sse, (struct gm_span){ text.p, n }, &o->err);
		text.p += n;
		text.len -= n;
		n = step;
	}
	o->bytes = gm_sse_pending(&sse);
	if (o->rc == 0)
		o->rc = gm_sse_end(&sse, &o->err);
	assert(o->rc == 0 || o->err.code == GM_EPROTOCOL);
	gm_sse_release(&sse);
}

static bool
same(const struct gm_buf *a, const struct gm_buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void
check_same(const struct result *a, const struct result *b)
{
	assert(a->rc == b->rc);
	assert(same(&a->log, &b->log));
	if (a->rc == 0)
		assert(a->bytes == b->bytes);
	else
		assert(strcmp(a->err.msg, b->err.msg) == 0);
}

static void
check_cuts(const struct result *whole, struct gm_span text, size_t max)
{
	size_t step = text.len / CUTS + 1, cut;
	struct result o;

	for (cut = 0; cut <= text.len; cut += step) {
		parse(&o, text, max, cut, SIZE_MAX);
		check_same(whole, &o);
		gm_buf_release(&o.log);
	}
	for (step = 1; step < 4; step++) {
		parse(&o, text, max, step, step);
		check_same(whole, &o);
		gm_buf_release(&o.log);
	}
}

/* One line of the plain parser; each line of data ends in '\n'. */
static void
take_line(struct gm_span line, struct gm_buf *data, struct gm_buf *log)
{
	size_t name = 0, from;

	while (name < line.len && line.p[name] != ':')
		name++;
	from = name < line.len ? name + 1 : name;
	if (from < line.len && line.p[from] == ' ')
		from++;
	if (line.len == 0) {
		if (data->len > 1)
			put(log, 'e',
			    (struct gm_span){ data->data, data->len - 1 });
		gm_buf_reset(data);
	} else if (gm_span_is((struct gm_span){ line.p, name }, "data")) {
		gm_buf_put(data, line.p + from, line.len - from);
		gm_buf_putc(data, '\n');
	} else if (name > 0 &&
		   !gm_span_is((struct gm_span){ line.p, name }, "event") &&
		   !gm_span_is((struct gm_span){ line.p, name }, "id") &&
		   !gm_span_is((struct gm_span){ line.p, name }, "retry")) {
		put(log, 's', line);
	}
}

/* The plain parser: line by line over the whole text. */
static void
parse_plainly(struct gm_span text, struct gm_buf *log)
{
	struct gm_buf data;
	size_t i, from = 0;

	gm_buf_init(&data, LOG_MAX);
	if (gm_span_starts(text, "\xEF\xBB\xBF"))
		from = 3;
	for (i = from; i < text.len; i++) {
		if (text.p[i] != '\n' && text.p[i] != '\r')
			continue;
		take_line(
		    (struct gm_span){ text.p + from, i - from }, &data, log);
		if (text.p[i] == '\r' && i + 1 < text.len &&
		    text.p[i + 1] == '\n')
			i++;
		from = i + 1;
	}
	take_line(
	    (struct gm_span){ text.p + from, text.len - from }, &data, log);
	if (from < text.len) /* a last line without an end */
		take_line((struct gm_span){ "", 0 }, &data, log);
	gm_buf_release(&data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t limits[] = { SIZE_MAX / 4, size / 2, 16 };
	struct gm_span text = { (const char *)data, size };
	struct result whole;
	struct gm_buf plain;
	size_t i;

	for (i = 0; i < GM_LEN(limits); i++) {
		parse(&whole, text, limits[i], size, 1);
		check_cuts(&whole, text, limits[i]);
		if (i == 0) {
			gm_buf_init(&plain, LOG_MAX);
			parse_plainly(text, &plain);
			assert(whole.rc == 0);
			assert(same(&whole.log, &plain));
			gm_buf_release(&plain);
		}
		gm_buf_release(&whole.log);
	}
	return 0;
}
