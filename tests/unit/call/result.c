#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/result.h"

#define TOTAL "; --max-tokens N sets the total of thinking and answer"
#define MODEL "gemini-3.8-flash"
#define BASE "https://api.example"
#define KEY "fake-good-key-0001"

static const struct gm_subject subject = {
	.model = MODEL, .base_url = BASE, .key = { KEY, sizeof(KEY) - 1 }
};

static void
test_attempts(void **state)
{
	struct gm_result o;
	struct gm_attempt attempt = {
		.provider = "gemini", .model = MODEL, .class = GM_CLASS_SERVER
	};
	size_t i;

	(void)state;
	memset(&o, 'x', sizeof(o));
	gm_result_init(&o);
	assert_int_equal(gm_result_attempts(&o), 0);
	assert_int_equal(o.answer.usage.total, -1);
	assert_int_equal(o.retry_at_ms, 0);
	for (i = 0; i < 100; i++) {
		attempt.http = (long)(500 + i);
		attempt.ms = (int64_t)i;
		gm_result_add(&o, &attempt);
	}
	assert_int_equal(gm_result_attempts(&o), 100);
	for (i = 0; i < 100; i++) {
		assert_int_equal(gm_result_attempt(&o, i)->http, 500 + i);
		assert_int_equal(gm_result_attempt(&o, i)->ms, i);
		assert_string_equal(gm_result_attempt(&o, i)->model, MODEL);
	}
	gm_result_release(&o);
	gm_result_release(&o);
}

/* The whole line, and the code that it ends with. */
static const struct {
	struct gm_fault fault;
	int64_t retry_at_ms;
	enum gm_code code;
	const char *want;
} faults[] = {
	{ { GM_CLASS_KEY_INVALID, 400, -1, "API key not valid.", "", "" }, 0,
	    GM_ENOPERM,
	    "key 0 (...0001): the key is not valid (HTTP 400, "
	    "key_invalid): API key not valid." },
	{ { GM_CLASS_KEY_LEAKED, 403, -1, "", "", "" }, 0, GM_ENOPERM,
	    "key 0 (...0001): the key was reported as leaked: delete "
	    "it and make another (HTTP 403, key_leaked)" },
	{ { GM_CLASS_QUOTA_DAY, 429, 38000, "Quota exceeded.", "", "" },
	    INT64_C(1795341600000), GM_ETEMPFAIL,
	    "key 0 (...0001): the quota per day is used up; it rests "
	    "until 2026-11-22T10:00:00Z (HTTP 429, quota_day): Quota "
	    "exceeded." },
	{ { GM_CLASS_QUOTA_MINUTE, 429, 38000, "", "", "" },
	    INT64_C(1795341600001), GM_ETEMPFAIL,
	    "key 0 (...0001): the quota per minute is used up; it "
	    "rests until 2026-11-22T10:00:01Z (HTTP 429, "
	    "quota_minute)" },
	{ { GM_CLASS_QUOTA_NONE, 429, 38000, "limit: 0", "", "12" }, 0,
	    GM_ETEMPFAIL,
	    "key 0 (...0001): the key's project has no quota for this model: "
	    "use another model, or enable billing (HTTP 429, quota_none): "
	    "limit: 0" },
	/* Of a mark: nothing was sent. */
	{ { GM_CLASS_PROJECT_BLOCKED, 0, -1, "Enable it.", "", "12" }, 0,
	    GM_ENOPERM,
	    "key 0 (...0001): the key's project may not use the API "
	    "(project_blocked): Enable it." },
	{ { GM_CLASS_MODEL_GONE, 404, -1, "No longer available.",
	      "use gemini-4 instead", "" },
	    0, GM_ECONFIG,
	    MODEL ": the service does not have this model: use "
		  "gemini-4 instead (HTTP 404, model_gone): No longer "
		  "available." },
	{ { GM_CLASS_BAD_REQUEST, 400, -1, "Too hot.", "", "" }, 0, GM_EDATA,
	    MODEL ": the service refuses the request (HTTP 400, "
		  "bad_request): Too hot." },
	{ { GM_CLASS_OVERLOADED, 503, -1, "Try later.", "", "" }, 0,
	    GM_EUNAVAILABLE,
	    MODEL ": the model is overloaded (HTTP 503, overloaded): "
		  "Try later." },
	{ { GM_CLASS_NETWORK, 0, -1, "Connection refused", "", "" }, 0,
	    GM_EUNAVAILABLE,
	    BASE ": no connection (network): Connection refused" },
	{ { GM_CLASS_BAD_URL, 404, -1, "404", "", "" }, 0, GM_ECONFIG,
	    BASE ": no API at this address: check the base URL (HTTP "
		 "404, bad_url): 404" },
	{ { GM_CLASS_TRUNCATED, 200, -1, "no finish reason", "", "" }, 0,
	    GM_EPROTOCOL,
	    BASE ": the response was cut before its end (HTTP 200, truncated): "
		 "no finish reason" },
	{ { GM_CLASS_REGION, 400, -1, "", "", "" }, 0, GM_ENOPERM,
	    BASE ": the service is not available in your region (HTTP "
		 "400, region)" },
	{ { GM_CLASS_LOCAL, 0, -1, "out of memory", "", "" }, 0, GM_EOS,
	    MODEL ": this machine failed (local): out of memory" },
};

static void
test_fail(void **state)
{
	struct gm_result o;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(faults); i++) {
		gm_result_init(&o);
		o.retry_at_ms = faults[i].retry_at_ms;
		assert_int_equal(
		    gm_result_fail(&o, &faults[i].fault, &subject, &err), -1);
		assert_string_equal(err.msg, faults[i].want);
		assert_int_equal(err.code, faults[i].code);
		gm_result_release(&o);
	}
}

static void
test_subject(void **state)
{
	static const struct gm_fault fault = { .class = GM_CLASS_KEY_REJECTED,
		.http = 401 };
	static const struct gm_subject second = { .model = MODEL,
		.base_url = BASE,
		.key = { "short", 5 },
		.key_index = 12 };
	struct gm_result o;
	struct gm_err err;

	(void)state;
	gm_result_init(&o);
	assert_int_equal(gm_result_fail(&o, &fault, &second, &err), -1);
	assert_string_equal(err.msg,
	    "key 12 (...): the key was not accepted (HTTP 401, key_rejected)");
	gm_result_release(&o);
}

static void
test_fail_finish(void **state)
{
	static const struct {
		enum gm_class class;
		const char *reason, *explanation;
		struct gm_usage usage;
		bool prompt;
		const char *want;
	} rows[] = {
		{ GM_CLASS_BLOCKED, "SAFETY", "", { 0 }, true,
		    MODEL ": the prompt was blocked (SAFETY)" },
		{ GM_CLASS_BLOCKED, "OTHER", "Not nice.", { 0 }, true,
		    MODEL ": the prompt was blocked (OTHER): Not nice." },
		{ GM_CLASS_BLOCKED, "RECITATION", "", { 0 }, false,
		    MODEL ": the answer was blocked (RECITATION)" },
		{ GM_CLASS_TOKEN_LIMIT, "MAX_TOKENS", "",
		    { 11, -1, 40, 210, 261 }, false,
		    MODEL ": the answer was cut by the token limit "
			  "(MAX_TOKENS): 210 of its 250 tokens went to "
			  "thinking" TOTAL },
		{ GM_CLASS_TOKEN_LIMIT, "MAX_TOKENS", "",
		    { 11, -1, -1, 210, 221 }, false,
		    MODEL ": the answer was cut by the token limit "
			  "(MAX_TOKENS): 210 of its 210 tokens went to "
			  "thinking" TOTAL },
		{ GM_CLASS_TOKEN_LIMIT, "MAX_TOKENS", "",
		    { 11, -1, 40, -1, 51 }, false,
		    MODEL ": the answer was cut by the token limit "
			  "(MAX_TOKENS)" TOTAL },
		{ GM_CLASS_EMPTY, "STOP", "", { 11, -1, 0, 210, 221 }, false,
		    MODEL ": the answer is empty (STOP)" },
		{ GM_CLASS_UNFINISHED, "NEW_REASON", "Because.", { 0 }, false,
		    MODEL ": the answer may not be whole (NEW_REASON): "
			  "Because." },
	};
	struct gm_result o;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_result_init(&o);
		(void)snprintf(o.answer.reason, sizeof(o.answer.reason), "%s",
		    rows[i].reason);
		(void)snprintf(o.answer.explanation,
		    sizeof(o.answer.explanation), "%s", rows[i].explanation);
		o.answer.usage = rows[i].usage;
		o.answer.prompt_blocked = rows[i].prompt;
		assert_int_equal(
		    gm_result_fail_finish(&o, rows[i].class, MODEL, &err), -1);
		assert_string_equal(err.msg, rows[i].want);
		assert_int_equal(err.code, GM_ENEGATIVE);
		gm_result_release(&o);
	}
}

/* What is noted about an answer, all of it, or with --quiet nothing. */
static void
check_notes(const struct gm_result *o, bool quiet, const char *want)
{
	char got[4096];
	FILE *file = tmpfile();
	struct gm_note note = { .tool = "gm-x", .quiet = quiet };
	size_t n;

	assert_non_null(file);
	note.fd = fileno(file);
	gm_result_tell(o, &note);
	rewind(file);
	n = fread(got, 1, sizeof(got) - 1, file);
	got[n] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_string_equal(got, want);
}

static void
test_tell(void **state)
{
	static const struct {
		const char *model, *version, *stage, *sources, *want;
	} rows[] = {
		{ MODEL, "", "", "", "" },
		{ MODEL, MODEL, "", "", "" },
		{ "models/" MODEL, MODEL, "", "", "" },
		{ MODEL, "gemini-4", "", "",
		    "gm-x: " MODEL ": answered by gemini-4\n" },
		{ MODEL, MODEL "-001", "", "", "" },
		{ MODEL, "models/" MODEL "-001", "", "", "" },
		{ "gpt-4o", "gpt-4o-2024-08-06", "", "", "" },
		{ "mistral-large", "mistral-large-2512", "", "", "" },
		{ "a", "a@20260101", "", "", "" },
		{ "gpt-4o", "gpt-4o-mini-2024-07-18", "", "",
		    "gm-x: gpt-4o: answered by gpt-4o-mini-2024-07-18\n" },
		{ "gemini-3", "gemini-3.5", "", "",
		    "gm-x: gemini-3: answered by gemini-3.5\n" },
		{ "gpt-4o", "gpt-4o-", "", "",
		    "gm-x: gpt-4o: answered by gpt-4o-\n" },
		{ "gpt-4o-2024-08-06", "gpt-4o-2024-11-20", "", "",
		    "gm-x: gpt-4o-2024-08-06: answered by "
		    "gpt-4o-2024-11-20\n" },
		{ "gemini-flash-latest", "gemini-4", "", "", "" },
		{ "models/gemini-flash-latest", "gemini-4", "", "", "" },
		{ "latest", "gemini-4", "", "",
		    "gm-x: latest: answered by gemini-4\n" },
		{ MODEL, MODEL, "STABLE", "", "" },
		{ MODEL, MODEL, "PREVIEW", "", "" },
		{ MODEL, MODEL, "LEGACY", "",
		    "gm-x: " MODEL ": the service calls it LEGACY\n" },
		{ MODEL, MODEL, "DEPRECATED", "",
		    "gm-x: " MODEL ": the service calls it DEPRECATED\n" },
		{ MODEL, MODEL, "RETIRED", "",
		    "gm-x: " MODEL ": the service calls it RETIRED\n" },
		{ MODEL, "", "", "https://a\tA title\nhttps://b\t\n",
		    "gm-x: source: https://a A title\n"
		    "gm-x: source: https://b\n" },
		{ MODEL, "gemini-4", "LEGACY", "https://a\tA\n",
		    "gm-x: " MODEL ": answered by gemini-4\n"
		    "gm-x: " MODEL ": the service calls it LEGACY\n"
		    "gm-x: source: https://a A\n" },
	};
	struct gm_result o;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_result_init(&o);
		(void)snprintf(o.answer.model_version,
		    sizeof(o.answer.model_version), "%s", rows[i].version);
		(void)snprintf(o.answer.stage, sizeof(o.answer.stage), "%s",
		    rows[i].stage);
		gm_buf_puts(&o.answer.sources, rows[i].sources);
		o.model = rows[i].model;
		check_notes(&o, false, rows[i].want);
		check_notes(&o, true, "");
		gm_result_release(&o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_subject),
		cmocka_unit_test(test_fail_finish),
		cmocka_unit_test(test_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
