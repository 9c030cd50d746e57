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
		cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
