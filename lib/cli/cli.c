#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/stop.h"
#include "cli/bash.h"
#include "cli/cli.h"
#include "cli/fish.h"
#include "cli/offer.h"
#include "cli/zsh.h"

/* Bytes of a script, or of the names of models. */
#define COMPLETION_MAX ((size_t)4 * 1024 * 1024)

/* The longest wait for what a script asks for while it runs. */
#define OFFER_MAX_MS 3000

enum cli {
	CLI_FAILED = -1,
	CLI_RUN,  /* go on; operands are what is left of argv */
	CLI_READY /* help or version was printed: nothing left to do */
};

struct builtin {
	bool help, version, options, variables, statuses;
	const char *completion; /* --completion's argument */
};

static const enum gm_setting fallback = GM_SET_FALLBACK,
			     response_timeout = GM_SET_RESPONSE_TIMEOUT,
			     timeout = GM_SET_TIMEOUT,
			     connect_timeout = GM_SET_CONNECT_TIMEOUT,
			     deadline = GM_SET_DEADLINE,
			     retries = GM_SET_RETRIES,
			     max_wait = GM_SET_MAX_WAIT,
			     key_index = GM_SET_KEY_INDEX,
			     log_file = GM_SET_LOG_FILE;

/* --color's. */
enum when {
	WHEN_AUTO,
	WHEN_ALWAYS,
	WHEN_NEVER,
	WHENS
};

static const char *
when_word(size_t i)
{
	static const char *const words[WHENS] = { "auto", "always", "never" };

	return i < WHENS ? words[i] : NULL;
}

/* The shells that --completion knows. */
static const struct {
	const char *name;
	void (*write)(const struct gm_completion *, struct gm_buf *);
} shells[] = {
	{ "bash", gm_bash_write },
	{ "zsh", gm_zsh_write },
	{ "fish", gm_fish_write },
};

static const char *
shell_word(size_t i)
{
	return i < GM_LEN(shells) ? shells[i].name : NULL;
}

static void
add_config_rows(const struct gm_tool *tool, struct gm_options *o)
{
	struct gm_common *c = tool->common;
	const struct gm_opt rows[] = {
		{ 'm', "model", "MODEL,...", "model, and fallback models",
		    .kind = GM_ARG_MODELS, .text = &c->model },
		{ 0, "provider", "P",
		    tool->any_vendor ? GM_VENDOR_NAMES_OR_ALL : GM_VENDOR_NAMES,
		    .kind = GM_ARG_WORD,
		    .word = tool->any_vendor ? gm_vendor_word_or_all
		                             : gm_vendor_word,
		    .text = &c->provider },
		{ 'k', "key-index", "N", "use only the key with index N",
		    .kind = GM_ARG_KEY, .setting = &key_index },
		{ 0, "env-file", "FILE", "read keys and settings from FILE",
		    .kind = GM_ARG_FILE, .text = &c->env_file },
		{ 0, "metrics", NULL, "print times and tokens on stderr",
		    .flag = &c->metrics },
		{ 0, "log-file", "FILE", "append metrics to FILE as JSON",
		    .kind = GM_ARG_FILE, .setting = &log_file },
		{ 0, "syslog", NULL, "send metrics to syslog",
		    .flag = &c->syslog },
		{ 0, "color", "WHEN", "colour on stderr: auto, always, never",
		    .kind = GM_ARG_WORD, .word = when_word, .text = &c->color },
		{ 0 },
	};

	gm_options_add(o, rows);
}

static void
add_service_rows(struct gm_common *c, struct gm_options *o)
{
	const struct gm_opt rows[] = {
		{ 0, "fallback", "P,...",
		    "providers to use if this one cannot answer",
		    .may_be_empty = true, .kind = GM_ARG_WORDS,
		    .word = gm_vendors_word, .setting = &fallback },
		{ 0, "fallback-mistral", NULL, "the same as --fallback mistral",
		    .flag = &c->fallback_mistral },
		{ 0, "response-timeout", "TIME",
		    "longest wait for the first event of a response (15m)",
		    .setting = &response_timeout },
		{ 0, "timeout", "TIME",
		    "longest wait for each further event (120s)",
		    .setting = &timeout },
		{ 0, "connect-timeout", "TIME",
		    "longest wait for a connection (10s)",
		    .setting = &connect_timeout },
		{ 0, "deadline", "TIME", "end of the whole run (none)",
		    .setting = &deadline },
		{ 0, "retries", "N",
		    "retries after network and server errors (4)",
		    .setting = &retries },
		{ 0, "max-wait", "TIME",
		    "longest sleep for a key that is cooling down (60s)",
		    .setting = &max_wait },
		{ 0, "ignore-cooldown", NULL,
		    "use keys in cooldown, or rejected",
		    .flag = &c->ignore_cooldown },
		{ 0, "http1.1", NULL, "do not use HTTP/2", .flag = &c->http1 },
		{ '4', "ipv4", NULL, "use IPv4 only", .flag = &c->ipv4 },
		{ '6', "ipv6", NULL, "use IPv6 only", .flag = &c->ipv6 },
		{ 0 },
	};

	gm_options_add(o, rows);
}

/* The tool's own rows, then the shared ones that its mask names. */
static void
make_options(const struct gm_tool *tool, void *own, struct builtin *b,
    struct gm_options *o)
{
	struct gm_common *c = tool->common;
	const struct gm_opt json[] = {
		{ 'J', "json", NULL, "print JSON in place of text",
		    .flag = &c->json },
		{ 0 },
	};
	const struct gm_opt every[] = {
		{ 'v', "verbose", NULL,
		    "print more; -vv: where settings come from",
		    .count = &c->note.verbose },
		{ 0, "quiet", NULL, "errors only", .flag = &c->note.quiet },
		{ 0, "completion", "SHELL",
		    "print completions for bash, zsh or fish",
		    .kind = GM_ARG_WORD, .word = shell_word,
		    .text = &b->completion },
		{ 'h', "help", NULL, "print this text", .flag = &b->help },
		{ 'V', "version", NULL, "print the version",
		    .flag = &b->version },
		{ 0, "gm-options", NULL, NULL, .flag = &b->options },
		{ 0, "gm-variables", NULL, NULL, .flag = &b->variables },
		{ 0, "gm-statuses", NULL, NULL, .flag = &b->statuses },
		{ 0 },
	};

	tool->add_rows(own, o);
	if ((tool->shared & GM_OPT_JSON) != 0)
		gm_options_add(o, json);
	if ((tool->shared & GM_OPT_CONFIG) != 0)
		add_config_rows(tool, o);
	if ((tool->shared & GM_OPT_SERVICE) != 0)
		add_service_rows(c, o);
	gm_options_add(o, every);
}

static void
print_help(const struct gm_tool *tool, const struct gm_options *o)
{
	(void)printf("Usage: %s [options]%s%s\n%c%s.\n\n", tool->name,
	    tool->operands[0] != '\0' ? " " : "", tool->operands,
	    toupper((unsigned char)tool->summary[0]), tool->summary + 1);
	gm_options_help(o, stdout);
	(void)printf("\nTIME: 250ms, 1.5, 90s, 5m, 1h (a bare number counts "
		     "seconds).\nMore in %s(1) and gm(7).\n",
	    tool->name);
}

/* For the completions, and for the tests of the documents. */
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

/* What a script asks for while it runs: models or keys; false: neither. */
static bool
put_offers(struct gm_common *c, const char *what, struct gm_buf *out)
{
	const struct gm_offer offer = { &c->config, &c->secrets, c->env_file,
		c->provider };
	struct gm_err ignored;

	/* An env file or a list may be where reading takes for ever. */
	(void)!gm_stop_deadline(OFFER_MAX_MS, &ignored);
	if (strcmp(what, "models") == 0)
		gm_offer_models(&offer, out);
	else if (strcmp(what, "keys") == 0)
		gm_offer_keys(&offer, out);
	else
		return false;
	if (out->failed != GM_OK)
		gm_buf_reset(out); /* not a part of them */
	return true;
}

static int
put_completion(const struct gm_tool *tool, const char *what,
    const struct gm_options *o, struct gm_buf *out, struct gm_err *err)
{
	const struct gm_completion completion = { tool->name, o,
		tool->operand };
	size_t i;

	for (i = 0; i < GM_LEN(shells); i++)
		if (strcmp(what, shells[i].name) == 0) {
			shells[i].write(&completion, out);
			return gm_buf_check(out, err);
		}
	if (put_offers(tool->common, what, out))
		return 0;
	return gm_fail(err, GM_EUSAGE, "--completion: not bash, zsh or fish");
}

static enum cli
print_completion(const struct gm_tool *tool, const char *what,
    const struct gm_options *o, struct gm_err *err)
{
	struct gm_buf text;
	enum cli done = CLI_FAILED;

	gm_buf_init(&text, COMPLETION_MAX);
	if (put_completion(tool, what, o, &text, err) == 0) {
		(void)fwrite(gm_buf_str(&text), 1, text.len, stdout);
		done = CLI_READY;
	}
	gm_buf_release(&text);
	return done;
}

static enum cli
answer_builtins(const struct gm_tool *tool, const struct builtin *b,
    const struct gm_options *o, struct gm_err *err)
{
	if (b->help)
		print_help(tool, o);
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

/* What must not be shown of the command line and of the environment. */
static int
hide(struct gm_common *c, char **argv, struct gm_err *err)
{
	for (; *argv != NULL; argv++) {
		if (gm_secrets_add_from(&c->secrets, *argv, err) != 0)
			return -1;
		/* Without the letter of an option that is glued to it. */
		if ((*argv)[0] == '-' && (*argv)[1] != '\0' &&
		    gm_secrets_add_from(&c->secrets, *argv + 2, err) != 0)
			return -1;
	}
	return gm_config_hide(&c->config, &c->secrets, err);
}

/* Take the operands to the front of *argv. */
static enum cli
start(const struct gm_tool *tool, void *own, int *argc, char ***argv,
    struct gm_err *err)
{
	struct gm_common *c = tool->common;
	struct builtin builtin = { 0 };
	struct gm_options options = { .behind = &c->behind };
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
	make_options(tool, own, &builtin, &options);
	if (gm_stop_install(false, err) != 0 || hide(c, *argv, err) != 0)
		return CLI_FAILED;
	first = gm_options_parse(&options, &c->config, *argc, *argv, err);
	if (first == -1)
		return CLI_FAILED;
	*argc -= first;
	*argv += first;
	return answer_builtins(tool, &builtin, &options, err);
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
	       strcmp(c->color, when_word(when)) != 0)
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

/* The service that is asked first, and its model. */
static int
choose_vendor(
    const struct gm_tool *tool, struct gm_vendors *asked, struct gm_err *err)
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
		*asked = (struct gm_vendors){ { c->vendor }, 1 };
	if (c->model != NULL)
		gm_config_option(
		    &c->config, gm_vendor(c->vendor)->model, "model", c->model);
	return 0;
}

/* Does GM_FALLBACK count? */
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

/* Those behind it, as far as that is known before an env file is read. */
static int
choose_others(const struct gm_tool *tool,
    const struct gm_cli_operands *operands, struct gm_config_wanted *wanted,
    struct gm_err *err)
{
	struct gm_common *c = tool->common;
	const struct gm_value *then = &c->config.values[GM_SET_FALLBACK];
	struct gm_err later; /* what is wrong with it is told with all else */
	const char *list;

	if (c->fallback_mistral && then->text != NULL)
		return gm_fail(err, GM_EUSAGE,
		    "--fallback and --fallback-mistral exclude each other");
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

/* It runs from begun on, on the monotonic clock. */
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

/* The reading of an env file may have to wait, too. */
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
	if (c->err_is_tty && c->note.color && !c->note.quiet)
		c->note.status = &c->status_shown;
	c->log = (struct gm_log){ .note = &c->note,
		.metrics = values[GM_SET_METRICS].text != NULL
		               ? values[GM_SET_METRICS].number != 0
		               : c->err_is_tty && !c->note.quiet,
		.file = values[GM_SET_LOG_FILE].text,
		.syslog = values[GM_SET_SYSLOG].number != 0 };
	return 0;
}

/* Nothing may be lost on the way out: flush and close standard output. */
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
	if (rc != 0 && gm_stop_signal() != 0) /* whatever it made fail */
		gm_stop_die(gm_stop_signal());
	gm_stop_last_words();
	if (rc != 0 && !gm_note(&c->note, GM_LEVEL_ERROR, "%s", err->msg))
		err->code = GM_EOS; /* that is what was said */
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
