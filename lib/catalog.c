#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "clock.h"
#include "drive.h"
#include "modelcache.h"

#define PATH_LEN_MAX 4096

/* More must be a service that has lost its way. */
#define PAGES_MAX 100

/* Models that are asked in one go; more wait for all of them. */
#define GROUP 256

/* One model that is asked. */
struct probe {
	struct gm_question question;
	struct gm_outcome outcome;
};

/* Of what comes repeatedly, the last counts. */
static int
keep_page(struct gm_span text, void *arg, struct gm_err *err)
{
	struct gm_buf *page = arg;

	gm_buf_reset(page);
	gm_buf_put_span(page, text);
	return gm_buf_check(page, err);
}

static void
restart_page(void *arg)
{
	gm_buf_reset(arg);
}

static int
fetch_page(struct gm_catalog *c, const char *token, struct gm_buf *page,
    struct gm_err *err)
{
	const struct gm_question question = { .call = GM_CALL_MODELS,
		.model = "models",
		.page_token = token[0] != '\0' ? token : NULL };
	struct gm_sink sink = gm_sink_nowhere;
	struct gm_outcome outcome;
	int rc;

	sink.text = keep_page;
	sink.restart = restart_page;
	sink.arg = page;
	gm_outcome_init(&outcome);
	gm_buf_reset(page);
	rc = gm_drive(&c->session.service, &question, &sink, &outcome, err);
	gm_log_outcome(
	    &c->tool->common->log, c->session.service.provider->name, &outcome);
	gm_outcome_release(&outcome);
	return rc;
}

/* Was there this token before?  If not, keep it, with a NUL behind it. */
static bool
is_seen(struct gm_buf *seen, const char *token)
{
	size_t at;

	for (at = 0; at < seen->len; at += strlen(seen->data + at) + 1)
		if (strcmp(seen->data + at, token) == 0)
			return true;
	gm_buf_put(seen, token, strlen(token) + 1);
	return false;
}

/* Take all pages; the buffers are for the token, a page, and all tokens. */
static int
fetch_into(struct gm_catalog *c, struct gm_buf *token, struct gm_buf *page,
    struct gm_buf *seen, struct gm_err *err)
{
	size_t pages = 0;

	do {
		if (++pages > PAGES_MAX)
			return gm_fail(err, GM_EPROTOCOL,
			    "the list of models has no end: more than %d pages",
			    PAGES_MAX);
		if (fetch_page(c, gm_buf_str(token), page, err) != 0)
			return -1;
		if (gm_models_parse(&c->models, gm_buf_span(page),
			&c->tool->common->secrets, token, err) != 0)
			return -1;
		if (token->len > 0 && is_seen(seen, gm_buf_str(token)))
			return gm_fail(err, GM_EPROTOCOL,
			    "the list of models has no end: page %zu leads "
			    "back to one before",
			    pages);
		if (gm_buf_check(seen, err) != 0)
			return -1;
	} while (token->len > 0);
	return 0;
}

static int
fetch(struct gm_catalog *c, struct gm_err *err)
{
	struct gm_buf token, page, seen;
	int rc;

	gm_buf_init(&token, GM_MODELS_TOKEN_MAX);
	gm_buf_init(&page, GM_REPLY_MAX);
	gm_buf_init(&seen, (GM_MODELS_TOKEN_MAX + 1) * (PAGES_MAX + 1));
	rc = fetch_into(c, &token, &page, &seen, err);
	gm_buf_release(&seen);
	gm_buf_release(&page);
	gm_buf_release(&token);
	return rc;
}

static int
connect_once(struct gm_catalog *c, struct gm_err *err)
{
	if (c->connected)
		return 0;
	if (gm_session_find(&c->session, c->tool, err) != 0 ||
	    gm_session_connect(&c->session, c->tool, err) != 0)
		return -1;
	/* Calls that cost nothing do not count as requests. */
	c->session.keyset.keys.rule.rpm = 0;
	c->session.keyset.keys.rule.rpd = 0;
	c->connected = true;
	return 0;
}

/*
 * The cache of the base URL as it is settled now; without memory for its path
 * there is none.
 */
static struct gm_modelcache
cache_of(const struct gm_common *common, struct gm_buf *dir)
{
	const struct gm_config *config = &common->config;

	gm_buf_init(dir, PATH_LEN_MAX);
	gm_config_dir(config, GM_DIR_CACHE, dir);
	return (struct gm_modelcache){
		.dir = dir->failed == GM_OK ? gm_buf_str(dir) : "",
		.base_url = config->values[GM_SET_BASE_URL].text,
		.note = &common->note,
	};
}

static bool
read_cache(struct gm_catalog *c)
{
	const struct gm_common *common = c->tool->common;
	struct gm_modelcache cache;
	struct gm_buf dir;
	bool found;

	cache = cache_of(c->tool->common, &dir);
	found = gm_modelcache_read(
	    &cache, gm_clock_wall_ms(), GM_MODELCACHE_FRESH_MS, &c->models);
	if (found && !c->connected) /* what connecting would tell */
		gm_config_trace(&common->config, &common->note);
	if (found)
		gm_note(&common->note, GM_LEVEL_DETAIL,
		    "the list of models is from the cache in %s", cache.dir);
	gm_buf_release(&dir);
	return found;
}

static void
write_cache(const struct gm_catalog *c)
{
	struct gm_modelcache cache;
	struct gm_buf dir;

	cache = cache_of(c->tool->common, &dir);
	if (cache.dir[0] == '\0')
		gm_note(cache.note, GM_LEVEL_DETAIL,
		    "the list of models is not kept: no cache directory");
	else if (c->models.len > 0)
		gm_modelcache_write(&cache, gm_clock_wall_ms(), &c->models);
	gm_buf_release(&dir);
}

int
gm_catalog_open(struct gm_catalog *c, const struct gm_tool *tool, bool refresh,
    struct gm_err *err)
{
	const struct gm_value *url =
	    &tool->common->config.values[GM_SET_BASE_URL];

	*c = (struct gm_catalog){ .tool = tool };
	if (gm_cli_configure(tool, err) != 0)
		return -1;
	/* Whether a base URL from ./.env counts depends on the keys. */
	if (url->origin == GM_FROM_LOCAL && connect_once(c, err) != 0)
		return -1;
	if (!refresh && read_cache(c))
		return 0;
	if (connect_once(c, err) != 0 || fetch(c, err) != 0)
		return -1;
	write_cache(c);
	return 0;
}

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
	       class == GM_CLASS_LOCAL;
}

/* Can it be a fault of the model, or of what it is asked? */
static bool is_own_fault(enum gm_class class)
{
	return class == GM_CLASS_MODEL_GONE ||
	       gm_class(class)->code == GM_EDATA ||
	       gm_class(class)->code == GM_ENEGATIVE;
}

/* Note what came of each; the first failure of all stays in *failure. */
static int
settle(const struct gm_catalog *c, struct group *g, struct gm_err *failure,
    struct gm_err *err)
{
	const struct probe *p;
	size_t i;
	int rc = 0;

	for (i = 0; i < g->len; i++) {
		p = &g->probes[i];
		g->models[i].class = p->outcome.class;
		g->models[i].http = p->outcome.fault.http;
		gm_log_outcome(&c->tool->common->log,
		    c->session.service.provider->name, &p->outcome);
		if (g->asks[i].rc != 0 && failure->code == GM_OK)
			*failure = g->asks[i].err;
		if (rc == 0 && is_fatal(p->outcome.class)) {
			*err = g->asks[i].err;
			rc = -1;
		}
	}
	return rc;
}

static int
ask_group(const struct gm_catalog *c, struct group *g, struct gm_err *err)
{
	struct probe *p;
	size_t i;

	for (i = 0; i < g->len; i++)
		gm_outcome_init(&g->probes[i].outcome);
	for (i = 0; i < g->len; i++) {
		p = &g->probes[i];
		p->question = (struct gm_question){ .call = GM_CALL_COUNT,
			.model = g->models[i].name,
			.prompt = gm_span_of("1") };
		if (gm_ask_begin(&g->asks[i], &c->session.service, &p->question,
			&gm_sink_nowhere, &p->outcome, err) != 0)
			return -1;
	}
	return gm_drive_all(g->asks, g->len, err);
}

static int
probe_group(const struct gm_catalog *c, struct gm_model *models, size_t len,
    struct gm_err *failure, struct gm_err *err)
{
	struct group g = { .models = models, .len = len };
	size_t i;
	int rc = -1;

	g.asks = calloc(len, sizeof(*g.asks));
	g.probes = calloc(len, sizeof(*g.probes));
	if (g.asks == NULL || g.probes == NULL)
		(void)gm_fail(err, GM_EOS, "out of memory");
	else if (ask_group(c, &g, err) == 0)
		rc = settle(c, &g, failure, err);
	for (i = 0; g.asks != NULL && g.probes != NULL && i < len; i++) {
		gm_ask_release(&g.asks[i]);
		gm_outcome_release(&g.probes[i].outcome);
	}
	free(g.probes);
	free(g.asks);
	return rc;
}

int
gm_catalog_probe(struct gm_catalog *c, struct gm_err *err)
{
	const struct gm_models *all = &c->models;
	struct gm_err failure = { .code = GM_OK };
	size_t at, len;
	int answers = 0;
	bool alike = true;

	if (connect_once(c, err) != 0)
		return -1;
	for (at = 0; at < all->len; at += len) {
		len = all->len - at < GROUP ? all->len - at : GROUP;
		if (probe_group(c, all->items + at, len, &failure, err) != 0)
			return -1;
	}
	for (at = 0; at < all->len; at++) {
		answers += all->items[at].class == GM_CLASS_OK;
		if (is_own_fault(all->items[at].class) ||
		    gm_class(all->items[at].class)->code != failure.code)
			alike = false;
	}
	if (answers == 0 && alike && failure.code != GM_OK) {
		*err = failure;
		return -1;
	}
	return answers;
}

void
gm_catalog_close(struct gm_catalog *c)
{
	gm_models_release(&c->models);
	gm_session_close(&c->session);
}

void
gm_catalog_suggest(const struct gm_common *common, struct gm_outcome *outcome,
    struct gm_err *err)
{
	struct gm_fault *fault = &outcome->fault;
	const struct gm_subject subject = { .model = outcome->model };
	struct gm_models models = { .items = NULL };
	struct gm_modelcache cache;
	struct gm_buf dir, names;

	if (outcome->class != GM_CLASS_MODEL_GONE || fault->remedy[0] != '\0')
		return;
	cache = cache_of(common, &dir);
	gm_buf_init(&names, sizeof(fault->remedy) - sizeof("similar: "));
	if (gm_modelcache_read(&cache, 0, INT64_MAX, &models))
		gm_models_near(&models, subject.model, &names);
	if (names.len > 0 && names.failed == GM_OK) {
		(void)snprintf(fault->remedy, sizeof(fault->remedy),
		    "similar: %s", gm_buf_str(&names));
		(void)gm_outcome_fail(outcome, fault, &subject, err);
	}
	gm_models_release(&models);
	gm_buf_release(&names);
	gm_buf_release(&dir);
}
