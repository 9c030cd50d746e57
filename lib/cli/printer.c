#include <poll.h>

#include "cli/printer.h"

/* Bytes that are handed to the output at once, before it has written them. */
#define AHEAD ((size_t)64 * 1024)

/* Hand over what may go; false: there is nothing to write. */
static bool
take_lines(struct gm_printer *p)
{
	struct gm_span line;

	while (p->out->pending.len < AHEAD && gm_order_take(&p->order, &line)) {
		if (p->begun)
			gm_out_put(p->out, p->between);
		gm_out_put(p->out, line);
		p->begun = true;
	}
	return p->out->pending.len > 0;
}

/* Have the loop woken, or no longer, when the reader is ready. */
static int
wait_for_reader(struct gm_printer *p, bool waits, struct gm_err *err)
{
	if (waits == p->waits)
		return 0;
	p->waits = waits;
	return gm_watch_set(p->watch, p->out->fd, waits ? POLLOUT : 0, err);
}

int
gm_printer_tick(struct gm_printer *p, struct gm_err *err)
{
	int rc = 1;

	while (rc == 1 && take_lines(p))
		rc = gm_out_try(p->out, err);
	return rc == -1 ? -1 : wait_for_reader(p, rc == 0, err);
}

int
gm_printer_end(struct gm_printer *p, struct gm_err *err)
{
	gm_order_end(&p->order);
	while (take_lines(p))
		if (gm_out_flush(p->out, err) != 0)
			return -1;
	return gm_out_flush(p->out, err); /* a failure of before counts */
}

void
gm_printer_release(struct gm_printer *p)
{
	gm_order_release(&p->order);
}
