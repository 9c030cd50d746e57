#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "keys/rules.h"

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* A cooldown that follows another one: limits of its doubled length. */
#define REPEATED_MIN_MS 1000
#define REPEATED_MAX_MS (10 * MINUTE_MS)
/* A cooldown follows another one if that ended less than this ago. */
#define RECENT_MS (10 * MINUTE_MS)
#define FORBIDDEN_MS (5 * MINUTE_MS)

/* Marks of all keys that are as close as this have one cause: a burst. */
#define BURST_MS 5000

#define TOKENS_MAX INT64_C(1000000000000) /* so that n * MINUTE_MS fits */

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
	/* A quota has one row, with or without the prefix. */
	return strncmp(model, "models/", 7) == 0 ? model + 7 : model;
}

/* Name of the row that has the search quota of a model. */
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

/* Find the row of this kind that the list has for the model. */
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

/* Find the row with the counters and slots of a key's quota for the model. */
static struct gm_keyrow *
find_quota(const struct gm_keyquery *q, size_t index)
{
	return find(q->rule, q->table, project_of(q, index),
	    gm_keyrule_model(q->model));
}

/* Rows whose marks apply to a request. */
enum {
	ROW_KEY,
	ROW_PROJECT,
	ROW_QUOTA,
	ROW_SERVICE,
	ROW_SEARCH,
	ROWS
};

/* Find the rows whose marks apply to a request with the key; NULL: absent. */
static void
find_rows(
    const struct gm_keyquery *q, size_t index, struct gm_keyrow *rows[ROWS])
{
	const struct gm_keyrule *r = q->rule;
	const char *project = project_of(q, index);
	char search[GM_KEYROW_MODEL];

	rows[ROW_KEY] = find(r, q->table, r->ids[index], GM_KEYROW_ALL);
	rows[ROW_PROJECT] = find(r, q->table, project, GM_KEYROW_ALL);
	rows[ROW_QUOTA] =
	    find(r, q->table, project, gm_keyrule_model(q->model));
	rows[ROW_SERVICE] = find_list(q, GM_KEYROW_SERVICE);
	rows[ROW_SEARCH] = NULL;
	if (!q->filter.search)
		return;
	name_search(q->model, search);
	rows[ROW_SEARCH] = find(r, q->table, project, search);
}

/* --- status */

/* True if a limit (rpm, rpd, tpm) is set and the call counts under it. */
static bool
applies(int64_t limit, const struct gm_keyquery *q)
{
	return limit > 0 && !q->filter.free;
}

/* A rejection is worse than a cooldown, and a later end than an earlier one. */
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

/* An exhausted GM_RPD acts as a daily quota, but is no mark: since_ms is 0. */
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
	struct gm_keyrow *rows[ROWS];
	size_t i;

	*s = (struct gm_keystatus){ .class = GM_CLASS_OK };
	find_rows(q, index, rows);
	for (i = 0; i < ROWS; i++)
		consider_mark(q, rows[i], s);
	if (applies(q->rule->rpd, q))
		consider_count(q, rows[ROW_QUOTA], s);
}

static bool
is_rejected(const struct gm_keyquery *q, size_t index)
{
	struct gm_keystatus s;

	gm_keyrule_status(q, index, &s);
	return gm_class_is_rejection(s.class);
}

/* --- choice of a key */

size_t
gm_keyrule_current(const struct gm_keyquery *q)
{
	const struct gm_keyrow *row = find_list(q, GM_KEYROW_CURRENT);
	size_t i;

	for (i = 0; row != NULL && i < q->rule->ring->len; i++)
		if (strcmp(q->rule->ids[i], row->key) == 0)
			return i;
	return 0; /* also if the row was edited by hand */
}

/* Time between two slots of GM_RPM: even spacing, so no bursts. */
static int64_t
slot_gap_ms(const struct gm_keyrule *r)
{
	return (MINUTE_MS + r->rpm - 1) / r->rpm;
}

/* Time that input tokens take under GM_TPM, rounded up; at most a day. */
static int64_t
tokens_to_ms(const struct gm_keyrule *r, int64_t tokens)
{
	int64_t n = smaller(larger(tokens, 0), TOKENS_MAX);

	return smaller((n * MINUTE_MS + r->tpm - 1) / r->tpm, DAY_MS);
}

/*
 * Move the time until which GM_TPM is spent.  It is the only state of that
 * limit: the next request starts then, and a request larger than a minute's
 * tokens only makes the one after it wait longer.  A day at most, so that one
 * wrong estimate does not lock the quota.
 */
static void
spend_tokens(struct gm_keyrow *row, int64_t at_ms, int64_t cost, int64_t now_ms)
{
	row->tokens_ms =
	    smaller(larger(row->tokens_ms, at_ms) + cost, now_ms + DAY_MS);
}

/* Earliest time that GM_RPM and GM_TPM allow. */
static int64_t
next_slot(const struct gm_keyquery *q, const struct gm_keyrow *quota)
{
	int64_t at = q->now_ms;

	if (quota != NULL && applies(q->rule->rpm, q) && quota->slot_ms != 0)
		at = larger(at, quota->slot_ms + slot_gap_ms(q->rule));
	if (quota != NULL && applies(q->rule->tpm, q))
		at = larger(at, quota->tokens_ms);
	return at;
}

/* Best key so far, while the ring is searched. */
struct choice {
	const struct gm_keyquery *query;
	struct gm_pick *pick;
	bool round_robin;
	size_t current;
	int64_t used_ms; /* last use of the chosen key */
	bool chosen, current_chosen;

	/* Rejected keys that are not leaked: the one with the oldest mark. */
	bool found;
	size_t oldest;
	struct gm_keystatus oldest_status;
	int64_t newest_ms; /* newest mark of all of them */
};

/*
 * Take a usable key if its slot is earlier or, with round_robin, its last use.
 */
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
	/* The search starts at the current key.  If that is usable, another one
	 * only lends its earlier slot, and the current key stays current. */
	c->pick->stay = c->chosen && c->current_chosen;
	c->current_chosen = index == c->current || c->pick->stay;
	c->chosen = true;
	c->used_ms = used;
	c->pick->kind = GM_PICK_KEY;
	c->pick->index = index;
	c->pick->at_ms = at;
	c->pick->status = *s;
}

/* Count a key that cools down; until one is usable, pick the first to end. */
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

/* Count a rejected key; pick the first of them if there is nothing better. */
static void
note_rejected(struct choice *c, size_t index, const struct gm_keystatus *s)
{
	struct gm_pick *p = c->pick;

	if (p->rejected++ == 0 && p->kind == GM_PICK_REJECTED) {
		p->index = index;
		p->status = *s;
	}
	/* A leaked key is never tried again. */
	if (s->until_ms == GM_KEYROW_FOREVER)
		return;
	if (!c->found || s->since_ms < c->oldest_status.since_ms) {
		c->oldest = index;
		c->oldest_status = *s;
	}
	c->newest_ms = larger(c->newest_ms, s->since_ms);
	c->found = true;
}

static bool
is_excluded(const struct gm_keyquery *q, size_t index)
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

	if (is_excluded(c->query, index))
		return;
	gm_keyrule_status(c->query, index, &s);
	if (s.class == GM_CLASS_OK)
		choose(c, index, &s);
	else if (gm_class_is_rejection(s.class))
		note_rejected(c, index, &s);
	else
		note_cooling(c, index, &s);
}

/* Search the ring from the current key on; skip 1: from the one after it. */
static void
pick_from(const struct gm_keyquery *q, size_t skip, bool round_robin,
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
			return; /* no slot is earlier than now */
	}
	/* All keys are rejected.  Try one if no process has for an hour: the
	 * try renews its mark.  Not if the call may use only some of the
	 * keys. */
	if (pick->kind == GM_PICK_REJECTED && c.found && w->of == GM_KEYS_ALL &&
	    (w->avoid == NULL || w->avoid[0] == '\0') &&
	    c.newest_ms + HOUR_MS <= q->now_ms)
		choose(&c, c.oldest, &c.oldest_status);
}

void
gm_keyrule_pick(const struct gm_keyquery *q, struct gm_pick *pick)
{
	pick_from(q, 0, q->rule->round_robin, pick);
}

void
gm_keyrule_next(const struct gm_keyquery *q, struct gm_pick *pick)
{
	pick_from(q, 1, false, pick);
}

/* --- reservations */

int
gm_keyrule_move(const struct gm_keyquery *q, size_t index, struct gm_err *err)
{
	struct gm_keyrow *row = find_list(q, GM_KEYROW_CURRENT);

	/* The first key is current even without a row.  IDLE_MS in table.c
	 * drops rows by their age, so a current key is dated again once a
	 * day. */
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

/*
 * Renew the date of a rejection, so that no process tries the key for an hour.
 */
static void
redate_mark(const struct gm_keyquery *q, struct gm_keyrow *row)
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
	struct gm_keyrow *row, *rows[ROWS];

	/* -k does not move the current key; round-robin does not use it. */
	if (q->filter.of != GM_KEYS_ONE && !r->round_robin &&
	    gm_keyrule_move(
		q, pick->stay ? gm_keyrule_current(q) : pick->index, err) != 0)
		return NULL;
	if (pick->status.class != GM_CLASS_OK) {
		find_rows(q, pick->index, rows);
		redate_mark(q, rows[ROW_KEY]);
		redate_mark(q, rows[ROW_PROJECT]);
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
	/* Processes with GM_RPM may have reserved later slots than at_ms. */
	row->slot_ms = larger(row->slot_ms, pick->at_ms);
	if (applies(r->tpm, q) && q->filter.tokens > 0)
		spend_tokens(row, pick->at_ms,
		    tokens_to_ms(r, q->filter.tokens), q->now_ms);
	return row;
}

struct gm_keyrow *
gm_keyrule_give_back(const struct gm_keyquery *q, size_t index, int64_t at_ms)
{
	const struct gm_keyrule *r = q->rule;
	struct gm_keyrow *row = find_quota(q, index);
	int64_t cost =
	    applies(r->tpm, q) ? tokens_to_ms(r, q->filter.tokens) : 0;

	if (row == NULL)
		return NULL;
	gm_keytable_fetch(q->table, row);
	row->requests = larger(row->requests - 1, 0);
	row->tokens_ms = larger(row->tokens_ms - cost, 0);
	/* Another process has reserved a slot after this one: keep the gap, as
	 * that process already waits for its own time. */
	if (!applies(r->rpm, q) || row->slot_ms < at_ms ||
	    row->slot_ms >= at_ms + larger(slot_gap_ms(r), cost))
		return row;
	/* The last slot is free again.  The one before it was a gap earlier, or
	 * long ago: then at_ms is free at once, as it should be. */
	row->slot_ms = at_ms - slot_gap_ms(r);
	row->tokens_ms = smaller(row->tokens_ms, at_ms);
	return row;
}

bool
gm_keyrule_may_correct(const struct gm_keyquery *q, int64_t counted)
{
	return applies(q->rule->tpm, q) && counted >= 0 &&
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
	more = tokens_to_ms(r, counted) - tokens_to_ms(r, q->filter.tokens);
	if (more > 0)
		spend_tokens(row, sent_ms, more, q->now_ms);
	else
		row->tokens_ms = larger(row->tokens_ms + more, 0);
	return row;
}

/* --- results of requests */

/* Length of a cooldown that follows no other: the hint, or a usual length. */
static int64_t
first_cooldown(enum gm_class class, int64_t hint_ms)
{
	if (class == GM_CLASS_QUOTA_DAY)
		return larger(hint_ms, MINUTE_MS);
	if (class == GM_CLASS_FORBIDDEN)
		return FORBIDDEN_MS;
	if (hint_ms > 0) /* 0 would send the next request at once */
		return hint_ms;
	/* Google measures the spend limit over ten minutes. */
	return class == GM_CLASS_QUOTA_SPEND ? REPEATED_MAX_MS : MINUTE_MS;
}

int64_t
gm_keyrule_cooling_ms(
    enum gm_class class, int64_t hint_ms, int64_t before_ms, int64_t day_ms)
{
	const int64_t again = larger(2 * before_ms, REPEATED_MIN_MS);
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
	/* The request failed again although the hint was obeyed: wait
	 * longer. */
	return before_ms > 0 ? larger(ms, smaller(again, REPEATED_MAX_MS)) : ms;
}

/*
 * Copy marks and counters of the key's own quotas to its project.  Sorting
 * merges them with those that the project has.
 */
static int
copy_quotas(const struct gm_keyquery *q, size_t index, const char *project,
    struct gm_err *err)
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
 * Remember the project number that the service named for a key; "": none.  Keys
 * with the same number share their quotas from now on.
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
	return copy_quotas(q, index, project, err);
}

/* True if a fault of this class marks a row. */
static bool
is_chargeable(enum gm_class kind)
{
	return kind != GM_CLASS_OK && gm_class_is_mark(kind);
}

/* Get the row that a fault of this class is charged to; NULL: GM_EOS. */
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
 * Length of the last cooldown if a new fault repeats it: on the same Pacific
 * day, as midnight resets the daily quotas, and not long ago, except for daily
 * quotas.  0: the new cooldown starts the series.
 */
static int64_t
cooldown_before(
    const struct gm_keyrow *row, enum gm_class class, int64_t now_ms)
{
	if (row->failures == 0 || row->class == GM_CLASS_OK ||
	    row->until_ms == GM_KEYROW_FOREVER ||
	    gm_clock_pacific_midnight(row->since_ms) !=
		gm_clock_pacific_midnight(now_ms) ||
	    (class != GM_CLASS_QUOTA_DAY && row->until_ms < now_ms - RECENT_MS))
		return 0;
	return row->until_ms - row->since_ms;
}

/* Copy a reason; if it is too long, cut it between characters. */
static void
set_reason(struct gm_keyrow *row, const char *reason)
{
	(void)snprintf(row->reason, sizeof(row->reason), "%.*s",
	    (int)sizeof(row->reason) - 1, reason);
	row->reason[gm_utf8_valid(gm_span_of(row->reason))] = '\0';
}

/*
 * Mark a row for ms from now on.  A mark that ends later keeps its end, and its
 * class unless a rejection replaces a cooldown.  Its date is renewed, so that
 * --ignore-cooldown, which ignores older marks, obeys it from now on.
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

/*
 * Mark a row after a failed request.  A request that was in flight when the
 * mark was made (64 may be) says nothing new, so it does not double the
 * cooldown.
 */
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

/*
 * Classes that a service gives to all keys at once when it limits an address.
 */
static bool
is_burst_class(enum gm_class kind)
{
	return kind == GM_CLASS_QUOTA_MINUTE || kind == GM_CLASS_QUOTA;
}

/*
 * Return true if the quotas of all usable projects, two at least, were
 * exhausted within the last seconds; *until_ms is the earliest end.  One
 * project alone may simply have exhausted its quota.
 */
static bool
is_burst(const struct gm_keyquery *q, int64_t *until_ms)
{
	const struct gm_keyrow *row, *first = NULL;
	bool several = false;
	size_t i;

	*until_ms = GM_KEYROW_FOREVER;
	for (i = 0; i < q->rule->ring->len; i++) {
		if (is_rejected(q, i))
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

/*
 * Replace the cooldowns of a burst by one of the whole service.  Otherwise each
 * key's cooldown would double on its own, and one success would not end them
 * all.
 */
static int
cool_service(const struct gm_keyquery *q, int64_t sent_ms,
    const struct gm_fault *f, struct gm_err *err)
{
	struct gm_fault all = { .class = GM_CLASS_QUOTA_MINUTE };
	struct gm_keyrow *service, *row;
	int64_t until;
	size_t i;

	if (!is_burst_class(f->class) || !is_burst(q, &until))
		return 0;
	service = get_list(q, GM_KEYROW_SERVICE, err);
	if (service == NULL)
		return -1;
	all.hint_ms = until - q->now_ms;
	(void)snprintf(all.words, sizeof(all.words),
	    "all keys were rate-limited within %d s", BURST_MS / 1000);
	mark_fault(q, sent_ms, service, &all);
	for (i = 0; i < q->rule->ring->len; i++) {
		row = is_rejected(q, i) ? NULL : find_quota(q, i);
		/* A much longer cooldown has another cause. */
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
	return cool_service(q, sent_ms, f, err);
}

/*
 * True if a success lifts the mark.  It does not if the mark is newer than the
 * request, or if the request was free: credit and spend stop only others.
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
	struct gm_keyrow *rows[ROWS];
	size_t i;

	find_rows(q, index, rows);
	for (i = 0; i < ROWS; i++)
		if (is_liftable(q, rows[i], sent_ms))
			lift(q->table, rows[i]);
}

bool
gm_keyrule_may_lift(const struct gm_keyquery *q, size_t index, int64_t sent_ms)
{
	struct gm_keyrow *rows[ROWS];
	size_t i;

	find_rows(q, index, rows);
	for (i = 0; i < ROWS; i++)
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

/* Free reserved slots, as processes that wait for them may have ended. */
static void
drop_slots(struct gm_keytable *t, struct gm_keyrow *row)
{
	t->changed = t->changed || row->slot_ms > row->last_ms ||
	             row->tokens_ms > row->last_ms;
	/* A reset must allow a request now; slots up to the last use are
	 * past. */
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
		if (row->kind == GM_KEYROW_SERVICE
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
