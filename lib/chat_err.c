#include "chat_err.h"
#include "errbody.h"
#include "errrule.h"

/* Codes and types first, then what a status means with certain words. */
static const struct gm_errrule rules[] = {
	{ 0, "invalid_api_key", NULL, GM_CLASS_KEY_INVALID },
	{ 0, "unsupported_country_region_territory", NULL, GM_CLASS_PLACE },
	{ 0, "insufficient_quota", NULL, GM_CLASS_NO_CREDIT },
	{ 0, "exceed_context_size_error", NULL, GM_CLASS_TOO_LARGE },
	{ 0, "context_length_exceeded", NULL, GM_CLASS_TOO_LARGE },
	{ 0, NULL, "maximum context length", GM_CLASS_TOO_LARGE },
	{ 0, NULL, "available context size", GM_CLASS_TOO_LARGE },
	{ 0, NULL, "context size has been exceeded", GM_CLASS_TOO_LARGE },
	{ 0, NULL, "exceeds the context length", GM_CLASS_TOO_LARGE },
	{ 400, NULL, "context window", GM_CLASS_TOO_LARGE },
	{ 0, "model_not_found", NULL, GM_CLASS_MODEL_GONE },
	{ 0, "invalid_model", NULL, GM_CLASS_MODEL_GONE },
	{ 400, "1500", NULL, GM_CLASS_MODEL_GONE },
	{ 429, "3505", NULL, GM_CLASS_OVERLOADED },
	{ 429, NULL, "capacity exceeded", GM_CLASS_OVERLOADED },
	{ 429, "1300", NULL, GM_CLASS_QUOTA_MINUTE },
	{ 429, "rate_limited", NULL, GM_CLASS_QUOTA_MINUTE },
	{ 429, "rate_limit_exceeded", NULL, GM_CLASS_QUOTA_MINUTE },
	{ 429, NULL, "requests rate limit exceeded", GM_CLASS_QUOTA_MINUTE },
	{ 429, NULL, NULL, GM_CLASS_QUOTA },
	{ 401, NULL, NULL, GM_CLASS_KEY_REFUSED },
	{ 402, NULL, NULL, GM_CLASS_NO_CREDIT },
	{ 403, NULL, NULL, GM_CLASS_PROJECT_DENIED },
	{ 404, NULL, "file not found", GM_CLASS_BAD_URL },
	{ 404, NULL, "invalid url", GM_CLASS_BAD_URL },
	{ 404, NULL, "no route matched", GM_CLASS_BAD_URL },
	{ 404, NULL, NULL, GM_CLASS_MODEL_GONE },
	{ 407, NULL, NULL, GM_CLASS_PROXY },
	{ 408, NULL, NULL, GM_CLASS_SERVER },
	{ 409, NULL, NULL, GM_CLASS_SERVER },
	{ 413, NULL, NULL, GM_CLASS_TOO_LARGE },
	{ 499, NULL, NULL, GM_CLASS_CANCELLED },
	{ 501, NULL, NULL, GM_CLASS_BAD_REQUEST },
	{ 503, NULL, "loading model", GM_CLASS_LOADING },
	{ 503, NULL, "overloaded", GM_CLASS_OVERLOADED },
	{ 503, NULL, "capacity", GM_CLASS_OVERLOADED },
	{ 504, NULL, NULL, GM_CLASS_TIMEOUT },
};

/* Inside a stream there is no status, and often no number for it. */
static const struct {
	const char *type;
	long http;
} types[] = {
	{ "invalid_request_error", 400 },
	{ "authentication_error", 401 },
	{ "permission_error", 403 },
	{ "not_found_error", 404 },
	{ "rate_limit_error", 429 },
	{ "rate_limited", 429 },
	{ "rate_limit_exceeded", 429 },
	{ "service_tier_capacity_exceeded", 429 },
	{ "requests", 429 },
	{ "tokens", 429 },
	{ "not_supported_error", 501 },
	{ "overloaded_error", 503 },
	{ "unavailable_error", 503 },
};

/* The body's own number, where it is a status's and not one of the service. */
static long
code_of(const struct gm_errbody *e)
{
	return e->code >= 300 && e->code < 600 ? e->code : 0;
}

/* What an error without a number stands for; of an unknown type: a failure. */
static long
status_of_type(const struct gm_errbody *e)
{
	size_t i;

	for (i = 0; i < GM_LEN(types); i++)
		if (gm_span_is(gm_buf_span(&e->type), types[i].type) ||
		    gm_span_is(gm_buf_span(&e->name), types[i].type))
			return types[i].http;
	return 500;
}

static enum gm_class
class_of(long http, const struct gm_errbody *e)
{
	enum gm_class class;

	/* Not the API has said so, but its server, in frames' own words. */
	if (http == 404 &&
	    (!e->json || gm_span_is(gm_buf_span(&e->message), "Not Found")))
		return GM_CLASS_BAD_URL;
	if (gm_errrule_find(rules, GM_LEN(rules), http, e, &class))
		return class;
	return gm_errrule_by_status(http);
}

void
gm_chat_classify(long http, struct gm_span body, struct gm_fault *fault)
{
	struct gm_errbody e;

	if (gm_errrule_begin(&e, http, body, NULL, fault)) {
		if (http == 200 && code_of(&e) != 0)
			http = fault->http = code_of(&e);
		else if (http == 200)
			http = status_of_type(&e);
		fault->class = class_of(http, &e);
	}
	gm_errbody_release(&e);
}
