#include "cli/cooling.h"

#define AGAIN_MS 1000

size_t
gm_cooling_count(struct gm_cooling *c, const struct gm_service *s,
    const char *model, int64_t now_ms)
{
	size_t i;

	if (c->then_ms != 0 && now_ms - c->then_ms < AGAIN_MS)
		return c->keys;
	c->then_ms = now_ms;
	c->keys = 0;
	for (i = 0; i < s->keys->rule.ring->len; i++)
		c->keys += !gm_keys_is_usable(s->keys, model, &s->filter, i);
	return c->keys;
}
