#ifndef GM_BASE_CLOCK_H
#define GM_BASE_CLOCK_H

/*
 * Time in milliseconds: the wall clock for what is stored and shown, the
 * monotonic clock for waits.  The functions that reckon take the time as an
 * argument; what lies outside the years 0 to 9999 is taken as their edge.
 *
 * Source: RFC 3339; United States daylight saving as of 2007 (second Sunday in March 10:00 UTC to first Sunday in November
 * 09:00 UTC), reckoned without tzdata, which a small machine may lack.
 */

#include <stdbool.h>

#include "base/base.h"

#define GM_CLOCK_TEXT sizeof("2026-11-22T10:00:00.123Z")

int64_t gm_clock_wall_ms(void);
int64_t gm_clock_mono_ms(void);

/*
 * A deadline on the monotonic clock as the wall clock has it now; 0: there is
 * none, which gives the end of all time.
 */
int64_t gm_clock_latest_ms(int64_t deadline_ms);

/* "2026-11-22T10:00:00Z": UTC, whole seconds, rounded up. */
void gm_clock_format(char out[GM_CLOCK_TEXT], int64_t wall_ms);

/* Room for an end with its distance. */
#define GM_CLOCK_UNTIL (GM_CLOCK_TEXT + 40)

/*
 * For messages, with both times rounded up to seconds: "10:00:38Z (38 s)" if
 * that is on the same UTC day as now_ms, else "2026-11-23T08:00:00Z (9 h 14
 * min)".  A time that is past is "(now)".
 */
void gm_clock_until(char out[GM_CLOCK_UNTIL], int64_t wall_ms, int64_t now_ms);

/* "2026-11-22T10:00:00.123Z": UTC with milliseconds. */
void gm_clock_format_ms(char out[GM_CLOCK_TEXT], int64_t wall_ms);

/* Of exactly that last form, with a date that exists; else false. */
bool gm_clock_parse(int64_t *wall_ms, const char *text);

/* The first midnight in Los Angeles after wall_ms: daily quotas end there. */
int64_t gm_clock_pacific_midnight(int64_t wall_ms);

#endif
