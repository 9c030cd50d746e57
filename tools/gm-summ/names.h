#ifndef GM_SUMM_NAMES_H
#define GM_SUMM_NAMES_H

/*
 * The names of the input files: operands, or a list (--files0-from).
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

struct gm_names {
	const char **items; /* owned; NULL means standard input */
	size_t len;
	struct gm_buf list; /* of --files0-from; the items point into it */
};

/*
 * Take the operands; none means standard input.  literal: how many of them
 * followed a "--", where "-" is a file name.  Returns 0, or -1: GM_EOS.
 */
int gm_names_from_operands(struct gm_names *, int argc, char **argv,
    int literal, struct gm_err *) GM_MUST_CHECK;

/*
 * Read the names from a file, "-": from standard input.  NUL ends each name;
 * the last one may lack it.  The list may be empty.  Returns 0, or -1: GM_EDATA
 * (an empty name), GM_ENOINPUT, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline),
 * GM_EOS.
 */
int gm_names_from_file(
    struct gm_names *, const char *path, struct gm_err *) GM_MUST_CHECK;

/* Harmless when zero. */
void gm_names_release(struct gm_names *);

#endif
