#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/chat_err.h"

#define OPENAI(type, code, message) \
	"{\"error\":{\"message\":\"" message "\",\"type\":\"" type \
	"\",\"param\":null,\"code\":" code "}}"
#define LLAMA(code, type, message) \
	"{\"error\":{\"code\":" code ",\"message\":\"" message \
	"\",\"type\":\"" type "\"}}"
#define MISTRAL(type, code, message) \
	"{\"object\":\"error\",\"message\":" message ",\"type\":\"" type \
	"\",\"param\":null,\"code\":" code "}"
#define SEED \
	"{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],\"msg\":" \
	"\"Extra inputs are not permitted\",\"input\":1}"
#define SEED_WORDS "body.seed: Extra inputs are not permitted"

static const struct {
	long http;
	const char *body;
	enum gm_class class;
	const char *words;
} rows[] = {
	/* Mistral. */
	{ 400, MISTRAL("invalid_model", "\"1500\"", "\"Invalid model: x\""),
	    GM_CLASS_MODEL_GONE, "Invalid model: x" },
	{ 400, MISTRAL("invalid_request_error", "1500", "\"Invalid model\""),
	    GM_CLASS_MODEL_GONE, "Invalid model" },
	{ 400,
	    MISTRAL("invalid_request_error", "\"3051\"",
		"\"Prompt contains 40000 tokens and 0 draft tokens, too large "
		"for model with 32768 maximum context length\""),
	    GM_CLASS_TOO_LARGE,
	    "Prompt contains 40000 tokens and 0 draft tokens, too large for "
	    "model with 32768 maximum context length" },
	{ 401, "{\"detail\":\"Unauthorized\"}", GM_CLASS_KEY_REJECTED,
	    "Unauthorized" },
	{ 401, "{\"message\":\"Unauthorized\",\"request_id\":\"r\"}",
	    GM_CLASS_KEY_REJECTED, "Unauthorized" },
	{ 401, "", GM_CLASS_KEY_REJECTED, "" },
	{ 402, "{\"message\":\"Payment\"}", GM_CLASS_NO_CREDIT, "Payment" },
	{ 403, "{\"message\":\"Tier\"}", GM_CLASS_FORBIDDEN, "Tier" },
	{ 404, "{\"message\":\"No such model\"}", GM_CLASS_MODEL_GONE,
	    "No such model" },
	{ 404, "{\"message\":\"no Route matched with those values\"}",
	    GM_CLASS_BAD_URL, "no Route matched with those values" },
	{ 422,
	    MISTRAL("invalid_request_error", "null", "{\"detail\":[" SEED "]}"),
	    GM_CLASS_BAD_REQUEST, SEED_WORDS },
	{ 422, MISTRAL("invalid_request_error", "null", "[" SEED "]"),
	    GM_CLASS_BAD_REQUEST, SEED_WORDS },
	{ 422,
	    MISTRAL("invalid_request_error", "3001",
		"\"{\\\"detail\\\":[{\\\"type\\\":\\\"extra_forbidden\\\","
		"\\\"loc\\\":[\\\"body\\\",\\\"seed\\\"],\\\"msg\\\":\\\"Extra "
		"inputs are not permitted\\\"}]}\""),
	    GM_CLASS_BAD_REQUEST, SEED_WORDS },
	{ 422, "{\"detail\":[" SEED "]}", GM_CLASS_BAD_REQUEST, SEED_WORDS },
	{ 429, MISTRAL("rate_limited", "\"1300\"", "\"Rate limit exceeded\""),
	    GM_CLASS_QUOTA_MINUTE, "Rate limit exceeded" },
	{ 429, MISTRAL("x", "1300", "\"M\""), GM_CLASS_QUOTA_MINUTE, "M" },
	{ 429, "{\"message\":\"Requests rate limit exceeded\"}",
	    GM_CLASS_QUOTA_MINUTE, "Requests rate limit exceeded" },
	{ 429, MISTRAL("rate_limited", "\"3505\"", "\"M\""),
	    GM_CLASS_OVERLOADED, "M" },
	{ 429,
	    "{\"message\":\"Service tier capacity exceeded for this model.\"}",
	    GM_CLASS_OVERLOADED,
	    "Service tier capacity exceeded for this model." },
	{ 429, "{\"message\":\"M\"}", GM_CLASS_QUOTA, "M" },
	{ 429, "", GM_CLASS_QUOTA, "" },
	/* OpenAI. */
	{ 401, OPENAI("invalid_request_error", "\"invalid_api_key\"", "M"),
	    GM_CLASS_KEY_INVALID, "M" },
	{ 403,
	    OPENAI("request_forbidden",
		"\"unsupported_country_region_territory\"", "M"),
	    GM_CLASS_REGION, "M" },
	{ 404, OPENAI("invalid_request_error", "\"model_not_found\"", "M"),
	    GM_CLASS_MODEL_GONE, "M" },
	{ 403, OPENAI("invalid_request_error", "\"model_not_found\"", "M"),
	    GM_CLASS_MODEL_GONE, "M" },
	{ 404,
	    OPENAI("invalid_request_error", "null",
		"Invalid URL (POST /v1/v1/chat/completions)"),
	    GM_CLASS_BAD_URL, "Invalid URL (POST /v1/v1/chat/completions)" },
	{ 400,
	    OPENAI("invalid_request_error", "\"context_length_exceeded\"", "M"),
	    GM_CLASS_TOO_LARGE, "M" },
	{ 400,
	    OPENAI("invalid_request_error", "null",
		"This model's maximum context length is 8192 tokens."),
	    GM_CLASS_TOO_LARGE,
	    "This model's maximum context length is 8192 tokens." },
	{ 400,
	    OPENAI("invalid_request_error", "null",
		"Your input exceeds the context window of this model."),
	    GM_CLASS_TOO_LARGE,
	    "Your input exceeds the context window of this model." },
	{ 400,
	    OPENAI("invalid_request_error", "\"unsupported_parameter\"", "M"),
	    GM_CLASS_BAD_REQUEST, "M" },
	{ 429, OPENAI("requests", "\"rate_limit_exceeded\"", "M"),
	    GM_CLASS_QUOTA_MINUTE, "M" },
	{ 429, OPENAI("insufficient_quota", "\"insufficient_quota\"", "M"),
	    GM_CLASS_NO_CREDIT, "M" },
	{ 503,
	    OPENAI("service_unavailable", "null", "The engine is overloaded"),
	    GM_CLASS_OVERLOADED, "The engine is overloaded" },
	/* llama.cpp. */
	{ 401, LLAMA("401", "authentication_error", "Invalid API Key"),
	    GM_CLASS_KEY_REJECTED, "Invalid API Key" },
	{ 503, LLAMA("503", "unavailable_error", "Loading model"),
	    GM_CLASS_LOADING, "Loading model" },
	{ 400, LLAMA("400", "exceed_context_size_error", "M"),
	    GM_CLASS_TOO_LARGE, "M" },
	{ 500,
	    LLAMA("500", "server_error",
		"the request exceeds the available context size."),
	    GM_CLASS_TOO_LARGE,
	    "the request exceeds the available context size." },
	{ 404, LLAMA("404", "not_found_error", "File Not Found"),
	    GM_CLASS_BAD_URL, "File Not Found" },
	{ 501, LLAMA("501", "not_supported_error", "M"), GM_CLASS_BAD_REQUEST,
	    "M" },
	/* Ollama. */
	{ 404,
	    OPENAI("not_found_error", "null",
		"model 'x' not found, try pulling it first"),
	    GM_CLASS_MODEL_GONE, "model 'x' not found, try pulling it first" },
	{ 404, "{\"error\":\"model 'x' not found\"}", GM_CLASS_MODEL_GONE,
	    "model 'x' not found" },
	{ 404, "404 page not found", GM_CLASS_BAD_URL, "404 page not found" },
	{ 400,
	    OPENAI("api_error", "null",
		"the input length exceeds the context length"),
	    GM_CLASS_TOO_LARGE, "the input length exceeds the context length" },
	/* All servers, and gateways. */
	{ 404, "", GM_CLASS_BAD_URL, "" },
	{ 404, "<title>404</title>", GM_CLASS_BAD_URL, "404" },
	{ 401, "<p>Sign in", GM_CLASS_FRONT_END, "Sign in" },
	{ 403, "<p>Sign in", GM_CLASS_FRONT_END, "Sign in" },
	{ 429, "<p>Later", GM_CLASS_QUOTA, "Later" },
	{ 503, "<p>Loading model", GM_CLASS_SERVER, "Loading model" },
	{ 302, "", GM_CLASS_REDIRECT, "" },
	{ 407, "", GM_CLASS_PROXY, "" },
	{ 408, "", GM_CLASS_SERVER, "" },
	{ 413, "", GM_CLASS_TOO_LARGE, "" },
	{ 400, "", GM_CLASS_BAD_REQUEST, "" },
	{ 418, "", GM_CLASS_BAD_REQUEST, "" },
	{ 500, "", GM_CLASS_SERVER, "" },
	{ 502, "<p>Bad gateway", GM_CLASS_SERVER, "Bad gateway" },
	{ 503, "", GM_CLASS_SERVER, "" },
	{ 503, "no capacity", GM_CLASS_OVERLOADED, "no capacity" },
	{ 504, "", GM_CLASS_SERVER_TIMEOUT, "" },
	{ 204, "", GM_CLASS_PROTOCOL, "" },
};

static void
test_rows(void **state)
{
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		memset(&f, 'x', sizeof(f));
		gm_chat_classify(rows[i].http, gm_span_of(rows[i].body), &f);
		if (f.class != rows[i].class || f.http != rows[i].http ||
		    strcmp(f.words, rows[i].words) != 0)
			fail_msg("%zu: HTTP %ld, %s: %s", i, f.http,
			    gm_class(f.class)->name, f.words);
		assert_int_equal(f.hint_ms, -1);
		assert_string_equal(f.remedy, "");
		assert_string_equal(f.project, "");
	}
}

/* Inside a stream only the body has a status, if any. */
static void
test_in_a_stream(void **state)
{
	static const struct {
		const char *body;
		enum gm_class class;
		long http;
	} cases[] = {
		{ LLAMA("500", "server_error", "M"), GM_CLASS_SERVER, 500 },
		{ LLAMA("503", "unavailable_error", "Loading model"),
		    GM_CLASS_LOADING, 503 },
		{ "{\"code\":400,\"message\":\"M\",\"type\":"
		  "\"invalid_request_error\"}",
		    GM_CLASS_BAD_REQUEST, 400 },
		{ "{\"error\":{\"code\":\"429\",\"message\":\"M\"}}",
		    GM_CLASS_QUOTA, 429 },
		{ OPENAI("api_error", "null", "M"), GM_CLASS_SERVER, 200 },
		{ OPENAI("server_error", "null", "M"), GM_CLASS_SERVER, 200 },
		{ OPENAI("unheard_of", "null", "M"), GM_CLASS_SERVER, 200 },
		{ OPENAI("invalid_request_error", "null", "M"),
		    GM_CLASS_BAD_REQUEST, 200 },
		{ OPENAI("authentication_error", "null", "M"),
		    GM_CLASS_KEY_REJECTED, 200 },
		{ OPENAI("permission_error", "null", "M"), GM_CLASS_FORBIDDEN,
		    200 },
		{ OPENAI("not_found_error", "null", "M"), GM_CLASS_MODEL_GONE,
		    200 },
		{ OPENAI("rate_limit_error", "null", "M"), GM_CLASS_QUOTA,
		    200 },
		{ OPENAI("tokens", "\"rate_limit_exceeded\"", "M"),
		    GM_CLASS_QUOTA_MINUTE, 200 },
		{ OPENAI("x", "\"rate_limit_exceeded\"", "M"),
		    GM_CLASS_QUOTA_MINUTE, 200 },
		{ OPENAI("insufficient_quota", "null", "M"), GM_CLASS_NO_CREDIT,
		    200 },
		{ OPENAI("overloaded_error", "null", "Overloaded"),
		    GM_CLASS_OVERLOADED, 200 },
		{ OPENAI("not_supported_error", "null", "M"),
		    GM_CLASS_BAD_REQUEST, 200 },
		{ MISTRAL("rate_limited", "\"1300\"", "\"M\""),
		    GM_CLASS_QUOTA_MINUTE, 200 },
		{ MISTRAL(
		      "service_tier_capacity_exceeded", "\"3505\"", "\"M\""),
		    GM_CLASS_OVERLOADED, 200 },
		{ MISTRAL("internal_server_error", "\"3000\"", "\"M\""),
		    GM_CLASS_SERVER, 200 },
		{ "{\"error\":\"M\"}", GM_CLASS_SERVER, 200 },
		{ "{\"error\":{\"code\":200,\"message\":\"M\"}}",
		    GM_CLASS_SERVER, 200 },
	};
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++) {
		gm_chat_classify(200, gm_span_of(cases[i].body), &f);
		if (f.class != cases[i].class || f.http != cases[i].http)
			fail_msg("%s: HTTP %ld, %s", cases[i].body, f.http,
			    gm_class(f.class)->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_in_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
