#ifndef GM_CALL_CALL_H
#define GM_CALL_CALL_H

/*
 * One call: what is asked of a service, from the choice of a key to the end of
 * the answer.  policy.h decides what is done next, and this does it: it reserves
 * a key, sends, reads the response, waits, or goes on to another model or
 * service.  There is no other retry loop.
 *
 * A call never blocks: gm_call_step() moves it when its time has come, and the
 * transfers of all calls are moved by one gm_http.  pool.h drives them.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"
#include "call/ramp.h"
#include "call/reported.h"
#include "call/result.h"
#include "call/service.h"
#include "call/waits.h"
#include "provider/provider.h"

/* What is asked, and where what comes of it goes; borrowed until the end. */
struct gm_call_args {
	const struct gm_service *service; /* the first that is asked */
	const struct gm_request *request;
	const struct gm_sink *sink;
	struct gm_result *result; /* initialised */
	void *arg;                /* the caller's own */
};

struct gm_call;

/* A wait that a person may want to know of; texts are borrowed. */
struct gm_call_waiting {
	/* For the first byte of a response: from a model or a provider. */
	const char *what; /* NULL: not for a response */
	int64_t since_ms; /* begin, on the monotonic clock */
	/* For a time. */
	const char *why;    /* "rate-limited", "GM_RPM" */
	int64_t until_ms;   /* its end, on the monotonic clock */
	struct gm_span key; /* that it is for, with key_index; empty: none */
	size_t key_index;
};

/* The wait of a call, valid until it is moved; NULL: it does not wait. */
const struct gm_call_waiting *gm_call_waiting(const struct gm_call *);

/* NULL: GM_EOS. */
struct gm_call *gm_call_new(struct gm_err *) GM_MUST_CHECK;

/*
 * Make a call ready to be moved, one that is new or has come to its end.
 * Waits, told and ramp are shared with the other calls; ramp NULL: there are
 * none, so that none has to come back slowly.  If its request cannot be made, as it
 * is too large or memory is short, the call is done, and that is its result.
 */
void gm_call_begin(struct gm_call *, const struct gm_call_args *,
    struct gm_waits *, struct gm_reported *, struct gm_ramp *);

/*
 * When there is something to do for gm_call_step(), on the monotonic clock;
 * INT64_MAX: a response is on its way, or all is done.
 */
int64_t gm_call_due_ms(const struct gm_call *);

bool gm_call_is_done(const struct gm_call *);

/* Does it wait for a change of the keys, too?  See gm_keystate_fd(). */
bool gm_call_changes_keys(const struct gm_call *);

/*
 * The slot that is reserved and not yet used, wall clock; 0: none.  Of several
 * calls the one with the latest slot should be stopped first; see
 * gm_keys_make().
 */
int64_t gm_call_slot_ms(const struct gm_call *);

/*
 * Do what is due; changes nothing otherwise.  A time far ahead makes it look for
 * a change of the keys before that is due.
 */
void gm_call_step(struct gm_call *, int64_t now_ms);

/* End it now, its connection closed, with GM_CLASS_SIGNAL or _DEADLINE. */
void gm_call_stop(struct gm_call *, enum gm_class);

/* What it came to, once it is done: 0, or -1 with what went wrong. */
int gm_call_result(const struct gm_call *, struct gm_err *) GM_MUST_CHECK;

/* Harmless with NULL; ends what is on its way. */
void gm_call_free(struct gm_call *);

/*
 * Tell what would be sent, with the key that would be chosen now, masked, and
 * append the body.  Returns 0, or -1: GM_EOS, GM_EDATA.
 */
int gm_call_preview(const struct gm_call_args *, enum gm_level,
    struct gm_buf *body, struct gm_err *) GM_MUST_CHECK;

#endif
