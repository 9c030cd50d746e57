#ifndef GM_BASE_CLOCK_H
#define GM_BASE_CLOCK_H

/*
 * Time in milliseconds: the wall clock for times that are stored or shown, the
 * monotonic clock for waits.  Functions that calculate take the time as an
 * argument and limit it to the years 0 to 9999.
 *
 * Source: RFC 3339; United States daylight saving time as of 2007 (second
 * Sunday in March 10:00 UTC to first Sunday in November 09:00 UTC), calculated
 * here, as a small machine may lack tzdata.
 */

#include <stdbool.h>

#include "base/base.h"

#define GM_CLOCK_TEXT sizeof("2026-11-22T10:00:00.123Z")

int64_t gm_clock_wall_ms(void);
int64_t gm_clock_mono_ms(void);

/*
 * Convert a deadline on the monotonic clock to the wall clock; INT64_MAX for 0,
 * no deadline.
 */
int64_t gm_clock_latest_ms(int64_t deadline_ms);

/* Write "2026-11-22T10:00:00Z": UTC, rounded up to seconds. */
void gm_clock_format(char out[GM_CLOCK_TEXT], int64_t wall_ms);

/* Room for gm_clock_until(). */
#define GM_CLOCK_UNTIL (GM_CLOCK_TEXT + 40)

/*
 * For messages, with both times rounded up to seconds: "10:00:38Z (38 s)" if
 * that is on the same UTC day as now_ms, else "2026-11-23T08:00:00Z (9 h 14
 * min)".  A time that is past is "(now)".
 */
void gm_clock_until(char out[GM_CLOCK_UNTIL], int64_t wall_ms, int64_t now_ms);

/* Write "2026-11-22T10:00:00.123Z": UTC with milliseconds. */
void gm_clock_format_ms(char out[GM_CLOCK_TEXT], int64_t wall_ms);

/*
 * Parse the form of gm_clock_format_ms(); false for any other, or a bad date.
 */
bool gm_clock_parse(int64_t *wall_ms, const char *text);

/* The next midnight in Los Angeles after wall_ms, when daily quotas reset. */
int64_t gm_clock_pacific_midnight(int64_t wall_ms);

#endif
