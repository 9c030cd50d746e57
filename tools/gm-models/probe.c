#include <stdlib.h>

#include "call/pool.h"
#include "gm-models/probe.h"

/* Models that are probed at once. */
#define AT_ONCE 64

static const struct gm_part one = { .text = { "1", 1 } };
static const struct gm_turn smallest = { .parts = &one, .parts_len = 1 };

/* A model that is being probed. */
struct probe {
	struct gm_model *model; /* NULL: free, to be used again */
	struct gm_request request;
	struct gm_result result;
};

struct run {
	const struct gm_service *service;
	const struct gm_log *log;
	struct gm_models *all;
	size_t next;
	struct probe probes[AT_ONCE];
	/* The first failure in the order of the list, so that the message does
	 * not depend on which response comes first. */
	struct gm_err failure;
	const struct gm_model *failed;
};

/* True if this process has to end, whatever the model. */
static bool
is_fatal(enum gm_class kind)
{
	return kind == GM_CLASS_SIGNAL || kind == GM_CLASS_DEADLINE ||
	       kind == GM_CLASS_LOCAL || kind == GM_CLASS_CERTIFICATES;
}

/* True if the failure may be the model's, or one of the request. */
static bool
is_own_fault(enum gm_class kind)
{
	return kind == GM_CLASS_MODEL_GONE || kind == GM_CLASS_FORBIDDEN ||
	       gm_class(kind)->code == GM_EDATA ||
	       gm_class(kind)->code == GM_ENEGATIVE;
}

static int
next(struct gm_call_args *call, void *arg)
{
	struct run *r = arg;
	struct probe *p = r->probes;

	if (r->next == r->all->len)
		return -1;
	while (p->model != NULL)
		p++;
	p->model = &r->all->items[r->next++];
	p->request = (struct gm_request){ .operation = GM_OP_COUNT,
		.model = p->model->name,
		.turns = &smallest,
		.turns_len = 1 };
	gm_result_init(&p->result);
	*call = (struct gm_call_args){ .service = r->service,
		.request = &p->request,
		.sink = &gm_sink_nowhere,
		.result = &p->result,
		.arg = p };
	return 1;
}

/* Take the result of a probe. */
static int
/* cppcheck-suppress constParameter ; other receivers fill in *err */
done(const struct gm_call_args *call, int rc, void *arg, struct gm_err *err)
{
	struct run *r = arg;
	struct probe *p = call->arg;
	enum gm_class class = p->result.class;

	p->model->class = class;
	p->model->http = p->result.fault.http;
	gm_log_result(r->log, &p->result);
	if (rc != 0 && (r->failed == NULL || p->model < r->failed)) {
		r->failed = p->model;
		r->failure = *err;
	}
	gm_result_release(&p->result);
	p->model = NULL;
	return is_fatal(class) ? -1 : 0;
}

static int
probe_all(struct run *r, struct gm_err *err)
{
	const struct gm_pool pool = { .http = r->service->http,
		.slots = AT_ONCE,
		.next = next,
		.done = done,
		.arg = r,
		.watch = -1 };
	struct probe *p;
	int rc = gm_pool_run(&pool, err);

	for (p = r->probes; p < r->probes + AT_ONCE; p++)
		if (p->model != NULL)
			gm_result_release(&p->result);
	return rc;
}

/*
 * Count the models that answer; -1 if all failed alike, and not by their fault.
 */

static int
count_answers(const struct run *r, struct gm_err *err)
{
	const struct gm_model *m;
	bool alike = true;
	int answers = 0;

	for (m = r->all->items; m < r->all->items + r->all->len; m++) {
		answers += m->class == GM_CLASS_OK;
		if (is_own_fault(m->class) ||
		    gm_class(m->class)->code != r->failure.code)
			alike = false;
	}
	if (answers > 0 || !alike || r->failure.code == GM_OK)
		return answers;
	*err = r->failure;
	return -1;
}

int
gm_probe_models(const struct gm_service *service, const struct gm_log *log,
    struct gm_models *all, struct gm_err *err)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	r->service = service;
	r->log = log;
	r->all = all;
	rc = probe_all(r, err);
	if (rc == 0)
		rc = count_answers(r, err);
	free(r);
	return rc;
}
