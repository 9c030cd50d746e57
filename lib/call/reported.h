#ifndef GM_CALL_REPORTED_H
#define GM_CALL_REPORTED_H

/*
 * What was said before of a service that could not answer, so that many calls
 * say it once.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "config/vendor.h"
#include "fault.h"

/* All zero: nothing was said. */
struct gm_reported {
	struct {
		const void *service; /* whose: an address; NULL: none */
		bool classes[GM_CLASSES];
	} items[GM_VENDORS];
};

/* Is this the first time that the class is said of the service? */
bool
gm_reported_is_new(struct gm_reported *, const void *service, enum gm_class);

#endif
