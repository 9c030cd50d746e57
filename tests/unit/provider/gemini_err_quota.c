/* Quotas: the class, and the wait. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider/gemini_err.h"

#define ERROR(message) "{\"error\":{\"message\":\"" message "\"}}"
#define TYPE(name) "{\"@type\":\"type.googleapis.com/google.rpc." name "\","
#define MINUTE "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
#define DAY "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
#define TOKENS_DAY "GenerateContentInputTokensPerModelPerDay-FreeTier"
#define METRIC_DAY "x.example/generate_requests_per_model_per_day"
#define HOUR_MS (60 * 60 * INT64_C(1000))
#define QUOTA(message, violations) \
	"{\"error\":{\"code\":429,\"message\":\"" message \
	"\",\"details\":[" TYPE("QuotaFailure") "\"violations\":[" violations \
						"]}]}}"
#define ID(id) "{\"quotaId\":\"" id "\"}"
#define METRIC(metric) "{\"quotaMetric\":\"" metric "\"}"

static const struct gm_fault *
classify(struct gm_fault *f, const char *body)
{
	gm_gemini_classify("gemini-3.8-flash", 429, gm_span_of(body), f);
	return f;
}

static const struct {
	const char *body;
	enum gm_class class;
} quotas[] = {
	{ QUOTA("", ID(MINUTE)), GM_CLASS_QUOTA_MINUTE },
	{ QUOTA("", ID(DAY)), GM_CLASS_QUOTA_DAY },
	{ QUOTA("", ID(TOKENS_DAY)), GM_CLASS_QUOTA_DAY },
	{ QUOTA("", ID("InputTokensPerModelPerMinute-PaidTier1")),
	    GM_CLASS_QUOTA_MINUTE },
	/* A daily quota wins over one per minute. */
	{ QUOTA("", ID(MINUTE) "," ID(DAY)), GM_CLASS_QUOTA_DAY },
	{ QUOTA("", ID(DAY) "," ID(MINUTE)), GM_CLASS_QUOTA_DAY },
	/* By metrics, without a name. */
	{ QUOTA("", METRIC(METRIC_DAY)), GM_CLASS_QUOTA_DAY },
	{ QUOTA("", METRIC("x.example/tokens_per_minute")),
	    GM_CLASS_QUOTA_MINUTE },
	/* By the message, only without both. */
	{ QUOTA("Your daily quota and plan", ID(MINUTE)),
	    GM_CLASS_QUOTA_MINUTE },
	{ QUOTA("requests per day", ID(MINUTE)), GM_CLASS_QUOTA_MINUTE },
	{ QUOTA("requests per minute", ID(DAY)), GM_CLASS_QUOTA_DAY },
	{ QUOTA("requests per day", ID("Other")), GM_CLASS_QUOTA_DAY },
	{ QUOTA("check your quota", ""), GM_CLASS_QUOTA },
	{ ERROR("Daily limit reached"), GM_CLASS_QUOTA_DAY },
	{ ERROR("limit of generate_requests_per_day"), GM_CLASS_QUOTA_DAY },
	{ ERROR("limit of requests_per_minute"), GM_CLASS_QUOTA_MINUTE },
	{ ERROR("current quota, plan and billing details"), GM_CLASS_QUOTA },
	{ ERROR("You exceeded your SPEND-based rate limit per day"),
	    GM_CLASS_QUOTA_SPEND },
	/* No quota at all. */
	{ QUOTA("limit: 0, model: m", ID(DAY)), GM_CLASS_QUOTA_NONE },
	{ QUOTA("limit:0", ID(MINUTE)), GM_CLASS_QUOTA_NONE },
	{ QUOTA("limit:  0", ""), GM_CLASS_QUOTA_NONE },
	{ QUOTA("Limit: 0.", ID(MINUTE)), GM_CLASS_QUOTA_NONE },
	{ QUOTA("limit: 0. Please retry in 3s.", ID(MINUTE)),
	    GM_CLASS_QUOTA_NONE },
	{ QUOTA("limit: 20, model: m\\nlimit: 0, model: m", ID(DAY)),
	    GM_CLASS_QUOTA_NONE },
	{ QUOTA("", "{\"quotaId\":\"" DAY "\",\"quotaValue\":\"0\"}"),
	    GM_CLASS_QUOTA_NONE },
	/* An unknown quota. */
	{ QUOTA("limit: 0.5", ID(MINUTE)), GM_CLASS_QUOTA_MINUTE },
	{ QUOTA("limit: 05", ID(MINUTE)), GM_CLASS_QUOTA_MINUTE },
	{ QUOTA("limit: 20", ID(MINUTE)), GM_CLASS_QUOTA_MINUTE },
	{ QUOTA("limit: 20 0", ID(MINUTE)), GM_CLASS_QUOTA_MINUTE },
	{ QUOTA("limit:", ID(MINUTE)), GM_CLASS_QUOTA_MINUTE },
	{ QUOTA("rate-limit. limit 0", ID(DAY)), GM_CLASS_QUOTA_DAY },
	{ QUOTA("", "{\"quotaId\":\"" DAY "\",\"quotaValue\":\"20\"}"),
	    GM_CLASS_QUOTA_DAY },
};

static void
test_quotas(void **state)
{
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(quotas); i++)
		if (classify(&f, quotas[i].body)->class != quotas[i].class)
			fail_msg("%zu: %s: %s", i, quotas[i].body,
			    gm_class(f.class)->name);
}

/* RetryInfo first, then the message; rounded up, with a maximum. */
static void
test_hints(void **state)
{
	static const struct {
		const char *delay, *message;
		int64_t want_ms;
	} rows[] = {
		{ "37s", "", 37000 },
		{ "56.185908122s", "", 56186 },
		{ "0.539477544s", "", 540 },
		{ "51820.638305887s", "", 51820639 },
		{ "900ms", "", 900 },
		{ "0.0000001s", "", 1 },
		{ "5m", "", 300000 },
		{ "1h", "", HOUR_MS },
		{ "0s", "", 0 },
		{ "38s", "Please retry in 56.18s.", 38000 },
		{ "", "Please retry in 56.185908122s.", 56186 },
		{ "", "Please retry in 900.2ms.", 901 },
		{ "", "Please retry in 16h30m12.5s.",
		    16 * HOUR_MS + 30 * 60000 + 12500 },
		{ "", "please Retry In 5s", 5000 },
		{ "", "Please retry in 7s, or later", 7000 },
		{ "315576000000s", "", 48 * HOUR_MS },
		{ "", "Please retry in 1000h.", 48 * HOUR_MS },
		{ "-5s", "", -1 },
		{ "nan", "", -1 },
		{ "inf", "", -1 },
		{ "1e3s", "", -1 },
		{ "s", "", -1 },
		{ "x", "Please retry in 5s.", 5000 },
		{ "", "Please retry in a moment.", -1 },
		{ "", "Please retry in -5s.", -1 },
		{ "", "Please retry in ", -1 },
		{ "", "Please retry.", -1 },
	};
	struct gm_fault f;
	char body[400];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(body, sizeof(body),
		    "{\"error\":{\"message\":\"%s\",\"details\":[" TYPE(
			"RetryInfo") "\"retryDelay\":\"%s\"}]}}",
		    rows[i].message, rows[i].delay);
		if (classify(&f, body)->hint_ms != rows[i].want_ms)
			fail_msg("%s, %s: %lld", rows[i].delay, rows[i].message,
			    (long long)f.hint_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quotas),
		cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
