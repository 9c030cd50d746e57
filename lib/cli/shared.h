#ifndef GM_CLI_SHARED_H
#define GM_CLI_SHARED_H

/*
 * The rows of the options that tools share.  A tool names those that have an
 * effect in it, in the mask gm_tool.shared.
 */

#include "base/base.h"
#include "cli/options.h"
#include "cli/tool.h"

/* Options that print something and end the run. */
struct gm_builtin {
	int help; /* -h: 1, -hh: 2 */
	bool version, options, variables, statuses;
	const char *help_more;  /* the argument of --help=all */
	const char *completion; /* the argument of --completion */
};

/* Add the rows of the tool, and the shared ones of its mask. */
void gm_shared_rows(const struct gm_tool *, void *own, struct gm_builtin *,
    struct gm_options *);

/* The i-th word that --color takes; NULL at the end. */
const char *gm_color_word(size_t i);

#endif
