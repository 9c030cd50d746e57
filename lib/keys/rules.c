#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "keys/rules.h"

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Of a cooldown. */
#define AGAIN_MS 1000 /* at least, where one follows another */
#define LONGEST_MS (10 * MINUTE_MS)
#define FORBIDDEN_MS (5 * MINUTE_MS)

/* Of all keys at once. */
#define BURST_MS 5000 /* marks as close as this are one event */
#define PAUSE_MS (10 * MINUTE_MS)

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static const struct gm_keywish none = { .free = false };

const char *
gm_keyrule_model(const char *model)
{
	if (model == NULL)
		return GM_KEYROW_ALL;
	/* With and without the prefix it is one quota, so one row. */
	return strncmp(model, "models/", 7) == 0 ? model + 7 : model;
}

static void
name_search(const char *model, char out[GM_KEYROW_MODEL])
{
	static const char suffix[] = "+search";

	(void)snprintf(out, GM_KEYROW_MODEL, "%.*s%s",
	    (int)(GM_KEYROW_MODEL - sizeof(suffix)), gm_keyrule_model(model),
	    suffix);
}

static struct gm_keyrow *
find(const struct gm_keyrule *r, const struct gm_keytable *t, const char *id,
    const char *model)
{
	return gm_keytable_find(t, GM_KEYROW_OWNER, r->origin, id, model);
}

/* A row of the list. */
static struct gm_keyrow *
find_list(const struct gm_keyrule *r, const struct gm_keytable *t,
    enum gm_keyrow_kind kind, const char *model)
{
	return gm_keytable_find(t, kind, r->origin, r->list, model);
}

const char *
gm_keyrule_project(
    const struct gm_keyrule *r, const struct gm_keytable *t, size_t index)
{
	const struct gm_key *key = &r->ring->keys[index];
	const struct gm_keyrow *row = find(r, t, r->ids[index], GM_KEYROW_ALL);

	if (key->project[0] != '\0')
		return key->project;
	return row != NULL && row->project[0] != '\0' ? row->project
	                                              : r->ids[index];
}

/* A copy, as the table may move while rows are added. */
static void
copy_project(const struct gm_keyrule *r, const struct gm_keytable *t,
    size_t index, char out[GM_KEYROW_ID])
{
	(void)snprintf(
	    out, GM_KEYROW_ID, "%s", gm_keyrule_project(r, t, index));
}

/* The row that counts the requests of a key with a model, and has its turn. */
static struct gm_keyrow *
find_quota(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, size_t index)
{
	return find(
	    r, t, gm_keyrule_project(r, t, index), gm_keyrule_model(model));
}

/* Dead weighs more than cooling, then the later end. */
static bool
is_worse(enum gm_class class, int64_t until_ms, const struct gm_standing *than)
{
	if (than->class == GM_CLASS_OK ||
	    gm_class_is_dead(class) != gm_class_is_dead(than->class))
		return than->class == GM_CLASS_OK || gm_class_is_dead(class);
	return until_ms > than->until_ms;
}

static void
consider(const struct gm_keywish *w, const struct gm_keyrow *row,
    int64_t now_ms, struct gm_standing *worst)
{
	if (row == NULL || row->class == GM_CLASS_OK ||
	    row->until_ms <= now_ms || row->since_ms < w->ignore_before_ms ||
	    !is_worse(row->class, row->until_ms, worst))
		return;
	worst->class = row->class;
	worst->since_ms = row->since_ms;
	worst->until_ms = row->until_ms;
	memcpy(worst->reason, row->reason, sizeof(worst->reason));
}

/* GM_RPD. */
static void
consider_count(const struct gm_keyrule *r, const struct gm_keytable *t,
    struct gm_keyrow *row, int64_t now_ms, struct gm_standing *worst)
{
	int64_t midnight = gm_clock_pacific_midnight(now_ms);
	struct gm_standing s = { GM_CLASS_QUOTA_DAY, 0, midnight, "GM_RPD" };

	gm_keytable_fetch(t, row);
	if (row != NULL && row->day == midnight / DAY_MS &&
	    row->requests >= r->rpd && is_worse(s.class, midnight, worst))
		*worst = s;
}

#define MET 5

/* The rows whose marks a request with the key meets; NULL: there is none. */
static void
find_met(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, const struct gm_keywish *w, size_t index,
    struct gm_keyrow *rows[MET])
{
	const char *project = gm_keyrule_project(r, t, index);
	char search[GM_KEYROW_MODEL];

	model = gm_keyrule_model(model);
	rows[0] = find(r, t, r->ids[index], GM_KEYROW_ALL);
	rows[1] = find(r, t, project, GM_KEYROW_ALL);
	rows[2] = find(r, t, project, model);
	rows[3] = find_list(r, t, GM_KEYROW_PAUSE, model);
	rows[4] = NULL;
	if (!w->search)
		return;
	name_search(model, search);
	rows[4] = find(r, t, project, search);
}

/* The worst mark of all that a request with the key would meet. */
static void
consider_marks(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, const struct gm_keywish *w, size_t index, int64_t now_ms,
    struct gm_standing *s)
{
	struct gm_keyrow *rows[MET];
	size_t i;

	s->class = GM_CLASS_OK;
	s->since_ms = s->until_ms = 0;
	s->reason[0] = '\0';
	find_met(r, t, model, w, index, rows);
	for (i = 0; i < MET; i++)
		consider(w, rows[i], now_ms, s);
}

bool
gm_keyrule_is_marked(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, const struct gm_keywish *w, size_t index, int64_t now_ms)
{
	struct gm_standing s;

	consider_marks(r, t, model, w != NULL ? w : &none, index, now_ms, &s);
	return s.class != GM_CLASS_OK;
}

void
gm_keyrule_standing(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, const struct gm_keywish *w, size_t index, int64_t now_ms,
    struct gm_standing *s)
{
	consider_marks(r, t, model, w != NULL ? w : &none, index, now_ms, s);
	if (r->rpd > 0 && (w == NULL || !w->free))
		consider_count(r, t, find_quota(r, t, model, index), now_ms, s);
}

size_t
gm_keyrule_current(
    const struct gm_keyrule *r, const struct gm_keytable *t, const char *model)
{
	const struct gm_keyrow *row =
	    find_list(r, t, GM_KEYROW_CURRENT, gm_keyrule_model(model));
	size_t i;

	for (i = 0; row != NULL && i < r->ring->len; i++)
		if (strcmp(r->ids[i], row->key) == 0)
			return i;
	return 0;
}

/* Between two slots of GM_RPM. */
static int64_t
gap_of(const struct gm_keyrule *r)
{
	return (MINUTE_MS + r->rpm - 1) / r->rpm;
}

#define TOKENS_MAX INT64_C(1000000000000)

/* Does a limit hold for a call? */
static bool
holds(int64_t limit, const struct gm_keywish *w)
{
	return limit > 0 && !w->free;
}

/* How long so many input tokens take under GM_TPM: a day at most. */
static int64_t
cost_of(const struct gm_keyrule *r, int64_t tokens)
{
	int64_t n = tokens < 0 ? 0 : tokens < TOKENS_MAX ? tokens : TOKENS_MAX;
	int64_t ms = (n * MINUTE_MS + r->tpm - 1) / r->tpm;

	return ms < DAY_MS ? ms : DAY_MS;
}

/* Tokens are used from at_ms on.  More than a day ahead looks like a wrong clock. */
static void
owe(struct gm_keyrow *row, int64_t at_ms, int64_t cost, int64_t now_ms)
{
	row->tokens_ms = larger(row->tokens_ms, at_ms) + cost;
	if (row->tokens_ms > now_ms + DAY_MS)
		row->tokens_ms = now_ms + DAY_MS;
}

/* The earliest time that GM_RPM and GM_TPM allow. */
static int64_t
turn(const struct gm_keyrule *r, const struct gm_keyrow *row,
    const struct gm_keywish *w, int64_t now_ms)
{
	int64_t at = now_ms;

	if (row != NULL && holds(r->rpm, w) && row->slot_ms != 0)
		at = larger(at, row->slot_ms + gap_of(r));
	if (row != NULL && holds(r->tpm, w))
		at = larger(at, row->tokens_ms);
	return at;
}

/* A pick in the making. */
struct choice {
	const struct gm_keyrule *rule;
	const struct gm_keytable *table;
	const char *model;
	const struct gm_keywish *wish;
	int64_t now_ms;
	struct gm_pick *pick;
	size_t current;
	int64_t used_ms; /* when the chosen one was used last */
	bool chosen, current_chosen;

	/* Of the dead ones that may come back: the one to try, if any. */
	bool found;
	size_t oldest;
	struct gm_standing oldest_standing;
	int64_t newest_ms; /* the youngest mark */
};

static void
choose(struct choice *c, size_t index, const struct gm_standing *s)
{
	const struct gm_keyrule *r = c->rule;
	struct gm_keyrow *row = find_quota(r, c->table, c->model, index);
	int64_t used, at;

	if (r->round_robin || r->rpm > 0 || r->tpm > 0)
		gm_keytable_fetch(c->table, row);
	used = r->round_robin && row != NULL ? row->last_ms : 0;
	at = turn(r, row, c->wish, c->now_ms);
	if (c->chosen && (at > c->pick->at_ms ||
			     (at == c->pick->at_ms && used >= c->used_ms)))
		return;
	/* The current key comes first; another one has an earlier slot. */
	c->pick->stay = c->chosen && c->current_chosen;
	c->current_chosen = index == c->current || c->pick->stay;
	c->chosen = true;
	c->used_ms = used;
	c->pick->kind = GM_PICK_KEY;
	c->pick->index = index;
	c->pick->at_ms = at;
	c->pick->standing = *s;
}

static void
note_cooling(struct choice *c, size_t index, const struct gm_standing *s)
{
	struct gm_pick *p = c->pick;

	p->cooling++;
	if (gm_class_may_sleep(s->class) &&
	    (p->wake_ms == 0 || s->until_ms < p->wake_ms)) {
		p->wake_ms = s->until_ms;
		p->wake_class = s->class;
	}
	if (c->chosen ||
	    (p->kind == GM_PICK_COOLING && p->at_ms <= s->until_ms))
		return;
	p->kind = GM_PICK_COOLING;
	p->index = index;
	p->at_ms = s->until_ms;
	p->standing = *s;
}

static void
note_dead(struct choice *c, size_t index, const struct gm_standing *s)
{
	struct gm_pick *p = c->pick;

	if (p->dead++ == 0 && !c->chosen && p->kind == GM_PICK_DEAD) {
		p->index = index;
		p->standing = *s;
	}
	/* A leaked key stays dead. */
	if (s->until_ms == GM_KEYROW_FOREVER)
		return;
	if (!c->found || s->since_ms > c->newest_ms)
		c->newest_ms = s->since_ms;
	if (!c->found || s->since_ms < c->oldest_standing.since_ms) {
		c->oldest = index;
		c->oldest_standing = *s;
	}
	c->found = true;
}

static bool
is_left_out(const struct choice *c, const char *project)
{
	const struct gm_keywish *w = c->wish;

	return (w->avoid != NULL && strcmp(project, w->avoid) == 0) ||
	       (w->of == GM_KEYS_PROJECT &&
		   strcmp(project,
		       gm_keyrule_project(c->rule, c->table, w->key)) != 0);
}

static void
consider_key(struct choice *c, size_t index)
{
	struct gm_standing s;

	if (is_left_out(c, gm_keyrule_project(c->rule, c->table, index)))
		return;
	gm_keyrule_standing(
	    c->rule, c->table, c->model, c->wish, index, c->now_ms, &s);
	if (s.class == GM_CLASS_OK)
		choose(c, index, &s);
	else if (gm_class_is_dead(s.class))
		note_dead(c, index, &s);
	else
		note_cooling(c, index, &s);
}

/* From the key that comes skip after the current one on. */
static void
look(struct choice *c, size_t skip)
{
	const struct gm_keyrule *r = c->rule;
	const struct gm_keywish *w = c->wish;
	struct gm_pick *pick = c->pick;
	size_t first, i;

	*pick = (struct gm_pick){ .kind = GM_PICK_DEAD,
		.standing = { .reason = "" } };
	if (w->of == GM_KEYS_ONE) {
		consider_key(c, w->key);
		return;
	}
	c->current = gm_keyrule_current(r, c->table, c->model);
	first = c->current + skip;
	for (i = 0; i < r->ring->len; i++) {
		consider_key(c, (first + i) % r->ring->len);
		if (c->chosen && !r->round_robin && pick->at_ms <= c->now_ms)
			return; /* none is better */
	}
	if (pick->kind == GM_PICK_DEAD && c->found && w->of == GM_KEYS_ALL &&
	    (w->avoid == NULL || w->avoid[0] == '\0') &&
	    c->newest_ms + HOUR_MS <= c->now_ms)
		choose(c, c->oldest, &c->oldest_standing);
}

void
gm_keyrule_pick(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, const struct gm_keywish *wish, int64_t now_ms,
    struct gm_pick *pick)
{
	look(&(struct choice){ .rule = r,
		 .table = t,
		 .model = model,
		 .wish = wish != NULL ? wish : &none,
		 .now_ms = now_ms,
		 .pick = pick },
	    0);
}

void
gm_keyrule_next(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, const struct gm_keywish *wish, int64_t now_ms,
    struct gm_pick *pick)
{
	struct gm_keyrule in_order = *r;

	in_order.round_robin = false;
	look(&(struct choice){ .rule = &in_order,
		 .table = t,
		 .model = model,
		 .wish = wish != NULL ? wish : &none,
		 .now_ms = now_ms,
		 .pick = pick },
	    1);
}

int
gm_keyrule_move(const struct gm_keyrule *r, struct gm_keytable *t,
    const char *model, size_t index, int64_t now_ms, struct gm_err *err)
{
	struct gm_keyrow *row =
	    find_list(r, t, GM_KEYROW_CURRENT, gm_keyrule_model(model));

	/* The first key is current without a row. */
	if (gm_keyrule_current(r, t, model) == index &&
	    (row == NULL || row->since_ms > now_ms - DAY_MS))
		return 0;
	row = gm_keytable_get(t, GM_KEYROW_CURRENT, r->origin, r->list,
	    gm_keyrule_model(model), err);
	if (row == NULL)
		return -1;
	(void)snprintf(row->key, sizeof(row->key), "%s", r->ids[index]);
	row->since_ms = now_ms;
	t->changed = true;
	return 0;
}

/* Date a mark anew: no other process tries the dead key for an hour. */
static void
renew_mark(struct gm_keytable *t, struct gm_keyrow *row, int64_t now_ms)
{
	if (row == NULL || !gm_class_is_dead(row->class) ||
	    row->until_ms <= now_ms)
		return;
	row->since_ms = now_ms;
	t->changed = true;
}

struct gm_keyrow *
gm_keyrule_reserve(const struct gm_keyrule *r, struct gm_keytable *t,
    const char *model, const struct gm_keywish *wish,
    const struct gm_pick *pick, int64_t now_ms, struct gm_err *err)
{
	const struct gm_keywish *w = wish != NULL ? wish : &none;
	size_t current =
	    pick->stay ? gm_keyrule_current(r, t, model) : pick->index;
	int64_t today = gm_clock_pacific_midnight(now_ms) / DAY_MS;
	char project[GM_KEYROW_ID];
	struct gm_keyrow *row;

	/* -k does not move the current key, and round-robin has none. */
	if (w->of != GM_KEYS_ONE && !r->round_robin &&
	    gm_keyrule_move(r, t, model, current, now_ms, err) != 0)
		return NULL;
	copy_project(r, t, pick->index, project);
	if (pick->standing.class != GM_CLASS_OK) {
		renew_mark(
		    t, find(r, t, r->ids[pick->index], GM_KEYROW_ALL), now_ms);
		renew_mark(t, find(r, t, project, GM_KEYROW_ALL), now_ms);
	}
	row = gm_keytable_get(t, GM_KEYROW_OWNER, r->origin, project,
	    gm_keyrule_model(model), err);
	if (row == NULL)
		return NULL;
	if (row->day != today)
		row->requests = 0;
	row->day = today;
	row->requests++;
	row->last_ms = now_ms;
	/* A process without GM_RPM does not set back the slots of others. */
	if (row->slot_ms < pick->at_ms)
		row->slot_ms = pick->at_ms;
	if (holds(r->tpm, w) && w->tokens > 0)
		owe(row, pick->at_ms, cost_of(r, w->tokens), now_ms);
	return row;
}

struct gm_keyrow *
gm_keyrule_give_back(const struct gm_keyrule *r, struct gm_keytable *t,
    const char *model, const struct gm_keywish *wish, size_t index,
    int64_t at_ms)
{
	struct gm_keyrow *row = find_quota(r, t, model, index);
	const struct gm_keywish *w = wish != NULL ? wish : &none;
	int64_t cost = 0, next;

	if (row == NULL)
		return NULL;
	gm_keytable_fetch(t, row);
	if (row->requests > 0)
		row->requests--;
	if (holds(r->tpm, w))
		cost = cost_of(r, w->tokens);
	row->tokens_ms -= cost < row->tokens_ms ? cost : row->tokens_ms;
	if (!holds(r->rpm, w) || row->slot_ms < at_ms)
		return row;
	/* A turn after it would begin so late at the earliest. */
	next = at_ms + larger(gap_of(r), cost);
	if (row->slot_ms >= next)
		return row;
	/* It began right behind the turn before it, or need not have waited. */
	row->slot_ms = at_ms - gap_of(r);
	if (row->tokens_ms > at_ms)
		row->tokens_ms = at_ms;
	return row;
}

bool
gm_keyrule_may_correct(
    const struct gm_keyrule *r, const struct gm_keywish *wish, int64_t counted)
{
	const struct gm_keywish *w = wish != NULL ? wish : &none;

	return holds(r->tpm, w) && counted >= 0 && counted != w->tokens;
}

struct gm_keyrow *
gm_keyrule_correct(const struct gm_keyrule *r, struct gm_keytable *t,
    const char *model, const struct gm_keywish *wish, size_t index,
    int64_t sent_ms, int64_t counted, int64_t now_ms)
{
	const struct gm_keywish *w = wish != NULL ? wish : &none;
	struct gm_keyrow *row;
	int64_t more;

	if (!gm_keyrule_may_correct(r, w, counted))
		return NULL;
	row = find_quota(r, t, model, index);
	if (row == NULL)
		return NULL;
	gm_keytable_fetch(t, row);
	more = cost_of(r, counted) - cost_of(r, w->tokens);
	if (more > 0)
		owe(row, sent_ms, more, now_ms);
	else
		row->tokens_ms = larger(row->tokens_ms + more, 0);
	return row;
}

/* --- what requests teach */

/* What the service says or, if it says nothing, how long such a quota lasts. */
static int64_t
first_cooldown(enum gm_class class, int64_t hint_ms)
{
	if (class == GM_CLASS_QUOTA_DAY)
		return larger(hint_ms, MINUTE_MS);
	if (class == GM_CLASS_FORBIDDEN)
		return FORBIDDEN_MS;
	if (hint_ms > 0) /* 0 does not say that the quota is back */
		return hint_ms;
	/* The service adds spend up over ten minutes. */
	return class == GM_CLASS_QUOTA_SPEND ? LONGEST_MS : MINUTE_MS;
}

/* A quota's.  before_ms > 0: the hint did not help, so wait longer. */
static int64_t
quota_cooldown(
    enum gm_class class, int64_t hint_ms, int64_t before_ms, int64_t day_ms)
{
	int64_t ms = first_cooldown(class, hint_ms);
	int64_t again = larger(2 * before_ms, AGAIN_MS);

	if (before_ms > 0 && class == GM_CLASS_QUOTA_DAY)
		ms = larger(ms, again);
	else if (before_ms > 0)
		ms = larger(ms, again < LONGEST_MS ? again : LONGEST_MS);
	return class == GM_CLASS_QUOTA_DAY && ms > day_ms ? day_ms : ms;
}

int64_t
gm_keyrule_cooling_ms(
    enum gm_class class, int64_t hint_ms, int64_t before_ms, int64_t day_ms)
{
	if (class == GM_CLASS_KEY_LEAKED)
		return GM_KEYROW_FOREVER;
	if (class == GM_CLASS_KEY_INVALID || class == GM_CLASS_KEY_EXPIRED ||
	    class == GM_CLASS_KEY_RESTRICTED)
		return DAY_MS;
	if (gm_class(class)->code == GM_ENOPERM && class != GM_CLASS_FORBIDDEN)
		return HOUR_MS;
	if (class == GM_CLASS_QUOTA_NONE)
		return day_ms;
	return quota_cooldown(class, hint_ms, before_ms, day_ms);
}

/* What is known of the key's quotas so far is known of the project's. */
static int
take_quotas_along(const struct gm_keyrule *r, struct gm_keytable *t,
    size_t index, const char *project, struct gm_err *err)
{
	const size_t len = t->len;
	struct gm_keyrow row;
	size_t i;

	gm_keytable_fetch_all(t);
	for (i = 0; i < len; i++) {
		row = t->rows[i];
		if (strcmp(row.origin, r->origin) != 0 ||
		    row.kind != GM_KEYROW_OWNER ||
		    strcmp(row.id, r->ids[index]) != 0 ||
		    strcmp(row.model, GM_KEYROW_ALL) == 0)
			continue;
		row.at = -1;
		(void)snprintf(row.id, sizeof(row.id), "%s", project);
		if (gm_keytable_append(t, &row, err) != 0)
			return -1;
	}
	gm_keytable_sort(t);
	return 0;
}

/*
 * The service named the project of a key by this number ("": it did not).  Keys
 * of one number share their quotas from now on.
 */
static int
learn_project(const struct gm_keyrule *r, struct gm_keytable *t, size_t index,
    const char *number, struct gm_err *err)
{
	struct gm_keyrow *row;
	char project[GM_KEYROW_ID];

	if (number[0] == '\0')
		return 0;
	row = gm_keytable_get(
	    t, GM_KEYROW_OWNER, r->origin, r->ids[index], GM_KEYROW_ALL, err);
	if (row == NULL)
		return -1;
	(void)snprintf(project, sizeof(project), "project:%s", number);
	if (strcmp(row->project, project) == 0)
		return 0;
	(void)snprintf(row->project, sizeof(row->project), "%s", project);
	t->changed = true;
	return take_quotas_along(r, t, index, project, err);
}

/* The row that a fault of a class that marks keys is charged to; NULL: GM_EOS. */
static struct gm_keyrow *
charged(const struct gm_keyrule *r, struct gm_keytable *t,
    const struct gm_deed *d, enum gm_class class, struct gm_err *err)
{
	enum gm_scope scope = gm_class(class)->scope;
	char id[GM_KEYROW_ID], model[GM_KEYROW_MODEL];

	copy_project(r, t, d->index, id);
	(void)snprintf(model, sizeof(model), "%s",
	    scope == GM_SCOPE_QUOTA ? gm_keyrule_model(d->model)
				    : GM_KEYROW_ALL);
	if (scope == GM_SCOPE_KEY)
		(void)snprintf(id, sizeof(id), "%s", r->ids[d->index]);
	if (scope == GM_SCOPE_TOOL)
		name_search(d->model, model);
	return gm_keytable_get(t, GM_KEYROW_OWNER, r->origin, id, model, err);
}

/*
 * The rest that the same row was given last, if the fault is a repetition of
 * it: on the same day, and, but for daily quotas, not long ago.
 */
static int64_t
rest_before(const struct gm_keyrow *row, enum gm_class class, int64_t now_ms)
{
	if (row->failures == 0 || row->class == GM_CLASS_OK ||
	    gm_clock_pacific_midnight(row->since_ms) !=
		gm_clock_pacific_midnight(now_ms))
		return 0;
	if (class != GM_CLASS_QUOTA_DAY && row->until_ms < now_ms - PAUSE_MS)
		return 0;
	return row->until_ms == GM_KEYROW_FOREVER
	           ? 0
	           : row->until_ms - row->since_ms;
}

static int64_t
end_of(int64_t now_ms, int64_t ms)
{
	return ms == GM_KEYROW_FOREVER ? GM_KEYROW_FOREVER : now_ms + ms;
}

/* Cut between characters. */
static void
set_reason(struct gm_keyrow *row, const char *reason)
{
	(void)snprintf(row->reason, sizeof(row->reason), "%.*s",
	    (int)sizeof(row->reason) - 1, reason);
	row->reason[gm_utf8_valid(gm_span_of(row->reason))] = '\0';
}

/*
 * A new mark, or a later end of the one that stands.  One that ends later stays
 * as it is, unless it is only of a quota and now the key is dead; but it is
 * news again, so that who did not heed it does so from now on.
 */
static void
put_mark(struct gm_keytable *t, struct gm_keyrow *row, const struct gm_deed *d,
    enum gm_class class, int64_t until_ms, const char *reason)
{
	bool longer = row->class != GM_CLASS_OK && row->until_ms > d->now_ms &&
	              row->until_ms >= until_ms;

	t->changed = true;
	if (!longer || row->since_ms <= d->sent_ms)
		row->since_ms = d->now_ms;
	if (!longer)
		row->until_ms = until_ms;
	if (!longer ||
	    (gm_class_is_dead(class) && !gm_class_is_dead(row->class) &&
		gm_class(class)->scope != GM_SCOPE_QUOTA)) {
		row->class = class;
		set_reason(row, reason);
	}
}

static void
lift(struct gm_keytable *t, struct gm_keyrow *row)
{
	gm_keytable_fetch(t, row);
	if (row->class == GM_CLASS_OK && row->failures == 0)
		return;
	row->class = GM_CLASS_OK;
	row->since_ms = row->until_ms = row->failures = 0;
	row->reason[0] = '\0';
	t->changed = true;
}

static void
mark_fault(struct gm_keytable *t, struct gm_keyrow *row,
    const struct gm_deed *d, const struct gm_fault *f)
{
	int64_t day = gm_clock_pacific_midnight(d->now_ms) - d->now_ms;
	bool repeated = row->since_ms <= d->sent_ms;
	int64_t before = repeated ? rest_before(row, f->class, d->now_ms) : 0;

	put_mark(t, row, d, f->class,
	    end_of(d->now_ms,
		gm_keyrule_cooling_ms(f->class, f->hint_ms, before, day)),
	    f->words);
	if (repeated || row->failures == 0)
		row->failures++;
}

/* Classes that a service may give to all keys at once. */
static bool is_burst_class(enum gm_class class)
{
	return class == GM_CLASS_QUOTA_MINUTE || class == GM_CLASS_QUOTA;
}

/* The row of a key's quota; NULL: it has none, or the key is dead. */
static struct gm_keyrow *
living_quota(const struct gm_keyrule *r, const struct gm_keytable *t,
    const struct gm_deed *d, size_t index, bool *dead)
{
	struct gm_standing s;

	gm_keyrule_standing(r, t, d->model, d->wish, index, d->now_ms, &s);
	*dead = gm_class_is_dead(s.class);
	if (*dead)
		return NULL;
	return find_quota(r, t, d->model, index);
}

/*
 * Is every project that could be asked, two at least, out of quota since a few
 * seconds?  *until_ms: the earliest end.
 */
static bool
is_burst(const struct gm_keyrule *r, const struct gm_keytable *t,
    const struct gm_deed *d, int64_t *until_ms)
{
	const struct gm_keyrow *row, *first = NULL;
	bool dead, several = false;
	size_t i;

	*until_ms = GM_KEYROW_FOREVER;
	for (i = 0; i < r->ring->len; i++) {
		row = living_quota(r, t, d, i, &dead);
		if (dead)
			continue;
		if (row == NULL || !is_burst_class(row->class) ||
		    row->until_ms <= d->now_ms ||
		    row->since_ms < d->now_ms - BURST_MS)
			return false;
		if (row->until_ms < *until_ms)
			*until_ms = row->until_ms;
		several = several || (first != NULL && row != first);
		first = row;
	}
	return several;
}

static int
pause_service(const struct gm_keyrule *r, struct gm_keytable *t,
    const struct gm_deed *d, const struct gm_fault *f, struct gm_err *err)
{
	struct gm_fault pause = { .class = GM_CLASS_QUOTA_MINUTE };
	struct gm_keyrow *service, *row;
	int64_t until;
	bool dead;
	size_t i;

	if (!is_burst_class(f->class) || !is_burst(r, t, d, &until))
		return 0;
	service = gm_keytable_get(t, GM_KEYROW_PAUSE, r->origin, r->list,
	    gm_keyrule_model(d->model), err);
	if (service == NULL)
		return -1;
	pause.hint_ms = until - d->now_ms;
	(void)snprintf(pause.words, sizeof(pause.words),
	    "every key was refused within %d s", BURST_MS / 1000);
	mark_fault(t, service, d, &pause);
	for (i = 0; i < r->ring->len; i++) {
		row = living_quota(r, t, d, i, &dead);
		/* A much longer cooldown stays. */
		if (row != NULL &&
		    row->until_ms <= service->until_ms + BURST_MS)
			lift(t, row);
	}
	return 0;
}

/* Is there a row that a fault of this class is charged to? */
static bool is_chargeable(enum gm_class class)
{
	return class != GM_CLASS_OK && gm_class_is_mark(class);
}

int
gm_keyrule_fault(const struct gm_keyrule *r, struct gm_keytable *t,
    const struct gm_deed *d, const struct gm_fault *f, struct gm_err *err)
{
	struct gm_keyrow *row;

	if (learn_project(r, t, d->index, f->project, err) != 0)
		return -1;
	if (!is_chargeable(f->class))
		return 0;
	row = charged(r, t, d, f->class, err);
	if (row == NULL)
		return -1;
	mark_fault(t, row, d, f);
	return pause_service(r, t, d, f, err);
}

/*
 * Leave of the rows that a good reply speaks for those where there is something
 * to lift, unless the mark is younger than the request.  What only a call that is
 * charged for shows stays if this one was not.  Returns how many they are.
 */
static size_t
find_liftable(const struct gm_keyrule *r, const struct gm_keytable *t,
    const struct gm_deed *d, struct gm_keyrow *rows[MET])
{
	const struct gm_keywish *w = d->wish != NULL ? d->wish : &none;
	bool free = w->free || d->model == NULL;
	size_t i, len = 0;

	find_met(r, t, d->model, w, d->index, rows);
	for (i = 0; i < MET; i++)
		if (rows[i] != NULL && rows[i]->since_ms <= d->sent_ms &&
		    (rows[i]->class != GM_CLASS_OK || rows[i]->failures > 0) &&
		    !(free && (rows[i]->class == GM_CLASS_NO_CREDIT ||
				  rows[i]->class == GM_CLASS_QUOTA_SPEND)))
			rows[len++] = rows[i];
	return len;
}

bool
gm_keyrule_may_lift(const struct gm_keyrule *r, const struct gm_keytable *t,
    const struct gm_deed *d)
{
	struct gm_keyrow *rows[MET];

	return find_liftable(r, t, d, rows) > 0;
}

void
gm_keyrule_success(
    const struct gm_keyrule *r, struct gm_keytable *t, const struct gm_deed *d)
{
	struct gm_keyrow *rows[MET];
	size_t i, len = find_liftable(r, t, d, rows);

	for (i = 0; i < len; i++)
		lift(t, rows[i]);
}

int
gm_keyrule_mark(const struct gm_keyrule *r, struct gm_keytable *t,
    const struct gm_deed *d, enum gm_class class, int64_t ms,
    struct gm_err *err)
{
	struct gm_keyrow *row;

	if (class == GM_CLASS_OK) {
		gm_keyrule_success(r, t, d);
		return 0;
	}
	if (!is_chargeable(class))
		return gm_fail(err, GM_EUSAGE,
		    "no key is to blame for a fault of the class %s",
		    gm_class(class)->name);
	row = charged(r, t, d, class, err);
	if (row == NULL)
		return -1;
	put_mark(t, row, d, class, end_of(d->now_ms, ms),
	    d->why != NULL ? d->why : "marked by gm-rotate");
	return 0;
}

/* Those of processes that may have ended while they waited. */
static void
drop_turns(struct gm_keytable *t, struct gm_keyrow *row)
{
	t->changed = t->changed || row->slot_ms > row->last_ms ||
	             row->tokens_ms > row->last_ms;
	if (row->slot_ms > row->last_ms)
		row->slot_ms = row->last_ms;
	if (row->tokens_ms > row->last_ms)
		row->tokens_ms = row->last_ms;
}

void
gm_keyrule_reset(
    const struct gm_keyrule *r, struct gm_keytable *t, size_t index)
{
	char project[GM_KEYROW_ID];
	struct gm_keyrow *row;
	size_t i;

	copy_project(r, t, index, project);
	gm_keytable_fetch_all(t);
	for (i = 0; i < t->len; i++) {
		row = &t->rows[i];
		if (strcmp(row->origin, r->origin) != 0)
			continue;
		if (row->kind == GM_KEYROW_PAUSE
			? strcmp(row->id, r->list) == 0
			: row->kind == GM_KEYROW_OWNER &&
			      (strcmp(row->id, r->ids[index]) == 0 ||
				  strcmp(row->id, project) == 0)) {
			lift(t, row);
			drop_turns(t, row);
		}
	}
}

void
gm_keyrule_reset_all(
    const struct gm_keyrule *r, struct gm_keytable *t, int64_t now_ms)
{
	struct gm_keyrow *row;
	size_t i;

	for (i = 0; i < r->ring->len; i++)
		gm_keyrule_reset(r, t, i);
	for (i = 0; i < t->len; i++) {
		row = &t->rows[i];
		if (strcmp(row->origin, r->origin) == 0 &&
		    row->kind == GM_KEYROW_CURRENT &&
		    strcmp(row->id, r->list) == 0 && r->ring->len > 0) {
			(void)snprintf(
			    row->key, sizeof(row->key), "%s", r->ids[0]);
			row->since_ms = now_ms;
			t->changed = true;
		}
	}
}
