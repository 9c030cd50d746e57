#ifndef GM_PROVIDER_GEMINI_ERR_H
#define GM_PROVIDER_GEMINI_ERR_H

/*
 * Errors of the Gemini API: class, requested wait, advice.  Reasons and quota names
 * decide first, words last.
 *
 * Source: google.rpc.Status with ErrorInfo, QuotaFailure, RetryInfo and
 * BadRequest (google/rpc/error_details.proto), google.api.ErrorReason, and
 * the messages that the service is known to send.  Body: see errbody.h.  No I/O.
 */

#include "base/base.h"
#include "base/span.h"
#include "provider/provider.h"

/*
 * Fill *fault.  http: the status of the response; with 200, for an error inside a
 * stream, the code in the body counts.  model: the requested one.
 */
void gm_gemini_classify(
    const char *model, long http, struct gm_span body, struct gm_fault *);

#endif
