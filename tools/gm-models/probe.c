#include <stdlib.h>

#include "call/drive.h"
#include "gm-models/probe.h"

/* Models that are asked in one go; more wait for all of them. */
#define GROUP 256

/* One model that is asked. */
struct probe {
	struct gm_question question;
	struct gm_outcome outcome;
};

/* What all groups share. */
struct run {
	const struct gm_service *service;
	const struct gm_log *log;
	struct gm_err failure; /* the first of all */
};

/* Some models on their way. */
struct group {
	struct gm_model *models;
	struct probe *probes;
	struct gm_ask *asks;
	size_t len;
};

/* Is it our own end, whatever the models say? */
static bool is_fatal(enum gm_class class)
{
	return class == GM_CLASS_SIGNAL || class == GM_CLASS_DEADLINE ||
	       class == GM_CLASS_LOCAL || class == GM_CLASS_CERTIFICATES;
}

/* Can it be a fault of the model, or of what it is asked? */
static bool is_own_fault(enum gm_class class)
{
	return class == GM_CLASS_MODEL_GONE || class == GM_CLASS_FORBIDDEN ||
	       gm_class(class)->code == GM_EDATA ||
	       gm_class(class)->code == GM_ENEGATIVE;
}

/* Note what came of each. */
static int
settle(struct run *r, struct group *g, struct gm_err *err)
{
	const struct probe *p;
	size_t i;
	int rc = 0;

	for (i = 0; i < g->len; i++) {
		p = &g->probes[i];
		g->models[i].class = p->outcome.class;
		g->models[i].http = p->outcome.fault.http;
		gm_log_outcome(r->log, &p->outcome);
		if (g->asks[i].rc != 0 && r->failure.code == GM_OK)
			r->failure = g->asks[i].err;
		if (rc == 0 && is_fatal(p->outcome.class)) {
			*err = g->asks[i].err;
			rc = -1;
		}
	}
	return rc;
}

static const struct gm_part one = { .text = { "1", 1 } };
static const struct gm_turn smallest = { .parts = &one, .parts_len = 1 };

static int
ask_group(struct run *r, struct group *g, struct gm_err *err)
{
	struct probe *p;
	size_t i;

	for (i = 0; i < g->len; i++)
		gm_outcome_init(&g->probes[i].outcome);
	for (i = 0; i < g->len; i++) {
		p = &g->probes[i];
		p->question = (struct gm_question){ .operation = GM_OP_COUNT,
			.model = g->models[i].name,
			.turns = &smallest,
			.turns_len = 1 };
		if (gm_ask_begin(&g->asks[i], r->service, &p->question,
			&gm_sink_nowhere, &p->outcome, err) != 0)
			return -1;
	}
	return gm_drive_all(g->asks, g->len, err);
}

static int
probe_group(
    struct run *r, struct gm_model *models, size_t len, struct gm_err *err)
{
	struct group g = { .models = models, .len = len };
	size_t i;
	int rc = -1;

	g.asks = calloc(len, sizeof(*g.asks));
	g.probes = calloc(len, sizeof(*g.probes));
	if (g.asks == NULL || g.probes == NULL)
		(void)gm_fail(err, GM_EOS, "out of memory");
	else if (ask_group(r, &g, err) == 0)
		rc = settle(r, &g, err);
	for (i = 0; g.asks != NULL && g.probes != NULL && i < len; i++) {
		gm_ask_release(&g.asks[i]);
		gm_outcome_release(&g.probes[i].outcome);
	}
	free(g.probes);
	free(g.asks);
	return rc;
}

int
gm_probe_models(const struct gm_service *service, const struct gm_log *log,
    struct gm_models *all, struct gm_err *err)
{
	struct run r = { .service = service, .log = log };
	size_t at, len;
	int answers = 0;
	bool alike = true;

	for (at = 0; at < all->len; at += len) {
		len = all->len - at < GROUP ? all->len - at : GROUP;
		if (probe_group(&r, all->items + at, len, err) != 0)
			return -1;
	}
	for (at = 0; at < all->len; at++) {
		answers += all->items[at].class == GM_CLASS_OK;
		if (is_own_fault(all->items[at].class) ||
		    gm_class(all->items[at].class)->code != r.failure.code)
			alike = false;
	}
	if (answers == 0 && alike && r.failure.code != GM_OK) {
		*err = r.failure;
		return -1;
	}
	return answers;
}
