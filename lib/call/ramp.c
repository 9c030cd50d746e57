#include <string.h>

#include "call/ramp.h"

#define MINUTE_MS 60000
#define BUCKET_MS (MINUTE_MS / GM_RAMP_BUCKETS)
#define BOOKED_MS 1000 /* longest time from now to a start that is booked */
#define INTERVAL_MIN_MS 1000

static int64_t
clamp(int64_t ms, int64_t min, int64_t max)
{
	if (ms < min)
		return min;
	return ms < max ? ms : max;
}

/* FNV-1a; the NUL counts, so that "ab" "c" and "a" "bc" differ. */
static uint64_t
add_text(uint64_t sum, const char *text)
{
	do
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
	while (*text++ != '\0');
	return sum;
}

uint64_t
gm_ramp_id(const char *origin, const char *project, const char *model)
{
	uint64_t sum = UINT64_C(0xCBF29CE484222325);

	sum = add_text(sum, origin);
	sum = add_text(sum, project);
	sum = add_text(sum, model != NULL ? model : "");
	return sum != 0 ? sum : 1;
}

/* Find a quota; a new one replaces the one unused for longest. */
static struct gm_ramp_quota *
find(struct gm_ramp *r, uint64_t id, int64_t now_ms)
{
	struct gm_ramp_quota *q, *oldest = r->quotas;

	for (q = r->quotas; q < r->quotas + GM_RAMP_MAX; q++) {
		if (q->id == id)
			break;
		if (q->used_ms < oldest->used_ms)
			oldest = q;
	}
	if (q == r->quotas + GM_RAMP_MAX) {
		q = oldest;
		*q = (struct gm_ramp_quota){ .id = id };
	}
	if (q->used_ms < now_ms)
		q->used_ms = now_ms;
	return q;
}

/* Move to the bucket of this time, and empty those older than a minute. */
static void
advance(struct gm_ramp_quota *q, int64_t now_ms)
{
	int64_t bucket = now_ms / BUCKET_MS;

	if (bucket - q->bucket >= GM_RAMP_BUCKETS)
		q->bucket = bucket - GM_RAMP_BUCKETS;
	while (q->bucket < bucket)
		q->starts[++q->bucket % GM_RAMP_BUCKETS] = 0;
}

static int64_t
count(const struct gm_ramp_quota *q)
{
	int64_t all = 0;
	size_t i;

	for (i = 0; i < GM_RAMP_BUCKETS; i++)
		all += q->starts[i];
	return all;
}

/*
 * Double the rate for each interval that has passed.  If no start was delayed
 * in one, the calls are slower than the limit by themselves: lift it.
 */
static void
relax(struct gm_ramp_quota *q, int64_t now_ms)
{
	while (q->gap_ms > 0 && now_ms >= q->check_ms) {
		q->gap_ms = q->delays ? q->gap_ms / 2 : 0;
		q->check_ms += q->interval_ms;
		q->delays = q->next_ms > now_ms;
		/* The next start was booked with the longer gap. */
		if (q->next_ms > now_ms + q->gap_ms)
			q->next_ms = now_ms + q->gap_ms;
	}
}

bool
gm_ramp_start(struct gm_ramp *r, uint64_t id, int64_t from_ms, int64_t *at_ms)
{
	struct gm_ramp_quota *q = find(r, id, from_ms);

	relax(q, from_ms);
	*at_ms = from_ms;
	if (q->gap_ms > 0 && q->next_ms > from_ms) {
		q->delays = true;
		*at_ms = q->next_ms;
	}
	if (*at_ms > from_ms + BOOKED_MS) {
		*at_ms = from_ms + BOOKED_MS;
		return false;
	}
	if (q->gap_ms > 0)
		q->next_ms = *at_ms + q->gap_ms;
	advance(q, *at_ms);
	q->starts[q->bucket % GM_RAMP_BUCKETS]++;
	return true;
}

void
gm_ramp_limit(struct gm_ramp *r, uint64_t id, int64_t start_ms, int64_t now_ms,
    int64_t until_ms)
{
	struct gm_ramp_quota *q = find(r, id, now_ms);
	bool same = q->limited_ms != 0 && start_ms <= q->limited_ms;
	int64_t cooldown_ms = clamp(until_ms - now_ms, 1, INT64_MAX), had;

	if (same && until_ms <= q->next_ms)
		return;
	if (!same) {
		advance(q, now_ms);
		had = clamp(count(q), 1, MINUTE_MS);
		relax(q, now_ms);
		q->gap_ms =
		    clamp(2 * q->gap_ms, 2 * MINUTE_MS / had, 2 * MINUTE_MS);
		q->limited_ms = now_ms;
		q->delays = true;
	}
	q->interval_ms = clamp(cooldown_ms, INTERVAL_MIN_MS, MINUTE_MS);
	q->gap_ms = clamp(q->gap_ms, 1, cooldown_ms);
	q->next_ms = until_ms;
	q->check_ms = until_ms + q->interval_ms;
}
