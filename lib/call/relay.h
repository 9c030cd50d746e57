#ifndef GM_CALL_RELAY_H
#define GM_CALL_RELAY_H

/*
 * Where a question goes when an attempt came to nothing: to another model, to
 * another service, or to its end.  Nothing here sends anything, or waits.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "call/outcome.h"
#include "call/task.h"

/* A model is asked now: note what it will ignore or reject, if wanted. */
void gm_relay_caution(const struct gm_ask *);

/* What a fault of the attempt may be charged to. */
struct gm_subject gm_relay_subject(const struct gm_ask *);

/* Fill *err with what is wrong with an attempt. */
void gm_relay_explain(
    const struct gm_ask *, const struct gm_fault *, struct gm_err *);

/* The end, with the class of the whole. */
void gm_relay_finish(struct gm_ask *, enum gm_class, int rc);

/* The end, as something of ours failed: err has it. */
void gm_relay_fail_local(struct gm_ask *);

/* The end with the last attempt's fault. */
void gm_relay_fail(struct gm_ask *);

/*
 * The next of the service's models; false if there is none, or if text was
 * given out.
 */
bool gm_relay_model(struct gm_ask *);

/*
 * This service cannot answer, as err says: the next one is asked, with its own
 * models, or all comes to its end; that also if text was given out.
 */
void gm_relay_give_up(struct gm_ask *, enum gm_class);

/* The same with the last attempt's fault; before: in front of its words. */
void gm_relay_give_up_on_fault(struct gm_ask *, const char *before);

/* The end in any case, with err; what other services came to counts. */
void gm_relay_end(struct gm_ask *, enum gm_class);

#endif
