#include <stdio.h>
#include <sys/random.h>

#include "base/clock.h"
#include "call/backoff.h"
#include "call/course.h"
#include "call/relay.h"

/* Between two looks at a server that is loading. */
#define LOADING_MS 1000

static uint32_t
chance(void)
{
	uint32_t bits = 0;

	/* Without it the waits are only less spread. */
	(void)!getrandom(&bits, sizeof(bits), GRND_NONBLOCK);
	return bits;
}

struct gm_keywish
gm_course_wish(const struct gm_ask *a)
{
	struct gm_keywish wish = a->service->wish;
	bool bound = a->hops.token.len > 0; /* to the project of its key */

	wish.free = a->question.operation != GM_OP_GENERATE;
	wish.search = a->question.search;
	if (bound && wish.of == GM_KEYS_ALL) {
		wish.of = GM_KEYS_PROJECT;
		wish.key = a->key;
	}
	wish.avoid = a->avoid[0] != '\0' && !bound ? a->avoid : NULL;
	return wish;
}

const char *
gm_course_model(const struct gm_ask *a)
{
	switch (a->question.operation) {
	case GM_OP_MODELS:
		return NULL;
	case GM_OP_COUNT:
		return "countTokens";
	case GM_OP_GENERATE:
		break;
	}
	return a->question.model;
}

/* Is there time for a wait before the deadline? */
static bool
fits_deadline(const struct gm_ask *a, int64_t ms)
{
	return a->service->deadline_ms == 0 ||
	       gm_clock_mono_ms() + ms < a->service->deadline_ms;
}

static void
sleep_for(struct gm_ask *a, int64_t ms, const char *why, enum gm_level level)
{
	gm_note(a->service->note, level, "%s: waiting %.1f s", why,
	    (double)ms / 1000);
	a->state = GM_ASK_DUE;
	a->chosen = false;
	a->due_ms = gm_clock_mono_ms() + ms;
	a->outcome->wait_ms += ms;
}

/* Nothing of the answer was given out: drop it. */
static void
begin_anew(struct gm_ask *a)
{
	a->sink->restart(a->sink->arg);
	a->outcome->text_bytes = 0;
	a->answered = false;
	gm_buf_reset(&a->blanks);
	gm_hops_reset(&a->hops);
}

static void
send_now(struct gm_ask *a)
{
	a->state = GM_ASK_DUE;
	a->chosen = false;
	a->due_ms = gm_clock_mono_ms();
}

/*
 * No key of the project to which the token of a long answer belongs can be
 * used: begin anew with another one, which counts as a retry.
 */
static bool
leave_project(struct gm_ask *a)
{
	if (a->hops.token.len == 0 || a->given ||
	    a->failures >= a->service->retries)
		return false;
	a->failures++;
	gm_note(a->service->note, GM_LEVEL_DETAIL,
	    "%s: the answer begins anew with another key", a->question.model);
	begin_anew(a);
	send_now(a);
	return true;
}

/* No key can be used. */
static void
fail_keys(struct gm_ask *a, const struct gm_pick *pick)
{
	bool untried = a->outcome->fault.class == GM_CLASS_OK;
	struct gm_subject subject;

	if (untried)
		a->key = pick->index;
	subject = gm_relay_subject(a);
	subject.way = "--ignore-cooldown asks all the same";
	(void)gm_outcome_fail_keys(a->outcome, pick, &subject, &a->err);
	if (untried && a->last.code != GM_OK) /* what another model came to */
		gm_err_append(&a->err, "; before: %s", a->last.msg);
	gm_relay_give_up(a, a->outcome->class);
}

static void
wait_for_key(struct gm_ask *a, const struct gm_pick *pick)
{
	const struct gm_service *s = a->service;
	int64_t ms = pick->wake_ms - gm_clock_wall_ms();
	int64_t late = gm_backoff_jitter_ms(ms > 0 ? ms : 0, chance());

	/* -k is a question about this key, not about when. */
	if (s->wish.of != GM_KEYS_ONE && pick->wake_ms != 0 &&
	    ms <= s->max_wait_ms && fits_deadline(a, late))
		sleep_for(
		    a, late, gm_class(pick->wake_class)->name, GM_LEVEL_NOTE);
	else if (!leave_project(a) && !gm_relay_model(a))
		fail_keys(a, pick);
}

/*
 * A key is there: at once, or when its turn in the pace comes.  The clock is
 * read again, as the state may have been locked for long.
 */
static void
take_key(struct gm_ask *a, const struct gm_pick *pick, int64_t latest_ms)
{
	const struct gm_service *s = a->service;
	int64_t ms = pick->at_ms - gm_clock_wall_ms();

	if (pick->at_ms > latest_ms) {
		(void)gm_fail(&a->err, GM_EUNAVAILABLE,
		    "%s: its turn comes only after the deadline (deadline)",
		    a->question.model);
		gm_relay_give_up(a, GM_CLASS_DEADLINE);
		return;
	}
	a->key = pick->index;
	if (gm_request_sign(&a->request, s->provider,
		s->keys->rule.ring->keys[a->key].text, &a->err) != 0) {
		gm_relay_fail_local(a);
		return;
	}
	if (ms > 0)
		sleep_for(a, ms, "pace", GM_LEVEL_DETAIL);
	a->turn_ms = ms > 0 ? pick->at_ms : 0;
	a->chosen = true;
}

/* Are the keys rejected with this model only? */
static bool
is_about_model(const struct gm_ask *a, const struct gm_pick *pick)
{
	enum gm_class class = a->outcome->fault.class;

	if (class == GM_CLASS_OK)
		class = pick->standing.class;
	return gm_class(class)->scope == GM_SCOPE_QUOTA;
}

bool
gm_course_is_usable(const struct gm_ask *a)
{
	const struct gm_keywish wish = gm_course_wish(a);

	return gm_keys_is_usable(
	    a->service->keys, gm_course_model(a), &wish, a->key);
}

void
gm_course_choose(struct gm_ask *a)
{
	const struct gm_service *s = a->service;
	int64_t latest = gm_clock_latest_ms(s->deadline_ms);
	const struct gm_keywish wish = gm_course_wish(a);
	struct gm_keychange change = { .model = gm_course_model(a),
		.wish = wish,
		.learnt = a->chosen ? GM_LEARNT_UNSENT : GM_LEARNT_NOTHING,
		.index = a->key,
		.slot_ms = a->turn_ms,
		.reserve = true,
		.latest_ms = latest };
	const struct gm_pick *pick = &change.pick;

	a->chosen = false;
	if (gm_keys_make(s->keys, &change, &a->err) != 0)
		gm_relay_fail_local(a);
	else if (pick->kind == GM_PICK_KEY)
		take_key(a, pick, latest);
	else if (wish.avoid != NULL) /* the place is not served */
		gm_relay_give_up_on_fault(a, "");
	else if (pick->kind == GM_PICK_COOLING)
		wait_for_key(a, pick);
	else if (!leave_project(a) &&
		 (!is_about_model(a, pick) || !gm_relay_model(a)))
		fail_keys(a, pick);
}

/*
 * May the model be asked again?  A request that timed out was paid for: it is
 * repeated once.
 */
static bool
may_repeat(struct gm_ask *a)
{
	bool timeout = a->outcome->fault.class == GM_CLASS_TIMEOUT;

	if (a->failures >= a->service->retries || (timeout && a->timed_out))
		return false;
	a->timed_out = a->timed_out || timeout;
	a->failures++;
	return true;
}

/* Another model may do better: this one is to blame, or thinks for too long. */
static bool is_models_fault(enum gm_class class)
{
	return gm_class(class)->scope == GM_SCOPE_MODEL ||
	       class == GM_CLASS_TIMEOUT;
}

static void
wait_for_better(struct gm_ask *a)
{
	const struct gm_fault *f = &a->outcome->fault;
	int64_t ms;

	if (!may_repeat(a)) {
		if (!is_models_fault(f->class) || !gm_relay_model(a))
			gm_relay_give_up_on_fault(a, "");
		return;
	}
	ms = gm_backoff_ms(a->failures, f->hint_ms, chance());
	if (fits_deadline(a, ms))
		sleep_for(a, ms, gm_class(f->class)->name, GM_LEVEL_DETAIL);
	else
		gm_relay_give_up_on_fault(a, "no time left for another try: ");
}

/*
 * It says that it will be ready: it may take as long as a response may.  It may
 * be so sooner than it says.
 */
static void
wait_until_ready(struct gm_ask *a)
{
	const struct gm_service *s = a->service;
	const struct gm_fault *f = &a->outcome->fault;
	int64_t now = gm_clock_mono_ms(), ms = f->hint_ms;
	bool first = a->ready_ms == 0;

	if (first)
		a->ready_ms = now + s->response_ms;
	if (ms <= 0 || now + ms >= a->ready_ms || !fits_deadline(a, ms))
		ms = LOADING_MS;
	if (now + ms >= a->ready_ms || !fits_deadline(a, ms)) {
		gm_relay_give_up_on_fault(a, "");
		return;
	}
	if (first)
		gm_note(s->note, GM_LEVEL_NOTE, "%s: %s: waiting for it",
		    s->base_url, gm_class(f->class)->phrase);
	sleep_for(a, ms, gm_class(f->class)->name, GM_LEVEL_DETAIL);
}

/* Until when the key rests, where nothing else is tried. */
static void
note_rest(struct gm_ask *a)
{
	const struct gm_keys *k = a->service->keys;
	const struct gm_keywish wish = gm_course_wish(a);
	struct gm_standing s;

	if (gm_class(a->outcome->fault.class)->code != GM_ETEMPFAIL)
		return;
	gm_keyrule_standing(&k->rule, &k->state->table, gm_course_model(a),
	    &wish, a->key, gm_clock_wall_ms(), &s);
	a->outcome->retry_at_ms = s.until_ms;
}

/*
 * A free call that is forbidden says nothing of what the key may do else: it
 * marks no key.
 */
static bool
is_unmarked_probe(const struct gm_ask *a)
{
	return a->outcome->fault.class == GM_CLASS_FORBIDDEN &&
	       a->question.operation != GM_OP_GENERATE;
}

/*
 * Another key.  If no key is marked, as when the region is at fault, of one
 * other project at most.
 */
static void
rotate(struct gm_ask *a)
{
	struct gm_keys *k = a->service->keys;

	if (a->avoid[0] != '\0') { /* that was the other project */
		note_rest(a);
		gm_relay_give_up_on_fault(a, "");
		return;
	}
	if (gm_class(a->outcome->fault.class)->scope == GM_SCOPE_REGION ||
	    is_unmarked_probe(a))
		(void)snprintf(a->avoid, sizeof(a->avoid), "%s",
		    gm_keyrule_project(&k->rule, &k->state->table, a->key));
	send_now(a);
}

/*
 * Go on with a long answer from its last token: after a fault that may pass, or
 * with another key of the same project.
 */
static bool
resume(struct gm_ask *a, enum gm_action action)
{
	enum gm_scope scope = gm_class(a->outcome->fault.class)->scope;

	if (action == GM_ACTION_RETRY) {
		if (a->failures >= a->service->retries ||
		    !gm_hops_resume(&a->hops))
			return false;
		wait_for_better(a);
		return true;
	}
	if (action != GM_ACTION_ROTATE || scope == GM_SCOPE_REGION ||
	    !gm_hops_resume(&a->hops))
		return false;
	send_now(a);
	return true;
}

void
gm_course_continue(struct gm_ask *a)
{
	gm_note(a->service->note, GM_LEVEL_DETAIL, "%s: continuing the answer",
	    a->question.model);
	send_now(a);
}

/* It was asked without a key, and wants one: there is none to be marked. */
static bool
is_key_missing(const struct gm_ask *a)
{
	const struct gm_keyring *ring = a->service->keys->rule.ring;
	enum gm_scope scope = gm_class(a->outcome->fault.class)->scope;

	return ring->keys[a->key].text.len == 0 &&
	       (scope == GM_SCOPE_KEY || scope == GM_SCOPE_PROJECT ||
		   a->outcome->fault.class == GM_CLASS_FORBIDDEN);
}

void
gm_course_fault(struct gm_ask *a)
{
	const struct gm_keywish wish = gm_course_wish(a);
	struct gm_fault *f = &a->outcome->fault;
	bool missing = is_key_missing(a);
	enum gm_action action =
	    missing ? GM_ACTION_FALLBACK : gm_class(f->class)->action;

	if (missing && gm_class(f->class)->scope == GM_SCOPE_KEY)
		(void)snprintf(f->remedy, sizeof(f->remedy), "set %s",
		    a->service->key_variable);
	if (!missing && !is_unmarked_probe(a) &&
	    gm_keys_fault(a->service->keys, gm_course_model(a), &wish, a->key,
		a->sent_wall_ms, f, &a->err) != 0) {
		gm_relay_fail_local(a);
		return;
	}
	if (resume(a, action))
		return;
	if (a->given) {
		note_rest(a);
		gm_relay_fail(a);
		return;
	}
	begin_anew(a);
	switch (action) {
	case GM_ACTION_RETRY:
		wait_for_better(a);
		break;
	case GM_ACTION_WAIT:
		wait_until_ready(a);
		break;
	case GM_ACTION_ROTATE:
		rotate(a);
		break;
	case GM_ACTION_MODEL:
		if (!gm_relay_model(a))
			gm_relay_give_up_on_fault(a, "");
		break;
	case GM_ACTION_FALLBACK:
		gm_relay_give_up_on_fault(a, "");
		break;
	case GM_ACTION_STOP:
		gm_relay_explain(a, f, &a->err);
		if (f->class == GM_CLASS_LOCAL) /* no service is to blame */
			gm_relay_finish(a, f->class, -1);
		else
			gm_relay_end(a, f->class);
		break;
	}
}

void
gm_course_empty(struct gm_ask *a)
{
	(void)gm_outcome_fail_finish(
	    a->outcome, GM_CLASS_EMPTY, a->question.model, &a->err);
	if (a->given) { /* thoughts were shown */
		gm_relay_finish(a, GM_CLASS_EMPTY, -1);
		return;
	}
	begin_anew(a);
	if (!a->emptied && a->failures < a->service->retries &&
	    fits_deadline(a, 0)) {
		gm_note(a->service->note, GM_LEVEL_DETAIL, "%s: sent once more",
		    a->err.msg);
		a->emptied = true;
		a->failures++;
		send_now(a);
	} else if (!gm_relay_model(a)) {
		gm_relay_give_up(a, GM_CLASS_EMPTY);
	}
}
