#include <poll.h>

#include "cli/printer.h"

/* Pending bytes of the output up to which it gets more. */
#define AHEAD ((size_t)64 * 1024)

/* Give the output the lines that may be written; true if any are pending. */
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

/* Start or stop watching for the reader to be ready. */
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
	return gm_out_flush(p->out, err); /* reports an earlier failure, too */
}

void
gm_printer_release(struct gm_printer *p)
{
	gm_order_release(&p->order);
}
