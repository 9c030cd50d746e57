#ifndef GM_NET_TRACE_H
#define GM_NET_TRACE_H

/*
 * What a trace of a connection shows that an error code does not: who ended a
 * TLS handshake, and how a request went out.  No I/O.
 *
 * Error codes and texts for this differ between versions of libcurl and
 * OpenSSL; the bytes of the protocols do not.
 *
 * Source: RFC 8446, 5.1 and 6; RFC 9113.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/span.h"

/* All zero: nothing seen yet. */
struct gm_trace {
	bool refused; /* a fatal alert, or the peer does not speak TLS */
	bool ended;   /* we sent decode_error, as of a connection that ended */
	int http1;    /* requests sent over HTTP/1, without those to a proxy */
	int http2;    /* requests sent over HTTP/2 */
};

/*
 * Look at one piece of TLS, as OpenSSL's message callback has it: the header
 * of a record, or a message without its record.  Other pieces are ignored.
 */
void gm_trace_tls(struct gm_trace *, bool received, struct gm_span piece);

/* Look at the head of a request, as it is sent. */
void gm_trace_request(struct gm_trace *, struct gm_span head);

#endif
