#ifndef GM_CLI_PROMPT_H
#define GM_CLI_PROMPT_H

/*
 * The text of a request: system instruction, prompt (an option, or operands
 * joined by blanks), and standard input after a blank line.
 *
 * The operand "-" names standard input, which is then read even if it is a
 * terminal.  Operands after "--" are always text.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/input.h"

/* The sources of the texts; all borrowed. */
struct gm_prompt_sources {
	const char *system; /* of --system; NULL: none */
	const char *prompt; /* of --prompt; NULL: operands */
	char **operands;
	int operands_len;
	int literal;        /* number of operands after "--" */
	int files;          /* number of files that are sent, too */
	int files_stdin;    /* number of "-" among these files */
	bool no_stdin;      /* do not read standard input */
	bool require_stdin; /* fail if standard input is empty */
};

struct gm_prompt {
	struct gm_buf system, text;
};

/*
 * Check the sources; reads nothing.  Returns 0, or -1 with GM_EUSAGE: standard
 * input is named despite no_stdin, or more than once.
 */
int gm_prompt_check(
    const struct gm_prompt_sources *, struct gm_err *) GM_MUST_CHECK;

/*
 * Read all sources, after gm_prompt_check(); an operand that could be meant as
 * a file draws a note.  With files the text may be empty, and standard input
 * that was read for one is not read again.  Returns 0, or -1: GM_EUSAGE (no
 * prompt), GM_EDATA (binary, too large, empty despite require_stdin),
 * GM_ENOINPUT, GM_ESIGNAL, GM_EUNAVAILABLE (deadline), GM_EOS.
 */
int gm_prompt_compose(struct gm_prompt *, const struct gm_prompt_sources *,
    struct gm_input *, struct gm_err *) GM_MUST_CHECK;

/*
 * Append text to a prompt, after exactly one blank line if that is not empty.
 */
void gm_prompt_join(struct gm_buf *prompt, struct gm_span text);

void gm_prompt_release(struct gm_prompt *);

#endif
