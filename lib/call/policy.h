#ifndef GM_CALL_POLICY_H
#define GM_CALL_POLICY_H

/*
 * The only retry loop: decide(situation, event) -> decision.  Other keys come
 * first, then a wait, then the next model, then the next service; nothing is
 * sent again once text is out that cannot be taken back.
 *
 * No I/O, no messages, no clock, no key table: times and chance are arguments.
 * Times are of the monotonic clock, in milliseconds.
 */

#include <stdbool.h>

#include "base/base.h"
#include "fault.h"

/*
 * The state of a call.  The caller sets the first half before the first event,
 * given and token when they become true; the policy owns the rest.
 */
struct gm_situation {
	unsigned retries;    /* per model, after faults that may pass */
	int64_t max_wait_ms; /* longest sleep for a key */
	int64_t response_ms; /* longest time for a server to load its model */
	int64_t deadline_ms; /* 0: there is none */
	bool one_key;        /* the user named the key: do not wait for it */
	bool free;           /* the operation uses no quota */
	size_t services;     /* left after this one */
	bool given;          /* text went to a sink that cannot take it back */
	bool token; /* the answer can only go on in its key's project */

	size_t models;     /* left after this one */
	unsigned failures; /* of this model, counted against retries */
	bool timed_out;    /* one of them was a timeout */
	bool emptied;      /* an empty answer was retried */
	bool avoiding;     /* one project is avoided: the region is at fault */
	int64_t ready_ms;  /* a server that loads must be ready by; 0: none */
	enum gm_class fault; /* of the last response; OK: there was none */
};

enum gm_event_kind {
	GM_EVENT_BEGIN,         /* a service or model is next: models */
	GM_EVENT_KEYS,          /* a reservation was tried: keys and below */
	GM_EVENT_SLOT,          /* the reserved time has come: usable */
	GM_EVENT_COOLDOWN_OVER, /* a wait has ended */
	GM_EVENT_RESPONSE,      /* a response has ended: class and below */
	GM_EVENT_LATE,          /* the deadline is exceeded */
	GM_EVENT_SIGNAL         /* a signal asks us to end */
};

enum gm_event_keys {
	GM_KEYS_READY,    /* one is reserved, to be used at at_ms */
	GM_KEYS_COOLING,  /* all cool down; at_ms: the first end that is worth a
	                   * sleep, why: its class; 0: there is none */
	GM_KEYS_REJECTED, /* all are rejected, with the class why */
	GM_KEYS_LATE      /* the first slot is after the deadline */
};

struct gm_event {
	enum gm_event_kind kind;
	int64_t now_ms;
	uint32_t chance; /* any 32 random bits */

	size_t models; /* after the first one */

	enum gm_event_keys keys;
	int64_t at_ms;
	enum gm_class why;

	bool usable; /* no process has marked the key since */

	enum gm_class class;
	int64_t hint_ms; /* wait that the service asks for; -1: none */
	bool ended;      /* the answer has ended, well or not */
	bool more;       /* a token continues it */
	bool resumable;  /* it broke off, and can go on from a token */
	bool keyless;    /* it was sent without a key, and needs one */
};

enum gm_step {
	GM_STEP_RESERVE, /* choose a key for the next request */
	GM_STEP_SEND,    /* the request, with the key that is reserved */
	GM_STEP_WAIT,    /* until until_ms, because of why */
	GM_STEP_MODEL,   /* the next one, from the beginning */
	GM_STEP_SERVICE, /* the next one: this one failed with why */
	GM_STEP_FAIL,    /* the end: the last service failed with why */
	GM_STEP_DONE     /* the end, with the class why */
};

struct gm_decision {
	enum gm_step step;
	enum gm_class why;
	int64_t until_ms;
	bool anew;     /* first drop the answer so far */
	bool resumed;  /* the answer goes on from its token */
	bool avoid;    /* avoid the key's project from now on */
	bool no_time;  /* a retry would come after the deadline */
	bool reserved; /* the wait is for a slot */
};

struct gm_decision
gm_policy_decide(struct gm_situation *, const struct gm_event *);

/* True if a fault of this class and operation does not mark the key. */
bool gm_policy_spares_key(enum gm_class, bool free);

#endif
