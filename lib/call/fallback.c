#include "call/fallback.h"

void
gm_fallback_add(struct gm_fallback *c, const struct gm_failure *e)
{
	struct gm_failure *all = &c->end;
	struct gm_err err = e->err;

	c->beyond_keys = c->beyond_keys || (e->err.code != GM_ETEMPFAIL &&
					       e->err.code != GM_ENOPERM);
	if (c->len++ == 0) {
		*all = *e;
		gm_err_prefix(&all->err, "%s: ", e->provider);
		return;
	}
	/* Two sentences with two pieces of advice would be too long. */
	gm_err_drop_advice(&all->err);
	gm_err_drop_advice(&err);
	gm_err_end(&all->err, "; %s: %s", e->provider, err.msg);
	all->err.ids_at = 0; /* there are several */
	if (e->err.code != GM_ETEMPFAIL)
		return;
	if (all->err.code == GM_ENOPERM) {
		all->provider = e->provider;
		all->model = e->model;
		all->err.code = e->err.code;
		all->class = e->class;
		all->http = e->http;
		all->retry_at_ms = e->retry_at_ms;
	} else if (all->err.code == GM_ETEMPFAIL &&
		   (all->retry_at_ms == 0 ||
		       (e->retry_at_ms != 0 &&
			   e->retry_at_ms < all->retry_at_ms))) {
		all->retry_at_ms = e->retry_at_ms;
	}
}
