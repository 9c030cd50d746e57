#ifndef GM_CALL_HOPS_H
#define GM_CALL_HOPS_H

/*
 * One answer made of several responses.  A service may end a response in the
 * midst of a long answer with a token: the same request with that token
 * continues it.  Tokens also come inside a response, as checkpoints from which
 * the answer goes on if the connection breaks.
 *
 * The hops stand as a sink between the reader and the sink of the answer.
 * After a token, text is not safe until the next token or the end: the service
 * would send it again.  So a sink that is not final gets it only then, and what
 * a broken response left is dropped.  A final sink gets all text at once; when
 * the answer goes on from an older token, text that was already given is
 * compared, and only what follows is given.  If it is not the same, the answer
 * cannot be completed: differs is set, and the sink fails.  Parts that are no
 * text are given at once to either sink, and as many are skipped when the
 * answer goes on from an older token.
 *
 * Source: https://ai.google.dev/gemini-api/docs/generate-content/long-decode.
 * No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "provider/provider.h"

#define GM_HOPS_TOKEN_MAX (64 * 1024)      /* longer ones are ignored */
#define GM_HOPS_TAIL_MAX (8 * 1024 * 1024) /* bytes after a token */
#define GM_HOPS_MAX 1000                   /* responses of one answer */
#define GM_HOPS_STUCK 3 /* times in a row to go on from the same token */

/* Text, or thoughts, after the token; private. */
struct gm_hops_tail {
	struct gm_buf bytes;
	size_t seen; /* bytes of it that this hop has brought */
};

struct gm_hops {
	struct gm_sink sink; /* for the reader */
	struct gm_buf token; /* continues the answer; empty: nothing does */
	bool moved;          /* the token is not that of the last request */
	bool differs;        /* text came again, but not the same */
	bool broke;          /* the response before this one broke off */

	/* Private. */
	const struct gm_sink *to; /* borrowed */
	struct gm_answer *answer; /* borrowed */
	bool fresh;               /* this hop has brought a token */
	bool lost;                /* the tail was too long: no going back */
	unsigned hops, stuck;
	struct gm_hops_tail text, thought;
	size_t others, others_seen; /* parts after the token; of this hop */
	struct gm_usage earlier;    /* of the hops before this one */
	/* As it was when the token came. */
	struct gm_usage usage;
	uint32_t text_half, thought_half;
};

/* Both are borrowed until gm_hops_release(). */
void gm_hops_init(struct gm_hops *, const struct gm_sink *, struct gm_answer *);

/* A request with the token is about to be sent: make the answer ready. */
void gm_hops_begin(struct gm_hops *);

/*
 * The response ended with GM_FINISH_MORE: can the answer go on?  That takes a
 * token that is new.  Text after it comes again, as after a break.
 */
bool gm_hops_next(struct gm_hops *);

/* The response broke off: can the answer go on from the token? */
bool gm_hops_may_resume(const struct gm_hops *);

/* Go on from there; false if it cannot. */
bool gm_hops_resume(struct gm_hops *);

/*
 * Is something missing of the text that was given?  To be asked when the last
 * response has ended.
 */
bool gm_hops_is_short(const struct gm_hops *);

/* The answer is over: give what is left.  Returns 0, or the sink's -1. */
int gm_hops_end(struct gm_hops *, struct gm_err *) GM_MUST_CHECK;

/* Add the tokens of earlier hops to the answer's usage, once. */
void gm_hops_add_up(struct gm_hops *);

/* The answer begins anew, without a token. */
void gm_hops_reset(struct gm_hops *);

void gm_hops_release(struct gm_hops *);

#endif
