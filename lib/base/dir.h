#ifndef GM_BASE_DIR_H
#define GM_BASE_DIR_H

/*
 * Directories for files that outlive a run: state and cache.
 */

#include "base/base.h"
#include "base/err.h"

/*
 * Make a directory and those above it, unless they exist; new ones get mode
 * 0700.  Returns 0, also if it existed, or -1: GM_ECANTCREAT, GM_EOS.
 */
int gm_dir_make(const char *path, struct gm_err *) GM_MUST_CHECK;

#endif
