#ifndef GM_PROVIDER_GEMINI_MODEL_H
#define GM_PROVIDER_GEMINI_MODEL_H

/*
 * What is known of Gemini models by their names: parameters that they ignore
 * or reject.
 *
 * Source: the model pages of Gemini 4 and its migration guides, November 2026.
 * No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "provider/provider.h"

/*
 * Append what the model, named without "models/", will ignore or reject of a
 * request, a line each, separated by newlines; nothing if all is well, or if
 * the model is not known.
 */
void gm_gemini_model_caution(
    const char *model, const struct gm_request *, struct gm_buf *out);

/*
 * Does the model, named without "models/", take "low" as a level of thinking?
 * Those from Gemini 3 on do, and what "latest" stands for; of others it is not
 * known.
 */
bool gm_gemini_model_takes_low(const char *model);

#endif
