#ifndef GM_CALL_WINDOW_H
#define GM_CALL_WINDOW_H

/*
 * Check that a prompt fits the context window of a model.  The cached lists of
 * models have the windows, if they are not older than a day; nothing is sent.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/call.h"

/* Estimates below are not checked, so that a small prompt opens no file. */
#define GM_WINDOW_MIN 16384

/*
 * Check that one of the models, also of the fallback services, can take the
 * request.  It can if a window or the number of tokens is not known, or if the
 * estimate less its margin fits.  Only requests for an answer are checked.
 * Returns 0, or -1 with GM_EDATA and the result's class, provider and model.
 */
int gm_window_check(const struct gm_call_args *, struct gm_err *) GM_MUST_CHECK;

#endif
