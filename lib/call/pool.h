#ifndef GM_CALL_POOL_H
#define GM_CALL_POOL_H

/*
 * Many calls at once, over one gm_http.  A supplier provides the next call when
 * a slot is free, a receiver takes each one when it is done, so any number of
 * calls needs constant memory.  After a rate limit the calls of the quota start
 * again slowly, see ramp.h.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/call.h"

/* Most calls at once. */
#define GM_POOL_MAX 256

struct gm_pool {
	struct gm_http *http;
	size_t slots; /* calls at once; 1 to GM_POOL_MAX */
	/*
	 * Fill in the next call.  Returns 1; 0 if there is none now, to be
	 * called again when a call is done or watch is readable; or -1: no more
	 * come.
	 */
	int (*next)(struct gm_call_args *, void *arg);
	/*
	 * Take a call that is done: rc and *err are its end, the rest is in its
	 * result.  Returns 0, or -1 to end all other calls and the run, with
	 * *err.
	 */
	int (*done)(
	    const struct gm_call_args *, int rc, void *arg, struct gm_err *err);
	/*
	 * Do the caller's other work, before calls are supplied.  Returns 0, or
	 * -1 to end all calls and the run, with *err.  NULL: there is none.
	 */
	int (*tick)(void *arg, struct gm_err *);
	/*
	 * Take the text of a wait that a person may want to know of, "" if there
	 * is none, for the caller's own status line.  NULL: the pool shows waits
	 * in the status line.
	 */
	void (*wait)(struct gm_span text, void *arg);
	void *arg;
	/* Descriptor that wakes the pool when it becomes readable, for next()
	 * or tick(), which must read it empty; -1: none. */
	int watch;
};

/*
 * Run all calls to their end.  GM_STOP_DRAIN ends the supply, and calls that
 * only wait for a slot, a cooldown or a retry; GM_STOP_NOW and the deadline end
 * all calls.  Each call ends with done(), also if its request cannot be made.
 * All services share one key state.
 *
 * Returns 0, or -1: the error of done(), or GM_EOS without memory for the pool
 * or the network.  Calls in flight are dropped then.
 */
int gm_pool_run(const struct gm_pool *, struct gm_err *) GM_MUST_CHECK;

/*
 * A single call.  Returns 0 if the whole answer went to the sink, else -1 with
 * *err: the class's code, what failed, the HTTP status and the service's words;
 * GM_ESIGNAL; or the sink's own error.
 */
int gm_pool_call(const struct gm_call_args *, struct gm_err *) GM_MUST_CHECK;

#endif
