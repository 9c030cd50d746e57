#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)

/* The years 0 to 9999, as RFC 3339 has four digits. */
#define FIRST_MS (INT64_C(-62167219200) * SECOND_MS)
#define LAST_MS (INT64_C(253402300800) * SECOND_MS - 1)

static int64_t
read_clock(clockid_t id)
{
	struct timespec now = { 0 };

	/* clock_gettime() cannot fail for these two clocks. */
	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

int64_t
gm_clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
gm_clock_mono_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
gm_clock_latest_ms(int64_t deadline_ms)
{
	if (deadline_ms == 0)
		return INT64_MAX;
	return gm_clock_wall_ms() + deadline_ms - gm_clock_mono_ms();
}

static int64_t
clamp(int64_t ms)
{
	if (ms < FIRST_MS)
		return FIRST_MS;
	return ms > LAST_MS ? LAST_MS : ms;
}

static int64_t
floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* Split into a UTC date and time; cannot fail, as ms is clamped. */
static struct tm
split(int64_t ms)
{
	time_t seconds = (time_t)floor_div(clamp(ms), SECOND_MS);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	return tm;
}

static void
format(char out[GM_CLOCK_TEXT], int64_t wall_ms, const char *ms)
{
	struct tm tm = split(wall_ms);
	char text[80]; /* for all that the compiler deems possible */

	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%.4sZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, ms);
	memcpy(out, text, GM_CLOCK_TEXT);
}

void
gm_clock_format(char out[GM_CLOCK_TEXT], int64_t wall_ms)
{
	format(out, clamp(wall_ms) + SECOND_MS - 1, "");
}

void
gm_clock_format_ms(char out[GM_CLOCK_TEXT], int64_t wall_ms)
{
	int64_t ms = clamp(wall_ms);
	char rest[16];

	(void)snprintf(rest, sizeof(rest), ".%03d",
	    (int)(ms - floor_div(ms, SECOND_MS) * SECOND_MS));
	format(out, ms, rest);
}

/* "38 s", "14 min", "9 h 14 min", "3 d 4 h": two units at most. */
static void
format_span(char *out, size_t size, int64_t ms)
{
	int64_t seconds = (ms + SECOND_MS - 1) / SECOND_MS;
	long long minutes = (long long)(seconds + 59) / 60;

	if (seconds <= 0)
		(void)snprintf(out, size, "now");
	else if (seconds < 120)
		(void)snprintf(out, size, "%lld s", (long long)seconds);
	else if (minutes < 120)
		(void)snprintf(out, size, "%lld min", minutes);
	else if (minutes < 48LL * 60)
		(void)snprintf(
		    out, size, "%lld h %lld min", minutes / 60, minutes % 60);
	else
		(void)snprintf(out, size, "%lld d %lld h", minutes / (24 * 60),
		    minutes / 60 % 24);
}

void
gm_clock_until(char out[GM_CLOCK_UNTIL], int64_t wall_ms, int64_t now_ms)
{
	char at[GM_CLOCK_TEXT], span[36];
	const char *shown = at;
	int64_t end_ms = clamp(wall_ms), from_ms = clamp(now_ms);

	gm_clock_format(at, end_ms);
	if (floor_div(end_ms + SECOND_MS - 1, DAY_MS) ==
	    floor_div(from_ms, DAY_MS))
		shown = strchr(at, 'T') + 1; /* today: the time alone */
	format_span(span, sizeof(span), end_ms - from_ms);
	(void)snprintf(out, GM_CLOCK_UNTIL, "%s (%s)", shown, span);
}

/* Days since 1970.  timegm(3) is too slow for a table of many times. */
static int64_t
days(int year, int month, int day)
{
	/* Count years from March, so that a leap day is their last. */
	int64_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	return 365 * y + floor_div(y, 4) - floor_div(y, 100) +
	       floor_div(y, 400) + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* The value of n digits, which the caller has checked. */
static int
number(const char *text, int n)
{
	int value = 0;

	while (n-- > 0)
		value = value * 10 + *text++ - '0';
	return value;
}

static bool
is_date(int year, int month, int day)
{
	bool last = month == 12;

	return month >= 1 && month <= 12 && day >= 1 &&
	       days(year, month, day) <
	           days(last ? year + 1 : year, last ? 1 : month + 1, 1);
}

bool
gm_clock_parse(int64_t *wall_ms, const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	int year, month, day, hour, minute, second;
	size_t i;

	for (i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9'
				   : text[i] != form[i])
			return false;
	year = number(text, 4);
	month = number(text + 5, 2);
	day = number(text + 8, 2);
	hour = number(text + 11, 2);
	minute = number(text + 14, 2);
	second = number(text + 17, 2);
	if (!is_date(year, month, day) || hour > 23 || minute > 59 ||
	    second > 59)
		return false;
	*wall_ms = days(year, month, day) * DAY_MS + hour * HOUR_MS +
	           (minute * 60 + second) * SECOND_MS + number(text + 20, 3);
	return true;
}

/* The nth Sunday of a month, in days since 1970. */
static int64_t
nth_sunday(int year, int month, int n)
{
	struct tm tm = { .tm_year = year, .tm_mon = month, .tm_mday = 1 };
	int64_t first = floor_div((int64_t)timegm(&tm), DAY_MS / SECOND_MS);

	return first + (7 - tm.tm_wday) % 7 + 7 * (n - 1);
}

/*
 * The time at which a day, counted since 1970, begins in Los Angeles.  Clocks
 * change at two o'clock, so midnight of that day still has the old offset.
 */
static int64_t
pacific_midnight(int64_t day)
{
	struct tm tm = split(day * DAY_MS);
	bool summer = day > nth_sunday(tm.tm_year, 2, 2) &&
	              day <= nth_sunday(tm.tm_year, 10, 1);

	return day * DAY_MS + (summer ? 7 : 8) * HOUR_MS;
}

int64_t
gm_clock_pacific_midnight(int64_t wall_ms)
{
	int64_t now = clamp(wall_ms);
	int64_t day = floor_div(now, DAY_MS);

	while (pacific_midnight(day) <= now)
		day++;
	return pacific_midnight(day);
}
