#ifndef GM_JSON_CHECK_H
#define GM_JSON_CHECK_H

/*
 * Is a text JSON?  The whole grammar in one pass, without recursion and
 * without memory, before anything else looks at the text.
 *
 * Source: RFC 8259, and nothing beyond it: one value with white space around
 * it, well-formed UTF-8, no byte order mark, no NUL.  Escapes of lone
 * surrogates and names that occur twice are within the grammar.  No I/O.
 */

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"

#define GM_JSON_DEPTH 128      /* objects and arrays open at once */
#define GM_JSON_TOKENS 1000000 /* values and names, each counts as one */

/*
 * 0 and the number of values and names in *tokens; else -1, GM_EPROTOCOL, and
 * a message that says what is wrong and at which byte, counted from 0, and
 * never repeats the text.  Text of INT_MAX bytes or more is refused.
 */
int gm_jsoncheck(
    struct gm_span text, size_t *tokens, struct gm_err *) GM_MUST_CHECK;

#endif
