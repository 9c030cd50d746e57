#ifndef GM_KEYS_RULES_H
#define GM_KEYS_RULES_H

/*
 * The rules of rotation: which key is used next, and what marks a key.  They
 * work on the table of the key state.  No I/O and no clock.
 *
 * A mark says that a key, a project or a quota cannot be used until a time: a
 * cooldown (rate limits and quotas) or a rejection (gm_class_is_rejection()).
 * A fault is charged to what it belongs to:
 *
 *	quota           the quota project with the model
 *	search quota    the project with the model and the search tool
 *	bad key         the key
 *	account         the quota project
 *	all others      nothing: request, model, server or network failed
 *
 * Keys with the same label, or for which the service named the same project
 * number, share a quota project; any other key has a project of its own.
 *
 * A list of keys is a ring in its order.  For each model it has a current key
 * and may have a cooldown of the whole service.  All processes with the same
 * list share these; other lists do not, even if they have the same keys.
 * Everything is kept per origin of the service.
 *
 * A mark is never shortened by a new one.  A request that was in flight when
 * the mark was made neither prolongs nor lifts it.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "config/keyring.h"
#include "fault.h"
#include "keys/table.h"

/* Model of rows that count for all models. */
#define GM_KEYROW_ALL "all"

/* Keys and limits of a service, the same for the whole run; borrowed. */
struct gm_keyrule {
	const char *origin; /* of the service: "https://host:443" */
	const struct gm_keyring *ring;
	char (*ids)[GM_HASH_HEX]; /* of each key of the ring */
	const char *list; /* id of the list, for its rows in the table */
	bool round_robin; /* GM_POLICY; else stay on a key until it fails */
	/* GM_RPM, GM_RPD and GM_TPM (input tokens per minute) for each project
	 * and model; 0: unlimited. */
	int64_t rpm, rpd, tpm;
};

/* Keys that a call may use. */
enum gm_keychoice_of {
	GM_KEYS_ALL,
	GM_KEYS_ONE,    /* only the key with index key (-k) */
	GM_KEYS_PROJECT /* only keys of the same project as that key */
};

/* Needs of a single call; zero: any key, and the request counts. */
struct gm_keyfilter {
	enum gm_keychoice_of of;
	size_t key;
	const char *avoid; /* id of a project, borrowed; NULL or "": none */
	bool free;         /* costs no quota: rpm, rpd and tpm do not apply */
	int64_t tokens;    /* estimated input tokens; 0: not known */
	bool search;       /* uses the search tool */
	int64_t ignore_before_ms; /* ignore marks made before; 0: ignore none */
};

/* Arguments of every rule: the call, the table and the time. */
struct gm_keyquery {
	const struct gm_keyrule *rule;
	struct gm_keytable *table; /* changed only if the function says so */
	const char *model;         /* NULL: the call has no model */
	struct gm_keyfilter filter;
	int64_t now_ms; /* wall clock */
};

/* Status of a key with a model. */
struct gm_keystatus {
	enum gm_class class;           /* GM_CLASS_OK: it may be used */
	int64_t since_ms, until_ms;    /* of the mark; since 0: no mark */
	char reason[GM_KEYROW_REASON]; /* may be "" */
};

enum gm_pick_kind {
	GM_PICK_KEY,     /* use this key, at at_ms */
	GM_PICK_COOLING, /* no key now; this one cools down until at_ms */
	GM_PICK_REJECTED /* no key, and none is cooling down */
};

struct gm_pick {
	enum gm_pick_kind kind;
	size_t index; /* of the key that kind is about */
	int64_t at_ms;
	struct gm_keystatus status; /* of that key; see gm_keyrule_pick() */
	/* Keys that are cooling down, and that are rejected.  The search ends
	 * with a key that can be used now, and counts none after it. */
	size_t cooling, rejected;
	bool stay; /* the current key is usable, but only after at_ms */
	/* GM_PICK_COOLING: the first end of a cooldown for which a run may
	 * sleep, see gm_class_may_sleep(), its key and its class; 0: none. */
	int64_t wake_ms;
	size_t wake_index;
	enum gm_class wake_class;
};

/* A model as the table names it: without "models/"; "all" for NULL. */
const char *gm_keyrule_model(const char *model);

/* Id of a key's quota project; valid until the table changes. */
const char *gm_keyrule_project(
    const struct gm_keyrule *, const struct gm_keytable *, size_t index);

/*
 * Find the worst mark that would stop the call with this key; an exhausted
 * GM_RPD is one, unless the call is free.  A rejection is worse than a
 * cooldown, and a later end than an earlier one.
 */
void gm_keyrule_status(
    const struct gm_keyquery *, size_t index, struct gm_keystatus *);

/* Index of the list's current key for the model; 0 if none is stored. */
size_t gm_keyrule_current(const struct gm_keyquery *);

/*
 * Choose the usable key with the earliest slot.  Of equal slots: the current
 * key, then the next in the ring's order; with round_robin the key that was
 * unused for the longest time.
 *
 * If all keys are rejected, the one that was rejected longest ago is tried once
 * an hour, as its owner may have repaired it.  Its status still shows the mark;
 * reserving it starts the hour.
 */
void gm_keyrule_pick(const struct gm_keyquery *, struct gm_pick *);

/*
 * Choose the next usable key after the current one in the ring's order, also
 * with round_robin.  The current key only if no other is usable.
 */
void gm_keyrule_next(const struct gm_keyquery *, struct gm_pick *);

/*
 * Count a request and its tokens for the picked key, and take its slot.  Make
 * the key the current one, unless pick->stay.  Returns the row whose counters
 * changed, or NULL with GM_EOS.
 */
struct gm_keyrow *gm_keyrule_reserve(const struct gm_keyquery *,
    const struct gm_pick *, struct gm_err *) GM_MUST_CHECK;

/*
 * Undo the reservation for at_ms of a request that will not be sent: subtract
 * it and its tokens, and free its slot if it is the last one.  Returns the row
 * whose counters changed, or NULL.
 */
struct gm_keyrow *
gm_keyrule_give_back(const struct gm_keyquery *, size_t index, int64_t at_ms);

/*
 * Make a key the current one.  If it already is, only renew the date of its row
 * once a day, so that the row is not dropped as idle.  Sets changed if the row
 * was written.  Returns 0, or -1 with GM_EOS.
 */
int gm_keyrule_move(
    const struct gm_keyquery *, size_t index, struct gm_err *) GM_MUST_CHECK;

/*
 * Correct the estimated tokens of a request (the filter's), sent at sent_ms, to
 * those that the service counted; -1: not known.  Returns the row whose
 * counters changed, or NULL if there is nothing to correct, as without tpm.
 */
struct gm_keyrow *gm_keyrule_correct(
    const struct gm_keyquery *, size_t index, int64_t sent_ms, int64_t counted);

/* True if gm_keyrule_correct() has something to do. */
bool gm_keyrule_may_correct(const struct gm_keyquery *, int64_t counted);

/* --- results of requests */

/*
 * Length of a mark after a fault of this class.
 *
 *	hint_ms    delay that the service asked for; -1: none
 *	before_ms  the last cooldown, if no request succeeded since; 0: none
 *	day_ms     time until the daily quotas are reset
 *
 * A cooldown that follows another is twice as long, at least 1 s and at most 10
 * minutes: a service that keeps rejecting requests gets fewer of them.  That of
 * a daily quota doubles without this limit, but ends at the reset.  A 403
 * without a known reason gets 5 minutes.  Invalid, expired and restricted keys
 * are tried again after 24 hours, as their owner may have repaired them, leaked
 * keys never; other rejections last 1 hour.
 */
int64_t gm_keyrule_cooling_ms(
    enum gm_class, int64_t hint_ms, int64_t before_ms, int64_t day_ms);

/*
 * Record that a request with a key, sent at sent_ms, failed: mark what the
 * fault is charged to, if its scope is key, project, quota or tool, and
 * remember the project that the service named.
 *
 * If the minute quotas of all usable projects (two at least) were exhausted
 * within 5 s, the service has limited all of them at once: the list gets one
 * cooldown of the service, and the marks of the quotas are lifted unless they
 * end over 5 s later.  Returns 0, or -1 with GM_EOS.

 */
int gm_keyrule_fault(const struct gm_keyquery *, size_t index, int64_t sent_ms,
    const struct gm_fault *, struct gm_err *) GM_MUST_CHECK;

/*
 * Record that a request with a key, sent at sent_ms, succeeded: lift the marks
 * of key, project, quota and service.  A request that costs nothing (free, or
 * without a model) does not lift no_credit and quota_spend.
 */
void
gm_keyrule_success(const struct gm_keyquery *, size_t index, int64_t sent_ms);

/* True if gm_keyrule_success() would lift a mark. */
bool
gm_keyrule_may_lift(const struct gm_keyquery *, size_t index, int64_t sent_ms);

/*
 * Mark by hand, for ms from now on; why NULL: "marked by gm-rotate".
 * GM_CLASS_OK acts as a success.  Returns 0, or -1: GM_EUSAGE (no key can be
 * marked with that class), GM_EOS.
 */
int gm_keyrule_mark(const struct gm_keyquery *, size_t index, enum gm_class,
    int64_t ms, const char *why, struct gm_err *) GM_MUST_CHECK;

/*
 * Lift all marks of a key and its project, and free their slots, for all
 * models.
 */
void gm_keyrule_reset(const struct gm_keyquery *, size_t index);

/* Reset all keys, and make the first one current for all models. */

void gm_keyrule_reset_all(const struct gm_keyquery *);

#endif
