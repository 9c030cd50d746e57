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

/* Models of the table. */
struct list {
	const char **items;
	size_t len;
};

/* A key with a model; index -1: the whole service with a model. */
struct entry {
	int64_t index;
	const char *model;
	bool current;
	struct gm_keystatus status;
	int64_t requests, failures, last_ms;
};

/* Add a model unless it is in the list, by the names that rows have. */
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

/*
 * True if a row belongs to this service, and to this list or one of its keys.
 */
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

/*
 * List the configured models and those of rows.  "all" is none: marks for all
 * models are part of the status with each.
 */
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

/* Fill in a cooldown of the service; false if the row is none, or has ended. */
static bool
fill_service(
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

/* Label or number of the project; "": the key shares none that is known. */
static const char *
shown_project(const struct gm_statuslist *t, size_t index)
{
	const char *project =
	    gm_keyrule_project(t->query.rule, t->query.table, index);
	const char *colon = strchr(project, ':');

	return colon != NULL ? colon + 1 : "";
}

static bool
is_shown(const struct gm_statuslist *t, size_t index)
{
	return t->query.filter.of != GM_KEYS_ONE ||
	       t->query.filter.key == index;
}

static bool
has_project(const struct gm_statuslist *t)
{
	size_t i;

	for (i = 0; i < t->query.rule->ring->len; i++)
		if (is_shown(t, i) && shown_project(t, i)[0] != '\0')
			return true;
	return false;
}

static const char *
status_word(const struct entry *e)
{
	return gm_status_name(gm_class(e->status.class)->status);
}

/* --- a line for each key */

/* A rejection is worse than a cooldown, and a later end than an earlier one. */
static bool
is_worse(const struct gm_keystatus *s, const struct gm_keystatus *than)
{
	bool rejected = gm_class_is_rejection(s->class);

	if (s->class == GM_CLASS_OK || than->class == GM_CLASS_OK)
		return s->class != GM_CLASS_OK;
	if (rejected != gm_class_is_rejection(than->class))
		return rejected;
	return s->until_ms > than->until_ms;
}

/* Fill in the worst status with a configured model, and all their requests. */
static void
fill_worst(const struct gm_statuslist *t, size_t index, struct entry *worst)
{
	struct entry e;
	size_t i;

	fill_key(t, index, t->models[0], worst);
	for (i = 1; i < t->models_len; i++) {
		fill_key(t, index, t->models[i], &e);
		worst->requests += e.requests;
		if (is_worse(&e.status, &worst->status))
			worst->status = e.status;
	}
}

/* The reason in few words: the class's, or the limit of the user. */
static const char *
short_reason(const struct gm_keystatus *s)
{
	if (s->class == GM_CLASS_OK)
		return "";
	return s->since_ms == 0 ? s->reason : gm_class(s->class)->phrase;
}

static void
put_key(const struct gm_statuslist *t, size_t index, bool projects,
    struct gm_buf *out)
{
	gm_buf_printf(out, "%zu\t", index);
	gm_secret_show(out, t->query.rule->ring->keys[index].text);
	gm_buf_putc(out, '\t');
	if (projects) {
		gm_table_text(out, shown_project(t, index));
		gm_buf_putc(out, '\t');
	}
}

static void
put_row(const struct gm_statuslist *t, size_t index, bool projects,
    int64_t now_ms, struct gm_buf *out)
{
	struct entry e;

	fill_worst(t, index, &e);
	put_key(t, index, projects, out);
	gm_buf_printf(out, "%s\t%s\t", e.current ? "*" : "-", status_word(&e));
	gm_table_time(out, e.status.until_ms, now_ms);
	gm_buf_putc(out, '\t');
	gm_table_text(out, short_reason(&e.status));
	gm_buf_printf(out, "\t%lld\n", (long long)e.requests);
}

int
gm_statuslist_table(const struct gm_statuslist *t, bool terminal,
    struct gm_buf *out, struct gm_err *err)
{
	bool projects = !terminal || has_project(t);
	struct gm_buf rows;
	size_t i;

	gm_buf_init(&rows, out->max);
	if (terminal)
		gm_buf_printf(&rows,
		    "INDEX\tKEY\t%sCURRENT\tSTATUS\tRETRY AT\tREASON\t"
		    "REQUESTS\n",
		    projects ? "PROJECT\t" : "");
	for (i = 0; i < t->query.rule->ring->len; i++)
		if (is_shown(t, i))
			put_row(t, i, projects, terminal ? t->query.now_ms : 0,
			    &rows);
	if (terminal)
		gm_table_fit(
		    gm_buf_span(&rows), GM_TABLE_WIDTH, projects ? 6 : 5, out);
	else
		gm_buf_put_span(out, gm_buf_span(&rows));
	gm_buf_inherit(out, &rows);
	gm_buf_release(&rows);
	return gm_buf_check(out, err);
}

/* --- a line for each key and model */

static void
put_detail(const struct gm_statuslist *t, const struct entry *e, int64_t now_ms,
    struct gm_buf *out)
{
	const struct gm_keystatus *s = &e->status;

	if (e->index >= 0)
		put_key(t, (size_t)e->index, true, out);
	else
		gm_buf_puts(out, "-\t-\t-\t");
	gm_buf_printf(out, "%s\t%s\t%s\t%s\t", e->current ? "*" : "-", e->model,
	    status_word(e), gm_class(s->class)->name);
	gm_table_time(out, s->since_ms, now_ms);
	gm_buf_putc(out, '\t');
	gm_table_time(out, s->until_ms, now_ms);
	gm_buf_printf(out, "\t%lld\t%lld\t", (long long)e->requests,
	    (long long)e->failures);
	gm_table_time(out, e->last_ms, now_ms);
	gm_buf_putc(out, '\t');
	gm_table_text(out, s->reason);
	gm_buf_putc(out, '\n');
}

static void
put_details(const struct gm_statuslist *t, const struct list *models,
    int64_t now_ms, struct gm_buf *out)
{
	struct entry e;
	size_t i, k;

	for (k = 0; k < t->query.rule->ring->len; k++)
		for (i = 0; is_shown(t, k) && i < models->len; i++) {
			fill_key(t, k, models->items[i], &e);
			put_detail(t, &e, now_ms, out);
		}
	for (i = 0; i < t->query.table->len; i++)
		if (fill_service(t, &t->query.table->rows[i], &e))
			put_detail(t, &e, now_ms, out);
}

int
gm_statuslist_details(const struct gm_statuslist *t, bool terminal,
    struct gm_buf *out, struct gm_err *err)
{
	struct list models;
	struct gm_buf rows;

	if (list_models(t, &models, err) != 0)
		return -1;
	if (terminal) {
		gm_buf_init(&rows, out->max);
		gm_buf_puts(&rows,
		    "INDEX\tKEY\tPROJECT\tCURRENT\tMODEL\tSTATUS\tCLASS\tSINCE"
		    "\tRETRY AT\tREQUESTS\tFAILURES\tLAST USE\tREASON\n");
		put_details(t, &models, t->query.now_ms, &rows);
		gm_table_align(gm_buf_span(&rows), out);
		gm_buf_inherit(out, &rows);
		gm_buf_release(&rows);
	} else {
		put_details(t, &models, 0, out);
	}
	free(models.items);
	return gm_buf_check(out, err);
}

/* --- JSON */

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
	gm_jsonw_text(w, "status", status_word(e));
	gm_jsonw_text(w, "class", gm_class(e->status.class)->name);
	write_time(w, "since", e->status.since_ms);
	write_time(w, "retry_at", e->status.until_ms);
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

/* Write the cooldowns of the service as an object, or nothing. */
static void
write_service(const struct gm_statuslist *t, struct gm_buf *out)
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
		if (fill_service(t, &t->query.table->rows[i], &e)) {
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
		if (is_shown(t, i))
			write_key(t, i, &models, out);
	write_service(t, out);

	free(models.items);
	return gm_buf_check(out, err);
}
