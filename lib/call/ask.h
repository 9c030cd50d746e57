#ifndef GM_CALL_ASK_H
#define GM_CALL_ASK_H

/*
 * One question to its answer: choose a key, send, judge, and go on with another
 * key, later, or with another model where that may help and nothing has been
 * given out yet.  The one retry loop of the suite.
 *
 * A question is a small state machine that never blocks: gm_ask_step() moves
 * it when its time has come, and the transfers of all questions are driven by
 * one gm_http.  drive.h runs them to their end.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/course.h"

/*
 * Make a question ready to be sent; all is borrowed until gm_ask_release().
 * Returns 0, or -1 with GM_EOS or GM_EDATA (the request is too large).
 */
int gm_ask_begin(struct gm_ask *, const struct gm_service *,
    const struct gm_question *, const struct gm_sink *, struct gm_outcome *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Tell what would be sent, but for the body, with the key that would be chosen
 * now, masked.  Returns 0, or -1 with GM_EOS.
 */
int
gm_ask_describe(struct gm_ask *, enum gm_level, struct gm_err *) GM_MUST_CHECK;

/* Send it if it is due; changes nothing otherwise. */
void gm_ask_step(struct gm_ask *, int64_t now_ms);

/* End it now, its connection closed, with this class. */
void gm_ask_stop(struct gm_ask *, enum gm_class);

void gm_ask_release(struct gm_ask *);

#endif
