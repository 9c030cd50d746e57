#ifndef GM_KEYS_RULES_H
#define GM_KEYS_RULES_H

/*
 * Which key is used next, and since when and until when another is not: the
 * rules, over a table of what is known.  No I/O, no clock; the time comes in as
 * wall clock milliseconds.
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

/* What a single call wants of the keys; zero, or NULL in its place: nothing. */
struct gm_keywish {
	enum gm_keychoice_of of;
	size_t key;
	const char *avoid; /* id of a project, borrowed; NULL or "": none */
	bool free;         /* costs nothing: rpm, rpd and tpm do not hold */
	int64_t tokens;    /* of input, estimated; 0: unknown */
	bool search;       /* uses the search tool */
	int64_t ignore_before_ms; /* marks of earlier do not count; 0: all do */
};

/* How a key stands with a model. */
struct gm_standing {
	enum gm_class class;           /* GM_CLASS_OK: it may be used */
	int64_t since_ms, until_ms;    /* since 0: there is no mark */
	char reason[GM_KEYROW_REASON]; /* "" if there is none */
};

enum gm_pick_kind {
	GM_PICK_KEY,     /* use it, at at_ms */
	GM_PICK_COOLING, /* none now; the first is back at at_ms */
	GM_PICK_DEAD     /* none, and none comes back by itself soon */
};

struct gm_pick {
	enum gm_pick_kind kind;
	size_t index; /* of the key that kind speaks of */
	int64_t at_ms;
	struct gm_standing standing; /* of that key; see gm_keyrule_pick() */
	/* How many of the keys that were looked at are; all are, unless one was
	 * found that may be used now. */
	size_t cooling, dead;
	bool stay; /* the current key may be used, too, but only later */
	/* Cooling only: when the first key is back that is worth a sleep (see
	 * gm_class_may_sleep()), and what it rests for; 0: there is none. */
	int64_t wake_ms;
	enum gm_class wake_class;
};

/* A model as rows name it: without "models/", "all" for NULL. */
const char *gm_keyrule_model(const char *model);

/* The id of the quota project of a key; valid until the table changes. */
const char *gm_keyrule_project(
    const struct gm_keyrule *, const struct gm_keytable *, size_t index);

/* model NULL: of calls that have none. */
void gm_keyrule_standing(const struct gm_keyrule *, const struct gm_keytable *,
    const char *model, const struct gm_keywish *, size_t index, int64_t now_ms,
    struct gm_standing *);

/* Has the key, its project or its list a mark?  GM_RPD does not count. */
bool gm_keyrule_is_marked(const struct gm_keyrule *, const struct gm_keytable *,
    const char *model, const struct gm_keywish *, size_t index, int64_t now_ms);

/* The key that the shared state has as the list's current one; else 0. */
size_t gm_keyrule_current(
    const struct gm_keyrule *, const struct gm_keytable *, const char *model);

/*
 * Choose the key whose slot is the earliest: of equal ones the current key, then
 * the next in the ring's order, or by turns the one that was used longest ago.
 * Where every key is dead one is tried once an hour, the one that was refused longest ago: its
 * standing goes on saying so, and reserving it begins the hour.
 */
void gm_keyrule_pick(const struct gm_keyrule *, const struct gm_keytable *,
    const char *model, const struct gm_keywish *, int64_t now_ms,
    struct gm_pick *);

/*
 * Choose another key than the current one, the next in the ring's order that
 * may be used, also where requests take turns; the current one only if it is
 * the only such key, or the only one to use.
 */
void gm_keyrule_next(const struct gm_keyrule *, const struct gm_keytable *,
    const char *model, const struct gm_keywish *, int64_t now_ms,
    struct gm_pick *);

/*
 * Count a request with the picked key and its tokens, take its slot, and make it the current
 * one, unless the current one may be used again once its slot comes.  Returns the row whose counters changed, or NULL with
 * GM_EOS.
 */
struct gm_keyrow *gm_keyrule_reserve(const struct gm_keyrule *,
    struct gm_keytable *, const char *model, const struct gm_keywish *,
    const struct gm_pick *, int64_t now_ms, struct gm_err *) GM_MUST_CHECK;

/*
 * A request that was to be sent at at_ms, which reserve() gave it, is given up:
 * it does not count, nor do its tokens, and if no other turn comes after it, it
 * is free again.  Returns the row whose counters changed, or NULL.
 */
struct gm_keyrow *
gm_keyrule_give_back(const struct gm_keyrule *, struct gm_keytable *,
    const char *model, const struct gm_keywish *, size_t index, int64_t at_ms);

/*
 * Make a key the current one, or keep it: once a day the row is dated anew, so
 * that it is not forgotten.  Sets changed in both cases, and in no other.
 * Returns 0, or -1 with GM_EOS.
 */
int gm_keyrule_move(const struct gm_keyrule *, struct gm_keytable *,
    const char *model, size_t index, int64_t now_ms,
    struct gm_err *) GM_MUST_CHECK;

/*
 * The service has counted the input tokens of a request that was sent at
 * sent_ms: correct what it was reserved with, the wish's tokens.  Returns the
 * row whose counters changed, or NULL if nothing is to be corrected, as without
 * tpm, or with counted -1: unknown.
 */
struct gm_keyrow *gm_keyrule_correct(const struct gm_keyrule *,
    struct gm_keytable *, const char *model, const struct gm_keywish *,
    size_t index, int64_t sent_ms, int64_t counted, int64_t now_ms);

/* Has gm_keyrule_correct() anything to do? */
bool gm_keyrule_may_correct(
    const struct gm_keyrule *, const struct gm_keywish *, int64_t counted);

/* --- what requests teach */

/*
 * How long a key, a project or a quota cools down after a fault of this class; the
 * one place that reckons it.  hint_ms: what the service says, -1: nothing.
 * before_ms: the cooldown that it was given last, if it has failed ever since, 0:
 * none; a cooldown that follows another is at least 1 s and twice as long, at most
 * 10 minutes, so that a service that goes on refusing is asked less and less.
 * An unexplained 403 takes 5 minutes first.
 * day_ms: until the daily quotas begin anew, which a daily quota's cooldown is
 * never longer than.  Keys that were refused are asked again after a while, as
 * somebody may have mended them: all but leaked ones.
 */
int64_t gm_keyrule_cooling_ms(
    enum gm_class, int64_t hint_ms, int64_t before_ms, int64_t day_ms);

/* A request that has come to its end. */
struct gm_deed {
	const char *model;             /* NULL: it had none */
	const struct gm_keywish *wish; /* NULL: none */
	size_t index;                  /* of the key */
	int64_t sent_ms, now_ms;
	const char *why; /* of a mark by hand; NULL: the usual words */
};

/*
 * Mark what the fault is charged to: nothing, unless its scope is key, project,
 * quota or tool.  Remembers the project that the service named.  When every project
 * that could be asked is out of its minute's quota within seconds, that is one
 * pause of the service, for this list, and no mark of any key.  Returns 0, or -1 with GM_EOS.
 */
int gm_keyrule_fault(const struct gm_keyrule *, struct gm_keytable *,
    const struct gm_deed *, const struct gm_fault *,
    struct gm_err *) GM_MUST_CHECK;

/* Is there anything that a good reply would lift? */
bool gm_keyrule_may_lift(const struct gm_keyrule *, const struct gm_keytable *,
    const struct gm_deed *);

/*
 * A good reply: the key, its project and its quota are well.  One that costs
 * nothing (free, or without a model) says nothing about credit and spend.
 */
void gm_keyrule_success(
    const struct gm_keyrule *, struct gm_keytable *, const struct gm_deed *);

/*
 * By hand: this class for ms from the deed's now on.  GM_CLASS_OK is a success.
 * Returns 0, or -1: GM_EUSAGE (no key is charged with that class), GM_EOS.
 */
int gm_keyrule_mark(const struct gm_keyrule *, struct gm_keytable *,
    const struct gm_deed *, enum gm_class, int64_t ms,
    struct gm_err *) GM_MUST_CHECK;

/* Lift every mark of a key and its project, and drop turns, of all models. */
void
gm_keyrule_reset(const struct gm_keyrule *, struct gm_keytable *, size_t index);

/* Of all keys; the first one is the list's current again, for all models. */
void gm_keyrule_reset_all(
    const struct gm_keyrule *, struct gm_keytable *, int64_t now_ms);

#endif
