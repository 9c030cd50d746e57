#ifndef GM_PROMPT_DELIVERY_H
#define GM_PROMPT_DELIVERY_H

/*
 * Writes an answer to the output, either as it arrives or, held back, when it
 * is complete.  As long as it is held back the request can be retried, and no
 * half answer is left.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/term.h"
#include "call/result.h"
#include "cli/out.h"
#include "provider/provider.h"

/* Bytes of an answer that can be held back. */
#define GM_DELIVERY_MAX ((size_t)1 << 30)

struct gm_delivery {
	struct gm_sink sink; /* takes the answer from the call */
	struct gm_out *out;  /* borrowed */
	int thoughts_fd;     /* -1: thoughts are dropped */
	bool raw;            /* set by the caller: do not filter thoughts */
	struct gm_buf held, thoughts; /* private, as what follows */
	bool thought_open;            /* the last line of thoughts is open */
	struct gm_term_filter filter; /* of thoughts */
};

/*
 * Return true if the text of an answer is shown.  A truncated answer is, as the
 * user has paid for it; a blocked one is not.  rc is the call's.
 */
bool gm_delivery_is_showable(const struct gm_result *, int rc);

/*
 * Append the first fenced block of an answer that is shown to block.  rc and
 * *err are the call's.  Returns rc, or -1: GM_ENEGATIVE if the call succeeded
 * but the answer has no block, GM_EOS.  Then it also sets the class of a result
 * that was good, so that JSON and log agree.
 */
int gm_delivery_block(struct gm_result *, struct gm_span answer, int rc,
    struct gm_buf *block, struct gm_err *) GM_MUST_CHECK;

/* stream: write text as it arrives; otherwise hold it back. */
void gm_delivery_init(struct gm_delivery *, struct gm_out *, bool stream);

/*
 * Write the thoughts and the text that were held back, and end the line.
 * Returns 0, or -1 as gm_out_flush().
 */
int gm_delivery_finish(struct gm_delivery *, struct gm_err *) GM_MUST_CHECK;

/* Write another text instead of the one that was held back. */
int gm_delivery_replace(
    struct gm_delivery *, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/* End the lines that were begun, without an answer. */
int gm_delivery_end(struct gm_delivery *, struct gm_err *) GM_MUST_CHECK;

void gm_delivery_release(struct gm_delivery *);

#endif
