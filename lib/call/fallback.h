#ifndef GM_CALL_FALLBACK_H
#define GM_CALL_FALLBACK_H

/*
 * The failures of the services that were tried one after the other; they decide
 * the status if none could answer.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "fault.h"

/* The failure of a service. */
struct gm_failure {
	const char *provider, *model; /* borrowed */
	struct gm_err err;
	enum gm_class class;
	long http;           /* of its last response; 0: there was none */
	int64_t retry_at_ms; /* wall clock; 0: nothing to wait for */
};

/* All zero: none has failed yet. */
struct gm_fallback {
	size_t len;
	struct gm_failure end; /* of all so far, as one */
	bool beyond_keys;      /* one failed for another reason than its keys */
};

/*
 * Add the failure of a service.  The class of the first one decides, unless its
 * keys are rejected and those of another service only cool down: then a later
 * run can succeed, at the earliest time of all.  The message names each
 * service.
 */
void gm_fallback_add(struct gm_fallback *, const struct gm_failure *);

#endif
