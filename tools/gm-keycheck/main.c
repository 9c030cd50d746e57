/*
 * gm-keycheck: check which API keys work, and say what to do about the others.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "base/outfile.h"
#include "base/stop.h"
#include "base/table.h"
#include "call/services.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/out.h"
#include "cli/wanted.h"
#include "gm-keycheck/check.h"
#include "gm-keycheck/worktree.h"

#define OUTPUT_MAX ((size_t)64 * 1024 * 1024)
#define WANTED_MAX 1000000
#define TYPED_MAX (1024 * 1024)

struct options {
	struct gm_common common;
	const char *level, *min_healthy, *min_ok, *prometheus;
	bool no_save;
};

/* All that a run acquires, released in one place. */
struct run {
	struct options *opt;
	enum gm_keycheck_level level;
	int64_t wanted; /* --min-healthy or --min-ok; -1: all */
	bool now;       /* --min-ok: limited keys do not count */
	struct gm_cli_operands operands;
	struct gm_buf typed; /* keys from standard input */
	struct gm_services services;
	struct gm_health *healths;
	size_t len;
	bool named; /* keys of several services: show the provider */
	struct gm_out out;
	struct gm_outfile metrics;
};

static const char *const levels[] = { "list", "count", "generate" };

static const char *
level_word(size_t i)
{
	return i < GM_LEN(levels) ? levels[i] : NULL;
}

static int
parse_level(const char *text, enum gm_keycheck_level *level, struct gm_err *err)
{
	size_t i;

	for (i = 0; i < GM_LEN(levels); i++)
		if (strcmp(text, levels[i]) == 0) {
			*level = (enum gm_keycheck_level)i;
			return 0;
		}
	return gm_fail(err, GM_EUSAGE, "--level: not list, count or generate");
}

/* Find out if keys are on standard input: "-" must be the only operand. */
static int
read_operands(struct run *r, int argc, char **argv, struct gm_err *err)
{
	int i;

	r->operands.alone = argc > 0;
	for (i = 0; i < argc; i++)
		if (strcmp(argv[i], "-") == 0)
			r->operands.typed = true;
	if (r->operands.typed && argc > 1)
		return gm_fail(
		    err, GM_EUSAGE, "- and other operands cannot be combined");
	return 0;
}

static int
check_clashes(const struct options *o, int argc, struct gm_err *err)
{
	const struct gm_common *c = &o->common;
	const struct gm_value *values = c->config.values;
	bool only = values[GM_SET_KEY_INDEX].text != NULL;
	bool all = c->provider != NULL && strcmp(c->provider, "all") == 0;
	bool fallback =
	    values[GM_SET_FALLBACK].text != NULL || c->fallback_mistral;
	const struct gm_clash rules[] = {
		{ c->ipv4 && c->ipv6, "--ipv4 and --ipv6" },
		{ only && argc > 0, "--key-index and operands" },
		{ only && all, "--key-index and --provider all" },
		{ fallback && all, "--fallback and --provider all" },
		{ all && argc > 0, "--provider all and operands" },
	};

	if (o->min_healthy != NULL && o->min_ok != NULL)
		return gm_fail(err, GM_EUSAGE,
		    "--min-healthy and --min-ok cannot be combined");
	return gm_options_exclude(rules, GM_LEN(rules), err);
}

static int
parse_wanted(
    struct run *r, const char *option, const char *text, struct gm_err *err)
{
	if (text == NULL ||
	    gm_num_whole(&r->wanted, text, 0, WANTED_MAX, err) == 0)
		return 0;
	gm_err_prefix(err, "%s: ", option);
	return -1;
}

static int
check_usage(struct run *r, int argc, char **argv, struct gm_err *err)
{
	const struct options *o = r->opt;

	if (check_clashes(o, argc, err) != 0)
		return -1;
	if (o->prometheus != NULL && strcmp(o->prometheus, "-") == 0)
		return gm_fail(err, GM_EUSAGE,
		    "--prometheus needs a file; standard output has the keys");
	r->wanted = -1;
	r->now = o->min_ok != NULL;
	if (parse_wanted(r, "--min-healthy", o->min_healthy, err) != 0 ||
	    parse_wanted(r, "--min-ok", o->min_ok, err) != 0)
		return -1;
	if (o->level != NULL && parse_level(o->level, &r->level, err) != 0)
		return -1;
	return read_operands(r, argc, argv, err);
}

static void
add_key(struct run *r, size_t service, size_t index)
{
	r->healths[r->len++] = (struct gm_health){ .service = service,
		.index = index,
		.provider = r->services.services[service].provider->name };
}

/* Add the keys that the operands name, each once, in the order of the ring. */
static int
choose_named(struct run *r, int argc, char **argv, struct gm_err *err)
{
	size_t keys = r->services.keysets[0]->place.ring.len, i;
	bool *wanted = calloc(keys, sizeof(*wanted));
	int64_t index;
	int arg, rc = 0;

	if (wanted == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	for (arg = 0; arg < argc && rc == 0; arg++) {
		rc =
		    gm_setting_index(&index, argv[arg], (int64_t)keys - 1, err);
		if (rc == 0)
			wanted[index] = true;
	}
	if (rc != 0)
		gm_err_prefix(err, "INDEX: ");
	for (i = 0; i < keys && rc == 0; i++)
		if (wanted[i])
			add_key(r, 0, i);
	free(wanted);
	return rc;
}

/* List each key to check, sorted by service and index. */
static int
choose_keys(struct run *r, int argc, char **argv, struct gm_err *err)
{
	const struct gm_services *s = &r->services;
	const struct gm_keyfilter *filter = &s->keysets[0]->filter;
	size_t i, k, keys = s->keysets[0]->place.ring.len;

	for (i = 1; i < s->len; i++)
		keys += s->keysets[i]->place.ring.len;
	r->healths = calloc(keys, sizeof(*r->healths));
	if (r->healths == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	if (argc > 0 && !r->operands.typed)
		return choose_named(r, argc, argv, err);
	if (filter->of == GM_KEYS_ONE) {
		add_key(r, 0, filter->key);
		return 0;
	}
	r->named = s->len > 1;
	for (i = 0; i < s->len; i++)
		for (k = 0; k < s->keysets[i]->place.ring.len; k++)
			add_key(r, i, k);
	return 0;
}

static bool
holds_key(const struct gm_config *c)
{
	const struct gm_buf *text;
	size_t i;

	for (i = 0; i < GM_KEY_VARIABLES; i++) {
		text = gm_envfile_get(&c->file, gm_config_variable(i));
		if (text != NULL && text->len > 0)
			return true;
	}
	return false;
}

/* Print notes if others, or git, may get the keys in the env file. */
static void
warn(const struct gm_common *c)
{
	const struct gm_environment *around = &c->config.around;
	const struct gm_worktree_env env = { around->path, around->home,
		around->config_home };
	const char *path = gm_config_file(&c->config);

	if (!holds_key(&c->config))
		return;
	if (c->config.file.unsafe)
		gm_note(&c->note, GM_LEVEL_NOTE,
		    "%s: others can read or change it; run chmod 600 %s", path,
		    path);
	switch (gm_worktree_look(path, &env)) {
	case GM_WORKTREE_TRACKED:
		gm_note(&c->note, GM_LEVEL_NOTE,
		    "%s: tracked by git; remove it from the repository, and "
		    "replace its keys if they were pushed",
		    path);
		break;
	case GM_WORKTREE_EXPOSED:
		gm_note(&c->note, GM_LEVEL_NOTE,
		    "%s: not ignored by git; add it to .gitignore", path);
		break;
	case GM_WORKTREE_UNKNOWN:
		gm_note(&c->note, GM_LEVEL_DETAIL,
		    "%s: git does not say if it is tracked or ignored",

		    path);
		break;
	case GM_WORKTREE_FINE:
		break;
	}
}

static int
write_metrics(struct run *r, struct gm_err *err)
{
	const char *path = r->opt->prometheus;
	struct gm_buf text;
	int rc;

	if (path == NULL)
		return 0;
	gm_buf_init(&text, OUTPUT_MAX);
	gm_health_metrics(r->healths, r->len, gm_clock_wall_ms(), &text);
	rc = gm_buf_check(&text, err);
	if (rc == 0)
		rc = gm_file_write(
		    r->metrics.fd, gm_buf_span(&text), GM_STOP_NOW, err);
	if (rc != 0 && err->code == GM_EIO)
		gm_err_prefix(err, "%s: ", path);
	gm_buf_release(&text);
	r->metrics.mode = 0644; /* the exporter is another user */
	return rc == 0 ? gm_outfile_commit(&r->metrics, err) : -1;
}

static void
put_lines(const struct run *r, struct gm_buf *out)
{
	const struct gm_common *c = &r->opt->common;
	size_t i;

	if (!c->json)
		gm_health_table(r->healths, r->len, r->named,
		    c->out_is_tty ? gm_clock_wall_ms() : 0, out);
	for (i = 0; c->json && i < r->len; i++)
		gm_health_json(&r->healths[i], out);
}

static int
write_lines(struct run *r, struct gm_err *err)
{
	struct gm_buf lines;
	int rc;

	gm_buf_init(&lines, OUTPUT_MAX);
	put_lines(r, &lines);
	rc = gm_buf_check(&lines, err);
	if (rc == 0) {
		gm_out_put(&r->out, gm_buf_span(&lines));
		rc = gm_out_end(&r->out, err);
	}
	gm_buf_release(&lines);
	return rc;
}

/* Print a note about keys that are limited; with --min-ok they do not count. */
static int
note_limited(const struct run *r, struct gm_err *err)
{
	struct gm_buf note;
	int rc;

	if (r->now)
		return 0;
	gm_buf_init(&note, GM_ERR_MAX);
	gm_health_note(r->healths, r->len, &note);
	rc = gm_buf_check(&note, err);
	if (rc == 0 && note.len > 0)
		gm_note(&r->opt->common.note, GM_LEVEL_NOTE, "%s",
		    gm_buf_str(&note));
	gm_buf_release(&note);
	return rc;
}

/* Write the metrics and the lines, and sum up. */
static int
deliver(struct run *r, struct gm_err *err)
{
	gm_stop_last_words();
	/* The metrics first: the reader of the lines may be gone. */
	if (write_metrics(r, err) != 0 || write_lines(r, err) != 0 ||
	    note_limited(r, err) != 0)
		return -1;
	return gm_health_sum(r->healths, r->len,
	    r->wanted < 0 ? r->len : (size_t)r->wanted, r->now, err);
}

/* Read keys from standard input, in place of the configured ones. */

static int
read_typed(struct run *r, struct gm_err *err)
{
	const struct gm_common *c = &r->opt->common;
	struct gm_input input = { .note = &c->note,
		.closed = c->stdin_closed,
		.hint = c->err_is_tty };

	return gm_input_stdin(&input, &r->typed, err);
}

static int
open_services(struct run *r, const struct gm_tool *tool, struct gm_err *err)
{
	struct gm_services_options options;

	if (gm_cli_configure(tool, &r->operands, err) != 0 ||
	    gm_wanted_services(tool, &r->operands, &options, err) != 0)
		return -1;
	options.keys.no_state = r->opt->no_save;
	if (r->operands.typed) {
		if (read_typed(r, err) != 0)
			return -1;
		options.keys.typed = gm_span_of(gm_buf_str(&r->typed));
	}
	return gm_services_open(&r->services, &options, err);
}

static int
work(struct run *r, const struct gm_tool *tool, int argc, char **argv,
    struct gm_err *err)
{
	const struct options *o = r->opt;

	if (check_usage(r, argc, argv, err) != 0 ||
	    open_services(r, tool, err) != 0 ||
	    choose_keys(r, argc, argv, err) != 0 ||
	    gm_out_open(&r->out, NULL, err) != 0)
		return -1;
	/* Create the file before anything is sent: a request may cost quota. */
	if (o->prometheus != NULL &&

	    gm_outfile_create(&r->metrics, o->prometheus, err) != 0)
		return -1;
	warn(&o->common);
	if (gm_services_connect(&r->services, err) != 0 ||
	    gm_keycheck_run(&r->services, &o->common, r->level, r->healths,
		r->len, err) != 0)
		return -1;
	return deliver(r, err);
}

static int
run(void *options, const struct gm_tool *tool, int argc, char **argv,
    struct gm_err *err)
{
	struct options *opt = options;
	struct run r = { .opt = opt,
		.out = { .file = { .fd = -1 } },
		.metrics = { .fd = -1 } };
	int rc;

	gm_buf_init(&r.typed, TYPED_MAX);
	rc = work(&r, tool, argc, argv, err);
	gm_outfile_release(&r.metrics);
	gm_out_release(&r.out);
	gm_services_close(&r.services);
	gm_buf_release(&r.typed);
	free(r.healths);
	return rc;
}

static void
add_rows(void *options, struct gm_options *table)
{
	struct options *o = options;
	const struct gm_opt rows[] = {
		{ 0, "level", "LEVEL", "list (free), count (free) or generate",
		    .common = true, .kind = GM_ARG_WORD, .word = level_word,
		    .text = &o->level },
		{ 0, "min-healthy", "N",
		    "succeed if at least N keys are healthy", .common = true,
		    .text = &o->min_healthy },
		{ 0, "min-ok", "N", "succeed if at least N keys can answer now",
		    .common = true, .text = &o->min_ok },
		{ 0, "no-save", NULL, "do not update the shared key state",
		    .common = true, .flag = &o->no_save },
		{ 0 },
	};
	const struct gm_opt output[] = {
		{ 0, "prometheus", "FILE", "write Prometheus metrics to FILE",
		    .common = true, .kind = GM_ARG_FILE,
		    .text = &o->prometheus },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_CHECKS, rows);
	gm_options_add(table, GM_GROUP_OUTPUT, output);
}

int
main(int argc, char **argv)
{
	struct options opt = { .no_save = false };
	const struct gm_tool tool = {
		.name = "gm-keycheck",
		.agent = "gm-keycheck/" GM_VERSION,
		.operands = "[index ...]",
		.summary = "check which API keys work",
		.example = "gm-keycheck --level count",
		.shared =
		    GM_OPT_JSON | GM_OPT_MODEL | GM_OPT_SERVICE | GM_OPT_LOG,
		.any_vendor = true,
		.operand = GM_ARG_KEY,
		.add_rows = add_rows,
		.common = &opt.common,
	};

	return gm_cli_main(&tool, run, &opt, argc, argv);
}
