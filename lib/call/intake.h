#ifndef GM_CALL_INTAKE_H
#define GM_CALL_INTAKE_H

/*
 * The answer of a call on its way in: the bytes of its responses become parts
 * (response.h), which are joined (hops.h), counted, and given to the caller's sink;
 * at the end it says what the answer came to.  It decides nothing: policy.h does.
 *
 * White space alone is no answer, so it is held until something follows it.
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
	bool answered; /* text that is not white space alone, or a part */
	bool given;    /* something went to a sink that cannot take it back */

	/* private */
	const struct gm_sink *to;  /* borrowed, as is the next one */
	struct gm_result *result;  /* its answer and text_bytes are filled */
	struct gm_sink counting;   /* of the hops */
	bool thoughts;             /* they were asked for, and are shown */
	struct gm_buf blanks;      /* white space that is held */
	int64_t begun_ms, text_ms; /* monotonic: call; first text, 0: none */
};

/* The sink and the result are borrowed until gm_intake_release(). */
void gm_intake_init(struct gm_intake *, const struct gm_sink *,
    struct gm_result *, int64_t begun_ms);

/* A request is about to be sent: get ready for its response. */
void gm_intake_begin(
    struct gm_intake *, const struct gm_provider *, const struct gm_request *);

/*
 * Take the next bytes; arg is the intake.  As gm_response_take(), which is where
 * the fault is then.
 */
enum gm_http_pulse gm_intake_take(
    const struct gm_http_head *, struct gm_span, void *arg, struct gm_err *);

/*
 * After gm_response_end(): an answer that goes on other than it was printed cannot
 * be completed, which is a fault of the response.
 */
void gm_intake_judge(struct gm_intake *);

/* No response follows: give all text that has come.  Returns 0, or -1. */
int gm_intake_close(struct gm_intake *, struct gm_err *) GM_MUST_CHECK;

/* The class of an answer that has come to its end. */
enum gm_class gm_intake_class(const struct gm_intake *, enum gm_operation);

/* Drop what has come; nothing of it was given to a final sink. */
void gm_intake_restart(struct gm_intake *);

void gm_intake_release(struct gm_intake *);

#endif
