#ifndef GM_PROVIDER_RESPONSE_H
#define GM_PROVIDER_RESPONSE_H

/*
 * Parser for the body of a response: an event stream, a JSON document or array,
 * an error, or something else.  The first bytes decide, not Content-Type, which
 * proxies change.
 *
 * Documents go to the provider as soon as they are complete; errors, also those
 * inside a stream, become a fault.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/exchange.h"
#include "provider/provider.h"
#include "provider/sse.h"
#include "json/read.h"

/* Limit in bytes for a line of a stream, and for a body of one document. */
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
	struct gm_buf body;  /* if it is not a stream */
	struct gm_buf stray; /* lines that are no events: a bare JSON error */
	struct gm_buf odd;   /* the first document that is not an answer */
	struct gm_json json;
	bool at_end;     /* the body has ended: bad JSON is incomplete JSON */
	bool broken;     /* the transfer broke off */
	bool lost;       /* an incomplete event had text of the answer */
	bool done;       /* "[DONE]" came: the rest is not read */
	size_t progress; /* events so far that restart the timeout */
};

/*
 * Start a response.  The answer comes from gm_answer_init() or, if the request
 * has a token, from gm_hops_begin().  With a final sink, text is held only if
 * the model is known to think without an opening tag.
 */
void gm_response_init(struct gm_response *, const struct gm_provider *,
    const struct gm_request *, const struct gm_sink *, struct gm_answer *);

/*
 * Take the next bytes: the sink of the transfer, with the response as its
 * argument.  After GM_HTTP_STOP the fault has the reason, or, if its class is
 * GM_CLASS_OK, *err has the error of the answer's sink.
 *
 * GM_HTTP_ALIVE, which restarts the timeout: an event of the answer, the first
 * of which must carry text, a thought, another part or a finish reason; or 64
 * KiB more of a large event; or any bytes of a document or an error.  Comments,
 * blanks, other events (pings) and single bytes of an event do not count.
 */
enum gm_http_pulse gm_response_take(const struct gm_http_head *, struct gm_span,
    void *response, struct gm_err *);

/*
 * End the response after the transfer, and fill the fault.  With GM_CLASS_OK
 * the answer has its finish; GM_FINISH_OTHER without a reason means a complete
 * response without a finish reason.
 *
 * An answer with a finish reason is complete, however the transfer ended, also
 * by a timeout (GM_HTTP_TIMEOUT).  The exception is text after a finish reason:
 * more may have been lost with a broken connection.
 *
 * With GM_FINISH_MORE the answer is not closed: call gm_reading_close() if no
 * request continues it.
 */
void gm_response_end(struct gm_response *, const struct gm_http_result *);

void gm_response_release(struct gm_response *);

#endif
