#ifndef GM_CALL_POOL_H
#define GM_CALL_POOL_H

/*
 * Many calls at once, over one gm_http.  A supplier gives the next one when
 * there is room for it, a receiver takes each when it has come to its end; so
 * there may be any number of them in constant memory.  After a rate limit the
 * calls of that quota come back slowly, see ramp.h.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/call.h"

/* Calls that a pool may have under way at once. */
#define GM_POOL_MAX 256

struct gm_pool {
	struct gm_http *http;
	size_t slots; /* calls under way at once; 1 to GM_POOL_MAX */
	/*
	 * Fill in the next one.  Returns 1, 0 if there is none now (asked again
	 * when a call has ended or watch becomes readable), or -1: no more
	 * come.
	 */
	int (*next)(struct gm_call_args *, void *arg);
	/*
	 * A call has come to its end: rc and *err are what it came to, the rest
	 * is in its result.  Returns 0, or -1 to end all others and the run,
	 * with *err.
	 */
	int (*done)(
	    const struct gm_call_args *, int rc, void *arg, struct gm_err *err);
	/*
	 * Before each look for calls: what the caller has to do beside them.
	 * Returns 0, or -1 to end all calls and the run, with *err.  NULL:
	 * nothing.
	 */
	int (*tick)(void *arg, struct gm_err *);
	void *arg;
	/*
	 * The caller draws the status line; else it shows what is waited for.
	 */
	bool has_status;
	/* Descriptor that wakes the pool when it becomes readable, for next()
	 * or tick(), which see to it that it does not stay so; -1: none. */
	int watch;
};

/*
 * Run all calls to their end.  A request to drain ends the supply, and calls
 * that only wait for a slot, a cooldown or a retry; one to stop now, or the
 * deadline, ends all calls, each by done(); so does what a call fails with,
 * also if its request cannot be made.  All services have one state of the keys.
 * Returns 0, or -1: what done() failed with, or GM_EOS without memory for the
 * pool or the network; calls under way are dropped then.
 */
int gm_pool_run(const struct gm_pool *, struct gm_err *) GM_MUST_CHECK;

/*
 * A single call.  Returns 0 if the whole answer went to the sink, else -1 with
 * *err: the class's code, what failed, the HTTP status and the service's words;
 * GM_ESIGNAL; or the sink's own error.
 */
int gm_pool_call(const struct gm_call_args *, struct gm_err *) GM_MUST_CHECK;

#endif
