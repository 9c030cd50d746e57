/* Only documented errors mark a key or its project. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider/chat_err.h"
#include "provider/gemini_err.h"

#define MODEL "gemini-3.8-flash"
#define ERROR(message) "{\"error\":{\"message\":\"" message "\"}}"
#define INFO(reason) \
	"{\"error\":{\"message\":\"No.\",\"details\":[{\"@type\":" \
	"\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"" reason \
	"\"}]}}"
#define CODE(code) "{\"error\":{\"message\":\"No.\",\"code\":\"" code "\"}}"

/* Names and texts, and the statuses with which they mark a key; 0: none. */
static const struct {
	const char *body;
	long http[4]; /* documented statuses */
	enum gm_class class;
} rows[] = {
	{ ERROR("Your API key was reported as leaked."), { 403 },
	    GM_CLASS_KEY_LEAKED },
	{ ERROR("API key expired. Please renew it."), { 400, 401, 403 },
	    GM_CLASS_KEY_EXPIRED },
	{ ERROR("Your key has expired"), { 400, 401, 403 },
	    GM_CLASS_KEY_EXPIRED },
	{ ERROR("API key not valid."), { 400, 403 }, GM_CLASS_KEY_INVALID },
	{ ERROR("Incorrect API key provided: ab***yz."), { 400, 403 },
	    GM_CLASS_KEY_INVALID },
	{ ERROR("invalid API-key"), { 400, 403 }, GM_CLASS_KEY_INVALID },
	{ INFO("API_KEY_INVALID"), { 400, 401, 403 }, GM_CLASS_KEY_INVALID },
	{ CODE("invalid_api_key"), { 400, 401, 403 }, GM_CLASS_KEY_INVALID },
	{ INFO("API_KEY_SERVICE_BLOCKED"), { 403 }, GM_CLASS_KEY_RESTRICTED },
	{ INFO("API_KEY_IP_ADDRESS_BLOCKED"), { 403 },
	    GM_CLASS_KEY_RESTRICTED },
	{ INFO("SERVICE_DISABLED"), { 403 }, GM_CLASS_PROJECT_BLOCKED },
	{ INFO("CONSUMER_SUSPENDED"), { 403 }, GM_CLASS_PROJECT_BLOCKED },
	{ INFO("BILLING_DISABLED"), { 403 }, GM_CLASS_PROJECT_BLOCKED },
	{ ERROR("Consumer 'x' has been suspended."), { 403 },
	    GM_CLASS_PROJECT_BLOCKED },
	{ ERROR("This method requires billing to be enabled."), { 403 },
	    GM_CLASS_PROJECT_BLOCKED },
	{ ERROR("The X API has not been used in project 7 before or it is "
		"disabled."),
	    { 403 }, GM_CLASS_PROJECT_BLOCKED },
	{ ERROR("Your project has been denied access."), { 403 },
	    GM_CLASS_PROJECT_DENIED },
	{ CODE("insufficient_quota"), { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ CODE("billing_not_active"), { 400, 403, 429 }, GM_CLASS_NO_CREDIT },
	{ ERROR("Your prepayment credits are depleted."), { 400, 403, 429 },
	    GM_CLASS_NO_CREDIT },
	{ ERROR("You exceeded your spend-based rate limit."), { 429 },
	    GM_CLASS_QUOTA_SPEND },
};

/* Classes of keys by the status alone. */
static enum gm_class
class_of_status(long http)
{
	if (http == 401)
		return GM_CLASS_KEY_REJECTED;
	return http == 402 ? GM_CLASS_NO_CREDIT : GM_CLASS_OK;
}

static bool
is_blame(enum gm_class kind)
{
	return gm_class(kind)->scope == GM_SCOPE_KEY ||
	       gm_class(kind)->scope == GM_SCOPE_PROJECT;
}

static bool
is_documented(size_t row, long http)
{
	size_t i;

	for (i = 0; i < GM_LEN(rows[row].http); i++)
		if (rows[row].http[i] == http)
			return true;
	return false;
}

static void
check(size_t row, long http, const char *api, const struct gm_fault *f)
{
	enum gm_class want = class_of_status(http);

	if (is_documented(row, http))
		want = rows[row].class;
	if (want == GM_CLASS_OK ? is_blame(f->class) : f->class != want)
		fail_msg("%s, HTTP %ld: %s: %s", api, http, rows[row].body,
		    gm_class(f->class)->name);
}

static void
test_statuses(void **state)
{
	struct gm_fault f;
	long http;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		for (http = 201; http < 600; http++) {
			gm_gemini_classify(
			    MODEL, http, gm_span_of(rows[i].body), &f);
			check(i, http, "gemini", &f);
			gm_chat_classify(http, gm_span_of(rows[i].body), &f);
			check(i, http, "chat", &f);
		}
}

/* Errors of other parts may mention keys. */
static void
test_words(void **state)
{
	static const char body[] =
	    "{\"error\":{\"message\":\"While the API key pool was reloaded: "
	    "API key expired, reported as leaked, API key not valid, consumer "
	    "has been suspended, prepayment credits, requires billing to be "
	    "enabled\",\"code\":\"x\"}}";
	static const long https[] = { 404, 408, 409, 418, 424, 499, 500, 501,
		502, 503, 504, 520, 529 };
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(https); i++) {
		gm_gemini_classify(MODEL, https[i], gm_span_of(body), &f);
		assert_false(is_blame(f.class));
		gm_chat_classify(https[i], gm_span_of(body), &f);
		assert_false(is_blame(f.class));
	}
}

static const struct {
	long http;
	const char *model, *body;
	enum gm_class class;
} forbidden[] = {
	{ 403, MODEL, ERROR("The caller does not have permission"),
	    GM_CLASS_FORBIDDEN },
	{ 403, MODEL, ERROR("Access to this model is not granted"),
	    GM_CLASS_FORBIDDEN },
	{ 403, MODEL, "Forbidden", GM_CLASS_FORBIDDEN },
	{ 403, MODEL, INFO("IAM_PERMISSION_DENIED"), GM_CLASS_FORBIDDEN },
	/* An error about a name in the request is not the key's fault. */
	{ 403, MODEL,
	    ERROR("You do not have permission to access the File abc or it "
		  "may not exist."),
	    GM_CLASS_BAD_REQUEST },
	{ 403, MODEL, ERROR("Permission denied on files/abc"),
	    GM_CLASS_BAD_REQUEST },
	{ 403, MODEL, ERROR("No access to tunedModels/mine"),
	    GM_CLASS_BAD_REQUEST },
	{ 403, MODEL, ERROR("CachedContent not found (or permission denied)"),
	    GM_CLASS_BAD_REQUEST },
	{ 403, "tunedModels/mine", ERROR("The caller does not have permission"),
	    GM_CLASS_BAD_REQUEST },
	{ 404, MODEL, ERROR("File files/abc does not exist"),
	    GM_CLASS_BAD_REQUEST },
	{ 404, MODEL, ERROR("cachedContents/x is gone"), GM_CLASS_BAD_REQUEST },
	{ 404, "tunedModels/mine", ERROR("tunedModels/mine does not exist"),
	    GM_CLASS_BAD_REQUEST },
	{ 404, "tunedModels/mine", ERROR("It is not there."),
	    GM_CLASS_BAD_REQUEST },
	/* Known reasons come first. */
	{ 403, "tunedModels/mine", INFO("SERVICE_DISABLED"),
	    GM_CLASS_PROJECT_BLOCKED },
	{ 403, MODEL,
	    ERROR("Method doesn't allow unregistered callers of files/x"),
	    GM_CLASS_NO_KEY_SENT },
};

static void
test_forbidden(void **state)
{
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(forbidden); i++) {
		gm_gemini_classify(forbidden[i].model, forbidden[i].http,
		    gm_span_of(forbidden[i].body), &f);
		if (f.class != forbidden[i].class)
			fail_msg("%s: %s", forbidden[i].body,
			    gm_class(f.class)->name);
	}
}

#define DENIED(message) \
	"{\"error\":{\"message\":\"" message "\"," \
	"\"status\":\"FAILED_PRECONDITION\"}}"

static const struct {
	long http;
	const char *body;
	bool region;
} regions[] = {
	{ 400, DENIED("User location is not supported for the API use."),
	    true },
	{ 400,
	    DENIED("The free tier is unavailable in your country. Set up "
		   "billing."),
	    true },
	{ 400, DENIED("Free tier use needs billing here."), true },
	{ 400, DENIED("The API is not offered in this location."), true },
	{ 400, ERROR("This service is not available in your region"), true },
	{ 403,
	    "{\"error\":{\"message\":\"M\",\"code\":"
	    "\"unsupported_country_region_territory\"}}",
	    true },
	{ 403, ERROR("Country, region, or territory not supported"), true },
	{ 403, ERROR("Requests from your area are blocked"), true },
	{ 451, ERROR("Legal reasons"), true },
	{ 400, DENIED("Gemini API cannot be used in your current region."),
	    true },
	{ 400, DENIED("This can't be used from your current location."), true },
	{ 403, ERROR("The service may not be used in your country"), true },
	/* Only a tool is not available in the region. */
	{ 400,
	    DENIED("Google Maps grounding is not available in your country."),
	    false },
	{ 403,
	    ERROR("Grounding with Google Maps is not supported in your "
		  "region."),
	    false },
	{ 403, ERROR("Image search is not available in your region"), false },
	{ 400, ERROR("Invalid text: \\\"it is not available in your country"),
	    false },
	/* Other unsupported things, or not ready. */
	{ 400, DENIED("The File x is not in an ACTIVE state."), false },
	{ 400, ERROR("The region 'xx' of the tool is not supported"), false },
	{ 400, ERROR("Thinking is not supported for this model"), false },
	{ 400, ERROR("Tell me of your country"), false },
	{ 429, ERROR("The free tier is exhausted: set up billing"), false },
	{ 503, ERROR("not available in your region"), false },
};

static void
test_region(void **state)
{
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(regions); i++) {
		gm_gemini_classify(
		    MODEL, regions[i].http, gm_span_of(regions[i].body), &f);
		if ((f.class == GM_CLASS_REGION) != regions[i].region)
			fail_msg("gemini: %s: %s", regions[i].body,
			    gm_class(f.class)->name);
		gm_chat_classify(
		    regions[i].http, gm_span_of(regions[i].body), &f);
		if ((f.class == GM_CLASS_REGION) != regions[i].region)
			fail_msg("chat: %s: %s", regions[i].body,
			    gm_class(f.class)->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
