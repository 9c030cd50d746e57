#include "call/reported.h"

bool
gm_reported_is_new(
    struct gm_reported *t, const void *service, enum gm_class kind)
{
	bool news;
	size_t i;

	for (i = 0; i < GM_LEN(t->items); i++) {
		if (t->items[i].service == NULL)
			t->items[i].service = service;
		if (t->items[i].service != service)
			continue;
		news = !t->items[i].classes[kind];
		t->items[i].classes[kind] = true;
		return news;
	}
	return true;
}
