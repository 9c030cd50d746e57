#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/provider.h"

#define MODEL "gemini-3.8-flash"
#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}
#define PROMPT(string) \
	.turns = &(const struct gm_turn){ GM_ROLE_USER, \
		&(const struct gm_part){ .text = S(string) }, 1 }, \
	.turns_len = 1
#define BASE "https://generativelanguage.googleapis.com"
#define STREAM ":streamGenerateContent?alt=sse"
#define CONTENTS(text) \
	"\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"" text "\"}]" \
	"}]"
#define HI CONTENTS("Say hi.")
#define CONFIG(members) "{" HI ",\"generationConfig\":{" members "}}"
#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const char *const stops[] = { "\n\n###", "END", "\"", "", "5" };

static const struct {
	struct gm_request request;
	const char *want;
} bodies[] = {
	{ { PROMPT("Say hi.") }, "{" HI "}" },
	{ { PROMPT("Say hi."), .system = S("Be brief.") },
	    "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]}," HI
	    "}" },
	{ { PROMPT("") }, "{" CONTENTS("") "}" },
	{ { PROMPT("a\"\\/\b\f\n\r\t\001\037\177z") },
	    "{" CONTENTS(
		"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007fz") "}" },
	{ { PROMPT("nul\0nul") }, "{" CONTENTS("nul\\u0000nul") "}" },
	{ { PROMPT("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80<&'>=") },
	    "{" CONTENTS("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80<&'>=") "}" },
	{ { PROMPT("\xE2\x80\xA8\xE2\x80\xA9") },
	    "{" CONTENTS("\\u2028\\u2029") "}" },
	{ { PROMPT("\xFF\xC0\x80\xED\xA0\x80z\xF0\x9F") },
	    "{" CONTENTS("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
			 "\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD") "}" },
	{ { PROMPT("\"}]}],\"tools\":[") },
	    "{" CONTENTS("\\\"}]}],\\\"tools\\\":[") "}" },
	{ { PROMPT("Say hi."), .system = S("\"\n") },
	    "{\"systemInstruction\":{\"parts\":[{\"text\":\"\\\"\\n\"}]}," HI
	    "}" },
	{ { PROMPT("Say hi."), .temperature = "0.7" },
	    CONFIG("\"temperature\":0.7") },
	{ { PROMPT("Say hi."), .temperature = "0" },
	    CONFIG("\"temperature\":0") },
	{ { PROMPT("Say hi."), .top_p = "0.95" }, CONFIG("\"topP\":0.95") },
	{ { PROMPT("Say hi."), .top_k = "40" }, CONFIG("\"topK\":40") },
	{ { PROMPT("Say hi."), .max_tokens = "2048" },
	    CONFIG("\"maxOutputTokens\":2048") },
	{ { PROMPT("Say hi."), .seed = "-7" }, CONFIG("\"seed\":-7") },
	{ { PROMPT("Say hi."), .stop = stops, .stop_len = 1 },
	    CONFIG("\"stopSequences\":[\"\\n\\n###\"]") },
	{ { PROMPT("Say hi."), .stop = stops, .stop_len = 5 },
	    CONFIG("\"stopSequences\":[\"\\n\\n###\",\"END\",\"\\\"\",\"\","
		   "\"5\"]") },
	{ { PROMPT("Say hi."), .thinking_level = "LOW" },
	    CONFIG("\"thinkingConfig\":{\"thinkingLevel\":\"LOW\"}") },
	{ { PROMPT("Say hi."), .thinking_budget = "1024" },
	    CONFIG("\"thinkingConfig\":{\"thinkingBudget\":1024}") },
	{ { PROMPT("Say hi."), .thinking_budget = "-1" },
	    CONFIG("\"thinkingConfig\":{\"thinkingBudget\":-1}") },
	{ { PROMPT("Say hi."), .thinking_budget = "0" },
	    CONFIG("\"thinkingConfig\":{\"thinkingBudget\":0}") },
	{ { PROMPT("Say hi."), .thoughts = true },
	    CONFIG("\"thinkingConfig\":{\"includeThoughts\":true}") },
	{ { PROMPT("Say hi."), .thoughts = true, .thinking_level = "HIGH" },
	    CONFIG("\"thinkingConfig\":{\"thinkingLevel\":\"HIGH\","
		   "\"includeThoughts\":true}") },
	{ { PROMPT("Say hi."), .safety = "BLOCK_ONLY_HIGH" },
	    "{" HI ",\"safetySettings\":["
	    "{\"category\":\"HARM_CATEGORY_HARASSMENT\","
	    "\"threshold\":\"BLOCK_ONLY_HIGH\"},"
	    "{\"category\":\"HARM_CATEGORY_HATE_SPEECH\","
	    "\"threshold\":\"BLOCK_ONLY_HIGH\"},"
	    "{\"category\":\"HARM_CATEGORY_SEXUALLY_EXPLICIT\","
	    "\"threshold\":\"BLOCK_ONLY_HIGH\"},"
	    "{\"category\":\"HARM_CATEGORY_DANGEROUS_CONTENT\","
	    "\"threshold\":\"BLOCK_ONLY_HIGH\"}]}" },
	{ { PROMPT("Say hi."), .token = S("VE9L\"==") },
	    "{" HI ",\"continuationToken\":\"VE9L\\\"==\"}" },
	{ { PROMPT("Say hi."), .max_tokens = "200000", .token = S("T") },
	    "{" HI ",\"generationConfig\":{\"maxOutputTokens\":200000}"
	    ",\"continuationToken\":\"T\"}" },
	{ { PROMPT("Say hi."), .search = true },
	    "{" HI ",\"tools\":[{\"googleSearch\":{}}]}" },
	{ { PROMPT("Say hi."), .url_context = true },
	    "{" HI ",\"tools\":[{\"urlContext\":{}}]}" },
	{ { PROMPT("Say hi."), .search = true, .url_context = true },
	    "{" HI ",\"tools\":[{\"googleSearch\":{}},{\"urlContext\":{}}]}" },
	{ { PROMPT("Say hi."), .system = S("S"), .temperature = "1e-2",
	      .top_p = "1", .top_k = "1", .max_tokens = "5", .seed = "0",
	      .stop = stops + 1, .stop_len = 1, .thinking_level = "MINIMAL",
	      .thoughts = true, .search = true },
	    "{\"systemInstruction\":{\"parts\":[{\"text\":\"S\"}]}," HI
	    ",\"generationConfig\":{\"temperature\":1e-2,\"topP\":1,"
	    "\"topK\":1,\"maxOutputTokens\":5,\"seed\":0,"
	    "\"stopSequences\":[\"END\"],\"thinkingConfig\":{"
	    "\"thinkingLevel\":\"MINIMAL\",\"includeThoughts\":true}},"
	    "\"tools\":[{\"googleSearch\":{}}]}" },
};

static const struct {
	const char *model, *base, *want;
} urls[] = {
	{ MODEL, BASE, BASE "/v1beta/models/" MODEL STREAM },
	{ MODEL, BASE "/", BASE "/v1beta/models/" MODEL STREAM },
	{ MODEL, BASE "/v1beta", BASE "/v1beta/models/" MODEL STREAM },
	{ MODEL, BASE "/v1beta/", BASE "/v1beta/models/" MODEL STREAM },
	{ MODEL, BASE "/v1", BASE "/v1/models/" MODEL STREAM },
	{ MODEL, "http://127.0.0.1:8080/gemini",
	    "http://127.0.0.1:8080/gemini/v1beta/models/" MODEL STREAM },
	{ "models/" MODEL, BASE, BASE "/v1beta/models/" MODEL STREAM },
	{ "tunedModels/mine-1", BASE,
	    BASE "/v1beta/tunedModels/mine-1" STREAM },
	{ "dynamic/x", BASE, BASE "/v1beta/dynamic/x" STREAM },
	{ "gemini:x@1+2", BASE,
	    BASE "/v1beta/models/gemini%3Ax%401%2B2" STREAM },
	{ "mod\xC3\xA8le", BASE, BASE "/v1beta/models/mod%C3%A8le" STREAM },
	{ "..", BASE, BASE "/v1beta/models/.." STREAM },
	{ "A_b.c-9~", BASE, BASE "/v1beta/models/A_b.c-9%7E" STREAM },
};

static const char *
body_of(const struct gm_request *request, struct gm_buf *out)
{
	gm_buf_init(out, 4096);
	gm_gemini.body(&gm_gemini, request, out);
	return gm_buf_str(out);
}

static const char *
url_of(const struct gm_request *request, const char *base, struct gm_buf *out)
{
	gm_buf_init(out, 4096);
	gm_gemini.url(&gm_gemini, request, base, out);
	return gm_buf_str(out);
}

static void
test_bodies(void **state)
{
	struct gm_request request;
	struct gm_buf got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(bodies); i++) {
		request = bodies[i].request;
		request.model = MODEL;
		assert_string_equal(body_of(&request, &got), bodies[i].want);
		gm_buf_release(&got);
	}
}

/* The contents of a body alone, as a body. */
static void
put_prompt(struct gm_buf *out, const char *body)
{
	static const char end[] = "\"}]}]";
	const char *p = strstr(body, end);

	while (p != NULL && p[-1] == '\\')
		p = strstr(p + 1, end);
	if (p == NULL)
		fail_msg("no contents: %s", body);
	else
		gm_buf_printf(out, "%.*s%s}", (int)(p - body), body, end);
}

/*
 * countTokens: with a system instruction the request is in one more object, with
 * the model; without one only the contents are sent.
 */
static void
test_count_bodies(void **state)
{
	static const struct {
		const char *model, *resource;
	} models[] = {
		{ MODEL, "models/" MODEL },
		{ "models/" MODEL, "models/" MODEL },
		{ "tunedModels/x", "tunedModels/x" },
	};
	struct gm_request request;
	struct gm_buf got, want;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(bodies); i++) {
		for (j = 0; j < GM_LEN(models); j++) {
			request = bodies[i].request;
			request.model = models[j].model;
			request.operation = GM_OP_COUNT;
			request.token.len = 0; /* no token for counting */
			gm_buf_init(&want, 4096);
			if (request.system.len > 0)
				gm_buf_printf(&want,
				    "{\"generateContentRequest\":{\"model\":"
				    "\"%s\",%s}",
				    models[j].resource, bodies[i].want + 1);
			else
				put_prompt(&want, bodies[i].want);
			assert_string_equal(
			    body_of(&request, &got), gm_buf_str(&want));
			gm_buf_release(&got);
			gm_buf_release(&want);
		}
	}
}

/* Three turns, with all kinds of parts and a signature that is sent back. */
static void
test_conversation(void **state)
{
	static const struct gm_part first[] = { { .text = S("What is in it?") },
		{ .kind = GM_PART_DATA,
		    .text = S("iVBORw0KGgo="),
		    .mime = "image/png" },
		{ .kind = GM_PART_FILE,
		    .text = S("https://api.example/v1beta/files/a1"),
		    .mime = "application/pdf" },
		{ .kind = GM_PART_FILE,
		    .text = S("https://video.example/1") } };
	static const struct gm_part second[] = {
		{ .text = S("A \"cat\"."), .signature = S("QmFzZTY0+/==") },
		{ .text = S(""), .signature = S("U2ln") }
	};
	static const struct gm_part third[] = { { .text = S("Which?") } };
	static const struct gm_turn turns[] = {
		{ GM_ROLE_USER, first, GM_LEN(first) },
		{ GM_ROLE_MODEL, second, GM_LEN(second) },
		{ GM_ROLE_USER, third, GM_LEN(third) },
	};
	const struct gm_request request = { .model = MODEL,
		.turns = turns,
		.turns_len = GM_LEN(turns),
		.system = S("Be brief."),
		.max_tokens = "5" };
	struct gm_buf got;

	(void)state;
	assert_string_equal(body_of(&request, &got),
	    "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]},"
	    "\"contents\":["
	    "{\"role\":\"user\",\"parts\":[{\"text\":\"What is in it?\"},"
	    "{\"inlineData\":{\"mimeType\":\"image/png\","
	    "\"data\":\"iVBORw0KGgo=\"}},"
	    "{\"fileData\":{\"mimeType\":\"application/pdf\","
	    "\"fileUri\":\"https://api.example/v1beta/files/a1\"}},"
	    "{\"fileData\":{\"fileUri\":\"https://video.example/1\"}}]},"
	    "{\"role\":\"model\",\"parts\":[{\"text\":\"A \\\"cat\\\".\","
	    "\"thoughtSignature\":\"QmFzZTY0+/==\"},"
	    "{\"text\":\"\",\"thoughtSignature\":\"U2ln\"}]},"
	    "{\"role\":\"user\",\"parts\":[{\"text\":\"Which?\"}]}],"
	    "\"generationConfig\":{\"maxOutputTokens\":5}}");
	gm_buf_release(&got);
}

/* Each text of a turn is a separate part, also for counting. */
static void
test_texts(void **state)
{
	static const char contents[] =
	    "{\"contents\":[{\"role\":\"user\",\"parts\":["
	    "{\"text\":\"Compare.\"},{\"text\":\"a\\n\"},{\"text\":\"\"},"
	    "{\"text\":\"\\\"b\\\"\"}]}]}";
	static const struct gm_part parts[] = { { .text = S("Compare.") },
		{ .text = S("a\n") }, { .text = S("") },
		{ .text = S("\"b\"") } };
	static const struct gm_turn turn = { GM_ROLE_USER, parts,
		GM_LEN(parts) };
	struct gm_request request = {
		.model = MODEL, .turns = &turn, .turns_len = 1
	};
	struct gm_buf got;

	(void)state;
	assert_string_equal(body_of(&request, &got), contents);
	gm_buf_release(&got);
	request.operation = GM_OP_COUNT;
	assert_string_equal(body_of(&request, &got), contents);
	gm_buf_release(&got);
}

static void
test_urls(void **state)
{
	struct gm_request request = { PROMPT("x") };
	struct gm_buf got, want;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(urls); i++) {
		request.model = urls[i].model;
		request.operation = GM_OP_GENERATE;
		assert_string_equal(
		    url_of(&request, urls[i].base, &got), urls[i].want);
		gm_buf_release(&got);

		request.operation = GM_OP_COUNT;
		gm_buf_init(&want, 4096);
		gm_buf_puts(&want, urls[i].want);
		gm_buf_cut(&want, want.len - strlen(STREAM));
		gm_buf_puts(&want, ":countTokens");
		assert_string_equal(
		    url_of(&request, urls[i].base, &got), gm_buf_str(&want));
		gm_buf_release(&got);
		gm_buf_release(&want);
	}
}

/* A page of the list: no body, and a token is escaped. */
static void
test_list(void **state)
{
	static const struct {
		const char *token, *base, *want;
	} rows[] = {
		{ NULL, BASE, BASE "/v1beta/models?pageSize=1000" },
		{ NULL, BASE "/v1beta/", BASE "/v1beta/models?pageSize=1000" },
		{ "Ch9t", BASE,
		    BASE "/v1beta/models?pageSize=1000&pageToken=Ch9t" },
		{ "+/&=#", BASE,
		    BASE "/v1beta/models?pageSize=1000"
			 "&pageToken=%2B%2F%26%3D%23" },
	};
	struct gm_request request = { .operation = GM_OP_MODELS,
		.model = "models" };
	struct gm_buf got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		request.page_token = rows[i].token;
		assert_string_equal(
		    url_of(&request, rows[i].base, &got), rows[i].want);
		gm_buf_release(&got);
		assert_string_equal(body_of(&request, &got), "");
		assert_int_equal(got.len, 0);
		gm_buf_release(&got);
	}
}

/* A missing list is not the fault of a model. */
static void
test_list_is_gone(void **state)
{
	static const char body[] =
	    "{\"error\":{\"code\":404,\"message\":\"gone\"}}";
	struct gm_request request = { .operation = GM_OP_MODELS,
		.model = "models" };
	struct gm_fault fault = { .class = GM_CLASS_OK };

	(void)state;
	gm_provider_classify(&gm_gemini, &request,
	    &(struct gm_http_head){ .status = 404 }, gm_span_of(body), &fault);
	assert_int_equal(fault.class, GM_CLASS_BAD_URL);
	request.operation = GM_OP_COUNT;
	gm_provider_classify(&gm_gemini, &request,
	    &(struct gm_http_head){ .status = 404 }, gm_span_of(body), &fault);
	assert_int_equal(fault.class, GM_CLASS_MODEL_GONE);
}

static void
test_list_urls(void **state)
{
	struct gm_request request = { .operation = GM_OP_MODELS,
		.model = "models" };
	struct gm_buf got;

	(void)state;
	assert_string_equal(url_of(&request, "https://x", &got),
	    "https://x/v1beta/models?pageSize=1000");
	gm_buf_release(&got);
	request.page_size = "1";
	assert_string_equal(url_of(&request, "https://x/", &got),
	    "https://x/v1beta/models?pageSize=1");
	gm_buf_release(&got);
	request.page_token = "a/b";
	assert_string_equal(url_of(&request, "https://x", &got),
	    "https://x/v1beta/models?pageSize=1&pageToken=a%2Fb");
	gm_buf_release(&got);
}

static void
test_models(void **state)
{
	static const char *const good[] = { MODEL, "models/" MODEL, "m",
		"tunedModels/mine", "models/tunedModels/mine", "dynamic/x",
		"a:b", "mod\xC3\xA8le", "..", HUNDRED HUNDRED,
		"models/" HUNDRED HUNDRED };
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(good); i++)
		if (gm_gemini.check_model(good[i], &err) != 0)
			fail_msg("%s: %s", good[i], err.msg);
}

static void
test_bad_models(void **state)
{
	static const char length[] = "a model name has 1 to 200 characters";
	static const char letters[] = "not a model name: it contains blanks, "
				      "control characters or one of / "
				      "? # , %";
	static const struct {
		const char *model, *want;
	} rows[] = {
		{ "", length },
		{ "models/", length },
		{ "tunedModels/", length },
		{ "models/dynamic/", length },
		{ HUNDRED HUNDRED "a", length },
		{ "models/models/x", letters },
		{ "publishers/google/x", letters },
		{ "/x", letters },
		{ "../x", letters },
		{ "x/", letters },
		{ "x?key=y", letters },
		{ "x#y", letters },
		{ "x y", letters },
		{ " x", letters },
		{ "x\t", letters },
		{ "x\r\nHost: evil", letters },
		{ "x\033[31m", letters },
		{ "x\xC2\x9B", letters },
		{ "x\xE2\x80\xA8y", letters },
		{ "x\xE2\x80\xAEy", letters },
		{ "x\xFF", letters },
		{ "x\177", letters },
		{ "x,y", letters },
		{ "x%2Fy", letters },
	};
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		if (gm_gemini.check_model(rows[i].model, &err) != -1)
			fail_msg("taken: %s", rows[i].model);
		assert_int_equal(err.code, GM_ECONFIG);
		assert_string_equal(err.msg, rows[i].want);
	}
}

/* The recommended model is compared without "models/". */
static void
test_classify(void **state)
{
	static const char body[] =
	    "{\"error\":{\"message\":\"models/" MODEL " is not found\"}}";
	struct gm_request request = { .model = "models/" MODEL };
	struct gm_fault fault = { .class = GM_CLASS_OK };

	(void)state;
	gm_provider_classify(&gm_gemini, &request,
	    &(struct gm_http_head){ .status = 404 }, gm_span_of(body), &fault);
	assert_int_equal(fault.class, GM_CLASS_MODEL_GONE);
	assert_string_equal(fault.words, "models/" MODEL " is not found");
	assert_string_equal(fault.remedy, "");
	assert_string_equal(gm_gemini.name, "gemini");
	assert_string_equal(gm_gemini.key_header, "x-goog-api-key: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_count_bodies),
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_is_gone),
		cmocka_unit_test(test_list_urls),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_bad_models),
		cmocka_unit_test(test_classify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
