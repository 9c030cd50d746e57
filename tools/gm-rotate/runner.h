#ifndef GM_ROTATE_RUNNER_H
#define GM_ROTATE_RUNNER_H

/*
 * Become another program, which finds one key where programs for the service
 * look for it, and no list of keys.
 *
 * Source: execvp(3); POSIX's env(1) for what a failure means.
 */

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "config/vendor.h"

/* The variables that hold the key: those of the service, and more. */
struct gm_runner {
	enum gm_vendor vendor;
	struct gm_span key;
	const char *const *names; /* checked by gm_runner_check() */
	size_t len;
};

/*
 * May a variable of that name hold a key?  Returns 0, or -1 with GM_EUSAGE: it
 * is no name, or a setting of ours, which would be misread.
 */
int gm_runner_check(const char *name, struct gm_err *) GM_MUST_CHECK;

/*
 * argv ends in NULL; its first word is looked up in PATH.  Returns only on
 * failure, -1: GM_ENOCOMMAND, GM_ENOEXEC, GM_EOS.
 */
int gm_runner_exec(
    char **argv, const struct gm_runner *, struct gm_err *) GM_MUST_CHECK;

#endif
