#ifndef GM_KEYS_RULES_H
#define GM_KEYS_RULES_H

/*
 * The rules: which key is used next, and until when another one is not, over a
 * table of what is known.  No I/O, no clock.
 *
 * A list of keys, a ring in its order, has for each model its own current key
 * and its own pause.  All processes with the list share them; two lists on a
 * machine do not change each other's, even if they share keys.
 *
 * Blame goes where it belongs.  A quota belongs to a quota project and a model,
 * a bad key to the key, a closed account to the project; faults of a request, a
 * model, a server or the network are no key's.  Keys that carry the same label,
 * or were seen with the same project number, share a project; any other key is
 * a project of its own.  Everything is kept per origin of the service.
 *
 * A mark ends no earlier than one that stands already.  A request that was on
 * its way when a mark was made neither doubles nor lifts it.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "config/keyring.h"
#include "fault.h"
#include "keys/table.h"

/* In place of a model, in rows that hold for all. */
#define GM_KEYROW_ALL "all"

/* What stays the same over a run; borrowed. */
struct gm_keyrule {
	const char *origin; /* of the service: "https://host:443" */
	const struct gm_keyring *ring;
	char (*ids)[GM_HASH_HEX]; /* of each key of the ring */
	const char *list; /* id of the list: of its pause and current key */
	bool round_robin; /* else stay on a key until it fails */
	/* Per project and model; 0: unlimited.  tpm: input tokens a minute. */
	int64_t rpm, rpd, tpm;
};

/* Which keys a call may use. */
enum gm_keychoice_of {
	GM_KEYS_ALL,
	GM_KEYS_ONE,    /* the one with the index key */
	GM_KEYS_PROJECT /* those of the project of that one */
};

/* What a single call wants of the keys; zero: any key, and a request. */
struct gm_keyfilter {
	enum gm_keychoice_of of;
	size_t key;
	const char *avoid; /* id of a project, borrowed; NULL or "": none */
	bool free;         /* costs nothing: rpm, rpd and tpm do not hold */
	int64_t tokens;    /* of input, estimated; 0: unknown */
	bool search;       /* uses the search tool */
	int64_t ignore_before_ms; /* marks of earlier do not count; 0: all do */
};

/* A call that asks for a key or reports on one, at a time. */
struct gm_keyquery {
	const struct gm_keyrule *rule;
	struct gm_keytable *table; /* changed only by what says so */
	const char *model;         /* NULL: the call has none */
	struct gm_keyfilter filter;
	int64_t now_ms; /* wall clock */
};

/* The status of a key with a model. */
struct gm_keystatus {
	enum gm_class class;           /* GM_CLASS_OK: it may be used */
	int64_t since_ms, until_ms;    /* since 0: there is no mark */
	char reason[GM_KEYROW_REASON]; /* "" if there is none */
};

enum gm_pick_kind {
	GM_PICK_KEY,     /* use it, at at_ms */
	GM_PICK_COOLING, /* none now; the first cools down until at_ms */
	GM_PICK_REJECTED /* none, and no cooldown ends soon */
};

struct gm_pick {
	enum gm_pick_kind kind;
	size_t index; /* of the key that kind is about */
	int64_t at_ms;
	struct gm_keystatus status; /* of that key; see gm_keyrule_pick() */
	/* How many of the keys that were looked at are; all are, unless one was
	 * found that may be used now. */
	size_t cooling, rejected;
	bool stay; /* the current key may be used, too, but only later */
	/* Cooling only: the first end of a cooldown that is worth a sleep (see
	 * gm_class_may_sleep()), its key and its class; 0: there is none. */
	int64_t wake_ms;
	size_t wake_index;
	enum gm_class wake_class;
};

/* A model as rows name it: without "models/", "all" for NULL. */
const char *gm_keyrule_model(const char *model);

/* The id of the quota project of a key; valid until the table changes. */
const char *gm_keyrule_project(
    const struct gm_keyrule *, const struct gm_keytable *, size_t index);

/*
 * The worst mark that the call would meet with the key, or GM_RPD, which does
 * not hold for a call that is free.
 */
void gm_keyrule_status(
    const struct gm_keyquery *, size_t index, struct gm_keystatus *);

/* The list's current key for the model; 0 if none was stored. */
size_t gm_keyrule_current(const struct gm_keyquery *);

/*
 * Choose the key with the earliest slot: of equal ones the current key, then
 * the next in the ring's order or, with round_robin, the one that was used
 * longest ago.  If all keys are dead, the one that was rejected longest ago is
 * tried once an hour: its status still shows the mark, and reserving it
 * begins the hour.
 */
void gm_keyrule_pick(const struct gm_keyquery *, struct gm_pick *);

/*
 * Choose another key than the current one, the next in the ring's order that
 * may be used, also with round_robin; the current one only if there is no other.
 */
void gm_keyrule_next(const struct gm_keyquery *, struct gm_pick *);

/*
 * Count a request with the picked key, and its tokens, and take its slot.  Make
 * the key the current one, unless the pick is to stay with the current one.
 * Returns the row whose counters changed, or NULL with GM_EOS.
 */
struct gm_keyrow *gm_keyrule_reserve(const struct gm_keyquery *,
    const struct gm_pick *, struct gm_err *) GM_MUST_CHECK;

/*
 * A request that was reserved for at_ms will not be sent: it does not count,
 * nor do its tokens, and its slot is free again if no other comes after it.
 * Returns the row whose counters changed, or NULL.
 */
struct gm_keyrow *
gm_keyrule_give_back(const struct gm_keyquery *, size_t index, int64_t at_ms);

/*
 * Make a key the current one, or keep it: once a day the row is dated anew, so
 * that it is not forgotten.  Sets changed in both cases, and in no other.
 * Returns 0, or -1 with GM_EOS.
 */
int gm_keyrule_move(
    const struct gm_keyquery *, size_t index, struct gm_err *) GM_MUST_CHECK;

/*
 * Correct the tokens that a request, sent at sent_ms, was reserved with (the
 * filter's) to those that the service has counted.  Returns the row whose counters
 * changed, or NULL if nothing is to be corrected, as without tpm, or with
 * counted -1: unknown.
 */
struct gm_keyrow *gm_keyrule_correct(
    const struct gm_keyquery *, size_t index, int64_t sent_ms, int64_t counted);

/* Has gm_keyrule_correct() anything to do? */
bool gm_keyrule_may_correct(const struct gm_keyquery *, int64_t counted);

/* --- what is learnt from requests */

/*
 * The length of a cooldown after a fault of this class.  hint_ms: what the
 * service says, -1: nothing.  before_ms: the last cooldown, if the request has
 * failed ever since, 0: none; a cooldown that follows another is twice as long,
 * at least 1 s and at most 10 minutes, so that a service that keeps rejecting
 * requests gets fewer of them.  day_ms: until the daily quotas are reset, which
 * ends the cooldown of a daily quota at the latest.  An unexplained 403 begins
 * with 5 minutes.  Rejected keys are tried again later, as somebody may have
 * mended them: all but leaked ones.
 */
int64_t gm_keyrule_cooling_ms(
    enum gm_class, int64_t hint_ms, int64_t before_ms, int64_t day_ms);

/*
 * A request with a key, sent at sent_ms, has failed: mark what the fault is
 * charged to, if its scope is key, project, quota or tool.  Remembers the
 * project that the service named.  If the minute quotas of all projects that
 * could be used are exhausted within seconds, that is one pause of the service
 * for this list, and no mark of any key.  Returns 0, or -1 with GM_EOS.
 */
int gm_keyrule_fault(const struct gm_keyquery *, size_t index, int64_t sent_ms,
    const struct gm_fault *, struct gm_err *) GM_MUST_CHECK;

/*
 * A request with a key, sent at sent_ms, has succeeded: lift the marks of key,
 * project and quota.  One that costs nothing (free, or without a model) proves
 * nothing about credit and spend.
 */
void
gm_keyrule_success(const struct gm_keyquery *, size_t index, int64_t sent_ms);

/* Would gm_keyrule_success() lift anything? */
bool
gm_keyrule_may_lift(const struct gm_keyquery *, size_t index, int64_t sent_ms);

/*
 * Mark by hand: this class for ms from now on, for this reason (NULL: the usual
 * one).  GM_CLASS_OK is a success.  Returns 0, or -1: GM_EUSAGE (no key is
 * charged with that class), GM_EOS.
 */
int gm_keyrule_mark(const struct gm_keyquery *, size_t index, enum gm_class,
    int64_t ms, const char *why, struct gm_err *) GM_MUST_CHECK;

/* Lift every mark of a key and its project, and drop slots, of all models. */
void gm_keyrule_reset(const struct gm_keyquery *, size_t index);

/* Reset all keys; the first one is the list's current again, for all models. */
void gm_keyrule_reset_all(const struct gm_keyquery *);

#endif
