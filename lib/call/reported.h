#ifndef GM_CALL_REPORTED_H
#define GM_CALL_REPORTED_H

/*
 * Failures of services that were reported already, so that many calls report
 * each once.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "config/vendor.h"
#include "fault.h"

/* All zero: nothing was reported. */
struct gm_reported {
	struct {
		const void *service; /* its address; NULL: none */
		bool classes[GM_CLASSES];
	} items[GM_VENDORS];
};

/* Return true the first time that a service fails with the class. */
bool
gm_reported_is_new(struct gm_reported *, const void *service, enum gm_class);

#endif
