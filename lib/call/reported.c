#include "call/reported.h"

bool
gm_reported_is_new(
    struct gm_reported *r, const void *service, enum gm_class class)
{
	bool news;
	size_t i;

	for (i = 0; i < GM_LEN(r->items); i++) {
		if (r->items[i].service == NULL)
			r->items[i].service = service;
		if (r->items[i].service != service)
			continue;
		news = !r->items[i].classes[class];
		r->items[i].classes[class] = true;
		return news;
	}
	return true;
}
