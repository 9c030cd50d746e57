/* Lists of models, in the form that models.h reads. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "provider/chat_response.h"
#include "provider/models.h"

struct run {
	struct gm_answer answer;
	struct gm_buf page;
	bool full; /* the sink fails */
	struct gm_err err;
};

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	if (r->full)
		return gm_fail(err, GM_EIO, "no space");
	gm_buf_put_span(&r->page, part->text);
	return 0;
}

static void
start(struct run *r)
{
	*r = (struct run){ .full = false };
	gm_buf_init(&r->page, 1 << 20);
	gm_answer_init(&r->answer);
}

static int
feed(struct run *r, const char *document)
{
	const struct gm_sink sink = { .part = on_part, .arg = r };
	struct gm_json j = { 0 };
	int rc;

	assert_int_equal(gm_json_parse(&j, gm_span_of(document), &r->err), 0);
	rc = gm_chat_read(
	    &j, GM_JSON_ROOT, GM_OP_MODELS, &r->answer, &sink, &r->err);
	gm_json_release(&j);
	return rc;
}

static void
release(struct run *r)
{
	gm_answer_release(&r->answer);
	gm_buf_release(&r->page);
}

static const struct {
	const char *list, *want;
} lists[] = {
	{ "{\"object\":\"list\",\"data\":[]}", "{\"models\":[]}" },
	{ "{\"object\":\"list\",\"data\":null}", "{\"models\":[]}" },
	{ "[]", "{\"models\":[]}" },
	{ "[{\"id\":\"a\"}]", "{\"models\":[{\"id\":\"a\"}]}" },
	{ "{\"data\":[{\"id\":\"mistral-small-2603\",\"object\":\"model\","
	  "\"capabilities\":{\"completion_chat\":true,\"fine_tuning\":false,"
	  "\"vision\":true},\"name\":\"mistral-small-2603\","
	  "\"max_context_length\":262144,"
	  "\"aliases\":[\"mistral-small-latest\",\"mistral-small\"]}]}",
	    "{\"models\":[{\"id\":\"mistral-small-2603\","
	    "\"inputTokenLimit\":262144,\"supportedGenerationMethods\":["
	    "\"completion_chat\",\"vision\"]},{\"id\":\"mistral-small-"
	    "latest\","
	    "\"inputTokenLimit\":262144,\"supportedGenerationMethods\":["
	    "\"completion_chat\",\"vision\"]},{\"id\":\"mistral-small\","
	    "\"inputTokenLimit\":262144,\"supportedGenerationMethods\":["
	    "\"completion_chat\",\"vision\"]}]}" },
	{ "{\"data\":[{\"id\":\"a\",\"max_model_len\":5,\"name\":\"The "
	  "\\\"A\\\"\","
	  "\"capabilities\":{\"x\":false}},{\"id\":\"/m/b.gguf\",\"meta\":{"
	  "\"n_ctx_train\":8192},\"capabilities\":[\"completion\"]}]}",
	    "{\"models\":[{\"id\":\"a\",\"displayName\":\"The \\\"A\\\"\","
	    "\"inputTokenLimit\":5,\"supportedGenerationMethods\":[]},{\"id\":"
	    "\"/m/b.gguf\","
	    "\"inputTokenLimit\":8192}]}" },
	{ "{\"data\":[{\"id\":\"a\",\"max_context_length\":null,"
	  "\"max_model_len\":7,\"name\":null,\"aliases\":[5,null]}]}",
	    "{\"models\":[{\"id\":\"a\",\"inputTokenLimit\":7}]}" },
	{ "{\"data\":[{\"id\":\"c\",\"meta\":{\"n_ctx\":4096,"
	  "\"n_ctx_train\":131072}}]}",
	    "{\"models\":[{\"id\":\"c\",\"inputTokenLimit\":4096}]}" },
	{ "{\"data\":[5,null,[],{},{\"id\":\"\"},"
	  "{\"id\":5,\"aliases\":[\"b\"]}]}",
	    "{\"models\":[{\"id\":\"b\"}]}" },
};

static void
test_lists(void **state)
{
	struct gm_models models = { 0 };
	struct gm_buf next;
	struct run r;
	size_t i;

	(void)state;
	gm_buf_init(&next, 100);
	for (i = 0; i < GM_LEN(lists); i++) {
		start(&r);
		assert_int_equal(feed(&r, lists[i].list), 0);
		assert_int_equal(r.answer.finish, GM_FINISH_DONE);
		assert_string_equal(gm_buf_str(&r.page), lists[i].want);
		assert_int_equal(gm_models_parse(&models, gm_buf_span(&r.page),
				     NULL, &next, &r.err),
		    0);
		release(&r);
	}
	assert_int_equal(models.len, 7);
	assert_string_equal(models.items[1].name, "mistral-small-2603");
	assert_string_equal(
	    models.items[1].methods, "completion_chat\nvision\n");
	assert_int_equal(models.items[1].input_limit, 262144);
	gm_models_release(&models);
	gm_buf_release(&next);
}

static void
test_no_list(void **state)
{
	static const char *const documents[] = {
		"{}",
		"{\"data\":{}}",
		"{\"data\":[{\"model\":\"a\"},{}]}",
		"{\"data\":[{\"id\":\"\"}]}",
		"{\"data\":[{\"id\":7,\"aliases\":[null]}]}",
		"[{\"user\":1}]",
		"[1,2]",
		"{\"models\":[]}",
		"{\"message\":\"M\"}",
	};
	struct run r;
	size_t i;

	(void)state;
	start(&r);
	for (i = 0; i < GM_LEN(documents); i++) {
		assert_int_equal(feed(&r, documents[i]), -1);
		assert_int_equal(r.err.code, GM_EPROTOCOL);
		assert_string_equal(
		    r.err.msg, "JSON, but not a list of models");
	}
	assert_int_equal(r.answer.finish, GM_FINISH_NONE);
	release(&r);
}

static void
test_sink_fails(void **state)
{
	struct run r;

	(void)state;
	start(&r);
	r.full = true;
	assert_int_equal(feed(&r, "[]"), -1);
	assert_int_equal(r.err.code, GM_EIO);
	release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
