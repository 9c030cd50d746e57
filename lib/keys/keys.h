#ifndef GM_KEYS_KEYS_H
#define GM_KEYS_KEYS_H

/*
 * The keys of a service as calls use them: the rules, over the state that all
 * services and processes share.  A choice is made from the state as it is at that
 * moment, and what is learnt is shared before a change is done.
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
	int64_t rpm, rpd, tpm; /* 0: unlimited */
};

struct gm_keys {
	struct gm_keyrule rule;
	struct gm_keystate *state;
	char origin[GM_URL_ORIGIN];
	char (*ids)[GM_HASH_HEX];
	char list[GM_HASH_HEX]; /* hash of the ids */
};

/* Returns 0, or -1: GM_EOS. */
int gm_keys_open(struct gm_keys *, const struct gm_keys_options *,
    struct gm_err *) GM_MUST_CHECK;

enum gm_keys_learnt {
	GM_LEARNT_NOTHING,
	GM_LEARNT_FAULT,   /* the request with the key has failed */
	GM_LEARNT_SUCCESS, /* it was answered */
	GM_LEARNT_UNSENT   /* a reserved request will not be sent */
};

/*
 * What was learnt of a key, and the reservation of the next one: one change of
 * the state.  The caller owns it, sets what goes in, leaves all else zero, and
 * does not move it until it is done.
 */
struct gm_keychange {
	/* in; pointers are borrowed until it is done */
	const char *model; /* NULL: the call has none */
	struct gm_keyfilter filter;
	enum gm_keys_learnt learnt;
	size_t index;                 /* of the key that it was learnt of */
	int64_t sent_ms;              /* wall clock, of its request */
	const struct gm_fault *fault; /* of GM_LEARNT_FAULT */
	int64_t slot_ms;   /* of GM_LEARNT_UNSENT: at_ms of its pick */
	int64_t tokens;    /* of GM_LEARNT_SUCCESS: of input, as the service
	                    * counted them, -1: unknown; filter has the estimate */
	bool reserve;      /* choose a key and count the request */
	int64_t latest_ms; /* wall clock: later is too late to reserve */

	/* out */
	struct gm_pick pick; /* if reserve; nothing was counted if there is no
	                      * key, or at_ms is after latest_ms */
	int64_t again_ms;    /* not yet done: when to call again (monotonic) */

	bool made; /* the table has it; see gm_keys_abandon() */

	/* private */
	struct gm_keywait wait;
	bool begun;
	uint64_t batch;
};

/*
 * Make a change, without waiting or syncing on this thread.  Returns 1 when it
 * is done; 0: call again at again_ms, or when gm_keystate_fd() is readable; -1:
 * GM_EOS, GM_ESIGNAL or GM_EUNAVAILABLE (the deadline), and nothing was
 * reserved.  If the lock cannot be had (see gm_keystate_enter()) the change is
 * made in memory only.
 */
int gm_keys_run(
    struct gm_keys *, struct gm_keychange *, struct gm_err *) GM_MUST_CHECK;

/*
 * Make a change at once, waiting for the lock; for GM_LEARNT_UNSENT, which comes
 * at the end of a call, only as briefly as gm_keystate_lock() can.  Of several
 * slots that are given back the latest comes first, so that those before it are
 * free again, too.  Returns 0, or -1 as above.
 */
int gm_keys_make(
    struct gm_keys *, struct gm_keychange *, struct gm_err *) GM_MUST_CHECK;

/*
 * End a change that nobody waits for any more, as the run is to end.  Afterwards
 * made is false if nothing was changed: it had not begun, or the disk was too
 * slow.
 */
void gm_keys_abandon(struct gm_keys *, struct gm_keychange *);

/* A query, at this time, of the state as it was seen last. */
struct gm_keyquery gm_keys_query(
    const struct gm_keys *, const char *model, const struct gm_keyfilter *);

/* A query of the state as it is now, to look only: takes no lock. */
struct gm_keyquery
gm_keys_look(struct gm_keys *, const char *model, const struct gm_keyfilter *);

/* Has nothing been learnt against a key since it was chosen? */
bool gm_keys_is_usable(struct gm_keys *, const char *model,
    const struct gm_keyfilter *, size_t index);

/*
 * A query by which the table may be changed: it is locked until
 * gm_keystate_unlock() or gm_keys_store().  Errors as of gm_keystate_lock().
 */
int
gm_keys_begin(struct gm_keys *, const char *model, const struct gm_keyfilter *,
    struct gm_keyquery *, struct gm_err *) GM_MUST_CHECK;

/*
 * Save and unlock.  For a state that is strict, returns -1 if it was not stored:
 * as gm_keystate_check().
 */
int gm_keys_store(struct gm_keys *, struct gm_err *) GM_MUST_CHECK;

void gm_keys_close(struct gm_keys *);

#endif
