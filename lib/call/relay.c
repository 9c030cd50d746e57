#include "call/relay.h"
#include "base/clock.h"

#define CAUTION_MAX 4096

void
gm_relay_finish(struct gm_ask *a, enum gm_class class, int rc)
{
	a->state = GM_ASK_DONE;
	a->rc = rc;
	a->outcome->class = class;
	gm_hops_add_up(&a->hops);
	a->outcome->total_ms = gm_clock_mono_ms() - a->begun_ms;
}

/* Something of ours failed: a->err has it. */
void
gm_relay_fail_local(struct gm_ask *a)
{
	enum gm_class class = GM_CLASS_LOCAL;

	if (a->err.code == GM_ESIGNAL)
		class = GM_CLASS_SIGNAL;
	else if (a->err.code == GM_EUNAVAILABLE)
		class = GM_CLASS_DEADLINE;
	gm_relay_finish(a, class, -1);
}

struct gm_subject
gm_relay_subject(const struct gm_ask *a)
{
	return (struct gm_subject){
		.model = a->question.model,
		.base_url = a->service->base_url,
		.key = a->service->keys->rule.ring->keys[a->key].text,
		.key_index = a->key,
	};
}

void
gm_relay_explain(
    const struct gm_ask *a, const struct gm_fault *f, struct gm_err *err)
{
	const struct gm_subject subject = gm_relay_subject(a);

	(void)gm_outcome_fail(a->outcome, f, &subject, err);
}

void
gm_relay_fail(struct gm_ask *a)
{
	const struct gm_fault *f = &a->outcome->fault;

	gm_relay_explain(a, f, &a->err);
	gm_relay_finish(a, f->class, -1);
}

void
gm_relay_caution(const struct gm_ask *a)
{
	const struct gm_provider *p = a->service->provider;
	struct gm_span rest, line;
	struct gm_buf lines;

	if (p->caution == NULL || !a->question.cautious ||
	    a->question.operation != GM_OP_GENERATE)
		return;
	gm_buf_init(&lines, CAUTION_MAX);
	p->caution(&a->question, &lines);
	rest = gm_buf_span(&lines);
	while (lines.len > 0 && gm_span_split(&rest, "\n", &line))
		gm_note(a->service->note, GM_LEVEL_NOTE, "%s: %.*s",
		    a->question.model, (int)line.len, line.p);
	gm_buf_release(&lines);
}

/* Begin anew with a model, of the service that is asked now. */
static void
start_model(struct gm_ask *a, const char *model)
{
	a->question.model = a->outcome->model = model;
	/* What is known of answers and faults is another one's. */
	a->outcome->fault = (struct gm_fault){ .class = GM_CLASS_OK };
	gm_hops_reset(&a->hops);
	a->question.token = (struct gm_span){ NULL, 0 };
	gm_answer_release(&a->outcome->answer);
	gm_answer_init(&a->outcome->answer);
	a->outcome->ttft_ms = 0;
	a->failures = 0;
	a->timed_out = false;
	a->emptied = false;
	a->ready_ms = 0;
	a->avoid[0] = '\0';
	a->chosen = false;
	a->state = GM_ASK_DUE;
	a->due_ms = gm_clock_mono_ms();
	gm_relay_caution(a);
	if (gm_request_make(&a->request, a->service->provider, &a->question,
		a->service->base_url, &a->err) != 0)
		gm_relay_fail_local(a);
}

/* The next of the models; false if there is none. */
bool
gm_relay_model(struct gm_ask *a)
{
	struct gm_question *q = &a->question;

	if (a->given || q->spare_len == 0)
		return false;
	gm_note(a->service->note, GM_LEVEL_DETAIL, "%s: trying %s instead",
	    q->model, q->spare[0]);
	q->spare_len--;
	start_model(a, *q->spare++);
	return true;
}

static void
add_to_chain(struct gm_ask *a, enum gm_class class)
{
	const struct gm_outcome *o = a->outcome;
	const struct gm_chain_end end = { .provider = o->provider,
		.model = o->model,
		.err = a->err,
		.class = class,
		.http = o->fault.http,
		.retry_at_ms = o->retry_at_ms };

	gm_chain_add(&a->chain, &end);
}

static void
fall_back(struct gm_ask *a, const struct gm_service *next)
{
	struct gm_question *q = &a->question;

	gm_note(next->note, GM_LEVEL_NOTE, "%s: %s; asking %s instead",
	    a->service->provider->name, a->err.msg, next->provider->name);
	a->service = next;
	a->key = 0;
	a->outcome->provider = next->provider->name;
	a->outcome->fallback = true;
	a->outcome->retry_at_ms = 0;
	a->last.code = GM_OK;
	q->spare = next->models + 1;
	q->spare_len = next->models_len - 1;
	start_model(a, next->models[0]);
}

/* No service is left, or none would do better: the one that decides is told. */
void
gm_relay_end(struct gm_ask *a, enum gm_class class)
{
	const struct gm_chain_end *all = &a->chain.end;
	struct gm_outcome *o = a->outcome;

	if (a->chain.len > 0) {
		add_to_chain(a, class);
		a->err = all->err;
		class = all->class;
		o->provider = all->provider;
		o->model = all->model;
		o->fault.http = all->http;
		o->retry_at_ms = all->retry_at_ms;
	}
	gm_relay_finish(a, class, -1);
}

/* This service cannot answer, as a->err says. */
void
gm_relay_give_up(struct gm_ask *a, enum gm_class class)
{
	if (a->given) { /* what was given out cannot be taken back */
		gm_relay_finish(a, class, -1);
		return;
	}
	if (a->service->next == NULL) {
		gm_relay_end(a, class);
		return;
	}
	add_to_chain(a, class);
	fall_back(a, a->service->next);
}

/* The same with the last attempt's fault; before: in front of its words. */
void
gm_relay_give_up_on_fault(struct gm_ask *a, const char *before)
{
	const struct gm_service *s = a->service;
	struct gm_fault *f = &a->outcome->fault;

	if (f->class == GM_CLASS_MODEL_GONE && f->remedy[0] == '\0')
		gm_modelcache_advise(
		    &s->cache, a->question.model, s->provider->method, f);
	gm_relay_explain(a, f, &a->err);
	gm_err_prefix(&a->err, "%s", before);
	gm_relay_give_up(a, f->class);
}
