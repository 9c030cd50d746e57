#include <string.h>

#include "call/waits.h"

static bool
is_same(const struct gm_wait *a, const struct gm_wait *b)
{
	return a->keys == b->keys && a->why == b->why &&
	       strcmp(a->model, b->model) == 0;
}

int64_t
gm_waits_join(
    struct gm_waits *w, const struct gm_wait *wait, int64_t now_ms, bool *news)
{
	struct gm_wait *i, *room = w->items;

	*news = false;
	for (i = w->items; i < w->items + GM_WAITS_MAX; i++) {
		if (i->keys != NULL && i->until_ms > now_ms && is_same(i, wait))
			return i->until_ms;
		if (i->until_ms < room->until_ms)
			room = i;
	}
	*news = true;
	*room = *wait;
	return wait->until_ms;
}
