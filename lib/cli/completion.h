#ifndef GM_CLI_COMPLETION_H
#define GM_CLI_COMPLETION_H

/*
 * What a completion script is made from: a tool's table of options.  bash.h,
 * zsh.h and fish.h write the scripts; what they all need is here.  No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "cli/options.h"

/* All is borrowed. */
struct gm_completion {
	const char *tool; /* "gm-prompt" */
	const struct gm_options *options;
	enum gm_arg operand; /* what each operand is */
};

/*
 * Append a text in single quotes, so that bash and zsh take it as it is; a
 * single quote becomes '\''.
 */
void gm_completion_quote(struct gm_buf *, const char *text);

/* Append the tool's name as that of a function: "gm_prompt". */
void gm_completion_name(struct gm_buf *, const struct gm_completion *);

/* Append the words of a row, with spaces between them; nothing if it has none. */
void gm_completion_words(struct gm_buf *, const struct gm_opt *);

#endif
