#ifndef GM_KEYS_KEYS_H
#define GM_KEYS_KEYS_H

/*
 * The keys of a service as a run uses them: the ring, the rules, and what all
 * processes know.  Every choice is made from the state as it is at that moment,
 * and what is learnt is there for the others before this returns.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/note.h"
#include "config/keyring.h"
#include "fault.h"
#include "keys/blame.h"
#include "keys/rule.h"
#include "keys/state.h"
#include "keys/table.h"
#include "net/url.h"

/* All is borrowed until gm_keys_close(). */
struct gm_keys_options {
	const struct gm_keyring *ring;
	const char *base_url;
	/* "": there is none, which is told; NULL: none is wanted.  What is
	 * learnt stays here then. */
	const char *state_dir;
	const struct gm_note *note;
	unsigned *told; /* as for gm_keystate_open(); may be NULL */
	bool round_robin;
	bool must_store;  /* what cannot be stored is an error, and no note */
	int64_t rpm, rpd; /* 0: unlimited */
};

struct gm_keys {
	struct gm_keyrule rule;
	struct gm_keystate state;
	struct gm_keytable table; /* as of the last look */
	bool must_store;
	const struct gm_note *note;
	char origin[GM_URL_ORIGIN];
	char (*ids)[GM_HASH_HEX];
	char current[sizeof(GM_KEYROW_CURRENT) + GM_HASH_HEX];
	char pause[sizeof(GM_KEYROW_PAUSE) + GM_HASH_HEX];
};

/* Returns 0, or -1: GM_EOS. */
int gm_keys_open(struct gm_keys *, const struct gm_keys_options *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Choose a key and count the request that will use it.  Nothing is counted when
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

/* A reserved request that will not be sent; see gm_keyrule_give_back(). */
void gm_keys_give_back(struct gm_keys *, const char *model,
    const struct gm_keywish *, size_t index, int64_t at_ms);

/* What gm_keys_reserve() would choose now; changes nothing. */
void gm_keys_peek(struct gm_keys *, const char *model,
    const struct gm_keywish *, struct gm_pick *);

/* A request sent at sent_ms (wall clock) has failed, or has not. */
int gm_keys_fault(struct gm_keys *, const char *model,
    const struct gm_keywish *, size_t index, int64_t sent_ms,
    const struct gm_fault *, struct gm_err *) GM_MUST_CHECK;
void gm_keys_success(struct gm_keys *, const char *model,
    const struct gm_keywish *, size_t index, int64_t sent_ms);

/* One that costs nothing has not failed: there may be no quota all the same. */
void gm_keys_reached(struct gm_keys *, const char *model,
    const struct gm_keywish *, size_t index, int64_t sent_ms);

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
 * Look at the table, with the lock held from the one to the other; what was
 * changed in between is saved by gm_keys_commit().  Errors as above.
 */
int gm_keys_begin(struct gm_keys *, struct gm_err *) GM_MUST_CHECK;
void gm_keys_commit(struct gm_keys *);

/*
 * The same where that is what the user has asked for.  Returns 0, or -1 if it
 * must be stored and was not: as gm_keystate_check().
 */
int gm_keys_store(struct gm_keys *, struct gm_err *) GM_MUST_CHECK;

void gm_keys_close(struct gm_keys *);

#endif
