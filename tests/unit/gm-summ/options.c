#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gm-summ/options.h"

#define ARGS_MAX 8

/* Arguments, and the error of the check; NULL: none. */
static const struct {
	const char *args[ARGS_MAX];
	const char *want;
} rows[] = {
	{ { NULL }, NULL },
	{ { "a" }, NULL },
	{ { "a", "-" }, NULL },
	{ { "-", "--", "-", "-" }, NULL },
	{ { "-", "-" }, "operand -: given more than once" },
	{ { "-n", "a" }, NULL },
	{ { "-n", "--", "-" }, NULL },
	{ { "-n" }, "no input; name a file, or omit --no-stdin" },
	{ { "-n", "-" }, "--no-stdin and - cannot be combined" },
	{ { "-n", "--files0-from=-" }, "--no-stdin and - cannot be combined" },
	{ { "-n", "--files0-from=a" }, NULL },
	{ { "--files0-from=a", "b" },
	    "--files0-from and operands cannot be combined" },
	{ { "-i", "@-", "a" }, NULL },
	{ { "-i", "@-" },
	    "standard input cannot be both the text and --instructions" },
	{ { "-i", "@-", "--files0-from=-" },
	    "standard input cannot be both the text and --instructions" },
	{ { "--out-suffix=.s", "a" }, NULL },
	{ { "--out-suffix=.s", "--force", "a" }, NULL },
	{ { "--out-suffix=.s", "--files0-from=-" }, NULL },
	{ { "--out-suffix=.s" },
	    "--out-suffix needs files; standard input has no name" },
	{ { "--out-suffix=/s", "a" }, "--out-suffix: must not contain /" },
	{ { "--out-suffix=.s", "-o-", "a" },
	    "--out-suffix and --output cannot be combined" },
	{ { "--out-suffix=.s", "-ob", "a" },
	    "--out-suffix and --output cannot be combined" },
	{ { "--out-suffix=.s", "--combine", "a" },
	    "--out-suffix and --combine cannot be combined" },
	{ { "--force", "a" }, "--force needs --out-suffix" },
	{ { "-w1", "a" }, NULL },
	{ { "-w100001", "a" }, "--words: not a whole number from 1 to 100000" },
	{ { "--chunk-tokens=256", "a" }, NULL },
	{ { "--chunk-tokens=1k", "a" },
	    "--chunk-tokens: not a whole number from 256 to 10000000" },
	{ { "--style=tldr", "a" }, NULL },
	{ { "--style=x", "a" },
	    "--style: not bullets, paragraph, headline, tldr or minutes" },
	{ { "--lang=es-419", "a" }, NULL },
	{ { "--lang=\xE6\x97\xA5", "a" }, NULL },
	{ { "--lang=-1", "a" },
	    "--lang: not a language, such as de, pt-BR or German" },
	{ { "--lang=de.", "a" },
	    "--lang: not a language, such as de, pt-BR or German" },
	{ { "--lang=de\nfr", "a" },
	    "--lang: not a language, such as de, pt-BR or German" },
	{ { "--lang=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a" },
	    "--lang: not a language, such as de, pt-BR or German" },
	{ { "--cache-stats" }, NULL },
	{ { "--cache-clear" }, NULL },
	{ { "--cache-clear", "a" }, "--cache-clear takes no files" },
	{ { "--cache-clear", "--cache-stats" },
	    "--cache-clear and --cache-stats cannot be combined" },
	{ { "--no-cache", "--cache-stats" },
	    "--no-cache and another option of the cache cannot be combined" },
};

static int
check(struct gm_summ_options *o, const char *const *args, struct gm_err *err)
{
	struct gm_options table = { .len = 0 };
	struct gm_config config = { .allow_unsafe = false };
	char name[] = "gm-summ", *argv[ARGS_MAX + 2] = { name };
	char texts[ARGS_MAX][64];
	int argc = 1, first;

	for (; args[argc - 1] != NULL; argc++) {
		assert_true(strlen(args[argc - 1]) < sizeof(texts[0]));
		(void)snprintf(
		    texts[argc - 1], sizeof(texts[0]), "%s", args[argc - 1]);
		argv[argc] = texts[argc - 1];
	}
	*o = (struct gm_summ_options){ .output = NULL };
	gm_summ_rows(o, &table);
	table.after_dashes = &o->common.after_dashes;
	optind = 0; /* reset getopt_long(3) */
	first = gm_options_parse(&table, &config, argc, argv, err);
	if (first == -1)
		return -1;
	return gm_summ_options_check(o, argc - first, argv + first, err);
}

static void
test_rows(void **state)
{
	struct gm_summ_options o;
	struct gm_err err;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		rc = check(&o, rows[i].args, &err);
		if (rows[i].want == NULL && rc != 0)
			fail_msg("row %zu: %s", i, err.msg);
		if (rows[i].want == NULL)
			continue;
		if (rc == 0)
			fail_msg("row %zu: no error", i);
		assert_int_equal(err.code, GM_EUSAGE);
		assert_string_equal(err.msg, rows[i].want);
	}
}

static void
test_values(void **state)
{
	const char *const plain[] = { "a", NULL };
	const char *const all[] = { "--style=headline", "-w12",
		"--chunk-tokens=999", "-o-", "a", NULL };
	struct gm_summ_options o;
	struct gm_err err;

	(void)state;
	assert_int_equal(check(&o, plain, &err), 0);
	assert_int_equal(o.style, GM_STYLE_BULLETS);
	assert_int_equal(o.words, 0);
	assert_int_equal(o.chunk_tokens, 0);
	assert_int_equal(o.rate.jobs, GM_RATE_JOBS);
	assert_int_equal(check(&o, all, &err), 0);
	assert_int_equal(o.style, GM_STYLE_HEADLINE);
	assert_int_equal(o.words, 12);
	assert_int_equal(o.chunk_tokens, 999);
	assert_null(o.output); /* standard output */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
