#ifndef GM_CLI_PARAMS_H
#define GM_CLI_PARAMS_H

/*
 * The parameters of generation as a user gives them, checked and turned into
 * what a request holds.
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

/* As given; NULL: not given. */
struct gm_params {
	const char *temperature, *top_p, *top_k, *max_tokens, *seed;
	const char *thinking; /* a level, a budget or "off" */
	const char *safety;   /* none, low, medium, high */
	bool members; /* messages name "top_p", as JSON has it, not "--top-p" */
	struct gm_buf texts; /* numbers in JSON's form, for the request */
	char budget[24];     /* the same of a thinking budget */
};

/*
 * Fill the request's fields of what is given, which borrow from params until
 * the next call or gm_params_release(); memory is used again.  A level and a
 * budget of thinking replace each other.  Returns 0, or -1: GM_EUSAGE, naming the
 * option; GM_EOS.
 */
int gm_params_apply(
    struct gm_params *, struct gm_request *, struct gm_err *) GM_MUST_CHECK;

/* The i-th word that such a parameter can be; NULL at the end. */
const char *gm_params_thinking_word(size_t i);
const char *gm_params_safety_word(size_t i);

void gm_params_release(struct gm_params *);

#endif
