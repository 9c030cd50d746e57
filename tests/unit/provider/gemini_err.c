#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider/gemini_err.h"

#define MODEL "gemini-3.8-flash"
#define ERROR(message) "{\"error\":{\"message\":\"" message "\"}}"
#define TYPE(name) "{\"@type\":\"type.googleapis.com/google.rpc." name "\","

static const struct gm_fault *
classify(struct gm_fault *f, long http, const char *body)
{
	memset(f, 'x', sizeof(*f));
	gm_gemini_classify(MODEL, http, gm_span_of(body), f);
	return f;
}

/* One error in all forms, and bodies that are none. */
static const struct {
	long http;
	const char *body;
	enum gm_class class;
	const char *words;
} forms[] = {
	{ 400, ERROR("API key not valid."), GM_CLASS_KEY_INVALID,
	    "API key not valid." },
	{ 400, "[" ERROR("API key not valid.") "]", GM_CLASS_KEY_INVALID,
	    "API key not valid." },
	{ 400,
	    ERROR("{\\\"error\\\":{\\\"message\\\":\\\"API key not "
		  "valid.\\\"}}"),
	    GM_CLASS_KEY_INVALID, "API key not valid." },
	{ 400, "{\"error\":\"api key NOT valid\"}", GM_CLASS_KEY_INVALID,
	    "api key NOT valid" },
	{ 400, "{\"message\":\"API key not valid.\"}", GM_CLASS_KEY_INVALID,
	    "API key not valid." },
	{ 400, "{\"detail\":\"API key not valid.\"}", GM_CLASS_KEY_INVALID,
	    "API key not valid." },
	{ 400, "API key not valid.\r\n", GM_CLASS_KEY_INVALID,
	    "API key not valid." },
	{ 400, "<p>API key not valid.</p>", GM_CLASS_BAD_REQUEST,
	    "API key not valid." },
	{ 400, "", GM_CLASS_BAD_REQUEST, "" },
	{ 400, "{\"error\":{", GM_CLASS_BAD_REQUEST, "" },
	{ 400,
	    "{\"error\":{\"code\":\"invalid_request\","
	    "\"message\":\"No.\"}}",
	    GM_CLASS_BAD_REQUEST, "No." },
	{ 401, "", GM_CLASS_KEY_REJECTED, "" },
	{ 403, "", GM_CLASS_FORBIDDEN, "" },
	/* Bodies that are not from the API. */
	{ 404, "", GM_CLASS_BAD_URL, "" },
	{ 404, "{}", GM_CLASS_BAD_URL, "" },
	{ 404, ERROR("Not Found"), GM_CLASS_BAD_URL, "Not Found" },
	{ 404, "{\"detail\":\"Not Found\"}", GM_CLASS_BAD_URL, "Not Found" },
	{ 429, "", GM_CLASS_QUOTA, "" },
	{ 429, "Too many requests", GM_CLASS_QUOTA, "Too many requests" },
	{ 500, "{}", GM_CLASS_SERVER, "" },
	{ 503, "", GM_CLASS_SERVER, "" },
	{ 503, "no capacity", GM_CLASS_OVERLOADED, "no capacity" },
	{ 204, "", GM_CLASS_PROTOCOL, "" },
	{ 206, "x", GM_CLASS_PROTOCOL, "x" },
	/* The status line counts, not the code inside. */
	{ 400, "{\"error\":{\"code\":503,\"message\":\"M\"}}",
	    GM_CLASS_BAD_REQUEST, "M" },
	{ 503, "{\"error\":{\"code\":400,\"message\":\"M\"}}", GM_CLASS_SERVER,
	    "M" },
	/* In a stream only the body has a status: the code, */
	{ 200, "{\"error\":\"M\"}", GM_CLASS_PROTOCOL, "M" },
	{ 200, "{\"error\":{\"code\":200,\"message\":\"M\"}}",
	    GM_CLASS_PROTOCOL, "M" },
	{ 200, "{\"error\":{\"code\":-1,\"message\":\"M\"}}", GM_CLASS_PROTOCOL,
	    "M" },
	/* or its name. */
	{ 200,
	    "{\"error\":{\"message\":\"requests per minute\","
	    "\"status\":\"RESOURCE_EXHAUSTED\"}}",
	    GM_CLASS_QUOTA_MINUTE, "requests per minute" },
};

static void
test_forms(void **state)
{
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(forms); i++) {
		classify(&f, forms[i].http, forms[i].body);
		if (f.class != forms[i].class ||
		    strcmp(f.words, forms[i].words) != 0 || f.hint_ms != -1)
			fail_msg("%zu: HTTP %ld, %s: %s", i, forms[i].http,
			    gm_class(f.class)->name, f.words);
	}
}

/* Reasons decide with any text, also in another language. */
static void
test_reasons(void **state)
{
	static const struct {
		const char *reason;
		enum gm_class class;
	} rows[] = {
		{ "API_KEY_INVALID", GM_CLASS_KEY_INVALID },
		{ "API_KEY_HTTP_REFERRER_BLOCKED", GM_CLASS_KEY_RESTRICTED },
		{ "API_KEY_IP_ADDRESS_BLOCKED", GM_CLASS_KEY_RESTRICTED },
		{ "API_KEY_ANDROID_APP_BLOCKED", GM_CLASS_KEY_RESTRICTED },
		{ "API_KEY_IOS_APP_BLOCKED", GM_CLASS_KEY_RESTRICTED },
		{ "API_KEY_SERVICE_BLOCKED", GM_CLASS_KEY_RESTRICTED },
		{ "SERVICE_DISABLED", GM_CLASS_PROJECT_BLOCKED },
		{ "CONSUMER_SUSPENDED", GM_CLASS_PROJECT_BLOCKED },
		{ "CONSUMER_INVALID", GM_CLASS_PROJECT_BLOCKED },
		{ "BILLING_DISABLED", GM_CLASS_PROJECT_BLOCKED },
		{ "USER_PROJECT_DENIED", GM_CLASS_PROJECT_BLOCKED },
		{ "API_KEY_INVALID_X", GM_CLASS_FORBIDDEN },
		{ "api_key_invalid", GM_CLASS_FORBIDDEN },
		{ "ANOTHER", GM_CLASS_FORBIDDEN },
	};
	struct gm_fault f;
	char body[400];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(body, sizeof(body),
		    "{\"error\":{\"code\":403,\"message\":\"Nein.\","
		    "\"details\":[" TYPE("Help") "\"links\":[]}," TYPE(
			"ErrorInfo") "\"reason\":\"%s\"}]}}",
		    rows[i].reason);
		if (classify(&f, 403, body)->class != rows[i].class)
			fail_msg(
			    "%s: %s", rows[i].reason, gm_class(f.class)->name);
	}
}

/* A page is not from the API, so it never marks a key. */
static void
test_pages(void **state)
{
	static const char page[] =
	    "\n<html><title>Sorry</title><body>API key not valid. API key "
	    "expired. API key not found. reported as leaked, prepayment "
	    "credits, user location is not supported, unregistered callers, "
	    "limit: 0, use models/other</body></html>";
	static const struct {
		long http;
		enum gm_class class;
	} rows[] = {
		{ 302, GM_CLASS_REDIRECT },
		{ 400, GM_CLASS_BAD_REQUEST },
		{ 401, GM_CLASS_FRONT_END },
		{ 402, GM_CLASS_FRONT_END },
		{ 403, GM_CLASS_FRONT_END },
		{ 404, GM_CLASS_BAD_URL },
		{ 407, GM_CLASS_PROXY },
		{ 408, GM_CLASS_SERVER },
		{ 413, GM_CLASS_TOO_LARGE },
		{ 429, GM_CLASS_QUOTA },
		{ 499, GM_CLASS_CANCELLED },
		{ 500, GM_CLASS_SERVER },
		{ 502, GM_CLASS_SERVER },
		{ 503, GM_CLASS_SERVER },
		{ 504, GM_CLASS_SERVER_TIMEOUT },
		{ 526, GM_CLASS_SERVER },
	};
	struct gm_fault f;
	long http;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		if (classify(&f, rows[i].http, page)->class != rows[i].class)
			fail_msg("HTTP %ld: %s", rows[i].http,
			    gm_class(f.class)->name);
	for (http = 100; http < 600; http++) {
		classify(&f, http, page);
		if (gm_class(f.class)->code == GM_ENOPERM ||
		    f.class == GM_CLASS_QUOTA_NONE || f.remedy[0] != '\0' ||
		    strncmp(f.words, "Sorry API key not valid.", 24) != 0)
			fail_msg("HTTP %ld: %s: %s", http,
			    gm_class(f.class)->name, f.words);
	}
}

static void
test_replacement(void **state)
{
	static const struct {
		const char *model, *message, *remedy;
	} rows[] = {
		{ MODEL, "use models/gemini-4", "use gemini-4" },
		{ MODEL, "models/" MODEL " is gone: try models/gemini-4.",
		    "use gemini-4" },
		{ MODEL, "Gone. models/gemini-4 instead?", "use gemini-4" },
		{ MODEL, "It was replaced by 'models/gemini-4'.",
		    "use gemini-4" },
		{ MODEL,
		    "Model " MODEL " is retired. Please use gemini-4-flash "
		    "instead.",
		    "use gemini-4-flash" },
		{ MODEL, MODEL " is gone: switch to 'gemini-4'.",
		    "use gemini-4" },
		{ MODEL, "Gone. Try the model `gemma-4-27b-it`.",
		    "use gemma-4-27b-it" },
		/* Named, but not recommended. */
		{ MODEL, "gemini-4 is not found; " MODEL " is gone", "" },
		{ MODEL, MODEL " was tuned from gemini-4.", "" },
		{ MODEL, "use " MODEL " instead", "" },
		{ MODEL, "use my-gemini-4", "" },
		{ MODEL, "use publishers/gemini-4 instead", "" },
		{ MODEL, "see https://x.example/gemini-4 to use it", "" },
		{ MODEL, "use https://x.example/gemini-4", "" },
		{ MODEL, "models/gemini-4 is not found for API version v1beta",
		    "" },
		{ MODEL, "models/" MODEL " is gone: models/gemini-4.", "" },
		/* Incomplete names. */
		{ MODEL, "use models/gemini-4-fl...", "" },
		{ MODEL, "use models/gemini-", "" },
		{ MODEL, "use gemini-4-fl...", "" },
		{ MODEL, "use gemini-", "" },
		{ MODEL, "use gemini-*", "" },
		{ MODEL, "use gemini-4_Flash", "" },
		{ MODEL, "use Gemini-4", "" },
		{ MODEL, "use gemini-4/x", "" },
		{ MODEL, "use models/gemini-*", "" },
		{ MODEL, "use models/gemini-4_Flash", "" },
		{ MODEL, "models/" MODEL ". models/" MODEL, "" },
		{ MODEL, "models/ and models/...", "" },
		{ MODEL, "models/Upper", "" },
		{ MODEL, "gemini-4", "" },
		{ MODEL,
		    "models/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
		    "" },
	};
	struct gm_fault f;
	char body[400];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(body, sizeof(body),
		    "{\"error\":{\"message\":\"%s\"}}", rows[i].message);
		gm_gemini_classify(rows[i].model, 404, gm_span_of(body), &f);
		assert_int_equal(f.class, GM_CLASS_MODEL_GONE);
		assert_string_equal(f.remedy, rows[i].remedy);
	}
}

/* The project of a quota, by the details, else by known wordings. */
static void
test_project(void **state)
{
	static const struct {
		const char *message, *consumer, *want;
	} rows[] = {
		{ "M", "projects/123456789012", "123456789012" },
		{ "for consumer 'project_number:7'.", "projects/8", "8" },
		{ "for consumer 'project_number:123'.", "", "123" },
		{ "has not been used in project 77 before or it is disabled",
		    "", "77" },
		{ "M", "project_number:5", "5" },
		{ "M", "projects/my-name", "" },
		{ "M", "organizations/5", "" },
		{ "M", "projects/", "" },
		{ "M", "projects/9x", "9" },
		/* a link in the text may be of another project */
		{ "see https://console.example/projects/99", "", "" },
		{ "project 5", "", "" },
		{ "project_number:", "", "" },
		/* too long for a number */
		{ "M", "projects/123456789012345678901234567890123456789",
		    "123456789012345678901234567890123456789" },
		{ "M", "projects/1234567890123456789012345678901234567890",
		    "" },
	};
	struct gm_fault f;
	char body[400];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(body, sizeof(body),
		    "{\"error\":{\"message\":\"%s\",\"details\":[" TYPE(
			"ErrorInfo") "\"reason\":\"R\",\"metadata\":"
				     "{\"consumer\":\"%s\"}}]}}",
		    rows[i].message, rows[i].consumer);
		if (strcmp(classify(&f, 403, body)->project, rows[i].want) != 0)
			fail_msg("%s, %s: %s", rows[i].message,
			    rows[i].consumer, f.project);
	}
}

/* One clean line of at most 300 characters. */
static void
test_words(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
		{ ERROR("a\\n b\\t\\r\\nc"), "a b c" },
		{ ERROR("a\\u001b[31mb\\u0007\\u0000c\\u009b1mz"),
		    "ab\xEF\xBF\xBD"
		    "cz" },
		{ ERROR("\\u202eabc"), "abc" },
		{ ERROR("caf\\u00e9 \\ud83d\\ude00"),
		    "caf\xC3\xA9 \xF0\x9F\x98\x80" },
		{ "a\033]0;x\007b\xFF\xC3"
		  "c",
		    "ab\xEF\xBF\xBD\xEF\xBF\xBD"
		    "c" },
	};
	struct gm_fault f;
	char body[4096], want[1700];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		assert_string_equal(
		    classify(&f, 400, rows[i].body)->words, rows[i].want);
	/* 1200 characters, or as many as fit into the bytes, then "...". */
	memset(body, 'x', 1300);
	body[1300] = '\0';
	memcpy(want, body, 1200);
	memcpy(want + 1200, "...", 4);
	assert_string_equal(classify(&f, 500, body)->words, want);
	for (i = 0; i < 1000; i++)
		memcpy(body + 2 * i, "\xC3\xA9", 2);
	body[2000] = '\0';
	memcpy(want, body, 1596);
	memcpy(want + 1596, "...", 4);
	assert_string_equal(classify(&f, 500, body)->words, want);
	for (i = 0; i < 1000; i++)
		memcpy(body + 4 * i, "\xF0\x9F\x98\x80", 4);
	body[4000] = '\0';
	memcpy(want, body, 1596);
	memcpy(want + 1596, "...", 4);
	assert_string_equal(classify(&f, 500, body)->words, want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_replacement),
		cmocka_unit_test(test_project),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
