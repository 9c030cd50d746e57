#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "keys/rule.h"

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static const struct gm_keywish none = { .free = false };

const char *
gm_keyrule_model(const char *model)
{
	if (model == NULL)
		return GM_KEYROW_ALL;
	/* What is implied must not make two rows of one quota. */
	return strncmp(model, "models/", 7) == 0 ? model + 7 : model;
}

void
gm_keyrule_search(const char *model, char out[GM_KEYROW_MODEL])
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
	return gm_keytable_find(t, r->origin, id, model);
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

/* The user's own limit for a day. */
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

/* The worst mark of all that a request with the key would meet. */
static void
consider_marks(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, const struct gm_keywish *w, size_t index, int64_t now_ms,
    struct gm_standing *s)
{
	const char *project = gm_keyrule_project(r, t, index);
	char search[GM_KEYROW_MODEL];

	s->class = GM_CLASS_OK;
	s->since_ms = s->until_ms = 0;
	s->reason[0] = '\0';
	model = gm_keyrule_model(model);
	consider(w, find(r, t, r->ids[index], GM_KEYROW_ALL), now_ms, s);
	consider(w, find(r, t, project, GM_KEYROW_ALL), now_ms, s);
	consider(w, find(r, t, project, model), now_ms, s);
	consider(w, find(r, t, r->pause, model), now_ms, s);
	if (!w->search)
		return;
	gm_keyrule_search(model, search);
	consider(w, find(r, t, project, search), now_ms, s);
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
		consider_count(r, t,
		    find(r, t, gm_keyrule_project(r, t, index),
			gm_keyrule_model(model)),
		    now_ms, s);
}

size_t
gm_keyrule_current(
    const struct gm_keyrule *r, const struct gm_keytable *t, const char *model)
{
	const struct gm_keyrow *row =
	    find(r, t, r->current, gm_keyrule_model(model));
	size_t i;

	for (i = 0; row != NULL && i < r->ring->len; i++)
		if (strcmp(r->ids[i], row->project) == 0)
			return i;
	return 0;
}

/* Between two turns. */
static int64_t
gap_of(const struct gm_keyrule *r)
{
	return (MINUTE_MS + r->rpm - 1) / r->rpm;
}

/* The earliest time that the pace allows. */
static int64_t
turn(const struct gm_keyrule *r, const struct gm_keyrow *row, int64_t now_ms)
{
	int64_t next;

	if (r->rpm == 0 || row == NULL || row->slot_ms == 0)
		return now_ms;
	next = row->slot_ms + gap_of(r);
	return next > now_ms ? next : now_ms;
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

/* The row that counts the requests of a key, and holds its turn. */
static const struct gm_keyrow *
quota_row(const struct choice *c, size_t index)
{
	struct gm_keyrow *row = find(c->rule, c->table,
	    gm_keyrule_project(c->rule, c->table, index),
	    gm_keyrule_model(c->model));

	if (c->rule->round_robin || c->rule->rpm > 0)
		gm_keytable_fetch(c->table, row);
	return row;
}

static void
choose(struct choice *c, size_t index, const struct gm_standing *s)
{
	const struct gm_keyrow *row = quota_row(c, index);
	int64_t used = c->rule->round_robin && row != NULL ? row->last_ms : 0;
	int64_t at = c->wish->free ? c->now_ms : turn(c->rule, row, c->now_ms);

	if (c->chosen && (at > c->pick->at_ms ||
			     (at == c->pick->at_ms && used >= c->used_ms)))
		return;
	/* It comes first, so that any other one is here for its slot. */
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
	struct choice c = { .rule = r,
		.table = t,
		.model = model,
		.wish = wish != NULL ? wish : &none,
		.now_ms = now_ms,
		.pick = pick };

	look(&c, 0);
}

void
gm_keyrule_next(const struct gm_keyrule *r, const struct gm_keytable *t,
    const char *model, const struct gm_keywish *wish, int64_t now_ms,
    struct gm_pick *pick)
{
	struct gm_keyrule in_order = *r;
	struct choice c = { .rule = &in_order,
		.table = t,
		.model = model,
		.wish = wish != NULL ? wish : &none,
		.now_ms = now_ms,
		.pick = pick };

	in_order.round_robin = false;
	look(&c, 1);
}

int
gm_keyrule_move(const struct gm_keyrule *r, struct gm_keytable *t,
    const char *model, size_t index, int64_t now_ms, struct gm_err *err)
{
	struct gm_keyrow *row = find(r, t, r->current, gm_keyrule_model(model));

	/* The first key is current without a row. */
	if (gm_keyrule_current(r, t, model) == index &&
	    (row == NULL || row->since_ms > now_ms - DAY_MS))
		return 0;
	row = gm_keytable_get(
	    t, r->origin, r->current, gm_keyrule_model(model), err);
	if (row == NULL)
		return -1;
	(void)snprintf(row->project, sizeof(row->project), "%s", r->ids[index]);
	row->since_ms = now_ms;
	t->changed = true;
	return 0;
}

/* A dead key is tried: for an hour nobody else does so. */
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
	bool one = wish != NULL && wish->of == GM_KEYS_ONE;
	size_t current =
	    pick->stay ? gm_keyrule_current(r, t, model) : pick->index;
	int64_t today = gm_clock_pacific_midnight(now_ms) / DAY_MS;
	char project[GM_KEYROW_ID];
	struct gm_keyrow *row;

	/* -k is for one request, and moves nobody else; turns need no mark. */
	if (!one && !r->round_robin &&
	    gm_keyrule_move(r, t, model, current, now_ms, err) != 0)
		return NULL;
	(void)snprintf(project, sizeof(project), "%s",
	    gm_keyrule_project(r, t, pick->index));
	if (pick->standing.class != GM_CLASS_OK) {
		renew_mark(
		    t, find(r, t, r->ids[pick->index], GM_KEYROW_ALL), now_ms);
		renew_mark(t, find(r, t, project, GM_KEYROW_ALL), now_ms);
	}
	row = gm_keytable_get(
	    t, r->origin, project, gm_keyrule_model(model), err);
	if (row == NULL)
		return NULL;
	if (row->day != today)
		row->requests = 0;
	row->day = today;
	row->requests++;
	row->last_ms = now_ms;
	/* Who keeps no pace does not take back the turns of those who do. */
	if (row->slot_ms < pick->at_ms)
		row->slot_ms = pick->at_ms;
	return row;
}

struct gm_keyrow *
gm_keyrule_give_back(const struct gm_keyrule *r, struct gm_keytable *t,
    const char *model, const struct gm_keywish *wish, size_t index,
    int64_t at_ms)
{
	bool paced = r->rpm > 0 && (wish == NULL || !wish->free);
	struct gm_keyrow *row = find(
	    r, t, gm_keyrule_project(r, t, index), gm_keyrule_model(model));

	if (row == NULL)
		return NULL;
	gm_keytable_fetch(t, row);
	if (row->requests > 0)
		row->requests--;
	/* It began right behind the turn before it, or need not have waited. */
	if (paced && row->slot_ms == at_ms)
		row->slot_ms = at_ms - gap_of(r);
	return row;
}
