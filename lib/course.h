#ifndef GM_COURSE_H
#define GM_COURSE_H

/*
 * The course of a question: what is done next, before and after each attempt.
 * A key is chosen, a fault leads to another key, to a wait, to another model or
 * to the end; an answer to the end.  Nothing here sends anything: ask.h does.
 */

#include <stdbool.h>

#include "base.h"
#include "err.h"
#include "http.h"
#include "keys.h"
#include "note.h"
#include "outcome.h"
#include "provider.h"
#include "reply.h"
#include "request.h"

/* What all questions share; borrowed. */
struct gm_service {
	struct gm_http *http;
	const struct gm_provider *provider;
	const char *base_url;
	struct gm_keys *keys;
	const struct gm_note *note;
	int64_t timeout_ms;  /* silence allowed on one request */
	int64_t max_wait_ms; /* longest sleep for a key, or before a repeat */
	int64_t deadline_ms; /* monotonic clock; 0: none */
	unsigned retries;    /* per model, after a fault that may pass */
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
	struct gm_question question; /* with the model that is asked now */
	const struct gm_sink *sink;  /* the caller's */
	struct gm_sink counting;     /* ours, in front of it */
	struct gm_outcome *outcome;
	struct gm_http_transfer *transfer;
	struct gm_reply reply;
	struct gm_request request;
	bool chosen; /* there is a key for the next request: */
	size_t key;
	int64_t turn_ms; /* wall clock: waits for its turn until; 0: does not */
	char avoid[GM_KEYROW_ID]; /* project that is not served here; or "" */
	bool given;        /* text went to a sink that cannot take it back */
	unsigned failures; /* of the kind that counts against retries */
	int64_t begun_ms, sent_ms, sent_wall_ms;
};

/*
 * Whose quota a call uses up, in the state of the keys: its model's; counting
 * has one of its own, and NULL stands for calls that are about no model.
 */
const char *gm_course_model(const struct gm_ask *);

/* The end, with the class of the whole. */
void gm_course_finish(struct gm_ask *, enum gm_class, int rc);

/* The end with the last attempt's fault; before: in front of its words. */
void gm_course_fail(struct gm_ask *, const char *before);

/* Fill *err with what is wrong with an attempt. */
void gm_course_explain(
    const struct gm_ask *, const struct gm_fault *, struct gm_err *);

/*
 * Choose the key for the next attempt: it is chosen and due, or waits for one,
 * or has come to its end.
 */
void gm_course_choose(struct gm_ask *);

/* Can the chosen key still be used?  Others may have learnt of it since. */
bool gm_course_is_usable(const struct gm_ask *);

/* An attempt has failed, with outcome->fault. */
void gm_course_fault(struct gm_ask *);

/* An answer has come whole, good or not. */
void gm_course_answer(struct gm_ask *);

#endif
