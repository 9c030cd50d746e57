#ifndef GM_CLI_TOOL_H
#define GM_CLI_TOOL_H

/* A tool: its name, its options, and the values of the shared ones. */

#include <stdbool.h>

#include "base/base.h"
#include "base/note.h"
#include "base/process.h"
#include "base/secret.h"
#include "cli/log.h"
#include "cli/options.h"
#include "config/config.h"

/*
 * Shared rows that only some tools have, as the options have an effect only
 * there.  All have those for the provider, the keys, messages and help.
 */
enum gm_shared {
	GM_OPT_JSON = 1 << 0,
	GM_OPT_MODEL = 1 << 1,   /* -m */
	GM_OPT_SERVICE = 1 << 2, /* fallback, timeouts, the connection */
	GM_OPT_WAIT = 1 << 3,    /* --max-wait */
	GM_OPT_LOG = 1 << 4      /* metrics, log file, syslog */
};

/* The values of the shared options, and the state of the process. */
struct gm_common {
	struct gm_config config;
	struct gm_secrets secrets;
	struct gm_note note;
	struct gm_log log;
	int64_t deadline_ms; /* monotonic clock; 0: none */
	const char *env_file, *color, *model, *provider;
	enum gm_vendor vendor; /* of --provider, the first one */
	bool all_vendors;      /* --provider all */
	bool fallback_mistral;
	bool ignore_cooldown;
	bool json, http1, ipv4, ipv6, metrics, syslog;
	int after_dashes; /* operands after "--"; -1: there was no "--" */
	struct gm_process_limits limits; /* at start */
	bool stdin_closed; /* at start; fd 0 is held by /dev/null */
	bool out_is_tty, err_is_tty;
	size_t status_columns; /* for note.status, which is NULL unless standard
	                        * error is a terminal that is not dumb, without
	                        * --quiet */
};

/* Add the tool's own rows, whose targets are in its options. */
typedef void gm_cli_rows(void *options, struct gm_options *);

struct gm_tool {
	const char *name;
	const char *agent;    /* "gm-x/0.1.0", for services */
	const char *operands; /* as in the usage line: "[prompt ...]" */
	enum gm_arg operand;  /* the kind of each operand */
	const char *summary;  /* one line, no full stop */
	const char *example;  /* one command line, for the help */
	unsigned shared;      /* of enum gm_shared */
	bool any_vendor;      /* --provider all may be given */
	gm_cli_rows *add_rows;
	struct gm_common *common;
};

#endif
