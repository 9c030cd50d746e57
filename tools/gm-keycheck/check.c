#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/pool.h"
#include "cli/log.h"
#include "gm-keycheck/check.h"

/* Keys that are checked at once. */
#define AT_ONCE ((size_t)64)

/* A key that is being checked. */
struct item {
	struct gm_service service; /* may use this key only */
	struct gm_result result;
	enum gm_operation last; /* of its last request */
	struct gm_health *health;
};

struct batch {
	const struct gm_keyset *set;
	const struct gm_service *service;
	const struct gm_common *common;
	struct gm_log log;
	struct item *items;
	size_t len;

	/* A round: send this request with each key of this class. */
	const struct gm_request *request;
	enum gm_class class;
	size_t next;
};

/*
 * Prepare a key: calls may use it alone, so nothing rotates, and ignore all
 * marks from before this run, so that a rejected key gets a request, too.
 */
static void
begin_item(const struct batch *b, struct item *item)
{
	gm_result_init(&item->result);
	item->service = *b->service;
	item->service.next = NULL;
	item->service.filter = (struct gm_keyfilter){ .of = GM_KEYS_ONE,
		.key = item->health->index,
		.ignore_before_ms = gm_clock_wall_ms() };
}

/* True if the service answered, even if the answer is cut or blocked. */
static bool
is_answered(enum gm_class c)
{
	return c == GM_CLASS_OK || c == GM_CLASS_TOKEN_LIMIT ||
	       c == GM_CLASS_EMPTY || c == GM_CLASS_BLOCKED ||
	       c == GM_CLASS_UNFINISHED || c == GM_CLASS_PARTIAL ||
	       c == GM_CLASS_THOUGHTS;
}

/* True if this process has to end, whatever the key. */
static bool
is_fatal(enum gm_class c)
{
	return c == GM_CLASS_SIGNAL || c == GM_CLASS_LOCAL ||
	       c == GM_CLASS_CERTIFICATES;
}

/* Copy a text of the server, which may contain a key, with keys masked. */
static int
copy_masked(const struct batch *b, char *out, size_t size, const char *text,
    struct gm_err *err)
{
	struct gm_buf masked;
	int rc;

	gm_buf_init(&masked, 4 * GM_ERR_MAX);
	gm_secret_mask(&b->common->secrets, &masked, gm_span_of(text));
	rc = gm_buf_check(&masked, err);
	(void)snprintf(out, size, "%s", gm_buf_str(&masked));
	gm_buf_release(&masked);
	return rc;
}

/* Store the result of a call, whose error is in *err.  -1: *err is ours. */
static int
take_result(struct batch *b, struct item *item, struct gm_err *err)
{
	const struct gm_result *o = &item->result;
	const struct gm_attempt *last = gm_result_last(o);
	struct gm_health *v = item->health;

	v->class = is_answered(o->class) ? GM_CLASS_OK : o->class;
	v->model = item->last != GM_OP_MODELS ? o->model : NULL;
	v->err =
	    v->class != GM_CLASS_OK ? *err : (struct gm_err){ .code = GM_OK };
	if (gm_buf_check(&o->attempts, err) != 0)
		return -1;
	if (last == NULL)
		return 0; /* a mark that another key or process has just made */
	if (copy_masked(b, v->remedy, sizeof(v->remedy),
		v->class != GM_CLASS_OK ? o->fault.remedy : "", err) != 0)
		return -1;
	v->sent = true;
	v->http = last->http;
	v->ms = last->ms;
	gm_log_result(&b->log, o);
	return 0;
}

/*
 * True if a key takes part in the round: it passed so far, or this same request
 * failed with the class of the round, and is repeated in another form.
 */
static bool
is_wanted(
    const struct item *item, enum gm_operation operation, enum gm_class class)
{
	return item->health->class == class &&
	       (class == GM_CLASS_OK || item->last == operation);
}

/* Supply the pool with the next call of the round. */
static int
next(struct gm_call_args *ask, void *arg)
{
	struct batch *b = arg;
	struct item *item;

	while (b->next < b->len) {
		item = &b->items[b->next++];
		if (!is_wanted(item, b->request->operation, b->class))
			continue;
		item->last = b->request->operation;
		gm_result_release(&item->result);
		gm_result_init(&item->result);
		*ask = (struct gm_call_args){ .service = &item->service,
			.request = b->request,
			.sink = &gm_sink_nowhere,
			.result = &item->result,
			.arg = item };
		return 1;
	}
	return -1;
}

/* True if the failure is this machine's, and says nothing about the key. */
static bool
is_ours(const struct item *item, int rc, const struct gm_err *err)
{
	return is_fatal(item->result.class) || (rc != 0 && err->code == GM_EOS);
}

static int
done(const struct gm_call_args *ask, int rc, void *arg, struct gm_err *err)
{
	if (is_ours(ask->arg, rc, err))
		return -1;
	return take_result(arg, ask->arg, err);
}

/* Run a round: send the request with each key that has this class. */
static int
send_round(struct batch *b, const struct gm_request *q, enum gm_class class,
    struct gm_err *err)
{
	const struct gm_pool pool = { .http = b->service->http,
		.slots = AT_ONCE,
		.next = next,
		.done = done,
		.arg = b,
		.watch = -1 };

	b->request = q;
	b->class = class;
	b->next = 0;
	return gm_pool_run(&pool, err);
}

static int
generate(struct batch *b, struct gm_request *q, struct gm_err *err)
{
	q->max_tokens = "1";
	if (send_round(b, q, GM_CLASS_OK, err) != 0)
		return -1;
	/* Some models reject a limit of one token: retry without a limit. */
	q->max_tokens = NULL;
	return send_round(b, q, GM_CLASS_BAD_REQUEST, err);
}

/*
 * True if the service supports the request and has a model for it.  If not,
 * print a note that the level is skipped; for the last level, the one that the
 * user wants, always, for a level on the way with -v only.
 */
static bool
is_supported(const struct batch *b, const struct gm_request *q, bool last)
{
	const struct gm_provider *provider = b->service->provider;
	struct gm_err why;

	if (provider->check(provider, q, &why) != 0)
		(void)gm_fail(
		    &why, GM_EUSAGE, "not supported by %s", provider->name);
	else if (gm_keyset_need_model(b->set, &why) == 0)
		return true;
	gm_note(&b->common->note, last ? GM_LEVEL_NOTE : GM_LEVEL_DETAIL,
	    "--level %s skipped: %s",
	    q->operation == GM_OP_COUNT ? "count" : "generate", why.msg);
	return false;
}

/*
 * True if the failure of a list or a count says nothing about the key: some
 * servers do not have these calls, and some keys may only generate.
 */
static bool
is_unavailable(const struct gm_health *v)
{
	return v->class == GM_CLASS_BAD_URL || v->class == GM_CLASS_FORBIDDEN ||
	       v->class == GM_CLASS_FRONT_END ||
	       v->class == GM_CLASS_PROTOCOL || v->http == 501;
}

/* Let such keys pass, as a later request to generate says more. */
static void
let_pass(struct batch *b)
{
	struct item *item;

	for (item = b->items; item < b->items + b->len; item++)
		if (is_unavailable(item->health))
			item->health->class = GM_CLASS_OK;
}

static const struct gm_part one = { .text = { "1", 1 } };
static const struct gm_turn smallest = { .parts = &one, .parts_len = 1 };

/* Send the requests of all levels up to this one. */
static int
check_levels(struct batch *b, enum gm_keycheck_level level, struct gm_err *err)
{
	struct gm_request q = { .operation = GM_OP_MODELS,
		.model = "models",
		.page_size = "1",
		.turns = &smallest,
		.turns_len = 1 };
	struct gm_request answer = { .operation = GM_OP_GENERATE,
		.model = b->set->models[0],
		.turns = &smallest,
		.turns_len = 1 };
	bool generates =
	    level >= GM_KEYCHECK_GENERATE && is_supported(b, &answer, true);

	if (send_round(b, &q, GM_CLASS_OK, err) != 0)
		return -1;
	if (generates)
		let_pass(b);
	q.operation = GM_OP_COUNT;
	q.model = b->set->models[0];
	if (level >= GM_KEYCHECK_COUNT &&
	    is_supported(b, &q, level == GM_KEYCHECK_COUNT) &&
	    send_round(b, &q, GM_CLASS_OK, err) != 0)
		return -1;
	if (generates)
		let_pass(b);
	return generates ? generate(b, &answer, err) : 0;
}

/*
 * True if a list and a count succeed although a request to generate would not.
 */
static bool
is_hidden_from_free(enum gm_class c)
{
	return c == GM_CLASS_NO_CREDIT || c == GM_CLASS_QUOTA_MINUTE ||
	       c == GM_CLASS_QUOTA_DAY || c == GM_CLASS_QUOTA_NONE ||
	       c == GM_CLASS_QUOTA_SPEND || c == GM_CLASS_QUOTA;
}

/* True if the key has reached GM_RPD, and not a limit of the service. */
static bool
is_own_limit(const struct item *item, const struct gm_keystatus *s)
{
	const struct gm_attempt *last = gm_result_last(&item->result);

	if (last != NULL && last->class == GM_CLASS_QUOTA_DAY)
		return false; /* the service has said so just now */
	return item->health->class == GM_CLASS_QUOTA_DAY &&
	       s->class == GM_CLASS_QUOTA_DAY && s->since_ms == 0;
}

/*
 * Take from the key state when a mark ends and, if the level was free, a limit
 * that such requests cannot see but an earlier request has met.
 */
static void
take_state(struct batch *b, struct item *item, bool free)
{
	struct gm_keyquery q = gm_keys_query(
	    &b->set->keys, b->set->models[0], &item->service.filter);
	struct gm_health *v = item->health;
	struct gm_keystatus s;

	if (v->class == GM_CLASS_OK && free && !b->common->ignore_cooldown)
		q.filter.ignore_before_ms = 0;
	gm_keyrule_status(&q, v->index, &s);
	if (v->class == GM_CLASS_OK && !is_hidden_from_free(s.class))
		return;
	if (v->class == GM_CLASS_OK) {
		v->class = s.class;
		v->model = q.model; /* the list was requested without one */
	}
	v->own_limit = is_own_limit(item, &s);
	if (s.class != GM_CLASS_OK &&
	    (gm_health_is_healthy(v) || s.class == v->class))
		v->retry_at_ms = s.until_ms;
}

/* Show "label:work" and "project:1" by the part after the colon. */
static int
name_project(const struct batch *b, struct item *item, struct gm_err *err)
{
	const char *id = gm_keyrule_project(&b->set->keys.rule,
	    &b->set->keys.state->table, item->health->index);
	const char *colon = strchr(id, ':');
	struct gm_health *v = item->health;

	if (colon == NULL) /* the key's hash: it shares no known project */
		return 0;
	return copy_masked(b, v->project, sizeof(v->project), colon + 1, err);
}

static int
name_key(const struct batch *b, struct gm_health *v, struct gm_err *err)
{
	struct gm_buf shown;
	int rc;

	gm_buf_init(&shown, sizeof(v->key) - 1);
	if (b->set->place.ring.keys[v->index].text.len > 0)
		gm_secret_show(&shown, b->set->place.ring.keys[v->index].text);
	rc = gm_buf_check(&shown, err);
	v->old_format =
	    b->service->provider == &gm_gemini &&
	    gm_span_starts(b->set->place.ring.keys[v->index].text, "AIza");
	(void)snprintf(v->key, sizeof(v->key), "%s", gm_buf_str(&shown));
	gm_buf_release(&shown);
	return rc;
}

static int
check(struct batch *b, enum gm_keycheck_level level, struct gm_err *err)
{
	struct item *item;

	for (item = b->items; item < b->items + b->len; item++) {
		begin_item(b, item);
		if (name_key(b, item->health, err) != 0)
			return -1;
	}
	if (check_levels(b, level, err) != 0)
		return -1;
	gm_keystate_look(b->service->keys->state, gm_clock_wall_ms());
	for (item = b->items; item < b->items + b->len; item++) {
		take_state(b, item, level < GM_KEYCHECK_GENERATE);
		if (name_project(b, item, err) != 0)
			return -1;
	}
	return 0;
}

static int
check_some(struct batch *b, enum gm_keycheck_level level,
    struct gm_health *healths, size_t len, struct gm_err *err)
{
	size_t i;
	int rc;

	b->len = len;
	for (i = 0; i < len; i++)
		b->items[i] = (struct item){ .health = &healths[i] };
	rc = check(b, level, err);
	for (i = 0; i < len; i++)
		gm_result_release(&b->items[i].result);
	return rc;
}

/* Count the keys at the start of the list that are of one service, at most
 * AT_ONCE. */
static size_t
count_alike(const struct gm_health *v, size_t len)
{
	size_t n = 1;

	while (n < len && n < AT_ONCE && v[n].service == v[0].service)
		n++;
	return n;
}

int
gm_keycheck_run(const struct gm_services *services,
    const struct gm_common *common, enum gm_keycheck_level level,
    struct gm_health *healths, size_t len, struct gm_err *err)
{
	struct batch b = { .common = common, .log = common->log };
	size_t at, n;
	int rc = 0;

	/* Only with --metrics: on a terminal they would mix with the table. */

	b.log.metrics = common->config.values[GM_SET_METRICS].number != 0;
	b.items = calloc(AT_ONCE, sizeof(*b.items));
	if (b.items == NULL) {
		(void)gm_fail(err, GM_EOS, "out of memory");
		rc = -1;
	}
	for (at = 0; at < len && rc == 0; at += n) {
		n = count_alike(healths + at, len - at);
		b.set = services->keysets[healths[at].service];
		b.service = &services->services[healths[at].service];
		rc = check_some(&b, level, healths + at, n, err);
	}
	free(b.items);
	return rc;
}
