#ifndef GM_SUMM_RUN_H
#define GM_SUMM_RUN_H

/*
 * A run of gm-summ: plans a document for each file (doc.h), sends its sections
 * and prints its summary.  The sections of all documents share one pool.
 * Summaries are printed in the order of the operands, each as early as
 * possible.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/services.h"
#include "gm-summ/cache.h"
#include "gm-summ/options.h"

/*
 * Summarise the files, over services that are open.  Returns 0 if each has its
 * summary, or -1 with the error that decides the status: of the output or
 * memory; GM_ESIGNAL or the deadline; of the service, if no key can be used or
 * it would reject all files; the code of the failed files if all have failed
 * with it, else GM_ENEGATIVE.
 */
int gm_summ_run(const struct gm_summ_options *, struct gm_services *,
    struct gm_cache *, int argc, char **argv, struct gm_err *) GM_MUST_CHECK;

#endif
