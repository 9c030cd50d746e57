#ifndef GM_CLI_HELP_H
#define GM_CLI_HELP_H

/*
 * The help text: usage, options under the headings of their groups, an example,
 * and where to find more.  Lines have at most 80 columns.
 */

#include <stdbool.h>
#include <stdio.h>

#include "base/base.h"
#include "cli/options.h"

/* All is borrowed. */
struct gm_help {
	const char *tool;     /* "gm-prompt" */
	const char *operands; /* as in the usage line: "[prompt ...]"; or "" */
	const char *summary;  /* one line, no full stop */
	const char *example;  /* one command line */
	const struct gm_options *options;
};

/*
 * Print the help.  all: every option of the table; else the common ones, which
 * a tool chooses so that the text has at most 40 lines.
 */
void gm_help_print(const struct gm_help *, bool all, FILE *);

#endif
