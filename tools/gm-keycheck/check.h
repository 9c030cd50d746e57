#ifndef GM_KEYCHECK_CHECK_H
#define GM_KEYCHECK_CHECK_H

/*
 * Check keys: each is asked for itself, all at once, whatever is known of them
 * already, and what comes of it is there for all processes.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/services.h"
#include "cli/cli.h"
#include "gm-keycheck/health.h"

/* Each does what those before it do, with the keys that pass. */
enum gm_keycheck_level {
	GM_KEYCHECK_LIST,    /* a list of models, free */
	GM_KEYCHECK_COUNT,   /* the tokens of a word, free */
	GM_KEYCHECK_GENERATE /* an answer of one token, which costs quota */
};

/*
 * Fill len healths, each with its index and service set, those of a service
 * one behind the other.  The services are connected.  What a service has no call
 * for is left out, with a note.
 * Returns 0, or -1: GM_ESIGNAL, GM_EOS, GM_EDATA; a deadline that is over is
 * a health.
 */
int gm_keycheck_run(const struct gm_services *, const struct gm_common *,
    enum gm_keycheck_level, struct gm_health *, size_t len,
    struct gm_err *) GM_MUST_CHECK;

#endif
