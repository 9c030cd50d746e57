/* gm-models: list the models of the service, and which of them answer. */

#include "cli/cli.h"
#include "cli/out.h"
#include "gm-models/catalog.h"
#include "gm-models/view.h"

/* Bytes of a whole list as text. */
#define LIST_MAX ((size_t)256 * 1024 * 1024)

struct options {
	struct gm_common common;
	const char *method;
	bool all, table, refresh, probe;
};

static int
check_usage(const struct options *o, struct gm_err *err)
{
	const struct gm_clash rules[] = {
		{ o->all && o->method != NULL, "--all and --method" },
		{ o->table && o->common.json, "--long and --json" },
		{ o->common.ipv4 && o->common.ipv6, "--ipv4 and --ipv6" },
	};

	return gm_options_exclude(rules, GM_LEN(rules), err);
}

static enum gm_modelview_form
choose_form(const struct options *o)
{
	if (o->common.json)
		return GM_MODELVIEW_JSON;
	if (!o->table)
		return GM_MODELVIEW_NAMES;
	return o->common.out_is_tty ? GM_MODELVIEW_TABLE : GM_MODELVIEW_TABS;
}

static int
print(
    const struct options *o, const struct gm_models *models, struct gm_err *err)
{
	const struct gm_modelview view = { .form = choose_form(o),
		.probed = o->probe,
		.methods = o->common.note.verbose > 0 };
	struct gm_buf text;
	struct gm_out out;
	int rc = -1;

	gm_buf_init(&text, LIST_MAX);
	gm_modelview_put(models, &view, &text);
	if (gm_buf_check(&text, err) == 0 &&
	    gm_out_open(&out, NULL, err) == 0) {
		gm_out_put(&out, gm_buf_span(&text));
		rc = gm_out_end(&out, err);
		gm_out_release(&out);
	}
	gm_buf_release(&text);
	return rc;
}

/* Get the list, keep the models that are wanted, probe and print them. */
static int
work(struct gm_catalog *c, const struct options *o,
    const struct gm_models_filter *filter, struct gm_err *err)
{
	struct gm_models_filter wanted = *filter;
	int answers = 1;

	if (gm_catalog_open(c, c->tool, o->refresh, o->probe, err) != 0)
		return -1;
	if (!o->all && wanted.method == NULL) {
		/* Models that can answer, or whose methods are not known. */
		wanted.method = c->provider->method;
		wanted.unknown = true;
	}
	gm_models_keep(&c->models, &wanted);
	if (c->models.len == 0)
		return gm_fail(err, GM_ENEGATIVE, "no model matches");
	if (o->probe)
		answers = gm_catalog_probe(c, err);
	if (answers == -1 || print(o, &c->models, err) != 0)
		return -1;
	if (answers == 0)
		return gm_fail(err, GM_ENEGATIVE, "no model answers");
	return 0;
}

static int
run(void *options, const struct gm_tool *tool, int argc, char **argv,
    struct gm_err *err)
{
	const struct options *o = options;
	const struct gm_models_filter filter = {
		.method = o->method,
		.patterns = argv,
		.len = (size_t)argc,
	};
	struct gm_catalog catalog = { .tool = tool };
	int rc = -1;

	if (check_usage(o, err) == 0)
		rc = work(&catalog, o, &filter, err);
	gm_catalog_close(&catalog);
	return rc;
}

static void
add_rows(void *options, struct gm_options *table)
{
	struct options *o = options;
	const struct gm_opt list[] = {
		{ 0, "all", NULL, "list models that cannot answer, too",
		    .common = true, .flag = &o->all },
		{ 0, "method", "NAME", "list models that have the method NAME",
		    .common = true, .text = &o->method },
		{ 0, "probe", NULL, "check that each model answers (free)",
		    .common = true, .flag = &o->probe },
		{ 0 },
	};
	const struct gm_opt output[] = {
		{ 'l', "long", NULL, "print token limits and thinking, too",
		    .common = true, .flag = &o->table },
		{ 'J', "json", NULL, "print a JSON object for each model",
		    .common = true, .flag = &o->common.json },
		{ 0 },
	};
	const struct gm_opt cache[] = {
		{ 0, "refresh", NULL, "do not use the cached list",
		    .common = true, .flag = &o->refresh },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_LIST, list);
	gm_options_add(table, GM_GROUP_OUTPUT, output);
	gm_options_add(table, GM_GROUP_CACHE, cache);
}

int
main(int argc, char **argv)
{
	struct options opt = { .method = NULL };
	const struct gm_tool tool = {
		.name = "gm-models",
		.agent = "gm-models/" GM_VERSION,
		.operands = "[pattern ...]",
		.operand = GM_ARG_MODEL,
		.summary = "list the models of the service",
		.example = "gm-models -l 'gemini-*'",
		.shared = GM_OPT_SERVICE | GM_OPT_WAIT | GM_OPT_LOG,
		.add_rows = add_rows,
		.common = &opt.common,
	};

	return gm_cli_main(&tool, run, &opt, argc, argv);
}
