#ifndef GM_PROVIDER_GEMINI_ERR_H
#define GM_PROVIDER_GEMINI_ERR_H

/*
 * What an error of the Gemini API means: its class, how long to wait, what
 * helps.  Reasons and quota names decide first, words last.
 *
 * Source: google.rpc.Status with ErrorInfo, QuotaFailure, RetryInfo and
 * BadRequest (google/rpc/error_details.proto), google.api.ErrorReason, and
 * the messages that the service is known to send.  Bodies may be wrapped in
 * an array, nested as text in a message, HTML, text, or empty.  No I/O.
 */

#include "base/base.h"
#include "base/span.h"
#include "provider/provider.h"

/*
 * Fill *fault.  http: the response's status; 200 for an error inside a stream,
 * where the body's code counts.  model: the one that was asked for.
 */
void gm_gemini_classify(
    const char *model, long http, struct gm_span body, struct gm_fault *);

#endif
