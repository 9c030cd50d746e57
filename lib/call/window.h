#ifndef GM_CALL_WINDOW_H
#define GM_CALL_WINDOW_H

/*
 * Does a prompt fit the context window of a model?  Windows are known from the
 * lists of models in the cache, if they are not older than a day; nothing is
 * sent.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/call.h"

/* Estimates below are not checked, so that a small prompt opens no file. */
#define GM_WINDOW_MIN 16384

/*
 * Check that a model that may be asked can take the request: one of its own
 * or, behind them, of the services to fall back to.  If a window or the number
 * of tokens is not known it can, and also if the estimate less its margin fits.
 * Only a request that asks for an answer is checked.  Returns 0, or -1 with
 * GM_EDATA and the result's class, provider and model.
 */
int gm_window_check(const struct gm_call_args *, struct gm_err *) GM_MUST_CHECK;

#endif
