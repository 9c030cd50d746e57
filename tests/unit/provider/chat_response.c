#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider/chat_response.h"

#define CHUNK(delta, finish) \
	"{\"id\":\"a1\",\"object\":\"chat.completion.chunk\",\"created\":1," \
	"\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":" delta \
	",\"finish_reason\":" finish "}]}"
#define TEXT(text) CHUNK("{\"content\":\"" text "\"}", "null")
#define DONE CHUNK("{}", "\"stop\"")
#define WHOLE(message, finish) \
	"{\"choices\":[{\"index\":0,\"message\":" message \
	",\"finish_reason\":\"" finish "\"}]}"

struct run {
	struct gm_answer answer;
	struct gm_sink sink;
	struct gm_buf log;
	size_t room; /* texts that the sink accepts */
	struct gm_err err;
};

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	if (part->kind != GM_PART_TEXT)
		return GM_SINK_OMITS;
	assert_int_not_equal(part->text.len, 0);
	if (r->room == 0)
		return gm_fail(err, GM_EIO, "no space");
	r->room--;
	gm_buf_putc(&r->log, part->thought ? '[' : '(');
	gm_buf_put_span(&r->log, part->text);
	gm_buf_putc(&r->log, part->thought ? ']' : ')');
	return 0;
}

static void
start(struct run *r)
{
	*r = (struct run){ .sink = { .part = on_part, .arg = r },
		.room = SIZE_MAX };
	gm_buf_init(&r->log, 1 << 20);
	gm_answer_init(&r->answer);
	gm_think_init(&r->answer.think, false);
}

static int
feed(struct run *r, const char *document)
{
	struct gm_json j = { 0 };
	int rc;

	assert_int_equal(gm_json_parse(&j, gm_span_of(document), &r->err), 0);
	rc = gm_chat_read(
	    &j, GM_JSON_ROOT, GM_OP_GENERATE, &r->answer, &r->sink, &r->err);
	gm_json_release(&j);
	return rc;
}

static void
release(struct run *r)
{
	gm_answer_release(&r->answer);
	gm_buf_release(&r->log);
}

/* Texts in (), thoughts in [], as they are given; then finish and reason. */
static const struct {
	const char *name, *documents[6], *want;
} rows[] = {
	{ "Mistral's form",
	    { CHUNK("{\"role\":\"assistant\",\"content\":\"\"}", "null"),
		TEXT("Hel"), TEXT("lo."),
		CHUNK("{\"content\":\"\"}", "\"stop\"") },
	    "(Hel)(lo.) 1 stop" },
	{ "llama.cpp's first delta",
	    { CHUNK("{\"role\":\"assistant\",\"content\":null}", "null"),
		TEXT("Hi."), DONE },
	    "(Hi.) 1 stop" },
	{ "text with the finish",
	    { CHUNK("{\"content\":\"Hi.\"}", "\"stop\"") }, "(Hi.) 1 stop" },
	{ "finish alone", { TEXT("Hi."), DONE }, "(Hi.) 1 stop" },
	{ "usage after",
	    { TEXT("Hi."), DONE,
		"{\"choices\":[],\"usage\":{\"total_tokens\":3}}" },
	    "(Hi.) 1 stop" },
	{ "usage is null",
	    { "{\"choices\":[{\"delta\":{\"content\":\"Hi.\"}}],\"usage\":"
	      "null}",
		DONE },
	    "(Hi.) 1 stop" },
	{ "text after", { DONE, TEXT("late"), TEXT("<think>") },
	    "(late)(<think>) 1 stop" },
	{ "no choices", { "{\"id\":\"a1\"}", "{\"timings\":{}}", DONE },
	    " 1 stop" },
	{ "no index", { "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}" },
	    "(a) 0 " },
	{ "other choices",
	    { "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"},"
	      "\"finish_reason\":\"length\"},{\"index\":0,\"delta\":{"
	      "\"content\":\"a\"}}]}" },
	    "(a) 0 " },
	{ "whole",
	    { WHOLE("{\"content\":\"Hi.\",\"tool_calls\":null}", "stop") },
	    "(Hi.) 1 stop" },
	{ "whole, delta is null",
	    { "{\"choices\":[{\"delta\":null,\"message\":{\"content\":\"Hi.\"}}"
	      "]}" },
	    "(Hi.) 0 " },
	{ "escapes", { TEXT("\\u00e9\\ud83d\\u0000") },
	    "(\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD) 0 " },
	/* Thoughts. */
	{ "llama.cpp's",
	    { CHUNK("{\"reasoning_content\":\"hm\"}", "null"), TEXT("Hi.") },
	    "[hm](Hi.) 0 " },
	{ "Ollama's",
	    { CHUNK("{\"content\":\"\",\"reasoning\":\"hm\"}", "null") },
	    "[hm] 0 " },
	{ "both names",
	    { CHUNK("{\"reasoning\":\"hm\",\"reasoning_content\":\"hm\"}",
		"null") },
	    "[hm] 0 " },
	{ "null under one name",
	    { CHUNK(
		"{\"reasoning\":\"hm\",\"reasoning_content\":null}", "null") },
	    "[hm] 0 " },
	{ "thought and text in one",
	    { CHUNK(
		"{\"content\":\"a\",\"reasoning_content\":\"hm\"}", "null") },
	    "[hm](a) 0 " },
	{ "Mistral's chunks",
	    { CHUNK("{\"content\":[{\"type\":\"thinking\",\"thinking\":[{"
		    "\"type\":\"text\",\"text\":\"h\"},{\"type\":\"text\","
		    "\"text\":\"m\"}]},{\"type\":\"text\",\"text\":\"Hi.\"}]}",
		"null") },
	    "[h][m](Hi.) 0 " },
	{ "chunks of other kinds",
	    { CHUNK("{\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},"
		    "{\"type\":\"reference\",\"text\":\"x\"},5,\"y\",null,"
		    "{\"text\":\"z\"},{\"type\":\"text\"}]}",
		"null") },
	    "[hm](x)(y)(z) 0 " },
	{ "chunks of thoughts by other names",
	    { CHUNK("{\"content\":[{\"type\":\"thinking\",\"thinking\":\"a\","
		    "\"signature\":\"x\"},{\"type\":\"redacted_thinking\","
		    "\"data\":\"x\"},{\"type\":\"reasoning\",\"text\":\"b\"},"
		    "{\"type\":\"reasoning\",\"summary\":[{\"type\":"
		    "\"summary_text\",\"text\":\"c\"},\"d\"]},"
		    "{\"type\":\"reasoning.encrypted\",\"data\":\"x\"},"
		    "{\"type\":\"thinking\",\"text\":\"e\"},"
		    "{\"type\":\"text\",\"text\":\"f\",\"thought\":true},"
		    "{\"type\":\"thinking\"},{\"type\":\"text\","
		    "\"text\":\"Hi.\",\"thought\":false}]}",
		"null") },
	    "[a][b][c][d][e][f](Hi.) 0 " },
	{ "a thought as a member of another name",
	    { CHUNK("{\"thinking\":\"hm\",\"content\":\"Hi.\"}", "null") },
	    "[hm](Hi.) 0 " },
	{ "a chunk alone",
	    { CHUNK(
		"{\"content\":{\"type\":\"text\",\"text\":\"Hi\"}}", "null") },
	    "(Hi) 0 " },
	{ "in tags",
	    { TEXT(" <thi"), TEXT("nk>h"), TEXT("m</think"), TEXT(">\\n\\nHi"),
		TEXT("."), DONE },
	    "[h][m](Hi)(.) 1 stop" },
	{ "in tags, whole",
	    { WHOLE("{\"content\":\"<think>hm</think>Hi.\"}", "stop") },
	    "[hm](Hi.) 1 stop" },
	{ "no end tag", { TEXT("<think>a"), TEXT("b"), DONE },
	    "[a][b] 1 stop" },
	{ "no end tag, cut", { TEXT("<think>a"), TEXT("b") }, "[a][b] 0 " },
	{ "blanks alone", { TEXT(" \\n"), DONE }, "( \n) 1 stop" },
	{ "no tags in thoughts",
	    { CHUNK("{\"reasoning_content\":\"<think>\"}", "null"),
		TEXT("Hi.") },
	    "[<think>](Hi.) 0 " },
	/* Ends. */
	{ "refusal", { CHUNK("{\"refusal\":\"No.\"}", "null"), DONE },
	    "(No.) 1 stop" },
	{ "length", { CHUNK("{}", "\"length\"") }, " 2 length" },
	{ "model_length", { CHUNK("{}", "\"model_length\"") },
	    " 2 model_length" },
	{ "filter", { CHUNK("{}", "\"content_filter\"") },
	    " 3 content_filter" },
	{ "error", { TEXT("a"), CHUNK("{}", "\"error\"") }, "(a) 5 error" },
	{ "tools", { CHUNK("{}", "\"tool_calls\"") }, " 7 tool_calls" },
	{ "another", { CHUNK("{}", "\"a\\u001b[1m\\nb\"") }, " 7 a b" },
	{ "empty", { CHUNK("{}", "\"\"") }, " 0 " },
	{ "a number", { CHUNK("{}", "5") }, " 0 " },
	{ "the last counts", { DONE, CHUNK("{}", "\"length\"") }, " 2 length" },
	/* Odd, but valid. */
	{ "choices of other kinds",
	    { "{\"choices\":null}", "{\"choices\":5}",
		"{\"choices\":[1,[],{}]}",
		"{\"choices\":[{\"delta\":5,\"message\":[]}]}" },
	    " 0 " },
	{ "content of other kinds",
	    { CHUNK("{\"content\":5}", "null"),
		CHUNK("{\"content\":{}}", "null"),
		CHUNK("{\"reasoning\":[\"a\"]}", "null") },
	    " 0 " },
};

static void
test_rows(void **state)
{
	struct run r;
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		start(&r);
		for (k = 0; k < GM_LEN(rows[i].documents) &&
			    rows[i].documents[k] != NULL;
		     k++)
			assert_int_equal(feed(&r, rows[i].documents[k]), 0);
		gm_buf_printf(
		    &r.log, " %d %s", (int)r.answer.finish, r.answer.reason);
		if (strcmp(gm_buf_str(&r.log), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, gm_buf_str(&r.log));
		release(&r);
	}
}

/* Services write the same reason in capitals, small letters or both. */
static void
test_finish_case(void **state)
{
	static const struct {
		const char *reason;
		enum gm_finish finish;
	} cases[] = {
		{ "STOP", GM_FINISH_DONE },
		{ "Stop", GM_FINISH_DONE },
		{ "EOS_Token", GM_FINISH_DONE },
		{ "End_Turn", GM_FINISH_DONE },
		{ "Complete", GM_FINISH_DONE },
		{ "Length", GM_FINISH_LIMIT },
		{ "LENGTH", GM_FINISH_LIMIT },
		{ "Max_Tokens", GM_FINISH_LIMIT },
		{ "Content_Filter", GM_FINISH_BLOCKED },
		{ "Safety", GM_FINISH_BLOCKED },
		{ "ERROR", GM_FINISH_FAILED },
		{ "insufficient_system_resource", GM_FINISH_FAILED },
		{ "Stopped", GM_FINISH_OTHER },
		{ "STO", GM_FINISH_OTHER },
		{ "NULL", GM_FINISH_NONE },
	};
	char document[200];
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++) {
		start(&r);
		(void)snprintf(document, sizeof(document),
		    "{\"choices\":[{\"delta\":{},\"finish_reason\":\"%s\"}]}",
		    cases[i].reason);
		assert_int_equal(feed(&r, document), 0);
		if (r.answer.finish != cases[i].finish)
			fail_msg("%s: %d", cases[i].reason, r.answer.finish);
		release(&r);
	}
}

static void
test_usage(void **state)
{
	static const struct {
		const char *usage;
		struct gm_usage
		    want; /* prompt, cached, output, thoughts, total */
	} cases[] = {
		{ "{\"prompt_tokens\":12,\"completion_tokens\":3,"
		  "\"total_tokens\":15}",
		    { 12, -1, 3, -1, 15 } },
		{ "{\"prompt_tokens\":12,\"completion_tokens\":30,"
		  "\"total_tokens\":42,\"prompt_tokens_details\":{"
		  "\"cached_tokens\":8},\"completion_tokens_details\":{"
		  "\"reasoning_tokens\":20}}",
		    { 12, 8, 10, 20, 42 } },
		{ "{\"completion_tokens\":3,\"completion_tokens_details\":{"
		  "\"reasoning_tokens\":0}}",
		    { -1, -1, 3, 0, -1 } },
		{ "{\"completion_tokens\":3,\"completion_tokens_details\":{"
		  "\"reasoning_tokens\":3}}",
		    { -1, -1, 0, 3, -1 } },
		/* counted separately, against the documentation */
		{ "{\"completion_tokens\":3,\"completion_tokens_details\":{"
		  "\"reasoning_tokens\":4}}",
		    { -1, -1, 3, 4, -1 } },
		{ "{\"prompt_tokens\":\"x\",\"prompt_tokens_details\":null}",
		    { -1, -1, -1, -1, -1 } },
	};
	struct gm_buf document;
	struct run r;
	size_t i;

	(void)state;
	gm_buf_init(&document, 1000);
	for (i = 0; i < GM_LEN(cases); i++) {
		start(&r);
		gm_buf_reset(&document);
		gm_buf_printf(
		    &document, "{\"choices\":[],\"usage\":%s}", cases[i].usage);
		/* Repeated counts replace, and null changes nothing. */
		assert_int_equal(feed(&r, gm_buf_str(&document)), 0);
		assert_int_equal(feed(&r, gm_buf_str(&document)), 0);
		assert_int_equal(
		    feed(&r, "{\"choices\":[],\"usage\":null}"), 0);
		assert_memory_equal(
		    &r.answer.usage, &cases[i].want, sizeof(cases[i].want));
		release(&r);
	}
	gm_buf_release(&document);
}

static void
test_model(void **state)
{
	struct run r;

	(void)state;
	start(&r);
	assert_int_equal(
	    feed(&r, "{\"model\":\"small-\\u001b[1m2603\",\"choices\":"
		     "[]}"),
	    0);
	assert_string_equal(r.answer.model_version, "small-2603");
	assert_int_equal(feed(&r, "{\"model\":null,\"choices\":[]}"), 0);
	assert_string_equal(r.answer.model_version, "small-2603");
	release(&r);
}

static void
test_no_answer(void **state)
{
	static const char *const documents[] = {
		"{\"candidates\":[]}",
		"{\"model\":\"m\",\"message\":{\"content\":\"a\"}}",
		"{\"object\":\"list\",\"data\":[]}",
		"{\"detail\":\"Unauthorized\"}",
	};
	struct run r;
	size_t i;

	(void)state;
	start(&r);
	for (i = 0; i < GM_LEN(documents); i++) {
		assert_int_equal(feed(&r, documents[i]), -1);
		assert_int_equal(r.err.code, GM_EPROTOCOL);
		assert_string_equal(r.err.msg, "JSON, but not an answer");
	}
	release(&r);
}

/* The sink's error is returned unchanged, and ends the document. */
static void
test_sink_fails(void **state)
{
	static const char *const documents[] = {
		CHUNK("{\"reasoning\":\"a\",\"content\":\"b\"}", "\"stop\""),
		CHUNK("{\"content\":\"a\",\"refusal\":\"b\"}", "\"stop\""),
		CHUNK("{\"content\":\"<think>a</think>b\"}", "\"stop\""),
		CHUNK("{\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
		      "{\"type\":\"text\",\"text\":\"b\"}]}",
		    "\"stop\""),
	};
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(documents); i++) {
		start(&r);
		r.room = 1;
		assert_int_equal(feed(&r, documents[i]), -1);
		assert_int_equal(r.err.code, GM_EIO);
		assert_string_equal(r.err.msg, "no space");
		assert_int_equal(r.log.len, 3);
		assert_int_equal(r.answer.finish, GM_FINISH_NONE);
		release(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_finish_case),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
