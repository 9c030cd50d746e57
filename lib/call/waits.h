#ifndef GM_CALL_WAITS_H
#define GM_CALL_WAITS_H

/*
 * Waits that several calls share: for the cooldown of a service's keys with a
 * model.  The first call that has to wait sets the end and reports it; the
 * others wait until then.  No I/O, no clock.
 */

#include <stdbool.h>

#include "base/base.h"
#include "fault.h"

/*
 * Waits at a time, each for another service or model; of more, the one that
 * ends first is forgotten.
 */
#define GM_WAITS_MAX 16

struct gm_wait {
	const void *keys;  /* their address; NULL: none */
	const char *model; /* borrowed */
	enum gm_class why;
	int64_t until_ms; /* monotonic clock */
};

/* All zero: there is no wait. */
struct gm_waits {
	struct gm_wait items[GM_WAITS_MAX];
	bool shown; /* a status line shows all waits: they need no notes */
};

/*
 * Join a wait for the same keys, model and reason that has not ended at now_ms;
 * if there is none, add this one, and set *news, so that the caller reports it.
 * Returns the end of the wait.
 */
int64_t gm_waits_join(
    struct gm_waits *, const struct gm_wait *, int64_t now_ms, bool *news);

#endif
