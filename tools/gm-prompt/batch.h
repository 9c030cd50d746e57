#ifndef GM_PROMPT_BATCH_H
#define GM_PROMPT_BATCH_H

/*
 * A batch: each record of standard input is a request, many at once.
 *
 * The pool takes the next record when one of its slots is free.  Results are
 * written in the order of the input, each as early as possible.  Memory is
 * bounded by the records in flight and by the results that wait for an earlier
 * one.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/services.h"
#include "gm-prompt/options.h"

/*
 * Run a batch over services that are open.  Returns 0 if every record has its
 * whole answer, or -1 with the error that decides the status: of input, output
 * or memory; GM_ESIGNAL or the deadline; of the keys, if none can be used;
 * GM_ETEMPFAIL at --max-requests or --max-total-tokens; the code of the failed
 * records if all records have failed with it, else GM_ENEGATIVE.
 */
int gm_batch_run(struct gm_prompt_options *, struct gm_services *, int argc,
    char **argv, struct gm_err *) GM_MUST_CHECK;

#endif
