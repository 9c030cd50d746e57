#ifndef GM_CLI_PARAMS_H
#define GM_CLI_PARAMS_H

/*
 * The parameters of generation: checks the user's values, and fills a request.
 *
 * Source: https://ai.google.dev/api/generate-content#generationconfig for the
 * ranges.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "provider/provider.h"

/* Stop texts allowed. */
#define GM_PARAMS_STOPS 5

/* The user's values; NULL: not given. */
struct gm_params {
	const char *temperature, *top_p, *top_k, *max_tokens, *seed;
	const char *thinking; /* a level, a budget or "off" */
	const char *safety;   /* none, low, medium, high */
	bool members; /* messages name "top_p", as in JSON, not "--top-p" */
	struct gm_buf texts; /* numbers as JSON, for the request */
	char budget[24];     /* a thinking budget as JSON */
};

/*
 * Fill the request's fields for the given values; they borrow from params until
 * the next call or gm_params_release().  A level and a budget of thinking
 * replace each other.  Returns 0, or -1: GM_EUSAGE, which names the option;
 * GM_EOS.
 */
int gm_params_apply(
    struct gm_params *, struct gm_request *, struct gm_err *) GM_MUST_CHECK;

/* The i-th word that the parameter can be; NULL at the end. */
const char *gm_params_thinking_word(size_t i);
const char *gm_params_safety_word(size_t i);

void gm_params_release(struct gm_params *);

#endif
