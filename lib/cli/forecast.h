#ifndef GM_CLI_FORECAST_H
#define GM_CLI_FORECAST_H

/*
 * An estimate of a run over many requests: tokens, and the shortest time under
 * the limits that the user has set.  The speed of the service is not known.  No
 * I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "keys/keys.h"

struct gm_forecast {
	int64_t requests;
	int64_t invalid; /* records that cannot be sent */
	int64_t tokens;  /* of input, estimated */

	/* The limits; 0: there is none. */
	int64_t rpm, rpd, tpm; /* for each quota project */
	int64_t sleep_ms;      /* between two requests */
	size_t projects;       /* usable quota projects, at least 1 */
};

/* Take limits and projects from the keys of a service. */
void gm_forecast_limits(
    struct gm_forecast *, const struct gm_keys *, const struct gm_keyfilter *);

/* Append it as lines of text, or as a JSON object and a newline. */
void gm_forecast_put(const struct gm_forecast *, bool json, struct gm_buf *);

#endif
