#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "errrule.h"
#include "gemini_err.h"

static const struct gm_errrule rules[] = {
	{ 0, NULL, "api key expired", GM_CLASS_KEY_EXPIRED },
	{ 0, "API_KEY_INVALID", NULL, GM_CLASS_KEY_INVALID },
	{ 0, NULL, "api key not valid", GM_CLASS_KEY_INVALID },
	{ 0, NULL, "api key not found", GM_CLASS_KEY_INVALID },
	{ 0, NULL, "reported as leaked", GM_CLASS_KEY_LEAKED },
	{ 0, NULL, "prepayment credits", GM_CLASS_NO_CREDIT },
	{ 402, NULL, NULL, GM_CLASS_NO_CREDIT },
	{ 0, NULL, "user location is not supported", GM_CLASS_PLACE },
	{ 0, "API_KEY_HTTP_REFERRER_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 0, "API_KEY_IP_ADDRESS_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 0, "API_KEY_ANDROID_APP_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 0, "API_KEY_IOS_APP_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 0, "API_KEY_SERVICE_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 0, "SERVICE_DISABLED", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 0, "CONSUMER_SUSPENDED", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 0, "CONSUMER_INVALID", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 0, "BILLING_DISABLED", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 0, "USER_PROJECT_DENIED", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 0, NULL, "unregistered callers", GM_CLASS_NO_KEY_SENT },
	{ 401, NULL, NULL, GM_CLASS_KEY_REFUSED },
	{ 403, NULL, NULL, GM_CLASS_PROJECT_DENIED },
	/* Something that the request names, but no model. */
	{ 404, NULL, "requested entity was not found", GM_CLASS_BAD_REQUEST },
	{ 404, NULL, NULL, GM_CLASS_MODEL_GONE },
	{ 407, NULL, NULL, GM_CLASS_PROXY },
	{ 408, NULL, NULL, GM_CLASS_SERVER },
	{ 409, NULL, NULL, GM_CLASS_SERVER },
	{ 413, NULL, NULL, GM_CLASS_TOO_LARGE },
	{ 0, NULL, "payload size exceeds", GM_CLASS_TOO_LARGE },
	{ 400, NULL, "exceeds the maximum number of tokens",
	    GM_CLASS_TOO_LARGE },
	{ 499, NULL, NULL, GM_CLASS_CANCELLED },
	{ 501, NULL, NULL, GM_CLASS_BAD_REQUEST },
	{ 503, NULL, "overloaded", GM_CLASS_OVERLOADED },
	{ 503, NULL, "high demand", GM_CLASS_OVERLOADED },
	{ 503, NULL, "capacity", GM_CLASS_OVERLOADED },
	{ 503, NULL, "deadline", GM_CLASS_TIMEOUT },
	{ 504, NULL, NULL, GM_CLASS_TIMEOUT },
};

static bool
has(const struct gm_buf *b, const char *words)
{
	return gm_span_has(gm_buf_span(b), words);
}

/* "limit: 0", but not "limit: 0.5" or "limit: 05"; quotas may be listed. */
static bool
says_limit_zero(const struct gm_buf *message)
{
	const char *p = gm_buf_str(message);

	while ((p = gm_span_find(gm_span_of(p), "limit:")) != NULL) {
		p += strlen("limit:");
		p += strspn(p, " \t\r\n");
		if (p[0] == '0' && !isdigit((unsigned char)p[1]) &&
		    !(p[1] == '.' && isdigit((unsigned char)p[2])))
			return true;
	}
	return false;
}

static bool
names_day(const struct gm_buf *b)
{
	return has(b, "PerDay") || has(b, "per_day") || has(b, "daily") ||
	       has(b, "per day");
}

static bool
names_minute(const struct gm_buf *b)
{
	return has(b, "PerMinute") || has(b, "per_minute") ||
	       has(b, "per minute");
}

/* The quota's name decides; the message only where there is none. */
static enum gm_class
class_of_quota(const struct gm_errbody *e)
{
	const struct gm_buf *names =
	    names_day(&e->quota) || names_minute(&e->quota) ? &e->quota
							    : &e->message;

	if (has(&e->message, "spend-based"))
		return GM_CLASS_QUOTA_SPEND;
	if (e->zero || says_limit_zero(&e->message))
		return GM_CLASS_QUOTA_NONE;
	if (names_day(names))
		return GM_CLASS_QUOTA_DAY;
	return names_minute(names) ? GM_CLASS_QUOTA_MINUTE : GM_CLASS_QUOTA;
}

static enum gm_class
class_of(long http, const struct gm_errbody *e)
{
	enum gm_class class;

	if (gm_errrule_find(rules, GM_LEN(rules), http, e, &class))
		return class;
	if (http == 429 ||
	    gm_span_is(gm_buf_span(&e->status), "RESOURCE_EXHAUSTED"))
		return class_of_quota(e);
	return gm_errrule_by_status(http);
}

/* Do the words before a name, or right after it, offer it? */
static bool
is_offered(struct gm_span before, struct gm_span after)
{
	static const char *const words[] = { "use ", "try ", "switch to",
		"migrate to", "upgrade to", "move to", "replaced by",
		"in favor of", "instead" };
	size_t i;

	for (i = 0; i < GM_LEN(words); i++)
		if (gm_span_has(before, words[i]))
			return true;
	return gm_span_starts(after, " instead");
}

/* Does a name end where the letters of one end, or was it cut or a pattern? */
static bool
is_complete(struct gm_span name, struct gm_span after, bool cut)
{
	if (name.len == 0 || name.len >= 100 || name.p[name.len - 1] == '-')
		return false;
	if (gm_span_starts(after, ".")) { /* at most the end of a sentence */
		after.p++;
		after.len--;
		if (gm_span_starts(after, "."))
			return false;
	}
	if (after.len == 0)
		return !cut;
	return strchr(" \t\n,;:!?)'\"`", after.p[0]) != NULL;
}

/* The service offers another model: "models/" and a name. */
static void
find_replacement(
    const char *model, const struct gm_errbody *e, struct gm_fault *fault)
{
	static const char prefix[] = "models/";
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	struct gm_span rest = gm_buf_span(&e->message), before, name;
	const char *p;
	bool tuned;

	while ((p = gm_span_find(rest, prefix)) != NULL) {
		before = (struct gm_span){ rest.p, (size_t)(p - rest.p) };
		tuned = *p != prefix[0]; /* "tunedModels/" */
		p += strlen(prefix);
		name = (struct gm_span){ p, strspn(p, set) };
		while (name.len > 0 && p[name.len - 1] == '.')
			name.len--;
		rest.len = (size_t)(rest.p + rest.len - p) - name.len;
		rest.p = p + name.len;
		if (!tuned && !gm_span_is(name, model) &&
		    is_complete(name, rest, e->cut) &&
		    is_offered(before, rest)) {
			(void)snprintf(fault->remedy, sizeof(fault->remedy),
			    "use %.*s instead", (int)name.len, name.p);
			return;
		}
	}
}

/* The number behind one of the ways to name a project. */
static void
find_project(const struct gm_errbody *e, struct gm_fault *fault)
{
	static const struct {
		const char *words;
		bool anywhere; /* also in the message */
	} forms[] = {
		{ "projects/", false },
		{ "project_number:", true },
		{ "used in project ", true },
	};
	const char *p = NULL;
	size_t i, len;

	for (i = 0; i < GM_LEN(forms) && p == NULL; i++) {
		p = gm_span_find(gm_buf_span(&e->project), forms[i].words);
		if (p == NULL && forms[i].anywhere)
			p = gm_span_find(
			    gm_buf_span(&e->message), forms[i].words);
		if (p != NULL)
			p += strlen(forms[i].words);
	}
	len = p != NULL ? strspn(p, "0123456789") : 0;
	if (len > 0 && len < sizeof(fault->project))
		(void)snprintf(fault->project, sizeof(fault->project), "%.*s",
		    (int)len, p);
}

void
gm_gemini_classify(
    const char *model, long http, struct gm_span body, struct gm_fault *fault)
{
	struct gm_errbody e;

	/* Half a page of advice stands before what tells one from another. */
	if (gm_errrule_begin(
		&e, http, body, "Quota exceeded for metric", fault)) {
		if (http == 200 && e.code != 0)
			fault->http = e.code;
		fault->class = class_of(fault->http, &e);
		find_project(&e, fault);
		if (fault->class == GM_CLASS_MODEL_GONE)
			find_replacement(model, &e, fault);
	}
	gm_errbody_release(&e);
}
