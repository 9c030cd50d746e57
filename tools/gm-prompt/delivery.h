#ifndef GM_PROMPT_DELIVERY_H
#define GM_PROMPT_DELIVERY_H

/*
 * The way of an answer to the output: at once as it comes, or held back until
 * it is whole, so that a request may be repeated and no half answer is left.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/term.h"
#include "call/result.h"
#include "cli/out.h"
#include "provider/provider.h"

/* Bytes of an answer that is held back. */
#define GM_DELIVERY_MAX ((size_t)1 << 30)

struct gm_delivery {
	struct gm_sink sink; /* where the answer goes */
	struct gm_out *out;  /* borrowed */
	int thoughts_fd;     /* -1: thoughts are dropped */
	bool raw;            /* thoughts unfiltered */
	struct gm_buf held, thoughts;
	bool thought_open; /* a line of thoughts lacks its end */
	struct gm_term_filter filter;
};

/* An answer that is cut is still shown; one that is blocked is not. */
bool gm_delivery_is_showable(const struct gm_result *, int rc);

/*
 * Take the first fenced block of an answer that is shown; rc and *err are the
 * call's.  Returns rc, or -1 with GM_ENEGATIVE if all was well but there is none.
 */
int gm_delivery_block(const struct gm_result *, struct gm_span answer, int rc,
    struct gm_buf *block, struct gm_err *) GM_MUST_CHECK;

/* stream: give text out as it comes; else hold it back. */
void gm_delivery_init(struct gm_delivery *, struct gm_out *, bool stream);

/* Write out thoughts and text that were held back, and end the line. */
int gm_delivery_finish(struct gm_delivery *, struct gm_err *) GM_MUST_CHECK;

/* The same with another text in place of the answer's. */
int gm_delivery_replace(
    struct gm_delivery *, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/* No answer comes: end the lines of what was given out so far. */
int gm_delivery_end(struct gm_delivery *, struct gm_err *) GM_MUST_CHECK;

void gm_delivery_release(struct gm_delivery *);

#endif
