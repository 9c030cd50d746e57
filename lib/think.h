#ifndef GM_THINK_H
#define GM_THINK_H

/*
 * Thoughts that a model writes into its text: when that begins, after white
 * space, with "<think>", what stands up to "</think>" is a thought, and white
 * space behind it is dropped.
 *
 * Text goes in as it comes, cut anywhere between characters.  What may be a
 * thought is held back until the end tag is there; if it never comes, or only
 * after more than GM_THINK_MAX bytes, all of it was text after all, tag
 * included, as no answer may be lost.  No I/O.
 */

#include "base.h"
#include "buf.h"
#include "err.h"
#include "span.h"

#define GM_THINK_MAX (4 * 1024 * 1024)

/* All zero: text that has no thoughts in it, as nothing can be held. */
struct gm_think {
	int state;          /* private to think.c */
	struct gm_buf held; /* what may be a thought, tag included */
};

/* What came out, in this order; gone with the next call and with the piece. */
struct gm_think_out {
	struct gm_span thought, text[2];
};

void gm_think_init(struct gm_think *);

/* Take a piece of the text.  Returns 0, or -1: GM_EOS. */
int gm_think_take(struct gm_think *, struct gm_span piece,
    struct gm_think_out *, struct gm_err *) GM_MUST_CHECK;

/* The answer is over: what is held is text; so is all that comes after. */
void gm_think_end(struct gm_think *, struct gm_think_out *);

void gm_think_release(struct gm_think *);

#endif
