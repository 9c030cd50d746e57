#ifndef GM_KEYCHECK_CHECK_H
#define GM_KEYCHECK_CHECK_H

/*
 * Check keys: send requests with each key, many at once, even if the key is
 * cooling down or was rejected before.  The results go into the key state, for
 * all processes.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/services.h"
#include "cli/cli.h"
#include "gm-keycheck/health.h"

/* Requests that are sent; each level adds one, for keys that passed so far. */
enum gm_keycheck_level {
	GM_KEYCHECK_LIST,    /* list one model; free */
	GM_KEYCHECK_COUNT,   /* count the tokens of a word; free */
	GM_KEYCHECK_GENERATE /* generate one token; costs quota */
};

/*
 * Fill in the health of len keys, whose provider, service and index are set,
 * sorted by service.  The services are connected.  A level that a service does
 * not support is skipped, with a note.  Returns 0, or -1: GM_ESIGNAL, GM_EOS,
 * GM_EDATA.  An exceeded deadline is no error: the keys without a response are
 * unknown.
 */

int gm_keycheck_run(const struct gm_services *, const struct gm_common *,
    enum gm_keycheck_level, struct gm_health *, size_t len,
    struct gm_err *) GM_MUST_CHECK;

#endif
