#ifndef GM_BASE_DIR_H
#define GM_BASE_DIR_H

/*
 * Directories of our own, for what outlives a run.
 */

#include "base/base.h"
#include "base/err.h"

/*
 * Make a directory, and those above it, as far as they are not there; what is
 * made gets mode 0700.  Returns 0, also if it was there, or -1:
 * GM_ECANTCREAT, GM_EOS.
 */
int gm_dir_make(const char *path, struct gm_err *) GM_MUST_CHECK;

#endif
