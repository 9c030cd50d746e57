#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "keys/rules.h"

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Of a cooldown. */
#define AGAIN_MS 1000 /* at least, after another one */
#define LONGEST_MS (10 * MINUTE_MS)
#define FORBIDDEN_MS (5 * MINUTE_MS)

/* Of all keys at once. */
#define BURST_MS 5000 /* marks as close as this are one event */
#define PAUSE_MS (10 * MINUTE_MS)

#define TOKENS_MAX INT64_C(1000000000000)

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* --- rows */

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

/* The row of the list for the model. */
static struct gm_keyrow *
find_list(const struct gm_keyquery *q, enum gm_keyrow_kind kind)
{
	return gm_keytable_find(q->table, kind, q->rule->origin, q->rule->list,
	    gm_keyrule_model(q->model));
}

static struct gm_keyrow *
get_list(
    const struct gm_keyquery *q, enum gm_keyrow_kind kind, struct gm_err *err)
{
	return gm_keytable_get(q->table, kind, q->rule->origin, q->rule->list,
	    gm_keyrule_model(q->model), err);
}

const char *
gm_keyrule_project(
    const struct gm_keyrule *r, const struct gm_keytable *t, size_t index)
{
	const struct gm_key *key = &r->ring->keys[index];
	const struct gm_keyrow *row;

	if (key->project[0] != '\0')
		return key->project;
	row = find(r, t, r->ids[index], GM_KEYROW_ALL);
	return row != NULL && row->project[0] != '\0' ? row->project
	                                              : r->ids[index];
}

static const char *
project_of(const struct gm_keyquery *q, size_t index)
{
	return gm_keyrule_project(q->rule, q->table, index);
}

/* The row of a key's quota for the model, which has its counters and slot. */
static struct gm_keyrow *
find_quota(const struct gm_keyquery *q, size_t index)
{
	return find(q->rule, q->table, project_of(q, index),
	    gm_keyrule_model(q->model));
}

enum {
	MET_KEY,
	MET_PROJECT,
	MET_QUOTA,
	MET_PAUSE,
	MET_SEARCH,
	MET
};

/* The rows whose marks a request with the key meets; NULL: there is none. */
static void
find_met(const struct gm_keyquery *q, size_t index, struct gm_keyrow *rows[MET])
{
	const struct gm_keyrule *r = q->rule;
	const char *project = project_of(q, index);
	char search[GM_KEYROW_MODEL];

	rows[MET_KEY] = find(r, q->table, r->ids[index], GM_KEYROW_ALL);
	rows[MET_PROJECT] = find(r, q->table, project, GM_KEYROW_ALL);
	rows[MET_QUOTA] =
	    find(r, q->table, project, gm_keyrule_model(q->model));
	rows[MET_PAUSE] = find_list(q, GM_KEYROW_PAUSE);
	rows[MET_SEARCH] = NULL;
	if (!q->filter.search)
		return;
	name_search(q->model, search);
	rows[MET_SEARCH] = find(r, q->table, project, search);
}

/* --- status */

/* Does a limit hold for the call? */
static bool
holds(int64_t limit, const struct gm_keyquery *q)
{
	return limit > 0 && !q->filter.free;
}

/* Dead weighs more than cooling, then the later end. */
static bool
is_worse(enum gm_class class, int64_t until_ms, const struct gm_keystatus *than)
{
	if (than->class == GM_CLASS_OK ||
	    gm_class_is_rejection(class) != gm_class_is_rejection(than->class))
		return than->class == GM_CLASS_OK ||
		       gm_class_is_rejection(class);
	return until_ms > than->until_ms;
}

static void
consider_mark(const struct gm_keyquery *q, const struct gm_keyrow *row,
    struct gm_keystatus *worst)
{
	if (row == NULL || row->class == GM_CLASS_OK ||
	    row->until_ms <= q->now_ms ||
	    row->since_ms < q->filter.ignore_before_ms ||
	    !is_worse(row->class, row->until_ms, worst))
		return;
	worst->class = row->class;
	worst->since_ms = row->since_ms;
	worst->until_ms = row->until_ms;
	memcpy(worst->reason, row->reason, sizeof(worst->reason));
}

/* GM_RPD. */
static void
consider_count(const struct gm_keyquery *q, struct gm_keyrow *quota,
    struct gm_keystatus *worst)
{
	int64_t midnight = gm_clock_pacific_midnight(q->now_ms);

	gm_keytable_fetch(q->table, quota);
	if (quota != NULL && quota->day == midnight / DAY_MS &&
	    quota->requests >= q->rule->rpd &&
	    is_worse(GM_CLASS_QUOTA_DAY, midnight, worst))
		*worst = (struct gm_keystatus){ GM_CLASS_QUOTA_DAY, 0, midnight,
			"GM_RPD" };
}

void
gm_keyrule_status(
    const struct gm_keyquery *q, size_t index, struct gm_keystatus *s)
{
	struct gm_keyrow *rows[MET];
	size_t i;

	*s = (struct gm_keystatus){ .class = GM_CLASS_OK };
	find_met(q, index, rows);
	for (i = 0; i < MET; i++)
		consider_mark(q, rows[i], s);
	if (holds(q->rule->rpd, q))
		consider_count(q, rows[MET_QUOTA], s);
}

static bool
is_dead(const struct gm_keyquery *q, size_t index)
{
	struct gm_keystatus s;

	gm_keyrule_status(q, index, &s);
	return gm_class_is_rejection(s.class);
}

/* --- which key */

size_t
gm_keyrule_current(const struct gm_keyquery *q)
{
	const struct gm_keyrow *row = find_list(q, GM_KEYROW_CURRENT);
	size_t i;

	for (i = 0; row != NULL && i < q->rule->ring->len; i++)
		if (strcmp(q->rule->ids[i], row->key) == 0)
			return i;
	return 0;
}

/* Between two slots of GM_RPM. */
static int64_t
gap_of(const struct gm_keyrule *r)
{
	return (MINUTE_MS + r->rpm - 1) / r->rpm;
}

/* How long so many input tokens take under GM_TPM: a day at most. */
static int64_t
cost_of(const struct gm_keyrule *r, int64_t tokens)
{
	int64_t n = smaller(larger(tokens, 0), TOKENS_MAX);

	return smaller((n * MINUTE_MS + r->tpm - 1) / r->tpm, DAY_MS);
}

/* Tokens are used from at_ms on; an end over a day ahead is a wrong clock's. */
static void
owe(struct gm_keyrow *row, int64_t at_ms, int64_t cost, int64_t now_ms)
{
	row->tokens_ms =
	    smaller(larger(row->tokens_ms, at_ms) + cost, now_ms + DAY_MS);
}

/* The earliest time that GM_RPM and GM_TPM allow. */
static int64_t
next_slot(const struct gm_keyquery *q, const struct gm_keyrow *quota)
{
	int64_t at = q->now_ms;

	if (quota != NULL && holds(q->rule->rpm, q) && quota->slot_ms != 0)
		at = larger(at, quota->slot_ms + gap_of(q->rule));
	if (quota != NULL && holds(q->rule->tpm, q))
		at = larger(at, quota->tokens_ms);
	return at;
}

/* A pick in the making. */
struct choice {
	const struct gm_keyquery *query;
	struct gm_pick *pick;
	bool round_robin;
	size_t current;
	int64_t used_ms; /* last use of the chosen key */
	bool chosen, current_chosen;

	/* Of the dead keys that may recover: the one to try, if any. */
	bool found;
	size_t oldest;
	struct gm_keystatus oldest_standing;
	int64_t newest_ms; /* the last mark of all */
};

static void
choose(struct choice *c, size_t index, const struct gm_keystatus *s)
{
	const struct gm_keyrule *r = c->query->rule;
	struct gm_keyrow *quota = find_quota(c->query, index);
	int64_t used, at;

	if (c->round_robin || r->rpm > 0 || r->tpm > 0)
		gm_keytable_fetch(c->query->table, quota);
	used = c->round_robin && quota != NULL ? quota->last_ms : 0;
	at = next_slot(c->query, quota);
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
	c->pick->status = *s;
}

static void
note_cooling(struct choice *c, size_t index, const struct gm_keystatus *s)
{
	struct gm_pick *p = c->pick;

	p->cooling++;
	if (gm_class_may_sleep(s->class) &&
	    (p->wake_ms == 0 || s->until_ms < p->wake_ms)) {
		p->wake_ms = s->until_ms;
		p->wake_index = index;
		p->wake_class = s->class;
	}
	if (c->chosen ||
	    (p->kind == GM_PICK_COOLING && p->at_ms <= s->until_ms))
		return;
	p->kind = GM_PICK_COOLING;
	p->index = index;
	p->at_ms = s->until_ms;
	p->status = *s;
}

static void
note_dead(struct choice *c, size_t index, const struct gm_keystatus *s)
{
	struct gm_pick *p = c->pick;

	if (p->rejected++ == 0 && p->kind == GM_PICK_REJECTED) {
		p->index = index;
		p->status = *s;
	}
	/* A leaked key stays dead. */
	if (s->until_ms == GM_KEYROW_FOREVER)
		return;
	if (!c->found || s->since_ms < c->oldest_standing.since_ms) {
		c->oldest = index;
		c->oldest_standing = *s;
	}
	c->newest_ms = larger(c->newest_ms, s->since_ms);
	c->found = true;
}

static bool
is_left_out(const struct gm_keyquery *q, size_t index)
{
	const struct gm_keyfilter *w = &q->filter;
	const char *project = project_of(q, index);

	return (w->avoid != NULL && strcmp(project, w->avoid) == 0) ||
	       (w->of == GM_KEYS_PROJECT &&
		   strcmp(project, project_of(q, w->key)) != 0);
}

static void
consider_key(struct choice *c, size_t index)
{
	struct gm_keystatus s;

	if (is_left_out(c->query, index))
		return;
	gm_keyrule_status(c->query, index, &s);
	if (s.class == GM_CLASS_OK)
		choose(c, index, &s);
	else if (gm_class_is_rejection(s.class))
		note_dead(c, index, &s);
	else
		note_cooling(c, index, &s);
}

/* Look at the keys in order, from the one skip after the current one on. */
static void
look(const struct gm_keyquery *q, size_t skip, bool round_robin,
    struct gm_pick *pick)
{
	const struct gm_keyfilter *w = &q->filter;
	const size_t len = q->rule->ring->len;
	struct choice c = {
		.query = q, .pick = pick, .round_robin = round_robin
	};
	size_t i;

	*pick = (struct gm_pick){ .kind = GM_PICK_REJECTED };
	if (w->of == GM_KEYS_ONE) {
		consider_key(&c, w->key);
		return;
	}
	c.current = gm_keyrule_current(q);
	for (i = 0; i < len; i++) {
		consider_key(&c, (c.current + skip + i) % len);
		if (c.chosen && !round_robin && pick->at_ms <= q->now_ms)
			return; /* none is better */
	}
	if (pick->kind == GM_PICK_REJECTED && c.found && w->of == GM_KEYS_ALL &&
	    (w->avoid == NULL || w->avoid[0] == '\0') &&
	    c.newest_ms + HOUR_MS <= q->now_ms)
		choose(&c, c.oldest, &c.oldest_standing);
}

void
gm_keyrule_pick(const struct gm_keyquery *q, struct gm_pick *pick)
{
	look(q, 0, q->rule->round_robin, pick);
}

void
gm_keyrule_next(const struct gm_keyquery *q, struct gm_pick *pick)
{
	look(q, 1, false, pick);
}

/* --- reservations */

int
gm_keyrule_move(const struct gm_keyquery *q, size_t index, struct gm_err *err)
{
	struct gm_keyrow *row = find_list(q, GM_KEYROW_CURRENT);

	/* The first key is current without a row. */
	if (gm_keyrule_current(q) == index &&
	    (row == NULL || row->since_ms > q->now_ms - DAY_MS))
		return 0;
	row = get_list(q, GM_KEYROW_CURRENT, err);
	if (row == NULL)
		return -1;
	(void)snprintf(row->key, sizeof(row->key), "%s", q->rule->ids[index]);
	row->since_ms = q->now_ms;
	q->table->changed = true;
	return 0;
}

/* Date a mark anew: no other process tries the dead key for an hour. */
static void
renew_mark(const struct gm_keyquery *q, struct gm_keyrow *row)
{
	if (row == NULL || !gm_class_is_rejection(row->class) ||
	    row->until_ms <= q->now_ms)
		return;
	row->since_ms = q->now_ms;
	q->table->changed = true;
}

struct gm_keyrow *
gm_keyrule_reserve(
    const struct gm_keyquery *q, const struct gm_pick *pick, struct gm_err *err)
{
	const struct gm_keyrule *r = q->rule;
	int64_t today = gm_clock_pacific_midnight(q->now_ms) / DAY_MS;
	struct gm_keyrow *row, *met[MET];

	/* -k does not move the current key, and round-robin has none. */
	if (q->filter.of != GM_KEYS_ONE && !r->round_robin &&
	    gm_keyrule_move(
		q, pick->stay ? gm_keyrule_current(q) : pick->index, err) != 0)
		return NULL;
	if (pick->status.class != GM_CLASS_OK) {
		find_met(q, pick->index, met);
		renew_mark(q, met[MET_KEY]);
		renew_mark(q, met[MET_PROJECT]);
	}
	row = gm_keytable_get(q->table, GM_KEYROW_OWNER, r->origin,
	    project_of(q, pick->index), gm_keyrule_model(q->model), err);
	if (row == NULL)
		return NULL;
	if (row->day != today)
		row->requests = 0;
	row->day = today;
	row->requests++;
	row->last_ms = q->now_ms;
	/* A process without GM_RPM does not set back the slots of others. */
	row->slot_ms = larger(row->slot_ms, pick->at_ms);
	if (holds(r->tpm, q) && q->filter.tokens > 0)
		owe(row, pick->at_ms, cost_of(r, q->filter.tokens), q->now_ms);
	return row;
}

struct gm_keyrow *
gm_keyrule_give_back(const struct gm_keyquery *q, size_t index, int64_t at_ms)
{
	const struct gm_keyrule *r = q->rule;
	struct gm_keyrow *row = find_quota(q, index);
	int64_t cost = holds(r->tpm, q) ? cost_of(r, q->filter.tokens) : 0;

	if (row == NULL)
		return NULL;
	gm_keytable_fetch(q->table, row);
	row->requests = larger(row->requests - 1, 0);
	row->tokens_ms = larger(row->tokens_ms - cost, 0);
	/* The next slot begins after gap and tokens at the earliest. */
	if (!holds(r->rpm, q) || row->slot_ms < at_ms ||
	    row->slot_ms >= at_ms + larger(gap_of(r), cost))
		return row;
	/* It came right after the slot before it, or need not have waited. */
	row->slot_ms = at_ms - gap_of(r);
	row->tokens_ms = smaller(row->tokens_ms, at_ms);
	return row;
}

bool
gm_keyrule_may_correct(const struct gm_keyquery *q, int64_t counted)
{
	return holds(q->rule->tpm, q) && counted >= 0 &&
	       counted != q->filter.tokens;
}

struct gm_keyrow *
gm_keyrule_correct(
    const struct gm_keyquery *q, size_t index, int64_t sent_ms, int64_t counted)
{
	const struct gm_keyrule *r = q->rule;
	struct gm_keyrow *row;
	int64_t more;

	if (!gm_keyrule_may_correct(q, counted))
		return NULL;
	row = find_quota(q, index);
	if (row == NULL)
		return NULL;
	gm_keytable_fetch(q->table, row);
	more = cost_of(r, counted) - cost_of(r, q->filter.tokens);
	if (more > 0)
		owe(row, sent_ms, more, q->now_ms);
	else
		row->tokens_ms = larger(row->tokens_ms + more, 0);
	return row;
}

/* --- what is learnt from requests */

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

int64_t
gm_keyrule_cooling_ms(
    enum gm_class class, int64_t hint_ms, int64_t before_ms, int64_t day_ms)
{
	const int64_t again = larger(2 * before_ms, AGAIN_MS);
	int64_t ms = first_cooldown(class, hint_ms);

	if (class == GM_CLASS_KEY_LEAKED)
		return GM_KEYROW_FOREVER;
	if (class == GM_CLASS_KEY_INVALID || class == GM_CLASS_KEY_EXPIRED ||
	    class == GM_CLASS_KEY_RESTRICTED)
		return DAY_MS;
	if (gm_class(class)->code == GM_ENOPERM && class != GM_CLASS_FORBIDDEN)
		return HOUR_MS;
	if (class == GM_CLASS_QUOTA_NONE)
		return day_ms;
	if (class == GM_CLASS_QUOTA_DAY)
		return smaller(before_ms > 0 ? larger(ms, again) : ms, day_ms);
	/* The hint did not help, so wait longer. */
	return before_ms > 0 ? larger(ms, smaller(again, LONGEST_MS)) : ms;
}

/* Copy what is known of the key's own quotas to the project. */
static int
take_quotas_along(const struct gm_keyquery *q, size_t index,
    const char *project, struct gm_err *err)
{
	struct gm_keytable *t = q->table;
	const size_t len = t->len;
	struct gm_keyrow row;
	size_t i;

	gm_keytable_fetch_all(t);
	for (i = 0; i < len; i++) {
		row = t->rows[i];
		if (strcmp(row.origin, q->rule->origin) != 0 ||
		    row.kind != GM_KEYROW_OWNER ||
		    strcmp(row.id, q->rule->ids[index]) != 0 ||
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
learn_project(const struct gm_keyquery *q, size_t index, const char *number,
    struct gm_err *err)
{
	struct gm_keyrow *row;
	char project[GM_KEYROW_ID];

	if (number[0] == '\0')
		return 0;
	row = gm_keytable_get(q->table, GM_KEYROW_OWNER, q->rule->origin,
	    q->rule->ids[index], GM_KEYROW_ALL, err);
	if (row == NULL)
		return -1;
	(void)snprintf(project, sizeof(project), "project:%s", number);
	if (strcmp(row->project, project) == 0)
		return 0;
	memcpy(row->project, project, sizeof(row->project));
	q->table->changed = true;
	return take_quotas_along(q, index, project, err);
}

/* Is there a row that a fault of this class is charged to? */
static bool
is_chargeable(enum gm_class kind)
{
	return kind != GM_CLASS_OK && gm_class_is_mark(kind);
}

/* The row that a fault of such a class is charged to; NULL: GM_EOS. */
static struct gm_keyrow *
charged(const struct gm_keyquery *q, size_t index, enum gm_class class,
    struct gm_err *err)
{
	enum gm_scope scope = gm_class(class)->scope;
	const char *id =
	    scope == GM_SCOPE_KEY ? q->rule->ids[index] : project_of(q, index);
	const char *model = GM_KEYROW_ALL;
	char search[GM_KEYROW_MODEL];

	if (scope == GM_SCOPE_QUOTA) {
		model = gm_keyrule_model(q->model);
	} else if (scope == GM_SCOPE_TOOL) {
		name_search(q->model, search);
		model = search;
	}
	return gm_keytable_get(
	    q->table, GM_KEYROW_OWNER, q->rule->origin, id, model, err);
}

/*
 * The last cooldown of a row, if a new fault repeats it: on the same day and,
 * but for daily quotas, not long ago.
 */
static int64_t
cooldown_before(
    const struct gm_keyrow *row, enum gm_class class, int64_t now_ms)
{
	if (row->failures == 0 || row->class == GM_CLASS_OK ||
	    row->until_ms == GM_KEYROW_FOREVER ||
	    gm_clock_pacific_midnight(row->since_ms) !=
		gm_clock_pacific_midnight(now_ms) ||
	    (class != GM_CLASS_QUOTA_DAY && row->until_ms < now_ms - PAUSE_MS))
		return 0;
	return row->until_ms - row->since_ms;
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
 * Mark a row for ms from now on.  A mark that ends later stays as it is, unless
 * it is of a quota and now the key is dead; but it is dated anew, so that it
 * holds for calls that ignore older marks.
 */
static void
put_mark(const struct gm_keyquery *q, int64_t sent_ms, struct gm_keyrow *row,
    enum gm_class class, int64_t ms, const char *reason)
{
	int64_t until =
	    ms == GM_KEYROW_FOREVER ? GM_KEYROW_FOREVER : q->now_ms + ms;
	bool longer = row->class != GM_CLASS_OK && row->until_ms > q->now_ms &&
	              row->until_ms >= until;

	q->table->changed = true;
	if (!longer || row->since_ms <= sent_ms)
		row->since_ms = q->now_ms;
	if (!longer)
		row->until_ms = until;
	if (!longer || (gm_class_is_rejection(class) &&
			   !gm_class_is_rejection(row->class) &&
			   gm_class(class)->scope != GM_SCOPE_QUOTA)) {
		row->class = class;
		set_reason(row, reason);
	}
}

static void
mark_fault(const struct gm_keyquery *q, int64_t sent_ms, struct gm_keyrow *row,
    const struct gm_fault *f)
{
	int64_t day_ms = gm_clock_pacific_midnight(q->now_ms) - q->now_ms;
	bool repeated = row->since_ms <= sent_ms;
	int64_t before =
	    repeated ? cooldown_before(row, f->class, q->now_ms) : 0;

	put_mark(q, sent_ms, row, f->class,
	    gm_keyrule_cooling_ms(f->class, f->hint_ms, before, day_ms),
	    f->words);
	if (repeated || row->failures == 0)
		row->failures++;
}

static bool
has_mark(const struct gm_keyrow *row)
{
	return row->class != GM_CLASS_OK || row->failures > 0;
}

static void
lift(struct gm_keytable *t, struct gm_keyrow *row)
{
	gm_keytable_fetch(t, row);
	if (!has_mark(row))
		return;
	row->class = GM_CLASS_OK;
	row->since_ms = row->until_ms = row->failures = 0;
	row->reason[0] = '\0';
	t->changed = true;
}

/* Classes that a service may give to all keys at once. */
static bool
is_burst_class(enum gm_class kind)
{
	return kind == GM_CLASS_QUOTA_MINUTE || kind == GM_CLASS_QUOTA;
}

/*
 * Were the quotas of all projects that could be used, two at least, exhausted
 * within the last seconds?  *until_ms: the earliest end.
 */
static bool
is_burst(const struct gm_keyquery *q, int64_t *until_ms)
{
	const struct gm_keyrow *row, *first = NULL;
	bool several = false;
	size_t i;

	*until_ms = GM_KEYROW_FOREVER;
	for (i = 0; i < q->rule->ring->len; i++) {
		if (is_dead(q, i))
			continue;
		row = find_quota(q, i);
		if (row == NULL || !is_burst_class(row->class) ||
		    row->until_ms <= q->now_ms ||
		    row->since_ms < q->now_ms - BURST_MS)
			return false;
		*until_ms = smaller(*until_ms, row->until_ms);
		several = several || (first != NULL && row != first);
		first = row;
	}
	return several;
}

static int
pause_service(const struct gm_keyquery *q, int64_t sent_ms,
    const struct gm_fault *f, struct gm_err *err)
{
	struct gm_fault pause = { .class = GM_CLASS_QUOTA_MINUTE };
	struct gm_keyrow *service, *row;
	int64_t until;
	size_t i;

	if (!is_burst_class(f->class) || !is_burst(q, &until))
		return 0;
	service = get_list(q, GM_KEYROW_PAUSE, err);
	if (service == NULL)
		return -1;
	pause.hint_ms = until - q->now_ms;
	(void)snprintf(pause.words, sizeof(pause.words),
	    "every key was refused within %d s", BURST_MS / 1000);
	mark_fault(q, sent_ms, service, &pause);
	for (i = 0; i < q->rule->ring->len; i++) {
		row = is_dead(q, i) ? NULL : find_quota(q, i);
		/* A much longer cooldown stays. */
		if (row != NULL &&
		    row->until_ms <= service->until_ms + BURST_MS)
			lift(q->table, row);
	}
	return 0;
}

int
gm_keyrule_fault(const struct gm_keyquery *q, size_t index, int64_t sent_ms,
    const struct gm_fault *f, struct gm_err *err)
{
	struct gm_keyrow *row;

	if (learn_project(q, index, f->project, err) != 0)
		return -1;
	if (!is_chargeable(f->class))
		return 0;
	row = charged(q, index, f->class, err);
	if (row == NULL)
		return -1;
	mark_fault(q, sent_ms, row, f);
	return pause_service(q, sent_ms, f, err);
}

/*
 * Does a success lift this mark?  Not one that is younger than the request, nor
 * one that only a call that is charged for can disprove, if this one was not.
 */
static bool
is_liftable(
    const struct gm_keyquery *q, const struct gm_keyrow *row, int64_t sent_ms)
{
	bool free = q->filter.free || q->model == NULL;

	return row != NULL && has_mark(row) && row->since_ms <= sent_ms &&
	       !(free && (row->class == GM_CLASS_NO_CREDIT ||
			     row->class == GM_CLASS_QUOTA_SPEND));
}

void
gm_keyrule_success(const struct gm_keyquery *q, size_t index, int64_t sent_ms)
{
	struct gm_keyrow *rows[MET];
	size_t i;

	find_met(q, index, rows);
	for (i = 0; i < MET; i++)
		if (is_liftable(q, rows[i], sent_ms))
			lift(q->table, rows[i]);
}

bool
gm_keyrule_may_lift(const struct gm_keyquery *q, size_t index, int64_t sent_ms)
{
	struct gm_keyrow *rows[MET];
	size_t i;

	find_met(q, index, rows);
	for (i = 0; i < MET; i++)
		if (is_liftable(q, rows[i], sent_ms))
			return true;
	return false;
}

int
gm_keyrule_mark(const struct gm_keyquery *q, size_t index, enum gm_class class,
    int64_t ms, const char *why, struct gm_err *err)
{
	struct gm_keyrow *row;

	if (class == GM_CLASS_OK) {
		gm_keyrule_success(q, index, q->now_ms);
		return 0;
	}
	if (!is_chargeable(class))
		return gm_fail(err, GM_EUSAGE,
		    "no key is to blame for a fault of the class %s",
		    gm_class(class)->name);
	row = charged(q, index, class, err);
	if (row == NULL)
		return -1;
	put_mark(q, q->now_ms, row, class, ms,
	    why != NULL ? why : "marked by gm-rotate");
	return 0;
}

/* Drop slots of processes that may have ended while they waited. */
static void
drop_slots(struct gm_keytable *t, struct gm_keyrow *row)
{
	t->changed = t->changed || row->slot_ms > row->last_ms ||
	             row->tokens_ms > row->last_ms;
	row->slot_ms = smaller(row->slot_ms, row->last_ms);
	row->tokens_ms = smaller(row->tokens_ms, row->last_ms);
}

void
gm_keyrule_reset(const struct gm_keyquery *q, size_t index)
{
	const char *project = project_of(q, index);
	struct gm_keyrow *row;
	size_t i;

	gm_keytable_fetch_all(q->table);
	for (i = 0; i < q->table->len; i++) {
		row = &q->table->rows[i];
		if (strcmp(row->origin, q->rule->origin) != 0)
			continue;
		if (row->kind == GM_KEYROW_PAUSE
			? strcmp(row->id, q->rule->list) == 0
			: row->kind == GM_KEYROW_OWNER &&
			      (strcmp(row->id, q->rule->ids[index]) == 0 ||
				  strcmp(row->id, project) == 0)) {
			lift(q->table, row);
			drop_slots(q->table, row);
		}
	}
}

void
gm_keyrule_reset_all(const struct gm_keyquery *q)
{
	const struct gm_keyrule *r = q->rule;
	struct gm_keyrow *row;
	size_t i;

	for (i = 0; i < r->ring->len; i++)
		gm_keyrule_reset(q, i);
	for (i = 0; i < q->table->len; i++) {
		row = &q->table->rows[i];
		if (row->kind == GM_KEYROW_CURRENT &&
		    strcmp(row->origin, r->origin) == 0 &&
		    strcmp(row->id, r->list) == 0 && r->ring->len > 0) {
			(void)snprintf(
			    row->key, sizeof(row->key), "%s", r->ids[0]);
			row->since_ms = q->now_ms;
			q->table->changed = true;
		}
	}
}
