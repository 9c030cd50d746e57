#ifndef GM_CLI_ORDER_H
#define GM_CLI_ORDER_H

/*
 * A reorder buffer for the output of a batch: a finished line is held until the
 * lines of all earlier records are taken.  It is a ring with a slot for each
 * record from the next one on, so a record costs the same however many are
 * held.
 *
 *	gm_order_hold(&order, number, line, &err);
 *	while (gm_order_take(&order, &line))
 *		write line
 *
 * Once gm_order_is_full(), no further request may begin.  Those in flight may
 * finish, so the limits may be exceeded by their lines.
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
	 * Set by the caller after the start, borrowed: replaces an empty or
	 * missing line once a line after it is taken; len 0: nothing does.
	 */
	struct gm_span gap;
	/* private: */
	bool unordered, ended;
	int64_t due; /* number of the record whose line is taken next */
	struct gm_order_slot *ring; /* slot of number n: n modulo room */
	size_t room;                /* a power of 2, or 0 */
	size_t lines, bytes;        /* held */
	int64_t gaps;               /* before the next line that is not empty */
	char *taken;                /* owned; the line that the caller uses */
};

/* unordered: a line may be taken as soon as it is held. */
void gm_order_init(struct gm_order *, bool unordered);

/*
 * Hold a copy of the line of a record; numbers begin at 1, each is used once.
 * An empty line means that the record has none: later ones need not wait for
 * it. Returns 0, or -1: GM_EOS, and nothing has changed.
 */
int gm_order_hold(struct gm_order *, int64_t number, struct gm_span line,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Take the next line, which is valid until the next call of this function or
 * gm_order_release().  Returns false if there is none now.
 */
bool gm_order_take(struct gm_order *, struct gm_span *line);

/*
 * No more lines follow: those that wait for a missing record may be taken,
 * still in order.
 */
void gm_order_end(struct gm_order *);

/* True if so many lines or bytes are held that no request may begin. */
bool gm_order_is_full(const struct gm_order *);

void gm_order_release(struct gm_order *);

#endif
