#ifndef GM_CLI_COMPLETION_H
#define GM_CLI_COMPLETION_H

/*
 * The source of a completion script, a tool's table of options, and helpers for
 * bash.h, zsh.h and fish.h, which write the scripts.  No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "cli/options.h"

/* All is borrowed. */
struct gm_completion {
	const char *tool; /* "gm-prompt" */
	const struct gm_options *options;
	enum gm_arg operand; /* kind of each operand */
};

/* Append a text in single quotes for bash and zsh; ' becomes '\''. */
void gm_completion_quote(struct gm_buf *, const char *text);

/* Append the tool's name as the name of a function: "gm_prompt". */
void gm_completion_name(struct gm_buf *, const struct gm_completion *);

/* Append the words of a row, if any, with spaces between them. */
void gm_completion_words(struct gm_buf *, const struct gm_opt *);

#endif
