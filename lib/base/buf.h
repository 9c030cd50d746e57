#ifndef GM_BASE_BUF_H
#define GM_BASE_BUF_H

/*
 * A growing byte buffer with a hard maximum and a sticky failure.
 *
 * Appends need no check: after one that failed (no memory, or over max) all
 * further ones do nothing, and gm_buf_check() tells, once, where the bytes are
 * used.  The bytes are always followed by a NUL and may hold NULs.  Memory is
 * wiped before it is given back, as any buffer may hold a key.
 */

#include <stdarg.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"

struct gm_buf {
	char *data; /* NULL until the first append */
	size_t len;
	size_t cap;          /* bytes allocated, with the NUL's */
	size_t max;          /* bytes allowed in len */
	enum gm_code failed; /* GM_OK, GM_EOS or GM_EDATA */
};

void gm_buf_init(struct gm_buf *, size_t max);

void gm_buf_put(struct gm_buf *, const char *bytes, size_t len);
void gm_buf_putc(struct gm_buf *, char);
void gm_buf_puts(struct gm_buf *, const char *);
void gm_buf_put_span(struct gm_buf *, struct gm_span);
void gm_buf_printf(struct gm_buf *, const char *fmt, ...) GM_PRINTF(2, 3);
void gm_buf_vprintf(struct gm_buf *, const char *fmt, va_list) GM_PRINTF(2, 0);

/*
 * Room for len more bytes after the present ones, to be filled by the caller
 * and counted by gm_buf_filled(); NULL if the buffer has failed.
 */
char *gm_buf_room(struct gm_buf *, size_t len);
void gm_buf_filled(struct gm_buf *, size_t len);

/* 0, or -1: GM_EOS (no memory), GM_EDATA (over max). */
int gm_buf_check(const struct gm_buf *, struct gm_err *) GM_MUST_CHECK;

/*
 * Fail with the buffer's text as the message, as far as it fits into it; GM_EOS
 * if there was no memory for the text.  Returns -1.
 */
int gm_buf_fail(const struct gm_buf *, enum gm_code, struct gm_err *);

/*
 * Fail as another buffer has failed, whose bytes went into this one: so that
 * the last check covers them both.
 */
void gm_buf_inherit(struct gm_buf *, const struct gm_buf *from);

/* The bytes as a C string, "" when empty; gone after the next append. */
const char *gm_buf_str(const struct gm_buf *);
struct gm_span gm_buf_span(const struct gm_buf *);

/* Shorten to len bytes. */
void gm_buf_cut(struct gm_buf *, size_t len);

/* Empty and without failure, memory kept. */
void gm_buf_reset(struct gm_buf *);

/* The same, but memory is kept only if it is no more than keep bytes. */
void gm_buf_recycle(struct gm_buf *, size_t keep);

/* Move the string out; the caller frees it.  NULL if the buffer has failed. */
char *gm_buf_take(struct gm_buf *);

/* Wipe and free; harmless when zero or repeated. */
void gm_buf_release(struct gm_buf *);

#endif
