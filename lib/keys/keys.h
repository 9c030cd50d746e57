#ifndef GM_KEYS_KEYS_H
#define GM_KEYS_KEYS_H

/*
 * The keys of a service, as calls use them: the rules, applied to the key state
 * that all services and processes share.
 *
 * A key is chosen by the state of that moment.  A mark is on the disk before
 * the change that made it is done, so every other process obeys it from then
 * on.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "config/keyring.h"
#include "fault.h"
#include "keys/rules.h"
#include "keys/state.h"
#include "keys/table.h"
#include "net/url.h"

/* All is borrowed until gm_keys_close(). */
struct gm_keys_options {
	const struct gm_keyring *ring;
	const char *base_url;
	struct gm_keystate *state;
	bool round_robin;
	int64_t rpm, rpd, tpm; /* GM_RPM, GM_RPD, GM_TPM; 0: unlimited */
};

struct gm_keys {
	struct gm_keyrule rule;
	struct gm_keystate *state;
	char origin[GM_URL_ORIGIN];
	char (*ids)[GM_HASH_HEX];
	char list[GM_HASH_HEX]; /* id of the list: hash of the ids in order */
};

/* Returns 0, or -1: GM_EOS. */
int gm_keys_open(struct gm_keys *, const struct gm_keys_options *,
    struct gm_err *) GM_MUST_CHECK;

/* Result of a request, for the key that it was sent with. */
enum gm_keys_learnt {
	GM_LEARNT_NOTHING,
	GM_LEARNT_FAULT,   /* the request has failed */
	GM_LEARNT_SUCCESS, /* it was answered */
	GM_LEARNT_UNSENT   /* a reserved request will not be sent */
};

/*
 * One change of the state: the result of a request, and the reservation of the
 * next one.  Together, so that a rotation locks and syncs once.
 *
 * The caller owns it, sets the members of "in", leaves all others zero, and
 * does not move it until it is done.
 */
struct gm_keychange {
	/* in; pointers are borrowed until it is done */
	const char *model; /* NULL: the call has no model */
	struct gm_keyfilter filter;
	enum gm_keys_learnt learnt;
	size_t index;                 /* of the key of the request */
	int64_t sent_ms;              /* wall clock, when it was sent */
	const struct gm_fault *fault; /* for GM_LEARNT_FAULT */
	int64_t slot_ms;   /* for GM_LEARNT_UNSENT: at_ms of its pick */
	int64_t tokens;    /* for GM_LEARNT_SUCCESS: input tokens that the
	                    * service counted; -1: not known.  The estimate
	                    * is in filter */
	bool reserve;      /* choose a key and count a request */
	int64_t latest_ms; /* wall clock: do not reserve a later slot */

	/* out */
	struct gm_pick pick; /* if reserve; nothing was counted if there is no
	                      * key, or if at_ms is after latest_ms */
	int64_t again_ms;    /* not done: monotonic time to call again */

	bool made; /* the table has the change; see gm_keys_abandon() */

	/* private */
	struct gm_keywait wait;
	bool begun;
	uint64_t batch;
};

/*
 * Make a change without waiting or syncing on this thread.  Returns 1: done; 0:
 * call again at again_ms, or when gm_keystate_fd() is readable; -1: GM_EOS,
 * GM_ESIGNAL or GM_EUNAVAILABLE (the deadline), and nothing was reserved.
 * After a timeout of the lock, see gm_keystate_enter(), the change is in memory
 * only.
 */
int gm_keys_run(
    struct gm_keys *, struct gm_keychange *, struct gm_err *) GM_MUST_CHECK;

/*
 * Make a change, waiting for the lock; briefly (see gm_keystate_lock()) for
 * GM_LEARNT_UNSENT, which comes at the end of a run.  Give back the latest of
 * several slots first, as only the last slot can be freed.  Returns 0, or -1 as
 * above.
 */
int gm_keys_make(
    struct gm_keys *, struct gm_keychange *, struct gm_err *) GM_MUST_CHECK;

/*
 * End a change because the process is about to end.  made is false afterwards
 * if nothing was changed: it had not begun, or the disk was too slow.
 */
void gm_keys_abandon(struct gm_keys *, struct gm_keychange *);

/* Make a query for the time of now, over the state as it was last read. */
struct gm_keyquery gm_keys_query(
    const struct gm_keys *, const char *model, const struct gm_keyfilter *);

/* Read the state without the lock, and make a query that must not change it. */
struct gm_keyquery
gm_keys_look(struct gm_keys *, const char *model, const struct gm_keyfilter *);

/* Return true if the key has no mark, such as one made since it was chosen. */
bool gm_keys_is_usable(struct gm_keys *, const char *model,
    const struct gm_keyfilter *, size_t index);

/*
 * Lock the state until gm_keystate_unlock() or gm_keys_store(), and make a
 * query that may change it.  Errors as of gm_keystate_lock().
 */
int
gm_keys_begin(struct gm_keys *, const char *model, const struct gm_keyfilter *,
    struct gm_keyquery *, struct gm_err *) GM_MUST_CHECK;

/*
 * Save and unlock.  If the state is strict and was not stored, returns -1 as
 * gm_keystate_check() does.
 */

int gm_keys_store(struct gm_keys *, struct gm_err *) GM_MUST_CHECK;

void gm_keys_close(struct gm_keys *);

#endif
