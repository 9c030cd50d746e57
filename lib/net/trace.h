#ifndef GM_NET_TRACE_H
#define GM_NET_TRACE_H

/*
 * Facts from libcurl's trace of a connection: which side ended a TLS handshake,
 * and over which protocol a request was sent.  No I/O.
 *
 * Error codes and texts for these differ between versions of libcurl and
 * OpenSSL; the bytes of the protocols do not.
 *
 * Source: RFC 8446, 5.1 and 6; RFC 9113.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/span.h"

/* All zero: no piece seen yet. */
struct gm_trace {
	bool refused; /* a fatal alert, or bytes of the peer that are not TLS */
	bool ended;   /* we sent decode_error, as after an early end */
	int http1;    /* requests sent over HTTP/1, without CONNECT */
	int http2;    /* requests sent over HTTP/2 */
};

/*
 * Inspect one piece of TLS as OpenSSL's message callback passes it: the header
 * of a record, or a message without its record.  Other pieces are ignored.
 */
void gm_trace_tls(struct gm_trace *, bool received, struct gm_span piece);

/* Inspect the head of a request as it is sent. */
void gm_trace_request(struct gm_trace *, struct gm_span head);

#endif
