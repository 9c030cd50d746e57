#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/table.h"
#include "gm-rotate/status.h"
#include "json/write.h"

#define ALL "all"
#define DAY_MS INT64_C(86400000)
#define MASKED_MAX 16

#define HEADER \
	"INDEX\tKEY\tPROJECT\tCURRENT\tMODEL\tCLASS\tSINCE\tUNTIL\t" \
	"REQUESTS\tFAILURES\tLAST USE\tREASON\n"

/* The models to tell of. */
struct list {
	const char **items;
	size_t len;
};

/* How a key, or with index -1 the service, stands with a model. */
struct entry {
	int64_t index;
	const char *model;
	bool current;
	struct gm_keystatus status;
	int64_t requests, failures, last_ms;
};

static void
add(struct list *l, const char *model)
{
	char name[sizeof(((struct gm_keyrow *)0)->model)];
	char known[sizeof(name)];
	size_t i;

	gm_keyrow_name(name, sizeof(name), gm_keyrule_model(model));
	for (i = 0; i < l->len; i++) {
		gm_keyrow_name(
		    known, sizeof(known), gm_keyrule_model(l->items[i]));
		if (strcmp(name, known) == 0)
			return;
	}
	l->items[l->len++] = model;
}

/* Is the row about our service, and about one of our keys if about any? */
static bool
is_ours(const struct gm_statuslist *t, const struct gm_keyrow *row)
{
	const struct gm_keyrule *r = t->query.rule;
	size_t i;

	if (strcmp(row->origin, r->origin) != 0)
		return false;
	if (row->kind != GM_KEYROW_OWNER)
		return strcmp(row->id, r->list) == 0;
	for (i = 0; i < r->ring->len; i++)
		if (strcmp(row->id, gm_keyrule_project(r, t->query.table, i)) ==
		    0)
			return true;
	return false;
}

/* Calls without a model have a part in what is told of each. */
static int
list_models(const struct gm_statuslist *t, struct list *l, struct gm_err *err)
{
	const struct gm_keyrow *row;
	size_t i;

	l->len = 0;
	l->items =
	    calloc(t->models_len + t->query.table->len + 1, sizeof(*l->items));
	if (l->items == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	for (i = 0; i < t->models_len; i++)
		add(l, t->models[i]);
	for (i = 0; i < t->query.table->len; i++) {
		row = &t->query.table->rows[i];
		if (is_ours(t, row) && strcmp(row->model, ALL) != 0)
			add(l, row->model);
	}
	return 0;
}

static int64_t
failures_of(const struct gm_statuslist *t, const char *id, const char *model)
{
	const struct gm_keyrow *row = gm_keytable_find(
	    t->query.table, GM_KEYROW_OWNER, t->query.rule->origin, id, model);

	return row != NULL ? row->failures : 0;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
fill_key(const struct gm_statuslist *t, size_t index, const char *model,
    struct entry *e)
{
	struct gm_keyquery q = t->query;
	const struct gm_keyrule *r = q.rule;
	const char *project = gm_keyrule_project(r, q.table, index);
	const char *name = gm_keyrule_model(model);
	const struct gm_keyrow *quota = gm_keytable_find(
	    q.table, GM_KEYROW_OWNER, r->origin, project, name);
	int64_t today = gm_clock_pacific_midnight(t->query.now_ms) / DAY_MS;

	q.model = model;
	*e = (struct entry){ .index = (int64_t)index,
		.model = model,
		.current = gm_keyrule_current(&q) == index };
	gm_keyrule_status(&q, index, &e->status);
	e->failures = larger(failures_of(t, r->ids[index], ALL),
	    larger(
		failures_of(t, project, ALL), failures_of(t, project, name)));
	if (quota == NULL)
		return;
	e->requests = quota->day == today ? quota->requests : 0;
	e->last_ms = quota->last_ms;
}

/* False if the row is no pause that lasts. */
static bool
fill_pause(
    const struct gm_statuslist *t, const struct gm_keyrow *row, struct entry *e)
{
	if (strcmp(row->origin, t->query.rule->origin) != 0 ||
	    row->kind != GM_KEYROW_SERVICE ||
	    strcmp(row->id, t->query.rule->list) != 0 ||
	    row->class == GM_CLASS_OK || row->until_ms <= t->query.now_ms)
		return false;
	*e = (struct entry){ .index = -1,
		.model = row->model,
		.status = { .class = row->class,
		    .since_ms = row->since_ms,
		    .until_ms = row->until_ms },
		.failures = row->failures };
	memcpy(e->status.reason, row->reason, sizeof(e->status.reason));
	return true;
}

/* "": the key shares no quota that we know of. */
static const char *
shown_project(const struct gm_statuslist *t, size_t index)
{
	const char *project =
	    gm_keyrule_project(t->query.rule, t->query.table, index);

	return strcmp(project, t->query.rule->ids[index]) != 0 ? project : "";
}

static void
put_time(struct gm_buf *out, int64_t ms)
{
	char text[GM_CLOCK_TEXT] = "";

	if (ms != 0 && ms != GM_KEYROW_FOREVER)
		gm_clock_format(text, ms);
	gm_table_text(out, ms != GM_KEYROW_FOREVER ? text : "forever");
}

static void
put_line(
    const struct gm_statuslist *t, const struct entry *e, struct gm_buf *out)
{
	const struct gm_keystatus *s = &e->status;

	if (e->index >= 0) {
		gm_buf_printf(out, "%lld\t", (long long)e->index);
		gm_secret_show(out, t->query.rule->ring->keys[e->index].text);
		gm_buf_putc(out, '\t');
		gm_table_text(out, shown_project(t, (size_t)e->index));
	} else {
		gm_buf_puts(out, "-\t-\t-");
	}
	gm_buf_printf(out, "\t%s\t%s\t%s\t", e->current ? "*" : "-", e->model,
	    gm_class(s->class)->name);
	put_time(out, s->since_ms);
	gm_buf_putc(out, '\t');
	put_time(out, s->until_ms);
	gm_buf_printf(out, "\t%lld\t%lld\t", (long long)e->requests,
	    (long long)e->failures);
	put_time(out, e->last_ms);
	gm_buf_putc(out, '\t');
	gm_table_text(out, s->reason);
	gm_buf_putc(out, '\n');
}

static bool
is_told(const struct gm_statuslist *t, size_t index)
{
	return t->query.filter.of != GM_KEYS_ONE ||
	       t->query.filter.key == index;
}

int
gm_statuslist_table(const struct gm_statuslist *t, bool header,
    struct gm_buf *out, struct gm_err *err)
{
	struct list models;
	struct entry e;
	size_t i, k;

	if (list_models(t, &models, err) != 0)
		return -1;
	if (header)
		gm_buf_puts(out, HEADER);
	for (k = 0; k < t->query.rule->ring->len; k++)
		for (i = 0; is_told(t, k) && i < models.len; i++) {
			fill_key(t, k, models.items[i], &e);
			put_line(t, &e, out);
		}
	for (i = 0; i < t->query.table->len; i++)
		if (fill_pause(t, &t->query.table->rows[i], &e))
			put_line(t, &e, out);
	free(models.items);
	return gm_buf_check(out, err);
}

static void
write_time(struct gm_jsonw *w, const char *name, int64_t ms)
{
	char text[GM_CLOCK_TEXT] = "";

	if (ms != 0 && ms != GM_KEYROW_FOREVER)
		gm_clock_format(text, ms);
	gm_jsonw_text_or_null(w, name, text);
}

static void
write_entry(struct gm_jsonw *w, const struct entry *e)
{
	gm_jsonw_object(w, NULL);
	gm_jsonw_text(w, "model", e->model);
	gm_jsonw_bool(w, "current", e->current);
	gm_jsonw_text(w, "class", gm_class(e->status.class)->name);
	write_time(w, "since", e->status.since_ms);
	write_time(w, "until", e->status.until_ms);
	gm_jsonw_int(w, "requests", e->requests);
	gm_jsonw_int(w, "failures", e->failures);
	write_time(w, "last_use", e->last_ms);
	gm_jsonw_text_or_null(w, "reason", e->status.reason);
	gm_jsonw_end(w);
}

static void
write_key(const struct gm_statuslist *t, size_t index,
    const struct list *models, struct gm_buf *out)
{
	struct gm_buf shown;
	struct gm_jsonw w;
	struct entry e;
	size_t i;

	gm_buf_init(&shown, MASKED_MAX);
	gm_secret_show(&shown, t->query.rule->ring->keys[index].text);
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_int(&w, "index", (int64_t)index);
	gm_jsonw_text(&w, "key", gm_buf_str(&shown));
	gm_jsonw_text_or_null(&w, "project", shown_project(t, index));
	gm_jsonw_array(&w, "models");
	for (i = 0; i < models->len; i++) {
		fill_key(t, index, models->items[i], &e);
		write_entry(&w, &e);
	}
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
	gm_buf_putc(out, '\n');
	gm_buf_inherit(out, &shown);
	gm_buf_release(&shown);
}

static void
write_pauses(const struct gm_statuslist *t, struct gm_buf *out)
{
	size_t start = out->len, found = 0, i;
	struct gm_jsonw w;
	struct entry e;

	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_null(&w, "index");
	gm_jsonw_null(&w, "key");
	gm_jsonw_null(&w, "project");
	gm_jsonw_array(&w, "models");
	for (i = 0; i < t->query.table->len; i++)
		if (fill_pause(t, &t->query.table->rows[i], &e)) {
			write_entry(&w, &e);
			found++;
		}
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
	gm_buf_putc(out, '\n');
	if (found == 0)
		gm_buf_cut(out, start);
}

int
gm_statuslist_json(
    const struct gm_statuslist *t, struct gm_buf *out, struct gm_err *err)
{
	struct list models;
	size_t i;

	if (list_models(t, &models, err) != 0)
		return -1;
	for (i = 0; i < t->query.rule->ring->len; i++)
		if (is_told(t, i))
			write_key(t, i, &models, out);
	write_pauses(t, out);
	free(models.items);
	return gm_buf_check(out, err);
}
