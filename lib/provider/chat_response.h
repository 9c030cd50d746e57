#ifndef GM_PROVIDER_CHAT_RESPONSE_H
#define GM_PROVIDER_CHAT_RESPONSE_H

/*
 * Reader for documents of chat completions: events of a stream, whole answers,
 * lists of models.
 *
 * Source: https://platform.openai.com/docs/api-reference/chat/streaming,
 * https://docs.mistral.ai/api (content in chunks), llama.cpp's
 * "reasoning_content" and Ollama's "reasoning".  Only choice 0 is read.  think.h
 * separates thoughts that a model writes into its text.  No I/O.
 */

#include "base/base.h"
#include "provider/provider.h"

/*
 * Read the document at this place of the JSON: text goes to the sink, the rest to
 * the answer.  A list of models becomes a page in the form that models.h reads.
 * Returns 0, or -1: the sink's error, GM_EOS, or GM_EPROTOCOL (neither an answer
 * nor a list).
 */
int gm_chat_read(const struct gm_json *, int at, enum gm_operation,
    struct gm_answer *, const struct gm_sink *, struct gm_err *) GM_MUST_CHECK;

#endif
