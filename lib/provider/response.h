#ifndef GM_PROVIDER_RESPONSE_H
#define GM_PROVIDER_RESPONSE_H

/*
 * The body of a response on its way in: event stream, single JSON document or
 * array, error, or something that is none of these.  What it is is judged by
 * its first bytes, as proxies change types.
 *
 * Documents are handed to the provider as soon as they are whole; errors,
 * also those inside a stream, end up in a fault.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/exchange.h"
#include "provider/provider.h"
#include "provider/sse.h"
#include "json/read.h"

/* Bytes allowed in a line of a stream, and in a body that is one document. */
#define GM_RESPONSE_MAX (64 * 1024 * 1024)

enum gm_response_kind { /* private to response.c */
	GM_RESPONSE_UNKNOWN,
	GM_RESPONSE_STREAM,
	GM_RESPONSE_JSON,
	GM_RESPONSE_ERROR,
	GM_RESPONSE_FOREIGN
};

struct gm_response {
	const struct gm_provider *provider; /* borrowed */
	const struct gm_request *request;   /* borrowed */
	const struct gm_sink *sink;         /* borrowed */
	struct gm_answer *answer;           /* borrowed */
	struct gm_fault fault;              /* GM_CLASS_OK: none so far */
	enum gm_response_kind kind;
	struct gm_sse sse;
	struct gm_buf body;  /* of what is not a stream */
	struct gm_buf stray; /* lines between events: a bare JSON error */
	struct gm_buf odd;   /* a document that belongs to no answer */
	struct gm_json json;
	bool at_end;  /* what is no JSON now was cut off */
	bool broken;  /* so was the transfer */
	bool lost;    /* text of the answer was cut off with it */
	bool done;    /* "[DONE]" has come: what follows is not read */
	size_t signs; /* private: events that carried something */
};

/*
 * The answer is one that gm_answer_init() has made or, if the request has a
 * token, gm_hops_begin(). If the sink is final, text is held only if the model
 * is known to think without an opening tag.
 */
void gm_response_init(struct gm_response *, const struct gm_provider *,
    const struct gm_request *, const struct gm_sink *, struct gm_answer *);

/*
 * Take the next bytes; to be used as the transfer's sink with the response as its
 * argument.  GM_HTTP_STOP: fault says what is wrong, or, with
 * GM_CLASS_OK there, *err comes from the sink.
 *
 * GM_HTTP_ALIVE: an event of the answer has come, the first of which carries
 * text, a thought, another part or a finish reason; or 64 KiB more of one that
 * is large; or any bytes of a document or an error.  Comments, blanks, events
 * of other kinds (pings), and single bytes of an event are none.
 */
enum gm_http_pulse gm_response_take(const struct gm_http_head *, struct gm_span,
    void *response, struct gm_err *);

/*
 * The transfer is over: fill fault from all that is known. With GM_CLASS_OK
 * the answer has its finish; GM_FINISH_OTHER without a reason is that of an
 * answer that came whole, but without a finish reason.
 *
 * An answer whose finish reason has come is whole, however the transfer ended,
 * even if it was only given up (GM_HTTP_TIMEOUT). The one exception is text
 * after a finish reason: then no reason is the last word, and a broken
 * connection may have cut something off.
 *
 * With GM_FINISH_MORE the answer is not closed: gm_reading_close() does it if
 * nothing continues it.
 */
void gm_response_end(struct gm_response *, const struct gm_http_result *);

void gm_response_release(struct gm_response *);

#endif
