#include "cli/hold.h"

#define KEPT_MAX ((size_t)1024 * 1024) /* bytes kept for the next answer */

int
gm_hold_put(struct gm_buf *held, struct gm_span text, struct gm_err *err)
{
	gm_buf_put_span(held, text);
	if (gm_buf_check(held, err) == 0)
		return 0;
	gm_err_prefix(err, "answer: ");
	if (err->code == GM_EDATA) /* the data are the service's */
		err->code = GM_EPROTOCOL;
	return -1;
}

static int
hold_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	if (part->kind != GM_PART_TEXT)
		return GM_SINK_OMITS;
	return part->thought ? 0 : gm_hold_put(arg, part->text, err);
}

static int
flush_nothing(void *arg, struct gm_err *err)
{
	(void)arg;
	(void)err;
	return 0;
}

static void
drop(void *arg)
{
	gm_buf_reset(arg);
}

void
gm_hold_init(struct gm_hold *h, size_t max)
{
	gm_buf_init(&h->text, max);
	h->sink = (struct gm_sink){ .part = hold_part,
		.flush = flush_nothing,
		.restart = drop,
		.arg = &h->text };
}

void
gm_hold_reset(struct gm_hold *h)
{
	gm_buf_recycle(&h->text, KEPT_MAX);
}

void
gm_hold_release(struct gm_hold *h)
{
	gm_buf_release(&h->text);
}
