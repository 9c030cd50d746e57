#ifndef GM_PROVIDER_ERRBODY_H
#define GM_PROVIDER_ERRBODY_H

/*
 * The body of an HTTP error, parsed.  It may be Google's {"error":{...}}, alone, in
 * an array, or as text inside a message, there also in Python's notation or after
 * words such as "Error code: 400 - "; an error of a chat completions server or a
 * gateway; an HTML page; text; or nothing.
 *
 * Source: google/rpc/status.proto and error_details.proto as JSON; the error
 * object of https://platform.openai.com/docs/api-reference; FastAPI's lists of
 * validation errors, which Mistral's API sends.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "json/read.h"

/* All texts come from the server, unchecked. */
struct gm_errbody {
	long code;             /* in the body; 0: none */
	struct gm_buf message; /* or the text of a page, or a list's errors */
	struct gm_buf plain;   /* the message without quoted texts */
	struct gm_buf name;    /* the code as text: "invalid_api_key", "1300" */
	struct gm_buf type;    /* "invalid_request_error" */
	struct gm_buf status;  /* "RESOURCE_EXHAUSTED" */
	struct gm_buf reason;  /* ErrorInfo: "API_KEY_INVALID" */
	struct gm_buf quota;   /* names of the exceeded quotas */
	struct gm_buf delay;   /* RetryInfo: "37.5s" */
	struct gm_buf project; /* ErrorInfo: "projects/123" */
	struct gm_buf field;   /* BadRequest: the error in the first field */
	struct gm_buf raw;     /* private */
	bool zero;             /* a quota is 0 */
	bool upstream; /* a gateway passes on the error of its own service */
	bool html;
	bool json;
	bool cut; /* the message was longer */
};

/*
 * Return true if a JSON value is an error.  Some servers send errors with status
 * 200.
 */
bool gm_errbody_is(const struct gm_json *, int at);

/* True if it is an error only because it has a message: it may be anything. */
bool gm_errbody_is_vague(const struct gm_json *, int at);

/* Parse a body.  Never fails: what does not fit or is not known is skipped. */
void gm_errbody_read(struct gm_errbody *, struct gm_span body);

void gm_errbody_release(struct gm_errbody *);

#endif
