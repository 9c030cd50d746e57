#ifndef GM_KEYS_KEYS_H
#define GM_KEYS_KEYS_H

/*
 * The keys of a service as calls use them: the ring and the rules, over the
 * state that all services and processes share.  Every choice is made from the
 * state as it is at that moment, and what is learnt is there for the others
 * before a change is done.
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
 * the state.  The caller owns it, fills what comes in, and leaves all else zero
 * and all of it in its place until it is done.
 */
struct gm_keychange {
	/* in; pointers are borrowed until it is done */
	const char *model; /* NULL: the call has none */
	struct gm_keywish wish;
	enum gm_keys_learnt learnt;
	size_t index;                 /* of the key of which it was learnt */
	int64_t sent_ms;              /* wall clock, of its request */
	const struct gm_fault *fault; /* of GM_LEARNT_FAULT */
	int64_t slot_ms;   /* of GM_LEARNT_UNSENT: at_ms of its pick */
	int64_t tokens;    /* of GM_LEARNT_SUCCESS: of input, as the service
	                    * counted them, -1: unknown; wish has the estimate */
	bool reserve;      /* choose a key and count the request */
	int64_t latest_ms; /* wall clock: later is too late to reserve */

	/* out */
	struct gm_pick pick; /* if reserve: also where nothing was counted, as
	                      * there is no key or at_ms is after latest_ms */
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
 * A change that nobody waits for any more, as the run is to end.  made is false
 * then if nothing was changed: it did not come to it, or the disk was too slow.
 */
void gm_keys_abandon(struct gm_keys *, struct gm_keychange *);

/*
 * Choose a key and count the request that will use it, waiting for the lock.  Nothing is counted when
 * there is no key, nor when it could only be sent after latest_ms (wall clock):
 * at_ms tells.  model NULL: the call has none.  The wish is the call's, and NULL
 * is none, here and below.
 * Returns 0, or -1: GM_ESIGNAL or GM_EUNAVAILABLE (the deadline) while waiting
 * for the lock, GM_EOS.
 */
int
gm_keys_reserve(struct gm_keys *, const char *model, const struct gm_keywish *,
    int64_t latest_ms, struct gm_pick *, struct gm_err *) GM_MUST_CHECK;

/* Has nothing been learnt against a key since it was chosen? */
bool gm_keys_is_usable(struct gm_keys *, const char *model,
    const struct gm_keywish *, size_t index);

/*
 * A reserved request will not be sent; see gm_keyrule_give_back().  Waits no
 * longer for the lock than gm_keystate_lock_briefly().  Of several the one with
 * the latest slot comes first, so that the slots before it are free again, too.
 */
void gm_keys_give_back(struct gm_keys *, const char *model,
    const struct gm_keywish *, size_t index, int64_t at_ms);

/* What gm_keys_reserve() would choose now; changes nothing. */
void gm_keys_peek(struct gm_keys *, const char *model,
    const struct gm_keywish *, struct gm_pick *);

/*
 * Make the next usable key the current one, as gm_keyrule_next() chooses it,
 * if the current one is still the one with this index (-1: in any case).  The
 * pick is the current key then or, with GM_PICK_COOLING and GM_PICK_DEAD, says
 * why none can be used.  Errors as above, and as gm_keys_store().
 */
int gm_keys_move(struct gm_keys *, const char *model, const struct gm_keywish *,
    int64_t from, struct gm_pick *, struct gm_err *) GM_MUST_CHECK;

/*
 * By hand: this class for ms from now on, -1: for as long as is usual.  Errors
 * as above, as of the next.
 */
int gm_keys_mark(struct gm_keys *, const char *model, size_t index,
    enum gm_class, int64_t ms, struct gm_err *) GM_MUST_CHECK;

/* Lift the marks of a key; of all with -1, and the first is the current. */
int
gm_keys_reset(struct gm_keys *, int64_t index, struct gm_err *) GM_MUST_CHECK;

/*
 * begin locks the table, which may be changed then; commit saves and unlocks.
 * Errors as above.
 */
int gm_keys_begin(struct gm_keys *, struct gm_err *) GM_MUST_CHECK;
void gm_keys_commit(struct gm_keys *);

/*
 * Commit; for a state that is strict, returns -1 if it was not stored: as
 * gm_keystate_check().
 */
int gm_keys_store(struct gm_keys *, struct gm_err *) GM_MUST_CHECK;

void gm_keys_close(struct gm_keys *);

#endif
