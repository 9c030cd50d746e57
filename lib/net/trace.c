#include <string.h>

#include "net/trace.h"

/*
 * Sizes in bytes of a record header and an alert.  No other piece has these
 * sizes before the handshake is complete.
 */
#define RECORD_HEADER 5
#define ALERT 2

#define MAJOR_VERSION 3 /* of every TLS record since SSL 3.0 */
#define FATAL 2         /* level of an alert */
#define DECODE_ERROR 50

/*
 * A fatal alert means a refusal, with one exception: OpenSSL itself sends
 * decode_error when the connection ends in the middle of a handshake and
 * libcurl passes that end on, as newer ones do.  A retry may succeed then.
 */
void
gm_trace_tls(struct gm_trace *trace, bool received, struct gm_span piece)
{
	if (received && piece.len == RECORD_HEADER &&
	    piece.p[1] != MAJOR_VERSION)
		trace->refused = true;
	if (piece.len != ALERT || piece.p[0] != FATAL)
		return;
	if (!received && piece.p[1] == DECODE_ERROR)
		trace->ended = true;
	else
		trace->refused = true;
}

void
gm_trace_request(struct gm_trace *trace, struct gm_span head)
{
	struct gm_span line;

	if (!gm_span_split(&head, "\r", &line))
		return;
	if (gm_span_ends(line, " HTTP/2"))
		trace->http2++;
	else if (gm_span_ends(line, " HTTP/1.1") &&
		 !gm_span_starts(line, "CONNECT "))
		trace->http1++;
}
