#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/stop.h"
#include "call/call.h"
#include "call/fallback.h"
#include "call/intake.h"
#include "call/policy.h"
#include "provider/encode.h"

#define CAUTION_MAX 4096
#define WAIT_MAX 400 /* bytes of the note about a wait */
/* The reason of a wait that the ramp asks for. */
#define AFTER_LIMIT "starting slowly after a rate limit"

#define NEVER INT64_MAX

enum state {
	DUE,      /* something is to be done at due_ms */
	CHANGING, /* the key state is being changed; look at due_ms */
	FLYING,   /* a response is awaited */
	DONE      /* result and err are filled */
};

struct gm_call {
	struct gm_call_args args;
	struct gm_call_waiting waiting; /* while DUE and why is not NULL */
	struct gm_waits *waits;
	struct gm_reported *reported;
	struct gm_ramp *ramp;    /* NULL: there are no other calls */
	struct gm_situation now; /* for the policy */
	enum state state;
	int64_t due_ms;             /* monotonic */
	enum gm_event_kind next;    /* the event then, if DUE */
	struct gm_keychange change; /* while CHANGING */
	struct gm_decision then;    /* after a change that reserves nothing */
	struct gm_err err;
	int rc; /* once done: 0, or -1 with err */

	/* The current request. */
	const struct gm_service *service;
	struct gm_request request;
	struct gm_encoded encoded;
	size_t key;
	int64_t slot_ms; /* wall clock; a reserved slot that is not used yet */
	bool booked;     /* with the ramp, too */
	char avoid[GM_KEYROW_ID]; /* project that is not used, or "" */

	struct gm_http_transfer *transfer;
	struct gm_intake in; /* the responses */

	struct gm_usage usage;       /* of the last request */
	struct gm_fallback failures; /* services that could not answer */
	struct gm_err last; /* the last failed attempt at this service */
	int64_t begun_ms, sent_wall_ms;
};

static uint32_t
chance(void)
{
	uint32_t bits = 0;

	/* If it fails, waits are spread less; nothing else depends on it. */
	(void)!getrandom(&bits, sizeof(bits), GRND_NONBLOCK);
	return bits;
}

/*
 * The model whose quota a call uses, in the key state.  Counting tokens has a
 * quota apart from that of the model; NULL: the call has no model.
 */
static const char *
quota_model(const struct gm_request *q)
{
	switch (q->operation) {
	case GM_OP_MODELS:
		return NULL;
	case GM_OP_COUNT:
		return "countTokens";
	case GM_OP_GENERATE:
		break;
	}
	return q->model;
}

/* Select the keys that may be used, by options and request. */
static struct gm_keyfilter
filter_of(const struct gm_call *c)
{
	struct gm_keyfilter filter = c->service->filter;
	/* A token of a long answer is valid in the project of its key only. */
	bool bound = c->in.hops.token.len > 0;

	filter.free = c->now.free;
	filter.search = c->request.search;
	filter.tokens = c->request.tokens;
	if (bound && filter.of == GM_KEYS_ALL) {
		filter.of = GM_KEYS_PROJECT;
		filter.key = c->key;
	}
	filter.avoid = c->avoid[0] != '\0' && !bound ? c->avoid : NULL;
	return filter;
}

static const struct gm_key *
key_at(const struct gm_call *c, size_t index)
{
	return &c->service->keys->rule.ring->keys[index];
}

static const struct gm_key *
key_of(const struct gm_call *c)
{
	return key_at(c, c->key);
}

/* The subjects that a fault may be charged to. */
static struct gm_subject
subject_of(const struct gm_call *c)
{
	return (struct gm_subject){
		.model = c->request.model,
		.base_url = c->service->base_url,
		.key = key_of(c)->text,
		.key_index = c->key,
		.now_ms = gm_clock_wall_ms(),
	};
}

static void
explain(const struct gm_call *c, const struct gm_fault *f, struct gm_err *err)
{
	const struct gm_subject subject = subject_of(c);

	(void)gm_result_fail(c->args.result, f, &subject, err);
}

/* Print each failed attempt with -v, with the service's whole text. */
static void
note_attempt(const struct gm_call *c, const struct gm_fault *f)
{
	const struct gm_subject subject = subject_of(c);
	struct gm_err whole;

	if (c->service->note->verbose == 0)
		return;
	(void)gm_result_fail_whole(c->args.result, f, &subject, &whole);
	gm_note(c->service->note, GM_LEVEL_DETAIL, "attempt %zu: %s",
	    gm_result_attempts(c->args.result), whole.msg);
}

/* --- the end of a call */

/* Give back a slot that no request will use, so that others need not wait. */
static void
give_slot_back(struct gm_call *c)
{
	struct gm_keychange change = { .model = quota_model(&c->request),
		.filter = filter_of(c),
		.learnt = GM_LEARNT_UNSENT,
		.index = c->key,
		.slot_ms = c->slot_ms };
	struct gm_err ignored;

	if (c->slot_ms != 0)
		(void)!gm_keys_make(c->service->keys, &change, &ignored);
	c->slot_ms = 0;
}

/* End the call with the class of the run. */
static void
finish(struct gm_call *c, enum gm_class class)
{
	struct gm_result *o = c->args.result;

	give_slot_back(c);
	c->state = DONE;
	c->rc = class == GM_CLASS_OK ? 0 : -1;
	o->class = class;
	gm_hops_add_up(&c->in.hops);
	o->total_ms = gm_clock_mono_ms() - c->begun_ms;
}

/* End the call after a failure on this machine, which err has. */
static void
fail_local(struct gm_call *c)
{
	enum gm_class class = GM_CLASS_LOCAL;

	if (c->err.code == GM_ESIGNAL)
		class = GM_CLASS_SIGNAL;
	else if (c->err.code == GM_EUNAVAILABLE)
		class = GM_CLASS_DEADLINE;
	finish(c, class);
}

static void
add_failure(struct gm_call *c, enum gm_class class)
{
	const struct gm_result *o = c->args.result;
	const struct gm_failure end = { .provider = o->provider,
		.model = o->model,
		.err = c->err,
		.class = class,
		.http = o->fault.http,
		.retry_at_ms = o->retry_at_ms };

	gm_fallback_add(&c->failures, &end);
}

/* End the call after the last service: report the failure that decides. */
static void
fail_all(struct gm_call *c, enum gm_class class)
{
	const struct gm_failure *all = &c->failures.end;
	struct gm_result *o = c->args.result;

	if (c->failures.len > 0) {
		add_failure(c, class);
		c->err = all->err;
		class = all->class;
		o->provider = all->provider;
		o->model = all->model;
		o->fault.http = all->http;
		o->retry_at_ms = all->retry_at_ms;
		o->beyond_keys = c->failures.beyond_keys;
	}
	finish(c, class);
}

/* --- models and services */

/* Print notes about options that the model ignores or rejects. */
static void
caution(const struct gm_service *s, const struct gm_request *q)
{
	struct gm_span rest, line;
	struct gm_buf lines;

	if (s->provider->caution == NULL || !q->cautious ||
	    q->operation != GM_OP_GENERATE)
		return;
	gm_buf_init(&lines, CAUTION_MAX);
	s->provider->caution(q, &lines);
	rest = gm_buf_span(&lines);
	while (lines.len > 0 && gm_span_split(&rest, "\n", &line))
		gm_note(s->note, GM_LEVEL_NOTE, "%s: %.*s", q->model,
		    (int)line.len, line.p);
	gm_buf_release(&lines);
}

/* Encode the request.  Returns 0, or -1 after the call has ended. */
static int
make_request(struct gm_call *c)
{
	if (gm_encoded_make(&c->encoded, c->service->provider, &c->request,
		c->service->base_url, &c->err) == 0)
		return 0;
	finish(
	    c, c->err.code == GM_EDATA ? GM_CLASS_TOO_LARGE : GM_CLASS_LOCAL);
	return -1;
}

static void
be_due(struct gm_call *c, int64_t due_ms, enum gm_event_kind next)
{
	c->state = DUE;
	c->due_ms = due_ms;
	c->next = next;
}

/* Start with a model: forget answer and faults of the one before. */
static void
begin_model(struct gm_call *c, const char *model)
{
	const struct gm_event e = { .kind = GM_EVENT_BEGIN,
		.models = c->request.next_models_len };
	struct gm_result *o = c->args.result;

	c->request.model = o->model = model;
	o->fault = (struct gm_fault){ .class = GM_CLASS_OK };
	o->ttft_ms = 0;
	gm_hops_reset(&c->in.hops);
	c->request.token = (struct gm_span){ NULL, 0 };
	gm_answer_release(&o->answer);
	gm_answer_init(&o->answer);
	c->avoid[0] = '\0';
	(void)gm_policy_decide(&c->now, &e); /* a key is chosen first */
	be_due(c, gm_clock_mono_ms(), GM_EVENT_COOLDOWN_OVER);
	caution(c->service, &c->request);
	(void)make_request(c);
}

static void
next_model(struct gm_call *c)
{
	struct gm_request *q = &c->request;

	gm_note(c->service->note, GM_LEVEL_DETAIL, "%s: using %s", q->model,
	    q->next_models[0]);
	q->next_models_len--;
	begin_model(c, *q->next_models++);
}

/* Fall back to the next service, as err explains. */
static void
next_service(struct gm_call *c, enum gm_class class)
{
	const struct gm_service *next = c->service->next;
	struct gm_result *o = c->args.result;
	struct gm_request *q = &c->request;
	/* Records of a batch have copies of the service, but share its keys. */
	bool news = gm_reported_is_new(c->reported, c->service->keys, class);

	add_failure(c, class);
	/* The advice about a name that does not exist is still needed. */
	if (class != GM_CLASS_MODEL_GONE)
		gm_err_drop_advice(&c->err);
	gm_err_append(&c->err, "; using %s", next->provider->name);
	gm_note(next->note, news ? GM_LEVEL_NOTE : GM_LEVEL_DETAIL, "%s: %s",
	    c->service->provider->name, c->err.msg);
	c->service = next;
	c->key = 0;
	o->provider = next->provider->name;
	o->fallback = true;
	o->retry_at_ms = 0;
	c->last.code = GM_OK;
	q->next_models = next->models + 1;
	q->next_models_len = next->models_len - 1;
	begin_model(c, next->models[0]);
}

/* --- the transfer */

static enum gm_http_pulse
on_bytes(const struct gm_http_head *head, struct gm_span bytes, void *arg,
    struct gm_err *err)
{
	struct gm_call *c = arg;

	c->waiting = (struct gm_call_waiting){ 0 };
	/* The sink may write to the same terminal. */
	if (c->waits->shown)
		gm_note_status(c->service->note, gm_span_of(""));
	return gm_intake_take(head, bytes, &c->in, err);
}

static void on_end(const struct gm_http_result *, void *);

static const char *
project_of(const struct gm_call *c)
{
	const struct gm_keys *k = c->service->keys;

	return gm_keyrule_project(&k->rule, &k->state->table, c->key);
}

/* A list of models is about no model. */
static const char *
awaited(const struct gm_call *c)
{
	return c->request.operation == GM_OP_MODELS ? c->service->provider->name
	                                            : c->request.model;
}

static void
send(struct gm_call *c)
{
	const struct gm_service *s = c->service;
	struct gm_http_request request = {
		.response_ms = s->response_ms,
		.timeout_ms = s->timeout_ms,
		.sink = on_bytes,
		.end = on_end,
		.arg = c,
	};

	if (c->in.hops.moved) { /* the token is part of the body */
		c->request.token = gm_buf_span(&c->in.hops.token);
		if (make_request(c) != 0)
			return;
	}
	if (!gm_encoded_fits(&c->encoded, project_of(c))) {
		(void)gm_fail(&c->err, GM_EDATA,
		    "the files of the request belong to another project; "
		    "use a key of that project");
		fail_local(c);
		return;
	}
	/* Only models think; requests that cost nothing get a response at
	 * once. */
	if (c->now.free && request.response_ms > request.timeout_ms)
		request.response_ms = request.timeout_ms;
	gm_encoded_fill(&c->encoded, &request);
	gm_intake_begin(&c->in, s->provider, &c->request);
	gm_encoded_describe(&c->encoded, s->note, GM_LEVEL_TRACE);
	c->sent_wall_ms = gm_clock_wall_ms();
	c->waiting = (struct gm_call_waiting){ .what = awaited(c),
		.since_ms = gm_clock_mono_ms() };
	c->state = FLYING;
	c->transfer = gm_http_start(s->http, &request, &c->err);
	if (c->transfer == NULL)
		finish(c, GM_CLASS_LOCAL);
	else
		c->slot_ms = 0;
}

/* --- decisions of the policy; err explains one that ends the call */

/*
 * Count a wait until a time on the monotonic clock, and say why and how long:
 * "GM_RPM: waiting 5.8 s".  key: the index of the key that is waited for, -1:
 * no key in particular.
 */
static void
begin_wait(struct gm_call *c, const char *why, int key, int64_t until_ms,
    int64_t now_ms, enum gm_level level)
{
	double seconds = (double)(until_ms - now_ms) / 1000;
	int decimals = seconds < 10;
	struct gm_buf text;

	c->waiting =
	    (struct gm_call_waiting){ .why = why, .until_ms = until_ms };
	if (key >= 0) {
		c->waiting.key = key_at(c, (size_t)key)->text;
		c->waiting.key_index = (size_t)key;
	}
	c->args.result->wait_ms += until_ms - now_ms;
	gm_buf_init(&text, WAIT_MAX);
	gm_buf_printf(&text, "%s: waiting %.*f s", why, decimals, seconds);
	if (c->waiting.key.len > 0) {
		gm_buf_printf(&text, " for key %d (", key);
		gm_secret_show(&text, c->waiting.key);
		gm_buf_putc(&text, ')');
	}
	if (level == GM_LEVEL_NOTE && c->waits->shown)
		level = GM_LEVEL_DETAIL;
	gm_note(c->service->note, level, "%s", gm_buf_str(&text));
	gm_buf_release(&text);
}

static void
carry_out(struct gm_call *c, const struct gm_decision *d, int64_t now_ms)
{
	switch (d->step) {
	case GM_STEP_RESERVE:
		be_due(c, now_ms, GM_EVENT_COOLDOWN_OVER);
		break;
	case GM_STEP_SEND:
		send(c);
		break;
	case GM_STEP_WAIT:
		be_due(c, d->until_ms,
		    d->reserved ? GM_EVENT_SLOT : GM_EVENT_COOLDOWN_OVER);
		break;
	case GM_STEP_MODEL:
		next_model(c);
		break;
	case GM_STEP_SERVICE:
		next_service(c, d->why);
		break;
	case GM_STEP_FAIL:
		fail_all(c, d->why);
		break;
	case GM_STEP_DONE:
		finish(c, d->why);
		break;
	}
}

static bool
is_end(const struct gm_decision *d)
{
	return d->step == GM_STEP_SERVICE || d->step == GM_STEP_FAIL ||
	       d->step == GM_STEP_DONE;
}

static struct gm_decision
decide(struct gm_call *c, const struct gm_event *e)
{
	c->now.token = c->in.hops.token.len > 0;
	c->now.given = c->in.given;
	return gm_policy_decide(&c->now, e);
}

/* --- changes of the key state */

/*
 * Return the input tokens, -1: not reported.  The input that tools such as
 * search add is part of the total only.
 */
static int64_t
input_tokens(const struct gm_usage *u)
{
	int64_t rest = u->total - (u->output > 0 ? u->output : 0) -
	               (u->thoughts > 0 ? u->thoughts : 0);

	return u->prompt >= 0 && rest > u->prompt ? rest : u->prompt;
}

/*
 * Begin one change of the key state: record the result of the last request and,
 * if the decision is to send, reserve a key.  Any other decision is carried out
 * after the change, so that a mark is saved before the call goes on.
 */
static void
change_keys(
    struct gm_call *c, enum gm_keys_learnt learnt, const struct gm_decision *d)
{
	if (d->avoid)
		(void)snprintf(c->avoid, sizeof(c->avoid), "%s", project_of(c));
	c->change = (struct gm_keychange){ .model = quota_model(&c->request),
		.filter = filter_of(c),
		.learnt = learnt,
		.tokens = input_tokens(&c->usage),
		.index = c->key,
		.sent_ms = c->sent_wall_ms,
		.fault = &c->args.result->fault,
		.slot_ms = c->slot_ms,
		.reserve = d->step == GM_STEP_RESERVE,
		.latest_ms = gm_clock_latest_ms(c->service->deadline_ms) };
	c->slot_ms = 0;
	c->then = *d;
	c->state = CHANGING;
	c->due_ms = 0; /* at once, whatever the clock says */
}

/* The ramp's id of the quota that a request with the key uses. */
static uint64_t
quota_of(const struct gm_call *c)
{
	return gm_ramp_id(c->service->keys->origin, project_of(c),
	    gm_keyrule_model(quota_model(&c->request)));
}

/* Book a start with the ramp, not before from_ms; return its time. */
static int64_t
book(struct gm_call *c, int64_t from_ms)
{
	int64_t at_ms = from_ms;

	c->booked = c->ramp == NULL ||
	            gm_ramp_start(c->ramp, quota_of(c), from_ms, &at_ms);
	return at_ms;
}

/* Translate the result of a reservation into an event of the policy. */
static struct gm_event
keys_event(const struct gm_pick *pick, int64_t latest_ms)
{
	int64_t now_ms = gm_clock_mono_ms(), wall_ms = gm_clock_wall_ms();
	struct gm_event e = {
		.kind = GM_EVENT_KEYS, .now_ms = now_ms, .chance = chance()
	};

	switch (pick->kind) {
	case GM_PICK_KEY:
		e.keys = pick->at_ms > latest_ms ? GM_KEYS_LATE : GM_KEYS_READY;
		e.at_ms = now_ms + (pick->at_ms - wall_ms);
		break;
	case GM_PICK_COOLING:
		e.keys = GM_KEYS_COOLING;
		/* Both clocks are cut to milliseconds: one more, or the call
		 * wakes before the end and waits again. */
		if (pick->wake_ms != 0)
			e.at_ms = now_ms + (pick->wake_ms - wall_ms) + 1;
		e.why = pick->wake_class;
		break;
	case GM_PICK_REJECTED:
		e.keys = GM_KEYS_REJECTED;
		e.why = pick->status.class;
		break;
	}
	return e;
}

/* Fill err: no key can be used, and nothing else helps at this service. */
static enum gm_class
explain_keys(struct gm_call *c, const struct gm_pick *pick)
{
	struct gm_result *o = c->args.result;
	bool untried = o->fault.class == GM_CLASS_OK;
	struct gm_subject subject;

	if (untried)
		c->key = pick->index;
	subject = subject_of(c);
	subject.advice = "--ignore-cooldown tries anyway";
	(void)gm_result_fail_keys(o, pick, &subject, &c->err);
	if (untried && c->last.code != GM_OK) /* another model was tried */
		gm_err_end(&c->err, "; before: %s", c->last.msg);
	/* Out of memory: the key state was not read. */
	return c->err.code == GM_EOS ? GM_CLASS_LOCAL : o->class;
}

/* Suggest similar names, if the service has not named a replacement. */
static void
advise(struct gm_call *c)
{
	const struct gm_service *s = c->service;
	struct gm_fault *f = &c->args.result->fault;

	if (f->class == GM_CLASS_MODEL_GONE && f->remedy[0] == '\0')
		gm_modelcache_advise(
		    &s->cache, c->request.model, s->provider->method, f);
}

static void
explain_fault(struct gm_call *c, bool no_time)
{
	advise(c);
	explain(c, &c->args.result->fault, &c->err);
	if (no_time)
		gm_err_advise(&c->err, "no time to retry before the deadline");
}

/* All keys cool down: one wait and one message for all calls that need them. */
static void
share_wait(struct gm_call *c, const struct gm_pick *pick, struct gm_decision *d,
    int64_t now_ms)
{
	int wake = (int)pick->wake_index;
	const struct gm_wait wait = { .keys = c->service->keys,
		.model = gm_keyrule_model(quota_model(&c->request)),
		.why = d->why,
		.until_ms = d->until_ms };
	bool news;

	d->until_ms = gm_waits_join(c->waits, &wait, now_ms, &news);
	begin_wait(c, gm_class(d->why)->phrase, wake, d->until_ms, now_ms,
	    news ? GM_LEVEL_NOTE : GM_LEVEL_TRACE);
}

static void
without_key(struct gm_call *c, const struct gm_pick *pick,
    const struct gm_event *e, struct gm_decision *d)
{
	if (d->step == GM_STEP_WAIT) {
		share_wait(c, pick, d, e->now_ms);
	} else if (d->step == GM_STEP_RESERVE) {
		gm_note(c->service->note, GM_LEVEL_DETAIL,
		    "%s: starting the answer again with another key",
		    c->request.model);
	} else if (is_end(d) && c->now.avoiding && c->in.hops.token.len == 0) {
		explain_fault(c, false);
	} else if (is_end(d)) {
		d->why = explain_keys(c, pick);
	}
}

/* Name the limit of the user that delays a request. */
static const char *
limit_name(const struct gm_call *c)
{
	const struct gm_keyrule *r = &c->service->keys->rule;

	if (r->rpm > 0 && r->tpm > 0)
		return "GM_RPM, GM_TPM";
	return r->tpm > 0 ? "GM_TPM" : "GM_RPM";
}

/* Wait for the reserved slot.  The event has the time after the reservation, as
 * the state may have been locked for long. */
static void
with_key(struct gm_call *c, const struct gm_pick *pick,
    const struct gm_event *e, const struct gm_decision *d)
{
	c->slot_ms = pick->at_ms;
	if (d->step == GM_STEP_WAIT)
		begin_wait(c,
		    c->slot_ms > gm_clock_wall_ms() ? limit_name(c)
						    : AFTER_LIMIT,
		    -1, d->until_ms, e->now_ms, GM_LEVEL_DETAIL);
}

/* Continue after a reservation, which may have found no key. */
static void
take_pick(struct gm_call *c)
{
	const struct gm_pick *pick = &c->change.pick;
	struct gm_event e = keys_event(pick, c->change.latest_ms);
	struct gm_decision d;

	if (e.keys == GM_KEYS_READY) {
		c->key = pick->index;
		e.at_ms = book(c, e.at_ms > e.now_ms ? e.at_ms : e.now_ms);
	}
	d = decide(c, &e);
	if (e.keys == GM_KEYS_READY)
		with_key(c, pick, &e, &d);
	else if (e.keys != GM_KEYS_LATE)
		without_key(c, pick, &e, &d);
	else
		(void)gm_fail(&c->err, GM_EUNAVAILABLE,
		    "%s: no slot before the deadline; raise --deadline or %s "
		    "(deadline)",
		    c->request.model, limit_name(c));
	if (d.anew)
		gm_intake_restart(&c->in);
	if (e.keys == GM_KEYS_READY &&
	    gm_encoded_sign(&c->encoded, c->service->provider, key_of(c)->text,
		&c->err) != 0)
		fail_local(c);
	else
		carry_out(c, &d, e.now_ms);
}

/* --- responses */

/* Add an attempt to the result; keep and report its error. */
static void
record(struct gm_call *c, const struct gm_fault *f, int64_t ms)
{
	const struct gm_attempt attempt = {
		.provider = c->service->provider->name,
		.model = c->request.model,
		.key_index = c->key,
		.key = key_of(c)->text,
		.http = f->http,
		.class = f->class,
		.ms = ms,
	};

	gm_result_add(c->args.result, &attempt);
	c->args.result->model = attempt.model;
	if (f->class == GM_CLASS_OK)
		return;
	explain(c, f, &c->last);
	note_attempt(c, f);
}

/* Continue after a good response: the answer goes on, or has ended. */
static void
take_answer(struct gm_call *c)
{
	struct gm_result *o = c->args.result;
	struct gm_event e = { .kind = GM_EVENT_RESPONSE,
		.now_ms = gm_clock_mono_ms(),
		.ended = true };
	struct gm_decision d;

	e.more =
	    o->answer.finish == GM_FINISH_MORE && gm_hops_next(&c->in.hops);
	if (e.more) {
		gm_note(c->service->note, GM_LEVEL_DETAIL,
		    "%s: continuing the answer", c->request.model);
	} else {
		if (gm_intake_close(&c->in, &c->err) != 0) {
			finish(c, GM_CLASS_LOCAL);
			return;
		}
		e.class = gm_intake_class(&c->in, c->request.operation);
		if (e.class != GM_CLASS_OK)
			(void)gm_result_fail_finish(
			    o, e.class, c->request.model, &c->err);
	}
	d = decide(c, &e);
	if (d.anew)
		gm_intake_restart(&c->in);
	if (d.step == GM_STEP_RESERVE && e.class == GM_CLASS_EMPTY)
		gm_note(c->service->note, GM_LEVEL_DETAIL, "%s; retrying",
		    c->err.msg);
	change_keys(c, GM_LEARNT_SUCCESS, &d);
}

/* True if a server that was tried without a key needs one. */
static bool
is_key_missing(const struct gm_call *c)
{
	enum gm_class class = c->args.result->fault.class;
	enum gm_scope scope = gm_class(class)->scope;

	return key_of(c)->text.len == 0 &&
	       (scope == GM_SCOPE_KEY || scope == GM_SCOPE_PROJECT ||
		   class == GM_CLASS_FORBIDDEN);
}

/* Note the end of the key's cooldown, for the error. */
static void
note_cooldown(struct gm_call *c)
{
	const struct gm_keyfilter filter = filter_of(c);
	struct gm_keyquery q;
	struct gm_keystatus s;

	if (gm_class(c->args.result->fault.class)->code != GM_ETEMPFAIL)
		return;
	q = gm_keys_query(c->service->keys, quota_model(&c->request), &filter);
	gm_keyrule_status(&q, c->key, &s);
	c->args.result->retry_at_ms = s.until_ms;
}

static void
note_backoff(
    struct gm_call *c, const struct gm_decision *d, int64_t now_ms, bool first)
{
	const struct gm_class_row *row = gm_class(d->why);

	if (d->why == GM_CLASS_LOADING && first)
		gm_note(c->service->note, GM_LEVEL_NOTE, "%s: %s; waiting",
		    c->service->base_url, row->phrase);
	begin_wait(c, row->phrase, -1, d->until_ms, now_ms, GM_LEVEL_DETAIL);
}

/* Continue after a fault, which result->fault has. */
static void
take_fault(struct gm_call *c)
{
	struct gm_fault *f = &c->args.result->fault;
	bool loads = c->now.ready_ms != 0, missing = is_key_missing(c);
	const struct gm_event e = { .kind = GM_EVENT_RESPONSE,
		.now_ms = gm_clock_mono_ms(),
		.chance = chance(),
		.class = f->class,
		.hint_ms = f->hint_ms,
		.resumable = gm_hops_may_resume(&c->in.hops),
		.keyless = missing };
	struct gm_decision d = decide(c, &e);

	if (missing && gm_class(f->class)->scope == GM_SCOPE_KEY)
		(void)snprintf(f->remedy, sizeof(f->remedy), "set %s",
		    c->service->key_variable);
	if (d.resumed)
		(void)gm_hops_resume(&c->in.hops);
	if (d.anew)
		gm_intake_restart(&c->in);
	if (d.step == GM_STEP_WAIT)
		note_backoff(c, &d, e.now_ms, !loads);
	change_keys(c,
	    missing || gm_policy_spares_key(f->class, c->now.free)
		? GM_LEARNT_NOTHING
		: GM_LEARNT_FAULT,
	    &d);
}

/* After a rate limit, have calls of the quota start slowly. */
static void
slow_down(struct gm_call *c)
{
	const struct gm_keyquery q =
	    gm_keys_query(c->service->keys, c->change.model, &c->change.filter);
	int64_t now_ms = gm_clock_mono_ms();
	enum gm_class class = c->args.result->fault.class;
	struct gm_keystatus s;

	if (c->ramp == NULL || gm_class(class)->scope != GM_SCOPE_QUOTA ||
	    !gm_class_may_sleep(class))
		return;
	gm_keyrule_status(&q, c->key, &s);
	if (s.until_ms > q.now_ms)
		gm_ramp_limit(c->ramp, quota_of(c),
		    now_ms - (q.now_ms - c->sent_wall_ms), now_ms,
		    now_ms + (s.until_ms - q.now_ms));
}

/* Continue after a change of the key state. */
static void
end_change(struct gm_call *c)
{
	if (c->change.learnt == GM_LEARNT_FAULT)
		slow_down(c);
	if (c->change.reserve) {
		take_pick(c);
		return;
	}
	if (is_end(&c->then) && c->args.result->fault.class != GM_CLASS_OK) {
		note_cooldown(c);
		explain_fault(c, c->then.no_time);
	}
	carry_out(c, &c->then, gm_clock_mono_ms());
}

/* Advance a change without blocking. */
static void
run_change(struct gm_call *c)
{
	struct gm_err err;

	switch (gm_keys_run(c->service->keys, &c->change, &err)) {
	case 0:
		c->due_ms = c->change.again_ms;
		return;
	case 1:
		end_change(c);
		return;
	}
	if (!c->change.reserve && c->change.learnt != GM_LEARNT_FAULT) {
		end_change(c); /* a success that is not saved loses nothing */
		return;
	}
	c->err = err;
	fail_local(c);
}

static void
add_up(struct gm_result *o, const struct gm_http_result *result)
{
	o->connect_ms += result->connect_ms;
	o->bytes_received += result->bytes_received;
	o->bytes_sent += result->bytes_sent;
}

/* Take the response of a transfer that has ended. */
static void
settle(struct gm_call *c, const struct gm_http_result *result)
{
	struct gm_fault *f = &c->in.response.fault;

	gm_intake_judge(&c->in);
	c->args.result->fault = *f;
	c->usage = c->args.result->answer.usage;
	add_up(c->args.result, result);
	record(c, f, result->total_ms);
	gm_response_release(&c->in.response);
	if (result->fault == GM_HTTP_ABORTED && f->class == GM_CLASS_LOCAL) {
		/* Our sink failed, such as a full disk: a retry cannot help. */
		c->err = result->err;
		finish(c, GM_CLASS_LOCAL);
	} else if (f->class != GM_CLASS_OK) {
		take_fault(c);
	} else {
		take_answer(c);
	}
}

static void
on_end(const struct gm_http_result *result, void *arg)
{
	struct gm_call *c = arg;

	c->transfer = NULL;
	gm_response_end(&c->in.response, result);
	settle(c, result);
}

/* --- the functions of call.h */

struct gm_call *
gm_call_new(struct gm_err *err)
{
	struct gm_call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		(void)gm_fail(err, GM_EOS, "out of memory");
	else
		c->state = DONE;
	return c;
}

/* The slot of a reservation that was saved but not taken yet; 0: none. */
static int64_t
slot_of(const struct gm_keychange *change)
{
	bool reserved = change->made && change->reserve &&
	                change->pick.kind == GM_PICK_KEY &&
	                change->pick.at_ms <= change->latest_ms;

	return reserved ? change->pick.at_ms : 0;
}

int64_t
gm_call_slot_ms(const struct gm_call *c)
{
	if (c->state != CHANGING)
		return c->slot_ms;
	return !c->change.made && c->change.learnt == GM_LEARNT_UNSENT
	           ? c->change.slot_ms /* not given back yet */
	           : slot_of(&c->change);
}

/* Stop waiting for a change; a slot that it reserved is given back later. */
static void
abandon_change(struct gm_call *c)
{
	gm_keys_abandon(c->service->keys, &c->change);
	c->slot_ms = gm_call_slot_ms(c);
	if (slot_of(&c->change) != 0)
		c->key = c->change.pick.index;
}

/* End the work in progress; the result stays. */
static void
drop(struct gm_call *c)
{
	if (c->state == CHANGING)
		abandon_change(c);
	give_slot_back(c);
	c->state = DONE;
}

static void
release(struct gm_call *c)
{
	if (c->transfer != NULL)
		gm_http_cancel(c->service->http, c->transfer, NULL);
	c->transfer = NULL;
	if (c->state != DONE)
		drop(c);
	gm_encoded_release(&c->encoded);
	gm_intake_release(&c->in);
}

void
gm_call_begin(struct gm_call *c, const struct gm_call_args *args,
    struct gm_waits *waits, struct gm_reported *reported, struct gm_ramp *ramp)
{
	const struct gm_event e = { .kind = GM_EVENT_BEGIN,
		.models = args->request->next_models_len };
	const struct gm_service *s = args->service, *other;

	release(c);
	*c = (struct gm_call){ .args = *args,
		.waits = waits,
		.reported = reported,
		.ramp = ramp,
		.service = s,
		.request = *args->request,
		.state = DUE,
		.next = GM_EVENT_COOLDOWN_OVER,
		.now = { .retries = s->retries,
		    .max_wait_ms = s->max_wait_ms,
		    .response_ms = s->response_ms,
		    .deadline_ms = s->deadline_ms,
		    .one_key = s->filter.of == GM_KEYS_ONE,
		    .free = args->request->operation != GM_OP_GENERATE } };
	for (other = s->next; other != NULL; other = other->next)
		c->now.services++;
	c->begun_ms = c->due_ms = gm_clock_mono_ms();
	gm_intake_init(&c->in, args->sink, args->result, c->begun_ms);
	args->result->model = c->request.model;
	args->result->provider = s->provider->name;
	args->result->fallback = s->fallback;
	(void)decide(c, &e); /* a key is chosen first */
	caution(s, &c->request);
	(void)make_request(c);
}

const struct gm_call_waiting *
gm_call_waiting(const struct gm_call *c)
{
	bool waits = c->state == FLYING ? c->waiting.what != NULL
	                                : c->state == DUE && c->waiting.why;

	return waits ? &c->waiting : NULL;
}

int64_t
gm_call_due_ms(const struct gm_call *c)
{
	return c->state == DUE || c->state == CHANGING ? c->due_ms : NEVER;
}

bool
gm_call_changes_keys(const struct gm_call *c)
{
	return c->state == CHANGING;
}

bool
gm_call_is_done(const struct gm_call *c)
{
	return c->state == DONE;
}

/* Continue at the end of a wait: choose a key, or use the reserved one. */
static void
go_on(struct gm_call *c, int64_t now_ms)
{
	const struct gm_keyfilter filter = filter_of(c);
	struct gm_event e = { .kind = c->next, .now_ms = now_ms };
	struct gm_decision d;
	int64_t again_ms;

	c->waiting = (struct gm_call_waiting){ 0 };
	/* The slot was reserved a while ago: another process may have marked
	 * the key since. */
	if (c->next == GM_EVENT_SLOT)
		e.usable = gm_keys_is_usable(c->service->keys,
		    quota_model(&c->request), &filter, c->key);
	if (e.usable && !c->booked && (again_ms = book(c, now_ms)) > now_ms) {
		begin_wait(
		    c, AFTER_LIMIT, -1, again_ms, now_ms, GM_LEVEL_TRACE);
		be_due(c, again_ms, GM_EVENT_SLOT);
		return;
	}
	d = decide(c, &e);
	if (d.step == GM_STEP_SEND)
		send(c);
	else
		change_keys(c,
		    c->next == GM_EVENT_SLOT ? GM_LEARNT_UNSENT
					     : GM_LEARNT_NOTHING,
		    &d);
}

void
gm_call_step(struct gm_call *c, int64_t now_ms)
{
	if (c->state == DUE && now_ms >= c->due_ms)
		go_on(c, now_ms);
	if (c->state == CHANGING && now_ms >= c->due_ms)
		run_change(c);
}

/* End the call at the deadline; the last failure is part of the message. */
static void
fail_late(struct gm_call *c, const struct gm_err *last)
{
	const struct gm_class_row *late = gm_class(GM_CLASS_DEADLINE);
	struct gm_result *o = c->args.result;
	const char *provider = o->provider, *model = o->model;

	(void)gm_fail(
	    &c->err, late->code, "%s: %s", c->request.model, late->phrase);
	gm_err_advise(&c->err, "%s", late->advice);
	gm_err_ids(&c->err, "%s", late->name);
	if (last->code != GM_OK) /* the status and class of the last attempt */
		gm_err_end(&c->err, "; before: %s", last->msg);
	fail_all(c, GM_CLASS_DEADLINE);
	c->err.code = late->code;
	o->class = GM_CLASS_DEADLINE;
	o->provider = provider;
	o->model = model;
	o->fault.http = 0;
}

/*
 * Accept an answer that is whole although the connection is still open or the
 * key state is not saved.  Returns true if that ends the call.
 */
static bool
take_whole(struct gm_call *c, struct gm_http_result *result)
{
	if (c->transfer == NULL && result != NULL) {
		result->fault = GM_HTTP_TIMEOUT;
		gm_response_end(&c->in.response, result);
		if (c->in.response.fault.class != GM_CLASS_OK)
			return false;
		settle(c, result);
	}
	if (c->state != CHANGING || c->then.step != GM_STEP_DONE ||
	    c->args.result->fault.class != GM_CLASS_OK)
		return false;
	abandon_change(c);
	end_change(c);
	return true;
}

/* Cancel the transfer.  Returns true if that ends the call. */
static bool
cancel(struct gm_call *c, enum gm_class class)
{
	const struct gm_fault now = { .class = class, .hint_ms = -1 };
	struct gm_http_result result;

	gm_http_cancel(c->service->http, c->transfer, &result);
	c->transfer = NULL;
	if (class == GM_CLASS_DEADLINE && take_whole(c, &result))
		return true;
	if (c->state != FLYING) /* the response was whole: the answer goes on */
		return c->state == DONE;
	add_up(c->args.result, &result);
	record(c, &now, result.total_ms);
	return false;
}

void
gm_call_stop(struct gm_call *c, enum gm_class class)
{
	struct gm_event e = { .kind = class == GM_CLASS_SIGNAL
		                          ? GM_EVENT_SIGNAL
		                          : GM_EVENT_LATE };
	struct gm_err last = c->last;
	struct gm_decision d;

	if (c->transfer != NULL ? cancel(c, class) : take_whole(c, NULL))
		return;
	if (c->state == DONE)
		return;
	drop(c);
	d = decide(c, &e);
	if (d.step == GM_STEP_DONE) {
		(void)gm_stop_fail(&c->err);
		finish(c, d.why);
	} else {
		fail_late(c, &last);
	}
}

int
gm_call_result(const struct gm_call *c, struct gm_err *err)
{
	if (c->rc != 0)
		*err = c->err;
	return c->rc;
}

void
gm_call_free(struct gm_call *c)
{
	if (c == NULL)
		return;
	release(c);
	free(c);
}

int
gm_call_preview(const struct gm_call_args *args, enum gm_level level,
    struct gm_buf *body, struct gm_err *err)
{
	const struct gm_service *s = args->service;
	struct gm_encoded encoded = { .key_at = 0 };
	struct gm_keyfilter filter = s->filter;
	struct gm_keyquery query;
	struct gm_pick pick;
	int rc;

	caution(s, args->request);
	filter.free = args->request->operation != GM_OP_GENERATE;
	filter.search = args->request->search;
	query = gm_keys_look(s->keys, quota_model(args->request), &filter);
	gm_keyrule_pick(&query, &pick);
	rc = gm_encoded_make(
	    &encoded, s->provider, args->request, s->base_url, err);
	if (rc == 0)
		rc = gm_encoded_sign(&encoded, s->provider,
		    s->keys->rule.ring->keys[pick.index].text, err);
	if (rc == 0) {
		gm_encoded_describe(&encoded, s->note, level);
		gm_buf_put_span(body, gm_buf_span(&encoded.body));
		rc = gm_buf_check(body, err);
	}
	gm_encoded_release(&encoded);
	return rc;
}
