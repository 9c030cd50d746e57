#ifndef GM_KEYS_RETRY_H
#define GM_KEYS_RETRY_H

/*
 * How long to wait before the same question is sent again.  No I/O, no clock;
 * chance comes in as an argument.
 *
 * Source: "full jitter" exponential backoff: between nothing and a ceiling of
 * 1 s that doubles with each failure up to 32 s.
 */

#include "base/base.h"
#include "fault.h"

/*
 * failures: those so far, from 1.  hint_ms: what the service asks for, -1:
 * nothing; if it is longer it counts, up to GM_RETRY_HINT_MAX.  chance: any 32
 * random bits.
 */
int64_t
gm_retry_backoff_ms(unsigned failures, int64_t hint_ms, uint32_t chance);

/* A failing service may not ask for more: it is tried again after a minute. */
#define GM_RETRY_HINT_MAX 60000

/* A rest without an end. */
#define GM_RETRY_FOREVER INT64_MAX

/*
 * How long a key, a project or a quota rests after a fault of this class; the
 * one place that reckons it.  hint_ms: what the service says, -1: nothing.
 * before_ms: the rest that it was given last, if it has failed ever since, 0:
 * none; a rest that follows another is at least 1 s and twice as long, at most
 * 10 minutes, so that a service that goes on refusing is asked less and less.
 * An unexplained 403 takes 5 minutes first.
 * day_ms: until the daily quotas begin anew, which a daily quota's rest is
 * never longer than.  Keys that were refused are asked again after a while, as
 * somebody may have mended them: all but leaked ones.
 */
int64_t gm_retry_cooling_ms(
    enum gm_class, int64_t hint_ms, int64_t before_ms, int64_t day_ms);

/*
 * The same a little later, so that waiting processes do not all wake at once.
 */
int64_t gm_retry_jitter_ms(int64_t wait_ms, uint32_t chance);

#endif
