#ifndef GM_CLI_HOLD_H
#define GM_CLI_HOLD_H

/*
 * A sink that holds an answer until it is complete, for tools that send many
 * requests.  Thoughts are dropped; parts that are not text are omitted.
 */

#include "base/base.h"
#include "base/buf.h"
#include "provider/provider.h"

struct gm_hold {
	struct gm_sink sink;
	struct gm_buf text; /* the answer so far */
};

/*
 * The sink refers to the struct, which must not be moved.  max: the largest
 * answer, in bytes; a larger one fails with GM_EPROTOCOL.
 */
void gm_hold_init(struct gm_hold *, size_t max);

/*
 * Append to a held answer.  Returns 0, or -1: GM_EPROTOCOL (larger than the
 * buffer's maximum), GM_EOS.
 */
int gm_hold_put(
    struct gm_buf *, struct gm_span text, struct gm_err *) GM_MUST_CHECK;

/* Empty it for the next answer; up to 1 MiB of memory is kept. */
void gm_hold_reset(struct gm_hold *);

void gm_hold_release(struct gm_hold *);

#endif
