#ifndef GM_BASE_BUF_H
#define GM_BASE_BUF_H

/*
 * A growing byte buffer with a hard maximum and a sticky failure.
 *
 * Appends need no check: after one that failed (no memory, or over max) all
 * later ones do nothing, and gm_buf_check() reports it, once, before the bytes
 * are used.  The bytes are always followed by a NUL and may hold NULs.  Memory
 * is wiped before it is freed, as any buffer may hold a key.
 */

#include <stdarg.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"

struct gm_buf {
	char *data; /* NULL until the first append */
	size_t len;
	size_t cap;          /* bytes allocated, the NUL included */
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
 * Make room for len bytes at the end.  The caller writes them and reports how
 * many by gm_buf_filled().  NULL if the buffer has failed.
 */
char *gm_buf_room(struct gm_buf *, size_t len);
void gm_buf_filled(struct gm_buf *, size_t len);

/* Returns 0, or -1: GM_EOS (no memory), GM_EDATA (over max). */
int gm_buf_check(const struct gm_buf *, struct gm_err *) GM_MUST_CHECK;

/*
 * Fail with the buffer's text as the message, cut to GM_ERR_MAX; with GM_EOS
 * if there was no memory for the text.  Returns -1.
 */
int gm_buf_fail(const struct gm_buf *, enum gm_code, struct gm_err *);

/*
 * Take over the failure of a buffer whose bytes were appended to this one, so
 * that one check covers both.
 */
void gm_buf_inherit(struct gm_buf *, const struct gm_buf *from);

/* The bytes as a C string, "" if empty; valid until the next append. */
const char *gm_buf_str(const struct gm_buf *);
struct gm_span gm_buf_span(const struct gm_buf *);

/* Shorten to len bytes; no effect if there are fewer. */
void gm_buf_cut(struct gm_buf *, size_t len);

/* Empty it and clear the failure; keep the memory. */
void gm_buf_reset(struct gm_buf *);

/* Empty it and clear the failure; free the memory if it is over keep bytes. */
void gm_buf_recycle(struct gm_buf *, size_t keep);

/*
 * Move the string to the caller, who frees it; NULL if the buffer has failed.
 */
char *gm_buf_take(struct gm_buf *);

/* Wipe and free; harmless when zero or repeated. */
void gm_buf_release(struct gm_buf *);

#endif
