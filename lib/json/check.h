#ifndef GM_JSON_CHECK_H
#define GM_JSON_CHECK_H

/*
 * Check that a text is JSON: the whole grammar in one pass, without recursion
 * and without allocating memory, before any other code reads the text.
 *
 * Source: RFC 8259, and nothing beyond it: one value with white space around
 * it, well-formed UTF-8, no byte order mark, no NUL.  Escapes of lone
 * surrogates and names that occur twice are within the grammar.  No I/O.
 */

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"

#define GM_JSON_DEPTH 128      /* objects and arrays open at once */
#define GM_JSON_TOKENS 1000000 /* values and names together */

/*
 * Returns 0 and the number of values and names in *tokens; or -1, GM_EPROTOCOL,
 * for text that is not JSON or has INT_MAX bytes or more.  The message has the
 * reason and the offset in bytes, from 0, and never repeats the text.
 */
int gm_jsoncheck(
    struct gm_span text, size_t *tokens, struct gm_err *) GM_MUST_CHECK;

#endif
