#ifndef GM_PROVIDER_GEMINI_RESPONSE_H
#define GM_PROVIDER_GEMINI_RESPONSE_H

/*
 * The documents of the Gemini API's responses: events of a stream, whole
 * answers, token counts, pages of the list of models.
 *
 * Source: GenerateContentResponse and CountTokensResponse of
 * google/ai/generativelanguage/v1beta/generative_service.proto, and
 * ListModelsResponse of its model_service.proto, as JSON.  Only
 * the candidate with index 0 is read, as no more are asked for; parts that are
 * no text are given as they are.  Of what comes repeatedly, the last counts.
 * No I/O.
 */

#include "base/base.h"
#include "provider/provider.h"

/*
 * Take the document at a place of the JSON: text goes to the sink, the rest
 * into the answer.  The text of a page of models is the document as it stands;
 * pages may come in an array.
 * Returns 0, or -1: the sink's error, GM_EOS, or GM_EPROTOCOL (no such page).
 */
int gm_gemini_read(const struct gm_json *, int at, enum gm_operation,
    struct gm_answer *, const struct gm_sink *, struct gm_err *) GM_MUST_CHECK;

#endif
