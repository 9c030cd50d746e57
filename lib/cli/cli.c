#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/stop.h"
#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/shared.h"

/* Largest completion script, or list of models, in bytes. */
#define COMPLETION_MAX ((size_t)4 * 1024 * 1024)

enum cli {
	CLI_FAILED = -1,
	CLI_RUN,  /* run the tool with the operands that argv still has */
	CLI_READY /* help or version was printed: nothing left to do */
};

/* The arguments of --color, as gm_color_word() has them. */
enum when {
	WHEN_AUTO,
	WHEN_ALWAYS,
	WHEN_NEVER,
	WHENS
};

/* The lists of variables and statuses are for the tests of the documents. */
static void
print_variables(void)
{
	const char *name;
	size_t i;

	for (i = 0; (name = gm_config_variable(i)) != NULL; i++)
		(void)printf("%s\n", name);
}

static void
print_statuses(void)
{
	int code;

	for (code = GM_OK; code < GM_ESIGNAL; code++)
		(void)printf("%d\t%s\t%s\n", gm_err_status((enum gm_code)code),
		    gm_err_word((enum gm_code)code),
		    gm_err_meaning((enum gm_code)code));
}

static enum cli
print_completion(const struct gm_tool *tool, const char *what,
    const struct gm_options *o, struct gm_err *err)
{
	struct gm_common *c = tool->common;
	const struct gm_completion completion = { tool->name, o,
		tool->operand };
	const struct gm_offer offer = { &c->config, &c->secrets, c->env_file,
		c->provider };
	struct gm_buf text;
	enum cli done = CLI_FAILED;

	gm_buf_init(&text, COMPLETION_MAX);
	if (gm_complete_write(what, &completion, &offer, &text, err) == 0) {
		(void)fwrite(gm_buf_str(&text), 1, text.len, stdout);
		done = CLI_READY;
	}
	gm_buf_release(&text);
	return done;
}

/* True for --help=all, --help all and -hh. */
static bool
is_help_of_all(const struct gm_builtin *b, char **operands)
{
	return b->help > 1 || b->help_more != NULL ||
	       (operands[0] != NULL && operands[1] == NULL &&
		   strcmp(operands[0], "all") == 0);
}

static void
print_help(const struct gm_tool *tool, const struct gm_builtin *b,
    char **operands, const struct gm_options *o)
{
	const struct gm_help help = { .tool = tool->name,
		.operands = tool->operands,
		.summary = tool->summary,
		.example = tool->example,
		.options = o };

	gm_help_print(&help, is_help_of_all(b, operands), stdout);
}

static enum cli
run_builtins(const struct gm_tool *tool, const struct gm_builtin *b,
    char **operands, const struct gm_options *o, struct gm_err *err)
{
	if (b->help > 0)
		print_help(tool, b, operands, o);
	else if (b->version)
		(void)printf("%s %s\n", tool->name, GM_VERSION);
	else if (b->completion != NULL)
		return print_completion(tool, b->completion, o, err);
	else if (b->options)
		gm_options_list(o, stdout);
	else if (b->variables)
		print_variables();
	else if (b->statuses)
		print_statuses();
	else
		return CLI_RUN;
	return CLI_READY;
}

/* Mask what looks like a key on the command line or in the environment. */
static int
hide(struct gm_common *c, char **argv, struct gm_err *err)
{
	for (; *argv != NULL; argv++) {
		if (gm_secrets_add_from(&c->secrets, *argv, err) != 0)
			return -1;
		/* "-qKEY": the key without the option's letter. */
		if ((*argv)[0] == '-' && (*argv)[1] != '\0' &&
		    gm_secrets_add_from(&c->secrets, *argv + 2, err) != 0)
			return -1;
	}
	return gm_config_hide(&c->config, &c->secrets, err);
}

/* Move the operands to the front of *argv. */
static enum cli
start(const struct gm_tool *tool, void *own, int *argc, char ***argv,
    struct gm_err *err)
{
	struct gm_common *c = tool->common;
	struct gm_builtin builtin = { 0 };
	struct gm_options options = { .after_dashes = &c->after_dashes };
	int first;

	gm_config_init(&c->config);
	c->note.tool = tool->name;
	c->note.secrets = &c->secrets;
	c->note.fd = STDERR_FILENO;
	if (gm_process_hold(&c->stdin_closed, err) != 0)
		return CLI_FAILED;
	gm_process_prepare(&c->limits);
	c->out_is_tty = isatty(STDOUT_FILENO) == 1;
	c->err_is_tty = isatty(STDERR_FILENO) == 1;
	c->note.journal = gm_process_is_journal(c->config.around.journal);
	gm_shared_rows(tool, own, &builtin, &options);
	if (gm_stop_install(false, err) != 0 || hide(c, *argv, err) != 0)
		return CLI_FAILED;
	first = gm_options_parse(&options, &c->config, *argc, *argv, err);
	if (first == -1)
		return CLI_FAILED;
	*argc -= first;
	*argv += first;
	return run_builtins(tool, &builtin, *argv, &options, err);
}

void
gm_cli_restore(const struct gm_common *c)
{
	gm_stop_restore();
	gm_process_restore(&c->limits);
}

static int
choose_color(struct gm_common *c, struct gm_err *err)
{
	const struct gm_environment *around = &c->config.around;
	size_t when = WHEN_AUTO;

	while (c->color != NULL && when < WHENS &&
	       strcmp(c->color, gm_color_word(when)) != 0)
		when++;
	if (when == WHENS)
		return gm_fail(
		    err, GM_EUSAGE, "--color: not auto, always or never");
	c->note.color =
	    when == WHEN_ALWAYS ||
	    (when == WHEN_AUTO &&
		(around->force_color || (c->err_is_tty && !around->no_color)));
	return 0;
}

/* Choose the first provider and its model. */
static int
choose_vendor(
    const struct gm_tool *tool, struct gm_vendors *vendors, struct gm_err *err)
{
	struct gm_common *c = tool->common;
	const char *name = c->provider;

	c->all_vendors =
	    tool->any_vendor && name != NULL && strcmp(name, "all") == 0;
	if (name != NULL && !c->all_vendors &&
	    gm_vendor_find(gm_span_of(name), &c->vendor, err) != 0)
		return gm_fail(err, GM_EUSAGE, "--provider: not %s",
		    tool->any_vendor ? GM_VENDOR_NAMES_OR_ALL
				     : GM_VENDOR_NAMES);
	if (!c->all_vendors)
		*vendors = (struct gm_vendors){ { c->vendor }, 1 };
	if (c->model != NULL)
		gm_config_option(
		    &c->config, gm_vendor(c->vendor)->model, "model", c->model);
	return 0;
}

/* True if GM_FALLBACK applies, which is not from an option. */
static bool
may_fall_back(const struct gm_common *c, const struct gm_cli_operands *operands)
{
	return !operands->alone &&
	       c->config.values[GM_SET_KEY_INDEX].text == NULL &&
	       c->vendor == GM_VENDOR_GEMINI;
}

const char *
gm_cli_fallback(
    const struct gm_tool *tool, const struct gm_cli_operands *operands)
{
	const struct gm_common *c = tool->common;
	const struct gm_value *values = c->config.values;
	const struct gm_value *then = &values[GM_SET_FALLBACK];

	if ((tool->shared & GM_OPT_SERVICE) == 0 || c->all_vendors)
		return NULL;
	return then->origin == GM_FROM_OPTION || may_fall_back(c, operands)
	           ? then->text
	           : NULL;
}

/*
 * Choose the fallback providers, as far as they are known before an env file is
 * read: its keys may be theirs.
 */
static int
choose_others(const struct gm_tool *tool,
    const struct gm_cli_operands *operands, struct gm_config_wanted *wanted,
    struct gm_err *err)
{
	struct gm_common *c = tool->common;
	const struct gm_value *then = &c->config.values[GM_SET_FALLBACK];
	struct gm_err
	    later; /* a bad list is an error of gm_wanted_services() */
	const char *list;

	if (c->fallback_mistral && then->text != NULL)
		return gm_fail(err, GM_EUSAGE,
		    "--fallback and --fallback-mistral cannot be combined");
	if (c->fallback_mistral)
		gm_config_option(
		    &c->config, GM_SET_FALLBACK, "fallback-mistral", "mistral");
	if (gm_config_early(&c->config, GM_SET_FALLBACK, err) != 0)
		return -1;
	list = gm_cli_fallback(tool, operands);
	wanted->typed = operands->typed;
	wanted->fallback = (tool->shared & GM_OPT_SERVICE) != 0 &&
	                   !c->all_vendors && then->text == NULL &&
	                   may_fall_back(c, operands);
	if (list != NULL)
		(void)!gm_vendors_add(&wanted->vendors, list, &later);
	return 0;
}

/* Start the deadline, if it is known by now; begun: monotonic clock. */
static int
set_deadline(struct gm_common *c, int64_t begun, struct gm_err *err)
{
	const struct gm_value *value = &c->config.values[GM_SET_DEADLINE];
	int64_t left;

	if (value->text == NULL || c->deadline_ms != 0)
		return 0;
	c->deadline_ms = begun + value->number;
	left = c->deadline_ms - gm_clock_mono_ms();
	return gm_stop_deadline(left > 0 ? left : 1, err);
}

/* Start it before an env file is read, which may take long. */
static int
start_deadline(struct gm_common *c, int64_t begun, struct gm_err *err)
{
	if (gm_config_early(&c->config, GM_SET_DEADLINE, err) != 0)
		return -1;
	return set_deadline(c, begun, err);
}

int
gm_cli_configure(const struct gm_tool *tool,
    const struct gm_cli_operands *operands, struct gm_err *err)
{
	struct gm_common *c = tool->common;
	const struct gm_value *values = c->config.values;
	struct gm_config_wanted wanted = { .env_file = c->env_file };
	int64_t begun = gm_clock_mono_ms();

	if (start_deadline(c, begun, err) != 0)
		return -1;
	if (c->metrics)
		gm_config_option(&c->config, GM_SET_METRICS, "metrics", "1");
	if (c->syslog)
		gm_config_option(&c->config, GM_SET_SYSLOG, "syslog", "1");
	if (choose_color(c, err) != 0 ||
	    choose_vendor(tool, &wanted.vendors, err) != 0 ||
	    choose_others(tool, operands, &wanted, err) != 0 ||
	    gm_config_load(&c->config, &wanted, &c->note, err) != 0 ||
	    gm_config_hide(&c->config, &c->secrets, err) != 0 ||
	    set_deadline(c, begun, err) != 0)
		return -1;
	if (c->err_is_tty && !c->note.quiet && !c->config.around.dumb)
		c->note.status = &c->status_columns;
	c->log = (struct gm_log){ .note = &c->note,
		.metrics = values[GM_SET_METRICS].text != NULL
		               ? values[GM_SET_METRICS].number != 0
		               : c->err_is_tty && !c->note.quiet,
		.brief = values[GM_SET_METRICS].text == NULL,
		.file = values[GM_SET_LOG_FILE].text,
		.syslog = values[GM_SET_SYSLOG].number != 0 };
	return 0;
}

/* Flush and close standard output: an error of either loses output. */
static int
close_stdout(struct gm_err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		if (errno == EPIPE)
			gm_stop_die(SIGPIPE);
		return gm_fail_errno(err, GM_EIO, "standard output");
	}
	if (close(STDOUT_FILENO) != 0 && errno != EBADF && errno != EINTR)
		return gm_fail_errno(err, GM_EIO, "standard output");
	return 0;
}

static int
end(const struct gm_tool *tool, int rc, struct gm_err *err)
{
	struct gm_common *c = tool->common;
	int status;

	gm_note_status(&c->note, gm_span_of(""));
	if (rc == 0)
		rc = close_stdout(err);
	/* A failure after a signal was caused by it: no message. */
	if (rc != 0 && gm_stop_signal() != 0)
		gm_stop_die(gm_stop_signal());
	gm_stop_last_words();
	if (rc != 0 && !gm_note(&c->note, GM_LEVEL_ERROR, "%s", err->msg))
		err->code = GM_EOS; /* the line says "out of memory" */
	if (rc != 0 && err->code == GM_EUSAGE)
		(void)fprintf(stderr, "%sTry '%s --help'.\n",
		    gm_note_priority(&c->note, GM_LEVEL_ERROR), tool->name);
	status = rc != 0 ? gm_err_status(err->code) : 0;
	gm_config_release(&c->config);
	gm_secrets_release(&c->secrets);
	return status;
}

int
gm_cli_main(const struct gm_tool *tool, gm_cli_run *run, void *options,
    int argc, char **argv)
{
	struct gm_err err = { .code = GM_OK };
	int rc = -1;

	switch (start(tool, options, &argc, &argv, &err)) {
	case CLI_RUN:
		rc = run(options, tool, argc, argv, &err);
		break;
	case CLI_READY:
		rc = 0;
		break;
	case CLI_FAILED:
		break;
	}
	return end(tool, rc, &err);
}
