#ifndef LATE_H
#define LATE_H

/* Let the deadline pass, and undo it. */

#include <poll.h>

#include "base/stop.h"

static inline void
be_late(void)
{
	struct gm_err err;

	assert_int_equal(gm_stop_install(false, &err), 0);
	assert_int_equal(gm_stop_deadline(1, &err), 0);
	while (!gm_stop_is_late())
		(void)poll(NULL, 0, 1);
}

static inline void
be_on_time(void)
{
	struct gm_err err;

	gm_stop_last_words();
	assert_int_equal(gm_stop_deadline(0, &err), 0);
	assert_false(gm_stop_is_late());
}

#endif
