#ifndef GM_ROTATE_RUNNER_H
#define GM_ROTATE_RUNNER_H

/*
 * Run another program in place of this one, with one key in the variables that
 * programs for the service read, and without the list of keys.
 *
 * Source: execvp(3); POSIX's env(1) for what a failure means.
 */

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "config/vendor.h"

/* The key, and variables for it besides those of the service. */
struct gm_runner {
	enum gm_vendor vendor;
	struct gm_span key;
	const char *const *names; /* checked by gm_runner_check() */
	size_t len;
};

/*
 * Return 0 if a variable of that name may hold a key, else -1 with GM_EUSAGE:
 * it is no name, or a setting of the tools that is no single key.
 */
int gm_runner_check(const char *name, struct gm_err *) GM_MUST_CHECK;

/*
 * Execute argv, which ends in NULL and is looked up in PATH.  Returns only on
 * failure, -1: GM_ENOCOMMAND, GM_ENOEXEC, GM_EOS.
 */

int gm_runner_exec(
    char **argv, const struct gm_runner *, struct gm_err *) GM_MUST_CHECK;

#endif
