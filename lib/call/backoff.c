#include "call/backoff.h"

#define FIRST_MS 1000
#define CEILING_MS 32000

/* Scale chance to 0 to max, both included. */
static int64_t
share(int64_t max, uint32_t chance)
{
	return (int64_t)(((uint64_t)max * chance) / UINT32_MAX);
}

int64_t
gm_backoff_ms(unsigned failures, int64_t hint_ms, uint32_t chance)
{
	int64_t ceiling = FIRST_MS, ms;

	while (failures > 1 && ceiling < CEILING_MS) {
		ceiling *= 2;
		failures--;
	}
	ms = share(ceiling, chance);
	if (hint_ms > GM_BACKOFF_HINT_MAX)
		hint_ms = GM_BACKOFF_HINT_MAX;
	return hint_ms > ms ? hint_ms : ms;
}

int64_t
gm_backoff_jitter_ms(int64_t wait_ms, uint32_t chance)
{
	int64_t most = wait_ms / 20 < 1000 ? wait_ms / 20 : 1000;

	return wait_ms + share(most, chance);
}
