#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gm-models/view.h"

static char first[] = "a", second[] = "m\xC3\xA9-long";

static struct gm_model items[] = {
	{ .name = first,
	    .display = "A \"1\"",
	    .methods = "generateContent\ncountTokens\n",
	    .input_limit = 1048576,
	    .output_limit = 0,
	    .thinking = true,
	    .class = GM_CLASS_OK,
	    .http = 200 },
	{ .name = second,
	    .display = "",
	    .methods = "",
	    .input_limit = -1,
	    .output_limit = -1,
	    .class = GM_CLASS_NETWORK },
};

static const struct {
	struct gm_modelview view;
	const char *want;
} rows[] = {
	{ { GM_MODELVIEW_NAMES, false, false }, "a\nm\xC3\xA9-long\n" },
	{ { GM_MODELVIEW_NAMES, true, false }, "a\n" },
	{ { GM_MODELVIEW_TABS, false, true },
	    "a\t1048576\t0\tyes\tgenerateContent,countTokens\n"
	    "m\xC3\xA9-long\t-\t-\tno\t-\n" },
	{ { GM_MODELVIEW_TABS, true, true },
	    "a\t1048576\t0\tyes\tgenerateContent,countTokens\tyes\n"
	    "m\xC3\xA9-long\t-\t-\tno\t-\tnetwork\n" },
	/* Without methods, as is usual. */
	{ { GM_MODELVIEW_TABS, false, false },
	    "a\t1048576\t0\tyes\nm\xC3\xA9-long\t-\t-\tno\n" },
	{ { GM_MODELVIEW_TABLE, true, false },
	    "NAME     INPUT    OUTPUT  THINKING  ANSWERS\n"
	    "a        1048576  0       yes       yes\n"
	    "m\xC3\xA9-long  -        -       no        network\n" },
	{ { GM_MODELVIEW_TABLE, false, true },
	    "NAME     INPUT    OUTPUT  THINKING  METHODS\n"
	    "a        1048576  0       yes       generateContent,countTokens\n"
	    "m\xC3\xA9-long  -        -       no        -\n" },
	{ { GM_MODELVIEW_TABLE, true, true },
	    "NAME     INPUT    OUTPUT  THINKING  METHODS                      "
	    "ANSWERS\n"
	    "a        1048576  0       yes       generateContent,countTokens  "
	    "yes\n"
	    "m\xC3\xA9-long  -        -       no        -                    "
	    "        network\n" },
	{ { GM_MODELVIEW_JSON, false, false },
	    "{\"name\":\"a\",\"display_name\":\"A \\\"1\\\"\",\"input_token_li"
	    "mit\":1048576,\"output_token_limit\":0,\"thinking\":true,\"method"
	    "s\":[\"generateContent\",\"countTokens\"]}\n"
	    "{\"name\":\"m\xC3\xA9-long\",\"display_name\":null,\"input_token_"
	    "limit\":null,\"output_token_limit\":null,\"thinking\":false,\"met"
	    "hods\":[]}\n" },
	{ { GM_MODELVIEW_JSON, true, false },
	    "{\"name\":\"a\",\"display_name\":\"A \\\"1\\\"\",\"input_token_li"
	    "mit\":1048576,\"output_token_limit\":0,\"thinking\":true,\"method"
	    "s\":[\"generateContent\",\"countTokens\"],\"probe\":{\"ok\":true,"
	    "\"http\":200,\"class\":\"ok\"}}\n"
	    "{\"name\":\"m\xC3\xA9-long\",\"display_name\":null,\"input_token_"
	    "limit\":null,\"output_token_limit\":null,\"thinking\":false,\"met"
	    "hods\":[],\"probe\":{\"ok\":false,\"http\":null,\"class\":\"netwo"
	    "rk\"}}\n" },
};

static void
test_forms(void **state)
{
	const struct gm_models models = { .items = items,
		.len = GM_LEN(items) };
	struct gm_buf out;
	size_t i;

	(void)state;
	gm_buf_init(&out, 4096);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&out);
		gm_modelview_put(&models, &rows[i].view, &out);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
	}
	gm_buf_release(&out);
}

/* A list that does not fit fails as a whole. */
static void
test_too_large(void **state)
{
	const struct gm_models models = { .items = items,
		.len = GM_LEN(items) };
	struct gm_buf out;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 1);
		gm_modelview_put(&models, &rows[i].view, &out);
		assert_int_equal(gm_buf_check(&out, &err), -1);
		gm_buf_release(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
