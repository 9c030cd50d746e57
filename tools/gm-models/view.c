#include "gm-models/view.h"
#include "base/table.h"
#include "json/write.h"

/* Columns of a table.  The first four fit a terminal of 80 columns. */
enum column {
	NAME,
	INPUT,
	OUTPUT,
	THINKING,
	METHODS,
	ANSWERS,
	COLUMNS
};

static const char *const heads[COLUMNS] = { "NAME", "INPUT", "OUTPUT",
	"THINKING", "METHODS", "ANSWERS" };

static bool
is_shown(const struct gm_modelview *view, int column)
{
	return column == METHODS   ? view->methods
	       : column == ANSWERS ? view->probed
	                           : true;
}

static void
put_methods(const struct gm_model *m, struct gm_buf *out)
{
	struct gm_span rest = gm_span_of(m->methods), method;
	const char *before = "";

	while (gm_span_split(&rest, "\n", &method) && method.len > 0) {
		gm_buf_puts(out, before);
		gm_buf_put_span(out, method);
		before = ",";
	}
	if (m->methods[0] == '\0')
		gm_table_text(out, NULL);
}

static void
put_cell(const struct gm_model *m, enum column column, struct gm_buf *out)
{
	switch (column) {
	case NAME:
		gm_buf_puts(out, m->name);
		break;
	case INPUT:
		gm_table_int(out, m->input_limit);
		break;
	case OUTPUT:
		gm_table_int(out, m->output_limit);
		break;
	case THINKING:
		gm_buf_puts(out, m->thinking ? "yes" : "no");
		break;
	case METHODS:
		put_methods(m, out);
		break;
	case ANSWERS:
		gm_buf_puts(out,
		    m->class == GM_CLASS_OK ? "yes" : gm_class(m->class)->name);
		break;
	case COLUMNS:
		break;
	}
}

/* Put a line of the table; NULL: the header. */
static void
put_row(const struct gm_model *m, const struct gm_modelview *view,
    struct gm_buf *out)
{
	int column;

	for (column = 0; column < COLUMNS; column++) {
		if (!is_shown(view, column))
			continue;
		if (column > 0)
			gm_buf_putc(out, '\t');
		if (m != NULL)
			put_cell(m, (enum column)column, out);
		else
			gm_buf_puts(out, heads[column]);
	}
	gm_buf_putc(out, '\n');
}

static void
put_table(const struct gm_models *models, const struct gm_modelview *view,
    struct gm_buf *out)
{
	struct gm_buf rows;
	size_t i;

	gm_buf_init(&rows, out->max);
	put_row(NULL, view, &rows);
	for (i = 0; i < models->len; i++)
		put_row(&models->items[i], view, &rows);
	gm_table_align(gm_buf_span(&rows), out);
	gm_buf_inherit(out, &rows);
	gm_buf_release(&rows);
}

static void
put_probe(const struct gm_model *m, struct gm_jsonw *w)
{
	gm_jsonw_object(w, "probe");
	gm_jsonw_bool(w, "ok", m->class == GM_CLASS_OK);
	gm_jsonw_int_or_null(w, "http", m->http > 0 ? m->http : -1);
	gm_jsonw_text(w, "class", gm_class(m->class)->name);
	gm_jsonw_end(w);
}

static void
put_json(const struct gm_model *m, bool probed, struct gm_buf *out)
{
	struct gm_span rest = gm_span_of(m->methods), method;
	struct gm_jsonw w;

	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_text(&w, "name", m->name);
	gm_jsonw_text_or_null(&w, "display_name", m->display);
	gm_jsonw_int_or_null(&w, "input_token_limit", m->input_limit);
	gm_jsonw_int_or_null(&w, "output_token_limit", m->output_limit);
	gm_jsonw_bool(&w, "thinking", m->thinking);
	gm_jsonw_array(&w, "methods");
	while (gm_span_split(&rest, "\n", &method) && method.len > 0)
		gm_jsonw_span(&w, NULL, method);
	gm_jsonw_end(&w);
	if (probed)
		put_probe(m, &w);
	gm_jsonw_end(&w);
	gm_buf_putc(out, '\n');
}

static void
put_name(const struct gm_model *m, bool probed, struct gm_buf *out)
{
	if (!probed || m->class == GM_CLASS_OK)
		gm_buf_printf(out, "%s\n", m->name);
}

void
gm_modelview_put(const struct gm_models *models,
    const struct gm_modelview *view, struct gm_buf *out)
{
	size_t i;

	if (view->form == GM_MODELVIEW_TABLE) {
		put_table(models, view, out);
		return;
	}
	for (i = 0; i < models->len; i++)
		if (view->form == GM_MODELVIEW_TABS)
			put_row(&models->items[i], view, out);
		else if (view->form == GM_MODELVIEW_JSON)
			put_json(&models->items[i], view->probed, out);
		else
			put_name(&models->items[i], view->probed, out);
}
