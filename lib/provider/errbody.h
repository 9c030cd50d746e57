#ifndef GM_PROVIDER_ERRBODY_H
#define GM_PROVIDER_ERRBODY_H

/*
 * The body of an HTTP error taken apart, whatever it turns out to be: Google's
 * {"error":{...}}, the same in an array or as text inside a message, also in
 * Python's notation and behind words such as "Error code: 400 - ", the shapes of chat completions and of gateways, a page of HTML, text, or nothing.
 *
 * Source: google/rpc/status.proto and error_details.proto as JSON; the error
 * object of https://platform.openai.com/docs/api-reference; the lists of
 * complaints of FastAPI, which Mistral's API sends.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "json/read.h"

/* All texts are the server's, and may hold anything. */
struct gm_errbody {
	long code;             /* the body's own, 0: none */
	struct gm_buf message; /* also a page's words, or a list's complaints */
	struct gm_buf plain;   /* the message without what it quotes */
	struct gm_buf name;    /* the code as text: "invalid_api_key", "1300" */
	struct gm_buf type;    /* "invalid_request_error" */
	struct gm_buf status;  /* "RESOURCE_EXHAUSTED" */
	struct gm_buf reason;  /* ErrorInfo: "API_KEY_INVALID" */
	struct gm_buf quota;   /* names of the quotas that were violated */
	struct gm_buf delay;   /* RetryInfo: "37.5s" */
	struct gm_buf project; /* ErrorInfo: "projects/123" */
	struct gm_buf field;   /* BadRequest: the first field's complaint */
	struct gm_buf raw;     /* private */
	bool zero;             /* a quota of 0 */
	bool behind; /* the message is of a service behind the one asked */
	bool html;
	bool json;
	bool cut; /* there was more of the message than is kept */
};

/*
 * Is a JSON value an error in place of an answer, as some servers send it with
 * status 200?
 */
bool gm_errbody_is(const struct gm_json *, int at);

/* Is it one by its words alone, so that it may be anything? */
bool gm_errbody_is_vague(const struct gm_json *, int at);

/* Never fails: what does not fit, or makes no sense, is left out. */
void gm_errbody_read(struct gm_errbody *, struct gm_span body);

void gm_errbody_release(struct gm_errbody *);

#endif
