#ifndef GM_CALL_FALLBACK_H
#define GM_CALL_FALLBACK_H

/*
 * What the services came to that were asked one after the other, and which of
 * them decides the status when none could answer.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "fault.h"

/* The end of one service. */
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
 * Add the failure of a service.  The first one's class decides, but where its
 * keys are refused another one's that only rest count more, as then it pays to
 * come back: at the earliest time of all.  The words are those of all of them,
 * each behind its name.
 */
void gm_fallback_add(struct gm_fallback *, const struct gm_failure *);

#endif
