#ifndef GM_PROVIDER_CHAT_ERR_H
#define GM_PROVIDER_CHAT_ERR_H

/*
 * Errors of chat completions servers.  Codes and types decide first, then the
 * status, then words.
 *
 * Source: https://platform.openai.com/docs/guides/error-codes, and the errors that
 * Mistral's API, llama.cpp's server and Ollama are known to send.  No I/O.
 */

#include "base/base.h"
#include "base/span.h"
#include "fault.h"

/*
 * Fill *fault.  http: the status of the response; with 200, for an error inside a
 * stream, the code or the type in the body counts.
 */
void gm_chat_classify(long http, struct gm_span body, struct gm_fault *);

#endif
