#ifndef GM_PROVIDER_ESTIMATE_H
#define GM_PROVIDER_ESTIMATE_H

/*
 * The estimate of the input tokens of a whole request.  No I/O.
 */

#include "base/base.h"
#include "provider/provider.h"

/* Tokens that a turn has besides its text. */
#define GM_ESTIMATE_TURN 4

/*
 * The sum over the system instruction and all turns.  Parts other than text
 * count nothing.
 */
int64_t gm_estimate_request(const struct gm_request *);

#endif
