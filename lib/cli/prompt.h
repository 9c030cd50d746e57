#ifndef GM_CLI_PROMPT_H
#define GM_CLI_PROMPT_H

/*
 * The text of a request from its sources: system instruction, prompt (option
 * or operands, joined by blanks), and standard input behind a blank line.
 *
 * An operand "-" is no part of the text but names standard input, which is read
 * then even if it is a terminal.  What follows a "--" is text as it is.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/input.h"

/* Where the texts come from; all borrowed. */
struct gm_prompt_sources {
	const char *system; /* --system's argument; NULL: none */
	const char *prompt; /* --prompt's argument; NULL: operands */
	char **operands;
	int operands_len;
	int literal;        /* how many of the last operands followed a "--" */
	int files;          /* how many files are sent besides */
	int files_stdin;    /* how many of them are standard input */
	bool no_stdin;      /* leave standard input alone */
	bool require_stdin; /* and refuse it if it is empty */
};

struct gm_prompt {
	struct gm_buf system, text;
};

/*
 * GM_EUSAGE: standard input against no_stdin, or more than once.  Reads
 * nothing.
 */
int gm_prompt_check(
    const struct gm_prompt_sources *, struct gm_err *) GM_MUST_CHECK;

/*
 * Read all sources that gm_prompt_check() has passed; an operand that looks as
 * if a file was meant draws a note.  With files the text may be empty, and if
 * standard input was read for one it is left alone.  Returns 0, or -1: GM_EUSAGE
 * (no prompt at all), GM_EDATA
 * (binary, too large, empty against the rule), GM_ENOINPUT, GM_ESIGNAL,
 * GM_EUNAVAILABLE (deadline), GM_EOS.
 */
int gm_prompt_compose(struct gm_prompt *, const struct gm_prompt_sources *,
    struct gm_input *, struct gm_err *) GM_MUST_CHECK;

/* Append text to a prompt after exactly one blank line, if it has a text. */
void gm_prompt_join(struct gm_buf *prompt, struct gm_span text);

void gm_prompt_release(struct gm_prompt *);

#endif
