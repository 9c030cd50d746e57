#include <stdio.h>
#include <sys/random.h>

#include "clock.h"
#include "course.h"
#include "retry.h"

static uint32_t
chance(void)
{
	uint32_t bits = 0;

	/* Without it the waits are only less spread. */
	(void)!getrandom(&bits, sizeof(bits), GRND_NONBLOCK);
	return bits;
}

void
gm_course_finish(struct gm_ask *a, enum gm_class class, int rc)
{
	a->state = GM_ASK_DONE;
	a->rc = rc;
	a->outcome->class = class;
	a->outcome->total_ms = gm_clock_mono_ms() - a->begun_ms;
}

/* Something of ours failed: a->err has it. */
static void
finish_local(struct gm_ask *a)
{
	enum gm_class class = GM_CLASS_LOCAL;

	if (a->err.code == GM_ESIGNAL)
		class = GM_CLASS_SIGNAL;
	else if (a->err.code == GM_EUNAVAILABLE)
		class = GM_CLASS_DEADLINE;
	gm_course_finish(a, class, -1);
}

static struct gm_subject
subject_of(const struct gm_ask *a)
{
	return (struct gm_subject){
		.model = a->question.model,
		.base_url = a->service->base_url,
		.key = a->service->keys->rule.ring->keys[a->key].text,
		.key_index = a->key,
	};
}

void
gm_course_explain(
    const struct gm_ask *a, const struct gm_fault *f, struct gm_err *err)
{
	const struct gm_subject subject = subject_of(a);

	(void)gm_outcome_fail(a->outcome, f, &subject, err);
}

/* End with the last attempt's fault. */
void
gm_course_fail(struct gm_ask *a, const char *before)
{
	const struct gm_fault *f = &a->outcome->fault;

	gm_course_explain(a, f, &a->err);
	gm_err_prefix(&a->err, "%s", before);
	gm_course_finish(a, f->class, -1);
}

const char *
gm_course_model(const struct gm_ask *a)
{
	switch (a->question.call) {
	case GM_CALL_MODELS:
		return NULL;
	case GM_CALL_COUNT:
		return "countTokens";
	case GM_CALL_GENERATE:
		break;
	}
	return a->question.model;
}

/* The answer came to its end, but not to a good one. */
static void
fail_answer(struct gm_ask *a, enum gm_class class)
{
	(void)gm_outcome_fail_finish(
	    a->outcome, class, a->question.model, &a->err);
	gm_course_finish(a, class, -1);
}

void
gm_course_answer(struct gm_ask *a)
{
	const struct gm_outcome *o = a->outcome;

	if (a->question.call == GM_CALL_GENERATE)
		gm_keys_success(a->service->keys, a->question.model, a->key,
		    a->sent_wall_ms);
	else
		gm_keys_reached(a->service->keys, gm_course_model(a), a->key,
		    a->sent_wall_ms);
	switch (o->answer.finish) {
	case GM_FINISH_LIMIT:
		fail_answer(a, GM_CLASS_TOKEN_LIMIT);
		return;
	case GM_FINISH_BLOCKED:
		fail_answer(a, GM_CLASS_BLOCKED);
		return;
	case GM_FINISH_REQUEST:
		fail_answer(a, GM_CLASS_BAD_REQUEST);
		return;
	case GM_FINISH_DONE:
	case GM_FINISH_OTHER:
	case GM_FINISH_NONE:
		break;
	}
	if (a->question.call == GM_CALL_GENERATE && o->text_bytes == 0)
		fail_answer(a, GM_CLASS_EMPTY);
	else if (o->answer.finish != GM_FINISH_DONE)
		fail_answer(a, GM_CLASS_UNFINISHED);
	else
		gm_course_finish(a, GM_CLASS_OK, 0);
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

/* The next of the models; false if there is none. */
static bool
try_next_model(struct gm_ask *a)
{
	struct gm_question *q = &a->question;

	if (q->spare_len == 0)
		return false;
	gm_note(a->service->note, GM_LEVEL_DETAIL, "%s: trying %s instead",
	    q->model, q->spare[0]);
	q->model = *q->spare++;
	q->spare_len--;
	a->failures = 0;
	a->avoid[0] = '\0';
	a->chosen = false;
	a->state = GM_ASK_DUE;
	a->due_ms = gm_clock_mono_ms();
	a->outcome->model = q->model;
	if (gm_request_make(&a->request, a->service->provider, q,
		a->service->base_url, &a->err) != 0)
		finish_local(a);
	return true;
}

/* No key can be used. */
static void
fail_keys(struct gm_ask *a, const struct gm_pick *pick)
{
	struct gm_subject subject;

	if (a->outcome->fault.class == GM_CLASS_OK)
		a->key = pick->index;
	subject = subject_of(a);
	subject.way = "--ignore-cooldown asks all the same";
	(void)gm_outcome_fail_keys(a->outcome, pick, &subject, &a->err);
	gm_course_finish(a, a->outcome->class, -1);
}

static void
wait_for_key(struct gm_ask *a, const struct gm_pick *pick)
{
	const struct gm_service *s = a->service;
	int64_t ms = pick->at_ms - gm_clock_wall_ms();
	int64_t late = gm_retry_jitter_ms(ms > 0 ? ms : 0, chance());

	/* -k is a question about this key, not about when. */
	if (s->keys->rule.only < 0 && ms <= s->max_wait_ms &&
	    fits_deadline(a, late))
		sleep_for(a, late, gm_class(pick->standing.class)->name,
		    GM_LEVEL_NOTE);
	else if (!try_next_model(a))
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
		gm_course_finish(a, GM_CLASS_DEADLINE, -1);
		return;
	}
	a->key = pick->index;
	if (gm_request_sign(&a->request, s->provider,
		s->keys->rule.ring->keys[a->key].text, &a->err) != 0) {
		finish_local(a);
		return;
	}
	if (ms > 0)
		sleep_for(a, ms, "pace", GM_LEVEL_DETAIL);
	a->turn_ms = ms > 0 ? pick->at_ms : 0;
	a->chosen = true;
}

bool
gm_course_is_usable(const struct gm_ask *a)
{
	return gm_keys_is_usable(a->service->keys, gm_course_model(a), a->key);
}

void
gm_course_choose(struct gm_ask *a)
{
	const struct gm_service *s = a->service;
	int64_t latest = gm_clock_latest_ms(s->deadline_ms);
	struct gm_pick pick;

	if (gm_keys_reserve(s->keys, gm_course_model(a),
		a->avoid[0] != '\0' ? a->avoid : NULL, latest, &pick,
		&a->err) != 0)
		finish_local(a);
	else if (pick.kind == GM_PICK_KEY)
		take_key(a, &pick, latest);
	else if (a->avoid[0] != '\0') /* the place is not served */
		gm_course_fail(a, "");
	else if (pick.kind == GM_PICK_COOLING)
		wait_for_key(a, &pick);
	else
		fail_keys(a, &pick);
}

static void
wait_for_better(struct gm_ask *a)
{
	const struct gm_fault *f = &a->outcome->fault;
	int64_t ms;

	if (a->failures >= a->service->retries) {
		if (gm_class(f->class)->scope != GM_SCOPE_MODEL ||
		    !try_next_model(a))
			gm_course_fail(a, "");
		return;
	}
	a->failures++;
	ms = gm_retry_backoff_ms(a->failures, chance());
	if (f->hint_ms > ms)
		ms = f->hint_ms;
	if (ms > a->service->max_wait_ms)
		ms = a->service->max_wait_ms;
	if (fits_deadline(a, ms))
		sleep_for(a, ms, gm_class(f->class)->name, GM_LEVEL_DETAIL);
	else
		gm_course_fail(a, "no time left for another try: ");
}

/* Until when the key rests, where nothing else is tried. */
static void
note_rest(struct gm_ask *a)
{
	const struct gm_keys *k = a->service->keys;
	struct gm_standing s;

	if (gm_class(a->outcome->fault.class)->code != GM_ETEMPFAIL)
		return;
	gm_keyrule_standing(&k->rule, &k->table, gm_course_model(a), a->key,
	    gm_clock_wall_ms(), &s);
	a->outcome->retry_at_ms = s.until_ms;
}

/* Another key.  Where the place is at fault, of one other project at most. */
static void
rotate(struct gm_ask *a)
{
	struct gm_keys *k = a->service->keys;

	if (a->avoid[0] != '\0') { /* that was the other project */
		note_rest(a);
		gm_course_fail(a, "");
		return;
	}
	if (gm_class(a->outcome->fault.class)->scope == GM_SCOPE_PLACE)
		(void)snprintf(a->avoid, sizeof(a->avoid), "%s",
		    gm_keyrule_project(&k->rule, &k->table, a->key));
	a->state = GM_ASK_DUE;
	a->chosen = false;
	a->due_ms = gm_clock_mono_ms();
}

void
gm_course_fault(struct gm_ask *a)
{
	const struct gm_fault *f = &a->outcome->fault;

	if (gm_keys_fault(a->service->keys, gm_course_model(a), a->key,
		a->sent_wall_ms, f, &a->err) != 0) {
		finish_local(a);
		return;
	}
	if (a->given || gm_class(f->class)->action == GM_ACTION_STOP) {
		note_rest(a);
		gm_course_fail(a, "");
		return;
	}
	a->sink->restart(a->sink->arg);
	a->outcome->text_bytes = 0;
	switch (gm_class(f->class)->action) {
	case GM_ACTION_RETRY:
		wait_for_better(a);
		break;
	case GM_ACTION_ROTATE:
		rotate(a);
		break;
	case GM_ACTION_MODEL:
	case GM_ACTION_STOP:
		if (!try_next_model(a))
			gm_course_fail(a, "");
		break;
	}
}
