#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/pool.h"
#include "cli/log.h"
#include "gm-keycheck/check.h"

/* Keys that are checked at once. */
#define AT_ONCE ((size_t)64)

/* A key on its way. */
struct item {
	struct gm_service service; /* which may use this key alone */
	struct gm_result result;
	enum gm_operation last; /* what it was asked last */
	struct gm_health *health;
};

struct batch {
	const struct gm_keyset *set;
	const struct gm_service *service;
	const struct gm_common *common;
	struct gm_log log;
	struct item *items;
	size_t len;

	/* The request that is asked now, with which of them. */
	const struct gm_request *request;
	enum gm_class class;
	size_t next;
};

/*
 * Only this key may be used, and what is known of it does not count: so nothing
 * rotates, and dead keys are asked.
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

/* Did it come to an answer, of whatever kind? */
static bool
is_answered(enum gm_class c)
{
	return c == GM_CLASS_OK || c == GM_CLASS_TOKEN_LIMIT ||
	       c == GM_CLASS_EMPTY || c == GM_CLASS_BLOCKED ||
	       c == GM_CLASS_UNFINISHED || c == GM_CLASS_PARTIAL ||
	       c == GM_CLASS_THOUGHTS;
}

/* Is it our own end, whatever the key? */
static bool
is_fatal(enum gm_class c)
{
	return c == GM_CLASS_SIGNAL || c == GM_CLASS_LOCAL ||
	       c == GM_CLASS_CERTIFICATES;
}

/* What a server has said may hold a key. */
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

/* *err says what the call came to and, with -1, what has failed here. */
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
		return 0; /* another key, or process, has told it all */
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
 * After a refusal only what was refused is asked, put otherwise: a level is not
 * reached by failing the one before.
 */
static bool
is_wanted(
    const struct item *item, enum gm_operation operation, enum gm_class class)
{
	return item->health->class == class &&
	       (class == GM_CLASS_OK || item->last == operation);
}

/* The next key whose health has the class that is asked for. */
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

/* Something of ours has ended it, which tells nothing of the key. */
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

/* Ask a request with each key whose health has this class. */
static int
ask(struct batch *b, const struct gm_request *q, enum gm_class class,
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
	if (ask(b, q, GM_CLASS_OK, err) != 0)
		return -1;
	/* So few tokens may be less than a model allows. */
	q->max_tokens = NULL;
	return ask(b, q, GM_CLASS_BAD_REQUEST, err);
}

/* Has the service such a call?  If not, that is told at the last level. */
static bool
can_ask(const struct batch *b, const struct gm_request *q, bool last)
{
	const struct gm_provider *provider = b->service->provider;
	struct gm_err why;

	if (provider->check(provider, q, &why) != 0)
		(void)gm_fail(&why, GM_EUSAGE,
		    "%s has no call that counts tokens", provider->name);
	else if (gm_keyset_need_model(b->set, &why) == 0)
		return true;
	gm_note(&b->common->note, last ? GM_LEVEL_NOTE : GM_LEVEL_DETAIL,
	    "left out: %s", why.msg);
	return false;
}

/*
 * Is it no news of the key that a list, or a count, is not to be had?  Some
 * servers have no such operation, and some keys are for answers only.
 */
static bool
is_unavailable(const struct gm_health *v)
{
	return v->class == GM_CLASS_BAD_URL || v->class == GM_CLASS_FORBIDDEN ||
	       v->class == GM_CLASS_FRONT_END ||
	       v->class == GM_CLASS_PROTOCOL || v->http == 501;
}

/* An answer will be asked for, which says more. */
static void
pass_on(struct batch *b)
{
	struct item *item;

	for (item = b->items; item < b->items + b->len; item++)
		if (is_unavailable(item->health))
			item->health->class = GM_CLASS_OK;
}

static const struct gm_part one = { .text = { "1", 1 } };
static const struct gm_turn smallest = { .parts = &one, .parts_len = 1 };

static int
ask_levels(struct batch *b, enum gm_keycheck_level level, struct gm_err *err)
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
	    level >= GM_KEYCHECK_GENERATE && can_ask(b, &answer, true);

	if (ask(b, &q, GM_CLASS_OK, err) != 0)
		return -1;
	if (generates)
		pass_on(b);
	q.operation = GM_OP_COUNT;
	q.model = b->set->models[0];
	if (level >= GM_KEYCHECK_COUNT &&
	    can_ask(b, &q, level == GM_KEYCHECK_COUNT) &&
	    ask(b, &q, GM_CLASS_OK, err) != 0)
		return -1;
	if (generates)
		pass_on(b);
	return generates ? generate(b, &answer, err) : 0;
}

/* Do both a list and a count go well all the same? */
static bool
is_missed_for_free(enum gm_class c)
{
	return c == GM_CLASS_NO_CREDIT || c == GM_CLASS_QUOTA_MINUTE ||
	       c == GM_CLASS_QUOTA_DAY || c == GM_CLASS_QUOTA_NONE ||
	       c == GM_CLASS_QUOTA_SPEND || c == GM_CLASS_QUOTA;
}

/* Is it the user's limit for a day that the key has met, and no other? */
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
 * How long it lasts.  A key that is well as far as this level can see may be
 * known to be limited all the same.
 */
static void
find_standing(struct batch *b, struct item *item, bool blind)
{
	struct gm_keyquery q = gm_keys_query(
	    &b->set->keys, b->set->models[0], &item->service.filter);
	struct gm_health *v = item->health;
	struct gm_keystatus s;

	if (v->class == GM_CLASS_OK && blind && !b->common->ignore_cooldown)
		q.filter.ignore_before_ms = 0;
	gm_keyrule_status(&q, v->index, &s);
	if (v->class == GM_CLASS_OK && !is_missed_for_free(s.class))
		return;
	if (v->class == GM_CLASS_OK) {
		v->class = s.class;
		v->model = q.model; /* a list has none */
	}
	v->own_limit = is_own_limit(item, &s);
	if (s.class != GM_CLASS_OK && s.until_ms != GM_KEYROW_FOREVER &&
	    (gm_health_is_healthy(v) || s.class == v->class))
		v->until_ms = s.until_ms;
}

/* What is shown of the project: "label:work" and "project:1" by their ends. */
static int
name_project(const struct batch *b, struct item *item, struct gm_err *err)
{
	const char *id = gm_keyrule_project(&b->set->keys.rule,
	    &b->set->keys.state->table, item->health->index);
	const char *colon = strchr(id, ':');
	struct gm_health *v = item->health;

	if (colon == NULL) /* its own, under the hash of the key */
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
	if (ask_levels(b, level, err) != 0)
		return -1;
	gm_keystate_look(b->service->keys->state, gm_clock_wall_ms());
	for (item = b->items; item < b->items + b->len; item++) {
		find_standing(b, item, level < GM_KEYCHECK_GENERATE);
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

/* How many of the healths at the front are of one service? */
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

	/* On a terminal they would stand between the lines of the keys. */
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
