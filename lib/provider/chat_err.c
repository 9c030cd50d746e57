#include "provider/chat_err.h"
#include "provider/errbody.h"
#include "provider/errrule.h"

/*
 * Codes and words for a missing model, such as 1500 of Mistral and
 * DeploymentNotFound of Azure.  llama.cpp answers 503 while it loads the model.
 */
static const struct gm_errrule rules[] = {
	{ 0, "model_not_found", NULL, GM_CLASS_MODEL_GONE },
	{ 0, "invalid_model", NULL, GM_CLASS_MODEL_GONE },
	{ 0, "model_not_supported", NULL, GM_CLASS_MODEL_GONE },
	{ 0, "model_not_available", NULL, GM_CLASS_MODEL_GONE },
	{ 0, "DeploymentNotFound", NULL, GM_CLASS_MODEL_GONE },
	{ 400, "1500", NULL, GM_CLASS_MODEL_GONE },
	{ 400, NULL,
	    "invalid model|not a valid model|unexpected model name|"
	    "llm provider not provided|model not exist",
	    GM_CLASS_MODEL_GONE },
	{ 503, NULL, "loading model|model is loading", GM_CLASS_LOADING },
};

/* True for the codes of a rate limit per minute: Mistral's and OpenAI's. */
static bool
is_minute(const struct gm_errbody *e)
{
	static const char *const names[] = { "1300", "rate_limited",
		"rate_limit_exceeded" };
	size_t i;

	for (i = 0; i < GM_LEN(names); i++)
		if (gm_span_is(gm_buf_span(&e->name), names[i]) ||
		    gm_span_is(gm_buf_span(&e->type), names[i]))
			return true;
	return gm_span_has(
	    gm_buf_span(&e->message), "requests rate limit exceeded");
}

static enum gm_class
class_of(long http, const struct gm_errbody *e)
{
	enum gm_class class;

	if (gm_errrule_find(rules, GM_LEN(rules), http, e, &class))
		return class;
	if (http != 429)
		return gm_errrule_by_status(http);
	class = gm_errrule_quota(e);
	return class == GM_CLASS_QUOTA && is_minute(e) ? GM_CLASS_QUOTA_MINUTE
	                                               : class;
}

void
gm_chat_classify(long http, struct gm_span body, struct gm_fault *fault)
{
	struct gm_errbody e;
	long status;

	if (gm_errrule_begin(&e, http, body, NULL, fault)) {
		status = gm_errrule_status(http, &e);
		/* An error inside a stream that names no status is a failure. */
		fault->class = class_of(status != 0 ? status : 500, &e);
	}
	gm_errbody_release(&e);
}
