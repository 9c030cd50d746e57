#include "keys/retry.h"

#define FIRST_MS 1000
#define CEILING_MS 32000
#define MINUTE_MS 60000
#define LONGEST_MS (10 * MINUTE_MS)
#define FORBIDDEN_MS (5 * MINUTE_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* chance as a share of max, both ends included. */
static int64_t
share(int64_t max, uint32_t chance)
{
	return (int64_t)(((uint64_t)max * chance) / UINT32_MAX);
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
gm_retry_backoff_ms(unsigned failures, int64_t hint_ms, uint32_t chance)
{
	int64_t ceiling = FIRST_MS, ms;

	while (failures > 1 && ceiling < CEILING_MS) {
		ceiling *= 2;
		failures--;
	}
	ms = share(ceiling, chance);
	if (hint_ms > GM_RETRY_HINT_MAX)
		hint_ms = GM_RETRY_HINT_MAX;
	return larger(ms, hint_ms);
}

/* What the service says or, if it says nothing, how long such a quota lasts. */
static int64_t
first_rest(enum gm_class class, int64_t hint_ms)
{
	if (class == GM_CLASS_QUOTA_DAY)
		return larger(hint_ms, MINUTE_MS);
	if (class == GM_CLASS_FORBIDDEN)
		return FORBIDDEN_MS;
	if (hint_ms > 0) /* none at all is no proof of health */
		return hint_ms;
	/* Spend is reckoned over ten minutes. */
	return class == GM_CLASS_QUOTA_SPEND ? LONGEST_MS : MINUTE_MS;
}

/* A quota's; before_ms > 0: the hint was of no use, so do not hammer. */
static int64_t
quota_rest(
    enum gm_class class, int64_t hint_ms, int64_t before_ms, int64_t day_ms)
{
	int64_t ms = first_rest(class, hint_ms);
	int64_t again = larger(2 * before_ms, FIRST_MS);

	if (before_ms > 0 && class == GM_CLASS_QUOTA_DAY)
		ms = larger(ms, again);
	else if (before_ms > 0)
		ms = larger(ms, again < LONGEST_MS ? again : LONGEST_MS);
	return class == GM_CLASS_QUOTA_DAY && ms > day_ms ? day_ms : ms;
}

int64_t
gm_retry_cooling_ms(
    enum gm_class class, int64_t hint_ms, int64_t before_ms, int64_t day_ms)
{
	if (class == GM_CLASS_KEY_LEAKED)
		return GM_RETRY_FOREVER;
	if (class == GM_CLASS_KEY_INVALID || class == GM_CLASS_KEY_EXPIRED ||
	    class == GM_CLASS_KEY_RESTRICTED)
		return DAY_MS;
	if (gm_class(class)->code == GM_ENOPERM && class != GM_CLASS_FORBIDDEN)
		return HOUR_MS;
	if (class == GM_CLASS_QUOTA_NONE)
		return day_ms;
	return quota_rest(class, hint_ms, before_ms, day_ms);
}

int64_t
gm_retry_jitter_ms(int64_t wait_ms, uint32_t chance)
{
	int64_t most = wait_ms / 20 < 1000 ? wait_ms / 20 : 1000;

	return wait_ms + share(most, chance);
}
