#ifndef GM_CALL_TASK_H
#define GM_CALL_TASK_H

/*
 * A question on its way through the services that may answer it.  Types only,
 * for ask.h, which sends it, and for those that decide where to.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/note.h"
#include "call/chain.h"
#include "call/hops.h"
#include "call/outcome.h"
#include "keys/keys.h"
#include "net/http.h"
#include "provider/modelcache.h"
#include "provider/provider.h"
#include "provider/reply.h"
#include "provider/request.h"

/* A service that can be asked, with what all questions share; borrowed. */
struct gm_service {
	struct gm_http *http;
	const struct gm_provider *provider;
	const char *base_url;
	struct gm_keys *keys;
	struct gm_keywish wish;    /* of each call, as the options have it */
	const char *key_variable;  /* what would hold one, for advice */
	const char *const *models; /* for who falls back to it: one at least */
	size_t models_len;
	struct gm_modelcache cache;    /* where names like a wrong one are */
	const struct gm_service *next; /* to fall back to; NULL: none */
	bool fallback;                 /* the user would ask another first */
	const struct gm_note *note;
	/* No data allowed for: until the first event, and between two. */
	int64_t response_ms, timeout_ms;
	int64_t max_wait_ms; /* longest sleep for a key */
	int64_t deadline_ms; /* monotonic clock; 0: none */
	unsigned retries;    /* per model, after a fault that may pass */
};

enum gm_ask_state {
	GM_ASK_DUE,     /* to be sent at due_ms */
	GM_ASK_SENDING, /* a transfer is on its way */
	GM_ASK_DONE     /* outcome and err are filled */
};

/* Private to ask.c, course.c and relay.c but for size, state, rc and err. */
struct gm_ask {
	enum gm_ask_state state;
	int64_t due_ms; /* monotonic */
	struct gm_err err;
	int rc; /* once done: 0, or -1 with err */

	const struct gm_service *service;
	struct gm_question question; /* with the model that is asked now */
	const struct gm_sink *sink;  /* the caller's */
	struct gm_sink counting;     /* ours, in front of it */
	struct gm_hops hops;         /* in front of that one */
	struct gm_outcome *outcome;
	struct gm_http_transfer *transfer;
	struct gm_reply reply;
	struct gm_request request;
	bool chosen; /* there is a key for the next request: */
	size_t key;
	int64_t turn_ms; /* wall clock: waits for its turn until; 0: does not */
	char avoid[GM_KEYROW_ID]; /* project that is not served here; or "" */
	struct gm_chain chain;    /* services that could not answer */
	struct gm_err last;       /* the last failed attempt at this one */
	int64_t ready_ms;     /* monotonic: a server must have loaded; 0: has */
	bool answered;        /* text has come that is not white space alone: */
	struct gm_buf blanks; /* before it, what has come */
	bool given;           /* text went to a sink that cannot take it back */
	bool emptied; /* the model's answer was empty: it was asked again */
	unsigned failures; /* of the kind that counts against retries */
	bool timed_out;    /* one of them: the model was silent */
	int64_t begun_ms, sent_wall_ms;
	int64_t text_ms; /* monotonic: the first text, maybe held; 0: none */
};

#endif
