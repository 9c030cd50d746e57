#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/term.h"
#include "provider/errrule.h"
#include "provider/errsense.h"

/*
 * Characters of a service's text.  "Whole" for -v and JSON: what services explain
 * is shorter; with more bytes than the fault has room for, the text is cut there.
 */
#define WORDS_MAX 1200

/* Longest wait that is taken from a service. */
#define HINT_MAX_MS (48 * 60 * 60 * INT64_C(1000))

static bool
is(const struct gm_buf *b, const char *name)
{
	return gm_span_is(gm_buf_span(b), name);
}

static bool
has(const struct gm_buf *b, const char *patterns)
{
	return gm_errsense_has(gm_buf_span(b), patterns);
}

/*
 * Rules of all services, before their own.  Names are those of
 * google.api.ErrorReason, and codes and types of OpenAI, Mistral, and servers
 * with the same API, such as 1113 of Zhipu and Arrearage of Alibaba.
 */
static const struct gm_errrule first[] = {
	{ GM_ERRRULE_KEY, "expired_key", NULL, GM_CLASS_KEY_EXPIRED },
	{ 401, "expired_key", NULL, GM_CLASS_KEY_EXPIRED },
	{ GM_ERRRULE_KEY, "API_KEY_INVALID", "key*expired",
	    GM_CLASS_KEY_EXPIRED },
	{ 401, "API_KEY_INVALID", "key*expired", GM_CLASS_KEY_EXPIRED },
	{ GM_ERRRULE_KEY, "invalid_api_key", "key*expired",
	    GM_CLASS_KEY_EXPIRED },
	{ 401, "invalid_api_key", "key*expired", GM_CLASS_KEY_EXPIRED },
	{ GM_ERRRULE_KEY, "API_KEY_INVALID", NULL, GM_CLASS_KEY_INVALID },
	{ 401, "API_KEY_INVALID", NULL, GM_CLASS_KEY_INVALID },
	{ GM_ERRRULE_KEY, "invalid_api_key", NULL, GM_CLASS_KEY_INVALID },
	{ 401, "invalid_api_key", NULL, GM_CLASS_KEY_INVALID },
	{ 403, "API_KEY_HTTP_REFERRER_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 403, "API_KEY_IP_ADDRESS_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 403, "API_KEY_ANDROID_APP_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 403, "API_KEY_IOS_APP_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 403, "API_KEY_SERVICE_BLOCKED", NULL, GM_CLASS_KEY_RESTRICTED },
	{ 403, "SERVICE_DISABLED", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 403, "CONSUMER_SUSPENDED", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 403, "CONSUMER_INVALID", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 403, "BILLING_DISABLED", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ 403, "USER_PROJECT_DENIED", NULL, GM_CLASS_PROJECT_BLOCKED },
	{ GM_ERRRULE_KEY, "organization_restricted", NULL,
	    GM_CLASS_PROJECT_BLOCKED },
	{ GM_ERRRULE_CREDIT, "insufficient_quota", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "insufficient_balance", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "insufficient_credits", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "billing_error", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "budget_exceeded", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "Arrearage", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "AccountOverdueError", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "PrepaidBillOverdue", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "PostpaidBillOverdue", NULL, GM_CLASS_NO_CREDIT },
	{ 429, "1113", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "billing_not_active", NULL, GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "billing_hard_limit_reached", NULL,
	    GM_CLASS_NO_CREDIT },
	{ GM_ERRRULE_CREDIT, "exceeded_current_quota_error", NULL,
	    GM_CLASS_NO_CREDIT },
	{ 0, "unsupported_country_region_territory", NULL, GM_CLASS_REGION },
	{ 429, "MODEL_CAPACITY_EXHAUSTED", NULL, GM_CLASS_OVERLOADED },
	{ 429, "3505", NULL, GM_CLASS_OVERLOADED },
	{ 429, "overloaded", NULL, GM_CLASS_OVERLOADED },
	{ 0, "overloaded_error", NULL, GM_CLASS_OVERLOADED },
	{ 503, "overloaded", NULL, GM_CLASS_OVERLOADED },
	{ 503, NULL, "overloaded|high demand|capacity", GM_CLASS_OVERLOADED },
	{ GM_ERRRULE_REQUEST, "exceed_context_size_error", NULL,
	    GM_CLASS_TOO_LARGE },
	{ GM_ERRRULE_REQUEST, "context_length_exceeded", NULL,
	    GM_CLASS_TOO_LARGE },
	{ GM_ERRRULE_REQUEST, "context_window_exceeded", NULL,
	    GM_CLASS_TOO_LARGE },
	{ GM_ERRRULE_REQUEST, "tokens_limit_reached", NULL,
	    GM_CLASS_TOO_LARGE },
	{ GM_ERRRULE_REQUEST, "string_above_max_length", NULL,
	    GM_CLASS_TOO_LARGE },
	{ GM_ERRRULE_REQUEST, "request_too_large", NULL, GM_CLASS_TOO_LARGE },
	/* llama.cpp and others notice it while generating, with 500. */
	{ 500, "exceed_context_size_error", NULL, GM_CLASS_TOO_LARGE },
	{ 0, NULL, "unexpected endpoint", GM_CLASS_BAD_URL },
	{ 404, NULL, "file not found|invalid url", GM_CLASS_BAD_URL },
};

/* Statuses alone, after all other rules. */
static const struct gm_errrule last[] = {
	{ 401, NULL, NULL, GM_CLASS_KEY_REJECTED },
	{ 402, NULL, NULL, GM_CLASS_NO_CREDIT },
	{ 403, NULL, NULL, GM_CLASS_FORBIDDEN },
	{ 404, NULL, NULL, GM_CLASS_MODEL_GONE },
	{ 405, NULL, NULL, GM_CLASS_BAD_URL },
	{ 407, NULL, NULL, GM_CLASS_PROXY },
	{ 408, NULL, NULL, GM_CLASS_SERVER },
	{ 409, NULL, NULL, GM_CLASS_SERVER },
	{ 413, NULL, NULL, GM_CLASS_TOO_LARGE },
	{ 424, NULL, NULL, GM_CLASS_SERVER },
	{ 451, NULL, NULL, GM_CLASS_REGION },
	{ 499, NULL, NULL, GM_CLASS_CANCELLED },
	{ 501, NULL, NULL, GM_CLASS_BAD_REQUEST },
	{ 504, NULL, NULL, GM_CLASS_SERVER_TIMEOUT },
};

/*
 * Statuses of codes and types, for errors inside a stream, which have no
 * status. Compared without case, "_", "-", and "error" or "exception" at the
 * end, so that NOT_FOUND is NotFoundError.  The numbers are those of Mistral,
 * MiniMax and Zhipu that no two of them use for different things.
 */
static const struct {
	const char *name;
	long http;
} statuses[] = {
	{ "invalidargument", 400 },
	{ "failedprecondition", 400 },
	{ "outofrange", 400 },
	{ "invalidrequest", 400 },
	{ "badrequest", 400 },
	{ "invalidparams", 400 },
	{ "invalidparameter", 400 },
	{ "contextlengthexceeded", 400 },
	{ "contextwindowexceeded", 400 },
	{ "exceedcontextsize", 400 },
	{ "1210", 400 },
	{ "1214", 400 },
	{ "1500", 400 },
	{ "2013", 400 },
	{ "unauthenticated", 401 },
	{ "unauthorized", 401 },
	{ "invalidapikey", 401 },
	{ "apikeyinvalid", 401 },
	{ "authentication", 401 },
	{ "authenticationfailed", 401 },
	{ "1004", 401 },
	{ "2049", 401 },
	{ "billing", 402 },
	{ "paymentrequired", 402 },
	{ "insufficientbalance", 402 },
	{ "insufficientcredit", 402 },
	{ "insufficientcredits", 402 },
	{ "insufficientfunds", 402 },
	{ "1008", 402 },
	{ "1113", 402 },
	{ "permissiondenied", 403 },
	{ "permission", 403 },
	{ "forbidden", 403 },
	{ "accessdenied", 403 },
	{ "expiredkey", 400 },
	{ "organizationrestricted", 400 },
	{ "budgetexceeded", 400 },
	{ "arrearage", 400 },
	{ "accountoverdue", 403 },
	{ "notfound", 404 },
	{ "modelnotfound", 404 },
	{ "1211", 404 },
	{ "requesttoolarge", 413 },
	{ "1261", 413 },
	{ "validation", 422 },
	{ "unprocessableentity", 422 },
	{ "generation", 424 },
	{ "resourceexhausted", 429 },
	{ "ratelimit", 429 },
	{ "ratelimited", 429 },
	{ "ratelimitexceeded", 429 },
	{ "toomanyrequests", 429 },
	{ "throttling", 429 },
	{ "servicetiercapacityexceeded", 429 },
	{ "insufficientquota", 429 },
	{ "billingnotactive", 429 },
	{ "billinghardlimitreached", 429 },
	{ "exceededcurrentquota", 429 },
	{ "overloaded", 503 },
	{ "requests", 429 },
	{ "tokens", 429 },
	{ "1300", 429 },
	{ "1302", 429 },
	{ "1303", 429 },
	{ "3505", 429 },
	{ "cancelled", 499 },
	{ "internal", 500 },
	{ "internalserver", 500 },
	{ "server", 500 },
	{ "unimplemented", 501 },
	{ "notsupported", 501 },
	{ "unavailable", 503 },
	{ "serviceunavailable", 503 },
	{ "deadlineexceeded", 504 },
	{ "timeout", 504 },
};

static bool
is_status(long rule, long http)
{
	switch (rule) {
	case 0:
		return true;
	case GM_ERRRULE_REQUEST:
		return http == 400 || http == 413 || http == 422;
	case GM_ERRRULE_KEY:
		return http == 400 || http == 403;
	case GM_ERRRULE_CREDIT:
		return http == 400 || http == 403 || http == 429;
	default:
		return rule == http;
	}
}

/* True if a class is charged to a key or its project. */
static bool
blames_key(enum gm_class kind)
{
	enum gm_scope scope = gm_class(kind)->scope;

	return scope == GM_SCOPE_KEY || scope == GM_SCOPE_PROJECT;
}

static bool
holds(const struct gm_errrule *r, long http, const struct gm_errbody *e)
{
	/*
	 * A wrong match would take a good key out of use for hours, so a key
	 * needs a status and a name, and never an upstream service's text.
	 */
	if (blames_key(r->class) &&
	    (r->http == 0 ||
		(r->words != NULL && (r->name == NULL || e->upstream))))
		return false;
	return is_status(r->http, http) &&
	       (r->name == NULL || is(&e->reason, r->name) ||
		   is(&e->name, r->name) || is(&e->type, r->name)) &&
	       (r->words == NULL || has(&e->plain, r->words));
}

static const struct gm_errrule *
find(const struct gm_errrule *rules, size_t len, long http,
    const struct gm_errbody *e)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (holds(&rules[i], http, e))
			return &rules[i];
	return NULL;
}

/* True if a code or type is this name, compared as the table above says. */
static bool
is_name(const struct gm_buf *b, const char *name)
{
	static const char *const ends[] = { "", "error", "exception" };
	char text[64];
	size_t len = 0, i, n = strlen(name);

	for (i = 0; i < b->len; i++) {
		if (gm_buf_str(b)[i] == '_' || gm_buf_str(b)[i] == '-')
			continue;
		if (len == sizeof(text) - 1)
			return false;
		text[len++] = (char)tolower((unsigned char)gm_buf_str(b)[i]);
	}
	text[len] = '\0';
	if (len < n || memcmp(text, name, n) != 0)
		return false;
	for (i = 0; i < GM_LEN(ends); i++)
		if (strcmp(text + n, ends[i]) == 0)
			return true;
	return false;
}

static long
status_of_name(const struct gm_buf *b)
{
	size_t i;

	for (i = 0; i < GM_LEN(statuses); i++)
		if (is_name(b, statuses[i].name))
			return statuses[i].http;
	return 0;
}

/* Find the status: "status" and code first, as types are less precise. */
static long
status_of_names(const struct gm_errbody *e)
{
	const struct gm_buf *all[] = { &e->status, &e->name, &e->type };
	long http;
	size_t i;

	for (i = 0; i < GM_LEN(all); i++) {
		http = status_of_name(all[i]);
		if (http != 0)
			return http;
	}
	return 0;
}

long
gm_errrule_status(long http, const struct gm_errbody *e)
{
	bool coded = e->name.len > 0 || e->type.len > 0 || e->code != 0;
	long named;

	if (http != 200)
		return http;
	if (e->code >= 300 && e->code < 600)
		return e->code;
	named = status_of_names(e);
	if (named != 0 || e->html)
		return named;
	return gm_errsense_status(
	    coded && !e->upstream, gm_buf_span(&e->plain));
}

enum gm_class
gm_errrule_by_status(long http)
{
	if (http >= 300 && http < 400)
		return GM_CLASS_REDIRECT;
	if (http >= 400 && http < 500)
		return GM_CLASS_BAD_REQUEST;
	if (http >= 500 && http < 600)
		return GM_CLASS_SERVER;
	return GM_CLASS_PROTOCOL;
}

/*
 * Find the class of a page: it is from a proxy, or from a web server in front
 * of the API, and says nothing about keys.
 */
static enum gm_class
class_of_page(const struct gm_errrule *rules, size_t len, long http)
{
	const struct gm_errbody nothing = { .code = 0 };
	const struct gm_errrule *rule;

	if (http == 404)
		return GM_CLASS_BAD_URL;
	if ((http >= 401 && http <= 403) || http == 451)
		return GM_CLASS_FRONT_END;
	if (http == 429)
		return GM_CLASS_QUOTA;
	rule = find(rules, len, http, &nothing); /* one without words */
	if (rule == NULL)
		rule = find(last, GM_LEN(last), http, &nothing);
	return rule != NULL ? rule->class : gm_errrule_by_status(http);
}

/* True for a region that is served with billing: 400 FAILED_PRECONDITION. */
static bool
is_billed_region(long http, const struct gm_errbody *e)
{
	return http == 400 && is(&e->status, "FAILED_PRECONDITION") &&
	       has(&e->plain, "billing") && has(&e->plain, "free tier|unpaid");
}

/*
 * Find the class by what the message means.  A region in a 403 or a
 * FAILED_PRECONDITION is ours; in another 400 it may be in the request.
 */
static bool
has_sense(long http, const struct gm_errbody *e, enum gm_class *class)
{
	bool precise = http == 403 || is(&e->status, "FAILED_PRECONDITION");

	return gm_errsense_find(http, precise, gm_buf_span(&e->plain), class) &&
	       !(e->upstream && blames_key(*class));
}

/* Parse "30,000"; p is at its first digit. */
static int64_t
read_number(const char *p, const char *end)
{
	int64_t n = 0;

	for (; p < end && n < INT64_MAX / 100; p++) {
		if (isdigit((unsigned char)*p))
			n = 10 * n + (*p - '0');
		else if (*p != ',' || end - p < 2 ||
			 !isdigit((unsigned char)p[1]))
			break;
	}
	return n;
}

/* Find a whole number after the word, as in "Limit: 1,000"; or -1. */
static int64_t
number_after(const struct gm_buf *text, const char *word)
{
	struct gm_span rest = gm_buf_span(text);
	const char *p, *end = rest.p + rest.len;

	while ((p = gm_span_find(rest, word)) != NULL) {
		p += strlen(word);
		rest = (struct gm_span){ p, (size_t)(end - p) };
		while (p < end && strchr(": =\t\r\n", *p) != NULL)
			p++;
		if (gm_span_starts(
			(struct gm_span){ p, (size_t)(end - p) }, "of "))
			p += strlen("of ");
		if (p < end && isdigit((unsigned char)*p))
			return read_number(p, end);
	}
	return -1;
}

/*
 * Return true if the request is larger than the whole quota, so that waiting
 * does not help: "Limit 1000, Requested 2500" in a 429 of a tokens-per-minute
 * quota.
 */
static bool
is_beyond_quota(
    long http, const struct gm_errbody *e, int64_t *limit, int64_t *wanted)
{
	/* 200: an error inside a stream. */
	if (http != 429 && http != 413 && http != 400 && http != 200)
		return false;
	*limit = number_after(&e->message, "limit");
	*wanted = number_after(&e->message, "requested");
	return !e->html && *limit > 0 && *wanted > *limit;
}

/*
 * Return true for a 404 about the address, not a model: from a web server or a
 * router, which says "Not Found" or "no Route matched".
 */
static bool
is_bare_404(long http, const struct gm_errbody *e)
{
	static const char *const bare[] = { "not found", "not found.",
		"not_found", "notfound", "404", "404 not found" };
	size_t i;

	if (http != 404)
		return false;
	if (!e->json || e->message.len == 0 || is(&e->name, "Not Found"))
		return true;
	for (i = 0; i < GM_LEN(bare); i++)
		if (e->message.len == strlen(bare[i]) &&
		    has(&e->message, bare[i]))
			return true;
	return has(&e->message,
		   "route|uri|url|path|endpoint|page|resource|cannot post|"
		   "cannot get") &&
	       !has(&e->message, "model|deployment|no endpoints found");
}

/*
 * Return true for a 429 that means overload: no quota is named, and the message
 * speaks of capacity.  Another key would not help.
 */
static bool
is_overload(long http, const struct gm_errbody *e)
{
	return http == 429 && e->quota.len == 0 &&
	       !is(&e->reason, "RATE_LIMIT_EXCEEDED") &&
	       gm_errrule_quota(e) == GM_CLASS_QUOTA &&
	       has(&e->message,
		   "capacity|overloaded|high demand|heavy load| busy");
}

/* Find the class of a message by more than one pattern. */
static bool
class_of_words(long http, const struct gm_errbody *e, enum gm_class *class)
{
	if (has_sense(http, e, class))
		return true;
	if (is_billed_region(http, e))
		*class = GM_CLASS_REGION;
	else if (is_overload(http, e))
		*class = GM_CLASS_OVERLOADED;
	else
		return false;
	return true;
}

bool
gm_errrule_find(const struct gm_errrule *rules, size_t len, long http,
    const struct gm_errbody *e, enum gm_class *class)
{
	const struct gm_errrule *rule;
	int64_t limit, wanted;

	if (e->html) {
		*class = class_of_page(rules, len, http);
		return true;
	}
	/* Before the rules, some of which would make it wait for the quota. */
	if (is_beyond_quota(http, e, &limit, &wanted)) {
		*class = GM_CLASS_TOO_LARGE;
		return true;
	}
	rule = find(first, GM_LEN(first), http, e);
	if (rule == NULL && class_of_words(http, e, class))
		return true;
	if (rule == NULL)
		rule = find(rules, len, http, e);
	if (rule == NULL && is_bare_404(http, e)) {
		*class = GM_CLASS_BAD_URL;
		return true;
	}
	if (rule == NULL)
		rule = find(last, GM_LEN(last), http, e);
	if (rule != NULL)
		*class = rule->class;
	return rule != NULL;
}

/* True for "limit: 0", not for "limit: 0.5" or "limit: 05", in any position. */
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
	return number_after(message, "limit") == 0 &&
	       number_after(message, "requested") > 0;
}

static bool
says_no_quota(const struct gm_buf *message)
{
	return has(message,
	    "free quota tier|no free quota|no free tier|have a free tier|"
	    "not available on the free tier|not available in the free tier|"
	    "not included in the free tier|only available*paid tier");
}

/* Find the first occurrence of any of the words, or NULL. */
static const char *
find_first(const struct gm_buf *text, const char *const *list, size_t len)
{
	const char *found = NULL, *at;
	size_t i;

	for (i = 0; i < len; i++) {
		at = gm_span_find(gm_buf_span(text), list[i]);
		if (at != NULL && (found == NULL || at < found))
			found = at;
	}
	return found;
}

static const char *const days[] = { "PerDay", "per_day", "per day", "per-day",
	"daily", "/day", "(RPD)", "(TPD)", " RPD", " TPD", "24 hours",
	"for today" };
static const char *const minutes[] = { "PerMinute", "per_minute", "per minute",
	"per min", "per-min", "/min", "(RPM)", "(TPM)", " RPM", " TPM" };

/* The name of the quota decides; the message only without one. */
enum gm_class
gm_errrule_quota(const struct gm_errbody *e)
{
	const char *day = find_first(&e->quota, days, GM_LEN(days));
	const char *minute = find_first(&e->quota, minutes, GM_LEN(minutes));

	if (has(&e->plain, "spend-based"))
		return GM_CLASS_QUOTA_SPEND;
	if (e->zero || says_limit_zero(&e->message) ||
	    says_no_quota(&e->message))
		return GM_CLASS_QUOTA_NONE;
	if (day != NULL) /* of several exceeded quotas the longest counts */
		return GM_CLASS_QUOTA_DAY;
	if (minute != NULL)
		return GM_CLASS_QUOTA_MINUTE;
	/* In a message the first one is the exceeded one; others are advice. */
	day = find_first(&e->message, days, GM_LEN(days));
	minute = find_first(&e->message, minutes, GM_LEN(minutes));
	if (day != NULL && (minute == NULL || day < minute))
		return GM_CLASS_QUOTA_DAY;
	return minute != NULL ? GM_CLASS_QUOTA_MINUTE : GM_CLASS_QUOTA;
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

/* Find the wait: RetryInfo, else "Please retry in 56.18s." in the message. */
static int64_t
find_hint(const struct gm_errbody *e)
{
	static const char *const words[] = { "retry in ", "try again in " };
	const char *p = NULL;
	int64_t ms;
	char text[64];
	size_t n = 0, i;

	if (e->delay.len > 0 && parse_hint(&ms, gm_buf_str(&e->delay)))
		return ms;
	for (i = 0; i < GM_LEN(words) && p == NULL; i++) {
		p = gm_span_find(gm_buf_span(&e->message), words[i]);
		if (p != NULL)
			p += strlen(words[i]);
	}
	if (p == NULL)
		return -1;
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

/* Cut between characters, and mark the cut, if there are too many bytes. */
static void
copy_words(struct gm_fault *fault, const char *text)
{
	size_t room = sizeof(fault->words), len = strlen(text);

	if (len >= room) {
		len = room - sizeof("...");
		while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
			len--;
	}
	(void)snprintf(fault->words, room, "%.*s%s", (int)len, text,
	    text[len] != '\0' ? "..." : "");
}

static void
set_words(const struct gm_errbody *e, const char *from, struct gm_fault *fault)
{
	struct gm_span words = gm_buf_span(&e->message);
	const char *begin = from != NULL ? gm_span_find(words, from) : NULL;
	struct gm_buf line;

	if (begin != NULL) {
		words.len -= (size_t)(begin - words.p);
		words.p = begin;
	}
	gm_buf_init(&line, 4 * (size_t)WORDS_MAX + 1024);
	gm_term_line(&line, words, WORDS_MAX);
	/*
	 * "..." marks the cut: a key at the end may have been cut in the
	 * middle.
	 */
	if ((e->cut || e->message.failed != GM_OK) &&
	    !gm_span_ends(gm_buf_span(&line), "..."))
		gm_buf_puts(&line, "...");
	/*
	 * A short message such as "invalid argument" needs the field's error.
	 */
	if (e->field.len > 0 &&
	    !gm_span_has(gm_buf_span(&e->message), gm_buf_str(&e->field)) &&
	    e->message.len < 100) {
		gm_buf_puts(&line, " ");
		gm_term_line(&line, gm_buf_span(&e->field), 200);
	}
	copy_words(fault, gm_buf_str(&line));
	gm_buf_release(&line);
}

/* Show both numbers, as the message may be cut before them. */
static void
set_remedy(long http, const struct gm_errbody *e, struct gm_fault *fault)
{
	int64_t limit, wanted;

	if (is_beyond_quota(http, e, &limit, &wanted))
		(void)snprintf(fault->remedy, sizeof(fault->remedy),
		    "send less: %lld requested, %lld allowed",
		    (long long)wanted, (long long)limit);
}

bool
gm_errrule_begin(struct gm_errbody *e, long http, struct gm_span body,
    const char *from, struct gm_fault *fault)
{
	gm_errbody_read(e, body);
	fault->hint_ms = -1;
	fault->remedy[0] = fault->project[0] = '\0';
	if (e->message.failed == GM_EOS || e->plain.failed == GM_EOS ||
	    e->reason.failed == GM_EOS || e->quota.failed == GM_EOS ||
	    e->name.failed == GM_EOS || e->type.failed == GM_EOS) {
		/* A class from half an error could reject a good key. */
		fault->class = GM_CLASS_LOCAL;
		(void)snprintf(
		    fault->words, sizeof(fault->words), "out of memory");
		return false;
	}
	fault->http = http;
	if (http == 200 && e->code != 0 &&
	    gm_errrule_status(http, e) == e->code)
		fault->http = e->code;
	fault->hint_ms = find_hint(e);
	set_remedy(http, e, fault);
	set_words(e, from, fault);
	return true;
}
