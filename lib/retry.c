#include "retry.h"

#define FIRST_MS 1000
#define CEILING_MS 32000
#define MINUTE_MS 60000

/* chance as a share of max, both ends included. */
static int64_t
share(int64_t max, uint32_t chance)
{
	return (int64_t)(((uint64_t)max * chance) / UINT32_MAX);
}

int64_t
gm_retry_backoff_ms(unsigned failures, uint32_t chance)
{
	int64_t ceiling = FIRST_MS;

	while (failures > 1 && ceiling < CEILING_MS) {
		ceiling *= 2;
		failures--;
	}
	return share(ceiling, chance);
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What the service says or, if it says nothing, how long such a quota lasts. */
static int64_t
first_rest(enum gm_class class, int64_t hint_ms)
{
	if (class == GM_CLASS_QUOTA_DAY)
		return larger(hint_ms, MINUTE_MS);
	if (hint_ms > 0) /* none at all is no proof of health */
		return hint_ms;
	/* Spend is reckoned over ten minutes. */
	return class == GM_CLASS_QUOTA_SPEND ? 10 * MINUTE_MS : MINUTE_MS;
}

int64_t
gm_retry_cooling_ms(
    enum gm_class class, int64_t hint_ms, int64_t before_ms, int64_t day_ms)
{
	int64_t ms = first_rest(class, hint_ms);

	if (class == GM_CLASS_QUOTA_NONE)
		return day_ms;
	if (before_ms > 0) /* the hint was of no use: do not hammer */
		ms = larger(ms, larger(2 * before_ms, FIRST_MS));
	return class == GM_CLASS_QUOTA_DAY && ms > day_ms ? day_ms : ms;
}

int64_t
gm_retry_jitter_ms(int64_t wait_ms, uint32_t chance)
{
	int64_t most = wait_ms / 20 < 1000 ? wait_ms / 20 : 1000;

	return wait_ms + share(most, chance);
}
