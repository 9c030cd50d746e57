#ifndef GM_CLI_COMPLETE_H
#define GM_CLI_COMPLETE_H

/*
 * The text that --completion prints: the script for a shell, or the models or
 * keys that a script asks for.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/completion.h"
#include "cli/offer.h"

/* The i-th shell that has a script; NULL at the end. */
const char *gm_complete_shell(size_t i);

/*
 * Append the script of a shell, or the list of "models" or "keys", which takes
 * at most 3 s and is empty if it cannot be made.  Returns 0, or -1: GM_EUSAGE
 * (what is none of these), GM_EOS.
 */
int gm_complete_write(const char *what, const struct gm_completion *,
    const struct gm_offer *, struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

#endif
