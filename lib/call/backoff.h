#ifndef GM_CALL_BACKOFF_H
#define GM_CALL_BACKOFF_H

/*
 * The wait before a retry.  No I/O, no clock; chance is an argument.
 *
 * Source: "full jitter" exponential backoff: between nothing and a ceiling of
 * 1 s that doubles with each failure up to 32 s.
 */

#include "base/base.h"

/*
 * failures: so far, from 1.  hint_ms: the wait that the service asks for, -1:
 * none; a longer one counts, up to GM_BACKOFF_HINT_MAX.  chance: any 32 random
 * bits.
 */
int64_t gm_backoff_ms(unsigned failures, int64_t hint_ms, uint32_t chance);

/* A service that fails cannot delay a retry for longer. */
#define GM_BACKOFF_HINT_MAX 60000

/* Lengthen a wait at random by up to 5 %, at most 1 s, so that processes do not
 * all wake at once. */
int64_t gm_backoff_jitter_ms(int64_t wait_ms, uint32_t chance);

#endif
