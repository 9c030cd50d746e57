#ifndef GM_BASE_NUM_H
#define GM_BASE_NUM_H

/*
 * Parse numbers strictly: whole numbers, decimals, durations, HTTP's
 * Retry-After.  The whole text must be a number within the range.  The decimal
 * separator is always a point, as no tool calls setlocale(3).  On failure: -1,
 * GM_EUSAGE, and a message with the range, "not a whole number from 1 to 64",
 * to which the caller adds the option's name.  Messages never repeat the text,
 * as users type keys where a number belongs.
 *
 * Source: RFC 9110 10.2.3 (Retry-After), RFC 8259 (decimals).  No I/O; the
 * time comes in as an argument.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

int gm_num_whole(int64_t *out, const char *text, int64_t min, int64_t max,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append a decimal such as 0.7, .7 or 1e-2, of at most 64 bytes, to *out as
 * JSON writes it.  Infinity and NaN are errors.  Messages show min and max with
 * up to three digits after the point.  Also GM_EOS and GM_EDATA, from *out.
 */
int gm_num_decimal(struct gm_buf *out, const char *text, double min, double max,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Convert "250ms", "1.5", "90s", "5m", "1h" or "16h30m12.5s" to milliseconds,
 * rounded up.  Units go from large to small, each once; only the last number
 * may have a fraction.  A bare number is in units of bare_ms (1000: seconds; 1:
 * milliseconds).
 */
int gm_num_duration(int64_t *ms, const char *text, int64_t bare_ms,
    int64_t max_ms, struct gm_err *) GM_MUST_CHECK;

/*
 * Convert seconds, which may have a fraction, to milliseconds, rounded up and
 * limited to max_ms.  -1 if text is anything else.
 */
int64_t gm_num_seconds(const char *text, int64_t max_ms);

#endif
