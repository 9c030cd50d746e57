#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/help.h"

static void
make_rows(struct gm_options *o)
{
	static bool flag;
	static const char *text;
	static const struct gm_opt output[] = {
		{ 'l', "list", NULL, "list all", .common = true,
		    .flag = &flag },
		{ 'o', "output", "FILE", "write to FILE", .text = &text },
		{ 0, "a-name-that-is-too-long", "PLACEHOLDER", "wrapped",
		    .common = true, .text = &text },
		{ 0 },
	};
	static const struct gm_opt network[] = {
		{ 0, "timeout", "TIME", "how long", .text = &text },
		{ 0 },
	};
	static const struct gm_opt other[] = {
		{ 'h', "help", NULL, "print help", .common = true,
		    .flag = &flag },
		{ 0, "hidden", NULL, NULL, .common = true, .flag = &flag },
		{ 0 },
	};

	*o = (struct gm_options){ .len = 0 };
	gm_options_add(o, GM_GROUP_OUTPUT, output);
	gm_options_add(o, GM_GROUP_NETWORK, network);
	gm_options_add(o, GM_GROUP_OTHER, other);
}

static void
check_help(const char *operands, bool all, const char *want)
{
	struct gm_options o;
	const struct gm_help help = { "gm-x", operands, "do it", "gm-x -l",
		&o };
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	make_rows(&o);
	gm_help_print(&help, all, f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, want);
	free(text);
}

static void
test_common(void **state)
{
	(void)state;
	check_help("[file ...]", false,
	    "Usage: gm-x [options] [file ...]\n"
	    "Do it.\n"
	    "\n"
	    "Output:\n"
	    "  -l, --list                list all\n"
	    "      --a-name-that-is-too-long PLACEHOLDER\n"
	    "                            wrapped\n"
	    "Other:\n"
	    "  -h, --help                print help\n"
	    "\n"
	    "Example:\n"
	    "  gm-x -l\n"
	    "\n"
	    "All options: gm-x --help all   Manual: man gm-x, man 7 gm\n");
}

static void
test_all(void **state)
{
	(void)state;
	check_help("", true,
	    "Usage: gm-x [options]\n"
	    "Do it.\n"
	    "\n"
	    "Output:\n"
	    "  -l, --list                list all\n"
	    "  -o, --output FILE         write to FILE\n"
	    "      --a-name-that-is-too-long PLACEHOLDER\n"
	    "                            wrapped\n"
	    "\n"
	    "Network:\n"
	    "      --timeout TIME        how long\n"
	    "\n"
	    "Other:\n"
	    "  -h, --help                print help\n"
	    "\n"
	    "Example:\n"
	    "  gm-x -l\n"
	    "\n"
	    "TIME: 250ms, 1.5, 90s, 5m, 1h (a bare number: seconds).\n"
	    "Manual: man gm-x, man 7 gm\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
