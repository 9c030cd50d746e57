#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/bash.h"
#include "cli/completion_table.h"

static const char want[] =
    /* clang-format off */
	"\n"
	"_gm_x() {\n"
	"\tlocal -A help=(\n"
	"\t\t[-a]='it'\\''s [a] \"b\": $c `d` \\e'\n"
	"\t\t[--all]='it'\\''s [a] \"b\": $c `d` \\e'\n"
	"\t\t[--word]='a word'\n"
	"\t\t[--words]='words'\n"
	"\t\t[-f]='a file'\n"
	"\t\t[--file]='a file'\n"
	"\t\t[--text]='a text'\n"
	"\t\t[--at]='at'\n"
	"\t\t[--model]='model'\n"
	"\t\t[-m]='models'\n"
	"\t\t[--models]='models'\n"
	"\t\t[--key]='key'\n"
	"\t\t[--reset]='a key after it'\n"
	"\t)\n"
	"\tlocal -A kind=(\n"
	"\t\t[--word]='word one two'\n"
	"\t\t[--words]='words one two'\n"
	"\t\t[-f]='file'\n"
	"\t\t[--file]='file'\n"
	"\t\t[--text]='text'\n"
	"\t\t[--at]='at'\n"
	"\t\t[--model]='model'\n"
	"\t\t[-m]='models'\n"
	"\t\t[--models]='models'\n"
	"\t\t[--key]='key'\n"
	"\t)\n"
	"\tlocal -A follows=(\n"
	"\t\t[--reset]='key'\n"
	"\t)\n"
	"\n"
	"\t_gm_complete gm-x key \"$2\"\n"
	"}\n"
	"complete -F _gm_x gm-x\n";
/* clang-format on */

static void
test_table(void **state)
{
	struct gm_options o;
	const struct gm_completion c = { "gm-x", &o, GM_ARG_KEY };
	struct gm_buf script;

	(void)state;
	make_table(&o);
	gm_buf_init(&script, 100000);
	gm_bash_write(&c, &script);
	assert_int_equal(script.failed, GM_OK);
	assert_string_equal(
	    part_of(&script, "\n_gm_x() {", "complete -F _gm_x gm-x\n"), want);
	gm_buf_release(&script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
