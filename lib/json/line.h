#ifndef GM_JSON_LINE_H
#define GM_JSON_LINE_H

/*
 * A short string of a document, such as a model name or a reason, as one line
 * without control characters, in a buffer of fixed size.  No I/O.
 */

#include "base/base.h"
#include "base/err.h"
#include "json/read.h"

/*
 * Copy a string into out.  A string that does not fit is cut between characters
 * and ends in "...", by which gm_secret_mask() recognises a cut.  If the value
 * is not a string, out is unchanged.  Returns 0, or -1: GM_EOS.
 */
int gm_jsonline(const struct gm_json *, int at, char *out, size_t size,
    struct gm_err *) GM_MUST_CHECK;

#endif
