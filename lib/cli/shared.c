#include "cli/shared.h"
#include "cli/complete.h"

static const enum gm_setting fallback = GM_SET_FALLBACK,
			     response_timeout = GM_SET_RESPONSE_TIMEOUT,
			     timeout = GM_SET_TIMEOUT,
			     connect_timeout = GM_SET_CONNECT_TIMEOUT,
			     deadline = GM_SET_DEADLINE,
			     retries = GM_SET_RETRIES,
			     max_wait = GM_SET_MAX_WAIT,
			     key_index = GM_SET_KEY_INDEX,
			     log_file = GM_SET_LOG_FILE;

const char *
gm_color_word(size_t i)
{
	static const char *const words[] = { "auto", "always", "never" };

	return i < GM_LEN(words) ? words[i] : NULL;
}

static const char *
help_word(size_t i)
{
	return i == 0 ? "all" : NULL;
}

static void
add_output_rows(const struct gm_tool *tool, struct gm_options *o)
{
	struct gm_common *c = tool->common;
	const struct gm_opt json[] = {
		{ 'J', "json", NULL, "print JSON instead of text",
		    .common = true, .flag = &c->json },
		{ 0 },
	};

	if ((tool->shared & GM_OPT_JSON) != 0)
		gm_options_add(o, GM_GROUP_OUTPUT, json);
}

static void
add_model_rows(const struct gm_tool *tool, struct gm_options *o)
{
	struct gm_common *c = tool->common;
	const struct gm_opt model[] = {
		{ 'm', "model", "MODEL,...",
		    tool->any_vendor ? "model to check the keys with"
				     : "model, and fallback models",
		    .common = true, .kind = GM_ARG_MODELS, .text = &c->model },
		{ 0 },
	};

	if ((tool->shared & GM_OPT_MODEL) != 0)
		gm_options_add(o, GM_GROUP_KEYS, model);
}

static void
add_key_rows(const struct gm_tool *tool, struct gm_options *o)
{
	struct gm_common *c = tool->common;
	const struct gm_opt rows[] = {
		{ 0, "provider", "P",
		    tool->any_vendor ? GM_VENDOR_NAMES_OR_ALL : GM_VENDOR_NAMES,
		    .common = true, .kind = GM_ARG_WORD,
		    .word = tool->any_vendor ? gm_vendor_word_or_all
		                             : gm_vendor_word,
		    .text = &c->provider },
		{ 'k', "key-index", "N", "use only the key with index N",
		    .kind = GM_ARG_KEY, .setting = &key_index },
		{ 0, "env-file", "FILE", "read keys and settings from FILE",
		    .common = true, .kind = GM_ARG_FILE, .text = &c->env_file },
		{ 0 },
	};

	gm_options_add(o, GM_GROUP_KEYS, rows);
}

static void
add_fallback_rows(const struct gm_tool *tool, struct gm_options *o)
{
	struct gm_common *c = tool->common;
	const struct gm_opt rows[] = {
		{ 0, "fallback", "P,...",
		    tool->any_vendor
			? "also check the keys of these providers"
			: "providers to use if this one cannot answer",
		    .common = true, .may_be_empty = true, .kind = GM_ARG_WORDS,
		    .word = gm_vendors_word, .setting = &fallback },
		{ 0, "fallback-mistral", NULL, "short for --fallback mistral",
		    .flag = &c->fallback_mistral },
		{ 0, "ignore-cooldown", NULL,
		    tool->any_vendor
			? "do not report limits of earlier requests"
			: "use keys that are cooling down or rejected",
		    .flag = &c->ignore_cooldown },
		{ 0 },
	};
	const struct gm_opt wait[] = {
		{ 0, "max-wait", "TIME",
		    "longest wait for a rate-limited key (60s)",
		    .setting = &max_wait },
		{ 0 },
	};

	if ((tool->shared & GM_OPT_SERVICE) != 0)
		gm_options_add(o, GM_GROUP_KEYS, rows);
	if ((tool->shared & GM_OPT_WAIT) != 0)
		gm_options_add(o, GM_GROUP_KEYS, wait);
}

static void
add_network_rows(const struct gm_tool *tool, struct gm_options *o)
{
	struct gm_common *c = tool->common;
	const struct gm_opt rows[] = {
		{ 0, "response-timeout", "TIME",
		    "longest wait for the start of an answer (15m)",
		    .setting = &response_timeout },
		{ 0, "timeout", "TIME",
		    "longest wait for more of an answer (120s)", .common = true,
		    .setting = &timeout },
		{ 0, "connect-timeout", "TIME",
		    "longest wait for a connection (10s)",
		    .setting = &connect_timeout },
		{ 0, "deadline", "TIME", "longest time of the run (none)",
		    .common = true, .setting = &deadline },
		{ 0, "retries", "N",
		    "retries after network and server errors (4)",
		    .setting = &retries },
		{ 0, "http1.1", NULL, "do not use HTTP/2", .flag = &c->http1 },
		{ '4', "ipv4", NULL, "use IPv4 only", .flag = &c->ipv4 },
		{ '6', "ipv6", NULL, "use IPv6 only", .flag = &c->ipv6 },
		{ 0 },
	};

	if ((tool->shared & GM_OPT_SERVICE) != 0)
		gm_options_add(o, GM_GROUP_NETWORK, rows);
}

static void
add_logging_rows(const struct gm_tool *tool, struct gm_options *o)
{
	struct gm_common *c = tool->common;
	const struct gm_opt notes[] = {
		{ 'v', "verbose", NULL, "print more; -vv: even more",
		    .common = true, .count = &c->note.verbose },
		{ 0, "quiet", NULL, "print errors only", .common = true,
		    .flag = &c->note.quiet },
		{ 0, "color", "WHEN", "colour on stderr: auto, always, never",
		    .kind = GM_ARG_WORD, .word = gm_color_word,
		    .text = &c->color },
		{ 0 },
	};
	const struct gm_opt log[] = {
		{ 0, "metrics", NULL, "print all metrics of each request",
		    .common = true, .flag = &c->metrics },
		{ 0, "log-file", "FILE", "append metrics to FILE as JSON",
		    .kind = GM_ARG_FILE, .setting = &log_file },
		{ 0, "syslog", NULL, "send metrics to syslog",
		    .flag = &c->syslog },
		{ 0 },
	};

	gm_options_add(o, GM_GROUP_LOGGING, notes);
	if ((tool->shared & GM_OPT_LOG) != 0)
		gm_options_add(o, GM_GROUP_LOGGING, log);
}

static void
add_other_rows(struct gm_builtin *b, struct gm_options *o)
{
	const struct gm_opt rows[] = {
		{ 0, "completion", "SHELL",
		    "print completions for bash, zsh or fish",
		    .kind = GM_ARG_WORD, .word = gm_complete_shell,
		    .text = &b->completion },
		{ 'h', "help", NULL,
		    "print common options; --help all or -hh: all",
		    .kind = GM_ARG_WORD, .word = help_word, .count = &b->help,
		    .text = &b->help_more },
		{ 'V', "version", NULL, "print the version",
		    .flag = &b->version },
		/* For the tests of the documents. */
		{ 0, "gm-options", NULL, NULL, .flag = &b->options },
		{ 0, "gm-variables", NULL, NULL, .flag = &b->variables },
		{ 0, "gm-statuses", NULL, NULL, .flag = &b->statuses },
		{ 0 },
	};

	gm_options_add(o, GM_GROUP_OTHER, rows);
}

void
gm_shared_rows(const struct gm_tool *tool, void *own, struct gm_builtin *b,
    struct gm_options *o)
{
	tool->add_rows(own, o);
	add_output_rows(tool, o);
	add_model_rows(tool, o);
	add_key_rows(tool, o);
	add_fallback_rows(tool, o);
	add_network_rows(tool, o);
	add_logging_rows(tool, o);
	add_other_rows(b, o);
}
