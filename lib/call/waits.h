#ifndef GM_CALL_WAITS_H
#define GM_CALL_WAITS_H

/*
 * Waits that several calls share: those for the keys of a service to be back
 * with a model.  The first call that has to wait decides until when, and tells
 * it; the others wait as long.  No I/O, no clock.
 */

#include <stdbool.h>

#include "base/base.h"
#include "fault.h"

/* Waits that are on at a time, each for another service or model; of more, the
 * one that ends first is forgotten. */
#define GM_WAITS_MAX 16

struct gm_wait {
	const void *keys;  /* whose: their address; NULL: none */
	const char *model; /* borrowed */
	enum gm_class why;
	int64_t until_ms; /* monotonic clock */
};

/* All zero: none is on. */
struct gm_waits {
	struct gm_wait items[GM_WAITS_MAX];
	bool shown; /* a status line shows all waits: they need no notes */
};

/*
 * Returns when the wait ends: that of one that is on at now_ms, for the same
 * keys, model and reason, else its own.  *news: it is its own, and to be told.
 */
int64_t gm_waits_join(
    struct gm_waits *, const struct gm_wait *, int64_t now_ms, bool *news);

#endif
