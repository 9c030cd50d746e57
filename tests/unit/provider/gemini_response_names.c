/* Answers without their text, counts, and a sink that fails. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "provider/gemini_response.h"

#define CANDIDATE(members) "{\"candidates\":[{" members "}]}"
#define CHUNKS(list) \
	CANDIDATE("\"groundingMetadata\":{\"groundingChunks\":[" list "]}")
#define WEB(uri, title) \
	"{\"web\":{\"uri\":\"" uri "\",\"title\":\"" title "\"}}"
#define PAGES(list) \
	CANDIDATE("\"urlContextMetadata\":{\"urlMetadata\":[" list "]}")
#define PAGE(url, status) \
	"{\"retrievedUrl\":\"" url \
	"\",\"urlRetrievalStatus\":\"URL_RETRIEVAL_STATUS_" status "\"}"

struct seen {
	size_t texts, thoughts;
	size_t
	    refused; /* number of the text at which the sink fails; 0: never */
};

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct seen *seen = arg;
	size_t *count = part->thought ? &seen->thoughts : &seen->texts;

	assert_true(part->text.len > 0);
	if (++*count == seen->refused)
		return gm_fail(err, GM_EIO, part->thought ? "no room" : "full");
	return 0;
}

static int
take(struct gm_answer *a, enum gm_operation operation, struct gm_span document,
    struct seen *seen, struct gm_err *err)
{
	const struct gm_sink sink = { .part = on_part, .arg = seen };
	struct gm_json json = { 0 };
	int rc;

	if (gm_json_parse(&json, document, err) != 0)
		fail_msg("%s", err->msg);
	rc = gm_gemini_read(&json, GM_JSON_ROOT, operation, a, &sink, err);
	gm_json_release(&json);
	return rc;
}

static void
take_text(struct gm_answer *a, const char *document)
{
	struct seen seen = { 0 };
	struct gm_err err;

	assert_int_equal(
	    take(a, GM_OP_GENERATE, gm_span_of(document), &seen, &err), 0);
}

static void
test_sources(void **state)
{
	static const struct {
		const char *first, *second, *want;
	} rows[] = {
		{ CHUNKS(WEB("https://a.example/x", "a.example")), NULL,
		    "https://a.example/x\ta.example\n" },
		{ CHUNKS(WEB("https://a", "A") "," WEB("https://b", "B")), NULL,
		    "https://a\tA\nhttps://b\tB\n" },
		{ CHUNKS("{\"retrievedContext\":{\"uri\":\"u\",\"title\":\"t\"}"
			 "},{\"maps\":{\"uri\":\"v\",\"title\":\"w\"}}"),
		    NULL, "u\tt\nv\tw\n" },
		{ CHUNKS("{\"web\":{\"uri\":\"u\"}}"), NULL, "u\t\n" },
		{ CHUNKS("{\"web\":{\"title\":\"t\"}},{\"web\":{}},{\"web\":5},"
			 "{},null"),
		    NULL, "" },
		{ CHUNKS(WEB("", "t") "," WEB("u", "v")), NULL, "u\tv\n" },
		{ PAGES(PAGE("https://p", "SUCCESS") "," PAGE(
		      "https://q", "PAYWALL")),
		    NULL,
		    "https://p\tURL_RETRIEVAL_STATUS_SUCCESS\n"
		    "https://q\tURL_RETRIEVAL_STATUS_PAYWALL\n" },
		/* One line for each URI, with a title if there is one. */
		{ CHUNKS(WEB("u", "t") "," WEB("u", "t")),
		    CHUNKS(WEB("u", "t")), "u\tt\n" },
		{ CHUNKS(WEB("u", "t")), CHUNKS(WEB("u", "s")), "u\tt\n" },
		{ CHUNKS("{\"web\":{\"uri\":\"u\"}}," WEB("v", "w")),
		    CHUNKS(WEB("u", "t")), "u\tt\nv\tw\n" },
		{ PAGES(PAGE("u", "SUCCESS")), CHUNKS(WEB("u", "t")),
		    "u\tt\n" },
		{ CHUNKS(WEB("u", "t")), PAGES(PAGE("u", "SUCCESS")),
		    "u\tt\n" },
		{ CHUNKS("{\"web\":{\"uri\":\"u\"}}"),
		    PAGES(PAGE("u", "ERROR")), "u\t\n" },
		{ CHUNKS("{\"image\":{\"sourceUri\":\"u\",\"imageUri\":"
			 "\"i\",\"title\":\"t\",\"domain\":\"d\"}}"),
		    NULL, "u\tt\n" },
		{ CHUNKS(WEB("https://a/x", "t") "," WEB("a/x", "t") "," WEB(
		      "/x", "t")),
		    CHUNKS(WEB("a/x", "t")),
		    "https://a/x\tt\na/x\tt\n/x\tt\n" },
		/* One line each, with any contents. */
		{ CHUNKS(WEB("u\\n\\u001b[31mx", "a\\tb\\nc")), NULL,
		    "u x\ta b c\n" },
		{ CANDIDATE("\"groundingMetadata\":{}"), NULL, "" },
		{ CANDIDATE("\"groundingMetadata\":{\"groundingChunks\":5},"
			    "\"urlContextMetadata\":{}"),
		    NULL, "" },
		{ CANDIDATE("\"index\":1,\"groundingMetadata\":{"
			    "\"groundingChunks\":[" WEB("u", "t") "]}"),
		    NULL, "" },
	};
	struct gm_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_answer_init(&a);
		take_text(&a, rows[i].first);
		if (rows[i].second != NULL)
			take_text(&a, rows[i].second);
		assert_string_equal(gm_buf_str(&a.sources), rows[i].want);
		gm_answer_release(&a);
	}
}

/* A line stays a line, also of 3000 characters of four bytes. */
static void
test_long_source(void **state)
{
	struct gm_answer a;
	struct gm_buf document;
	const char *tab;
	size_t i;

	(void)state;
	gm_buf_init(&document, 1 << 20);
	gm_buf_puts(&document, "{\"candidates\":[{\"groundingMetadata\":{"
			       "\"groundingChunks\":[{\"web\":{\"uri\":\"");
	for (i = 0; i < 3000; i++)
		gm_buf_puts(&document, "\xF0\x9F\x98\x80");
	gm_buf_puts(&document, "\",\"title\":\"t\"}}," WEB("u", "v") "]}}]}");
	gm_answer_init(&a);
	take_text(&a, gm_buf_str(&document));
	tab = strchr(gm_buf_str(&a.sources), '\t');
	assert_non_null(tab);
	assert_string_equal(tab, "\tt\nu\tv\n");
	assert_int_equal(gm_utf8_valid(gm_buf_span(&a.sources)), a.sources.len);
	gm_answer_release(&a);
	gm_buf_release(&document);
}

/* Too many sources are dropped without an error. */
static void
test_many_sources(void **state)
{
	struct gm_answer a;
	struct gm_buf document;
	size_t i;

	(void)state;
	gm_buf_init(&document, 16 << 20);
	gm_buf_puts(&document, "{\"candidates\":[{\"finishReason\":\"STOP\","
			       "\"groundingMetadata\":{\"groundingChunks\":[");
	for (i = 0; i < 1000; i++)
		gm_buf_printf(&document,
		    "{\"web\":{\"uri\":\"https://a.example/%01900zu\"}},", i);
	gm_buf_puts(&document, "{}]}}],\"modelVersion\":\"m\"}");
	gm_answer_init(&a);
	take_text(&a, gm_buf_str(&document));
	assert_int_equal(a.finish, GM_FINISH_DONE);
	assert_string_equal(a.model_version, "m");
	assert_true(a.sources.len > 0);
	assert_int_equal(a.sources.data[a.sources.len - 1], '\n');
	gm_answer_release(&a);
	gm_buf_release(&document);
}

static void
test_names(void **state)
{
	struct gm_answer a;
	char document[2000], name[501];

	(void)state;
	gm_answer_init(&a);
	take_text(&a, "{\"modelVersion\":\"gemini-3.8-flash\"}");
	assert_string_equal(a.model_version, "gemini-3.8-flash");
	assert_string_equal(a.stage, "");
	take_text(&a, "{\"modelStatus\":{\"modelStage\":\"DEPRECATED\","
		      "\"retirementTime\":\"2027-01-01T00:00:00Z\"}}");
	assert_string_equal(a.stage, "DEPRECATED");
	assert_string_equal(a.model_version, "gemini-3.8-flash");
	take_text(&a, "{\"modelVersion\":\"a\\nb\\u001b[2J\",\"modelStatus\":"
		      "{\"modelStage\":\"\\u0007X\"}}");
	assert_string_equal(a.model_version, "a b");
	assert_string_equal(a.stage, "X");
	take_text(&a, "{\"modelVersion\":5,\"modelStatus\":{\"modelStage\":[]}"
		      ",\"responseId\":\"r\"}");
	assert_string_equal(a.model_version, "a b");

	/* Cut to fit, and only between characters. */
	memset(name, 0, sizeof(name));
	memcpy(name, "x", 1);
	while (strlen(name) < 499)
		memcpy(name + strlen(name), "\xC3\xA9", 2);
	(void)snprintf(document, sizeof(document),
	    "{\"modelVersion\":\"%s\",\"modelStatus\":{\"modelStage\":\"%s\"},"
	    "\"candidates\":[{\"finishReason\":\"%s\"}]}",
	    name, name, name);
	take_text(&a, document);
	assert_int_equal(gm_utf8_valid(gm_span_of(a.model_version)),
	    strlen(a.model_version));
	assert_int_equal(gm_utf8_valid(gm_span_of(a.stage)), strlen(a.stage));
	assert_int_equal(gm_utf8_valid(gm_span_of(a.reason)), strlen(a.reason));
	assert_true(strlen(a.model_version) > 100);
	assert_int_equal(a.finish, GM_FINISH_OTHER);
	gm_answer_release(&a);
}

static void
test_count(void **state)
{
	static const struct {
		const char *document;
		enum gm_finish finish;
		int64_t tokens;
	} rows[] = {
		{ "{\"totalTokens\":9,\"promptTokensDetails\":[{\"modality\":"
		  "\"TEXT\",\"tokenCount\":8}],\"cachedContentTokenCount\":1}",
		    GM_FINISH_DONE, 9 },
		{ "{\"totalTokens\":\"1000000\"}", GM_FINISH_DONE, 1000000 },
		{ "{\"totalTokens\":0}", GM_FINISH_DONE, 0 },
		{ "{}", GM_FINISH_NONE, -1 },
		{ "{\"totalTokens\":\"many\"}", GM_FINISH_NONE, -1 },
		{ "{\"totalTokens\":null}", GM_FINISH_NONE, -1 },
		{ CANDIDATE("\"finishReason\":\"STOP\",\"content\":{\"parts\":["
			    "{\"text\":\"x\"}]}"),
		    GM_FINISH_NONE, -1 },
	};
	struct gm_answer a;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		struct seen seen = { 0 };

		gm_answer_init(&a);
		assert_int_equal(take(&a, GM_OP_COUNT,
				     gm_span_of(rows[i].document), &seen, &err),
		    0);
		assert_int_equal(a.finish, rows[i].finish);
		assert_int_equal(a.usage.prompt, rows[i].tokens);
		assert_int_equal(seen.texts, 0);
		gm_answer_release(&a);
	}
}

/* A page of models is unchanged text; anything else is an error. */
static void
test_page(void **state)
{
	static const struct {
		const char *document;
		int rc;
	} rows[] = {
		{ "{\"models\":[{\"name\":\"models/a\"}],\"x\":1}", 0 },
		{ "{\"models\":[]}", 0 },
		{ "{}", 0 },
		{ "{\"nextPageToken\":\"t\"}", 0 },
		{ "{\"models\":{}}", -1 },
		{ "{\"models\":\"none\"}", -1 },
		{ "{\"models\":null}", -1 },
		{ "{\"models\":[{},{\"name\":\"models/a\"}]}", 0 },
		{ "{\"models\":[{}]}", -1 },
		{ "{\"models\":[{\"id\":\"a\"}]}", -1 },
		{ "{\"models\":[{\"name\":\"\"},{\"name\":5}]}", -1 },
		{ "{\"models\":[\"a\"]}", -1 },
		{ "{\"totalTokens\":3}", -1 },
		{ "{\"object\":\"list\",\"data\":[]}", -1 },
		{ "{\"data\":[],\"nextPageToken\":\"t\"}", -1 },
		{ CANDIDATE("\"finishReason\":\"STOP\""), -1 },
	};
	struct gm_answer a;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		struct seen seen = { 0 };

		gm_answer_init(&a);
		assert_int_equal(take(&a, GM_OP_MODELS,
				     gm_span_of(rows[i].document), &seen, &err),
		    rows[i].rc);
		assert_int_equal(seen.texts, rows[i].rc == 0 ? 1 : 0);
		assert_int_equal(a.finish,
		    rows[i].rc == 0 ? GM_FINISH_DONE : GM_FINISH_NONE);
		if (rows[i].rc != 0)
			assert_int_equal(err.code, GM_EPROTOCOL);
		gm_answer_release(&a);
	}
}

/* Pages in an array are given one by one. */
static void
test_pages(void **state)
{
	static const struct {
		const char *document, *words; /* "": none */
		size_t texts;
	} rows[] = {
		{ "[]", "", 0 },
		{ "[{\"models\":[]}]", "", 1 },
		{ "[{\"models\":[]},{}]", "", 2 },
		{ "[{\"models\":[]},1]", "JSON, but not an answer", 1 },
		{ "[{\"data\":[]},{}]", "JSON, but not a list of models", 0 },
	};
	struct gm_answer a;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		struct seen seen = { 0 };

		gm_answer_init(&a);
		err = (struct gm_err){ .code = GM_OK };
		assert_int_equal(take(&a, GM_OP_MODELS,
				     gm_span_of(rows[i].document), &seen, &err),
		    rows[i].words[0] == '\0' ? 0 : -1);
		assert_string_equal(err.msg, rows[i].words);
		assert_int_equal(seen.texts, rows[i].texts);
		assert_int_equal(a.finish,
		    rows[i].texts > 0 ? GM_FINISH_DONE : GM_FINISH_NONE);
		gm_answer_release(&a);
	}
}

/* The sink's error is returned, and it is not called again. */
static void
test_sink_fails(void **state)
{
	static const char document[] = CANDIDATE(
	    "\"content\":{\"parts\":[{\"text\":\"a\"},{\"text\":\"b\"},"
	    "{\"text\":\"c\",\"thought\":true},{\"text\":\"d\",\"thought\":"
	    "true},{\"text\":\"e\"}]},\"finishReason\":\"STOP\"");
	static const struct {
		size_t refused, texts, thoughts;
		int rc;
	} rows[] = {
		{ 0, 3, 2, 0 },
		{ 1, 1, 0, -1 },
		{ 2, 2, 0, -1 },
		{ 3, 3, 2, -1 },
	};
	struct gm_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		struct seen seen = { .refused = rows[i].refused };
		struct gm_err err = { .code = GM_OK };

		gm_answer_init(&a);
		assert_int_equal(
		    take(&a, GM_OP_GENERATE, gm_span_of(document), &seen, &err),
		    rows[i].rc);
		assert_int_equal(seen.texts, rows[i].texts);
		assert_int_equal(seen.thoughts, rows[i].thoughts);
		assert_int_equal(err.code, rows[i].rc == 0 ? GM_OK : GM_EIO);
		if (rows[i].rc != 0)
			assert_string_equal(err.msg, "full");
		gm_answer_release(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_long_source),
		cmocka_unit_test(test_many_sources),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
