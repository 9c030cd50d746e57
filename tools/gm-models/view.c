#include "gm-models/view.h"
#include "base/table.h"
#include "json/write.h"

static const char *const heads[] = { "NAME", "INPUT", "OUTPUT", "THINKING",
	"METHODS", "ANSWERS" };

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
put_cell(const struct gm_model *m, size_t column, struct gm_buf *out)
{
	switch (column) {
	case 0:
		gm_buf_puts(out, m->name);
		break;
	case 1:
		gm_table_int(out, m->input_limit);
		break;
	case 2:
		gm_table_int(out, m->output_limit);
		break;
	case 3:
		gm_buf_puts(out, m->thinking ? "yes" : "no");
		break;
	case 4:
		put_methods(m, out);
		break;
	default:
		gm_buf_puts(out,
		    m->class == GM_CLASS_OK ? "yes" : gm_class(m->class)->name);
		break;
	}
}

static void
put_tabs(const struct gm_models *models, size_t columns, struct gm_buf *out)
{
	size_t column, i;

	for (i = 0; i < models->len; i++)
		for (column = 0; column < columns; column++) {
			put_cell(&models->items[i], column, out);
			gm_buf_putc(out, column == columns - 1 ? '\n' : '\t');
		}
}

static void
put_table(const struct gm_models *models, size_t columns, struct gm_buf *out)
{
	struct gm_buf rows;
	size_t column;

	gm_buf_init(&rows, out->max);
	for (column = 0; column < columns; column++)
		gm_buf_printf(&rows, "%s%c", heads[column],
		    column == columns - 1 ? '\n' : '\t');
	put_tabs(models, columns, &rows);
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
gm_modelview_put(const struct gm_models *models, enum gm_modelview form,
    bool probed, struct gm_buf *out)
{
	size_t columns = GM_LEN(heads) - (probed ? 0 : 1), i;

	switch (form) {
	case GM_MODELVIEW_TABLE:
		put_table(models, columns, out);
		break;
	case GM_MODELVIEW_TABS:
		put_tabs(models, columns, out);
		break;
	case GM_MODELVIEW_JSON:
		for (i = 0; i < models->len; i++)
			put_json(&models->items[i], probed, out);
		break;
	case GM_MODELVIEW_NAMES:
		for (i = 0; i < models->len; i++)
			put_name(&models->items[i], probed, out);
		break;
	}
}
