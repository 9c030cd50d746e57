#include <string.h>

#include "base/clock.h"
#include "call/fallback.h"
#include "call/pool.h"
#include "cli/wanted.h"
#include "gm-models/catalog.h"
#include "gm-models/probe.h"
#include "provider/modelcache.h"
#include "provider/response.h"

#define PATH_LEN_MAX 4096

/* Gemini's list has one page of 1000; a longer one has no end. */
#define PAGES_MAX 100

/* Operands are patterns: none of them names a key. */
static const struct gm_cli_operands no_operands = { .alone = false };

/* Keep the text of a page, in place of one from an earlier attempt. */
static int
keep_page(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct gm_buf *page = arg;

	gm_buf_reset(page);
	gm_buf_put_span(page, part->text);
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
	const struct gm_request request = { .operation = GM_OP_MODELS,
		.model = "models",
		.page_token = token[0] != '\0' ? token : NULL };
	struct gm_sink sink = gm_sink_nowhere;
	struct gm_result result;
	const struct gm_call_args ask = { .service = &c->service,
		.request = &request,
		.sink = &sink,
		.result = &result };
	int rc;

	sink.part = keep_page;
	sink.restart = restart_page;
	sink.arg = page;
	gm_result_init(&result);
	gm_buf_reset(page);
	rc = gm_pool_call(&ask, err);
	c->class = result.class;
	c->retry_at_ms = result.retry_at_ms;
	gm_log_result(&c->tool->common->log, &result);
	gm_result_release(&result);
	return rc;
}

/* Return true if this token was seen before; else remember it, with its NUL. */
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

/*
 * Request all pages.  The buffers have the next token, a page, and all tokens.
 */
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
		c->class = GM_CLASS_PROTOCOL; /* until the page is parsed */
		if (gm_models_parse(&c->models, gm_buf_span(page),
			&c->tool->common->secrets, token, err) != 0)
			return -1;
		if (token->len > 0 && is_seen(seen, gm_buf_str(token)))
			return gm_fail(err, GM_EPROTOCOL,
			    "the list of models has no end: page %zu leads "
			    "back to an earlier one",
			    pages);
		if (gm_buf_check(seen, err) != 0)
			return -1;
	} while (token->len > 0);
	c->class = GM_CLASS_OK;
	return 0;
}

static int
fetch(struct gm_catalog *c, struct gm_err *err)
{
	struct gm_buf token, page, seen;
	int rc;

	gm_buf_init(&token, GM_MODELS_TOKEN_MAX);
	gm_buf_init(&page, GM_RESPONSE_MAX);
	gm_buf_init(&seen, (GM_MODELS_TOKEN_MAX + 1) * (PAGES_MAX + 1));
	rc = fetch_into(c, &token, &page, &seen, err);
	gm_buf_release(&seen);
	gm_buf_release(&page);
	gm_buf_release(&token);
	return rc;
}

static void
use_service(struct gm_catalog *c, size_t i)
{
	c->service = c->services.services[i];
	c->service.next = NULL; /* other services have other pages */
	c->provider = c->service.provider;
}

static int
check_probe(const struct gm_catalog *c, struct gm_err *err)
{
	const struct gm_request q = { .operation = GM_OP_COUNT };
	struct gm_err ignored;

	if (!c->probe || c->provider->check(c->provider, &q, &ignored) == 0)
		return 0;
	return gm_fail(
	    err, GM_EUSAGE, "--probe: not supported by %s", c->provider->name);
}

/* Open and connect the services, unless that was done before. */
static int
connect_once(struct gm_catalog *c, struct gm_err *err)
{
	struct gm_services_options options;

	if (c->connected)
		return 0;
	if (gm_wanted_services(c->tool, &no_operands, &options, err) != 0 ||
	    gm_services_open(&c->services, &options, err) != 0 ||
	    gm_services_connect(&c->services, err) != 0)
		return -1;
	use_service(c, 0);
	c->connected = true;
	/* Check again: a first service without a key was skipped. */
	return check_probe(c, err);
}

/* Name the cache of a service.  Without memory for its path there is none. */
static struct gm_modelcache
cache_of(
    const struct gm_common *common, const char *base_url, struct gm_buf *dir)
{
	gm_buf_init(dir, PATH_LEN_MAX);
	gm_config_dir(&common->config, GM_DIR_CACHE, dir);
	return (struct gm_modelcache){
		.dir = dir->failed == GM_OK ? gm_buf_str(dir) : "",
		.base_url = base_url,
		.note = &common->note,
	};
}

static bool
read_cache(struct gm_catalog *c, const char *base_url)
{
	const struct gm_common *common = c->tool->common;
	struct gm_modelcache cache;
	struct gm_buf dir;
	bool found;

	cache = cache_of(common, base_url, &dir);
	found = gm_modelcache_read(
	    &cache, gm_clock_wall_ms(), GM_MODELCACHE_FRESH_MS, &c->models);
	if (found && !c->connected) /* connecting would trace it, too */
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

	cache = cache_of(c->tool->common, c->service.base_url, &dir);
	if (dir.failed == GM_EDATA)
		gm_note(cache.note, GM_LEVEL_NOTE,
		    "the list of models is not cached: the path of the cache "
		    "directory is longer than %d bytes",
		    PATH_LEN_MAX);
	else if (cache.dir[0] == '\0')
		gm_note(cache.note, GM_LEVEL_DETAIL,
		    "the list of models is not cached: no cache directory");
	else if (c->models.len > 0)
		gm_modelcache_write(&cache, gm_clock_wall_ms(), &c->models);
	gm_buf_release(&dir);
}

/* Read the list of the current service from the cache, or request it. */
static int
open_list(struct gm_catalog *c, bool refresh, struct gm_err *err)
{
	gm_models_release(&c->models); /* pages of a service that failed */
	if (!refresh && read_cache(c, c->service.base_url))
		return 0;
	if (fetch(c, err) != 0)
		return -1;
	write_cache(c);
	return 0;
}

/* True if another service may succeed. */
static bool
falls_back(enum gm_class kind)
{
	return kind != GM_CLASS_OK && gm_class(kind)->action != GM_ACTION_STOP;
}

/* Print that a service failed and which one follows, instead of advice. */
static void
note_fallback(const struct gm_catalog *c, const char *name, struct gm_err *err)
{
	gm_err_drop_advice(err);
	gm_err_append(err, "; using %s", c->provider->name);
	gm_note(c->service.note, GM_LEVEL_NOTE, "%s: %s", name, err->msg);
}

/*
 * Get the list of the first service that has one.  The caller has looked for
 * the first one's list in the cache; for fallbacks this does.
 */
static int
open_any(struct gm_catalog *c, bool refresh, struct gm_err *err)
{
	struct gm_fallback failures = { 0 };
	struct gm_failure end;
	const char *name;
	size_t i;

	for (i = 0; open_list(c, refresh || !c->service.fallback, err) != 0;
	     i++) {
		name = c->service.provider->name;
		end = (struct gm_failure){ .provider = name,
			.err = *err,
			.class = c->class,
			.retry_at_ms = c->retry_at_ms };
		if (c->probe || i + 1 == c->services.len ||
		    err->code == GM_EOS || !falls_back(c->class)) {
			if (i == 0)
				return -1;
			gm_fallback_add(&failures, &end);
			*err = failures.end.err;
			return -1;
		}
		gm_fallback_add(&failures, &end);
		use_service(c, i + 1);
		note_fallback(c, name, err);
	}
	return 0;
}

int
gm_catalog_open(struct gm_catalog *c, const struct gm_tool *tool, bool refresh,
    bool probe, struct gm_err *err)
{
	const struct gm_common *common = tool->common;
	const struct gm_value *url;

	*c = (struct gm_catalog){ .tool = tool, .probe = probe };
	if (gm_cli_configure(tool, &no_operands, err) != 0)
		return -1;
	url = &common->config.values[gm_vendor(common->vendor)->base_url];
	c->provider = gm_keyset_provider(common->vendor, url->text);
	if (check_probe(c, err) != 0)
		return -1;
	/* A base URL from ./.env counts only with keys from there, so find the
	 * keys before a cache is chosen by the URL. */
	if (url->origin == GM_FROM_LOCAL && connect_once(c, err) != 0)
		return -1;
	if (!refresh && read_cache(c, url->text))
		return 0;
	if (connect_once(c, err) != 0)
		return -1;
	return open_any(c, refresh, err);
}

int
gm_catalog_probe(struct gm_catalog *c, struct gm_err *err)
{
	if (connect_once(c, err) != 0)
		return -1;
	return gm_probe_models(
	    &c->service, &c->tool->common->log, &c->models, err);
}

void
gm_catalog_close(struct gm_catalog *c)
{
	gm_models_release(&c->models);
	gm_services_close(&c->services);
}
