#ifndef GM_CALL_INTAKE_H
#define GM_CALL_INTAKE_H

/*
 * The input side of a call: the bytes of its responses become parts
 * (response.h), which are joined (hops.h), counted, and passed to the caller's
 * sink; at the end it classifies the answer.  Decisions are made in policy.h.
 *
 * White space alone is no answer, so it is held until text follows it.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "call/hops.h"
#include "call/result.h"
#include "provider/provider.h"
#include "provider/response.h"

struct gm_intake {
	struct gm_response response; /* the response that is being read */
	struct gm_hops hops;         /* the responses of the answer */
	bool answered; /* text other than white space, or a part, has come */
	bool given;    /* a final sink has got something */

	/* private */
	const struct gm_sink *to;  /* borrowed, as is the next one */
	struct gm_result *result;  /* its answer and text_bytes are filled */
	struct gm_sink counting;   /* of the hops */
	bool thoughts;             /* were requested, and are shown */
	struct gm_buf blanks;      /* white space that is held */
	int64_t begun_ms, text_ms; /* monotonic: call; first text, 0: none */
};

/* The sink and the result are borrowed until gm_intake_release(). */
void gm_intake_init(struct gm_intake *, const struct gm_sink *,
    struct gm_result *, int64_t begun_ms);

/* Prepare for the response to a request. */
void gm_intake_begin(
    struct gm_intake *, const struct gm_provider *, const struct gm_request *);

/* Take the next bytes; arg is the intake.  Returns as gm_response_take(). */
enum gm_http_pulse gm_intake_take(
    const struct gm_http_head *, struct gm_span, void *arg, struct gm_err *);

/*
 * After gm_response_end(): set the fault of a response whose text differs from
 * the text that was printed before.
 */
void gm_intake_judge(struct gm_intake *);

/* After the last response: pass on all text.  Returns 0, or -1. */
int gm_intake_close(struct gm_intake *, struct gm_err *) GM_MUST_CHECK;

/* Classify an answer that has ended. */
enum gm_class gm_intake_class(const struct gm_intake *, enum gm_operation);

/* Drop the answer so far; no final sink has any of it. */
void gm_intake_restart(struct gm_intake *);

void gm_intake_release(struct gm_intake *);

#endif
