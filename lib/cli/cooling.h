#ifndef GM_CLI_COOLING_H
#define GM_CLI_COOLING_H

/*
 * The number of keys of a service that cannot be used now, for the progress
 * line.
 */

#include "base/base.h"
#include "call/service.h"

/* All zero: not counted yet. */
struct gm_cooling {
	size_t keys;     /* cooling down, or rejected */
	int64_t then_ms; /* private: time of the count */
};

/*
 * Return that number for a model.  It is counted again only after a second
 * (monotonic clock), as that reads the state of the keys.
 */
size_t gm_cooling_count(struct gm_cooling *, const struct gm_service *,
    const char *model, int64_t now_ms);

#endif
