#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options.h"

#define ARGS_MAX 8

static const enum gm_setting model = GM_SET_GEMINI_MODEL;

/* What a table's targets hold after a command line. */
struct given {
	bool list, hidden;
	int verbose;
	const char *output, *which;
	struct gm_texts stop;
	struct gm_config config;
};

static const char *
which_word(size_t i)
{
	static const char *const words[] = { "all", "some" };

	return i < 2 ? words[i] : NULL;
}

static void
make_rows(struct given *g, struct gm_options *o)
{
	const struct gm_opt own[] = {
		{ 'l', "list", NULL, "list all", .common = true,
		    .flag = &g->list },
		{ 'o', "output", "FILE", "write to FILE", .text = &g->output },
		{ 0, "stop", "TEXT", "end there", .may_be_empty = true,
		    .texts = &g->stop },
		{ 0, "listen", NULL, "wait", .flag = &g->list },
		{ 0, "key-place", "N", "which key", .text = &g->output },
		{ 0 },
	};
	const struct gm_opt shared[] = {
		{ 'm', "model", "MODEL", "model to use", .setting = &model },
		{ 'v', "verbose", NULL, "print more", .word = which_word,
		    .count = &g->verbose, .text = &g->which },
		{ 0, "a-name-that-is-too-long", "PLACEHOLDER", "wrapped",
		    .text = &g->output },
		{ 0, "hidden", NULL, NULL, .flag = &g->hidden },
		{ 0 },
	};

	const struct gm_opt last[] = {
		{ 0, "after", NULL, "the last row", .flag = &g->hidden },
		{ 0 },
	};

	*g = (struct given){ .list = false };
	*o = (struct gm_options){ .len = 0 };
	gm_config_init(&g->config);
	/* They are ordered by group, however they are added. */
	gm_options_add(o, GM_GROUP_KEYS, shared);
	gm_options_add(o, GM_GROUP_OUTPUT, own);
	gm_options_add(o, GM_GROUP_KEYS, last);
}

static int
parse(const struct gm_options *o, struct given *g, char **argv,
    const char *const *args, struct gm_err *err)
{
	static char name[] = "gm-x";
	int argc = 0;

	argv[argc++] = name;
	do /* what getopt(3) takes is not const */
		(void)memcpy(&argv[argc++], args, sizeof(*args));
	while (*args++ != NULL);
	argc--;
	optind = 0; /* begin anew */
	*err = (struct gm_err){ .code = GM_OK };
	return gm_options_parse(o, &g->config, argc, argv, err);
}

static void
release(struct given *g)
{
	free(g->stop.items);
	gm_config_release(&g->config);
}

static const struct {
	const char *args[ARGS_MAX];
	const char *want; /* list verbose output model stop... | operands... */
} good[] = {
	{ { NULL }, "0 0 - - |" },
	{ { "a", "b", NULL }, "0 0 - - | a b" },
	{ { "-l", "-o", "f", "-m", "x", NULL }, "1 0 f x |" },
	{ { "-of", "-mx", NULL }, "0 0 f x |" },
	{ { "-lvof", NULL }, "1 1 f - |" },
	{ { "--list", "--output", "f", "--model=x", NULL }, "1 0 f x |" },
	{ { "-o", "-l", NULL }, "0 0 -l - |" },
	{ { "-vv", "--verbose", NULL }, "0 3 - - |" },
	{ { "--verbose=some", "some", NULL }, "0 1 - - some | some" },
	{ { "-v", "all", NULL }, "0 1 - - | all" },
	{ { "-o", "f", "-o", "g", NULL }, "0 0 g - |" },
	{ { "--stop", "a", "--stop=b", "--stop", "", NULL }, "0 0 - - a b  |" },
	{ { "a", "-l", "b", "-o", "f", "c", NULL }, "1 0 f - | a b c" },
	{ { "-l", "--", "-o", "f", NULL }, "1 0 - - | -o f" },
	{ { "a", "--", "-l", "--", NULL }, "0 0 - - | a -l --" },
	{ { "-", "-l", NULL }, "1 0 - - | -" },
	{ { "--verb", NULL }, "0 1 - - |" },
	{ { "--key-pl=x", "--ke", "y", NULL }, "0 0 y - |" },
	{ { "-o", "--key", "-lv", NULL }, "1 1 --key - |" },
	{ { "--stop", "--token", "-l", NULL }, "1 0 - - --token |" },
	{ { "--", "--key", NULL }, "0 0 - - | --key" },
};

static void
describe(const struct given *g, char **operands, struct gm_buf *out)
{
	const char *name = g->config.values[model].text;
	size_t i;

	gm_buf_printf(out, "%d %d %s %s", g->list, g->verbose,
	    g->output != NULL ? g->output : "-", name != NULL ? name : "-");
	for (i = 0; i < g->stop.len; i++)
		gm_buf_printf(out, " %s", g->stop.items[i]);
	if (g->which != NULL)
		gm_buf_printf(out, " %s", g->which);
	gm_buf_puts(out, " |");
	for (; *operands != NULL; operands++)
		gm_buf_printf(out, " %s", *operands);
}

static void
test_good(void **state)
{
	char *argv[ARGS_MAX + 2];
	struct gm_options o;
	struct given g;
	struct gm_err err;
	struct gm_buf got;
	size_t i;
	int first;

	(void)state;
	for (i = 0; i < GM_LEN(good); i++) {
		make_rows(&g, &o);
		first = parse(&o, &g, argv, good[i].args, &err);
		if (first < 1)
			fail_msg("row %zu: %s", i, err.msg);
		gm_buf_init(&got, 1000);
		describe(&g, argv + first, &got);
		assert_string_equal(gm_buf_str(&got), good[i].want);
		assert_false(g.hidden);
		gm_buf_release(&got);
		release(&g);
	}
}

/* An option's place is remembered for messages, and for -vv. */
static void
test_setting(void **state)
{
	static const char *const args[] = { "-m", "x", NULL };
	const struct gm_value *value;
	char *argv[ARGS_MAX];
	struct gm_options o;
	struct given g;
	struct gm_err err;

	(void)state;
	make_rows(&g, &o);
	assert_int_equal(parse(&o, &g, argv, args, &err), 3);
	value = &g.config.values[model];
	assert_string_equal(value->text, "x");
	assert_string_equal(value->name, "model");
	assert_int_equal(value->origin, GM_FROM_OPTION);
	release(&g);
}

/* How many operands follow a "--", also if that is an argument. */
static const struct {
	const char *args[ARGS_MAX];
	int after_dashes, posix; /* the latter: with POSIXLY_CORRECT */
} ends[] = {
	{ { NULL }, -1, -1 },
	{ { "a", "b", NULL }, -1, -1 },
	{ { "--", NULL }, 0, 0 },
	{ { "--", "a", "b", NULL }, 2, 2 },
	{ { "-l", "--", "-o", "f", NULL }, 2, 2 },
	{ { "--", "--", "--", NULL }, 2, 2 },
	{ { "a", "--", "b", NULL }, 1, -1 },
	{ { "a", "-v", "b", "--", "c", "d", NULL }, 2, -1 },
	{ { "a", "b", "--", NULL }, 0, -1 },
	{ { "-", "--", NULL }, 0, -1 },
	{ { "-o", "--", "a", NULL }, -1, -1 },
	{ { "-o", "--", "--", "a", NULL }, 1, 1 },
	{ { "-o", "--", "a", "--", "b", NULL }, 1, -1 },
	{ { "-vo--", "a", NULL }, -1, -1 },
};

static void
check_ends(bool posix)
{
	char *argv[ARGS_MAX + 2];
	struct gm_options o;
	struct given g;
	struct gm_err err;
	size_t i;
	int after_dashes;

	for (i = 0; i < GM_LEN(ends); i++) {
		make_rows(&g, &o);
		o.after_dashes = &after_dashes;
		assert_true(parse(&o, &g, argv, ends[i].args, &err) > 0);
		if (after_dashes !=
		    (posix ? ends[i].posix : ends[i].after_dashes))
			fail_msg("row %zu: %d", i, after_dashes);
		release(&g);
	}
}

static void
test_after_dashes(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
	check_ends(false);
	assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
	check_ends(true);
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
}

static const struct {
	const char *args[ARGS_MAX];
	const char *msg;
} bad[] = {
	{ { "--modle", NULL }, "unknown option: --modle" },
	{ { "--modle=x", NULL }, "unknown option: --modle" },
	{ { "--AIzaFake", NULL }, "unknown option: --..." },
	{ { "--fake-good-key-0001=x", NULL }, "unknown option: --..." },
	{ { "--sk-fake-fake-fake", NULL }, "unknown option: --..." },
	{ { "--an-option-with-a-long-nam", NULL }, "unknown option: --..." },
	{ { "--=x", NULL }, "unknown option: --..." },
	{ { "--key", NULL }, "--key: " GM_SETTING_KEYS },
	{ { "--key=x", NULL }, "--key: " GM_SETTING_KEYS },
	{ { "--key", "-l", NULL }, "--key: " GM_SETTING_KEYS },
	{ { "-o", "--key", "-l", "--key", "x", NULL },
	    "--key: " GM_SETTING_KEYS },
	{ { "--API-Token=x", NULL }, "--...: " GM_SETTING_KEYS },
	{ { "--lis", NULL }, "ambiguous option: --lis: --list, --listen" },
	{ { "--l=x", NULL }, "ambiguous option: --l: --list, --listen" },
	{ { "--key-", NULL }, "option needs an argument: --key-" },
	{ { "-o", "", NULL }, "--output: its argument is empty" },
	{ { "--output=", NULL }, "--output: its argument is empty" },
	{ { "--model", "", NULL }, "--model: its argument is empty" },
	{ { "-\x80", NULL }, "unknown option: -?" },
	{ { "a", "--modle", "b", NULL }, "unknown option: --modle" },
	{ { "-q", NULL }, "unknown option: -q" },
	{ { "-lqv", NULL }, "unknown option: -q" },
	{ { "-o", NULL }, "option needs an argument: -o" },
	{ { "--output", NULL }, "option needs an argument: --output" },
	{ { "--list=yes", NULL }, "option takes no argument: --list" },
	{ { "--verbose=none", NULL }, "--verbose: not all" },
	{ { "--verbose=", NULL }, "--verbose: not all" },
	{ { "--hidden=yes", NULL }, "option takes no argument: --hidden" },
};

static void
test_bad(void **state)
{
	char *argv[ARGS_MAX + 2];
	struct gm_options o;
	struct given g;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(bad); i++) {
		make_rows(&g, &o);
		assert_int_equal(parse(&o, &g, argv, bad[i].args, &err), -1);
		assert_int_equal(err.code, GM_EUSAGE);
		assert_string_equal(err.msg, bad[i].msg);
		release(&g);
	}
}

static void
check_print(void (*print)(const struct gm_options *, FILE *), const char *want)
{
	struct gm_options o;
	struct given g;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	make_rows(&g, &o);
	print(&o, f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, want);
	free(text);
	release(&g);
}

static void
test_list(void **state)
{
	(void)state;
	check_print(gm_options_list,
	    "l\tlist\t-\tlist all\tOutput\tcommon\n"
	    "o\toutput\tFILE\twrite to FILE\tOutput\t-\n"
	    "-\tstop\tTEXT\tend there\tOutput\t-\n"
	    "-\tlisten\t-\twait\tOutput\t-\n"
	    "-\tkey-place\tN\twhich key\tOutput\t-\n"
	    "m\tmodel\tMODEL\tmodel to use\tKeys and models\t-\n"
	    "v\tverbose\t-\tprint more\tKeys and models\t-\n"
	    "-\ta-name-that-is-too-long\tPLACEHOLDER\twrapped\t"
	    "Keys and models\t-\n"
	    "-\tafter\t-\tthe last row\tKeys and models\t-\n");
}

static void
test_exclude(void **state)
{
	struct gm_clash clashes[] = { { false, "--a and --b" },
		{ false, "--c and --d" } };
	struct gm_err err = { .code = GM_OK };

	(void)state;
	assert_int_equal(gm_options_exclude(clashes, 2, &err), 0);
	assert_int_equal(err.code, GM_OK);
	clashes[1].given = true;
	assert_int_equal(gm_options_exclude(clashes, 2, &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(err.msg, "--c and --d cannot be combined");
}

static void
test_refuse(void **state)
{
	struct gm_refusal rows[] = { { false, "--a needs --b" },
		{ false, "100 % of --c" }, { false, "--d takes no files" } };
	struct gm_err err = { .code = GM_OK };

	(void)state;
	assert_int_equal(gm_options_refuse(rows, 3, &err), 0);
	assert_int_equal(err.code, GM_OK);
	rows[1].given = rows[2].given = true;
	assert_int_equal(gm_options_refuse(rows, 3, &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(err.msg, "100 % of --c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_setting),
		cmocka_unit_test(test_after_dashes),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_exclude),
		cmocka_unit_test(test_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
