/* Each known refusal of the Gemini API, by the names of tests/server/README.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/gemini_err.h"
#include "json/write.h"

#define MODEL "gemini-3.8-flash"
#define INVALID "INVALID_ARGUMENT"
#define DENIED "PERMISSION_DENIED"
#define EXHAUSTED "RESOURCE_EXHAUSTED"
#define TYPE(name) "{\"@type\":\"type.googleapis.com/google.rpc." name "\","
#define INFO(reason) \
	TYPE("ErrorInfo") \
	"\"reason\":\"" reason "\",\"domain\":\"googleapis.com\"}"
#define LIMIT(name, value) \
	TYPE("ErrorInfo") \
	"\"reason\":\"RATE_LIMIT_EXCEEDED\",\"metadata\":" \
	"{\"quota_limit\":\"" name "\",\"quota_limit_value\":\"" value "\"}}"
#define RETRY(delay) TYPE("RetryInfo") "\"retryDelay\":\"" delay "\"}"
#define FIELD(description) \
	TYPE("BadRequest") \
	"\"fieldViolations\":[{\"field\":\"f\"," \
	"\"description\":\"" description "\"}]}"
#define VIOLATION(id) \
	"{\"quotaMetric\":\"generativelanguage.googleapis.com/" \
	"generate_content_free_tier_requests\",\"quotaId\":\"" id \
	"\",\"quotaDimensions\":{\"location\":\"global\",\"model\":\"" MODEL \
	"\"},\"quotaValue\":\"20\"}"
#define FAILURE(violations) \
	TYPE("QuotaFailure") "\"violations\":[" violations "]}"
#define HELP \
	TYPE("Help") \
	"\"links\":[{\"description\":\"Learn more about Gemini " \
	"API quotas\",\"url\":\"https://ai.google.dev/x\"}]}"

/* The beginning of each message about an exhausted quota. */
#define ADVICE \
	"You exceeded your current quota, please check your plan and billing " \
	"details. For more information on this error, head to: " \
	"https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your " \
	"current usage, head to: https://ai.dev/rate-limit. "
#define EXCEEDED(limit) \
	"Quota exceeded for metric: generativelanguage.googleapis.com/" \
	"generate_content_free_tier_requests, limit: " limit ", model: " MODEL

#define MINUTE "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
#define DAY "GenerateRequestsPerDayPerProjectPerModel-FreeTier"

/*
 * The body has message, status and details; without a status the message is the
 * body.
 */
static const struct {
	const char *refusal;
	long http;
	const char *status, *message;
	enum gm_class class;
	const char *details;
	const char *words;   /* NULL: the message */
	const char *remedy;  /* NULL: none */
	int64_t hint_ms;     /* 0: none */
	const char *project; /* NULL: none */
} rows[] = {
	{ "key_invalid", 400, INVALID,
	    "API key not valid. Please pass a valid API key.",
	    .class = GM_CLASS_KEY_INVALID, .details = INFO("API_KEY_INVALID") },
	{ "key_expired", 400, INVALID,
	    "API key expired. Please renew the API key.",
	    .class = GM_CLASS_KEY_EXPIRED, .details = INFO("API_KEY_INVALID") },
	{ "key_not_found", 400, INVALID,
	    "API key not found. Please pass a valid API key.",
	    .class = GM_CLASS_KEY_INVALID, .details = INFO("API_KEY_INVALID") },
	{ "unauthorized", 401, "UNAUTHENTICATED",
	    "Request had invalid authentication credentials. Expected OAuth 2 "
	    "access token, login cookie.",
	    .class = GM_CLASS_KEY_REJECTED,
	    .details = INFO("ACCESS_TOKEN_TYPE_UNSUPPORTED") },
	{ "key_leaked", 403, DENIED,
	    "Your API key was reported as leaked. Please use another API key.",
	    .class = GM_CLASS_KEY_LEAKED },
	{ "no_key", 403, DENIED,
	    "Method doesn't allow unregistered callers (callers without "
	    "established identity).",
	    .class = GM_CLASS_NO_KEY_SENT },
	{ "referrer_blocked", 403, DENIED,
	    "Requests from referer <empty> are blocked.",
	    .class = GM_CLASS_KEY_RESTRICTED,
	    .details = INFO("API_KEY_HTTP_REFERRER_BLOCKED") },
	{ "address_blocked", 403, DENIED,
	    "The provided API key has an IP address restriction.",
	    .class = GM_CLASS_KEY_RESTRICTED,
	    .details = INFO("API_KEY_IP_ADDRESS_BLOCKED") },
	{ "app_blocked", 403, DENIED,
	    "Requests from this Android client application are blocked.",
	    .class = GM_CLASS_KEY_RESTRICTED,
	    .details = INFO("API_KEY_ANDROID_APP_BLOCKED") },
	{ "app_blocked", 403, DENIED,
	    "Requests from this iOS client application are blocked.",
	    .class = GM_CLASS_KEY_RESTRICTED,
	    .details = INFO("API_KEY_IOS_APP_BLOCKED") },
	{ "api_blocked", 403, DENIED,
	    "Requests to this API generativelanguage.googleapis.com method "
	    "google.ai.Generate are blocked.",
	    .class = GM_CLASS_KEY_RESTRICTED,
	    .details = INFO("API_KEY_SERVICE_BLOCKED") },
	{ "api_disabled", 403, DENIED,
	    "Generative Language API has not been used in project 123 before "
	    "or it is disabled. Enable it by visiting "
	    "https://console.example/123 then retry.",
	    .class = GM_CLASS_PROJECT_BLOCKED,
	    .details = HELP "," INFO("SERVICE_DISABLED"), .project = "123" },
	{ "project_suspended", 403, DENIED,
	    "Permission denied: Consumer 'project:123' has been suspended.",
	    .class = GM_CLASS_PROJECT_BLOCKED,
	    .details = INFO("CONSUMER_SUSPENDED"),
	    .remedy = "appeal to Google against the suspension, or use "
		      "another project" },
	{ "billing_disabled", 403, DENIED,
	    "This API method requires billing to be enabled.",
	    .class = GM_CLASS_PROJECT_BLOCKED,
	    .details = INFO("BILLING_DISABLED") },
	{ "permission", 403, DENIED, "The caller does not have permission",
	    .class = GM_CLASS_FORBIDDEN },
	{ "permission", 403, DENIED,
	    "Your project has been denied access. Please contact support.",
	    .class = GM_CLASS_PROJECT_DENIED },
	{ "no_credit", 402, EXHAUSTED,
	    "Your prepayment credits are depleted. Please go to AI Studio at "
	    "https://ai.studio/projects to manage them.",
	    .class = GM_CLASS_NO_CREDIT },
	{ "no_credit", 429, EXHAUSTED, /* an earlier form */
	    "Your prepayment credits are depleted.",
	    .class = GM_CLASS_NO_CREDIT },
	{ "no_credit", 402, EXHAUSTED, "Pay.", .class = GM_CLASS_NO_CREDIT },
	{ "region", 400, "FAILED_PRECONDITION",
	    "User location is not supported for the API use.",
	    .class = GM_CLASS_REGION,
	    .details = TYPE("DebugInfo") "\"detail\":\"[ORIGINAL ERROR]\"}" },
	{ "no_model", 404, "NOT_FOUND",
	    "models/" MODEL " is not found for API version v1beta, or is not "
	    "supported for generateContent. Call ListModels to see the list of "
	    "available models and their supported methods.",
	    .class = GM_CLASS_MODEL_GONE },
	{ "model_gone", 404, "NOT_FOUND",
	    "This model models/" MODEL " is no longer available.",
	    .class = GM_CLASS_MODEL_GONE },
	{ "model_gone", 404, "NOT_FOUND",
	    "This model models/" MODEL " is no longer available. Please update "
	    "your code to use models/gemini-4.0-flash.",
	    .class = GM_CLASS_MODEL_GONE, .remedy = "use gemini-4.0-flash" },
	{ "model_closed", 404, "NOT_FOUND",
	    "This model models/" MODEL " is no longer available to new users. "
	    "Please update your code to use models/gemini-4 for the latest.",
	    .class = GM_CLASS_MODEL_GONE, .remedy = "use gemini-4" },
	{ "not_found", 404, "NOT_FOUND", "Requested entity was not found.",
	    .class = GM_CLASS_BAD_REQUEST },
	{ "unknown_field", 400, INVALID,
	    "Invalid JSON payload received. Unknown name 'x' at 'config': "
	    "Cannot find field.",
	    .class = GM_CLASS_BAD_REQUEST,
	    .details =
		FIELD("Invalid JSON payload received. Unknown name 'x' at "
		      "'config': Cannot find field.") },
	{ "invalid_argument", 400, INVALID,
	    "Request contains an invalid argument.",
	    .class = GM_CLASS_BAD_REQUEST },
	{ "invalid_argument", 400, INVALID,
	    "Request contains an invalid argument.",
	    .class = GM_CLASS_BAD_REQUEST, .details = FIELD("Too hot."),
	    .words = "Request contains an invalid argument. Too hot." },
	{ "context", 400, INVALID,
	    "The input token count (1200293) exceeds the maximum number of "
	    "tokens allowed (1048576).",
	    .class = GM_CLASS_TOO_LARGE },
	{ "payload_too_large", 400, INVALID,
	    "Request payload size exceeds the limit: 20971520 bytes.",
	    .class = GM_CLASS_TOO_LARGE },
	{ "thinking", 400, INVALID,
	    "Thinking level MINIMAL is not supported for this model.",
	    .class = GM_CLASS_BAD_REQUEST },
	{ "mime_type", 400, INVALID, "Unsupported MIME type: application/x",
	    .class = GM_CLASS_BAD_REQUEST },
	{ "file_not_active", 400, "FAILED_PRECONDITION",
	    "The File abc is not in an ACTIVE state and usage is not allowed.",
	    .class = GM_CLASS_BAD_REQUEST },
	{ "body_too_large", 413, "Request Entity Too Large",
	    "Maximum request body size 1048576 exceeded, actual body size 2",
	    .class = GM_CLASS_TOO_LARGE },
	{ "body_too_large", 413, NULL,
	    "<html><title>413 Request Entity Too Large</title>",
	    .class = GM_CLASS_TOO_LARGE,
	    .words = "413 Request Entity Too Large" },
	{ "quota_minute", 429, EXHAUSTED,
	    ADVICE "\n* " EXCEEDED("10") "\nPlease retry in 37.1s.",
	    .class = GM_CLASS_QUOTA_MINUTE,
	    .details = HELP "," FAILURE(VIOLATION(MINUTE)) "," RETRY("37s"),
	    .words = EXCEEDED("10") " Please retry in 37.1s.",
	    .hint_ms = 37000 },
	{ "quota_day", 429, EXHAUSTED,
	    ADVICE "\n* " EXCEEDED("20") "\nPlease retry in 38.612s.",
	    .class = GM_CLASS_QUOTA_DAY,
	    .details = HELP "," FAILURE(VIOLATION(DAY)) "," RETRY("38s"),
	    .words = EXCEEDED("20") " Please retry in 38.612s.",
	    .hint_ms = 38000 },
	{ "quota_none", 429, EXHAUSTED,
	    ADVICE "\n* " EXCEEDED("0") "\nPlease retry in 41s.",
	    .class = GM_CLASS_QUOTA_NONE,
	    .details = FAILURE("{\"quotaId\":\"" DAY "\"},"
			       "{\"quotaId\":\"" MINUTE "\"}") "," RETRY("41s"),
	    .words = EXCEEDED("0") " Please retry in 41s.", .hint_ms = 41000 },
	{ "quota_spend", 429, EXHAUSTED,
	    "You exceeded your spend-based rate limit. Try later.",
	    .class = GM_CLASS_QUOTA_SPEND },
	{ "quota_region", 429, EXHAUSTED,
	    "Quota exceeded for quota metric 'Generate Content API requests "
	    "per minute' and limit 'X' of service 'S' for consumer "
	    "'project_number:1'.",
	    .class = GM_CLASS_QUOTA_MINUTE,
	    .details = LIMIT(
		"GenerateContentRequestsPerMinutePerProjectPerRegion", "60"),
	    .project = "1" },
	{ "quota_region", 429, EXHAUSTED, "Quota exceeded.",
	    .class = GM_CLASS_QUOTA_NONE,
	    .details = LIMIT(
		"GenerateContentRequestsPerMinutePerProjectPerRegion", "0") },
	{ "quota_region", 429, EXHAUSTED, "Quota exceeded.",
	    .class = GM_CLASS_QUOTA_DAY,
	    .details = LIMIT("GenerateContentRequestsPerDayPerProject", "60") },
	{ "quota", 429, EXHAUSTED,
	    "Resource has been exhausted (e.g. check quota).",
	    .class = GM_CLASS_QUOTA },
	{ "cancelled", 499, "CANCELLED", "The operation was cancelled.",
	    .class = GM_CLASS_CANCELLED },
	{ "server", 500, "INTERNAL", "Internal error encountered.",
	    .class = GM_CLASS_SERVER },
	{ "overloaded", 503, "UNAVAILABLE",
	    "The model is overloaded. Please try again later.",
	    .class = GM_CLASS_OVERLOADED },
	{ "overloaded", 503, "UNAVAILABLE",
	    "This model is currently experiencing high demand. Try later.",
	    .class = GM_CLASS_OVERLOADED },
	{ "deadline", 503, "UNAVAILABLE",
	    "Deadline expired before operation could complete.",
	    .class = GM_CLASS_SERVER_TIMEOUT },
	{ "timeout", 504, "DEADLINE_EXCEEDED", "Deadline Exceeded",
	    .class = GM_CLASS_SERVER_TIMEOUT },
	{ "timeout", 504, "DEADLINE_EXCEEDED",
	    "The request timed out. Please try again.",
	    .class = GM_CLASS_SERVER_TIMEOUT },
	{ "html", 502, NULL,
	    "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title>"
	    "</head><body><h1>502 Bad Gateway</h1><hr></body></html>\r\n",
	    .class = GM_CLASS_SERVER,
	    .words = "502 Bad Gateway 502 Bad Gateway" },
	{ "html", 408, NULL, "", .class = GM_CLASS_SERVER },
	{ "html", 520, NULL, "error code: 520", .class = GM_CLASS_SERVER },
	{ "html", 529, "X", "Overloaded", .class = GM_CLASS_SERVER },
	{ "proxy", 407, NULL, "", .class = GM_CLASS_PROXY },
	{ "redirect", 302, NULL, "<a href=\"http://x\">Found</a>.",
	    .class = GM_CLASS_REDIRECT, .words = "Found ." },
	{ "redirect", 307, NULL, "", .class = GM_CLASS_REDIRECT },
	{ "unimplemented", 501, "UNIMPLEMENTED", "Not implemented.",
	    .class = GM_CLASS_BAD_REQUEST },
	{ "aborted", 409, "ABORTED", "The operation was aborted.",
	    .class = GM_CLASS_SERVER },
};

static void
write_body(struct gm_buf *out, size_t i)
{
	const char *details = rows[i].details;
	struct gm_jsonw w;

	gm_buf_reset(out);
	if (rows[i].status == NULL) {
		gm_buf_puts(out, rows[i].message);
		return;
	}
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_object(&w, "error");
	gm_jsonw_int(&w, "code", rows[i].http);
	gm_jsonw_text(&w, "message", rows[i].message);
	gm_jsonw_text(&w, "status", rows[i].status);
	if (details != NULL) {
		gm_jsonw_array(&w, "details");
		gm_jsonw_raw(&w, NULL, gm_span_of(details));
		gm_jsonw_end(&w);
	}
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
}

static void
check_row(size_t i, const struct gm_fault *f)
{
	const char *words = rows[i].words, *remedy = rows[i].remedy;
	const char *project = rows[i].project;

	if (words == NULL)
		words = rows[i].message;
	if (remedy == NULL)
		remedy = "";
	if (project == NULL)
		project = "";
	if (f->class != rows[i].class || f->http != rows[i].http ||
	    f->hint_ms != (rows[i].hint_ms > 0 ? rows[i].hint_ms : -1) ||
	    strcmp(f->words, words) != 0 || strcmp(f->remedy, remedy) != 0 ||
	    strcmp(f->project, project) != 0)
		fail_msg("%s (%zu): %s, HTTP %ld, %lld ms, %s; %s; %s",
		    rows[i].refusal, i, gm_class(f->class)->name, f->http,
		    (long long)f->hint_ms, f->words, f->remedy, f->project);
}

static void
test_rows(void **state)
{
	struct gm_fault f;
	struct gm_buf body;
	size_t i;

	(void)state;
	gm_buf_init(&body, 4096);
	for (i = 0; i < GM_LEN(rows); i++) {
		write_body(&body, i);
		memset(&f, 'x', sizeof(f)); /* all is to be filled */
		gm_gemini_classify(MODEL, rows[i].http, gm_buf_span(&body), &f);
		check_row(i, &f);
	}
	gm_buf_release(&body);
}

/*
 * Each inside a stream or with status 200, where the code in the body counts; pages
 * and text have no code.
 */
static void
test_rows_in_a_stream(void **state)
{
	struct gm_fault f;
	struct gm_buf body;
	size_t i;

	(void)state;
	gm_buf_init(&body, 4096);
	for (i = 0; i < GM_LEN(rows); i++) {
		if (rows[i].status == NULL)
			continue;
		write_body(&body, i);
		gm_gemini_classify(MODEL, 200, gm_buf_span(&body), &f);
		check_row(i, &f);
	}
	gm_buf_release(&body);
}

/* Each refusal has a row, except "blocked", which is no error. */
static void
test_no_refusal_is_missing(void **state)
{
	static const char *const names[] = { "key_invalid", "key_expired",
		"key_not_found", "unauthorized", "key_leaked", "no_key",
		"referrer_blocked", "address_blocked", "app_blocked",
		"api_blocked", "api_disabled", "project_suspended",
		"billing_disabled", "permission", "no_credit", "region",
		"no_model", "model_gone", "model_closed", "not_found",
		"unknown_field", "invalid_argument", "context",
		"payload_too_large", "thinking", "mime_type", "file_not_active",
		"body_too_large", "quota_minute", "quota_day", "quota_none",
		"quota_spend", "quota_region", "quota", "cancelled", "server",
		"overloaded", "deadline", "timeout", "html", "proxy",
		"redirect", "unimplemented", "aborted" };
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(names); i++)
		for (j = 0; strcmp(rows[j].refusal, names[i]) != 0; j++)
			assert_true(j + 1 < GM_LEN(rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_rows_in_a_stream),
		cmocka_unit_test(test_no_refusal_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
