#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider/provider.h"

#define MODEL "mistral-small-latest"
#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}
#define PROMPT(string) \
	.turns = &(const struct gm_turn){ GM_ROLE_USER, \
		&(const struct gm_part){ .text = S(string) }, 1 }, \
	.turns_len = 1
#define USER(text) "{\"role\":\"user\",\"content\":\"" text "\"}"
#define SYSTEM(text) "{\"role\":\"system\",\"content\":\"" text "\"},"
#define HEAD(messages) \
	"{\"model\":\"" MODEL "\",\"messages\":[" messages "],\"stream\":true"
#define USAGE ",\"stream_options\":{\"include_usage\":true}"
#define HI USER("Say hi.")
#define TALK \
	SYSTEM("S") \
	USER("One.\\n\\n\\\"Two\\\".") \
	",{\"role\":\"assistant\",\"content\":\"Three.\"}," USER("Four?")

static const struct gm_part files[] = { { .text = S("Hi.") },
	{ .kind = GM_PART_DATA, .text = S("aGk="), .mime = "image/png" },
	{ .kind = GM_PART_FILE, .text = S("https://h/f") } };
static const struct gm_turn file_turns[] = { { GM_ROLE_USER, files, 1 },
	{ GM_ROLE_USER, files, 2 }, { GM_ROLE_USER, files + 2, 1 } };

static const char *const stops[] = { "\n\n###", "END", "\"", "", "5" };

/* The dialects, and their index in a row. */
static const struct gm_provider *const services[] = { &gm_mistral, &gm_openai,
	&gm_compatible };

/* A body: messages, then members of each dialect. */
static const struct {
	struct gm_request request;
	const char *messages, *members[GM_LEN(services)];
} bodies[] = {
	{ { PROMPT("Say hi.") }, HI, { "", "", "" } },
	{ { PROMPT("Say hi."), .system = S("Be \"brief\".\n") },
	    SYSTEM("Be \\\"brief\\\".\\n") HI, { "", "", "" } },
	{ { PROMPT("") }, USER(""), { "", "", "" } },
	{ { PROMPT("a\"\\\n\001\xFFz\xC3\xA9") },
	    USER("a\\\"\\\\\\n\\u0001\xEF\xBF\xBDz\xC3\xA9"), { "", "", "" } },
	{ { PROMPT("Say hi."), .temperature = "0.7" }, HI,
	    { ",\"temperature\":0.7", ",\"temperature\":0.7",
		",\"temperature\":0.7" } },
	{ { PROMPT("Say hi."), .top_p = "0.95" }, HI,
	    { ",\"top_p\":0.95", ",\"top_p\":0.95", ",\"top_p\":0.95" } },
	{ { PROMPT("Say hi."), .max_tokens = "5" }, HI,
	    { ",\"max_tokens\":5", ",\"max_completion_tokens\":5",
		",\"max_tokens\":5" } },
	{ { PROMPT("Say hi."), .seed = "7" }, HI,
	    { ",\"random_seed\":7", ",\"seed\":7", ",\"seed\":7" } },
	{ { PROMPT("Say hi."), .stop = stops, .stop_len = 1 }, HI,
	    { ",\"stop\":[\"\\n\\n###\"]", ",\"stop\":[\"\\n\\n###\"]",
		",\"stop\":[\"\\n\\n###\"]" } },
	{ { PROMPT("Say hi."), .stop = stops, .stop_len = 4 }, HI,
	    { ",\"stop\":[\"\\n\\n###\",\"END\",\"\\\"\",\"\"]",
		",\"stop\":[\"\\n\\n###\",\"END\",\"\\\"\",\"\"]",
		",\"stop\":[\"\\n\\n###\",\"END\",\"\\\"\",\"\"]" } },
	{ { PROMPT("Say hi."), .thinking_level = "MINIMAL" }, HI,
	    { ",\"reasoning_effort\":\"minimal\"",
		",\"reasoning_effort\":\"minimal\"",
		",\"reasoning_effort\":\"minimal\"" } },
	{ { PROMPT("Say hi."), .thinking_budget = "0" }, HI,
	    { ",\"reasoning_effort\":\"none\"",
		",\"reasoning_effort\":\"none\"",
		",\"reasoning_effort\":\"none\"" } },
	{ { PROMPT("Say hi."), .thoughts = true }, HI, { "", "", "" } },
	{ { PROMPT("Say hi."), .system = S("S"), .temperature = "1e-2",
	      .top_p = "1", .max_tokens = "5", .seed = "0", .stop = stops + 1,
	      .stop_len = 1, .thinking_level = "LOW", .thoughts = true },
	    SYSTEM("S") HI,
	    { ",\"temperature\":1e-2,\"top_p\":1,\"max_tokens\":5,"
	      "\"random_seed\":0,\"stop\":[\"END\"],"
	      "\"reasoning_effort\":\"low\"",
		",\"temperature\":1e-2,\"top_p\":1,"
		"\"max_completion_tokens\":5,\"seed\":0,"
		"\"stop\":[\"END\"],\"reasoning_effort\":\"low\"",
		",\"temperature\":1e-2,\"top_p\":1,\"max_tokens\":5,"
		"\"seed\":0,\"stop\":[\"END\"],"
		"\"reasoning_effort\":\"low\"" } },
};

static void
test_bodies(void **state)
{
	struct gm_request request;
	struct gm_buf got, want;
	size_t i, k;

	(void)state;
	gm_buf_init(&got, 4096);
	gm_buf_init(&want, 4096);
	for (i = 0; i < GM_LEN(bodies); i++)
		for (k = 0; k < GM_LEN(services); k++) {
			request = bodies[i].request;
			request.model = MODEL;
			gm_buf_reset(&got);
			gm_buf_reset(&want);
			services[k]->body(services[k], &request, &got);
			gm_buf_printf(&want, HEAD("%s") "%s%s}",
			    bodies[i].messages,
			    services[k] == &gm_mistral ? "" : USAGE,
			    bodies[i].members[k]);
			assert_string_equal(
			    gm_buf_str(&got), gm_buf_str(&want));
		}
	gm_buf_release(&got);
	gm_buf_release(&want);
}

/* Three turns; chat completions have no signatures. */
static void
test_conversation(void **state)
{
	static const struct gm_part first[] = { { .text = S("One.") },
		{ .text = S("\"Two\".") } };
	static const struct gm_part second[] = { { .text = S("Thr") },
		{ .text = S("ee."), .signature = S("QmFzZTY0") } };
	static const struct gm_part third[] = { { .text = S("Four?") } };
	static const struct gm_turn turns[] = {
		{ GM_ROLE_USER, first, GM_LEN(first) },
		{ GM_ROLE_MODEL, second, GM_LEN(second) },
		{ GM_ROLE_USER, third, GM_LEN(third) },
	};
	static const char *const wants[] = { HEAD(TALK) "}",
		HEAD(TALK) USAGE "}", HEAD(TALK) USAGE "}" };
	const struct gm_request request = { .model = MODEL,
		.turns = turns,
		.turns_len = GM_LEN(turns),
		.system = S("S") };
	struct gm_buf got;
	struct gm_err err;
	size_t k;

	(void)state;
	gm_buf_init(&got, 4096);
	for (k = 0; k < GM_LEN(services); k++) {
		gm_buf_reset(&got);
		assert_int_equal(
		    services[k]->check(services[k], &request, &err), 0);
		services[k]->body(services[k], &request, &got);
		assert_string_equal(gm_buf_str(&got), wants[k]);
	}
	gm_buf_release(&got);
}

/*
 * Several texts of a user are joined to one string, with exactly one blank line
 * between them, as between a prompt and standard input.
 */
static void
test_texts(void **state)
{
	static const struct {
		struct gm_part parts[4];
		const char *want;
	} rows[] = {
		{ { { .text = S("a") }, { .text = S("b") }, { .text = S("c") },
		      { .text = S("d") } },
		    USER("a\\n\\nb\\n\\nc\\n\\nd") },
		{ { { .text = S("a\n") }, { .text = S("b\n\n\n") },
		      { .text = S("\n\nc") }, { .text = S("d\n\n") } },
		    USER("a\\n\\nb\\n\\n\\n\\nc\\n\\nd\\n\\n") },
		{ { { .text = S("") }, { .text = S("a") }, { .text = S("") },
		      { .text = S("b") } },
		    USER("a\\n\\nb") },
		{ { { .text = S("\n\n") }, { .text = S("a\n") },
		      { .text = S("") }, { .text = S("") } },
		    USER("a\\n") },
		{ { { .text = S("\xC3") }, { .text = S("\xA9") },
		      { .text = S("\"") }, { .text = S("") } },
		    USER("\xEF\xBF\xBD\\n\\n\xEF\xBF\xBD\\n\\n\\\"") },
		{ { { .text = S("") } }, USER("") },
	};
	struct gm_turn turn = { .parts_len = 4 };
	struct gm_request request = {
		.model = MODEL, .turns = &turn, .turns_len = 1
	};
	struct gm_buf got, want;
	struct gm_err err;
	size_t i;

	(void)state;
	gm_buf_init(&got, 4096);
	gm_buf_init(&want, 4096);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&got);
		gm_buf_reset(&want);
		turn.parts = rows[i].parts;
		assert_int_equal(
		    gm_compatible.check(&gm_compatible, &request, &err), 0);
		gm_compatible.body(&gm_compatible, &request, &got);
		gm_buf_printf(&want, HEAD("%s") USAGE "}", rows[i].want);
		assert_string_equal(gm_buf_str(&got), gm_buf_str(&want));
	}
	gm_buf_release(&got);
	gm_buf_release(&want);
}

/* The request for a list has no body. */
static void
test_list_body(void **state)
{
	const struct gm_request request = { .operation = GM_OP_MODELS,
		.model = "models",
		.page_token = "t",
		.page_size = "5" };
	struct gm_buf got;
	size_t k;

	(void)state;
	gm_buf_init(&got, 4096);
	for (k = 0; k < GM_LEN(services); k++) {
		services[k]->body(services[k], &request, &got);
		assert_int_equal(got.len, 0);
	}
	gm_buf_release(&got);
}

static void
test_urls(void **state)
{
	static const struct {
		const char *base, *want;
		const char *mistral; /* NULL: no difference */
	} rows[] = {
		{ "https://api.mistral.ai", "https://api.mistral.ai/v1", NULL },
		{ "https://api.mistral.ai/", "https://api.mistral.ai/v1",
		    NULL },
		{ "https://api.mistral.ai//", "https://api.mistral.ai/v1",
		    NULL },
		{ "https://api.mistral.ai/v1", "https://api.mistral.ai/v1",
		    NULL },
		{ "https://api.mistral.ai/v1/", "https://api.mistral.ai/v1",
		    NULL },
		{ "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1", NULL },
		{ "http://[::1]:8080/", "http://[::1]:8080/v1", NULL },
		{ "http://h/x/v4", "http://h/x/v4", NULL },
		{ "http://h/x/v4//", "http://h/x/v4", NULL },
		{ "http://h/v1beta1", "http://h/v1beta1", NULL },
		{ "http://h/v1beta/openai", "http://h/v1beta/openai",
		    "http://h/v1beta/openai/v1" },
		{ "http://h/x/v1//", "http://h/x/v1", NULL },
		{ "http://h/chat", "http://h/chat", "http://h/chat/v1" },
		{ "http://h/models/", "http://h/models", "http://h/models/v1" },
	};
	struct gm_request request = { .model = MODEL, .page_token = "t" };
	struct gm_buf got, want;
	const char *base;
	size_t i, k;

	(void)state;
	gm_buf_init(&got, 4096);
	gm_buf_init(&want, 4096);
	for (i = 0; i < 2 * GM_LEN(rows) * GM_LEN(services); i++) {
		k = i / 2 % GM_LEN(rows);
		request.operation = i % 2 == 0 ? GM_OP_GENERATE : GM_OP_MODELS;
		gm_buf_reset(&got);
		gm_buf_reset(&want);
		services[i / 2 / GM_LEN(rows)]->url(
		    services[i / 2 / GM_LEN(rows)], &request, rows[k].base,
		    &got);
		base = rows[k].want;
		if (rows[k].mistral != NULL &&
		    services[i / 2 / GM_LEN(rows)] == &gm_mistral)
			base = rows[k].mistral;
		gm_buf_printf(&want, "%s%s", base,
		    i % 2 == 0 ? "/chat/completions" : "/models");
		assert_string_equal(gm_buf_str(&got), gm_buf_str(&want));
	}
	gm_buf_release(&got);
	gm_buf_release(&want);
}

/* Options that are not supported or out of range; "": accepted. */
static const struct {
	struct gm_request request;
	const char *want[GM_LEN(services)];
} checks[] = {
	{ { PROMPT("Hi.") }, { "", "", "" } },
	{ { .temperature = "1.5",
	      .top_p = "0.5",
	      .max_tokens = "5",
	      .seed = "-1",
	      .stop = stops,
	      .stop_len = 4,
	      .thinking_level = "HIGH",
	      .thoughts = true },
	    { "", "", "" } },
	{ { .thinking_budget = "0" }, { "", "", "" } },
	{ { .turns = file_turns, .turns_len = 2 },
	    { "files other than text: not supported by mistral",
		"files other than text: not supported by openai",
		"files other than text: not supported by openai" } },
	{ { .search = true, .turns = file_turns, .turns_len = 3 },
	    { "--search, files other than text, uploaded files and URLs: not "
	      "supported by mistral",
		"--search, files other than text, uploaded files and URLs: not "
		"supported by openai",
		"--search, files other than text, uploaded files and URLs: not "
		"supported by openai" } },
	{ { .operation = GM_OP_MODELS }, { "", "", "" } },
	{ { .operation = GM_OP_COUNT },
	    { "--count: not supported by mistral",
		"--count: not supported by openai",
		"--count: not supported by openai" } },
	{ { .top_k = "40" }, { "--top-k: not supported by mistral",
				 "--top-k: not supported by openai",
				 "--top-k: not supported by openai" } },
	{ { .thinking_budget = "-1" },
	    { "--thinking -1: not supported by mistral",
		"--thinking -1: not supported by openai",
		"--thinking -1: not supported by openai" } },
	{ { .operation = GM_OP_COUNT,
	      .top_k = "40",
	      .safety = "BLOCK_NONE",
	      .search = true,
	      .url_context = true,
	      .thinking_budget = "1024" },
	    { "--count, --top-k, --safety, --search, --url-context, --thinking "
	      "1024: not supported by mistral",
		"--count, --top-k, --safety, --search, --url-context, "
		"--thinking 1024: not supported by openai",
		"--count, --top-k, --safety, --search, --url-context, "
		"--thinking 1024: not supported by openai" } },
	{ { .stop = stops, .stop_len = 5 },
	    { "", "--stop: openai accepts at most 4", "" } },
	{ { .temperature = "1.51" },
	    { "--temperature: mistral accepts at most 1.5", "", "" } },
	{ { .temperature = "2e0" },
	    { "--temperature: mistral accepts at most 1.5", "", "" } },
	{ { .search = true, .stop = stops, .stop_len = 5, .temperature = "2" },
	    { "--search: not supported by mistral; --temperature: mistral "
	      "accepts at most 1.5",
		"--search: not supported by openai; --stop: openai accepts at "
		"most 4",
		"--search: not supported by openai" } },
};

static void
test_check(void **state)
{
	struct gm_err err;
	const char *want;
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(checks); i++)
		for (k = 0; k < GM_LEN(services); k++) {
			want = checks[i].want[k];
			err = (struct gm_err){ .code = GM_OK };
			assert_int_equal(services[k]->check(services[k],
					     &checks[i].request, &err),
			    want[0] == '\0' ? 0 : -1);
			assert_string_equal(err.msg, want);
			assert_int_equal(
			    err.code, want[0] == '\0' ? GM_OK : GM_EUSAGE);
		}
}

static void
test_check_model(void **state)
{
	static const struct {
		const char *model;
		bool good;
	} rows[] = {
		{ MODEL, true },
		{ "llama3.2:3b", true },
		{ "hf.co/a/b:Q4_K_M", true },
		{ "/models/x.gguf", true },
		{ "a@b", true },
		{ "..?#%", true },
		{ "mod\xC3\xA8le", true },
		{ "", false },
		{ "a b", false },
		{ "a\tb", false },
		{ "a\nb", false },
		{ "a\177", false },
		{ "a\xC2\x85"
		  "b",
		    false },
		{ "a\xE2\x80\xA9", false },
		{ "a\xFF", false },
		{ "a,b", false },
	};
	char name[202];
	struct gm_err err;
	size_t i, k;

	(void)state;
	for (k = 0; k < GM_LEN(services); k++) {
		for (i = 0; i < GM_LEN(rows); i++) {
			err.code = GM_OK;
			assert_int_equal(
			    services[k]->check_model(rows[i].model, &err),
			    rows[i].good ? 0 : -1);
			assert_int_equal(
			    err.code, rows[i].good ? GM_OK : GM_ECONFIG);
		}
		memset(name, 'm', sizeof(name));
		name[201] = '\0';
		assert_int_equal(services[k]->check_model(name, &err), -1);
		name[200] = '\0';
		assert_int_equal(services[k]->check_model(name, &err), 0);
	}
}

static void
test_tables(void **state)
{
	size_t k;

	(void)state;
	assert_string_equal(gm_mistral.name, "mistral");
	assert_string_equal(gm_openai.name, "openai");
	assert_string_equal(gm_compatible.name, "openai");
	assert_string_equal(gm_mistral.method, "completion_chat");
	assert_null(gm_openai.method);
	assert_null(gm_compatible.method);
	for (k = 0; k < GM_LEN(services); k++)
		assert_string_equal(
		    services[k]->key_header, "Authorization: Bearer ");
}

/* A 404 for the list of models means a wrong address. */
static void
test_classify(void **state)
{
	static const char body[] = "{\"error\":{\"message\":\"No.\"}}";
	struct gm_request request = { .model = MODEL };
	struct gm_fault fault;
	size_t k;

	(void)state;
	for (k = 0; k < GM_LEN(services); k++) {
		request.operation = GM_OP_GENERATE;
		gm_provider_classify(services[k], &request,
		    &(struct gm_http_head){ .status = 404 }, gm_span_of(body),
		    &fault);
		assert_int_equal(fault.class, GM_CLASS_MODEL_GONE);
		assert_string_equal(fault.words, "No.");
		request.operation = GM_OP_MODELS;
		gm_provider_classify(services[k], &request,
		    &(struct gm_http_head){ .status = 404 }, gm_span_of(body),
		    &fault);
		assert_int_equal(fault.class, GM_CLASS_BAD_URL);
		gm_provider_classify(services[k], &request,
		    &(struct gm_http_head){ .status = 401 }, gm_span_of(body),
		    &fault);
		assert_int_equal(fault.class, GM_CLASS_KEY_REJECTED);
	}
}

/* A rate limit of 0 means that the plan lacks the model, for quotas only. */
static void
test_classify_head(void **state)
{
	static const struct {
		long status;
		const char *headers;
		enum gm_class want;
	} rows[] = {
		{ 429, "", GM_CLASS_QUOTA },
		{ 429, "x-ratelimit-limit-req-minute: 60\r\n", GM_CLASS_QUOTA },
		{ 429, "X-RateLimit-Limit-Req-Minute: 0\r\n",
		    GM_CLASS_QUOTA_NONE },
		{ 429, "x-ratelimit-remaining-req-minute: 0\r\n",
		    GM_CLASS_QUOTA },
		{ 500, "x-ratelimit-limit-req-minute: 0\r\n", GM_CLASS_SERVER },
	};
	const struct gm_request request = { .model = MODEL };
	struct gm_http_head head;
	struct gm_fault fault;
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		for (k = 0; k < GM_LEN(services); k++) {
			head = (struct gm_http_head){ .status = rows[i].status,
				.headers = gm_span_of(rows[i].headers) };
			fault = (struct gm_fault){ .hint_ms = -1 };
			gm_provider_classify(services[k], &request, &head,
			    gm_span_of("{\"message\":\"No.\"}"), &fault);
			assert_int_equal(fault.class, rows[i].want);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_list_body),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_model),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_classify),
		cmocka_unit_test(test_classify_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
