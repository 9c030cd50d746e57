#include "net/origin.h"

bool
gm_origin_is_busy(const struct gm_origin *o)
{
	/* A leader may date from before the server turned out to be HTTP/1. */
	return o->leader != NULL && o->protocol != GM_ORIGIN_HTTP1;
}

bool
gm_origin_lead(struct gm_origin *o, const void *request)
{
	if (o->protocol == GM_ORIGIN_HTTP1)
		return true;
	if (o->leader == NULL)
		o->leader = request;
	return o->leader == request;
}

void
gm_origin_sent(
    struct gm_origin *o, const void *request, enum gm_origin_protocol protocol)
{
	o->protocol = protocol;
	gm_origin_leave(o, request);
}

void
gm_origin_leave(struct gm_origin *o, const void *request)
{
	if (o->leader == request)
		o->leader = NULL;
}
