#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/complete.h"
#include "cli/completion_table.h"

static struct gm_options table;
static const struct gm_completion completion = { "gm-x", &table, GM_ARG_TEXT };

static void
test_shells(void **state)
{
	(void)state;
	assert_string_equal(gm_complete_shell(0), "bash");
	assert_string_equal(gm_complete_shell(1), "zsh");
	assert_string_equal(gm_complete_shell(2), "fish");
	assert_null(gm_complete_shell(3));
}

/* Each script names its tool and shell in its first lines. */
static void
test_scripts(void **state)
{
	static const char *const heads[] = {
		"# gm-x(1) in bash, printed by \"gm-x --completion bash\".\n",
		"#compdef gm-x\n",
		"# gm-x(1) in fish, printed by \"gm-x --completion fish\".\n",
	};
	struct gm_err err = { .code = GM_OK };
	struct gm_buf out;
	size_t i;

	(void)state;
	make_table(&table);
	assert_null(gm_complete_shell(GM_LEN(heads)));
	for (i = 0; i < GM_LEN(heads); i++) {
		assert_non_null(gm_complete_shell(i));
		gm_buf_init(&out, 1 << 20);
		assert_int_equal(gm_complete_write(gm_complete_shell(i),
				     &completion, NULL, &out, &err),
		    0);
		assert_memory_equal(
		    gm_buf_str(&out), heads[i], strlen(heads[i]));
		gm_buf_release(&out);
	}
}

static void
test_unknown(void **state)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 1 << 20);
	assert_int_equal(
	    gm_complete_write("ksh", &completion, NULL, &out, &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(err.msg, "--completion: not bash, zsh or fish");
	gm_buf_release(&out);
}

/* A script that is larger than the buffer is an error, not cut. */
static void
test_too_large(void **state)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_buf out;

	(void)state;
	make_table(&table);
	gm_buf_init(&out, 100);
	assert_int_equal(
	    gm_complete_write("bash", &completion, NULL, &out, &err), -1);
	assert_int_not_equal(err.code, GM_OK);
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shells),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
