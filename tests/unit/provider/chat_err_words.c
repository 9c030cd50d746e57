/* Classes in the many wordings of OpenAI-compatible servers and gateways. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/chat_err.h"
#include "provider/gemini_err.h"

#define ERROR(message) "{\"error\":{\"message\":\"" message "\"}}"
#define CODED(code, message) \
	"{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"
#define INFO(reason) \
	"{\"error\":{\"message\":\"M\",\"details\":[{\"@type\":" \
	"\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"" reason \
	"\"}]}}"
#define ROUTER(code, raw) \
	"{\"error\":{\"message\":\"Provider returned error\",\"code\":" code \
	",\"metadata\":{\"raw\":\"" raw "\",\"provider_name\":\"X\"}}}"

static const struct {
	long http;
	const char *body;
	enum gm_class class;
	const char *words;
} rows[] = {
	/* A rejected key without 401. */
	{ 400, "{\"code\":\"bad argument\",\"error\":\"Incorrect API key.\"}",
	    GM_CLASS_KEY_INVALID, "Incorrect API key." },
	{ 400, "[" INFO("API_KEY_INVALID") "]", GM_CLASS_KEY_INVALID, "M" },
	{ 400, "[" ERROR("API key expired.") "]", GM_CLASS_KEY_EXPIRED,
	    "API key expired." },
	{ 403, INFO("CONSUMER_SUSPENDED"), GM_CLASS_PROJECT_BLOCKED, "M" },
	/* A missing model with 400. */
	{ 400, "{\"error\":{\"code\":400,\"message\":\"model not found\"}}",
	    GM_CLASS_MODEL_GONE, "model not found" },
	{ 400,
	    ERROR("{'error': 'Invalid model name passed in model=x. Call "
		  "/v1/models'}"),
	    GM_CLASS_MODEL_GONE,
	    "Invalid model name passed in model=x. Call /v1/models" },
	{ 400, ERROR("Model Not Exist"), GM_CLASS_MODEL_GONE,
	    "Model Not Exist" },
	{ 400, ERROR("a/b is not a valid model ID"), GM_CLASS_MODEL_GONE,
	    "a/b is not a valid model ID" },
	{ 400, ERROR("The model 'x' does not exist"), GM_CLASS_MODEL_GONE,
	    "The model 'x' does not exist" },
	{ 400, CODED("model_not_supported", "M"), GM_CLASS_MODEL_GONE, "M" },
	{ 400, ERROR("Images are not supported by this model"),
	    GM_CLASS_BAD_REQUEST, "Images are not supported by this model" },
	/* The model failed during the answer. */
	{ 424, "{\"error\":\"Out of memory\",\"error_type\":\"generation\"}",
	    GM_CLASS_SERVER, "Out of memory" },
	{ 424, "", GM_CLASS_SERVER, "" },
	{ 200, "{\"error\":\"Died\",\"error_type\":\"generation\"}",
	    GM_CLASS_SERVER, "Died" },
	{ 200, "{\"error\":\"Too much\",\"error_type\":\"validation\"}",
	    GM_CLASS_BAD_REQUEST, "Too much" },
	{ 200, "{\"error\":\"Busy\",\"error_type\":\"overloaded\"}",
	    GM_CLASS_OVERLOADED, "Busy" },
	{ 429, "{\"error\":\"Busy\",\"error_type\":\"overloaded\"}",
	    GM_CLASS_OVERLOADED, "Busy" },
	/* Lack of capacity, not a quota. */
	{ 429, INFO("MODEL_CAPACITY_EXHAUSTED"), GM_CLASS_OVERLOADED, "M" },
	{ 429, ERROR("No capacity available for x"), GM_CLASS_OVERLOADED,
	    "No capacity available for x" },
	{ 429, ERROR("The engine is currently overloaded"), GM_CLASS_OVERLOADED,
	    "The engine is currently overloaded" },
	{ 429, ERROR("We see high demand for x"), GM_CLASS_OVERLOADED,
	    "We see high demand for x" },
	{ 429, ERROR("Over capacity: 3 requests per minute"),
	    GM_CLASS_QUOTA_MINUTE, "Over capacity: 3 requests per minute" },
	/* An empty account, not a quota. */
	{ 429, CODED("billing_not_active", "M"), GM_CLASS_NO_CREDIT, "M" },
	{ 429,
	    "{\"error\":{\"type\":\"exceeded_current_quota_error\","
	    "\"message\":\"Recharge.\"}}",
	    GM_CLASS_NO_CREDIT, "Recharge." },
	{ 400, ERROR("Your credit balance is too low"), GM_CLASS_NO_CREDIT,
	    "Your credit balance is too low" },
	{ 403, ERROR("Insufficient balance"), GM_CLASS_NO_CREDIT,
	    "Insufficient balance" },
	{ 200, CODED("insufficient_quota", "M"), GM_CLASS_NO_CREDIT, "M" },
	/* Daily limits under the code of a limit per minute. */
	{ 429,
	    CODED("rate_limit_exceeded", "Reached requests per day: Limit 200"),
	    GM_CLASS_QUOTA_DAY, "Reached requests per day: Limit 200" },
	{ 429, CODED("rate_limit_exceeded", "tokens (TPD): Limit 9, Used 9"),
	    GM_CLASS_QUOTA_DAY, "tokens (TPD): Limit 9, Used 9" },
	{ 429, ERROR("Rate limit exceeded: free-models-per-day"),
	    GM_CLASS_QUOTA_DAY, "Rate limit exceeded: free-models-per-day" },
	{ 429, CODED("1300", "Daily limit"), GM_CLASS_QUOTA_DAY,
	    "Daily limit" },
	{ 429, ERROR("Rate limit exceeded: free-models-per-min"),
	    GM_CLASS_QUOTA_MINUTE, "Rate limit exceeded: free-models-per-min" },
	{ 429, ERROR("3 per minute reached; pay to get 100 per day"),
	    GM_CLASS_QUOTA_MINUTE,
	    "3 per minute reached; pay to get 100 per day" },
	{ 429, CODED("rate_limit_exceeded", "M"), GM_CLASS_QUOTA_MINUTE, "M" },
	{ 429, ERROR("M has no free quota tier"), GM_CLASS_QUOTA_NONE,
	    "M has no free quota tier" },
	/* Requests larger than the whole quota. */
	{ 429, CODED("rate_limit_exceeded", "Limit 30000, Requested 45000"),
	    GM_CLASS_TOO_LARGE, "Limit 30000, Requested 45000" },
	{ 413, CODED("rate_limit_exceeded", "Limit: 6,000, requested 8,000"),
	    GM_CLASS_TOO_LARGE, "Limit: 6,000, requested 8,000" },
	{ 429,
	    CODED("rate_limit_exceeded", "Limit 9000, Used 8000, Requested 99"),
	    GM_CLASS_QUOTA_MINUTE, "Limit 9000, Used 8000, Requested 99" },
	{ 429, CODED("rate_limit_exceeded", "Limit 0, Used 0, Requested 99"),
	    GM_CLASS_QUOTA_NONE, "Limit 0, Used 0, Requested 99" },
	/* Too large, in other wordings. */
	{ 413, "{\"error\":\"M\"}", GM_CLASS_TOO_LARGE, "M" },
	{ 400, ERROR("prompt is too long: 9 tokens > 8 maximum"),
	    GM_CLASS_TOO_LARGE, "prompt is too long: 9 tokens > 8 maximum" },
	{ 400, ERROR("Please reduce the length of the messages"),
	    GM_CLASS_TOO_LARGE, "Please reduce the length of the messages" },
	{ 422, ERROR("inputs must have less than 1024 tokens"),
	    GM_CLASS_TOO_LARGE, "inputs must have less than 1024 tokens" },
	{ 400, ERROR("Input length 9 exceeds the allowed 8"),
	    GM_CLASS_TOO_LARGE, "Input length 9 exceeds the allowed 8" },
	{ 422, ERROR("inputs tokens + max_new_tokens must be <= 4096"),
	    GM_CLASS_TOO_LARGE,
	    "inputs tokens + max_new_tokens must be <= 4096" },
	{ 400, CODED("string_above_max_length", "M"), GM_CLASS_TOO_LARGE, "M" },
	{ 400, "{\"message\":\"Request Entity Too Large\"}", GM_CLASS_TOO_LARGE,
	    "Request Entity Too Large" },
	{ 400,
	    ERROR("This model's maximum prompt length is 131072 but the "
		  "request contains 150000 tokens."),
	    GM_CLASS_TOO_LARGE,
	    "This model's maximum prompt length is 131072 but the request "
	    "contains 150000 tokens." },
	{ 400, ERROR("Input token count is 9 but model only supports up to 8."),
	    GM_CLASS_TOO_LARGE,
	    "Input token count is 9 but model only supports up to 8." },
	{ 400, CODED("tokens_limit_reached", "M"), GM_CLASS_TOO_LARGE, "M" },
	{ 400, CODED("context_window_exceeded", "M"), GM_CLASS_TOO_LARGE, "M" },
	{ 400, ERROR("litellm.ContextWindowExceededError: X - No."),
	    GM_CLASS_TOO_LARGE, "litellm.ContextWindowExceededError: X - No." },
	{ 400, ERROR("The prompt is fine, but the request contains no tool"),
	    GM_CLASS_BAD_REQUEST,
	    "The prompt is fine, but the request contains no tool" },
	/* A body inside a message. */
	{ 400,
	    ERROR(
		"litellm.BadRequestError: OpenAIException - Error code: 400 "
		"- {'error': {'message': \\\"It's M\\\", 'type': None, 'code': "
		"'context_length_exceeded'}}\\nReceived Model Group=x"),
	    GM_CLASS_TOO_LARGE, "It's M" },
	{ 400,
	    ERROR("Error code: 400 - {\\\"error\\\":{\\\"message\\\":"
		  "\\\"Model x does not exist\\\"}}"),
	    GM_CLASS_MODEL_GONE, "Model x does not exist" },
	{ 400,
	    ERROR("litellm.BadRequestError: AnthropicException - "
		  "b'{\\\"type\\\":\\\"error\\\",\\\"error\\\":{"
		  "\\\"message\\\":\\\"prompt is too long\\\"}}'"),
	    GM_CLASS_TOO_LARGE, "prompt is too long" },
	{ 400,
	    "Error code: 400 - {'error': {'message': 'M', 'code': "
	    "'string_above_max_length'}}",
	    GM_CLASS_TOO_LARGE, "M" },
	{ 400,
	    ERROR("Error code: 400 - {'error': {'message': 'Your credit "
		  "balance is too low'}}"),
	    GM_CLASS_NO_CREDIT, "Your credit balance is too low" },
	/* A part of the request inside a message is no body. */
	{ 400, ERROR("Invalid message: {'error': 'the api key is invalid'}"),
	    GM_CLASS_BAD_REQUEST,
	    "Invalid message: {'error': 'the api key is invalid'}" },
	{ 400,
	    ERROR("Error code: 400 - {'role': 'user', 'content': 'the api key "
		  "is invalid'}"),
	    GM_CLASS_BAD_REQUEST,
	    "Error code: 400 - {'role': 'user', 'content': 'the api key is "
	    "invalid'}" },
	{ 400, ERROR("{'text': 'the api key is invalid'}"),
	    GM_CLASS_BAD_REQUEST, "{'text': 'the api key is invalid'}" },
	{ 400, ERROR("Error: {'error': 'the prompt is too long"),
	    GM_CLASS_BAD_REQUEST, "Error: {'error': 'the prompt is too long" },
	{ 500, ERROR("Reading the input took too long"), GM_CLASS_SERVER,
	    "Reading the input took too long" },
	/* A gateway's 404 is not about a model. */
	{ 404, "{\"detail\":\"Not Found\"}", GM_CLASS_BAD_URL, "Not Found" },
	{ 404, ERROR("Not Found"), GM_CLASS_BAD_URL, "Not Found" },
	{ 404, "{\"message\":\"no Route matched with those values\"}",
	    GM_CLASS_BAD_URL, "no Route matched with those values" },
	{ 404, "{\"status\":404,\"error\":\"Not Found\",\"path\":\"/v1\"}",
	    GM_CLASS_BAD_URL, "Not Found" },
	{ 404, "{\"error\":\"Not Found\",\"message\":\"No such page\"}",
	    GM_CLASS_BAD_URL, "No such page" },
	{ 404, "{}", GM_CLASS_BAD_URL, "" },
	{ 404, "Cannot POST /v1/chat", GM_CLASS_BAD_URL,
	    "Cannot POST /v1/chat" },
	{ 200, "{\"error\":\"Unexpected endpoint or method. (POST /x)\"}",
	    GM_CLASS_BAD_URL, "Unexpected endpoint or method. (POST /x)" },
	{ 404, ERROR("not found"), GM_CLASS_BAD_URL, "not found" },
	{ 404,
	    "{\"errors\":[{\"code\":7,\"message\":\"No route for that "
	    "URI\"}]}",
	    GM_CLASS_BAD_URL, "No route for that URI" },
	{ 404, ERROR("The resource was not found"), GM_CLASS_BAD_URL,
	    "The resource was not found" },
	{ 404, ERROR("No endpoints found for x/y"), GM_CLASS_MODEL_GONE,
	    "No endpoints found for x/y" },
	{ 404, ERROR("The path names no such model"), GM_CLASS_MODEL_GONE,
	    "The path names no such model" },
	{ 405, "{\"detail\":\"Method Not Allowed\"}", GM_CLASS_BAD_URL,
	    "Method Not Allowed" },
	/* With status 200 the body's own code counts, or its type. */
	{ 200, "{\"code\":401,\"msg\":\"Who are you?\"}", GM_CLASS_KEY_REJECTED,
	    "Who are you?" },
	{ 200, "{\"code\":\"503\",\"msg\":\"Later\"}", GM_CLASS_SERVER,
	    "Later" },
	{ 200, "{\"errors\":[{\"code\":429,\"message\":\"Slowly\"}]}",
	    GM_CLASS_QUOTA, "Slowly" },
	{ 200,
	    "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
	    "\"message\":\"Busy\"}}",
	    GM_CLASS_OVERLOADED, "Busy" },
	/* The message under other names. */
	{ 401, "{\"code\":\"401\",\"msg\":\"token expired or incorrect\"}",
	    GM_CLASS_KEY_REJECTED, "token expired or incorrect" },
	{ 400, "{\"errors\":[\"a\",{\"message\":\"b\"}]}", GM_CLASS_BAD_REQUEST,
	    "a; b" },
	{ 401,
	    "{\"fault\":{\"faultstring\":\"Invalid ApiKey\",\"detail\":"
	    "{\"errorcode\":\"oauth.v2.InvalidApiKey\"}}}",
	    GM_CLASS_KEY_REJECTED, "Invalid ApiKey" },
	{ 500, "{\"error_code\":1,\"error_msg\":\"M\"}", GM_CLASS_SERVER, "M" },
	{ 403, "{\"Message\":\"User is not authorized\"}", GM_CLASS_FORBIDDEN,
	    "User is not authorized" },
	{ 400, "{\"error\":{\"message\":{\"message\":\"M\"}}}",
	    GM_CLASS_BAD_REQUEST, "M" },
	{ 400, "{\"error\":{\"message\":[\"a\",\"b\"]}}", GM_CLASS_BAD_REQUEST,
	    "a; b" },
	{ 400, "{\"error\":{\"message\":{\"en\":\"Bad\"}}}",
	    GM_CLASS_BAD_REQUEST, "Bad" },
	{ 400, "{\"message\":[{\"error\":\"bad seed\"}]}", GM_CLASS_BAD_REQUEST,
	    "bad seed" },
	{ 400, "{\"error\":{\"detail\":{\"error\":{\"message\":\"deep\"}}}}",
	    GM_CLASS_BAD_REQUEST, "deep" },
	{ 400, "{\"error\":[{\"message\":\"M\"}]}", GM_CLASS_BAD_REQUEST, "M" },
	{ 400, "{\"title\":\"Bad\",\"status\":400,\"detail\":\"M\"}",
	    GM_CLASS_BAD_REQUEST, "M" },
	{ 400, "{\"error\":\"bad_thing\",\"error_description\":\"M\"}",
	    GM_CLASS_BAD_REQUEST, "M" },
	{ 429, ROUTER("429", "x is rate-limited upstream"), GM_CLASS_QUOTA,
	    "x is rate-limited upstream" },
	{ 400, ROUTER("400", "{\\\"error\\\":{\\\"message\\\":\\\"Bad.\\\"}}"),
	    GM_CLASS_BAD_REQUEST, "Bad." },
	{ 502, ROUTER("502", ""), GM_CLASS_SERVER, "Provider returned error" },
	/* The key of an upstream service is not ours. */
	{ 400,
	    ROUTER("400", "{\\\"error\\\":{\\\"code\\\":401,\\\"message\\\":"
			  "\\\"API key not valid\\\"}}"),
	    GM_CLASS_BAD_REQUEST, "API key not valid" },
	{ 200,
	    ROUTER("502", "{\\\"error\\\":{\\\"code\\\":401,\\\"message\\\":"
			  "\\\"API key expired\\\"}}"),
	    GM_CLASS_SERVER, "API key expired" },
};

static void
test_rows(void **state)
{
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_chat_classify(rows[i].http, gm_span_of(rows[i].body), &f);
		if (f.class != rows[i].class ||
		    strcmp(f.words, rows[i].words) != 0)
			fail_msg("%zu: HTTP %ld %s: %s: %s", i, rows[i].http,
			    rows[i].body, gm_class(f.class)->name, f.words);
	}
}

/* Both numbers are shown, also if the text is cut before them. */
static void
test_beyond_quota(void **state)
{
	static const char body[] =
	    ERROR("Request too large on tokens per min (TPM): Limit 30000, "
		  "Requested 45000.");
	struct gm_fault f;

	(void)state;
	gm_chat_classify(429, gm_span_of(body), &f);
	assert_int_equal(f.class, GM_CLASS_TOO_LARGE);
	assert_string_equal(
	    f.remedy, "send less: 45000 requested, 30000 allowed");
	gm_gemini_classify("m", 429, gm_span_of(body), &f);
	assert_int_equal(f.class, GM_CLASS_TOO_LARGE);
	assert_string_equal(
	    f.remedy, "send less: 45000 requested, 30000 allowed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_beyond_quota),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
