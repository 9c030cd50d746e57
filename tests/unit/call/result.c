#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/result.h"

/* A text of 120 characters, as much as an error line has of a service's. */
#define LONG \
	"123456789 123456789 123456789 123456789 123456789 123456789 " \
	"123456789 123456789 123456789 123456789 123456789 1234567890"
#define MODEL "gemini-3.8-flash"
#define BASE "https://api.example"
#define KEY "fake-good-key-0001"

static const struct gm_subject subject = {
	.model = MODEL,
	.base_url = BASE,
	.key = { KEY, sizeof(KEY) - 1 },
	.now_ms = INT64_C(1795341562000), /* 38 s before 10:00 */
	.advice = "--ignore-cooldown tries anyway",
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
	    "key 0 (...0001): API key not valid; replace it (HTTP 400, "
	    "key_invalid)" },
	{ { GM_CLASS_KEY_LEAKED, 403, -1, "", "", "" }, 0, GM_ENOPERM,
	    "key 0 (...0001): API key reported as leaked; delete it and create "
	    "another (HTTP 403, key_leaked)" },
	{ { GM_CLASS_QUOTA_DAY, 429, 38000, "Quota exceeded.", "", "" },
	    INT64_C(1795341600000), GM_ETEMPFAIL,
	    "key 0 (...0001): daily quota exhausted until 10:00:00Z (38 s); "
	    "wait, or enable billing (HTTP 429, quota_day)" },
	{ { GM_CLASS_QUOTA_MINUTE, 429, 38000, "", "", "" },
	    INT64_C(1795341600001), GM_ETEMPFAIL,
	    "key 0 (...0001): rate-limited until 10:00:01Z (39 s); wait, or "
	    "add keys of another project (HTTP 429, quota_minute)" },
	{ { GM_CLASS_QUOTA_NONE, 429, 38000, "limit: 0", "", "12" }, 0,
	    GM_ETEMPFAIL,
	    "key 0 (...0001): no quota for this model; use another model, or "
	    "enable billing (HTTP 429, quota_none)" },
	/* Of a mark: nothing was sent. */
	{ { GM_CLASS_PROJECT_BLOCKED, 0, -1, "Enable it.", "", "12" }, 0,
	    GM_ENOPERM,
	    "key 0 (...0001): the project may not use the API; enable the API "
	    "and billing in it (project_blocked): Enable it." },
	{ { GM_CLASS_MODEL_GONE, 404, -1, "No longer available.",
	      "use gemini-4", "" },
	    0, GM_ECONFIG,
	    MODEL ": no such model; use gemini-4 (HTTP 404, model_gone)" },
	{ { GM_CLASS_MODEL_GONE, 404, -1, "Gone.", "", "" }, 0, GM_ECONFIG,
	    MODEL ": no such model; gm-models lists the models (HTTP 404, "
		  "model_gone)" },
	{ { GM_CLASS_BAD_REQUEST, 400, -1, "Too hot.", "", "" }, 0, GM_EDATA,
	    MODEL ": request rejected (HTTP 400, bad_request): Too hot." },
	{ { GM_CLASS_BAD_REQUEST, 400, -1, LONG "and more", "", "" }, 0,
	    GM_EDATA,
	    MODEL ": request rejected (HTTP 400, bad_request): " LONG "..." },
	{ { GM_CLASS_OVERLOADED, 503, -1, "Try later.", "", "" }, 0,
	    GM_EUNAVAILABLE,
	    MODEL ": overloaded; try again later (HTTP 503, overloaded)" },
	{ { GM_CLASS_NETWORK, 0, -1, "Could not resolve host", "", "" }, 0,
	    GM_EUNAVAILABLE,
	    BASE ": no connection: Could not resolve host; check the network "
		 "(network)" },
	{ { GM_CLASS_PROTOCOL, 200, -1, LONG "and more", "", "" }, 0,
	    GM_EPROTOCOL,
	    BASE ": the response makes no sense: " LONG "...; check the base "
		 "URL (HTTP 200, protocol)" },
	{ { GM_CLASS_BAD_URL, 404, -1, "404", "", "" }, 0, GM_ECONFIG,
	    BASE ": no API at this address; check the base URL (HTTP 404, "
		 "bad_url): 404" },
	{ { GM_CLASS_TRUNCATED, 200, -1, "no finish reason", "", "" }, 0,
	    GM_EPROTOCOL,
	    BASE ": the response ended too early: no finish reason; try again "
		 "later (HTTP 200, truncated)" },
	{ { GM_CLASS_REGION, 400, -1, "", "", "" }, 0, GM_ENOPERM,
	    BASE ": not available in your region; use a supported region, or "
		 "enable billing (HTTP 400, region)" },
	{ { GM_CLASS_LOCAL, 0, -1, "out of memory", "", "" }, 0, GM_EOS,
	    MODEL ": failure on this machine: out of memory (local)" },
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
	assert_string_equal(err.msg, "key 12 (...): API key rejected; replace "
				     "it (HTTP 401, key_rejected)");
	gm_result_release(&o);
}

/* With -v all of the service's text is printed, and also what we leave out. */
static void
test_fail_whole(void **state)
{
	static const struct gm_fault rejected = { GM_CLASS_BAD_REQUEST, 400, -1,
		LONG "and more", "", "" };
	static const struct gm_fault limited = { GM_CLASS_QUOTA_MINUTE, 429, -1,
		"Quota exceeded.", "", "" };
	struct gm_result o;
	struct gm_err err;

	(void)state;
	gm_result_init(&o);
	assert_int_equal(
	    gm_result_fail_whole(&o, &rejected, &subject, &err), -1);
	assert_string_equal(err.msg, MODEL
	    ": request rejected (HTTP 400, bad_request): " LONG "and more");
	assert_int_equal(
	    gm_result_fail_whole(&o, &limited, &subject, &err), -1);
	assert_string_equal(err.msg,
	    "key 0 (...0001): rate-limited; wait, or add keys of another "
	    "project (HTTP 429, quota_minute): Quota exceeded.");
	gm_result_release(&o);
}

#define AT INT64_C(1795341600000) /* 10:00:00, in 38 s */

/* No key can be used: what all are, until when, and what to do. */
static void
test_fail_keys(void **state)
{
	static const struct {
		struct gm_fault fault; /* of the last attempt */
		struct gm_pick pick;
		enum gm_code code;
		enum gm_class class;
		const char *want;
	} rows[] = {
		{ { GM_CLASS_QUOTA_MINUTE, 429, -1, "Slowly.", "", "" },
		    { .kind = GM_PICK_COOLING, .at_ms = AT, .cooling = 2 },
		    GM_ETEMPFAIL, GM_CLASS_QUOTA_MINUTE,
		    "all keys are rate-limited until 10:00:00Z (38 s); wait, "
		    "or add keys of another project (HTTP 429, "
		    "quota_minute)" },
		{ { GM_CLASS_QUOTA_DAY, 429, -1, "", "", "" },
		    { .kind = GM_PICK_COOLING, .at_ms = AT, .cooling = 2 },
		    GM_ETEMPFAIL, GM_CLASS_QUOTA_DAY,
		    "all keys have exhausted their daily quota until 10:00:00Z "
		    "(38 s); wait, or enable billing (HTTP 429, quota_day)" },
		{ { GM_CLASS_QUOTA_SPEND, 429, -1, "", "", "" },
		    { .kind = GM_PICK_COOLING, .at_ms = AT, .cooling = 2 },
		    GM_ETEMPFAIL, GM_CLASS_QUOTA_SPEND,
		    "all keys are cooling down until 10:00:00Z (38 s): "
		    "spending limit reached; wait, or raise it (HTTP 429, "
		    "quota_spend)" },
		{ { GM_CLASS_KEY_INVALID, 400, -1, "", "", "" },
		    { .kind = GM_PICK_COOLING,
			.at_ms = AT,
			.status = { .class = GM_CLASS_QUOTA_DAY },
			.cooling = 1,
			.rejected = 1 },
		    GM_ETEMPFAIL, GM_CLASS_QUOTA_DAY,
		    "no usable key until 10:00:00Z (38 s): 1 key cooling down, "
		    "1 rejected; gm-keycheck shows the reason for each (HTTP "
		    "400, key_invalid)" },
		{ { GM_CLASS_FORBIDDEN, 403, -1, "Not you.", "", "" },
		    { .kind = GM_PICK_REJECTED, .rejected = 2 }, GM_ENOPERM,
		    GM_CLASS_FORBIDDEN,
		    "all keys are rejected: permission denied; gm-keycheck "
		    "shows the reason for each (HTTP 403, forbidden): Not "
		    "you." },
		{ { GM_CLASS_QUOTA_MINUTE, 429, -1, "", "", "" },
		    { .kind = GM_PICK_COOLING, .at_ms = AT, .cooling = 1 },
		    GM_ETEMPFAIL, GM_CLASS_QUOTA_MINUTE,
		    "key 0 (...0001): rate-limited until 10:00:00Z (38 s); "
		    "wait, or add keys of another project (HTTP 429, "
		    "quota_minute)" },
		/* Known from earlier; no request was sent. */
		{ { .class = GM_CLASS_OK },
		    { .kind = GM_PICK_COOLING,
			.at_ms = AT,
			.status = { GM_CLASS_QUOTA_DAY, 5, AT, "Retry in 3s" },
			.cooling = 2 },
		    GM_ETEMPFAIL, GM_CLASS_QUOTA_DAY,
		    "all keys have exhausted their daily quota until 10:00:00Z "
		    "(38 s); --ignore-cooldown tries anyway (quota_day)" },
		{ { .class = GM_CLASS_OK },
		    { .kind = GM_PICK_REJECTED,
			.status = { GM_CLASS_KEY_LEAKED, 5, 0, "Leaked." },
			.rejected = 1 },
		    GM_ENOPERM, GM_CLASS_KEY_LEAKED,
		    "key 0 (...0001): API key reported as leaked; delete it "
		    "and create another, or --ignore-cooldown tries anyway "
		    "(key_leaked)" },
		/* A limit of the user. */
		{ { .class = GM_CLASS_OK },
		    { .kind = GM_PICK_COOLING,
			.at_ms = AT,
			.status = { GM_CLASS_QUOTA_DAY, 0, AT, "GM_RPD" },
			.cooling = 1 },
		    GM_ETEMPFAIL, GM_CLASS_QUOTA_DAY,
		    "key 0 (...0001): daily quota exhausted until 10:00:00Z "
		    "(38 s); wait, or raise GM_RPD (quota_day)" },
	};
	struct gm_result o;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_result_init(&o);
		o.fault = rows[i].fault;
		assert_int_equal(
		    gm_result_fail_keys(&o, &rows[i].pick, &subject, &err), -1);
		assert_string_equal(err.msg, rows[i].want);
		assert_int_equal(err.code, rows[i].code);
		assert_int_equal(o.class, rows[i].class);
		assert_int_equal(
		    o.retry_at_ms, rows[i].code == GM_ETEMPFAIL ? AT : 0);
		gm_result_release(&o);
	}
}

/* JSON has the class and all of the service's text, where it is the cause. */
static void
test_class(void **state)
{
	struct gm_result o;
	struct gm_err err;

	(void)state;
	gm_result_init(&o);
	(void)gm_fail(&err, GM_EIO, "full");
	assert_int_equal(gm_result_class(&o, &err), GM_CLASS_LOCAL);
	assert_int_equal(gm_result_class(NULL, &err), GM_CLASS_LOCAL);
	assert_string_equal(gm_result_service_text(&o), "");
	o.class = GM_CLASS_QUOTA_DAY;
	o.fault =
	    (struct gm_fault){ GM_CLASS_QUOTA_DAY, 429, -1, LONG LONG, "", "" };
	assert_int_equal(gm_result_class(&o, &err), GM_CLASS_QUOTA_DAY);
	assert_string_equal(gm_result_service_text(&o), LONG LONG);
	o.class = GM_CLASS_DEADLINE;
	assert_string_equal(gm_result_service_text(&o), "");
	o.class = GM_CLASS_TRUNCATED; /* the words are ours */
	o.fault.class = GM_CLASS_TRUNCATED;
	assert_string_equal(gm_result_service_text(&o), "");
	o.fault = (struct gm_fault){ .class = GM_CLASS_OK };
	o.class = GM_CLASS_BLOCKED;
	(void)snprintf(o.answer.explanation, sizeof(o.answer.explanation), "%s",
	    "Not nice.");
	assert_string_equal(gm_result_service_text(&o), "Not nice.");
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
		    MODEL ": the prompt was blocked (SAFETY, blocked)" },
		{ GM_CLASS_BLOCKED, "OTHER", "Not nice.", { 0 }, true,
		    MODEL
		    ": the prompt was blocked (OTHER, blocked): Not nice." },
		{ GM_CLASS_BLOCKED, "RECITATION", "", { 0 }, false,
		    MODEL ": the answer was blocked (RECITATION, blocked)" },
		{ GM_CLASS_BLOCKED, "RECITATION", LONG "more", { 0 }, false,
		    MODEL
		    ": the answer was blocked (RECITATION, blocked): " LONG
		    "..." },
		{ GM_CLASS_TOKEN_LIMIT, "MAX_TOKENS", "",
		    { 11, -1, 40, 210, 261 }, false,
		    MODEL ": the answer was cut at the token limit: 210 of 250 "
			  "tokens went to thinking; raise --max-tokens "
			  "(MAX_TOKENS, token_limit)" },
		{ GM_CLASS_TOKEN_LIMIT, "MAX_TOKENS", "",
		    { 11, -1, -1, 210, 221 }, false,
		    MODEL ": the answer was cut at the token limit: 210 of 210 "
			  "tokens went to thinking; raise --max-tokens "
			  "(MAX_TOKENS, token_limit)" },
		{ GM_CLASS_TOKEN_LIMIT, "MAX_TOKENS", "",
		    { 11, -1, 40, -1, 51 }, false,
		    MODEL ": the answer was cut at the token limit; raise "
			  "--max-tokens (MAX_TOKENS, token_limit)" },
		{ GM_CLASS_EMPTY, "STOP", "", { 11, -1, 0, 210, 221 }, false,
		    MODEL ": the answer is empty (STOP, empty)" },
		{ GM_CLASS_EMPTY, "", "", { 0 }, false,
		    MODEL ": the answer is empty (no finish reason, empty)" },
		{ GM_CLASS_UNFINISHED, "NEW_REASON", "Because.", { 0 }, false,
		    MODEL
		    ": the answer may be incomplete (NEW_REASON, unfinished): "
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
	gm_result_note(o, &note);
	rewind(file);
	n = fread(got, 1, sizeof(got) - 1, file);
	got[n] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_string_equal(got, want);
}

static void
test_note(void **state)
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
		    "gm-x: " MODEL
		    ": the service marks this model as LEGACY; use another\n" },
		{ MODEL, MODEL, "DEPRECATED", "",
		    "gm-x: " MODEL ": the service marks this model as "
		    "DEPRECATED; use another\n" },
		{ MODEL, MODEL, "RETIRED", "",
		    "gm-x: " MODEL ": the service marks this model as RETIRED; "
		    "use another\n" },
		{ MODEL, "", "", "https://a\tA title\nhttps://b\t\n",
		    "gm-x: source: https://a A title\n"
		    "gm-x: source: https://b\n" },
		{ MODEL, "gemini-4", "LEGACY", "https://a\tA\n",
		    "gm-x: " MODEL ": answered by gemini-4\n"
		    "gm-x: " MODEL
		    ": the service marks this model as LEGACY; use another\n"
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
		cmocka_unit_test(test_fail_whole),
		cmocka_unit_test(test_fail_keys),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_fail_finish),
		cmocka_unit_test(test_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
