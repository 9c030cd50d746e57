#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "base/term.h"
#include "provider/models.h"
#include "json/read.h"
#include "json/write.h"

#define PREFIX "models/"

/* Limits for a model: bytes of texts, methods, characters of a method. */
#define TEXTS_MAX ((size_t)256 * 1024)
#define METHODS_MAX 100
#define METHOD_MAX 60

/* Most similar names that are shown. */
#define NEAR_MAX 3

/* A page that is parsed. */
struct reading {
	const struct gm_json *json;
	const struct gm_secrets *secrets;
	struct gm_buf raw, masked, texts; /* of one model */
};

/* Append a string as one clean line, with keys masked; nothing if it is none. */
static void
put_line(struct reading *r, int at, size_t max)
{
	gm_buf_reset(&r->raw);
	gm_buf_reset(&r->masked);
	gm_json_string(r->json, at, &r->raw);
	gm_secret_mask(r->secrets, &r->masked, gm_buf_span(&r->raw));
	gm_term_line(&r->texts, gm_buf_span(&r->masked), max);
	gm_buf_inherit(&r->texts, &r->raw);
	gm_buf_inherit(&r->texts, &r->masked);
}

static void
put_methods(struct reading *r, int at)
{
	int list = gm_json_at(r->json, at, "supportedGenerationMethods"), i;
	size_t before, left = METHODS_MAX;

	for (i = gm_json_first(r->json, list); i >= 0 && left > 0;
	     i = gm_json_next(r->json, list, i), left--) {
		before = r->texts.len;
		put_line(r, i, METHOD_MAX);
		if (r->texts.len > before)
			gm_buf_putc(&r->texts, '\n');
	}
}

static bool
is_listed(const struct gm_models *models, const char *name)
{
	size_t i;

	for (i = 0; i < models->len; i++)
		if (strcmp(models->items[i].name, name) == 0)
			return true;
	return false;
}

/* Make room for a model, which counts once len is raised; NULL with *err. */
static struct gm_model *
add(struct gm_models *models, struct gm_err *err)
{
	size_t cap = models->cap > 0 ? 2 * models->cap : 64;
	struct gm_model *items = models->items;

	if (models->len >= GM_MODELS_MAX) {
		(void)gm_fail(err, GM_EPROTOCOL,
		    "the list of models is too long: more than %d",
		    GM_MODELS_MAX);
		return NULL;
	}
	if (models->len == models->cap) {
		items = realloc(items, cap * sizeof(*items));
		if (items == NULL) {
			(void)gm_fail(err, GM_EOS, "out of memory");
			return NULL;
		}
		models->items = items;
		models->cap = cap;
	}
	items[models->len] = (struct gm_model){ 0 };
	return &items[models->len];
}

/* Point to the three texts, each of which ends in a NUL. */
static void
set_texts(struct gm_model *m, char *texts)
{
	m->name = texts;
	m->display = texts + strlen(texts) + 1;
	m->methods = m->display + strlen(m->display) + 1;
}

/* Put the name in the form of requests, without Gemini's prefix. */
static void
put_name(struct reading *r, int at)
{
	gm_buf_reset(&r->texts);
	put_line(r, gm_json_at(r->json, at, "id"), GM_TERM_LINE_MAX);
	if (r->texts.len > 0)
		return;
	put_line(r, gm_json_at(r->json, at, "name"), GM_TERM_LINE_MAX);
	if (gm_span_starts(gm_buf_span(&r->texts), PREFIX))
		memmove(r->texts.data, r->texts.data + strlen(PREFIX),
		    r->texts.len - strlen(PREFIX) + 1);
	gm_buf_cut(&r->texts, strlen(gm_buf_str(&r->texts)));
}

static int
read_model(
    struct gm_models *models, struct reading *r, int at, struct gm_err *err)
{
	const struct gm_json *j = r->json;
	struct gm_model *m;

	put_name(r, at);
	if (r->texts.failed == GM_OK &&
	    (r->texts.len == 0 || is_listed(models, r->texts.data)))
		return 0;
	gm_buf_putc(&r->texts, '\0');
	put_line(r, gm_json_at(j, at, "displayName"), GM_TERM_LINE_MAX);
	gm_buf_putc(&r->texts, '\0');
	put_methods(r, at);
	if (gm_buf_check(&r->texts, err) != 0 || (m = add(models, err)) == NULL)
		return -1;
	m->input_limit =
	    gm_json_int(j, gm_json_at(j, at, "inputTokenLimit"), -1);
	m->output_limit =
	    gm_json_int(j, gm_json_at(j, at, "outputTokenLimit"), -1);
	m->unknown =
	    gm_json_type(j, gm_json_at(j, at, "supportedGenerationMethods")) !=
	    GM_JSON_ARRAY;
	m->thinking = gm_json_true(j, gm_json_at(j, at, "thinking"));
	set_texts(m, gm_buf_take(&r->texts));
	models->len++;
	return 0;
}

static int
read_page(struct gm_models *models, struct reading *r, struct gm_buf *next,
    struct gm_err *err)
{
	int list = gm_json_at(r->json, GM_JSON_ROOT, "models"), i;

	for (i = gm_json_first(r->json, list); i >= 0;
	     i = gm_json_next(r->json, list, i))
		if (read_model(models, r, i, err) != 0)
			return -1;
	gm_buf_reset(next);
	gm_json_string(
	    r->json, gm_json_at(r->json, GM_JSON_ROOT, "nextPageToken"), next);
	if (next->failed == GM_EDATA)
		return gm_fail(err, GM_EPROTOCOL,
		    "the token of the next page is too long");
	return gm_buf_check(next, err);
}

int
gm_models_parse(struct gm_models *models, struct gm_span page,
    const struct gm_secrets *secrets, struct gm_buf *next, struct gm_err *err)
{
	struct gm_json json = { .text = { NULL, 0 } };
	struct reading r = { .json = &json, .secrets = secrets };
	int rc;

	/* A string may be as long as the page; masking may lengthen it. */
	gm_buf_init(&r.raw, page.len + 4);
	gm_buf_init(&r.masked, 4 * page.len + 64);
	gm_buf_init(&r.texts, TEXTS_MAX);
	rc = gm_json_parse(&json, page, err);
	if (rc == 0)
		rc = read_page(models, &r, next, err);
	gm_buf_release(&r.raw);
	gm_buf_release(&r.masked);
	gm_buf_release(&r.texts);
	gm_json_release(&json);
	return rc;
}

static void
write_model(const struct gm_model *m, struct gm_jsonw *w)
{
	struct gm_span rest = gm_span_of(m->methods), method;

	gm_jsonw_object(w, NULL);
	gm_jsonw_text(w, "id", m->name);
	gm_jsonw_text(w, "displayName", m->display);
	if (m->input_limit >= 0)
		gm_jsonw_int(w, "inputTokenLimit", m->input_limit);
	if (m->output_limit >= 0)
		gm_jsonw_int(w, "outputTokenLimit", m->output_limit);
	gm_jsonw_bool(w, "thinking", m->thinking);
	if (!m->unknown) {
		gm_jsonw_array(w, "supportedGenerationMethods");
		while (gm_span_split(&rest, "\n", &method) && method.len > 0)
			gm_jsonw_span(w, NULL, method);
		gm_jsonw_end(w);
	}
	gm_jsonw_end(w);
}

void
gm_models_write(const struct gm_models *models, struct gm_jsonw *w)
{
	size_t i;

	gm_jsonw_array(w, "models");
	for (i = 0; i < models->len; i++)
		write_model(&models->items[i], w);
	gm_jsonw_end(w);
}

static bool
has_method(const struct gm_model *m, const char *wanted)
{
	struct gm_span rest = gm_span_of(m->methods), method;

	while (gm_span_split(&rest, "\n", &method))
		if (gm_span_is(method, wanted))
			return true;
	return false;
}

static bool
matches(const char *name, const char *pattern)
{
	if (strncmp(pattern, PREFIX, strlen(PREFIX)) == 0)
		pattern += strlen(PREFIX);
	if (strpbrk(pattern, "*?[") != NULL)
		return fnmatch(pattern, name, 0) == 0;
	return gm_span_has(gm_span_of(name), pattern);
}

static bool
is_wanted(const struct gm_model *m, const struct gm_models_filter *filter)
{
	size_t i;

	if (filter->method != NULL && !has_method(m, filter->method) &&
	    !(m->unknown && filter->unknown))
		return false;
	for (i = 0; i < filter->len; i++)
		if (matches(m->name, filter->patterns[i]))
			return true;
	return filter->len == 0;
}

void
gm_models_keep(struct gm_models *models, const struct gm_models_filter *filter)
{
	size_t i, kept = 0;

	for (i = 0; i < models->len; i++)
		if (is_wanted(&models->items[i], filter))
			models->items[kept++] = models->items[i];
		else
			free(models->items[i].name);
	models->len = kept;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Distance of two names, GM_NEAR_FAR if they are not similar.  A name that is a
 * prefix of the other is near: its end may be missing.
 */
static size_t
remoteness(const char *name, const char *other)
{
	size_t len = strlen(name), far = gm_near_distance(name, other);

	if (len >= 4 && gm_span_starts(gm_span_of(other), name))
		far = least(far, 1 + (strlen(other) - len) / 4);
	return far <= 1 + len / 4 ? far : GM_NEAR_FAR;
}

void
gm_models_near(const struct gm_models *models, const char *name,
    const char *method, struct gm_buf *out)
{
	const struct gm_model *near[NEAR_MAX + 1], *m;
	size_t far[NEAR_MAX + 1], i, at, len = 0;

	if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
		name += strlen(PREFIX);
	for (i = 0; i < models->len; i++) {
		m = &models->items[i];
		at = len;
		far[at] = remoteness(name, m->name);
		if (far[at] == GM_NEAR_FAR || strcmp(name, m->name) == 0 ||
		    (method != NULL && !m->unknown && !has_method(m, method)))
			continue;
		/* Insertion into a list of the best, sorted by distance. */
		for (near[at] = m; at > 0 && far[at] < far[at - 1]; at--) {
			size_t swap = far[at];

			far[at] = far[at - 1];
			far[at - 1] = swap;
			near[at] = near[at - 1];
			near[at - 1] = m;
		}
		len = least(len + 1, NEAR_MAX);
	}
	for (i = 0; i < len; i++)
		gm_buf_printf(out, "%s%s", i > 0 ? ", " : "", near[i]->name);
}

void
gm_models_release(struct gm_models *models)
{
	size_t i;

	for (i = 0; i < models->len; i++)
		free(models->items[i].name);
	free(models->items);
	*models = (struct gm_models){ .items = NULL };
}
