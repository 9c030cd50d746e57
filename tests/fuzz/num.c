/*
 * Numbers: the first byte is the kind, the rest the text.  An accepted number is in
 * its range and equals the result of another method; a rejected one gives one
 * short clean line.
 */

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "net/retryafter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DAY_MS INT64_C(86400000)
#define NOW INT64_C(1795341600000)

static void
check_message(const struct gm_err *err)
{
	const char *p;

	assert(err->code == GM_EUSAGE);
	/* The line repeats nothing of the text. */
	assert(strncmp(err->msg, "not a ", 6) == 0);
	assert(strlen(err->msg) < 160);
	for (p = err->msg; *p != '\0'; p++)
		assert(*p >= ' ' && *p <= '~');
}

static void
check_whole(const char *text)
{
	const int64_t bounds[][2] = { { 1, 64 }, { INT64_MIN, INT64_MAX } };
	struct gm_err err;
	int64_t value;
	long long want;
	char *end;
	size_t i;

	errno = 0;
	want = strtoll(text, &end, 10);
	if (*end != '\0' || end == text ||
	    strspn(text, "-0123456789") != strlen(text))
		errno = EINVAL;
	for (i = 0; i < GM_LEN(bounds); i++) {
		bool good =
		    errno == 0 && want >= bounds[i][0] && want <= bounds[i][1];
		int saved = errno;
		int rc = gm_num_whole(
		    &value, text, bounds[i][0], bounds[i][1], &err);

		assert((rc == 0) == good);
		if (rc == 0)
			assert(value == want);
		else
			check_message(&err);
		errno = saved;
	}
}

/* The grammar of JSON numbers. */
static bool
is_json_number(const char *p)
{
	p += *p == '-';
	if (*p == '0')
		p++;
	else if (strspn(p, "0123456789") > 0)
		p += strspn(p, "0123456789");
	else
		return false;
	if (*p == '.') {
		p++;
		if (strspn(p, "0123456789") == 0)
			return false;
		p += strspn(p, "0123456789");
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '-' || *p == '+';
		if (strspn(p, "0123456789") == 0)
			return false;
		p += strspn(p, "0123456789");
	}
	return *p == '\0';
}

static void
check_decimal(const char *text)
{
	double want = strtod(text, NULL), got;
	struct gm_buf out;
	struct gm_err err;

	gm_buf_init(&out, 100);
	if (gm_num_decimal(&out, text, -2, 2, &err) == 0) {
		assert(is_json_number(gm_buf_str(&out)));
		got = strtod(gm_buf_str(&out), NULL);
		assert(fabs(got - want) <= 0 && fabs(got) <= 2);
	} else {
		check_message(&err);
		/* It must be invalid, out of range or too long. */
		assert(!is_json_number(text) || fabs(want) > 1.9999999 ||
		       strlen(text) > 64);
	}
	gm_buf_release(&out);
}

/* One more digit makes a fraction at most 1 ms larger, never smaller. */
static void
check_longer(const char *text, int64_t ms)
{
	const char *unit = text + strcspn(text, "hms"), *p;
	struct gm_buf longer;
	struct gm_err err;
	int64_t more = -1;

	if (strchr(text, '.') == NULL || strlen(text) > 1000)
		return;
	/* The unit after the fraction. */
	for (p = unit; *p != '\0'; p++)
		if (*p == '.')
			unit = p + 1 + strspn(p + 1, "0123456789");
	gm_buf_init(&longer, 2000);
	gm_buf_put(&longer, text, (size_t)(unit - text));
	gm_buf_puts(&longer, "000000000000000000001");
	gm_buf_puts(&longer, unit);
	if (gm_num_duration(
		&more, gm_buf_str(&longer), 1000, INT64_MAX, &err) == 0)
		assert(more == ms || more == ms + 1);
	else
		assert(false);
	gm_buf_release(&longer);
}

/* A single number is rounded up, by less than 1. */
static void
check_rounding(const char *text, int64_t bare_ms, int64_t ms)
{
	const char *unit = text + strspn(text, "0123456789.");
	long double exact = strtold(text, NULL);

	if (strcmp(unit, "h") == 0)
		exact *= 3600000;
	else if (strcmp(unit, "m") == 0)
		exact *= 60000;
	else if (strcmp(unit, "s") == 0)
		exact *= 1000;
	else if (*unit == '\0')
		exact *= (long double)bare_ms;
	else if (strcmp(unit, "ms") != 0)
		return;
	assert((long double)ms > exact - 1e-6L);
	assert((long double)ms < exact + 1 + 1e-6L);
}

static void
check_duration(const char *text, int64_t bare_ms)
{
	int64_t ms = -1, same;
	struct gm_err err;

	if (gm_num_duration(&ms, text, bare_ms, DAY_MS, &err) != 0) {
		check_message(&err);
		return;
	}
	assert(ms >= 0 && ms <= DAY_MS);
	assert(strspn(text, "0123456789.hms") == strlen(text));
	/* Another limit changes only results above it. */
	assert(gm_num_duration(&same, text, bare_ms, ms, &err) == 0);
	assert(same == ms);
	assert(ms == 0 ||
	       gm_num_duration(&same, text, bare_ms, ms - 1, &err) == -1);
	check_rounding(text, bare_ms, ms);
	if (bare_ms == 1000)
		check_longer(text, ms);
}

static void
check_durations(const char *text)
{
	check_duration(text, 1);
	check_duration(text, 1000);
}

static void
check_seconds(const char *text)
{
	int64_t ms = gm_num_seconds(text, DAY_MS), whole;
	struct gm_err err;

	assert(ms >= -1 && ms <= DAY_MS);
	if (gm_num_whole(&whole, text, 0, 86400, &err) == 0 && text[0] != '-')
		assert(ms == whole * 1000);
}

static void
check_retry_after(const char *text)
{
	int64_t ms = gm_retryafter_ms(gm_span_of(text), NOW, DAY_MS), whole;
	struct gm_err err;

	assert(ms >= -1 && ms <= DAY_MS);
	if (gm_num_whole(&whole, text, 0, 86400, &err) == 0 && text[0] != '-')
		assert(ms == whole * 1000);
	/* A later date is not a shorter wait. */
	assert(gm_retryafter_ms(gm_span_of(text), NOW - 1000, DAY_MS) >= ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(const char *) = { check_whole,
		check_decimal, check_durations, check_seconds,
		check_retry_after };
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	checks[data[0] % GM_LEN(checks)](text);
	free(text);
	return 0;
}
