#include <poll.h>

#include "gm-prompt/results.h"

/* Bytes that are handed to the output at once, before it has written them. */
#define AHEAD (64 * 1024)

/* Take the next line that may go.  The order has kept no hash: it has none. */
static int
pass_to_journal(struct gm_results *r, struct gm_err *err)
{
	static const char none[GM_HASH_HEX];
	struct gm_span line;

	while (gm_order_take(&r->order, &line))
		if (gm_journal_write(r->journal, none, line, err) != 0)
			return -1;
	return 0;
}

/* Have the loop woken, or no longer, when the reader is ready. */
static int
wait_for_reader(struct gm_results *r, bool waits, struct gm_err *err)
{
	if (waits == r->waits)
		return 0;
	r->waits = waits;
	return gm_watch_set(r->watch, r->out->fd, waits ? POLLOUT : 0, err);
}

int
gm_results_tick(struct gm_results *r, struct gm_err *err)
{
	struct gm_span line;
	int rc = 1;

	if (r->journal != NULL)
		return pass_to_journal(r, err);
	do {
		while (r->out->pending.len < AHEAD &&
		       gm_order_take(&r->order, &line))
			gm_out_put(r->out, line);
		if (r->out->pending.len == 0)
			break;
		rc = gm_out_try(r->out, err);
	} while (rc == 1);
	return rc == -1 ? -1 : wait_for_reader(r, rc == 0, err);
}

int
gm_results_put(struct gm_results *r, int64_t number, const char *hash,
    struct gm_span line, struct gm_err *err)
{
	if (r->journal != NULL && !r->ordered)
		return line.len == 0
		           ? 0
		           : gm_journal_write(r->journal, hash, line, err);
	return gm_order_hold(&r->order, number, line, err);
}

bool
gm_results_is_full(const struct gm_results *r)
{
	return gm_order_is_full(&r->order);
}

int
gm_results_end(struct gm_results *r, struct gm_err *err)
{
	struct gm_span line;

	gm_order_end(&r->order);
	if (r->journal != NULL)
		return pass_to_journal(r, err);
	do {
		if (gm_out_flush(r->out, err) != 0)
			return -1;
		while (r->out->pending.len < AHEAD &&
		       gm_order_take(&r->order, &line))
			gm_out_put(r->out, line);
	} while (r->out->pending.len > 0);
	return 0;
}

void
gm_results_release(struct gm_results *r)
{
	gm_order_release(&r->order);
}
