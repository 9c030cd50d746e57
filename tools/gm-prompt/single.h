#ifndef GM_PROMPT_SINGLE_H
#define GM_PROMPT_SINGLE_H

/*
 * A run with one prompt: makes the request from operands, files and standard
 * input, sends it and delivers the answer.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/services.h"
#include "gm-prompt/options.h"

/*
 * opened and *err are the result of opening the services: with --json such a
 * failure is printed as an object, too.  Returns 0 if the whole answer was
 * delivered, or -1.
 */
int gm_single_run(struct gm_prompt_options *, struct gm_services *, int opened,
    int argc, char **argv, struct gm_err *) GM_MUST_CHECK;

#endif
