#ifndef GM_JSON_VALUE_H
#define GM_JSON_VALUE_H

/*
 * Decode JSON strings and numbers of a text that was checked.  For json/read.h,
 * whose users do not need it.
 *
 * Source: RFC 8259, sections 6 and 7.  No floating point, no I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * Append a decoded string, given without its quotes; lone surrogates and U+0000
 * become U+FFFD.
 */
void gm_jsonval_string(struct gm_span string, struct gm_buf *out);

/*
 * Append a decoded string that continues another one, when a surrogate pair may
 * be split between them.  *half is the high surrogate at the end of the string
 * before, and is set to that at the end of this one; 0: none.
 */
void gm_jsonval_join(struct gm_span string, uint32_t *half, struct gm_buf *out);

/* True if a string, given without its quotes, is text when decoded. */
bool gm_jsonval_is(struct gm_span string, struct gm_span text);

/* Convert a number; false if it is not whole, or does not fit. */
bool gm_jsonval_whole(struct gm_span number, int64_t *value);

/* Convert a string of digits, with an optional minus; false as above. */
bool gm_jsonval_digits(struct gm_span string, int64_t *value);

#endif
