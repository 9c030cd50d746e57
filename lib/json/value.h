#ifndef GM_JSON_VALUE_H
#define GM_JSON_VALUE_H

/*
 * What the bytes of a JSON string or number stand for.  Below json/read.h, whose
 * users need not know it: the bytes are of a text that was checked.
 *
 * Source: RFC 8259, sections 6 and 7.  No floating point, no I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * Append a string, given without its quotes; lone surrogates and U+0000 become
 * U+FFFD.
 */
void gm_jsonval_string(struct gm_span string, struct gm_buf *out);

/*
 * Append a string that goes on from another one: a surrogate pair may have one
 * half in each. *half is the first half that the string before has left, and
 * becomes the one that this string leaves; 0: none.
 */
void gm_jsonval_join(struct gm_span string, uint32_t *half, struct gm_buf *out);

/* Does a string, given without its quotes, stand for text? */
bool gm_jsonval_is(struct gm_span string, struct gm_span text);

/* The value of a number; false if it is not whole, or does not fit. */
bool gm_jsonval_whole(struct gm_span number, int64_t *value);

/* The same of a string, which must be digits, perhaps with a minus. */
bool gm_jsonval_digits(struct gm_span string, int64_t *value);

#endif
