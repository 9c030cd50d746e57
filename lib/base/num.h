#ifndef GM_BASE_NUM_H
#define GM_BASE_NUM_H

/*
 * Strict numbers from text: whole, decimal, durations, HTTP's
 * Retry-After.  All of the text must be used, and the range is checked.  The
 * decimal point is a point, as no tool calls setlocale(3).  On failure: -1,
 * GM_EUSAGE, and a message that says what the text is not and the range: "not a
 * whole number from 1 to 64".  The caller puts the option's name in front.  The
 * text is not repeated: people type a key where a number belongs.
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
 * A decimal such as 0.7, .7 or 1e-2, of at most 64 bytes, appended to *out in
 * JSON's form; never infinite, never NaN.  Messages show min and max with at
 * most three digits after the point.  Also GM_EOS and GM_EDATA, from *out.
 */
int gm_num_decimal(struct gm_buf *out, const char *text, double min, double max,
    struct gm_err *) GM_MUST_CHECK;

/*
 * "250ms", "1.5", "90s", "5m", "1h", "16h30m12.5s" to milliseconds, rounded
 * up: units from large to small, each once, a fraction in the last number
 * only.  A bare number counts in bare_ms (1000: seconds; 1: milliseconds).
 */
int gm_num_duration(int64_t *ms, const char *text, int64_t bare_ms,
    int64_t max_ms, struct gm_err *) GM_MUST_CHECK;

/*
 * Seconds, also with a fraction, as milliseconds, rounded up and at most max_ms;
 * -1 if text is anything else.
 */
int64_t gm_num_seconds(const char *text, int64_t max_ms);

#endif
