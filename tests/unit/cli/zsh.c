#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/completion_table.h"
#include "cli/zsh.h"

static const char want[] =
    /* clang-format off */
	"\tspecs=(\n"
	"\t\t'(-a --all)-a[it'\\''s \\[a\\] \"b\": $c `d` \\\\e]'\n"
	"\t\t'(-a --all)--all[it'\\''s \\[a\\] \"b\": $c `d` \\\\e]'\n"
	"\t\t'--word=[a word]:WORD:(one two)'\n"
	"\t\t'--words=[words]:W,...:{compset -P \"*,\"; compadd -- one two}'\n"
	"\t\t'*-f+[a file]:FILE:_files'\n"
	"\t\t'*--file=[a file]:FILE:_files'\n"
	"\t\t'--text=[a text]:A\\:B: '\n"
	"\t\t'--at=[at]:@FILE:->at'\n"
	"\t\t'--model=[model]:M:->model'\n"
	"\t\t'(-m --models)-m+[models]:M,...:->models'\n"
	"\t\t'(-m --models)--models=[models]:M,...:->models'\n"
	"\t\t'--key=[key]:N:->key'\n"
	"\t\t'--reset[a key after it]::operand:->key'\n"
	"\t\t'*:operand:_files'\n"
	"\t)\n";
/* clang-format on */

static void
test_table(void **state)
{
	struct gm_options o;
	const struct gm_completion c = { "gm-x", &o, GM_ARG_FILE };
	struct gm_buf script;

	(void)state;
	make_table(&o);
	gm_buf_init(&script, 100000);
	gm_zsh_write(&c, &script);
	assert_int_equal(script.failed, GM_OK);
	assert_string_equal(part_of(&script, "\tspecs=(\n", "\t)\n"), want);
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
