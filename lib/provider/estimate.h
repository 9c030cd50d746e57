#ifndef GM_PROVIDER_ESTIMATE_H
#define GM_PROVIDER_ESTIMATE_H

/*
 * Estimate of the input tokens of a request.  No I/O.
 */

#include "base/base.h"
#include "provider/provider.h"

/* Tokens of a turn in addition to its text. */
#define GM_ESTIMATE_TURN 4

/*
 * The sum over the system instruction and all turns; only text parts count.
 */
int64_t gm_estimate_request(const struct gm_request *);

#endif
