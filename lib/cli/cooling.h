#ifndef GM_CLI_COOLING_H
#define GM_CLI_COOLING_H

/*
 * How many keys of a service cannot be used now, for the progress line.
 */

#include "base/base.h"
#include "call/service.h"

/* All zero: they were not counted yet. */
struct gm_cooling {
	size_t keys;     /* cooling down, or rejected */
	int64_t then_ms; /* private: when they were counted */
};

/*
 * Returns how many; counts again only after a second (monotonic clock), as the
 * state of the keys is looked at.  model: the one that is requested.
 */
size_t gm_cooling_count(struct gm_cooling *, const struct gm_service *,
    const char *model, int64_t now_ms);

#endif
