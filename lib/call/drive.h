#ifndef GM_CALL_DRIVE_H
#define GM_CALL_DRIVE_H

/*
 * Questions, driven to their end: transfers, waits, signals, the deadline.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/ask.h"
#include "call/outcome.h"
#include "provider/provider.h"

/* Requests on their way at once; what is due beyond them waits. */
#define GM_DRIVE_MAX 16

/*
 * Run questions that were begun, all over one gm_http, to the end of each;
 * what came of it is in its rc and err.  A signal, or the deadline, ends them
 * all.  Returns -1 only if they cannot be driven: GM_EOS.
 */
int
gm_drive_all(struct gm_ask *asks, size_t len, struct gm_err *) GM_MUST_CHECK;

/*
 * A single one.  Returns 0 if the whole answer went to the sink, else -1 with
 * *err: the class's code, what failed, the HTTP status and the service's words;
 * GM_ESIGNAL; or the sink's own error.
 */
int gm_drive(const struct gm_service *, const struct gm_question *,
    const struct gm_sink *, struct gm_outcome *, struct gm_err *) GM_MUST_CHECK;

#endif
