/* One meaning in many wordings, and similar wordings with another meaning. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/chat_err.h"
#include "provider/errsense.h"

static const struct {
	long http;
	enum gm_class class; /* GM_CLASS_OK: no meaning found */
	const char *text;
} rows[] = {
	/* The region. */
	{ 400, GM_CLASS_REGION, "This API is not yet offered where you live." },
	{ 403, GM_CLASS_REGION, "Gemini is not accessible from your country" },
	{ 400, GM_CLASS_REGION,
	    "Your request comes from outside of the supported regions." },
	{ 403, GM_CLASS_REGION, "Access denied: country is embargoed" },
	{ 403, GM_CLASS_REGION, "We don't serve your region" },
	{ 403, GM_CLASS_REGION,
	    "Your jurisdiction is on the sanctions list: "
	    "access is prohibited in your jurisdiction" },
	{ 400, GM_CLASS_REGION,
	    "The service can't be used in the country you are in: it isn't "
	    "available in this country." },
	{ 403, GM_CLASS_REGION, "Requests from this location are forbidden." },
	{ 400, GM_CLASS_REGION, "Your current location isn't supported yet" },
	{ 403, GM_CLASS_REGION, "The territory you are in is not covered" },
	{ 403, GM_CLASS_REGION, "Geographic restrictions apply to your area" },
	{ 400, GM_CLASS_REGION, "Your IP is located in an unsupported region" },
	{ 400, GM_CLASS_REGION,
	    "We are unable to provide service to users in your country" },
	{ 400, GM_CLASS_OK, "tool get_country: unsupported region code" },
	{ 503, GM_CLASS_OK, "Not accessible from your country" },
	{ 400, GM_CLASS_OK, "The tool's region is not supported" },
	{ 400, GM_CLASS_OK, "Location of the file is not available" },
	{ 403, GM_CLASS_OK, "The bucket location is not accessible" },
	{ 400, GM_CLASS_OK, "Invalid value: 'not available in your country'" },
	{ 400, GM_CLASS_OK, "Answer for your country. Images not supported" },
	/* An invalid key. */
	{ 400, GM_CLASS_KEY_INVALID, "The API key you provided is invalid." },
	{ 403, GM_CLASS_KEY_INVALID, "Invalid authentication token" },
	{ 400, GM_CLASS_KEY_INVALID, "invalid x-api-key" },
	{ 403, GM_CLASS_KEY_INVALID, "This API key has been disabled." },
	{ 403, GM_CLASS_KEY_INVALID, "API key was revoked by its owner" },
	{ 400, GM_CLASS_KEY_INVALID, "Your API key isn't recognized" },
	{ 400, GM_CLASS_KEY_INVALID, "Unknown API key" },
	{ 403, GM_CLASS_KEY_INVALID, "That access token no longer exists" },
	{ 400, GM_CLASS_KEY_INVALID, "The bearer token is malformed" },
	{ 400, GM_CLASS_KEY_INVALID, "`api_key` is incorrect" },
	{ 403, GM_CLASS_KEY_INVALID, "We could not find that API key" },
	{ 400, GM_CLASS_KEY_INVALID, "No such API key" },
	{ 403, GM_CLASS_KEY_INVALID, "API key suspended" },
	{ 400, GM_CLASS_KEY_INVALID, "Could not validate API key" },
	{ 403, GM_CLASS_KEY_INVALID, "The provided credentials are invalid" },
	{ 400, GM_CLASS_KEY_EXPIRED, "The API key you use has expired" },
	{ 403, GM_CLASS_KEY_EXPIRED, "Expired access token" },
	{ 403, GM_CLASS_KEY_LEAKED, "Your API key was flagged as leaked" },
	{ 403, GM_CLASS_KEY_LEAKED, "This key is known to be compromised." },
	{ 400, GM_CLASS_OK, "Your API key was flagged as leaked" },
	{ 503, GM_CLASS_OK, "The API key you provided is invalid" },
	{ 404, GM_CLASS_OK, "This API key has been disabled" },
	{ 400, GM_CLASS_OK, "Invalid token at position 5: bad JSON" },
	{ 400, GM_CLASS_OK, "Invalid value: 'my API key is invalid'" },
	{ 400, GM_CLASS_OK, "Invalid prompt \"The API key was revoked\"" },
	{ 403, GM_CLASS_OK, "The API key of the tool was revoked" },
	{ 400, GM_CLASS_OK, "The plugin's access token is invalid" },
	{ 400, GM_CLASS_OK, "The function get_api_key is invalid" },
	{ 400, GM_CLASS_OK, "Use an API key. The seed is invalid." },
	{ 403, GM_CLASS_OK, "The API key is not disabled" },
	/* A missing model. */
	{ 400, GM_CLASS_MODEL_GONE, "unsupported model: x-7" },
	{ 400, GM_CLASS_MODEL_GONE, "Model x/y-7:free is not supported" },
	{ 400, GM_CLASS_MODEL_GONE, "The model is not loaded" },
	{ 400, GM_CLASS_MODEL_GONE, "model 'x' not found" },
	{ 400, GM_CLASS_MODEL_GONE, "The model x has been decommissioned" },
	{ 400, GM_CLASS_MODEL_GONE, "The model `x` doesn't exist" },
	{ 422, GM_CLASS_MODEL_GONE, "Unrecognized model x" },
	{ 400, GM_CLASS_MODEL_GONE, "We do not serve this model" },
	{ 400, GM_CLASS_MODEL_GONE, "Provided model identifier is invalid" },
	{ 400, GM_CLASS_MODEL_GONE, "Model x was retired in May" },
	{ 400, GM_CLASS_MODEL_GONE, "There is no such model here" },
	{ 400, GM_CLASS_MODEL_GONE, "There's no model named x" },
	{ 400, GM_CLASS_OK, "Parameter model must be a string" },
	{ 500, GM_CLASS_OK, "unsupported model: x-7" },
	{ 400, GM_CLASS_OK, "function model not found in tools list" },
	{ 400, GM_CLASS_OK, "Images are not supported by this model" },
	{ 400, GM_CLASS_OK, "The model's output format is not supported" },
	{ 400, GM_CLASS_OK, "Role system of model x is not supported" },
	{ 400, GM_CLASS_OK, "Model x: the file does not exist" },
	{ 400, GM_CLASS_OK, "Invalid value: 'is model x not found?'" },
	{ 400, GM_CLASS_OK, "The model is fine. The seed was not found" },
	/* No credit. */
	{ 429, GM_CLASS_NO_CREDIT, "Your credits are exhausted, top up" },
	{ 429, GM_CLASS_NO_CREDIT, "You have used all available credits" },
	{ 429, GM_CLASS_NO_CREDIT, "Monthly spending limit reached" },
	{ 403, GM_CLASS_NO_CREDIT, "You've hit your spend cap." },
	{ 400, GM_CLASS_NO_CREDIT, "Not enough credits for this request" },
	{ 429, GM_CLASS_NO_CREDIT, "The account ran out of funds" },
	{ 403, GM_CLASS_NO_CREDIT, "Account balance is negative" },
	{ 429, GM_CLASS_NO_CREDIT, "No remaining credits" },
	{ 429, GM_CLASS_NO_CREDIT, "Your prepayment credits are depleted." },
	{ 429, GM_CLASS_NO_CREDIT, "Please top up your account to continue" },
	{ 429, GM_CLASS_OK, "Upgrade or buy credits for more per minute" },
	{ 429, GM_CLASS_OK, "You exceeded your spend-based rate limit." },
	{ 429, GM_CLASS_OK,
	    "Rate limit exceeded: free-models-per-day. Add 10 credits to "
	    "unlock 1000 requests" },
	{ 429, GM_CLASS_OK, "Check your plan and billing details." },
	{ 429, GM_CLASS_OK, "The load balance limit is exceeded" },
	{ 400, GM_CLASS_OK, "The thinking budget is exceeded" },
	{ 400, GM_CLASS_OK, "Invalid value: 'no credits left'" },
	{ 503, GM_CLASS_OK, "Your credits are exhausted" },
	/* Too large. */
	{ 400, GM_CLASS_TOO_LARGE, "The prompt is over the context limit" },
	{ 400, GM_CLASS_TOO_LARGE, "Prompt exceeds max length" },
	{ 400, GM_CLASS_TOO_LARGE, "9000 tokens, larger than max 8192" },
	{ 422, GM_CLASS_TOO_LARGE, "`inputs` must have less than 1024 tokens" },
	{ 422, GM_CLASS_TOO_LARGE, "Input is too long" },
	{ 400, GM_CLASS_TOO_LARGE, "Your conversation is too long" },
	{ 413, GM_CLASS_TOO_LARGE, "The request won't fit the context" },
	{ 400, GM_CLASS_TOO_LARGE, "Context overflow: longer than the slot" },
	{ 400, GM_CLASS_TOO_LARGE, "The inputs exceed the maximum" },
	{ 400, GM_CLASS_TOO_LARGE, "Texts must be at most 512 tokens" },
	{ 500, GM_CLASS_TOO_LARGE,
	    "request has 9000 tokens when context is 4096" },
	{ 500, GM_CLASS_TOO_LARGE, "The prompt does not fit into the context" },
	{ 400, GM_CLASS_TOO_LARGE,
	    "Requested 9000 tokens but the context is limited to 4096" },
	{ 400, GM_CLASS_TOO_LARGE, "Input token count is 9 but max is 8" },
	/* Patterns, also within a word or over two sentences. */
	{ 400, GM_CLASS_TOO_LARGE, "litellm.ContextWindowExceededError: X" },
	{ 413, GM_CLASS_TOO_LARGE, "x.Context length:9" },
	{ 422, GM_CLASS_TOO_LARGE, "n context sizes" },
	{ 400, GM_CLASS_TOO_LARGE, "a long-context window" },
	{ 413, GM_CLASS_TOO_LARGE, "the maximum number of tokens" },
	{ 422, GM_CLASS_TOO_LARGE, "token count: 9. This exceeds 8" },
	{ 400, GM_CLASS_TOO_LARGE, "Too many tokens" },
	{ 413, GM_CLASS_TOO_LARGE, "Input tokens: 9. They exceed it" },
	{ 422, GM_CLASS_TOO_LARGE,
	    "`inputs` tokens + `max_new_tokens` must be <= 8" },
	{ 400, GM_CLASS_TOO_LARGE, "--max_num_tokens=8" },
	{ 413, GM_CLASS_TOO_LARGE, "x.max_input_tokens" },
	{ 422, GM_CLASS_TOO_LARGE, "Prompt is too long" },
	{ 400, GM_CLASS_TOO_LARGE, "Prompt too long" },
	{ 413, GM_CLASS_TOO_LARGE, "Input too long" },
	{ 422, GM_CLASS_TOO_LARGE, "The name is too long for me" },
	{ 400, GM_CLASS_TOO_LARGE, "413:String too long" },
	{ 413, GM_CLASS_TOO_LARGE, "The input length" },
	{ 422, GM_CLASS_TOO_LARGE, "less than 9.5 tokens" },
	{ 400, GM_CLASS_TOO_LARGE, "Please reduce the length" },
	{ 413, GM_CLASS_TOO_LARGE, "Payload size exceeds 4 MB" },
	{ 422, GM_CLASS_TOO_LARGE, "413:Entity too large" },
	{ 400, GM_CLASS_TOO_LARGE, "Payload Too Large" },
	{ 413, GM_CLASS_TOO_LARGE, "Content too large" },
	{ 422, GM_CLASS_TOO_LARGE, "Request too large" },
	{ 400, GM_CLASS_TOO_LARGE, "Request is too large" },
	{ 413, GM_CLASS_TOO_LARGE, "The body of it is far too large" },
	{ 500, GM_CLASS_TOO_LARGE, "maximum context length" },
	{ 500, GM_CLASS_TOO_LARGE, "The available context size of 8" },
	{ 500, GM_CLASS_TOO_LARGE, "Context size has been exceeded" },
	{ 500, GM_CLASS_TOO_LARGE, "It exceeds the context length" },
	{ 500, GM_CLASS_OK, "Prompt is too long" },
	{ 403, GM_CLASS_OK, "Payload too large" },
	{ 400, GM_CLASS_OK, "too large a body" },
	{ 500, GM_CLASS_OK, "context deadline exceeded after 500 tokens" },
	{ 500, GM_CLASS_OK, "Reading the input took too long" },
	{ 400, GM_CLASS_OK, "The tool description exceeds max length" },
	{ 400, GM_CLASS_OK, "Message name is too long" },
	{ 400, GM_CLASS_OK,
	    "max_tokens is too large: this model supports at most 4096 "
	    "completion tokens" },
	{ 400, GM_CLASS_OK, "`stop` must have less than 5 items" },
	{ 400, GM_CLASS_OK, "Invalid value: \"this input is too long\"" },
};

static void
test_find(void **state)
{
	enum gm_class class;
	struct gm_buf plain;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&plain, 1024);
		gm_errsense_unquote(&plain, gm_span_of(rows[i].text));
		if (!gm_errsense_find(rows[i].http, rows[i].http == 403,
			gm_buf_span(&plain), &class))
			class = GM_CLASS_OK;
		if (class != rows[i].class)
			fail_msg("HTTP %ld %s: %s", rows[i].http,
			    gm_buf_str(&plain), gm_class(class)->name);
		gm_buf_release(&plain);
	}
}

static void
test_has(void **state)
{
	static const struct {
		const char *text, *patterns;
		bool want;
	} cases[] = {
		{ "A body, too large.", "body", true },
		{ "A body, too large.", "BODY*TOO", true },
		{ "A body, too large.", "none|body*large", true },
		{ "A body, too large.", "too*body|none", false },
		{ "A body, too large.", "body*body", false },
		{ "A body, too large.", "", true },
		{ "a|b*c", "b*d", false },
		{ "", "a", false },
		{ "", "", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++)
		if (gm_errsense_has(gm_span_of(cases[i].text),
			cases[i].patterns) != cases[i].want)
			fail_msg("%s: %s", cases[i].text, cases[i].patterns);
}

static void
test_unquote(void **state)
{
	static const struct {
		const char *text, *plain;
	} cases[] = {
		{ "", "" },
		{ "a b", "a b" },
		{ "a 'b c' d", "a * d" },
		{ "a \"b 'c' d\"", "a *" },
		{ "`a` and `b c`", "a and *" },
		{ "it isn't, it's", "it isn't, it's" },
		/* Without a closing mark the rest is quoted. */
		{ "an 'open one", "an *" },
		{ "an 'open one and \"not\" 'x", "an *" },
		{ "a \"b 'c' d", "a *" },
		{ "a `b c", "a *" },
		{ "a `b", "a b" },
		{ "a \"b\\\" c", "a *" },
		{ "a \"\" b '", "a * b *" },
		{ "a 5\" b", "a 5\" b" },
		{ "\xE2\x80\x9C"
		  "a\xE2\x80\x9D b",
		    "* b" },
		{ "\xE2\x80\x9E"
		  "a\xE2\x80\x9C b",
		    "* b" },
		{ "\xE2\x80\x98"
		  "it isn\xE2\x80\x99t\xE2\x80\x99 b",
		    "* b" },
		{ "\xC2\xAB a \xC2\xBB b \xC2\xAB c", "* b *" },
		{ "the users' key", "the users' key" },
		{ "'it isn't so' b", "* b" },
		{ "{'error': 'a b'}", "{'error': 'a b'}" },
	};
	struct gm_buf plain;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++) {
		gm_buf_init(&plain, 1024);
		gm_errsense_unquote(&plain, gm_span_of(cases[i].text));
		assert_string_equal(gm_buf_str(&plain), cases[i].plain);
		gm_buf_release(&plain);
	}
}

static void
test_strip(void **state)
{
	static const struct {
		const char *text, *rest;
	} cases[] = {
		{ "", "" },
		{ "API key not valid.", "API key not valid." },
		{ "Error code: 400 - {'a': 1}", "{'a': 1}" },
		{ "litellm.BadRequestError: OpenAIException - No.", "No." },
		{ "Authentication Error - Expired Key.", "Expired Key." },
		{ "Access denied. No.", "No." },
		{ "Error 403 (Forbidden): no", "no" },
		{ "Role unknown: no", "Role unknown: no" },
		{ "Error", "Error" },
		{ "Error: ", "" },
	};
	struct gm_buf rest;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++) {
		gm_buf_init(&rest, 1024);
		gm_buf_put_span(
		    &rest, gm_errsense_strip(gm_span_of(cases[i].text)));
		assert_string_equal(gm_buf_str(&rest), cases[i].rest);
		gm_buf_release(&rest);
	}
}

/* With status 200: the name of the code, else the text. */
static void
test_status(void **state)
{
	static const struct {
		const char *body;
		enum gm_class class;
	} cases[] = {
		{ "{\"base_resp\":{\"status_code\":1008,\"status_msg\":"
		  "\"insufficient balance\"}}",
		    GM_CLASS_NO_CREDIT },
		{ "{\"base_resp\":{\"status_code\":1004,\"status_msg\":"
		  "\"login fail: Please carry the API secret key\"}}",
		    GM_CLASS_KEY_REJECTED },
		{ "{\"error\":{\"code\":\"1211\",\"message\":\"M\"}}",
		    GM_CLASS_MODEL_GONE },
		{ "{\"error\":{\"code\":\"9211\",\"message\":"
		  "\"Model x does not exist\"}}",
		    GM_CLASS_MODEL_GONE },
		{ "{\"error\":{\"code\":\"unauthorized\",\"message\":\"M\"}}",
		    GM_CLASS_KEY_REJECTED },
		{ "{\"error\":{\"type\":\"billing_error\",\"message\":\"M\"}}",
		    GM_CLASS_NO_CREDIT },
		{ "{\"error\":{\"type\":\"NotFoundError\",\"message\":\"M\"}}",
		    GM_CLASS_MODEL_GONE },
		{ "{\"error\":{\"type\":\"BadRequestError\",\"message\":"
		  "\"M\"}}",
		    GM_CLASS_BAD_REQUEST },
		{ "{\"error\":{\"type\":\"RateLimitError\",\"message\":\"M\"}}",
		    GM_CLASS_QUOTA },
		{ "{\"error\":{\"code\":\"Too_Many_Requests\",\"message\":"
		  "\"M\"}}",
		    GM_CLASS_QUOTA },
		{ "{\"error\":{\"code\":\"insufficient_balance\","
		  "\"message\":\"M\"}}",
		    GM_CLASS_NO_CREDIT },
		{ "{\"error\":{\"type\":\"PermissionDeniedError\","
		  "\"message\":\"M\"}}",
		    GM_CLASS_FORBIDDEN },
		{ "{\"error\":{\"code\":\"AuthenticationException\","
		  "\"message\":\"M\"}}",
		    GM_CLASS_KEY_REJECTED },
		{ "{\"error\":{\"type\":\"timeout_error\",\"message\":\"M\"}}",
		    GM_CLASS_SERVER_TIMEOUT },
		{ "{\"error\":{\"code\":\"E17\",\"message\":"
		  "\"The API key you provided is invalid\"}}",
		    GM_CLASS_KEY_INVALID },
		{ "{\"error\":{\"code\":\"E18\",\"message\":"
		  "\"Rate limit reached for requests per minute\"}}",
		    GM_CLASS_QUOTA_MINUTE },
		{ "{\"error\":\"Prompt exceeds max length\"}",
		    GM_CLASS_TOO_LARGE },
		{ "{\"error\":{\"code\":7,\"message\":"
		  "\"Not offered where you live\"}}",
		    GM_CLASS_REGION },
		/* A choice's error counts like that of the document. */
		{ "{\"choices\":[{\"finish_reason\":\"error\",\"error\":"
		  "{\"code\":429,\"message\":\"M\"}}]}",
		    GM_CLASS_QUOTA },
		{ "{\"choices\":[{\"delta\":{},\"error\":{\"code\":502,"
		  "\"message\":\"M\"}}]}",
		    GM_CLASS_SERVER },
		/* A pattern alone gives no status. */
		{ "{\"error\":\"Shifting the context window\"}",
		    GM_CLASS_SERVER },
		/* A text alone marks no key. */
		{ "{\"error\":\"The API key you provided is invalid\"}",
		    GM_CLASS_SERVER },
		{ "{\"error\":\"Your credits are exhausted\"}",
		    GM_CLASS_SERVER },
		{ "{\"error\":{\"code\":503,\"message\":"
		  "\"The API key you provided is invalid\"}}",
		    GM_CLASS_SERVER },
		{ "{\"error\":{\"type\":\"server_error\",\"message\":"
		  "\"The API key you provided is invalid\"}}",
		    GM_CLASS_SERVER },
		{ "{\"error\":{\"code\":\"E19\",\"message\":\"Died\"}}",
		    GM_CLASS_SERVER },
	};
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++) {
		gm_chat_classify(200, gm_span_of(cases[i].body), &f);
		if (f.class != cases[i].class)
			fail_msg(
			    "%s: %s", cases[i].body, gm_class(f.class)->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_unquote),
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
