#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/params.h"

/* An option's place in what is given, and in the request. */
struct field {
	const char *name;
	size_t given, request;
};

#define FIELD(name, member) \
	{ \
		name, offsetof(struct gm_params, member), \
		    offsetof(struct gm_request, member) \
	}

static const struct field temperature = FIELD("--temperature", temperature);
static const struct field top_p = FIELD("--top-p", top_p);
static const struct field top_k = FIELD("--top-k", top_k);
static const struct field max_tokens = FIELD("--max-tokens", max_tokens);
static const struct field seed = FIELD("--seed", seed);
static const struct field level = { "--thinking",
	offsetof(struct gm_params, thinking),
	offsetof(struct gm_request, thinking_level) };
static const struct field budget = { "--thinking",
	offsetof(struct gm_params, thinking),
	offsetof(struct gm_request, thinking_budget) };
static const struct field safety = FIELD("--safety", safety);

static void
give(struct gm_params *p, const struct field *f, const char *text)
{
	memcpy((char *)p + f->given, &text, sizeof(text));
}

static const char *
got(const struct gm_request *q, const struct field *f)
{
	const char *text;

	memcpy(&text, (const char *)q + f->request, sizeof(text));
	return text;
}

static const struct {
	const struct field *field;
	const char *text, *want;
} good[] = {
	{ &temperature, "0", "0" },
	{ &temperature, "0.7", "0.7" },
	{ &temperature, ".5", "0.5" },
	{ &temperature, "2", "2" },
	{ &temperature, "2.0", "2.0" },
	{ &temperature, "1e-1", "1e-1" },
	{ &top_p, "0", "0" },
	{ &top_p, "0.95", "0.95" },
	{ &top_p, "1", "1" },
	{ &top_k, "1", "1" },
	{ &top_k, "40", "40" },
	{ &top_k, "0040", "40" },
	{ &max_tokens, "1", "1" },
	{ &max_tokens, "65536", "65536" },
	{ &seed, "0", "0" },
	{ &seed, "-2147483648", "-2147483648" },
	{ &seed, "2147483647", "2147483647" },
	{ &level, "minimal", "MINIMAL" },
	{ &level, "low", "LOW" },
	{ &level, "medium", "MEDIUM" },
	{ &level, "high", "HIGH" },
	{ &level, "HIGH", "HIGH" },
	{ &level, "xhigh", "XHIGH" },
	{ &level, "Low", "LOW" },
	{ &budget, "off", "0" },
	{ &budget, "0", "0" },
	{ &budget, "-1", "-1" },
	{ &budget, "1024", "1024" },
	{ &budget, "01024", "1024" },
	{ &safety, "none", "BLOCK_NONE" },
	{ &safety, "low", "BLOCK_ONLY_HIGH" },
	{ &safety, "medium", "BLOCK_MEDIUM_AND_ABOVE" },
	{ &safety, "high", "BLOCK_LOW_AND_ABOVE" },
};

static void
test_good(void **state)
{
	static const struct field *const all[] = { &temperature, &top_p, &top_k,
		&max_tokens, &seed, &level, &budget, &safety };
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(good); i++) {
		struct gm_params p = { .temperature = NULL };
		struct gm_request q = { .model = NULL };
		struct gm_err err;

		give(&p, good[i].field, good[i].text);
		if (gm_params_apply(&p, &q, &err) != 0)
			fail_msg("'%s': %s", good[i].text, err.msg);
		for (k = 0; k < GM_LEN(all); k++)
			if (all[k] != good[i].field)
				assert_null(got(&q, all[k]));
		assert_non_null(got(&q, good[i].field));
		assert_string_equal(got(&q, good[i].field), good[i].want);
		gm_params_release(&p);
	}
}

#define DECIMAL(range) "not a number from " range
#define WHOLE(range) "not a whole number from " range
#define THINKING \
	"not minimal, low, medium, high, xhigh, off or a number of " \
	"tokens from -1 (automatic) to 10000000"

/* The option and the range are named. */
static const struct {
	const struct field *field;
	const char *text, *msg;
} bad[] = {
	{ &temperature, "-0.1", DECIMAL("0 to 2") },
	{ &temperature, "2.01", DECIMAL("0 to 2") },
	{ &temperature, "hot", DECIMAL("0 to 2") },
	{ &temperature, "0,7", DECIMAL("0 to 2") },
	{ &temperature, "", DECIMAL("0 to 2") },
	{ &temperature, "nan", DECIMAL("0 to 2") },
	{ &top_p, "1.1", DECIMAL("0 to 1") },
	{ &top_p, "-1", DECIMAL("0 to 1") },
	{ &top_k, "0", WHOLE("1 to 1000000") },
	{ &top_k, "1.5", WHOLE("1 to 1000000") },
	{ &max_tokens, "0", WHOLE("1 to 10000000") },
	{ &max_tokens, "10M", WHOLE("1 to 10000000") },
	{ &max_tokens, "10000001", WHOLE("1 to 10000000") },
	{ &seed, "2147483648", WHOLE("-2147483648 to 2147483647") },
	{ &seed, "-2147483649", WHOLE("-2147483648 to 2147483647") },
	{ &level, "much", THINKING },
	{ &level, "", THINKING },
	{ &level, "-2", THINKING },
	{ &level, "10000001", THINKING },
	{ &level, "1.5", THINKING },
	{ &safety, "off", "not none, low, medium or high" },
	{ &safety, "", "not none, low, medium or high" },
	{ &safety, "High", "not none, low, medium or high" },
};

static void
test_bad(void **state)
{
	char want[GM_ERR_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(bad); i++) {
		struct gm_params p = { .temperature = NULL };
		struct gm_request q = { .model = NULL };
		struct gm_err err = { .code = GM_OK };

		give(&p, bad[i].field, bad[i].text);
		assert_int_equal(gm_params_apply(&p, &q, &err), -1);
		assert_int_equal(err.code, GM_EUSAGE);
		(void)snprintf(want, sizeof(want), "%s: %s", bad[i].field->name,
		    bad[i].msg);
		assert_string_equal(err.msg, want);
		gm_params_release(&p);
	}
}

/* All at once: none disturbs another, whatever memory they share. */
static void
test_together(void **state)
{
	struct gm_params p = { .temperature = "0.00000000000000000000000001",
		.top_p = "0.950000000000000000000000000000000000000000000001",
		.top_k = "40",
		.max_tokens = "2048",
		.seed = "-7",
		.thinking = "1024",
		.safety = "high" };
	struct gm_request q = { .model = "m" };
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_params_apply(&p, &q, &err), 0);
	assert_string_equal(q.temperature, "0.00000000000000000000000001");
	assert_string_equal(
	    q.top_p, "0.950000000000000000000000000000000000000000000001");
	assert_string_equal(q.top_k, "40");
	assert_string_equal(q.max_tokens, "2048");
	assert_string_equal(q.seed, "-7");
	assert_string_equal(q.thinking_budget, "1024");
	assert_null(q.thinking_level);
	assert_string_equal(q.safety, "BLOCK_LOW_AND_ABOVE");
	assert_string_equal(q.model, "m");
	gm_params_release(&p);
	gm_params_release(&p);
}

/* A record's: members are named, and what it had before is gone. */
static void
test_records(void **state)
{
	struct gm_params p = { .members = true };
	struct gm_request q = { .thinking_level = "LOW", .top_p = "0.5" };
	struct gm_err err;
	size_t i;

	(void)state;
	p.thinking = "off";
	p.temperature = "1.0";
	assert_int_equal(gm_params_apply(&p, &q, &err), 0);
	assert_null(q.thinking_level);
	assert_string_equal(q.thinking_budget, "0");
	assert_string_equal(q.temperature, "1.0");
	assert_string_equal(q.top_p, "0.5");
	p.thinking = "high";
	p.temperature = "2";
	assert_int_equal(gm_params_apply(&p, &q, &err), 0);
	assert_string_equal(q.thinking_level, "HIGH");
	assert_null(q.thinking_budget);
	assert_string_equal(q.temperature, "2");
	/* The places of a failed one do not fill up. */
	for (i = 0; i < 1000; i++) {
		p.temperature = "3.00000000000000000000";
		assert_int_equal(gm_params_apply(&p, &q, &err), -1);
	}
	assert_string_equal(err.msg, "temperature: not a number from 0 to 2");
	p.temperature = NULL;
	p.max_tokens = "0";
	assert_int_equal(gm_params_apply(&p, &q, &err), -1);
	assert_string_equal(
	    err.msg, "max_tokens: not a whole number from 1 to 10000000");
	p.max_tokens = NULL;
	p.thinking = "much";
	assert_int_equal(gm_params_apply(&p, &q, &err), -1);
	assert_string_equal(err.msg, "thinking: " THINKING);
	p.thinking = NULL;
	p.safety = "off";
	assert_int_equal(gm_params_apply(&p, &q, &err), -1);
	assert_string_equal(err.msg, "safety: not none, low, medium or high");
	gm_params_release(&p);
}

/* What completions offer is taken. */
static void
test_words(void **state)
{
	const char *word;
	size_t i;

	(void)state;
	for (i = 0; (word = gm_params_thinking_word(i)) != NULL; i++) {
		struct gm_params p = { .thinking = word };
		struct gm_request q = { .model = NULL };
		struct gm_err err;

		assert_int_equal(gm_params_apply(&p, &q, &err), 0);
		assert_true(
		    (q.thinking_level != NULL) != (q.thinking_budget != NULL));
		gm_params_release(&p);
	}
	assert_int_equal(i, 6);
	for (i = 0; (word = gm_params_safety_word(i)) != NULL; i++) {
		struct gm_params p = { .safety = word };
		struct gm_request q = { .model = NULL };
		struct gm_err err;

		assert_int_equal(gm_params_apply(&p, &q, &err), 0);
		assert_non_null(q.safety);
		gm_params_release(&p);
	}
	assert_int_equal(i, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
