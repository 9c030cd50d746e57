#ifndef GM_ASK_H
#define GM_ASK_H

/*
 * One question to its answer: send, judge, and send again where that may help
 * and nothing has been given out yet.  The one retry loop of the suite.
 *
 * A question is a small state machine that never blocks: gm_ask_step() moves
 * it when its time has come, and the transfers of all questions are driven by
 * one gm_http.  drive.h runs them to their end.
 */

#include <stdbool.h>

#include "base.h"
#include "buf.h"
#include "err.h"
#include "http.h"
#include "keyring.h"
#include "note.h"
#include "outcome.h"
#include "provider.h"
#include "reply.h"

/* What all questions share; borrowed. */
struct gm_service {
	struct gm_http *http;
	const struct gm_provider *provider;
	const char *base_url;
	const struct gm_keyring *ring;
	const struct gm_note *note;
	int64_t timeout_ms;  /* silence allowed on one request */
	int64_t max_wait_ms; /* longest sleep before a request is repeated */
	int64_t deadline_ms; /* monotonic clock; 0: none */
	unsigned retries;    /* repeats after a fault that may pass */
};

enum gm_ask_state {
	GM_ASK_DUE,     /* to be sent at due_ms */
	GM_ASK_SENDING, /* a transfer is on its way */
	GM_ASK_DONE     /* outcome and err are filled */
};

/* One question on its way; private to ask.c but for its size and state. */
struct gm_ask {
	enum gm_ask_state state;
	int64_t due_ms; /* monotonic */
	struct gm_err err;
	int rc; /* once done: 0, or -1 with err */

	const struct gm_service *service;
	const struct gm_question *question;
	const struct gm_sink *sink; /* the caller's */
	struct gm_sink counting;    /* ours, in front of it */
	struct gm_outcome *outcome;
	struct gm_http_transfer *transfer;
	struct gm_reply reply;
	struct gm_buf url, body, secret;
	bool given;        /* text went to a sink that cannot take it back */
	unsigned failures; /* of the kind that counts against retries */
	int64_t cooled_ms; /* the last rest for a quota; 0: none */
	int64_t begun_ms, sent_ms;
};

/*
 * Make a question ready to be sent; all is borrowed until gm_ask_release().
 * Returns 0, or -1 with GM_EOS or GM_EDATA (the request is too large).
 */
int gm_ask_begin(struct gm_ask *, const struct gm_service *,
    const struct gm_question *, const struct gm_sink *, struct gm_outcome *,
    struct gm_err *) GM_MUST_CHECK;

/* Tell what would be sent, but for the body; the key is masked. */
void gm_ask_describe(const struct gm_ask *, enum gm_level);

/* Send it if it is due; changes nothing otherwise. */
void gm_ask_step(struct gm_ask *, int64_t now_ms);

/* End it now, its connection closed, with this class. */
void gm_ask_stop(struct gm_ask *, enum gm_class);

void gm_ask_release(struct gm_ask *);

#endif
