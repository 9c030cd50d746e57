#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/gemini_response.h"

#define PARTS(list) "{\"candidates\":[{\"content\":{\"parts\":[" list "]}}]}"
#define FINISH(reason) "{\"candidates\":[{\"finishReason\":\"" reason "\"}]}"
#define CANDIDATE(members) "{\"candidates\":[{" members "}]}"

/* What the sink got: text unchanged, thoughts as (thought). */
struct run {
	struct gm_buf text;
	struct gm_answer answer;
	struct gm_err err;
	int rc;
};

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	(void)err;
	if (part->kind != GM_PART_TEXT)
		return GM_SINK_OMITS;
	if (part->signature.len > 0)
		return 0;
	if (part->thought)
		gm_buf_putc(&r->text, '(');
	gm_buf_put_span(&r->text, part->text);
	if (part->thought)
		gm_buf_putc(&r->text, ')');
	return 0;
}

static int
on_checkpoint(struct gm_span token, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	(void)err;
	gm_buf_putc(&r->text, '[');
	gm_buf_put_span(&r->text, token);
	gm_buf_putc(&r->text, ']');
	return 0;
}

static void
start(struct run *r)
{
	*r = (struct run){ .rc = 0 };
	gm_buf_init(&r->text, 1 << 20);
	gm_answer_init(&r->answer);
}

static void
take(struct run *r, enum gm_operation operation, const char *document)
{
	const struct gm_sink sink = {
		.part = on_part, .checkpoint = on_checkpoint, .arg = r
	};
	struct gm_json json = { 0 };

	if (gm_json_parse(&json, gm_span_of(document), &r->err) != 0)
		fail_msg("%s: %s", document, r->err.msg);
	r->rc = gm_gemini_read(
	    &json, GM_JSON_ROOT, operation, &r->answer, &sink, &r->err);
	gm_json_release(&json);
}

static void
finish(struct run *r)
{
	gm_buf_release(&r->text);
	gm_answer_release(&r->answer);
}

/* Two documents, one after the other; the second may be missing. */
static const struct {
	const char *first, *second, *want;
} texts[] = {
	{ PARTS("{\"text\":\"Hi!\"}"), NULL, "Hi!" },
	{ PARTS("{\"text\":\"Hel\"}"), PARTS("{\"text\":\"lo.\"}"), "Hello." },
	/* a token comes after the text of its own event */
	{ CANDIDATE("\"continuationToken\":\"T=\",\"content\":{\"parts\":[{"
		    "\"text\":\"a\"}]}"),
	    PARTS("{\"text\":\"b\"}"), "a[T=]b" },
	{ CANDIDATE("\"index\":1,\"continuationToken\":\"T\""),
	    CANDIDATE("\"continuationToken\":\"\""), "" },
	{ CANDIDATE("\"continuationToken\":5"),
	    CANDIDATE("\"continuationToken\":null"), "" },
	{ PARTS("{\"text\":\"a\"},{\"text\":\"b\"}"), NULL, "ab" },
	{ PARTS("{\"text\":\"Hm.\",\"thought\":true},{\"text\":\"42\"},"
		"{\"text\":\"\",\"thoughtSignature\":\"QQ==\"}"),
	    NULL, "(Hm.)42" },
	{ PARTS("{\"text\":\"Hm.\",\"thought\":true}"),
	    PARTS("{\"text\":\"42\",\"thought\":false}"), "(Hm.)42" },
	{ PARTS("{\"thoughtSignature\":\"QQ==\"}"), NULL, "" },
	{ PARTS("{\"thought\":true}"), NULL, "" },
	{ PARTS("{\"text\":\"a\",\"thought\":\"true\"}"), NULL, "a" },
	{ PARTS("{\"inlineData\":{\"mimeType\":\"image/png\","
		"\"data\":\"iVBO\"}},{\"text\":\"a\"},{\"functionCall\""
		":{\"name\":\"f\"}},{\"executableCode\":{\"code\":\"x\"}"
		"},{\"codeExecutionResult\":{\"output\":\"y\"}}"),
	    NULL, "a" },
	{ PARTS("{\"text\":5},{\"text\":null},{\"text\":[\"x\"]},5,"
		"null,\"x\",[]"),
	    NULL, "" },
	{ PARTS("{\"text\":\"\\u003cb\\u003e \\u0026 \\/ \\\"\\n\"}"), NULL,
	    "<b> & / \"\n" },
	{ PARTS("{\"text\":\"\\ud83d\\ude00 caf\\u00e9\"}"), NULL,
	    "\xF0\x9F\x98\x80 caf\xC3\xA9" },
	{ PARTS("{\"text\":\"a\\ud83d\"}"), PARTS("{\"text\":\"b\"}"),
	    "a\xEF\xBF\xBD"
	    "b" },
	{ PARTS("{\"text\":\"a\\u0000b\"}"), NULL,
	    "a\xEF\xBF\xBD"
	    "b" },
	{ PARTS("{\"text\":\"\\u001b[31m\"}"), NULL, "\033[31m" },
	{ PARTS("{\"text\":\"a\",\"text\":\"b\"}"), NULL, "b" },
	/* Other candidates are skipped. */
	{ "{\"candidates\":[{\"index\":1,\"content\":{\"parts\":[{"
	  "\"text\":\"no\"}]},\"finishReason\":\"STOP\"},{\"index\":0,"
	  "\"content\":{\"parts\":[{\"text\":\"yes\"}]}}]}",
	    NULL, "yes" },
	{ CANDIDATE("\"index\":\"0\",\"content\":{\"parts\":["
		    "{\"text\":\"yes\"}]}"),
	    NULL, "yes" },
	/* Empty forms. */
	{ "{}", NULL, "" },
	{ "{\"candidates\":[]}", NULL, "" },
	{ "{\"candidates\":[{}]}", NULL, "" },
	{ "{\"candidates\":{}}", NULL, "" },
	{ "{\"candidates\":null}", NULL, "" },
	{ "{\"candidates\":[null,5,\"x\"]}", NULL, "" },
	{ CANDIDATE("\"content\":{},\"index\":0"), NULL, "" },
	{ CANDIDATE("\"content\":{\"role\":\"model\"}"), NULL, "" },
	{ CANDIDATE("\"content\":null"), NULL, "" },
	{ PARTS(""), NULL, "" },
	{ "{\"usageMetadata\":{\"promptTokenCount\":1}}", NULL, "" },
};

static void
test_text(void **state)
{
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(texts); i++) {
		start(&r);
		take(&r, GM_OP_GENERATE, texts[i].first);
		if (texts[i].second != NULL)
			take(&r, GM_OP_GENERATE, texts[i].second);
		assert_int_equal(r.rc, 0);
		assert_string_equal(gm_buf_str(&r.text), texts[i].want);
		assert_int_equal(r.answer.finish, GM_FINISH_NONE);
		assert_string_equal(r.answer.reason, "");
		finish(&r);
	}
}

static const struct {
	const char *first, *second;
	enum gm_finish want;
	const char *reason, *explanation;
} finishes[] = {
	{ FINISH("STOP"), NULL, GM_FINISH_DONE, "STOP", "" },
	{ FINISH("MAX_TOKENS"), NULL, GM_FINISH_LIMIT, "MAX_TOKENS", "" },
	{ FINISH("SAFETY"), NULL, GM_FINISH_BLOCKED, "SAFETY", "" },
	{ FINISH("RECITATION"), NULL, GM_FINISH_BLOCKED, "RECITATION", "" },
	{ FINISH("BLOCKLIST"), NULL, GM_FINISH_BLOCKED, "BLOCKLIST", "" },
	{ FINISH("PROHIBITED_CONTENT"), NULL, GM_FINISH_BLOCKED,
	    "PROHIBITED_CONTENT", "" },
	{ FINISH("SPII"), NULL, GM_FINISH_BLOCKED, "SPII", "" },
	{ FINISH("IMAGE_SAFETY"), NULL, GM_FINISH_BLOCKED, "IMAGE_SAFETY", "" },
	{ FINISH("IMAGE_PROHIBITED_CONTENT"), NULL, GM_FINISH_BLOCKED,
	    "IMAGE_PROHIBITED_CONTENT", "" },
	{ FINISH("IMAGE_RECITATION"), NULL, GM_FINISH_BLOCKED,
	    "IMAGE_RECITATION", "" },
	{ FINISH("LANGUAGE"), NULL, GM_FINISH_REQUEST, "LANGUAGE", "" },
	{ FINISH("MISSING_THOUGHT_SIGNATURE"), NULL, GM_FINISH_REQUEST,
	    "MISSING_THOUGHT_SIGNATURE", "" },
	{ FINISH("CONTINUATION"), NULL, GM_FINISH_MORE, "CONTINUATION", "" },
	{ FINISH("OTHER"), NULL, GM_FINISH_OTHER, "OTHER", "" },
	{ FINISH("MALFORMED_FUNCTION_CALL"), NULL, GM_FINISH_OTHER,
	    "MALFORMED_FUNCTION_CALL", "" },
	{ FINISH("UNEXPECTED_TOOL_CALL"), NULL, GM_FINISH_OTHER,
	    "UNEXPECTED_TOOL_CALL", "" },
	{ FINISH("TOO_MANY_TOOL_CALLS"), NULL, GM_FINISH_OTHER,
	    "TOO_MANY_TOOL_CALLS", "" },
	{ FINISH("MALFORMED_RESPONSE"), NULL, GM_FINISH_OTHER,
	    "MALFORMED_RESPONSE", "" },
	{ FINISH("MODEL_ARMOR"), NULL, GM_FINISH_BLOCKED, "MODEL_ARMOR", "" },
	{ FINISH("ESCALATION"), NULL, GM_FINISH_BLOCKED, "ESCALATION", "" },
	{ FINISH("PUP_LIMITED_DISABLED"), NULL, GM_FINISH_BLOCKED,
	    "PUP_LIMITED_DISABLED",
	    "the account is restricted for policy violations" },
	/* No finish reason. */
	{ FINISH("FINISH_REASON_UNSPECIFIED"), NULL, GM_FINISH_NONE, "", "" },
	{ FINISH(""), NULL, GM_FINISH_NONE, "", "" },
	{ FINISH("STOP"), FINISH(""), GM_FINISH_DONE, "STOP", "" },
	{ FINISH("MAX_TOKENS"), FINISH("FINISH_REASON_UNSPECIFIED"),
	    GM_FINISH_LIMIT, "MAX_TOKENS", "" },
	{ "{\"promptFeedback\":{\"blockReason\":\"\"}}",
	    "{\"promptFeedback\":{\"blockReason\":"
	    "\"BLOCK_REASON_UNSPECIFIED\"}}",
	    GM_FINISH_NONE, "", "" },
	{ FINISH("FAKE_NEW_FINISH_REASON"), NULL, GM_FINISH_OTHER,
	    "FAKE_NEW_FINISH_REASON", "" },
	{ FINISH("stop"), NULL, GM_FINISH_OTHER, "stop", "" },
	/* The last one counts; an absent one changes nothing. */
	{ FINISH("STOP"), FINISH("SAFETY"), GM_FINISH_BLOCKED, "SAFETY", "" },
	{ FINISH("STOP"), PARTS("{\"text\":\"\"}"), GM_FINISH_DONE, "STOP",
	    "" },
	{ FINISH("STOP"), "{}", GM_FINISH_DONE, "STOP", "" },
	{ CANDIDATE("\"finishReason\":null"), NULL, GM_FINISH_NONE, "", "" },
	{ CANDIDATE("\"finishReason\":1"), NULL, GM_FINISH_NONE, "", "" },
	{ CANDIDATE("\"index\":1,\"finishReason\":\"STOP\""), NULL,
	    GM_FINISH_NONE, "", "" },
	{ CANDIDATE("\"finishReason\":\"OTHER\",\"finishMessage\":"
		    "\"Internal\\n \\u001b[31merror.\""),
	    NULL, GM_FINISH_OTHER, "OTHER", "Internal error." },
};

static void
test_finish(void **state)
{
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(finishes); i++) {
		start(&r);
		take(&r, GM_OP_GENERATE, finishes[i].first);
		if (finishes[i].second != NULL)
			take(&r, GM_OP_GENERATE, finishes[i].second);
		if (r.rc != 0 || r.answer.finish != finishes[i].want)
			fail_msg("%s: %d", finishes[i].first, r.answer.finish);
		assert_string_equal(r.answer.reason, finishes[i].reason);
		assert_string_equal(
		    r.answer.explanation, finishes[i].explanation);
		assert_false(r.answer.prompt_blocked);
		assert_string_equal(gm_buf_str(&r.text), "");
		finish(&r);
	}
}

static void
test_feedback(void **state)
{
	static const struct {
		const char *document;
		bool blocked;
		const char *reason, *explanation;
	} rows[] = {
		{ "{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"}"
		  "}",
		    true, "PROHIBITED_CONTENT", "" },
		{ "{\"promptFeedback\":{\"blockReason\":\"SAFETY\","
		  "\"blockReasonMessage\":\"Not\\nnice.\",\"safetyRatings\":[]"
		  "},\"candidates\":[]}",
		    true, "SAFETY", "Not nice." },
		{ "{\"promptFeedback\":{\"blockReason\":\"NEW\"}}", true, "NEW",
		    "" },
		{ "{\"promptFeedback\":{\"safetyRatings\":[{\"category\":\"X\","
		  "\"probability\":\"LOW\"}]}}",
		    false, "", "" },
		{ "{\"promptFeedback\":{}}", false, "", "" },
		{ "{\"promptFeedback\":null}", false, "", "" },
	};
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		start(&r);
		take(&r, GM_OP_GENERATE, rows[i].document);
		assert_int_equal(r.rc, 0);
		assert_int_equal(r.answer.finish,
		    rows[i].blocked ? GM_FINISH_BLOCKED : GM_FINISH_NONE);
		assert_int_equal(r.answer.prompt_blocked, rows[i].blocked);
		assert_string_equal(r.answer.reason, rows[i].reason);
		assert_string_equal(r.answer.explanation, rows[i].explanation);
		finish(&r);
	}
}

/* Counts of a stream are totals so far: the last ones count. */
static void
test_usage(void **state)
{
	struct run r;

	(void)state;
	start(&r);
	take(&r, GM_OP_GENERATE,
	    "{\"usageMetadata\":{\"promptTokenCount\":11,"
	    "\"thoughtsTokenCount\":100,\"totalTokenCount\":111}}");
	assert_int_equal(r.answer.usage.prompt, 11);
	assert_int_equal(r.answer.usage.cached, -1);
	assert_int_equal(r.answer.usage.output, -1);
	assert_int_equal(r.answer.usage.thoughts, 100);
	assert_int_equal(r.answer.usage.total, 111);
	take(&r, GM_OP_GENERATE, "{}");
	assert_int_equal(r.answer.usage.prompt, 11);
	take(&r, GM_OP_GENERATE,
	    "{\"usageMetadata\":{\"promptTokenCount\":\"11\","
	    "\"cachedContentTokenCount\":3,\"candidatesTokenCount\":2,"
	    "\"thoughtsTokenCount\":291,\"totalTokenCount\":304,"
	    "\"promptTokensDetails\":[{\"modality\":\"TEXT\","
	    "\"tokenCount\":99}],\"serviceTier\":\"standard\"}}");
	assert_int_equal(r.answer.usage.prompt, 11);
	assert_int_equal(r.answer.usage.cached, 3);
	assert_int_equal(r.answer.usage.output, 2);
	assert_int_equal(r.answer.usage.thoughts, 291);
	assert_int_equal(r.answer.usage.total, 304);
	take(&r, GM_OP_GENERATE, "{\"usageMetadata\":null}");
	assert_int_equal(r.answer.usage.total, 304);
	finish(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_feedback),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
