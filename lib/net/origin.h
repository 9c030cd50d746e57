#ifndef GM_NET_ORIGIN_H
#define GM_NET_ORIGIN_H

/*
 * An origin over TLS, and which request may make a connection to it.  As its
 * server may speak HTTP/2, where one connection takes all requests, only one
 * makes a connection at a time: it leads, and the others wait until it has sent
 * its head, which shows the protocol, or is gone.  With HTTP/1, where each
 * request needs its own, none waits.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "net/url.h"

enum gm_origin_protocol {
	GM_ORIGIN_UNKNOWN, /* no request was sent yet */
	GM_ORIGIN_HTTP1,
	GM_ORIGIN_HTTP2
};

/* All zero but the name: nothing is known, and no request leads. */
struct gm_origin {
	struct gm_origin *next;           /* the owner's list */
	char name[GM_URL_ORIGIN];         /* see gm_url_origin() */
	const void *leader;               /* a request; NULL: none */
	enum gm_origin_protocol protocol; /* of the last request */
};

/* Must a new request wait for the one that leads? */
bool gm_origin_is_busy(const struct gm_origin *);

/*
 * May this request make a connection?  If so it leads, unless the protocol is
 * HTTP/1.
 */
bool gm_origin_lead(struct gm_origin *, const void *request);

/* The head of a request was sent over this protocol. */
void gm_origin_sent(
    struct gm_origin *, const void *request, enum gm_origin_protocol);

/* A request is over; harmless if it does not lead. */
void gm_origin_leave(struct gm_origin *, const void *request);

#endif
