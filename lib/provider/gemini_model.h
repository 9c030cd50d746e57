#ifndef GM_PROVIDER_GEMINI_MODEL_H
#define GM_PROVIDER_GEMINI_MODEL_H

/*
 * Traits of Gemini models by their names: parameters that they ignore or reject.
 *
 * Source: the model pages of Gemini 4 and its migration guides, November 2026.
 * No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "provider/provider.h"

/*
 * Append lines about parts of the request that the model, named without "models/",
 * will ignore or reject, separated by newlines; nothing for an unknown model.
 */
void gm_gemini_model_caution(
    const char *model, const struct gm_request *, struct gm_buf *out);

/*
 * Return true if the model, named without "models/", is known to have the thinking
 * level "low": all from Gemini 3 on, and those of names that end in "-latest".
 */
bool gm_gemini_model_takes_low(const char *model);

#endif
