#ifndef GM_KEYS_RULE_H
#define GM_KEYS_RULE_H

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

/* Ids of rows of a list's pause begin with this. */
#define GM_KEYROW_PAUSE "provider"

/* What stays the same over a run; borrowed. */
struct gm_keyrule {
	const char *origin; /* of the service: "https://host:443" */
	const struct gm_keyring *ring;
	char (*ids)[GM_HASH_HEX]; /* of each key of the ring */
	const char *current;      /* id of the row with the current key */
	const char *pause;        /* id of the row with the service's pause */
	bool round_robin;         /* else stay on a key until it fails */
	int64_t rpm, rpd;         /* per project and model; 0: unlimited */
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
	bool free;         /* costs nothing: rpm and rpd do not hold for it */
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

/* The model of the row that holds a model's quota for search. */
void gm_keyrule_search(const char *model, char out[GM_KEYROW_MODEL]);

/* The id of the quota project of a key; valid until the table changes. */
const char *gm_keyrule_project(
    const struct gm_keyrule *, const struct gm_keytable *, size_t index);

/* model NULL: of calls that have none. */
void gm_keyrule_standing(const struct gm_keyrule *, const struct gm_keytable *,
    const char *model, const struct gm_keywish *, size_t index, int64_t now_ms,
    struct gm_standing *);

/* Has the key, or what it hangs on, a mark?  Limits of the user's are none. */
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
 * Count a request with the picked key, take its slot, and make it the current
 * one, unless the current one may be used again once its slot comes.  Returns the row whose counters changed, or NULL with
 * GM_EOS.
 */
struct gm_keyrow *gm_keyrule_reserve(const struct gm_keyrule *,
    struct gm_keytable *, const char *model, const struct gm_keywish *,
    const struct gm_pick *, int64_t now_ms, struct gm_err *) GM_MUST_CHECK;

/*
 * A request that was to be sent at at_ms, which reserve() gave it, is given up:
 * it does not count, and if no other turn comes after it, it is free again.
 * Returns the row whose counters changed, or NULL.
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

#endif
