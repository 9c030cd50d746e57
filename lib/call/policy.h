#ifndef GM_CALL_POLICY_H
#define GM_CALL_POLICY_H

/*
 * What a call does next: decide(situation, event) -> decision.  Keys first, then
 * a wait, then the next model, then the next service; nothing is repeated once
 * text is out that cannot be taken back.
 *
 * No I/O, no messages, no clock, no key table: times and chance come in as
 * arguments.  Times are of the monotonic clock, in milliseconds.
 */

#include <stdbool.h>

#include "base/base.h"
#include "fault.h"

/*
 * Where a call stands.  The first half is set before the first event, given and
 * token as they come true; the rest is the policy's own.
 */
struct gm_situation {
	unsigned retries;    /* per model, after faults that may pass */
	int64_t max_wait_ms; /* longest sleep for a key */
	int64_t response_ms; /* a server may take so long to load its model */
	int64_t deadline_ms; /* 0: there is none */
	bool one_key;        /* the user named it, and does not wait for it */
	bool free;           /* the operation uses no quota up */
	size_t services;     /* that are left, behind this one */
	bool given;          /* text went to a sink that cannot take it back */
	bool token; /* the answer can only go on in its key's project */

	size_t models;     /* that are left, behind this one */
	unsigned failures; /* of this model, that count against retries */
	bool timed_out;    /* one of them: it was silent */
	bool emptied;      /* its answer was empty: it was asked again */
	bool abroad;       /* a project is avoided: the place is at fault */
	int64_t ready_ms;  /* a server that loads must be ready by; 0: none */
	enum gm_class
	    fault; /* what the last response came to; OK: there was none */
};

enum gm_event_kind {
	GM_EVENT_BEGIN, /* a service or model is to be asked: models */
	GM_EVENT_KEYS,  /* a reservation has been tried: keys and below */
	GM_EVENT_SLOT,  /* the reserved time has come: usable */
	GM_EVENT_COOLDOWN_OVER, /* a wait is over */
	GM_EVENT_RESPONSE,      /* one has ended: class and below */
	GM_EVENT_LATE,          /* the deadline is over */
	GM_EVENT_SIGNAL         /* the user wants an end */
};

enum gm_event_keys {
	GM_KEYS_READY,    /* one is reserved, to be used at at_ms */
	GM_KEYS_COOLING,  /* all rest; at_ms: when one is back that is worth a
	                  * sleep, for why; 0: none is */
	GM_KEYS_REJECTED, /* all are refused, for why */
	GM_KEYS_LATE      /* the turn of the first comes after the deadline */
};

struct gm_event {
	enum gm_event_kind kind;
	int64_t now_ms;
	uint32_t chance; /* any 32 random bits */

	size_t models; /* behind the first one */

	enum gm_event_keys keys;
	int64_t at_ms;
	enum gm_class why;

	bool usable; /* nobody has learnt anything against the key since */

	enum gm_class class;
	int64_t hint_ms; /* how long the service says to wait; -1: not */
	bool ended;      /* an answer has come to its end, good or bad */
	bool more;       /* a token continues it */
	bool resumable;  /* it broke off, and can go on from a token */
	bool keyless;    /* it was asked without a key, and wants one */
};

enum gm_step {
	GM_STEP_RESERVE, /* choose a key for the next request */
	GM_STEP_SEND,    /* the request, with the key that is reserved */
	GM_STEP_WAIT,    /* until until_ms, because of why */
	GM_STEP_MODEL,   /* the next one, from the beginning */
	GM_STEP_SERVICE, /* the next one: this one came to why */
	GM_STEP_FAIL,    /* the end: no service answers, this one came to why */
	GM_STEP_DONE     /* the end, with the class why, whatever others said */
};

struct gm_decision {
	enum gm_step step;
	enum gm_class why;
	int64_t until_ms;
	bool anew;     /* first drop what has come of the answer */
	bool resumed;  /* the answer goes on from its token */
	bool avoid;    /* leave the key's project out from now on */
	bool no_time;  /* there is none for another try */
	bool reserved; /* the wait is for the turn of a key */
};

struct gm_decision
gm_policy_decide(struct gm_situation *, const struct gm_event *);

/* Does a fault of this class and operation say nothing of the key? */
bool gm_policy_spares_key(enum gm_class, bool free);

#endif
