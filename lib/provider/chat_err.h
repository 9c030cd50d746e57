#ifndef GM_PROVIDER_CHAT_ERR_H
#define GM_PROVIDER_CHAT_ERR_H

/*
 * What an error of a chat completions API means.  Codes and types decide
 * first, the status next, words where there is nothing else.
 *
 * Source: https://platform.openai.com/docs/guides/error-codes, the errors that
 * Mistral's API, llama.cpp's server and Ollama are known to send.  No I/O.
 */

#include "base/base.h"
#include "base/span.h"
#include "fault.h"

/*
 * Fill *fault.  http: the response's status; 200 for an error inside a stream,
 * where the body's code counts, or its type.
 */
void gm_chat_classify(long http, struct gm_span body, struct gm_fault *);

#endif
