#ifndef GM_NET_ORIGIN_H
#define GM_NET_ORIGIN_H

/*
 * An origin over TLS, and which request may open a connection to it.  The
 * server may support HTTP/2, where all requests share one connection, so only
 * one request opens a connection at a time: it leads.  The others wait until
 * its head has been sent, which shows the protocol, or until it has ended.
 * With HTTP/1, where each request needs a connection, no request waits.  No
 * I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "net/url.h"

enum gm_origin_protocol {
	GM_ORIGIN_UNKNOWN, /* no request has been sent yet */
	GM_ORIGIN_HTTP1,
	GM_ORIGIN_HTTP2
};

/* All zero but the name: protocol unknown, no request leads. */
struct gm_origin {
	struct gm_origin *next;           /* the owner's list */
	char name[GM_URL_ORIGIN];         /* see gm_url_origin() */
	const void *leader;               /* a request; NULL: none */
	enum gm_origin_protocol protocol; /* of the last request */
};

/* True if a new request must wait for the one that leads. */
bool gm_origin_is_busy(const struct gm_origin *);

/*
 * Return true if this request may open a connection; it then leads, unless the
 * protocol is HTTP/1.
 */
bool gm_origin_lead(struct gm_origin *, const void *request);

/* Note that the head of a request was sent over this protocol. */
void gm_origin_sent(
    struct gm_origin *, const void *request, enum gm_origin_protocol);

/* Note that a request has ended; harmless if it does not lead. */
void gm_origin_leave(struct gm_origin *, const void *request);

#endif
