#ifndef GM_MODELS_PROBE_H
#define GM_MODELS_PROBE_H

/*
 * Which models really answer: a service goes on listing dead ones.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/service.h"
#include "cli/log.h"
#include "provider/models.h"

/*
 * Ask each model to count tokens, which is free, and note its class.  Returns
 * how many answer, or -1: GM_ESIGNAL, the deadline, GM_EOS, no key; or what all
 * of them failed with, if that is no fault of theirs: key, quota, network,
 * service.
 */
int gm_probe_models(const struct gm_service *, const struct gm_log *,
    struct gm_models *, struct gm_err *) GM_MUST_CHECK;

#endif
