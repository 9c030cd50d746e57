#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/table.h"

static void
test_align(void **state)
{
	static const struct {
		const char *text, *aligned;
	} rows[] = {
		{ "", "" },
		{ "a\n", "a\n" },
		{ "a", "a\n" },
		{ "A\tB\nlong\tx\n", "A     B\nlong  x\n" },
		{ "A\tB\tC\nx\t\tlong\n", "A  B  C\nx     long\n" },
		/* Nothing stands at the end of a line. */
		{ "long\t\nx\tlonger\n", "long\nx     longer\n" },
		{ "a\t\t\nb\tc\td\n", "a\nb  c  d\n" },
		/* An empty line stays one. */
		{ "a\tb\n\nc\n", "a  b\n\nc\n" },
		/* Characters count, not bytes. */
		{ "\xC3\xA9\tx\nee\ty\n", "\xC3\xA9   x\nee  y\n" },
		/* More columns than are aligned. */
		{ "a\ta\ta\ta\ta\ta\ta\ta\ta\ta\ta\ta\ta\ta\ta\ta\ta\ta\nbb\n",
		    "a   a  a  a  a  a  a  a  a  a  a  a  a  a  a  a  a  a\n"
		    "bb\n" },
	};
	struct gm_buf out;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 4096);
		gm_table_align(gm_span_of(rows[i].text), &out);
		assert_string_equal(gm_buf_str(&out), rows[i].aligned);
		gm_buf_release(&out);
	}
}

/* One column gives way, so that the lines fit. */
static void
test_fit(void **state)
{
	static const struct {
		const char *text;
		size_t width, column;
		const char *out;
	} rows[] = {
		{ "A\tREASON\tB\n1\tlong enough\t22\n", 20, 1,
		    "A  REASON       B\n1  long enough  22\n" },
		{ "A\tREASON\tB\n1\tlong enough\t22\n", 18, 1,
		    "A  REASON       B\n1  long enough  22\n" },
		{ "A\tREASON\tB\n1\tlong enough\t22\n", 17, 1,
		    "A  REASON      B\n1  long en...  22\n" },
		/* No blank before the dots. */
		{ "A\tREASON\tB\n1\tlonger than\t22\n", 17, 1,
		    "A  REASON      B\n1  longer...   22\n" },
		/* It keeps 8, and others keep all. */
		{ "long\tlonger\tlongest of all\n", 10, 2,
		    "long  longer  longe...\n" },
		{ "long\tlonger\tx\n", 10, 2, "long  longer  x\n" },
		{ "long\t12345678\tx\n", 10, 1, "long  12345678  x\n" },
		/* Characters are not cut. */
		{ "a\t\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
		  "\xC3\xA9\xC3\xA9\tb\n",
		    5, 1,
		    "a  \xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9...  b\n" },
	};
	struct gm_buf out;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 4096);
		gm_table_fit(gm_span_of(rows[i].text), rows[i].width,
		    rows[i].column, &out);
		assert_string_equal(gm_buf_str(&out), rows[i].out);
		gm_buf_release(&out);
	}
}

#define NOON INT64_C(1795262400000) /* 2026-11-21T12:00:00Z */
#define DAY INT64_C(86400000)

static void
test_times(void **state)
{
	static const struct {
		int64_t ms, now_ms;
		const char *out;
	} rows[] = {
		{ 0, 0, "-" },
		{ 0, 1000, "-" },
		{ INT64_MAX, 0, "never" },
		{ INT64_MAX, NOON, "never" },
		{ NOON, 0, "2026-11-21T12:00:00Z" },
		{ NOON, NOON, "12:00:00Z" },
		{ NOON + DAY / 2 - 1000, NOON, "23:59:59Z" },
		{ NOON + DAY / 2, NOON, "2026-11-22T00:00:00Z" },
		{ NOON + DAY, NOON, "2026-11-22T12:00:00Z" },
		{ NOON - DAY / 2 + 1000, NOON, "00:00:01Z" },
		{ NOON - DAY / 2, NOON, "2026-11-21T00:00:00Z" },
	};
	struct gm_buf out;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 100);
		gm_table_time(&out, rows[i].ms, rows[i].now_ms);
		assert_string_equal(gm_buf_str(&out), rows[i].out);
		gm_buf_release(&out);
	}
}

static void
test_cells(void **state)
{
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 100);
	gm_table_text(&out, NULL);
	gm_table_text(&out, "");
	gm_table_text(&out, "text");
	gm_table_int(&out, -1);
	gm_table_int(&out, 0);
	gm_table_int(&out, INT64_MAX);
	assert_string_equal(gm_buf_str(&out), "--text-09223372036854775807");
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_align),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_times),

		cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
