#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider/models.h"
#include "json/write.h"

#define GENERATE "\"supportedGenerationMethods\":[\"generateContent\"]"
#define NAMED(name) "{\"name\":\"models/" name "\"," GENERATE "}"
#define PAGE(list) "{\"models\":[" list "]}"

static int
parse(struct gm_models *models, const char *page, struct gm_buf *next,
    struct gm_err *err)
{
	gm_buf_init(next, GM_MODELS_TOKEN_MAX);
	return gm_models_parse(models, gm_span_of(page), NULL, next, err);
}

static void
take(struct gm_models *models, const char *page)
{
	struct gm_buf next;
	struct gm_err err;

	if (parse(models, page, &next, &err) != 0)
		fail_msg("%s", err.msg);
	gm_buf_release(&next);
}

/* The names, each followed by a blank. */
static void
assert_names(const struct gm_models *models, const char *want)
{
	struct gm_buf names;
	size_t i;

	gm_buf_init(&names, 1 << 20);
	for (i = 0; i < models->len; i++)
		gm_buf_printf(&names, "%s ", models->items[i].name);
	assert_string_equal(gm_buf_str(&names), want);
	gm_buf_release(&names);
}

static void
test_fields(void **state)
{
	static const struct {
		const char *model, *name, *display, *methods;
		int64_t in, out;
		bool thinking;
	} rows[] = {
		{ "{\"name\":\"models/a\",\"displayName\":\"A b\",\"inputTokenL"
		  "imit\":5,\"outputTokenLimit\":6,\"thinking\":true,\"supporte"
		  "dGenerationMethods\":[\"x\",\"y\"],\"temperature\":1}",
		    "a", "A b", "x\ny\n", 5, 6, true },
		{ "{\"name\":\"a\"}", "a", "", "", -1, -1, false },
		{ "{\"name\":\"tunedModels/mine\"}", "tunedModels/mine", "", "",
		    -1, -1, false },
		{ "{\"name\":\"a\",\"inputTokenLimit\":\"1048576\",\"outputToke"
		  "nLimit\":8192.0,\"thinking\":\"true\"}",
		    "a", "", "", 1048576, 8192, false },
		{ "{\"name\":\"a\",\"displayName\":null,\"inputTokenLimit\":{},"
		  "\"outputTokenLimit\":1.5,\"supportedGenerationMethods\":5}",
		    "a", "", "", -1, -1, false },
		/* One clean line each, with any contents. */
		{ "{\"name\":\"models/a\\u001b[31m\\nb\\u0000\",\"displayName\""
		  ":\"\\u202e\\tx\\r\\ny\",\"supportedGenerationMethods\":[\"a"
		  "\\nb\",\"\",\"\\u0007\",3]}",
		    "a b\xEF\xBF\xBD", "x y", "a b\n", -1, -1, false },
	};
	struct gm_buf page;
	size_t i;

	(void)state;
	gm_buf_init(&page, 4096);
	for (i = 0; i < GM_LEN(rows); i++) {
		struct gm_models models = { .items = NULL };
		const struct gm_model *m;

		gm_buf_reset(&page);
		gm_buf_printf(&page, PAGE("%s"), rows[i].model);
		take(&models, gm_buf_str(&page));
		assert_int_equal(models.len, 1);
		m = &models.items[0];
		assert_string_equal(m->name, rows[i].name);
		assert_string_equal(m->display, rows[i].display);
		assert_string_equal(m->methods, rows[i].methods);
		assert_int_equal(m->input_limit, rows[i].in);
		assert_int_equal(m->output_limit, rows[i].out);
		assert_int_equal(m->thinking, rows[i].thinking);
		gm_models_release(&models);
		gm_models_release(&models);
	}
	gm_buf_release(&page);
}

static void
test_pages(void **state)
{
	static const struct {
		const char *page, *names, *next;
	} rows[] = {
		{ PAGE(NAMED("a") "," NAMED("b")), "a b ", "" },
		{ "{\"models\":[" NAMED("c") "," NAMED("a") "],\"nextPageToken"
							    "\":\"t/=+\"}",
		    "a b c ", "t/=+" },
		/* Models without a name and repeated ones are skipped. */
		{ PAGE("{},5,null,[],{\"name\":\"\"},{\"name\":\"models/\"},"
		       "{\"name\":7},{\"name\":\"\\u001b[0m\"}," NAMED("c")),
		    "a b c ", "" },
		{ "{}", "a b c ", "" },
		{ "{\"nextPageToken\":\"\"}", "a b c ", "" },
		{ "{\"nextPageToken\":5}", "a b c ", "" },
	};
	struct gm_models models = { .items = NULL };
	struct gm_buf next;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(parse(&models, rows[i].page, &next, &err), 0);
		assert_names(&models, rows[i].names);
		assert_string_equal(gm_buf_str(&next), rows[i].next);
		gm_buf_release(&next);
	}
	gm_models_release(&models);
}

static void
assert_refused(
    struct gm_models *models, const struct gm_buf *page, const char *words)
{
	struct gm_buf next;
	struct gm_err err;

	assert_int_equal(parse(models, gm_buf_str(page), &next, &err), -1);
	assert_int_equal(err.code, GM_EPROTOCOL);
	assert_string_equal(err.msg, words);
	gm_buf_release(&next);
}

static void
test_limits(void **state)
{
	struct gm_models models = { .items = NULL };
	struct gm_buf page;
	size_t i;

	(void)state;
	gm_buf_init(&page, 16 << 20);
	gm_buf_puts(&page, "{\"models\":[]");
	gm_buf_puts(&page, ",\"nextPageToken\":\"");
	for (i = 0; i <= GM_MODELS_TOKEN_MAX; i++)
		gm_buf_putc(&page, 't');
	gm_buf_puts(&page, "\"}");
	assert_refused(
	    &models, &page, "the token of the next page is too long");

	/* Names of any length become lines of at most 300 characters. */
	gm_buf_reset(&page);
	gm_buf_puts(&page, "{\"models\":[{\"name\":\"");
	for (i = 0; i < 400000; i++)
		gm_buf_putc(&page, 'n');
	gm_buf_puts(&page, "\"}]}");
	take(&models, gm_buf_str(&page));
	assert_int_equal(models.len, 1);
	assert_int_equal(strlen(models.items[0].name), 303);
	gm_models_release(&models);

	gm_buf_reset(&page);
	gm_buf_puts(&page, "{\"models\":[");
	for (i = 0; i <= GM_MODELS_MAX; i++)
		gm_buf_printf(
		    &page, "%s{\"name\":\"m%zu\"}", i > 0 ? "," : "", i);
	gm_buf_puts(&page, "]}");
	assert_refused(
	    &models, &page, "the list of models is too long: more than 10000");
	assert_int_equal(models.len, GM_MODELS_MAX);
	gm_models_release(&models);
	gm_buf_release(&page);
}

static void
test_masks_keys(void **state)
{
	static const char page[] =
	    PAGE("{\"name\":\"models/fake-good-key-0001\",\"displayName\":\"a "
		 "fake-good-k\\u0065y-0001 b\"}");
	struct gm_models models = { .items = NULL };
	struct gm_secrets secrets = { .items = NULL };
	struct gm_buf next;
	struct gm_err err;

	(void)state;
	gm_buf_init(&next, GM_MODELS_TOKEN_MAX);
	assert_int_equal(
	    gm_secrets_add(&secrets, gm_span_of("fake-good-key-0001"), &err),
	    0);
	assert_int_equal(
	    gm_models_parse(&models, gm_span_of(page), &secrets, &next, &err),
	    0);
	assert_string_equal(models.items[0].name, "...0001");
	assert_string_equal(models.items[0].display, "a ...0001 b");
	gm_models_release(&models);
	gm_secrets_release(&secrets);
	gm_buf_release(&next);
}

/* A written list is read back. */
static void
test_write(void **state)
{
	static const char page[] =
	    "{\"models\":[{\"id\":\"models/a\",\"displayName\""
	    ":\"A\",\"inputTokenLimit\":5,\"outputTokenL"
	    "imit\":6,\"thinking\":true,\"supportedGener"
	    "ationMethods\":[\"x\",\"y\"]},{\"id\":\"b"
	    "\",\"displayName\":\"\",\"thinking\":false,"
	    "\"supportedGenerationMethods\":[]}]}";
	struct gm_models models = { .items = NULL };
	struct gm_buf text;
	struct gm_jsonw w;

	(void)state;
	take(&models, page);
	gm_buf_init(&text, 4096);
	gm_jsonw_init(&w, &text);
	gm_jsonw_object(&w, NULL);
	gm_models_write(&models, &w);
	gm_jsonw_end(&w);
	assert_string_equal(gm_buf_str(&text), page);
	gm_buf_release(&text);
	gm_models_release(&models);
}

#define LIST \
	PAGE( \
	    NAMED("gemini-2.0-flash") "," NAMED("gemini-3.6-flash") "," NAMED( \
		"gemini-3.8-flash") "," NAMED("Gemini-Pro[x]") ",{\"name\":" \
							       "\"models" \
							       "/embed-" \
							       "flash\"," \
							       "\"supportedGe" \
							       "nerationMetho" \
							       "ds\":[" \
							       "\"embedConten" \
							       "t\"]}")

static void
test_keep(void **state)
{
	static char flash[] = "flash", upper[] = "FLASH", glob[] = "gemini-3*",
		    whole[] = "gemini", prefix[] = "models/gemini-3.8",
		    prefix_glob[] = "models/*-flash", request[] = "gemini-?.8*",
		    set[] = "*-[23].[06]-*", bracket[] = "[", pro[] = "pro",
		    none[] = "gpt", empty[] = "", exact[] = "flash*";
	static const struct {
		char *patterns[2];
		const char *method, *want;
	} rows[] = {
		{ { NULL }, NULL,
		    "gemini-2.0-flash gemini-3.6-flash "
		    "gemini-3.8-flash Gemini-Pro[x] embed-flash " },
		{ { NULL }, "embedContent", "embed-flash " },
		{ { NULL }, "embed", "" },
		{ { flash }, "generateContent",
		    "gemini-2.0-flash gemini-3.6-flash gemini-3.8-flash " },
		{ { upper }, "embedContent", "embed-flash " },
		{ { glob }, NULL, "gemini-3.6-flash gemini-3.8-flash " },
		{ { whole }, NULL,
		    "gemini-2.0-flash gemini-3.6-flash "
		    "gemini-3.8-flash Gemini-Pro[x] " },
		{ { prefix }, NULL, "gemini-3.8-flash " },
		{ { prefix_glob }, "embedContent", "embed-flash " },
		{ { request }, NULL, "gemini-3.8-flash " },
		{ { set }, NULL, "gemini-2.0-flash gemini-3.6-flash " },
		{ { bracket }, NULL, "" },
		{ { pro }, NULL, "Gemini-Pro[x] " },
		{ { exact }, NULL, "" },
		{ { none }, NULL, "" },
		{ { none, pro }, NULL, "Gemini-Pro[x] " },
		{ { pro, prefix }, NULL, "gemini-3.8-flash Gemini-Pro[x] " },
		{ { empty }, "embedContent", "embed-flash " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		const struct gm_models_filter filter = {
			.method = rows[i].method,
			.patterns = rows[i].patterns,
			.len = (rows[i].patterns[0] != NULL ? 1U : 0U) +
			       (rows[i].patterns[1] != NULL ? 1U : 0U),
		};
		struct gm_models models = { .items = NULL };

		take(&models, LIST);
		gm_models_keep(&models, &filter);
		assert_names(&models, rows[i].want);
		gm_models_release(&models);
	}
}

/* Unknown methods differ from none. */
static void
test_unknown_methods(void **state)
{
	struct gm_models_filter filter = { .method = "chat", .unknown = true };
	struct gm_models models = { .items = NULL };

	(void)state;
	take(&models, "{\"models\":[{\"id\":\"a\"},{\"id\":\"b\","
		      "\"supportedGenerationMethods\":[]},{\"id\":\"c\","
		      "\"supportedGenerationMethods\":[\"chat\"]}]}");
	gm_models_keep(&models, &filter);
	assert_names(&models, "a c ");
	filter.unknown = false;
	gm_models_keep(&models, &filter);
	assert_names(&models, "c ");
	gm_models_release(&models);
}

static void
test_near(void **state)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
		{ "gemini-3.9-flash",
		    "gemini-3.6-flash, gemini-3.8-flash, gemini-2.0-flash" },
		{ "models/gemini-3.9-flash",
		    "gemini-3.6-flash, gemini-3.8-flash, gemini-2.0-flash" },
		{ "gemini-3.8-flahs", "gemini-3.8-flash, gemini-3.6-flash, "
				      "gemini-2.0-flash" },
		{ "GEMINI-3.8-FLASH", "gemini-3.8-flash, gemini-3.6-flash, "
				      "gemini-2.0-flash" },
		/* Not itself, although it is listed. */
		{ "gemini-2.0-flash", "gemini-3.6-flash, gemini-3.8-flash" },
		/* The beginning of a name. */
		{ "gemini-3", "gemini-3.6-flash, gemini-3.8-flash" },
		/* Not one that cannot answer. */
		{ "embed-flesh", "" },
		{ "gpt-5", "" },
		{ "none", "" },
		{ "", "" },
	};
	struct gm_models models = { .items = NULL };
	struct gm_buf names;
	char name[301];
	size_t i;

	(void)state;
	take(&models, LIST);
	gm_buf_init(&names, 4096);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&names);
		gm_models_near(
		    &models, rows[i].name, "generateContent", &names);
		assert_string_equal(gm_buf_str(&names), rows[i].want);
	}
	memset(name, 'g', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	gm_buf_reset(&names);
	gm_models_near(&models, name, "generateContent", &names);
	assert_string_equal(gm_buf_str(&names), "");
	/* With unknown methods every model counts. */
	gm_models_near(&models, "embed-flesh", NULL, &names);
	assert_string_equal(gm_buf_str(&names), "embed-flash");
	gm_buf_release(&names);
	gm_models_release(&models);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_masks_keys),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_unknown_methods),
		cmocka_unit_test(test_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
