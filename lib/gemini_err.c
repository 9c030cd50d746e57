#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "errbody.h"
#include "gemini_err.h"
#include "num.h"
#include "term.h"

#define HINT_MAX_MS (48 * 60 * 60 * INT64_C(1000))

/* The first rule that holds decides; what is NULL or 0 is not looked at. */
struct rule {
	long http;
	const char *reason; /* whole */
	const char *words;  /* in the message */
	enum gm_class class;
};

static const struct rule rules[] = {
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

static bool
holds(const struct rule *r, long http, const struct gm_errbody *e)
{
	return (r->http == 0 || r->http == http) &&
	       (r->reason == NULL ||
		   gm_span_is(gm_buf_span(&e->reason), r->reason)) &&
	       (r->words == NULL || has(&e->message, r->words));
}

static enum gm_class
class_by_status(long http)
{
	if (http >= 300 && http < 400)
		return GM_CLASS_REDIRECT;
	if (http >= 400 && http < 500)
		return GM_CLASS_BAD_REQUEST;
	if (http >= 500 && http < 600)
		return GM_CLASS_SERVER;
	return GM_CLASS_PROTOCOL;
}

/* A page, not the API: somebody between us and the service has answered. */
static enum gm_class
class_of_page(long http)
{
	size_t i;

	if (http == 404)
		return GM_CLASS_BAD_URL;
	if (http >= 401 && http <= 403)
		return GM_CLASS_PROXY;
	if (http == 429)
		return GM_CLASS_QUOTA;
	for (i = 0; i < GM_LEN(rules); i++) /* its words are not the API's */
		if (rules[i].http == http && rules[i].reason == NULL &&
		    rules[i].words == NULL)
			return rules[i].class;
	return class_by_status(http);
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
	size_t i;

	if (e->html)
		return class_of_page(http);
	for (i = 0; i < GM_LEN(rules); i++)
		if (holds(&rules[i], http, e))
			return rules[i].class;
	if (http == 429 ||
	    gm_span_is(gm_buf_span(&e->status), "RESOURCE_EXHAUSTED"))
		return class_of_quota(e);
	return class_by_status(http);
}

static bool
parse_hint(int64_t *ms, const char *text)
{
	struct gm_err ignored;

	if (gm_num_duration(ms, text, 1000, INT64_MAX, &ignored) != 0)
		return false;
	if (*ms > HINT_MAX_MS)
		*ms = HINT_MAX_MS;
	return true;
}

/* RetryInfo's delay, else the message's "Please retry in 56.18s." */
static int64_t
find_hint(const struct gm_errbody *e)
{
	const char *p = gm_span_find(gm_buf_span(&e->message), "retry in ");
	int64_t ms;
	char text[64];
	size_t n = 0;

	if (e->delay.len > 0 && parse_hint(&ms, gm_buf_str(&e->delay)))
		return ms;
	if (p == NULL)
		return -1;
	p += strlen("retry in ");
	while (n < sizeof(text) - 1 &&
	       (isalnum((unsigned char)p[n]) || p[n] == '.')) {
		text[n] = p[n];
		n++;
	}
	while (n > 0 && text[n - 1] == '.')
		n--;
	text[n] = '\0';
	return parse_hint(&ms, text) ? ms : -1;
}

/* The service names the model to use instead: "models/" and a name. */
static void
find_replacement(
    const char *model, const struct gm_buf *message, struct gm_fault *fault)
{
	static const char prefix[] = "models/";
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	struct gm_span rest = gm_buf_span(message);
	const char *p;
	bool tuned;
	size_t len;

	while ((p = gm_span_find(rest, prefix)) != NULL) {
		tuned = *p != prefix[0]; /* "tunedModels/" */
		p += strlen(prefix);
		len = strspn(p, set);
		rest.len = (size_t)(rest.p + rest.len - p);
		rest.p = p;
		while (len > 0 && p[len - 1] == '.')
			len--;
		if (!tuned && len > 0 && len < 100 &&
		    !gm_span_is((struct gm_span){ p, len }, model)) {
			(void)snprintf(fault->remedy, sizeof(fault->remedy),
			    "use %.*s instead", (int)len, p);
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

static void
set_words(const struct gm_errbody *e, struct gm_fault *fault)
{
	struct gm_span words = gm_buf_span(&e->message);
	const char *quota = gm_span_find(words, "Quota exceeded for metric");
	struct gm_buf line;

	/* Half a page of advice stands before what tells one from another. */
	if (quota != NULL) {
		words.len -= (size_t)(quota - words.p);
		words.p = quota;
	}
	gm_buf_init(&line, sizeof(fault->words) - 1);
	gm_term_line(&line, words, GM_TERM_LINE_MAX);
	/* The mark tells that a key at the end may be the beginning of one. */
	if ((e->cut || e->message.failed != GM_OK) &&
	    !gm_span_ends(gm_buf_span(&line), "..."))
		gm_buf_puts(&line, "...");
	if (e->field.len > 0 && !has(&e->message, gm_buf_str(&e->field)) &&
	    e->message.len < 100) {
		gm_buf_puts(&line, " ");
		gm_term_line(&line, gm_buf_span(&e->field), 200);
	}
	(void)snprintf(
	    fault->words, sizeof(fault->words), "%s", gm_buf_str(&line));
	gm_buf_release(&line);
}

void
gm_gemini_classify(
    const char *model, long http, struct gm_span body, struct gm_fault *fault)
{
	struct gm_errbody e;

	gm_errbody_read(&e, body);
	fault->hint_ms = -1;
	fault->remedy[0] = fault->project[0] = '\0';
	if (e.message.failed == GM_EOS || e.reason.failed == GM_EOS ||
	    e.quota.failed == GM_EOS) {
		/* Half a verdict could put blame where it does not belong. */
		fault->class = GM_CLASS_LOCAL;
		(void)snprintf(
		    fault->words, sizeof(fault->words), "out of memory");
		gm_errbody_release(&e);
		return;
	}
	if (http == 200 && e.code != 0)
		http = e.code;
	fault->class = class_of(http, &e);
	fault->http = http;
	fault->hint_ms = find_hint(&e);
	find_project(&e, fault);
	set_words(&e, fault);
	if (fault->class == GM_CLASS_MODEL_GONE)
		find_replacement(model, &e.message, fault);
	gm_errbody_release(&e);
}
