#include <stdlib.h>
#include <string.h>

#include "keys/table.h"

#define HOUR_MS INT64_C(3600000)
#define AHEAD_MS (25 * HOUR_MS) /* no quota takes longer to come back */
#define SKEW_MS INT64_C(5000)   /* clocks are set that far, and no worry */

static int
compare(const void *a, const void *b)
{
	const struct gm_keyrow *x = a, *y = b;
	int rc = strcmp(x->origin, y->origin);

	if (rc == 0)
		rc = strcmp(x->id, y->id);
	return rc != 0 ? rc : strcmp(x->model, y->model);
}

void
gm_keyrow_name(char *out, size_t size, const char *name)
{
	size_t i;

	for (i = 0; i + 1 < size && name[i] != '\0'; i++)
		out[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '_';
	out[i] = '\0';
	if (strcmp(out, "-") == 0)
		out[0] = '\0';
}

static void
init_row(struct gm_keyrow *row, const char *origin, const char *id,
    const char *model)
{
	*row = (struct gm_keyrow){ .at = -1 };
	gm_keyrow_name(row->origin, sizeof(row->origin), origin);
	gm_keyrow_name(row->id, sizeof(row->id), id);
	gm_keyrow_name(row->model, sizeof(row->model), model);
}

/* Where a row is, or belongs. */
static size_t
place(const struct gm_keytable *t, const struct gm_keyrow *row)
{
	size_t low = 0, high = t->len, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare(&t->rows[middle], row) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct gm_keyrow *
gm_keytable_find(const struct gm_keytable *t, const char *origin,
    const char *id, const char *model)
{
	struct gm_keyrow row;
	size_t at;

	init_row(&row, origin, id, model);
	at = place(t, &row);
	return at < t->len && compare(&t->rows[at], &row) == 0 ? &t->rows[at]
	                                                       : NULL;
}

void
gm_keytable_fetch(const struct gm_keytable *t, struct gm_keyrow *row)
{
	if (t->fetch == NULL || row == NULL || row->at == -1 ||
	    row->look == t->look)
		return;
	row->look = t->look;
	t->fetch(t->arg, row);
}

void
gm_keytable_fetch_all(struct gm_keytable *t)
{
	size_t i;

	for (i = 0; t->fetch != NULL && i < t->len; i++)
		gm_keytable_fetch(t, &t->rows[i]);
}

static int
grow(struct gm_keytable *t, struct gm_err *err)
{
	size_t cap = t->cap < 8 ? 8 : t->cap * 2;
	struct gm_keyrow *rows = NULL;

	if (t->len < t->cap)
		return 0;
	if (cap <= SIZE_MAX / sizeof(*rows))
		rows = realloc(t->rows, cap * sizeof(*rows));
	if (rows == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	t->rows = rows;
	t->cap = cap;
	return 0;
}

struct gm_keyrow *
gm_keytable_get(struct gm_keytable *t, const char *origin, const char *id,
    const char *model, struct gm_err *err)
{
	struct gm_keyrow row, *at;

	init_row(&row, origin, id, model);
	at = gm_keytable_find(t, origin, id, model);
	if (at != NULL) {
		gm_keytable_fetch(t, at);
		return at;
	}
	if (grow(t, err) != 0)
		return NULL;
	at = &t->rows[place(t, &row)];
	memmove(at + 1, at, (size_t)(t->rows + t->len - at) * sizeof(*at));
	*at = row;
	t->len++;
	return at;
}

/* How bad a mark is: a dead key stays dead, whatever its quota. */
static int
rank(const struct gm_keyrow *row)
{
	return row->class == GM_CLASS_OK      ? 0
	       : gm_class_is_dead(row->class) ? 2
	                                      : 1;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
merge_row(struct gm_keyrow *row, const struct gm_keyrow *from)
{
	int64_t until = later(row->until_ms, from->until_ms);
	int more = rank(from) - rank(row);

	if (row->project[0] == '\0' ||
	    (from->project[0] != '\0' && from->since_ms > row->since_ms))
		memcpy(row->project, from->project, sizeof(row->project));
	if (more > 0 || (more == 0 && from->until_ms > row->until_ms)) {
		row->class = from->class;
		row->since_ms = from->since_ms;
		memcpy(row->reason, from->reason, sizeof(row->reason));
	}
	if (row->class == GM_CLASS_OK)
		row->since_ms = later(row->since_ms, from->since_ms);
	row->until_ms = until;
	if (from->day > row->day)
		row->requests = from->requests;
	else if (from->day == row->day)
		row->requests = later(row->requests, from->requests);
	row->day = later(row->day, from->day);
	row->failures = later(row->failures, from->failures);
	row->last_ms = later(row->last_ms, from->last_ms);
	row->slot_ms = later(row->slot_ms, from->slot_ms);
	if (row->at == -1)
		row->at = from->at;
}

int
gm_keytable_append(
    struct gm_keytable *t, const struct gm_keyrow *row, struct gm_err *err)
{
	if (grow(t, err) != 0)
		return -1;
	t->rows[t->len++] = *row;
	return 0;
}

void
gm_keytable_sort(struct gm_keytable *t)
{
	size_t i, len = 0;

	for (i = 1; i < t->len; i++)
		if (compare(&t->rows[i - 1], &t->rows[i]) >= 0)
			break;
	if (i >= t->len)
		return; /* as it was written */
	qsort(t->rows, t->len, sizeof(t->rows[0]), compare);
	for (i = 1; i < t->len; i++)
		if (compare(&t->rows[len], &t->rows[i]) == 0) {
			merge_row(&t->rows[len], &t->rows[i]);
			t->changed = true;
		} else
			t->rows[++len] = t->rows[i];
	t->len = len + 1;
}

/* What counters say is no change that must reach the disk. */
void
gm_keyrow_settle(struct gm_keyrow *row, int64_t now_ms)
{
	if (row->last_ms > now_ms + SKEW_MS)
		row->last_ms = row->slot_ms = now_ms;
	if (row->slot_ms > now_ms + AHEAD_MS)
		row->slot_ms = now_ms;
}

void
gm_keytable_settle(struct gm_keytable *t, int64_t now_ms)
{
	struct gm_keyrow *row;
	size_t i;

	t->now_ms = now_ms;
	for (i = 0; i < t->len; i++) {
		row = &t->rows[i];
		gm_keyrow_settle(row, now_ms);
		if (row->since_ms > now_ms + SKEW_MS) {
			row->since_ms = now_ms;
			t->changed = true;
		}
		if (row->until_ms > now_ms + AHEAD_MS &&
		    !gm_class_is_dead(row->class)) {
			row->until_ms = now_ms + AHEAD_MS;
			t->changed = true;
		}
	}
}

void
gm_keytable_forget(struct gm_keytable *t)
{
	size_t i, len = 0;

	for (i = 0; i < t->len; i++)
		if (t->rows[i].at != -1 && len++ != i)
			t->rows[len - 1] = t->rows[i];
	t->len = len;
}

void
gm_keytable_release(struct gm_keytable *t)
{
	free(t->rows);
	*t = (struct gm_keytable){ 0 };
}
