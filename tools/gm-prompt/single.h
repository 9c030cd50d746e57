#ifndef GM_PROMPT_SINGLE_H
#define GM_PROMPT_SINGLE_H

/*
 * One prompt: its text from operands, files and standard input, one request,
 * and the way of the answer to the output.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/services.h"
#include "gm-prompt/options.h"

/*
 * opened and *err are what came of opening the services: a failure is output,
 * too, with --json.  Returns 0 if the whole answer was delivered, else -1.
 */
int gm_single_run(struct gm_prompt_options *, struct gm_services *, int opened,
    int argc, char **argv, struct gm_err *) GM_MUST_CHECK;

#endif
