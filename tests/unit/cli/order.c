#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cli/order.h"

#define MAX 1000000

static void
hold(struct gm_order *o, int64_t number, struct gm_span line)
{
	struct gm_err err;

	assert_int_equal(gm_order_hold(o, number, line, &err), 0);
}

/* Its number is the line. */
static void
hold_number(struct gm_order *o, int64_t number)
{
	char line[30];

	(void)snprintf(line, sizeof(line), "%lld,", (long long)number);
	hold(o, number, gm_span_of(line));
}

static void
take_all(struct gm_order *o, struct gm_buf *got)
{
	struct gm_span line;

	while (gm_order_take(o, &line))
		gm_buf_put_span(got, line);
}

/* Lines that go after each that is held; "-N": record N has none. */
static const struct {
	bool unordered;
	int numbers[8];
	const char *want; /* '|' after each */
	const char *rest; /* at the end */
} rows[] = {
	{ false, { 1, 2, 3 }, "1,|2,|3,|", "" },
	{ false, { 3, 2, 1 }, "||1,2,3,|", "" },
	{ false, { 2, 4, 1, 5, 3 }, "||1,2,||3,4,5,|", "" },
	{ false, { -1, 2 }, "|2,|", "" },
	{ false, { 3, -2, 1, 4 }, "||1,3,|4,|", "" },
	{ false, { 2, 3 }, "||", "2,3," },
	{ false, { 9, 2, -4, 5 }, "||||", "2,5,9," },
	{ false, { 1, 3 }, "1,||", "3," },
	{ true, { 1, 2, 3 }, "1,|2,|3,|", "" },
	{ true, { 3, 900000, 1, -7, 2 }, "3,|900000,|1,||2,|", "" },
};

static void
test_order(void **state)
{
	const int *n;
	struct gm_order o;
	struct gm_buf got;
	size_t i;

	(void)state;
	gm_buf_init(&got, MAX);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&got);
		gm_order_init(&o, rows[i].unordered);
		for (n = rows[i].numbers; *n != 0; n++) {
			if (*n < 0)
				hold(&o, -*n, gm_span_of(""));
			else
				hold_number(&o, *n);
			take_all(&o, &got);
			gm_buf_putc(&got, '|');
		}
		assert_string_equal(gm_buf_str(&got), rows[i].want);
		gm_buf_reset(&got);
		gm_order_end(&o);
		take_all(&o, &got);
		assert_string_equal(gm_buf_str(&got), rows[i].rest);
		gm_order_release(&o);
		gm_order_release(&o);
	}
	gm_buf_release(&got);
}

/* All orders of seven records, taken after each and only at the end. */
static void
permute(int *numbers, int at, bool late)
{
	struct gm_order o;
	struct gm_buf got;
	int i, swap;

	if (at < 7) {
		for (i = at; i < 7; i++) {
			swap = numbers[at];
			numbers[at] = numbers[i];
			numbers[i] = swap;
			permute(numbers, at + 1, late);
			numbers[i] = numbers[at];
			numbers[at] = swap;
		}
		return;
	}
	gm_buf_init(&got, MAX);
	gm_order_init(&o, false);
	for (i = 0; i < 7; i++) {
		hold_number(&o, numbers[i]);
		if (!late)
			take_all(&o, &got);
	}
	take_all(&o, &got);
	assert_string_equal(gm_buf_str(&got), "1,2,3,4,5,6,7,");
	gm_order_release(&o);
	gm_buf_release(&got);
}

static void
test_permutations(void **state)
{
	int numbers[] = { 1, 2, 3, 4, 5, 6, 7 };

	(void)state;
	permute(numbers, 0, false);
	permute(numbers, 0, true);
}

/* Records without a line show as gaps, but for those at the end. */
static void
test_gaps(void **state)
{
	static const char *const wants[] = { "", "", "--3,", "4,", "", "",
		"--7,", "" };
	struct gm_order o;
	struct gm_buf got;
	size_t i;

	(void)state;
	gm_buf_init(&got, MAX);
	gm_order_init(&o, false);
	o.gap = gm_span_of("-");
	for (i = 1; i <= GM_LEN(wants); i++) {
		gm_buf_reset(&got);
		if (i == 3 || i == 4 || i == 7)
			hold_number(&o, (int64_t)i);
		else if (i != 6)
			hold(&o, (int64_t)i, (struct gm_span){ NULL, 0 });
		if (i == 7)
			gm_order_end(&o); /* 6 is missing */
		take_all(&o, &got);
		assert_string_equal(gm_buf_str(&got), wants[i - 1]);
	}
	gm_order_release(&o);
	gm_buf_release(&got);
}

/* A line lives until the next call, also while others come. */
static void
test_lifetime(void **state)
{
	struct gm_order o;
	struct gm_span line;

	(void)state;
	gm_order_init(&o, false);
	hold(&o, 1, (struct gm_span){ "a\0b\n", 4 });
	assert_true(gm_order_take(&o, &line));
	hold_number(&o, 1000);
	hold_number(&o, 2);
	assert_int_equal(line.len, 4);
	assert_memory_equal(line.p, "a\0b\n", 4);
	assert_true(gm_order_take(&o, &line));
	gm_order_release(&o); /* with one held, and one taken */
}

/* The first record takes long: full, then empty and small again. */
static void
test_full_of_lines(void **state)
{
	struct gm_order o;
	struct gm_span line;
	int64_t i;

	(void)state;
	gm_order_init(&o, false);
	for (i = 2; i <= GM_ORDER_LINES; i++)
		hold_number(&o, i);
	assert_false(gm_order_is_full(&o));
	hold_number(&o, i);
	assert_true(gm_order_is_full(&o));
	for (i++; i <= GM_ORDER_LINES + 100; i++) /* those in flight */
		hold_number(&o, i);
	assert_false(gm_order_take(&o, &line));
	hold_number(&o, 1);
	for (i = 1; gm_order_take(&o, &line); i++) {
		assert_int_equal(strtol(line.p, NULL, 10), i);
		assert_int_equal(gm_order_is_full(&o), i <= 100);
	}
	assert_int_equal(i, GM_ORDER_LINES + 101);
	assert_int_equal(o.bytes, 0);
	assert_null(o.ring);
	assert_null(o.taken);
	hold_number(&o, i);
	assert_true(gm_order_take(&o, &line));
	gm_order_release(&o);
}

static void
test_full_of_bytes(void **state)
{
	const size_t len = GM_ORDER_BYTES;
	char *large = calloc(1, len + 1);
	struct gm_order o;
	struct gm_span line;

	(void)state;
	assert_non_null(large);
	gm_order_init(&o, false);
	hold(&o, 2, (struct gm_span){ large, len - 1 });
	assert_false(gm_order_is_full(&o));
	hold(&o, 3, (struct gm_span){ large, 1 });
	assert_true(gm_order_is_full(&o));
	/* One that is in flight, and larger than the limit. */
	hold(&o, 4, (struct gm_span){ large, len + 1 });
	hold(&o, 1, gm_span_of(""));
	assert_true(gm_order_take(&o, &line));
	assert_int_equal(line.len, len - 1);
	assert_true(gm_order_is_full(&o));
	assert_true(gm_order_take(&o, &line));
	assert_int_equal(line.len, 1);
	assert_true(gm_order_take(&o, &line));
	assert_int_equal(line.len, len + 1);
	assert_false(gm_order_is_full(&o));
	assert_false(gm_order_take(&o, &line));
	assert_null(o.taken);
	gm_order_release(&o);
	free(large);
}

/* A number that comes twice is a bug of ours, and no line is lost to it. */
static void
test_twice(void **state)
{
	struct gm_order o;
	struct gm_span line;
	struct gm_err err;

	(void)state;
	gm_order_init(&o, false);
	hold_number(&o, 2);
	assert_int_equal(gm_order_hold(&o, 2, gm_span_of("x"), &err), -1);
	assert_int_equal(err.code, GM_ESOFTWARE);
	assert_string_equal(err.msg, "record 2: it already has a line");
	hold_number(&o, 1);
	assert_true(gm_order_take(&o, &line));
	assert_int_equal(gm_order_hold(&o, 1, gm_span_of("x"), &err), -1);
	assert_int_equal(err.code, GM_ESOFTWARE);
	assert_string_equal(err.msg, "record 1: its line was already printed");
	assert_true(gm_order_take(&o, &line));
	assert_true(gm_span_is(line, "2,"));
	gm_order_release(&o);
}

#define MANY 1000000

/* A window of 5,000 that moves over a million records; the ring stays small. */
static void
test_million(void **state)
{
	enum {
		WINDOW = 5000
	};
	struct gm_order o;
	struct gm_span line;
	int64_t i, want = 1, j;

	(void)state;
	gm_order_init(&o, false);
	for (i = 1; i <= MANY; i += WINDOW) {
		for (j = i + WINDOW - 1; j >= i; j--) /* backwards */
			hold_number(&o, j);
		assert_true(o.room <= 8192);
		while (gm_order_take(&o, &line))
			if (strtol(line.p, NULL, 10) != want++)
				fail();
	}
	assert_int_equal(want, MANY + 1);
	gm_order_release(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_permutations),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_full_of_lines),
		cmocka_unit_test(test_full_of_bytes),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
