#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "keys/blame.h"
#include "keys/project.h"
#include "keys/retry.h"

#define BURST_MS 5000 /* marks as close as this are one event */
#define PAUSE_MS (10 * 60 * 1000)

/* A copy, as the table may move while rows are added. */
static void
copy_project(const struct gm_keyrule *r, const struct gm_keytable *t,
    size_t index, char out[GM_KEYROW_ID])
{
	(void)snprintf(
	    out, GM_KEYROW_ID, "%s", gm_keyrule_project(r, t, index));
}

/* The row that a fault of this class is charged to; NULL: none, or no memory. */
static struct gm_keyrow *
charged(const struct gm_keyrule *r, struct gm_keytable *t,
    const struct gm_deed *d, enum gm_class class, struct gm_err *err)
{
	char project[GM_KEYROW_ID], search[GM_KEYROW_MODEL];

	copy_project(r, t, d->index, project);
	switch (gm_class(class)->scope) {
	case GM_SCOPE_KEY:
		return gm_keytable_get(
		    t, r->origin, r->ids[d->index], GM_KEYROW_ALL, err);
	case GM_SCOPE_PROJECT:
		return gm_keytable_get(
		    t, r->origin, project, GM_KEYROW_ALL, err);
	case GM_SCOPE_QUOTA:
		return gm_keytable_get(
		    t, r->origin, project, gm_keyrule_model(d->model), err);
	case GM_SCOPE_TOOL:
		gm_keyrule_search(d->model, search);
		return gm_keytable_get(t, r->origin, project, search, err);
	case GM_SCOPE_REQUEST:
	case GM_SCOPE_MODEL:
	case GM_SCOPE_SERVICE:
	case GM_SCOPE_REGION:
		break;
	}
	return NULL;
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
later(int64_t now_ms, int64_t ms)
{
	return ms == GM_RETRY_FOREVER ? GM_KEYROW_FOREVER : now_ms + ms;
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
	    later(d->now_ms,
		gm_retry_cooling_ms(f->class, f->hint_ms, before, day)),
	    f->words);
	if (repeated || row->failures == 0)
		row->failures++;
}

/* Only what the service may have done to all at once. */
static bool is_burst_class(enum gm_class class)
{
	return class == GM_CLASS_QUOTA_MINUTE || class == GM_CLASS_QUOTA;
}

/* The row of a key's quota; NULL: it has none, or cannot be asked anyway. */
static struct gm_keyrow *
living_quota(const struct gm_keyrule *r, const struct gm_keytable *t,
    const struct gm_deed *d, size_t index, bool *dead)
{
	struct gm_standing s;

	gm_keyrule_standing(r, t, d->model, d->wish, index, d->now_ms, &s);
	*dead = gm_class_is_dead(s.class);
	if (*dead)
		return NULL;
	return gm_keytable_find(t, r->origin, gm_keyrule_project(r, t, index),
	    gm_keyrule_model(d->model));
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
	service = gm_keytable_get(
	    t, r->origin, r->pause, gm_keyrule_model(d->model), err);
	if (service == NULL)
		return -1;
	pause.hint_ms = until - d->now_ms;
	(void)snprintf(pause.words, sizeof(pause.words),
	    "every key was refused within %d s", BURST_MS / 1000);
	mark_fault(t, service, d, &pause);
	for (i = 0; i < r->ring->len; i++) {
		row = living_quota(r, t, d, i, &dead);
		/* One that was told to rest for much longer does. */
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
gm_keyblame_fault(const struct gm_keyrule *r, struct gm_keytable *t,
    const struct gm_deed *d, const struct gm_fault *f, struct gm_err *err)
{
	struct gm_keyrow *row;

	if (gm_keyproject_learn(r, t, d->index, f->project, err) != 0)
		return -1;
	if (!is_chargeable(f->class))
		return 0;
	row = charged(r, t, d, f->class, err);
	if (row == NULL)
		return -1;
	mark_fault(t, row, d, f);
	return pause_service(r, t, d, f, err);
}

#define LIFTABLE 5 /* rows that a good reply may speak for */

/*
 * The i-th row that a good reply speaks for, unless its mark is younger than
 * the request; NULL: there is nothing to lift there.
 */
static struct gm_keyrow *
liftable(const struct gm_keyrule *r, const struct gm_keytable *t,
    const struct gm_deed *d, size_t i)
{
	const char *project = gm_keyrule_project(r, t, d->index);
	const char *model = gm_keyrule_model(d->model);
	char search[GM_KEYROW_MODEL];
	const char *const ids[LIFTABLE] = { r->ids[d->index], project, project,
		r->pause, project };
	const char *const models[LIFTABLE] = { GM_KEYROW_ALL, GM_KEYROW_ALL,
		model, model,
		d->wish != NULL && d->wish->search ? search : model };
	struct gm_keyrow *row;

	gm_keyrule_search(model, search);
	row = gm_keytable_find(t, r->origin, ids[i], models[i]);
	if (row == NULL || row->since_ms > d->sent_ms ||
	    (row->class == GM_CLASS_OK && row->failures == 0))
		return NULL;
	return row;
}

bool
gm_keyblame_is_marked(const struct gm_keyrule *r, const struct gm_keytable *t,
    const struct gm_deed *d)
{
	size_t i;

	for (i = 0; i < LIFTABLE; i++)
		if (liftable(r, t, d, i) != NULL)
			return true;
	return false;
}

/* What only a call that is charged would show. */
static bool is_hidden(enum gm_class class)
{
	return class == GM_CLASS_NO_CREDIT || class == GM_CLASS_QUOTA_SPEND;
}

static void
lift_marks(const struct gm_keyrule *r, struct gm_keytable *t,
    const struct gm_deed *d, bool hidden)
{
	struct gm_keyrow *row;
	size_t i;

	for (i = 0; i < LIFTABLE; i++) {
		row = liftable(r, t, d, i);
		if (row != NULL && (hidden || !is_hidden(row->class)))
			lift(t, row);
	}
}

void
gm_keyblame_success(
    const struct gm_keyrule *r, struct gm_keytable *t, const struct gm_deed *d)
{
	lift_marks(r, t, d, true);
}

void
gm_keyblame_reached(
    const struct gm_keyrule *r, struct gm_keytable *t, const struct gm_deed *d)
{
	lift_marks(r, t, d, false);
}

int
gm_keyblame_mark(const struct gm_keyrule *r, struct gm_keytable *t,
    const struct gm_deed *d, enum gm_class class, int64_t ms,
    struct gm_err *err)
{
	struct gm_keyrow *row;

	if (class == GM_CLASS_OK && d->model == NULL)
		gm_keyblame_reached(r, t, d);
	else if (class == GM_CLASS_OK)
		gm_keyblame_success(r, t, d);
	if (class == GM_CLASS_OK)
		return 0;
	if (!is_chargeable(class))
		return gm_fail(err, GM_EUSAGE,
		    "no key is to blame for a fault of the class %s",
		    gm_class(class)->name);
	row = charged(r, t, d, class, err);
	if (row == NULL)
		return -1;
	put_mark(t, row, d, class, later(d->now_ms, ms),
	    d->why != NULL ? d->why : "marked by gm-rotate");
	return 0;
}

/* Those of processes that may have ended while they waited. */
static void
drop_turns(struct gm_keytable *t, struct gm_keyrow *row)
{
	t->changed = t->changed || row->slot_ms > row->last_ms;
	if (row->slot_ms > row->last_ms)
		row->slot_ms = row->last_ms;
}

void
gm_keyblame_reset(
    const struct gm_keyrule *r, struct gm_keytable *t, size_t index)
{
	char project[GM_KEYROW_ID];
	struct gm_keyrow *row;
	size_t i;

	copy_project(r, t, index, project);
	gm_keytable_fetch_all(t);
	for (i = 0; i < t->len; i++) {
		row = &t->rows[i];
		if (strcmp(row->origin, r->origin) == 0 &&
		    (strcmp(row->id, r->ids[index]) == 0 ||
			strcmp(row->id, project) == 0 ||
			strcmp(row->id, r->pause) == 0)) {
			lift(t, row);
			drop_turns(t, row);
		}
	}
}

void
gm_keyblame_reset_all(
    const struct gm_keyrule *r, struct gm_keytable *t, int64_t now_ms)
{
	struct gm_keyrow *row;
	size_t i;

	for (i = 0; i < r->ring->len; i++)
		gm_keyblame_reset(r, t, i);
	for (i = 0; i < t->len; i++) {
		row = &t->rows[i];
		if (strcmp(row->origin, r->origin) == 0 &&
		    strcmp(row->id, r->current) == 0 && r->ring->len > 0) {
			(void)snprintf(row->project, sizeof(row->project), "%s",
			    r->ids[0]);
			row->since_ms = now_ms;
			t->changed = true;
		}
	}
}
