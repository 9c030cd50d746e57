#ifndef GM_CLI_PRINTER_H
#define GM_CLI_PRINTER_H

/*
 * Writes results to an output in their order (order.h), as early as possible,
 * without waiting for a reader before the end.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "base/watch.h"
#include "cli/order.h"
#include "cli/out.h"

/* Ready if it is zero but for out and watch, after gm_order_init(). */
struct gm_printer {
	struct gm_out *out;
	struct gm_watch *watch; /* wakes the loop when out is ready again */
	struct gm_span
	    between;           /* printed between two results; len 0: nothing */
	struct gm_order order; /* to be initialised and filled by the caller */
	bool begun;            /* a result was printed */
	bool waits;            /* private: for the reader of out */
};

/* Write what can be written without waiting.  0, or -1: GM_EIO, GM_EOS. */
int gm_printer_tick(struct gm_printer *, struct gm_err *) GM_MUST_CHECK;

/*
 * Write all results, also those that wait for a missing one: no more follow.
 * Waits for a reader until GM_STOP_NOW.  Returns 0, or -1: GM_EIO, GM_EOS,
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).
 */
int gm_printer_end(struct gm_printer *, struct gm_err *) GM_MUST_CHECK;

void gm_printer_release(struct gm_printer *);

#endif
