#ifndef GM_DRIVE_H
#define GM_DRIVE_H

/*
 * One question, driven to its end: transfers, waits, signals, the deadline.
 */

#include "ask.h"
#include "base.h"
#include "err.h"
#include "outcome.h"
#include "provider.h"

/*
 * Returns 0 if the whole answer went to the sink, else -1 with *err: the
 * class's code, what failed, the HTTP status and the service's words;
 * GM_ESIGNAL; or the sink's own error.
 */
int gm_drive(const struct gm_service *, const struct gm_question *,
    const struct gm_sink *, struct gm_outcome *, struct gm_err *) GM_MUST_CHECK;

#endif
