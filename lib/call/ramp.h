#ifndef GM_CALL_RAMP_H
#define GM_CALL_RAMP_H

/*
 * The rate of starts after a rate limit: when the cooldown of a quota has
 * ended, its calls start at half of their earlier rate.  The rate doubles after
 * each interval without a new limit, until it delays no call any more.
 *
 * The earlier rate is the number of starts in the last minute, as services
 * count.  The gap between two starts is never longer than the cooldown, so that
 * at least one call starts in each; the first one starts when the cooldown has
 * ended.  An interval is as long as the cooldown was, 1 to 60 s.
 *
 * Each quota has its own rate.  No I/O, no clock: times are of the
 * monotonic clock, in milliseconds, and never go back by much.
 */

#include <stdbool.h>

#include "base/base.h"

/* Quotas that are kept; of more, the one unused for longest is forgotten. */
#define GM_RAMP_MAX 32

/* Buckets of a minute, in which starts are counted. */
#define GM_RAMP_BUCKETS 6

struct gm_ramp_quota {
	uint64_t id; /* see gm_ramp_id(); 0: none */
	int64_t used_ms;

	unsigned starts[GM_RAMP_BUCKETS]; /* in 10 s each */
	int64_t bucket;                   /* the newest one's number */

	int64_t gap_ms;      /* between two starts; 0: there is no limit */
	int64_t next_ms;     /* the next start */
	int64_t limited_ms;  /* when the last limit was noticed */
	int64_t interval_ms; /* until the rate doubles */
	int64_t check_ms;    /* time of that */
	bool delays;         /* a start was delayed since the rate doubled */
};

/* All zero: nothing is known. */
struct gm_ramp {
	struct gm_ramp_quota quotas[GM_RAMP_MAX];
};

/* The id of a quota: a hash, never 0.  model NULL: the call has none. */
uint64_t gm_ramp_id(const char *origin, const char *project, const char *model);

/*
 * Book a start, not before from_ms.  Returns true if the call may start at
 * *at_ms, at most a second later; the start is counted.  False: try again at
 * *at_ms, as the rate may change before.
 */
bool
gm_ramp_start(struct gm_ramp *, uint64_t id, int64_t from_ms, int64_t *at_ms);

/*
 * Note at now_ms that a call that started at start_ms was rate-limited; the
 * quota cools down until until_ms.  Of the calls that started before a limit
 * was noticed, only the first one lowers the rate.
 */
void gm_ramp_limit(struct gm_ramp *, uint64_t id, int64_t start_ms,
    int64_t now_ms, int64_t until_ms);

#endif
