#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/completion_table.h"
#include "cli/fish.h"

static const char want[] =
    /* clang-format off */
	"\n"
	"complete -c gm-x -f -a '(__gm_command)'\n"
	"complete -c gm-x -s a -l all -d 'it\\'s [a] \"b\": $c `d` \\\\e'\n"
	"complete -c gm-x -l word -x -a '(__gm_words one two)' -d 'a word'\n"
	"complete -c gm-x -l words -x -a '(__gm_list one two)' -d 'words'\n"
	"complete -c gm-x -s f -l file -r -F -d 'a file'\n"
	"complete -c gm-x -l text -x -d 'a text'\n"
	"complete -c gm-x -l at -x -a '(__gm_at)' -d 'at'\n"
	"complete -c gm-x -l model -x -a '(__gm_words (__gm_ask gm-x models))' -d 'model'\n"
	"complete -c gm-x -s m -l models -x -a '(__gm_list (__gm_ask gm-x models))' -d 'models'\n"
	"complete -c gm-x -l key -x -a '(__gm_words (__gm_ask gm-x keys))' -d 'key'\n"
	"complete -c gm-x -l reset -d 'a key after it'\n"
	"complete -c gm-x -n '__fish_contains_opt reset' -a '(__gm_words (__gm_ask gm-x keys))'\n";
/* clang-format on */

static void
test_table(void **state)
{
	struct gm_options o;
	const struct gm_completion c = { "gm-x", &o, GM_ARG_COMMAND };
	struct gm_buf script;

	(void)state;
	make_table(&o);
	gm_buf_init(&script, 100000);
	gm_fish_write(&c, &script);
	assert_int_equal(script.failed, GM_OK);
	assert_string_equal(
	    part_of(&script, "\ncomplete -c",
		"a key after it'\ncomplete -c gm-x -n '__fish_contains_opt "
		"reset' -a '(__gm_words (__gm_ask gm-x keys))'\n"),
	    want);
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
