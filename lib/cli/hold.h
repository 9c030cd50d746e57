#ifndef GM_CLI_HOLD_H
#define GM_CLI_HOLD_H

/*
 * A sink that holds an answer until it is complete; for tools that send many
 * requests.  Thoughts are dropped, and parts that are no text left out.
 */

#include "base/base.h"
#include "base/buf.h"
#include "provider/provider.h"

struct gm_hold {
	struct gm_sink sink;
	struct gm_buf text; /* the answer so far */
};

/*
 * The sink refers to the struct, which must stay where it is.  max: bytes of an
 * answer; a larger one makes no sense (GM_EPROTOCOL).
 */
void gm_hold_init(struct gm_hold *, size_t max);

/*
 * Append to an answer that is held.  Returns 0, or -1: GM_EPROTOCOL (larger than
 * the buffer's maximum), GM_EOS.
 */
int gm_hold_put(
    struct gm_buf *, struct gm_span text, struct gm_err *) GM_MUST_CHECK;

/* Before the next answer: memory is used again, if it is not much. */
void gm_hold_reset(struct gm_hold *);

void gm_hold_release(struct gm_hold *);

#endif
