#ifndef GM_RUNNER_H
#define GM_RUNNER_H

/*
 * Become another program, which finds one key where programs for the service
 * look for it, and no list of keys.
 *
 * Source: execvp(3); POSIX's env(1) for what a failure means.
 */

#include "base.h"
#include "err.h"
#include "span.h"
#include "vendor.h"

/*
 * argv ends in NULL; its first word is looked up in PATH.  Returns only on
 * failure, -1: GM_ENOCOMMAND, GM_ENOEXEC, GM_EOS.
 */
int gm_runner_exec(char **argv, enum gm_vendor, struct gm_span key,
    struct gm_err *) GM_MUST_CHECK;

#endif
