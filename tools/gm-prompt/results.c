#include "gm-prompt/results.h"

/*
 * Write the lines that are due.  Only lines of --text are ordered in a
 * journal; they have no hash, as such a file cannot be resumed.
 */
static int
pass_to_journal(struct gm_results *r, struct gm_err *err)
{
	static const char none[GM_HASH_HEX];
	struct gm_span line;

	while (gm_order_take(&r->printer.order, &line))
		if (gm_journal_write(r->journal, none, line, err) != 0)
			return -1;
	return 0;
}

int
gm_results_tick(struct gm_results *r, struct gm_err *err)
{
	return r->journal != NULL ? pass_to_journal(r, err)
	                          : gm_printer_tick(&r->printer, err);
}

int
gm_results_put(struct gm_results *r, int64_t number, const char *hash,
    struct gm_span line, struct gm_err *err)
{
	if (r->journal != NULL && !r->ordered)
		return line.len == 0
		           ? 0
		           : gm_journal_write(r->journal, hash, line, err);
	return gm_order_hold(&r->printer.order, number, line, err);
}

bool
gm_results_is_full(const struct gm_results *r)
{
	return gm_order_is_full(&r->printer.order);
}

int
gm_results_end(struct gm_results *r, struct gm_err *err)
{
	if (r->journal == NULL)
		return gm_printer_end(&r->printer, err);
	gm_order_end(&r->printer.order);
	return pass_to_journal(r, err);
}

void
gm_results_release(struct gm_results *r)
{
	gm_printer_release(&r->printer);
}
