#ifndef GM_CALL_CALL_H
#define GM_CALL_CALL_H

/*
 * One call: a request from the choice of a key to the end of the answer.
 * policy.h decides on the next step, and this module takes it: reserve a key,
 * send, read the response, wait, use another model or service.
 *
 * A call never blocks: gm_call_step() moves it when its time has come, and the
 * transfers of all calls are moved by one gm_http.  pool.h runs them.
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

/* The input of a call, and where its output goes; borrowed until the end. */
struct gm_call_args {
	const struct gm_service *service; /* the first one to use */
	const struct gm_request *request;
	const struct gm_sink *sink;
	struct gm_result *result; /* initialised */
	void *arg;                /* the caller's own */
};

struct gm_call;

/* A wait, as it is shown to the user; texts are borrowed. */
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
 * Start a call that is new or done.  Waits, reports and ramp are shared with
 * the other calls; ramp NULL: there are no others.  If the request cannot be
 * made, as it is too large or memory is short, the call is done with that
 * error.
 */
void gm_call_begin(struct gm_call *, const struct gm_call_args *,
    struct gm_waits *, struct gm_reported *, struct gm_ramp *);

/*
 * When gm_call_step() has something to do, on the monotonic clock; INT64_MAX: a
 * response is awaited, or the call is done.
 */
int64_t gm_call_due_ms(const struct gm_call *);

bool gm_call_is_done(const struct gm_call *);

/* True if it waits for the key state to be synced; see gm_keystate_fd(). */
bool gm_call_changes_keys(const struct gm_call *);

/*
 * The slot that is reserved and not used yet, wall clock; 0: none.  Of several
 * calls, stop the one with the latest slot first; see gm_keys_make().
 */
int64_t gm_call_slot_ms(const struct gm_call *);

/* Do what is due at now_ms.  INT64_MAX: look at the key state at once. */
void gm_call_step(struct gm_call *, int64_t now_ms);

/* End it now and close its connection, with GM_CLASS_SIGNAL or _DEADLINE. */
void gm_call_stop(struct gm_call *, enum gm_class);

/* The result of a call that is done: 0, or -1 with *err. */
int gm_call_result(const struct gm_call *, struct gm_err *) GM_MUST_CHECK;

/* Free a call, ended or not; NULL is harmless. */
void gm_call_free(struct gm_call *);

/*
 * Print the request line and headers that would be sent now, with the key
 * masked, and append the body.  Returns 0, or -1: GM_EOS, GM_EDATA.
 */
int gm_call_preview(const struct gm_call_args *, enum gm_level,
    struct gm_buf *body, struct gm_err *) GM_MUST_CHECK;

#endif
