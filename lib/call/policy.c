#include "call/policy.h"
#include "call/backoff.h"

/* Time between two attempts while a server loads its model. */
#define LOADING_MS 1000

static struct gm_decision
step(enum gm_step step, enum gm_class why)
{
	return (struct gm_decision){ .step = step, .why = why };
}

/* Start an answer from the beginning; the caller drops what it has. */
static struct gm_decision
afresh(enum gm_step next, enum gm_class why)
{
	struct gm_decision d = step(next, why);

	d.anew = true;
	return d;
}

static struct gm_decision
wait_until(int64_t until_ms, enum gm_class why)
{
	return (struct gm_decision){
		.step = GM_STEP_WAIT, .why = why, .until_ms = until_ms
	};
}

/* True if a wait ends before the deadline. */
static bool
fits(const struct gm_situation *s, int64_t now_ms, int64_t ms)
{
	return s->deadline_ms == 0 || now_ms + ms < s->deadline_ms;
}

/* Fall back, unless text is out: it cannot be taken back. */
static struct gm_decision
next_service(struct gm_situation *s, enum gm_class why)
{
	if (s->given)
		return step(GM_STEP_DONE, why);
	if (s->services == 0)
		return step(GM_STEP_FAIL, why);
	s->services--;
	return afresh(GM_STEP_SERVICE, why);
}

/* Models come before services: the user trusts this service most. */
static struct gm_decision
next_model(struct gm_situation *s, enum gm_class why)
{
	if (s->given || s->models == 0)
		return next_service(s, why);
	s->models--;
	return afresh(GM_STEP_MODEL, why);
}

static struct gm_decision
begin(struct gm_situation *s, size_t models)
{
	s->models = models;
	s->failures = 0;
	s->timed_out = s->emptied = s->avoiding = false;
	s->ready_ms = 0;
	s->fault = GM_CLASS_OK;
	return step(GM_STEP_RESERVE, GM_CLASS_OK);
}

/*
 * Go on without a usable key.  A long answer continues in the project of its
 * token only; if that project has no key left, the answer starts again in
 * another one, which counts as a retry.  Quotas belong to models, so the next
 * model may have some left.
 */
static struct gm_decision
without_key(struct gm_situation *s, const struct gm_event *e)
{
	bool cooling = e->keys == GM_KEYS_COOLING;
	enum gm_class why = s->fault != GM_CLASS_OK ? s->fault : e->why;

	if (s->token && !s->given && s->failures < s->retries) {
		s->failures++;
		return afresh(GM_STEP_RESERVE, e->why);
	}
	if (cooling || gm_class(why)->scope == GM_SCOPE_QUOTA)
		return next_model(s, why);
	return next_service(s, why);
}

/* Never sleep for a key that the user named: its state is what they ask for. */
static bool
may_sleep(const struct gm_situation *s, const struct gm_event *e, int64_t ms)
{
	return e->keys == GM_KEYS_COOLING && !s->one_key && e->at_ms != 0 &&
	       ms <= s->max_wait_ms;
}

static struct gm_decision
after_keys(struct gm_situation *s, const struct gm_event *e)
{
	int64_t ms = e->at_ms > e->now_ms ? e->at_ms - e->now_ms : 0;
	int64_t spread = gm_backoff_jitter_ms(ms, e->chance);
	struct gm_decision d;

	switch (e->keys) {
	case GM_KEYS_READY:
		if (ms == 0)
			return step(GM_STEP_SEND, GM_CLASS_OK);
		d = wait_until(e->at_ms, GM_CLASS_OK);
		d.reserved = true; /* the slot is ours: check it, then send */
		return d;
	case GM_KEYS_LATE:
		return next_service(s, GM_CLASS_DEADLINE);
	case GM_KEYS_COOLING:
	case GM_KEYS_REJECTED:
		break;
	}
	if (s->avoiding && !s->token)
		return next_service(s, s->fault);
	if (may_sleep(s, e, ms) && fits(s, e->now_ms, spread))
		return wait_until(e->now_ms + spread, e->why);
	return without_key(s, e);
}

/* Count a retry, if one is left.  A request that timed out may have been
 * charged, so it is retried only once. */
static bool
may_retry(struct gm_situation *s, enum gm_class class)
{
	bool timeout = class == GM_CLASS_TIMEOUT;

	if (s->failures >= s->retries || (timeout && s->timed_out))
		return false;
	s->timed_out = s->timed_out || timeout;
	s->failures++;
	return true;
}

/* True if another model may do better.  A timeout counts, as models that think
 * for long cause it. */
static bool is_models_fault(enum gm_class class)
{
	return gm_class(class)->scope == GM_SCOPE_MODEL ||
	       class == GM_CLASS_TIMEOUT;
}

static struct gm_decision
back_off(struct gm_situation *s, const struct gm_event *e)
{
	struct gm_decision d;
	int64_t ms;

	if (!may_retry(s, e->class))
		return is_models_fault(e->class) ? next_model(s, e->class)
		                                 : next_service(s, e->class);
	ms = gm_backoff_ms(s->failures, e->hint_ms, e->chance);
	if (fits(s, e->now_ms, ms))
		return wait_until(e->now_ms + ms, e->class);
	d = next_service(s, e->class);
	d.no_time = true;
	return d;
}

/*
 * Wait for a server that loads its model, as long as a response may take.  It
 * is tried again when it says so, or each second if that would be too late, as
 * it may be ready sooner.
 */
static struct gm_decision
wait_until_ready(struct gm_situation *s, const struct gm_event *e)
{
	int64_t ms = e->hint_ms;

	if (s->ready_ms == 0)
		s->ready_ms = e->now_ms + s->response_ms;
	if (ms <= 0 || e->now_ms + ms >= s->ready_ms || !fits(s, e->now_ms, ms))
		ms = LOADING_MS;
	if (e->now_ms + ms >= s->ready_ms || !fits(s, e->now_ms, ms))
		return next_service(s, e->class);
	return wait_until(e->now_ms + ms, e->class);
}

bool
gm_policy_spares_key(enum gm_class class, bool free)
{
	return class == GM_CLASS_FORBIDDEN && free;
}

/*
 * Use another key.  If the fault marks no key, as with a region, nothing keeps
 * a run from trying all of them: so only one other project is tried.
 */
static struct gm_decision
rotate(struct gm_situation *s, enum gm_class class)
{
	struct gm_decision d;

	if (s->avoiding) /* this was the other project */
		return next_service(s, class);
	d = step(GM_STEP_RESERVE, class);
	d.avoid = s->avoiding = gm_class(class)->scope == GM_SCOPE_REGION ||
	                        gm_policy_spares_key(class, s->free);
	return d;
}

/* True if a long answer can go on from its last token, with this key or another
 * one of the project. */
static bool
may_resume(const struct gm_situation *s, const struct gm_event *e,
    enum gm_action action)
{
	if (!e->resumable)
		return false;
	if (action == GM_ACTION_RETRY)
		return s->failures < s->retries;
	return action == GM_ACTION_ROTATE &&
	       gm_class(e->class)->scope != GM_SCOPE_REGION;
}

static struct gm_decision stop(enum gm_class class)
{
	/* A fallback does not help if this machine fails. */
	return step(
	    class == GM_CLASS_LOCAL ? GM_STEP_DONE : GM_STEP_FAIL, class);
}

static struct gm_decision
from_scratch(
    struct gm_situation *s, const struct gm_event *e, enum gm_action action)
{
	switch (action) {
	case GM_ACTION_RETRY:
		return back_off(s, e);
	case GM_ACTION_WAIT:
		return wait_until_ready(s, e);
	case GM_ACTION_ROTATE:
		return rotate(s, e->class);
	case GM_ACTION_MODEL:
		return next_model(s, e->class);
	case GM_ACTION_FALLBACK:
		return next_service(s, e->class);
	case GM_ACTION_STOP:
		break;
	}
	return stop(e->class);
}

static struct gm_decision
after_fault(struct gm_situation *s, const struct gm_event *e)
{
	enum gm_action action =
	    e->keyless ? GM_ACTION_FALLBACK : gm_class(e->class)->action;
	struct gm_decision d;

	s->fault = e->class;
	if (may_resume(s, e, action)) {
		d = action == GM_ACTION_RETRY ? back_off(s, e)
		                              : step(GM_STEP_RESERVE, e->class);
		d.resumed = true;
		return d;
	}
	if (s->given)
		return step(GM_STEP_DONE, e->class);
	d = from_scratch(s, e, action);
	d.anew = true;
	return d;
}

/* Retry an empty answer once, if neither a limit nor a filter explains it. */
static struct gm_decision
after_nothing(struct gm_situation *s, const struct gm_event *e)
{
	struct gm_decision d;

	if (s->given) /* thoughts are on the screen */
		return step(GM_STEP_DONE, e->class);
	if (!s->emptied && s->failures < s->retries && fits(s, e->now_ms, 0)) {
		s->emptied = true;
		s->failures++;
		d = step(GM_STEP_RESERVE, e->class);
	} else {
		d = next_model(s, e->class);
	}
	d.anew = true;
	return d;
}

static struct gm_decision
after_response(struct gm_situation *s, const struct gm_event *e)
{
	if (!e->ended)
		return after_fault(s, e);
	s->fault = GM_CLASS_OK;
	if (e->more)
		return step(GM_STEP_RESERVE, GM_CLASS_OK);
	if (e->class == GM_CLASS_EMPTY)
		return after_nothing(s, e);
	return step(GM_STEP_DONE, e->class);
}

struct gm_decision
gm_policy_decide(struct gm_situation *s, const struct gm_event *e)
{
	switch (e->kind) {
	case GM_EVENT_BEGIN:
		return begin(s, e->models);
	case GM_EVENT_KEYS:
		return after_keys(s, e);
	case GM_EVENT_SLOT:
		return step(
		    e->usable ? GM_STEP_SEND : GM_STEP_RESERVE, GM_CLASS_OK);
	case GM_EVENT_COOLDOWN_OVER:
		break;
	case GM_EVENT_RESPONSE:
		return after_response(s, e);
	case GM_EVENT_LATE:
		return step(GM_STEP_FAIL, GM_CLASS_DEADLINE);
	case GM_EVENT_SIGNAL:
		return step(GM_STEP_DONE, GM_CLASS_SIGNAL);
	}
	return step(GM_STEP_RESERVE, GM_CLASS_OK);
}
