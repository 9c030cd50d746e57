#ifndef GM_JSON_LINE_H
#define GM_JSON_LINE_H

/*
 * A string of a document that names something, such as a reason or a model, as
 * one clean line of a fixed size.  No I/O.
 */

#include "base/base.h"
#include "base/err.h"
#include "json/read.h"

/*
 * Copy it into out, cut between characters to fit; "..." marks a cut, so that
 * masks know that there was one.  What is no string leaves out as it is.
 * Returns 0, or -1: GM_EOS.
 */
int gm_jsonline(const struct gm_json *, int at, char *out, size_t size,
    struct gm_err *) GM_MUST_CHECK;

#endif
