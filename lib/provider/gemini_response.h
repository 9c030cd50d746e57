#ifndef GM_PROVIDER_GEMINI_RESPONSE_H
#define GM_PROVIDER_GEMINI_RESPONSE_H

/*
 * Reader for documents of the Gemini API: events of a stream, whole answers, token
 * counts, pages of the list of models.
 *
 * Source: GenerateContentResponse and CountTokensResponse of
 * google/ai/generativelanguage/v1beta/generative_service.proto, and
 * ListModelsResponse of its model_service.proto, as JSON.  Only
 * candidate 0 is read, as only one is requested; parts that are not text are
 * passed on unchanged.  Of repeated members the last counts.  No I/O.
 */

#include "base/base.h"
#include "provider/provider.h"

/*
 * Read the document at this place of the JSON: text goes to the sink, the rest to
 * the answer.  The text of a page of models is the document itself; pages may come
 * in an array.  Returns 0, or -1: the sink's error, GM_EOS, or GM_EPROTOCOL (not a
 * page).
 */
int gm_gemini_read(const struct gm_json *, int at, enum gm_operation,
    struct gm_answer *, const struct gm_sink *, struct gm_err *) GM_MUST_CHECK;

#endif
