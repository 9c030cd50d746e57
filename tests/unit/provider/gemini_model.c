/* Parameters that models ignore or reject. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/gemini_model.h"

#define IGNORES "this model ignores "
#define LEVELS "low, medium or high"
#define ALL_LEVELS "low, medium, high or xhigh"
#define ROOM(n) \
	"--max-tokens " n \
	" may all be used for thinking; use 4096 or more, or --thinking low"

static const struct {
	const char *model;
	struct gm_request request;
	const char *want;
} rows[] = {
	{ "gemini-4-neon", { .seed = "7" }, "" },
	{ "gemini-3.8-flash",
	    { .temperature = "1",
		.thinking_level = "MINIMAL",
		.max_tokens = "1" },
	    "" },
	{ "gemini-40-neon", { .temperature = "1" }, "" },
	{ "tunedModels/gemini-4-neon", { .temperature = "1" }, "" },
	{ "gemini-4-neon", { .temperature = "1" }, IGNORES "--temperature" },
	{ "gemini-4-new", { .top_p = "1", .top_k = "3" },
	    IGNORES "--top-p, --top-k" },
	{ "gemini-4-argon", { .temperature = "0", .top_p = "1", .top_k = "3" },
	    IGNORES "--temperature, --top-p, --top-k" },
	{ "gemini-4-neon", { .thinking_level = "MINIMAL" },
	    "this model rejects --thinking with this level; use " ALL_LEVELS },
	{ "gemini-4-neon", { .thinking_level = "XHIGH" }, "" },
	{ "gemini-4-argon", { .thinking_level = "XHIGH" },
	    "this model rejects --thinking with this level; use " LEVELS },
	{ "gemini-4-carbon-001", { .thinking_level = "HIGH" }, "" },
	{ "gemini-4-carbon", { .thinking_level = "MEDIUM" }, "" },
	{ "gemini-4-hydrogen", { .thinking_budget = "0" },
	    "this model rejects --thinking off; use " ALL_LEVELS },
	{ "gemini-4-hydrogen", { .thinking_budget = "-1" },
	    "this model rejects --thinking with a number; use " ALL_LEVELS },
	{ "gemini-4-neon", { .max_tokens = "4095" }, ROOM("4095") },
	{ "gemini-4-neon", { .max_tokens = "4096" }, "" },
	{ "gemini-4-neon", { .max_tokens = "100", .thinking_level = "LOW" },
	    "" },
	{ "gemini-4-argon", { .max_tokens = "100" }, "" },
	{ "gemini-4-argon", { .max_tokens = "100", .thinking_level = "HIGH" },
	    ROOM("100") },
	{ "gemini-4-neon",
	    { .temperature = "1",
		.max_tokens = "1",
		.thinking_level = "XHIGH" },
	    IGNORES "--temperature\n" ROOM("1") },
};

static void
test_rows(void **state)
{
	struct gm_buf out;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 4096);
		gm_gemini_model_caution(rows[i].model, &rows[i].request, &out);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
		gm_buf_release(&out);
	}
}

static void
test_takes_low(void **state)
{
	static const struct {
		const char *model;
		bool want;
	} models[] = {
		{ "gemini-flash-latest", true },
		{ "gemini-pro-latest", true },
		{ "gemini-3-flash-preview", true },
		{ "gemini-3.8-flash", true },
		{ "gemini-4-argon", true },
		{ "gemini-2.5-flash", false },
		{ "gemini-2.5-flash-latest", false },
		{ "gemini-1.5-pro-latest", false },
		{ "gemini-embedding-001", false },
		{ "gemini-", false },
		{ "mistral-large-latest", false },
		{ "tunedModels/mine", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(models); i++)
		assert_int_equal(
		    gm_gemini_model_takes_low(models[i].model), models[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_low),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
