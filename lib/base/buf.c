#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void
gm_buf_init(struct gm_buf *b, size_t max)
{
	*b = (struct gm_buf){ .max = max };
}

/*
 * Copy by hand: realloc(3) may leave the old bytes, perhaps a key, in memory.
 */
static bool
grow(struct gm_buf *b, size_t need)
{
	size_t cap = b->cap < 64 ? 64 : b->cap;
	char *data;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > b->max + 1 && need <= b->max + 1)
		cap = b->max + 1;
	data = malloc(cap);
	if (data == NULL) {
		b->failed = GM_EOS;
		return false;
	}
	if (b->data != NULL) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	data[b->len] = '\0'; /* gm_buf_room() may not be filled at all */
	b->data = data;
	b->cap = cap;
	return true;
}

char *
gm_buf_room(struct gm_buf *b, size_t len)
{
	if (b->failed != GM_OK)
		return NULL;
	if (len > b->max - b->len || b->len + len == SIZE_MAX) {
		b->failed = GM_EDATA;
		return NULL;
	}
	if (b->len + len >= b->cap && !grow(b, b->len + len + 1))
		return NULL;
	return b->data + b->len;
}

void
gm_buf_filled(struct gm_buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

void
gm_buf_put(struct gm_buf *b, const char *bytes, size_t len)
{
	char *room = gm_buf_room(b, len);

	if (room == NULL)
		return;
	if (len > 0)
		memcpy(room, bytes, len);
	gm_buf_filled(b, len);
}

void
gm_buf_putc(struct gm_buf *b, char c)
{
	gm_buf_put(b, &c, 1);
}

void
gm_buf_puts(struct gm_buf *b, const char *text)
{
	gm_buf_put(b, text, strlen(text));
}

void
gm_buf_put_span(struct gm_buf *b, struct gm_span s)
{
	gm_buf_put(b, s.p, s.len);
}

void
gm_buf_vprintf(struct gm_buf *b, const char *fmt, va_list args)
{
	va_list again;
	char *room;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	if (n < 0 && b->failed == GM_OK)
		b->failed = GM_EDATA; /* bad text, or over INT_MAX bytes */
	room = n < 0 ? NULL : gm_buf_room(b, (size_t)n);
	if (room != NULL) {
		(void)vsnprintf(room, (size_t)n + 1, fmt, again);
		gm_buf_filled(b, (size_t)n);
	}
	va_end(again);
}

void
gm_buf_printf(struct gm_buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	gm_buf_vprintf(b, fmt, args);
	va_end(args);
}

int
gm_buf_check(const struct gm_buf *b, struct gm_err *err)
{
	if (b->failed == GM_EOS)
		return gm_fail(err, GM_EOS, "out of memory");
	if (b->failed != GM_OK)
		return gm_fail(err, b->failed, "larger than %zu bytes", b->max);
	return 0;
}

int
gm_buf_fail(const struct gm_buf *b, enum gm_code code, struct gm_err *err)
{
	if (b->failed == GM_EOS)
		return gm_buf_check(b, err);
	return gm_fail(err, code, "%s", gm_buf_str(b));
}

void
gm_buf_inherit(struct gm_buf *b, const struct gm_buf *from)
{
	if (b->failed == GM_OK)
		b->failed = from->failed;
}

const char *
gm_buf_str(const struct gm_buf *b)
{
	return b->data != NULL ? b->data : "";
}

struct gm_span
gm_buf_span(const struct gm_buf *b)
{
	return (struct gm_span){ gm_buf_str(b), b->len };
}

void
gm_buf_cut(struct gm_buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->data[len] = '\0';
	}
}

void
gm_buf_reset(struct gm_buf *b)
{
	b->failed = GM_OK;
	gm_buf_cut(b, 0);
}

void
gm_buf_recycle(struct gm_buf *b, size_t keep)
{
	size_t max = b->max;

	if (b->cap > keep) {
		gm_buf_release(b);
		gm_buf_init(b, max);
	}
	gm_buf_reset(b);
}

char *
gm_buf_take(struct gm_buf *b)
{
	char *data;

	gm_buf_put(b, "", 0); /* allocate at least the NUL */
	if (b->failed != GM_OK)
		return NULL;
	data = b->data;
	gm_buf_init(b, b->max);
	return data;
}

void
gm_buf_release(struct gm_buf *b)
{
	if (b->data != NULL) {
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	gm_buf_init(b, b->max);
}
