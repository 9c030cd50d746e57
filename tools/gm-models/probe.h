#ifndef GM_MODELS_PROBE_H
#define GM_MODELS_PROBE_H

/*
 * Find out which models answer: services also list models that were shut down.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/service.h"
#include "cli/log.h"
#include "provider/models.h"

/*
 * Count tokens with each model, which is free, and set its class and HTTP
 * status.  Returns the number of models that answer, or -1: GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline), GM_EOS, no key; or the failure of all models,
 * if it is the same for all and not the model's (key, quota, network, service).
 */

int gm_probe_models(const struct gm_service *, const struct gm_log *,
    struct gm_models *, struct gm_err *) GM_MUST_CHECK;

#endif
