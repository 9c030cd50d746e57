#ifndef GM_SUMM_NAMES_H
#define GM_SUMM_NAMES_H

/*
 * The names of the texts: operands, or a list in a file (--files0-from).
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

struct gm_names {
	const char **items; /* owned; NULL stands for standard input */
	size_t len;
	struct gm_buf list; /* that the items point into, if there is one */
};

/*
 * literal: how many of the last operands followed a "--"; there "-" is a file.
 * No operands: standard input.  Returns 0, or -1: GM_EOS.
 */
int gm_names_from_operands(struct gm_names *, int argc, char **argv,
    int literal, struct gm_err *) GM_MUST_CHECK;

/*
 * The names in a file, "-": standard input; NUL ends each, and the last one may
 * lack it.  There may be none.  Returns 0, or -1: GM_EDATA (an empty name),
 * GM_ENOINPUT, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline), GM_EOS.
 */
int gm_names_from_file(
    struct gm_names *, const char *path, struct gm_err *) GM_MUST_CHECK;

/* Harmless when zero. */
void gm_names_release(struct gm_names *);

#endif
