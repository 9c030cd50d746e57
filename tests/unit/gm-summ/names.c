#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gm-summ/names.h"

static char dir[] = "/tmp/gm-unit-names.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL && chdir(dir) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("list");
	return rmdir(dir);
}

static void
make(struct gm_span bytes)
{
	int fd = open("list", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.len), bytes.len);
	assert_int_equal(close(fd), 0);
}

static void
test_operands(void **state)
{
	char a[] = "a", minus[] = "-";
	char *argv[] = { minus, a, minus, NULL };
	struct gm_names n = { .items = NULL };
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_names_from_operands(&n, 0, argv, 0, &err), 0);
	assert_int_equal(n.len, 1);
	assert_null(n.items[0]);
	gm_names_release(&n);
	/* The last one followed a "--". */
	assert_int_equal(gm_names_from_operands(&n, 3, argv, 1, &err), 0);
	assert_int_equal(n.len, 3);
	assert_null(n.items[0]);
	assert_string_equal(n.items[1], "a");
	assert_string_equal(n.items[2], "-");
	gm_names_release(&n);
	gm_names_release(&n);
	assert_int_equal(gm_names_from_operands(&n, 3, argv, 3, &err), 0);
	assert_string_equal(n.items[0], "-");
	gm_names_release(&n);
}

#define SPAN(text) \
	{ \
		text, sizeof(text) - 1 \
	}

static const struct {
	struct gm_span bytes;
	size_t len;
	const char *last, *error;
} rows[] = {
	{ SPAN(""), 0, NULL, NULL },
	{ SPAN("a\0b c\n\0"), 2, "b c\n", NULL },
	{ SPAN("a\0b"), 2, "b", NULL },
	{ SPAN("-\0"), 1, "-", NULL }, /* a file named "-" */
	{ SPAN("\0"), 0, NULL, "--files0-from: list: name 1 is empty" },
	{ SPAN("a\0\0b\0"), 0, NULL, "--files0-from: list: name 2 is empty" },
};

static void
test_lists(void **state)
{
	struct gm_names n;
	struct gm_err err;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		make(rows[i].bytes);
		n = (struct gm_names){ .items = NULL };
		rc = gm_names_from_file(&n, "list", &err);
		if (rows[i].error != NULL) {
			assert_int_equal(rc, -1);
			assert_int_equal(err.code, GM_EDATA);
			assert_string_equal(err.msg, rows[i].error);
		} else {
			assert_int_equal(rc, 0);
			assert_int_equal(n.len, rows[i].len);
			if (n.len > 0)
				assert_string_equal(
				    n.items[n.len - 1], rows[i].last);
		}
		gm_names_release(&n);
	}
}

static void
test_no_list(void **state)
{
	struct gm_names n = { .items = NULL };
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_names_from_file(&n, "gone", &err), -1);
	assert_int_equal(err.code, GM_ENOINPUT);
	assert_string_equal(
	    err.msg, "--files0-from: gone: No such file or directory");
	gm_names_release(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_no_list),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
