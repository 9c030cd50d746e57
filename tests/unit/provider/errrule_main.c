/* A text marks a key only as the main statement of the service itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/chat_err.h"
#include "provider/gemini_err.h"
#include "json/write.h"

static const struct {
	long http;
	const char *message;
	enum gm_class class; /* GM_CLASS_OK: one that marks no key or project */
} rows[] = {
	/* Denials, conditions, and statements about others. */
	{ 403, "No credits were charged.", GM_CLASS_OK },
	{ 429, "No credits were used for this request", GM_CLASS_OK },
	{ 400, "Invalid image size. No credits were deducted.", GM_CLASS_OK },
	{ 400, "No credits have been spent", GM_CLASS_OK },
	{ 429, "No balance was deducted: try again", GM_CLASS_OK },
	{ 429, "If you have no credits, the limit is lower", GM_CLASS_OK },
	{ 429, "The limit is lower if you have no credits", GM_CLASS_OK },
	{ 429, "When credits are exhausted, requests are slower", GM_CLASS_OK },
	{ 429, "Accounts with no balance are limited", GM_CLASS_OK },
	{ 429, "Users with insufficient credits get 10 requests", GM_CLASS_OK },
	{ 429,
	    "You exceeded 10 requests per minute on the free plan. Accounts "
	    "with no balance are limited; add credits to raise it.",
	    GM_CLASS_OK },
	{ 403,
	    "x/y requires moderation. Your input was flagged. No credits were "
	    "charged.",
	    GM_CLASS_OK },
	{ 429, "Too many requests. Your credits are exhausted faster so.",
	    GM_CLASS_OK },
	/* An incomplete quotation. */
	{ 403, "Prompt blocked: \"my api key has been leaked what do I",
	    GM_CLASS_OK },
	{ 400,
	    "Invalid value at 'contents[0].parts[0]' (text), \"my api key is "
	    "invalid, what should I",
	    GM_CLASS_OK },
	{ 400, "Failed to parse input at pos 5: \"the api key is invalid",
	    GM_CLASS_OK },
	{ 403, "Blocked 'the key was leaked", GM_CLASS_OK },
	{ 400, "Bad `the api key is invalid", GM_CLASS_OK },
	{ 400, "Bad \xE2\x80\x9Cthe api key is invalid\xE2\x80\x9D",
	    GM_CLASS_OK },
	{ 400, "Bad \xC2\xABthe api key is invalid", GM_CLASS_OK },
	{ 400, "Bad \xE2\x80\x9Ethe api key is invalid\xE2\x80\x9C",
	    GM_CLASS_OK },
	{ 400, "Bad \xE2\x80\x98the api key is invalid\xE2\x80\x99",
	    GM_CLASS_OK },
	/* Text of the request without quotation marks. */
	{ 400,
	    "Conversation roles must alternate user/assistant/... Got: my api "
	    "key is invalid",
	    GM_CLASS_OK },
	{ 400, "Conversation roles must alternate. Got: api key is invalid",
	    GM_CLASS_OK },
	{ 400, "Role unknown: the api key is invalid", GM_CLASS_OK },
	{ 400,
	    "Invalid JSON payload received. Unexpected token.\nmy api key is "
	    "invalid and expired\n   ^",
	    GM_CLASS_OK },
	{ 400, "Unexpected token\nthe api key has expired\n^", GM_CLASS_OK },
	{ 400,
	    "Could not parse message content: my api key is invalid and model "
	    "not found ",
	    GM_CLASS_OK },
	{ 400, "Cannot parse: the api key is invalid", GM_CLASS_OK },
	{ 400, "My API key is invalid", GM_CLASS_OK },
	{ 403, "I think this key was leaked", GM_CLASS_OK },
	{ 403, "Unsafe content - your key was leaked", GM_CLASS_OK },
	/* Keys, tokens and accounts of other things. */
	{ 400, "Unable to call the tool `lookup`. The API key is invalid.",
	    GM_CLASS_OK },
	{ 400,
	    "Cannot fetch content from the provided URL https://x.org. The "
	    "access token has expired.",
	    GM_CLASS_OK },
	{ 400, "The signed URL's access key has expired; provide a new fileUri",
	    GM_CLASS_OK },
	{ 400,
	    "Error retrieving tool list from MCP server: 'x'. Http status "
	    "code: 401 (Unauthorized): invalid API key",
	    GM_CLASS_OK },
	{ 400,
	    "Missing required parameter: 'tools[0].headers.api_key'. The API "
	    "key for server deepwiki is invalid",
	    GM_CLASS_OK },
	{ 400, "The API key for server deepwiki is invalid", GM_CLASS_OK },
	{ 403, "The access token in the header of the webhook has expired",
	    GM_CLASS_OK },
	{ 403, "Invalid API key for the connector", GM_CLASS_OK },
	{ 400, "The image link's access key has expired", GM_CLASS_OK },
	{ 400, "The provided access token for Google Drive has expired",
	    GM_CLASS_OK },
	{ 400, "Invalid API key for deepwiki", GM_CLASS_OK },
	{ 403, "The credentials of Drive are invalid", GM_CLASS_OK },
	{ 400, "Unknown API key 'x' in metadata", GM_CLASS_OK },
	{ 400, "Upstream tool returned 401: Incorrect API key", GM_CLASS_OK },
	{ 403, "Your project has been suspended from file search",
	    GM_CLASS_OK },
	/* Statements of the service itself. */
	{ 400, "API_KEY_INVALID: API key not valid", GM_CLASS_KEY_INVALID },
	{ 400, "400 INVALID_ARGUMENT. API key not valid.",
	    GM_CLASS_KEY_INVALID },
	{ 403, "Your API key was revoked: it was in a public repository",
	    GM_CLASS_KEY_INVALID },
	{ 403, "Your API key was found in a public repository",
	    GM_CLASS_KEY_LEAKED },
	{ 400, "API key not valid. Please pass a valid API key.",
	    GM_CLASS_KEY_INVALID },
	{ 400, "Error code: 400 - API key not valid.", GM_CLASS_KEY_INVALID },
	{ 400,
	    "litellm.BadRequestError: OpenAIException - Incorrect API key "
	    "provided: ab**yz",
	    GM_CLASS_KEY_INVALID },
	{ 400, "Authentication Error - Invalid API key", GM_CLASS_KEY_INVALID },
	{ 403, "Access denied. Your API key has been disabled.",
	    GM_CLASS_KEY_INVALID },
	{ 403, "Error 403: This key was reported as leaked",
	    GM_CLASS_KEY_LEAKED },
	{ 403, "Permission denied: the key has expired", GM_CLASS_KEY_EXPIRED },
	{ 400, "Authentication Error - Expired Key. Key Expiry time 2026-01-01",
	    GM_CLASS_KEY_EXPIRED },
	{ 403, "Permission denied: Consumer 'api_key:x' has been suspended.",
	    GM_CLASS_PROJECT_BLOCKED },
	{ 403,
	    "Cloud Language API has not been used in project 7 before or it is "
	    "disabled. Enable it by visiting https://x.example/7",
	    GM_CLASS_PROJECT_BLOCKED },
	{ 403, "This API method requires billing to be enabled.",
	    GM_CLASS_PROJECT_BLOCKED },
	{ 403, "Your project has been denied access.",
	    GM_CLASS_PROJECT_DENIED },
	{ 400,
	    "litellm.BadRequestError: AnthropicException - Your credit balance "
	    "is too low to access the API.",
	    GM_CLASS_NO_CREDIT },
	{ 429, "Your account is not active, please check your billing details",
	    GM_CLASS_NO_CREDIT },
	/* The account, in documented wordings. */
	{ 400,
	    "You have reached your specified API usage limits. You will regain "
	    "access on 2026-12-01 at 00:00 UTC.",
	    GM_CLASS_NO_CREDIT },
	{ 400,
	    "You have reached your specified workspace API usage limits. You "
	    "will regain access on 2026-12-01.",
	    GM_CLASS_NO_CREDIT },
	{ 412,
	    "Account x is suspended, possibly due to reaching the monthly "
	    "spending limit or failure to pay past invoices.",
	    GM_CLASS_NO_CREDIT },
	{ 403, "Your account x is suspended due to insufficient balance",
	    GM_CLASS_NO_CREDIT },
	{ 429, "Your account is in arrears. Please recharge and try again.",
	    GM_CLASS_NO_CREDIT },
	{ 400, "The account is overdue", GM_CLASS_NO_CREDIT },
	{ 403,
	    "Your newly created team doesn't have any credits yet. You can "
	    "purchase credits on https://x.example/team",
	    GM_CLASS_NO_CREDIT },
	{ 403, "Your team has no credits", GM_CLASS_NO_CREDIT },
	{ 429,
	    "Your team abc has either used all available credits or reached "
	    "its monthly spending limit. To continue, purchase more credits.",
	    GM_CLASS_NO_CREDIT },
	{ 412, "Account x is suspended", GM_CLASS_OK },
	{ 503, "Your account is in arrears. Please recharge", GM_CLASS_OK },
	{ 429, "You have reached your specified rate limits", GM_CLASS_OK },
};

static bool
is_blame(enum gm_class kind)
{
	return gm_class(kind)->scope == GM_SCOPE_KEY ||
	       gm_class(kind)->scope == GM_SCOPE_PROJECT;
}

static void
check(size_t i, const char *api, const struct gm_fault *f)
{
	enum gm_class want = rows[i].class;

	if (want == GM_CLASS_OK ? is_blame(f->class) : f->class != want)
		fail_msg("%s, HTTP %ld: %s: %s", api, rows[i].http,
		    rows[i].message, gm_class(f->class)->name);
}

static void
write_body(struct gm_buf *out, const char *message)
{
	struct gm_jsonw w;

	gm_buf_reset(out);
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_object(&w, "error");
	gm_jsonw_text(&w, "message", message);
	gm_jsonw_text(&w, "type", "invalid_request_error");
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
}

static void
test_main_statement(void **state)
{
	struct gm_fault f;
	struct gm_buf body;
	size_t i;

	(void)state;
	gm_buf_init(&body, 4096);
	for (i = 0; i < GM_LEN(rows); i++) {
		write_body(&body, rows[i].message);
		gm_chat_classify(rows[i].http, gm_buf_span(&body), &f);
		check(i, "chat", &f);
		gm_gemini_classify("m", rows[i].http, gm_buf_span(&body), &f);
		check(i, "gemini", &f);
		/* A status from words only with a code. */
		gm_chat_classify(200, gm_buf_span(&body), &f);
		if (rows[i].class == GM_CLASS_OK && rows[i].http != 503)
			check(i, "stream", &f);
	}
	gm_buf_release(&body);
}

/* Documented codes and types count with any text. */
static const struct {
	const char *name;
	long http[4];
	enum gm_class class;
} names[] = {
	{ "expired_key", { 400, 401, 403 }, GM_CLASS_KEY_EXPIRED },
	{ "organization_restricted", { 400, 403 }, GM_CLASS_PROJECT_BLOCKED },
	{ "budget_exceeded", { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ "Arrearage", { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ "AccountOverdueError", { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ "PrepaidBillOverdue", { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ "PostpaidBillOverdue", { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ "insufficient_balance", { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ "insufficient_credits", { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ "billing_error", { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ "1113", { 429 }, GM_CLASS_NO_CREDIT },
};

static void
check_name(size_t i, const char *member, long http)
{
	enum gm_class want = GM_CLASS_OK;
	struct gm_fault f;
	struct gm_buf body;
	size_t k;

	for (k = 0; k < GM_LEN(names[i].http); k++)
		if (names[i].http[k] == http)
			want = names[i].class;
	gm_buf_init(&body, 4096);
	gm_buf_puts(&body, "{\"error\":{\"message\":\"\xE6\x82\xA8\",\"");
	gm_buf_puts(&body, member);
	gm_buf_puts(&body, "\":\"");
	gm_buf_puts(&body, names[i].name);
	gm_buf_puts(&body, "\"}}");
	gm_chat_classify(http, gm_buf_span(&body), &f);
	if (want == GM_CLASS_OK ? is_blame(f.class) : f.class != want)
		fail_msg("%s %s, HTTP %ld: %s", member, names[i].name, http,
		    gm_class(f.class)->name);
	gm_buf_release(&body);
}

static void
test_names(void **state)
{
	long http;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(names); i++)
		for (http = 201; http < 600; http++)
			if (http != 401 && http != 402) {
				check_name(i, "code", http);
				check_name(i, "type", http);
			}
	check_name(0, "type", 401);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_main_statement),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
