#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "call/window.h"

#define GEMINI "https://gemini.example"
#define MISTRAL "https://mistral.example"
#define DAY GM_MODELCACHE_FRESH_MS

static char place[] = "/tmp/gm-unit-window.XXXXXX";
static struct gm_result result;
static const char *const next_models[] = { "huge" };
static const char *const others[] = { "other", "other-large" };
static struct gm_service services[2];

/* Keep lists as of so long ago; models by name and window. */
static void
keep(const char *base_url, const char *models, int64_t age_ms)
{
	const struct gm_modelcache cache = { .dir = place,
		.base_url = base_url };
	struct gm_models list = { .items = NULL };
	struct gm_buf next;
	struct gm_err err;

	gm_buf_init(&next, GM_MODELS_TOKEN_MAX);
	assert_int_equal(
	    gm_models_parse(&list, gm_span_of(models), NULL, &next, &err), 0);
	gm_modelcache_write(&cache, gm_clock_wall_ms() - age_ms, &list);
	gm_models_release(&list);
	gm_buf_release(&next);
}

static void
keep_all(void)
{
	keep(GEMINI,
	    "{\"models\":[{\"id\":\"small\",\"inputTokenLimit\":20000},"
	    "{\"id\":\"large\",\"inputTokenLimit\":1048576},"
	    "{\"id\":\"huge\",\"inputTokenLimit\":2097152},"
	    "{\"id\":\"zero\",\"inputTokenLimit\":0},"
	    "{\"id\":\"silent\"}]}",
	    0);
	keep(MISTRAL,
	    "{\"models\":[{\"id\":\"other\",\"inputTokenLimit\":32768},"
	    "{\"id\":\"other-large\",\"inputTokenLimit\":131072}]}",
	    0);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(place) == NULL)
		return -1;
	services[0] = (struct gm_service){ .provider = &gm_gemini,
		.cache = { .dir = place, .base_url = GEMINI } };
	services[1] = (struct gm_service){ .provider = &gm_mistral,
		.cache = { .dir = place, .base_url = MISTRAL },
		.fallback = true,
		.models = others,
		.models_len = GM_LEN(others) };
	keep_all();
	return 0;
}

static int
tear_down(void **state)
{
	char command[200];

	(void)state;
	gm_result_release(&result);
	(void)snprintf(command, sizeof(command), "rm -r '%s'", place);
	return system(command); /* NOLINT(cert-env33-c) */
}

/* "": it fits; else the error. */
static const char *
check(const struct gm_request *q)
{
	static struct gm_err err;
	const struct gm_call_args ask = {
		.service = services, .request = q, .result = &result
	};

	gm_result_release(&result);
	gm_result_init(&result);
	err = (struct gm_err){ .code = GM_OK };
	if (gm_window_check(&ask, &err) == 0) {
		assert_int_equal(err.code, GM_OK);
		assert_int_equal(result.class, GM_CLASS_OK);
		assert_null(result.model);
		assert_null(result.provider);
		return "";
	}
	assert_int_equal(err.code, GM_EDATA);
	assert_int_equal(result.class, GM_CLASS_TOO_LARGE);
	return err.msg;
}

#define TOO_LARGE(model, has, takes) \
	model ": the prompt has about " has " tokens, the model takes " takes \
	      "; shorten it, or use another model (too_large)"

static void
test_one_model(void **state)
{
	static const struct {
		const char *model;
		int64_t tokens;
		const char *want;
	} rows[] = {
		{ "large", 0, "" },
		{ "large", 1048576, "" },
		{ "large", 1398102, "" }, /* 75 % is the window */
		{ "large", 1398103, TOO_LARGE("large", "1398103", "1048576") },
		{ "large", 2100000, TOO_LARGE("large", "2100000", "1048576") },
		{ "models/large", 2100000,
		    TOO_LARGE("models/large", "2100000", "1048576") },
		{ "small", 26667, "" },
		{ "small", 26668, TOO_LARGE("small", "26668", "20000") },
		/* Not known. */
		{ "none", 100000000, "" },
		{ "silent", 100000000, "" },
		{ "zero", 100000000, "" },
	};
	struct gm_request q = { .operation = GM_OP_GENERATE };
	size_t i;

	(void)state;
	services[0].next = NULL;
	for (i = 0; i < GM_LEN(rows); i++) {
		q.model = rows[i].model;
		q.tokens = rows[i].tokens;
		assert_string_equal(check(&q), rows[i].want);
		if (rows[i].want[0] == '\0')
			continue;
		assert_string_equal(result.model, rows[i].model);
		assert_string_equal(result.provider, "gemini");
		assert_false(result.fallback);
	}
}

/* All that may be asked count, and the one that takes the most is named. */
static void
test_fallbacks(void **state)
{
	struct gm_request q = {
		.operation = GM_OP_GENERATE, .model = "small", .tokens = 150000
	};

	(void)state;
	services[0].next = &services[1];
	assert_string_equal(check(&q), ""); /* 112500 fit other-large */
	q.tokens = 200000;
	assert_string_equal(
	    check(&q), TOO_LARGE("other-large", "200000", "131072"));
	assert_string_equal(result.model, "other-large");
	assert_string_equal(result.provider, "mistral");
	assert_true(result.fallback);
	q.next_models = next_models;
	q.next_models_len = 1;
	assert_string_equal(check(&q), "");
	q.tokens = 3000000;
	assert_string_equal(check(&q), TOO_LARGE("huge", "3000000", "2097152"));
	assert_string_equal(result.provider, "gemini");
	/* Without a window there is no limit. */
	q.model = "silent";
	assert_string_equal(check(&q), "");
	q.model = "small";
	services[1].cache.base_url = "https://unknown.example";
	assert_string_equal(check(&q), "");
	services[1].cache.base_url = MISTRAL;
	services[0].next = NULL;
}

/* Counting costs nothing, and shows by how much it is too large. */
static void
test_other_operations(void **state)
{
	struct gm_request q = {
		.operation = GM_OP_COUNT, .model = "small", .tokens = 1000000
	};

	(void)state;
	assert_string_equal(check(&q), "");
	q.operation = GM_OP_MODELS;
	assert_string_equal(check(&q), "");
}

static void
test_cache(void **state)
{
	static const char tiny[] =
	    "{\"models\":[{\"id\":\"tiny\",\"inputTokenLimit\":100}]}";
	struct gm_request q = { .operation = GM_OP_GENERATE,
		.model = "tiny",
		.tokens = GM_WINDOW_MIN };

	(void)state;
	keep(GEMINI, tiny, DAY / 2);
	assert_string_equal(check(&q), TOO_LARGE("tiny", "16384", "100"));
	/* So small that no file is opened. */
	q.tokens--;
	assert_string_equal(check(&q), "");
	q.tokens++;
	/* A list may be too old, from the future, or not there. */
	keep(GEMINI, tiny, DAY + 60000);
	assert_string_equal(check(&q), "");
	keep(GEMINI, tiny, -DAY);
	assert_string_equal(check(&q), "");
	keep(GEMINI, tiny, 0);
	services[0].cache.dir = "";
	assert_string_equal(check(&q), "");
	services[0].cache.dir = place;
	assert_string_equal(check(&q), TOO_LARGE("tiny", "16384", "100"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_model),
		cmocka_unit_test(test_fallbacks),
		cmocka_unit_test(test_other_operations),
		cmocka_unit_test(test_cache),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
