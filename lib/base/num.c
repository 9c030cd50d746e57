#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

/* Bytes of a decimal; more digits than a double has make no difference. */
#define DECIMAL_MAX 64

/* From large to small; show_limit() ends at the last, as 1 ms divides all. */
struct unit {
	const char *name;
	uint64_t size;
};

static const struct unit duration_units[] = {
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

/* Write a limit in the largest unit that divides it: "24h", "90s". */
static const char *
show_limit(char out[32], int64_t limit, const struct unit *unit)
{
	while ((uint64_t)limit % unit->size != 0)
		unit++;
	(void)snprintf(out, 32, "%llu%s",
	    (unsigned long long)((uint64_t)limit / unit->size), unit->name);
	return out;
}

/* value * by + add, or UINT64_MAX if that does not fit. */
static uint64_t
scale(uint64_t value, uint64_t by, uint64_t add)
{
	return value > (UINT64_MAX - add) / by ? UINT64_MAX : value * by + add;
}

static struct gm_span
take_digits(const char **p)
{
	struct gm_span digits = { *p, strspn(*p, "0123456789") };

	*p += digits.len;
	return digits;
}

/* 0 for no digits, UINT64_MAX for too many. */
static uint64_t
value_of(struct gm_span digits)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < digits.len; i++)
		value = scale(value, 10, (uint64_t)(digits.p[i] - '0'));
	return value;
}

int
gm_num_whole(int64_t *out, const char *text, int64_t min, int64_t max,
    struct gm_err *err)
{
	bool negative = text[0] == '-';
	const char *p = text + negative;
	struct gm_span digits = take_digits(&p);
	uint64_t value = value_of(digits);

	if (digits.len > 0 && *p == '\0' &&
	    value <= (uint64_t)INT64_MAX + negative) {
		*out = (int64_t)(negative ? 0 - value : value);
		if (*out >= min && *out <= max)
			return 0;
	}
	return gm_fail(err, GM_EUSAGE, "not a whole number from %lld to %lld",
	    (long long)min, (long long)max);
}

/*
 * A JSON number, except that the digits before the point may be missing, or
 * begin with zeros.
 */
struct decimal {
	bool negative;
	struct gm_span whole, fraction;
	const char *exponent; /* "": none */
};

static bool
take_exponent(struct decimal *d, const char **p)
{
	d->exponent = *p;
	if (**p != 'e' && **p != 'E')
		return true;
	(*p)++;
	if (**p == '-' || **p == '+')
		(*p)++;
	return take_digits(p).len > 0;
}

static bool
parse_decimal(struct decimal *d, const char *text)
{
	const char *p = text;

	*d = (struct decimal){ .negative = *p == '-' };
	p += d->negative;
	d->whole = take_digits(&p);
	if (*p == '.') {
		p++;
		d->fraction = take_digits(&p);
		if (d->fraction.len == 0)
			return false;
	}
	return d->whole.len + d->fraction.len > 0 && take_exponent(d, &p) &&
	       *p == '\0' && p - text <= DECIMAL_MAX;
}

static void
put_decimal(struct gm_buf *out, struct decimal *d)
{
	while (d->whole.len > 1 && d->whole.p[0] == '0') {
		d->whole.p++;
		d->whole.len--;
	}
	if (d->negative)
		gm_buf_putc(out, '-');
	if (d->whole.len == 0)
		gm_buf_putc(out, '0');
	gm_buf_put_span(out, d->whole);
	if (d->fraction.len > 0)
		gm_buf_putc(out, '.');
	gm_buf_put_span(out, d->fraction);
	gm_buf_puts(out, d->exponent);
}

/* Write a bound with up to three decimals, without trailing zeros. */
static const char *
show_bound(char out[32], double value)
{
	int len = snprintf(out, 32, "%.3f", value);

	while (out[len - 1] == '0')
		len--;
	len -= out[len - 1] == '.';
	out[len] = '\0';
	return out;
}

int
gm_num_decimal(struct gm_buf *out, const char *text, double min, double max,
    struct gm_err *err)
{
	char low[32], high[32];
	struct decimal d;
	double value;

	if (parse_decimal(&d, text)) {
		value = strtod(text, NULL);
		if (value >= min && value <= max) {
			put_decimal(out, &d);
			return gm_buf_check(out, err);
		}
	}
	return gm_fail(err, GM_EUSAGE, "not a number from %s to %s",
	    show_bound(low, min), show_bound(high, max));
}

/*
 * The digits after a point times unit_ms, rounded up.  Multiplies digit by
 * digit, from the right, which is exact for any number of digits.
 */
static uint64_t
fraction_ms(struct gm_span digits, uint64_t unit_ms)
{
	uint64_t product = 0;
	bool rest = false;

	while (digits.len-- > 0) {
		product += (uint64_t)(digits.p[digits.len] - '0') * unit_ms;
		rest = rest || product % 10 != 0;
		product /= 10;
	}
	return product + rest;
}

/* Take one of duration_units from *next on; without a unit: bare_ms. */
static bool
take_unit(const char **p, size_t *next, uint64_t bare_ms, uint64_t *unit_ms)
{
	size_t len = strspn(*p, "hms"), i;

	if (len == 0 && **p == '\0' && *next == 0) {
		*unit_ms = bare_ms;
		return true;
	}
	for (i = *next; i < GM_LEN(duration_units); i++) {
		const char *name = duration_units[i].name;

		if (strlen(name) != len || strncmp(*p, name, len) != 0)
			continue;
		*p += len;
		*next = i + 1;
		*unit_ms = duration_units[i].size;
		return true;
	}
	return false;
}

/* Add a number with its unit to *total; after a fraction the text must end. */
static bool
take_part(const char **p, size_t *next, uint64_t bare_ms, uint64_t *total)
{
	struct gm_span whole = take_digits(p), fraction = { 0 };
	uint64_t unit_ms, ms;

	if (**p == '.') {
		(*p)++;
		fraction = take_digits(p);
		if (fraction.len == 0)
			return false;
	}
	if (whole.len + fraction.len == 0 ||
	    !take_unit(p, next, bare_ms, &unit_ms))
		return false;
	ms = scale(value_of(whole), unit_ms, fraction_ms(fraction, unit_ms));
	*total = scale(*total, 1, ms);
	return fraction.len == 0 || **p == '\0';
}

static bool
parse_duration(uint64_t *ms, const char *text, uint64_t bare_ms)
{
	const char *p = text;
	size_t next = 0;

	*ms = 0;
	do {
		if (!take_part(&p, &next, bare_ms, ms))
			return false;
	} while (*p != '\0');
	return true;
}

int
gm_num_duration(int64_t *ms, const char *text, int64_t bare_ms, int64_t max_ms,
    struct gm_err *err)
{
	char limit[32];
	uint64_t value;

	if (!parse_duration(&value, text, (uint64_t)bare_ms))
		return gm_fail(err, GM_EUSAGE,
		    "not a duration such as %s, 90s, 5m or 1h",
		    bare_ms == 1 ? "250, 1.5s" : "250ms, 1.5");
	if (value > (uint64_t)max_ms)
		return gm_fail(err, GM_EUSAGE, "not a duration of at most %s",
		    show_limit(limit, max_ms, duration_units));
	*ms = (int64_t)value;
	return 0;
}

int64_t
gm_num_seconds(const char *text, int64_t max_ms)
{
	uint64_t ms = 0;

	if (text[strspn(text, "0123456789.")] != '\0' ||
	    !parse_duration(&ms, text, 1000))
		return -1;
	return ms > (uint64_t)max_ms ? max_ms : (int64_t)ms;
}
