#ifndef GM_CALL_BACKOFF_H
#define GM_CALL_BACKOFF_H

/*
 * How long a call waits before the same request is sent again.  No I/O, no
 * clock; chance comes in as an argument.
 *
 * Source: "full jitter" exponential backoff: between nothing and a ceiling of
 * 1 s that doubles with each failure up to 32 s.
 */

#include "base/base.h"

/*
 * failures: those so far, from 1.  hint_ms: what the service asks for, -1:
 * nothing; if it is longer it counts, up to GM_BACKOFF_HINT_MAX.  chance: any 32
 * random bits.
 */
int64_t gm_backoff_ms(unsigned failures, int64_t hint_ms, uint32_t chance);

/* A failing service may not ask for more: it is tried again after a minute. */
#define GM_BACKOFF_HINT_MAX 60000

/* A wait a little later, so that waiting processes do not all wake at once. */
int64_t gm_backoff_jitter_ms(int64_t wait_ms, uint32_t chance);

#endif
