#ifndef GM_CALL_HOPS_H
#define GM_CALL_HOPS_H

/*
 * One answer from several responses.  A service may end a response in the
 * middle of a long answer with a token; the same request with this token
 * continues the answer.  Tokens also come inside a response, as checkpoints
 * from which the answer continues if the connection breaks.
 *
 * The hops are a sink between the reader and the sink of the answer.  Text
 * after a token is not safe before the next token or the end, as the service
 * would send it again.  A sink that is not final therefore gets it only then,
 * and the rest of a broken response is dropped.  A final sink gets all text at
 * once; if the answer continues from an older token, repeated text is compared
 * and only new text is passed on.  If the text differs, the answer cannot be
 * completed: differs is set, and the sink fails.  Other parts go to either sink
 * at once, and as many are skipped when the answer continues from an older
 * token.
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
#define GM_HOPS_STUCK 3 /* times in a row from the same token */

/* Text, or thoughts, after the token; private. */
struct gm_hops_tail {
	struct gm_buf bytes;
	size_t seen; /* bytes that this response has repeated or brought */
};

struct gm_hops {
	struct gm_sink sink; /* for the reader */
	struct gm_buf token; /* that continues the answer; empty: none */
	bool moved;          /* the token is new since the last request */
	bool differs;        /* repeated text was not the same */
	bool broke;          /* the response before this one broke off */

	/* Private. */
	const struct gm_sink *to; /* borrowed */
	struct gm_answer *answer; /* borrowed */
	bool fresh;               /* this response has brought a token */
	bool lost;                /* the tail was too long to go back */
	unsigned hops, stuck;
	struct gm_hops_tail text, thought;
	size_t others,
	    others_seen;         /* parts after the token; of this response */
	struct gm_usage earlier; /* of the responses before this one */
	/* The state at the token. */
	struct gm_usage usage;
	uint32_t text_half, thought_half;
};

/* Both are borrowed until gm_hops_release(). */
void gm_hops_init(struct gm_hops *, const struct gm_sink *, struct gm_answer *);

/* Make the answer ready for the response to a request with the token. */
void gm_hops_begin(struct gm_hops *);

/*
 * After a response with GM_FINISH_MORE: return true if the answer can continue,
 * which needs a new token.  Text after the token is sent again.
 */
bool gm_hops_next(struct gm_hops *);

/*
 * After a response that broke: true if the answer can continue from the token.
 */
bool gm_hops_may_resume(const struct gm_hops *);

/* Continue from there; false if that is not possible. */
bool gm_hops_resume(struct gm_hops *);

/*
 * True if the last response has ended before it repeated all text that a final
 * sink has.
 */
bool gm_hops_is_short(const struct gm_hops *);

/* At the end of the answer: pass on the rest.  Returns 0, or the sink's -1. */
int gm_hops_end(struct gm_hops *, struct gm_err *) GM_MUST_CHECK;

/* Add the usage of earlier responses to that of the answer, once. */
void gm_hops_add_up(struct gm_hops *);

/* Start the answer again, without a token. */
void gm_hops_reset(struct gm_hops *);

void gm_hops_release(struct gm_hops *);

#endif
