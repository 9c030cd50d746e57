#ifndef GM_CLI_CLI_H
#define GM_CLI_CLI_H

/*
 * The start and the end of every tool: descriptors, signals, options, help,
 * configuration, the error line, the exit status.
 *
 * Options are rows of one table per tool, plus the shared rows of shared.c.
 *
 * Source: sysexits(3) for the statuses, sd-daemon(3) for the journal.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "cli/tool.h"

/* The work of a tool with its operands.  Returns 0, or -1 with *err. */
typedef int gm_cli_run(void *options, const struct gm_tool *, int argc,
    char **argv, struct gm_err *);

/*
 * Run a tool: make the process safe (descriptors, core files, signals), parse
 * the options, print help or version, call run; then print the error, check
 * that standard output was written, release.  Returns the exit status; a signal
 * ends the process here.  run gets the operands, and options, which are the
 * tool's own.
 */
int gm_cli_main(const struct gm_tool *, gm_cli_run *run, void *options,
    int argc, char **argv);

/* The meaning of operands for the choice of keys; all false: none. */
struct gm_cli_operands {
	bool alone; /* they name keys of one provider: no GM_FALLBACK */
	bool typed; /* keys are read from standard input */
};

/* Load the configuration, and set up notes, logs and the deadline from it. */
int gm_cli_configure(const struct gm_tool *, const struct gm_cli_operands *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Return the list of fallback providers, or NULL.  GM_FALLBACK counts only
 * after Gemini, in tools that send requests, and without -k or operands that
 * name keys.
 */
const char *
gm_cli_fallback(const struct gm_tool *, const struct gm_cli_operands *);

/* Restore signals and core files for a program that replaces this one. */
void gm_cli_restore(const struct gm_common *);

#endif
