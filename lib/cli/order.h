#ifndef GM_CLI_ORDER_H
#define GM_CLI_ORDER_H

/*
 * The order of a batch's output: finished lines are held until those of all
 * earlier records have gone.  A reorder buffer: a ring with one slot for each
 * record from the one that is due, so that a record costs the same however
 * many are held.
 *
 *	gm_order_hold(&order, number, line, &err);
 *	while (gm_order_take(&order, &line))
 *		write line
 *
 * Once
 * gm_order_is_full(), no further request may begin; those in flight may finish,
 * so that what is held may exceed the limits by their lines.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"

/* Limits for what is held: lines, and bytes of lines. */
#define GM_ORDER_LINES 10000
#define GM_ORDER_BYTES (16 * 1024 * 1024)

struct gm_order_slot {
	char *line; /* owned; NULL: not held yet */
	size_t len;
};

struct gm_order {
	/*
	 * The caller's, set after the start, borrowed: what goes in place of an
	 * empty line or none once a line behind it goes; len 0: nothing.
	 */
	struct gm_span gap;
	/* private: */
	bool unordered, ended;
	int64_t due; /* number of the record whose line goes next */
	struct gm_order_slot *ring; /* slot of number n: n modulo room */
	size_t room;                /* a power of 2, or 0 */
	size_t lines, bytes;        /* held */
	int64_t gaps;               /* before the next line that is not empty */
	char *taken;                /* owned; what the caller has */
};

/* unordered: each line goes as soon as it is there. */
void gm_order_init(struct gm_order *, bool unordered);

/*
 * Hold a copy of the line of a record; numbers begin at 1, and each is given
 * once.  An empty line is a record that has none: later ones need not wait for
 * it.  Returns 0, or -1: GM_EOS, and nothing has changed.
 */
int gm_order_hold(struct gm_order *, int64_t number, struct gm_span line,
    struct gm_err *) GM_MUST_CHECK;

/*
 * The next line that may go, valid until the next call of this function or
 * gm_order_release(); false: there is none now.
 */
bool gm_order_take(struct gm_order *, struct gm_span *line);

/*
 * No line comes any more: those that wait for a record that is not held may
 * go, still in order.
 */
void gm_order_end(struct gm_order *);

/* Are so many lines, or bytes of them, held that no request may begin? */
bool gm_order_is_full(const struct gm_order *);

void gm_order_release(struct gm_order *);

#endif
