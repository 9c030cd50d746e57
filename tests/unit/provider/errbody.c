#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/term.h"
#include "provider/errbody.h"

#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}
#define DETAIL(name, members) \
	"{\"@type\":\"type.googleapis.com/google.rpc." name "\"," members "}"
#define SEED \
	"{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],\"msg\":" \
	"\"Extra inputs are not permitted\",\"input\":1}"
#define SEED_WORDS "body.seed: Extra inputs are not permitted"
#define TURN "{\"loc\":[\"body\",\"messages\",0,\"role\"],\"msg\":\"Bad.\"}"
#define DEEP "{\"error\":{\"error\":{\"error\":{\"error\":"
#define KIB ((size_t)1024)

/* The members that are set, as text: see show(). */
static const struct {
	const char *name;
	struct gm_span body;
	const char *want;
} rows[] = {
	{ "nothing", S(""), "" },
	{ "blanks", S(" \r\n\t"), "" },
	{ "envelope",
	    S("{\"error\":{\"code\":400,\"message\":\"Bad.\","
	      "\"status\":\"INVALID_ARGUMENT\"}}"),
	    "code 400, message Bad., status INVALID_ARGUMENT" },
	{ "white space around", S("\r\n {\"error\":{\"code\":400}}\r\n"),
	    "code 400" },
	{ "in an array", S("[{\"error\":{\"code\":503,\"message\":\"M\"}}]"),
	    "code 503, message M" },
	{ "in an array, pretty",
	    S("[{\n  \"error\": {\n    \"code\": 503\n  }\n}\n]\n"),
	    "code 503" },
	{ "empty array", S("[]"), "" },
	{ "code is text", S("{\"error\":{\"code\":\"invalid_request\"}}"),
	    "name invalid_request" },
	{ "code is digits", S("{\"error\":{\"code\":\"429\"}}"), "code 429" },
	{ "error is text", S("{\"error\":\"model 'x' not found\"}"),
	    "message model 'x' not found" },
	{ "error is nothing", S("{\"error\":null}"), "" },
	{ "error is empty", S("{\"error\":{}}"), "" },
	{ "error is a list", S("{\"error\":[1,2]}"), "" },
	{ "message alone", S("{\"message\":\"Unauthorized\"}"),
	    "message Unauthorized" },
	{ "detail alone", S("{\"detail\":\"Not Found\"}"),
	    "message Not Found" },
	{ "detail is a list", S("{\"detail\":[{\"msg\":\"x\"}]}"),
	    "message x" },
	{ "message is a number", S("{\"error\":{\"message\":5}}"), "" },
	{ "other members",
	    S("{\"error\":{\"errors\":[{\"message\":\"x\","
	      "\"reason\":\"rateLimitExceeded\"}],\"code\":429,"
	      "\"message\":\"M\",\"status\":\"RESOURCE_EXHAUSTED\"}}"),
	    "code 429, message M, status RESOURCE_EXHAUSTED" },
	{ "nested",
	    S("{\"error\":{\"code\":500,\"status\":\"INTERNAL\",\"message\":"
	      "\"{\\\"error\\\":{\\\"code\\\":429,\\\"message\\\":\\\"M\\\","
	      "\\\"status\\\":\\\"RESOURCE_EXHAUSTED\\\"}}\"}}"),
	    "code 429, message M, status RESOURCE_EXHAUSTED" },
	{ "nested in an array",
	    S("[{\"error\":{\"message\":\"[{\\\"error\\\":"
	      "{\\\"message\\\":\\\"M\\\"}}]\"}}]"),
	    "message M" },
	{ "nested twice",
	    S("{\"error\":{\"message\":\"{\\\"error\\\":{\\\"message\\\":"
	      "\\\"{\\\\\\\"error\\\\\\\":{\\\\\\\"message\\\\\\\":"
	      "\\\\\\\"M\\\\\\\"}}\\\"}}\"}}"),
	    "message M" },
	{ "only looks nested", S("{\"error\":{\"message\":\"[x] failed\"}}"),
	    "message [x] failed" },
	/* Chat completions. */
	{ "OpenAI's",
	    S("{\"error\":{\"message\":\"M\",\"type\":\"insufficient_quota\","
	      "\"param\":null,\"code\":\"insufficient_quota\"}}"),
	    "message M, name insufficient_quota, type insufficient_quota" },
	{ "Ollama's",
	    S("{\"error\":{\"message\":\"M\",\"type\":\"api_error\","
	      "\"param\":null,\"code\":null}}"),
	    "message M, type api_error" },
	{ "llama.cpp's",
	    S("{\"error\":{\"code\":503,\"message\":\"Loading model\","
	      "\"type\":\"unavailable_error\"}}"),
	    "code 503, message Loading model, type unavailable_error" },
	{ "llama.cpp's, of old",
	    S("{\"code\":500,\"message\":\"M\",\"type\":\"server_error\"}"),
	    "code 500, message M, type server_error" },
	{ "Mistral's",
	    S("{\"object\":\"error\",\"message\":\"Invalid model: x\","
	      "\"type\":\"invalid_model\",\"param\":null,\"code\":\"1500\"}"),
	    "code 1500, message Invalid model: x, type invalid_model" },
	{ "complaints in an object",
	    S("{\"object\":\"error\",\"message\":{\"detail\":[" SEED "]},"
	      "\"type\":\"invalid_request_error\",\"code\":null}"),
	    "message " SEED_WORDS ", type invalid_request_error" },
	{ "complaints in an array",
	    S("{\"object\":\"error\",\"message\":[" SEED "," TURN "],"
	      "\"type\":\"invalid_request_error\",\"code\":3001}"),
	    "code 3001, message " SEED_WORDS
	    "; body.messages.0.role: Bad., type "
	    "invalid_request_error" },
	{ "complaints as text",
	    S("{\"object\":\"error\",\"message\":\"{\\\"detail\\\":["
	      "{\\\"loc\\\":[\\\"body\\\",\\\"seed\\\"],\\\"msg\\\":"
	      "\\\"No.\\\"}]}\",\"type\":\"t\"}"),
	    "message body.seed: No., type t" },
	{ "complaints as text of an array",
	    S("{\"object\":\"error\",\"message\":\"[{\\\"loc\\\":["
	      "\\\"body\\\",\\\"seed\\\"],\\\"msg\\\":\\\"No.\\\"}]\"}"),
	    "message body.seed: No." },
	{ "complaints alone", S("{\"detail\":[" SEED "]}"),
	    "message " SEED_WORDS },
	{ "complaints in an error",
	    S("{\"error\":{\"message\":{\"detail\":[" SEED "]}}}"),
	    "message " SEED_WORDS },
	{ "a detail in an object", S("{\"message\":{\"detail\":\"M\"}}"),
	    "message M" },
	{ "words and other things", S("{\"detail\":[\"a\",5,\"b\",{}]}"),
	    "message a; ; b;" },
	{ "a place without words", S("{\"detail\":[{\"loc\":[\"body\"]}]}"),
	    "message body:" },
	{ "the inner type",
	    S("{\"error\":{\"type\":\"outer\",\"code\":\"o\",\"message\":"
	      "\"{\\\"error\\\":{\\\"type\\\":\\\"inner\\\"}}\"}}"),
	    "name o, type inner" },
	{ "words four levels deep",
	    S("{\"error\":{\"error\":{\"error\":{\"error\":{\"code\":400,"
	      "\"message\":\"M\"}}}}}"),
	    "code 400, message M" },
	{ "words five levels deep in a message",
	    S("{\"message\":{\"error\":{\"detail\":{\"error\":{\"msg\":"
	      "{\"en\":\"M\"}}}}}}"),
	    "message M" },
	{ "too deep to be meant",
	    S("{\"message\":" DEEP DEEP DEEP DEEP "\"M\"}}}}}}}}}}}}}}}}}"),
	    "" },
	{ "words in data", S("{\"code\":401,\"data\":{\"message\":\"M\"}}"),
	    "code 401, message M" },
	{ "words in an error's data",
	    S("{\"error\":{\"data\":{\"error\":{\"code\":402,\"message\":"
	      "\"M\"}}}}"),
	    "code 402, message M" },
	{ "words in a response's body",
	    S("{\"response\":{\"body\":{\"detail\":\"M\"}}}"), "message M" },
	{ "words above data", S("{\"message\":\"M\",\"data\":{\"msg\":\"N\"}}"),
	    "message M" },
	{ "a reason alone", S("{\"error\":{\"reason\":\"M\"}}"), "message M" },
	{ "a reason beside a message",
	    S("{\"error\":{\"reason\":\"N\",\"message\":\"M\"}}"),
	    "message M" },
	{ "a choice's error",
	    S("{\"choices\":[{\"finish_reason\":\"error\",\"error\":{"
	      "\"code\":502,\"message\":\"M\"}}]}"),
	    "code 502, message M" },
	{ "a choice's error as text",
	    S("{\"choices\":[{\"delta\":{},\"error\":\"M\"}]}"), "message M" },
	{ "cut JSON", S("{\"error\":{\"code\":400,\"message\":\"Ba"), "" },
	{ "two roots", S("{\"error\":{\"code\":400}}{}"), "" },
	{ "last of two names", S("{\"error\":{\"code\":1,\"code\":2}}"),
	    "code 2" },
	{ "text", S("upstream connect error\n"),
	    "message upstream connect error" },
	{ "text with tags", S("a < b > c"), "message a < b > c" },
	{ "page",
	    S("<!DOCTYPE html>\n<html lang=en><title>Error 404 (Not "
	      "Found)!!1</title><p><b>404.</b> That\xE2\x80\x99s an error."),
	    "message Error 404 (Not Found)!!1 404. That\xE2\x80\x99s an "
	    "error., html" },
	{ "page after a BOM", S("\xEF\xBB\xBF<html>Sorry</html>"),
	    "message Sorry, html" },
	{ "JSON after a BOM", S("\xEF\xBB\xBF{\"error\":{\"code\":400}}"),
	    "code 400" },
	{ "page without end", S("  <html><body>502 Bad<hr"),
	    "message 502 Bad, html" },
	{ "code in a page",
	    S("<style>b{color:red}</style>A<SCRIPT>x<1</SCRIPT>B"),
	    "message A B, html" },
	{ "code without end", S("<p>A</p><script>var x = 1;"),
	    "message A, html" },
};

static const struct {
	const char *name;
	struct gm_span details; /* of the error */
	const char *want;
} details[] = {
	{ "ErrorInfo",
	    S(DETAIL("ErrorInfo",
		"\"reason\":\"API_KEY_INVALID\",\"domain\":\"d\"")),
	    "reason API_KEY_INVALID" },
	{ "the first ErrorInfo",
	    S(DETAIL("ErrorInfo", "\"reason\":\"A\"") "," DETAIL(
		"ErrorInfo", "\"reason\":\"B\"")),
	    "reason A" },
	{ "its quota",
	    S(DETAIL("ErrorInfo",
		"\"reason\":\"R\",\"metadata\":{\"quota_limit\":"
		"\"XPerMinuteY\",\"quota_limit_value\":\"0\"}")),
	    "reason R, quota XPerMinuteY, zero" },
	{ "its quota of 60",
	    S(DETAIL("ErrorInfo", "\"metadata\":{\"quota_limit\":\"L\","
				  "\"quota_limit_value\":\"60\"}")),
	    "quota L" },
	{ "its project",
	    S(DETAIL("ErrorInfo", "\"reason\":\"R\",\"metadata\":{\"consumer\":"
				  "\"projects/123\",\"service\":\"s\"}")),
	    "reason R, project projects/123" },
	{ "the first project",
	    S(DETAIL("ErrorInfo", "\"reason\":\"R\",\"metadata\":{\"consumer\":"
				  "\"projects/1\"}") "," DETAIL("ErrorInfo",
		"\"metadata\":{\"consumer\":\"projects/2\"}")),
	    "reason R, project projects/1" },
	{ "a project that is none",
	    S(DETAIL(
		"ErrorInfo", "\"reason\":\"R\",\"metadata\":{\"consumer\":5}")),
	    "reason R" },
	{ "a project elsewhere",
	    S(DETAIL(
		"ErrorInfo", "\"reason\":\"R\",\"consumer\":\"projects/1\"")),
	    "reason R" },
	{ "QuotaFailure",
	    S(DETAIL("QuotaFailure",
		"\"violations\":[{\"quotaMetric\":\"m\",\"quotaId\":\"i\","
		"\"quotaValue\":\"20\"},{\"quotaId\":\"j\"}]")),
	    "quota i m j" },
	{ "a quota of 0, as text",
	    S(DETAIL("QuotaFailure",
		"\"violations\":[{\"quotaId\":\"i\"},{\"quotaValue\":"
		"\"0\"}]")),
	    "quota i, zero" },
	{ "a quota of 0, as a number",
	    S(DETAIL("QuotaFailure", "\"violations\":[{\"quotaValue\":0}]")),
	    "zero" },
	{ "no violations", S(DETAIL("QuotaFailure", "\"violations\":{}")), "" },
	{ "RetryInfo", S(DETAIL("RetryInfo", "\"retryDelay\":\"38s\"")),
	    "delay 38s" },
	{ "BadRequest",
	    S(DETAIL("BadRequest",
		"\"fieldViolations\":[{\"field\":\"f\",\"description\":"
		"\"Wrong f.\"},{\"description\":\"Wrong g.\"}]")),
	    "field Wrong f." },
	{ "Help", S(DETAIL("Help", "\"links\":[{\"url\":\"http://x\"}]")), "" },
	{ "DebugInfo",
	    S(DETAIL("DebugInfo", "\"detail\":\"Invalid API key: x\"")), "" },
	{ "LocalizedMessage",
	    S(DETAIL("LocalizedMessage", "\"message\":\"x\"")), "" },
	{ "PreconditionFailure",
	    S(DETAIL(
		"PreconditionFailure", "\"violations\":[{\"quotaId\":\"i\"}]")),
	    "" },
	{ "a longer type", S(DETAIL("ErrorInfoX", "\"reason\":\"A\"")), "" },
	{ "another name's end", S(DETAIL("MyErrorInfo", "\"reason\":\"A\"")),
	    "" },
	{ "a short type", S("{\"@type\":\"x.ErrorInfo\",\"reason\":\"A\"}"),
	    "reason A" },
	{ "no objects", S("5,null,\"x\",[1],{}"), "" },
	{ "several",
	    S(DETAIL("Help", "\"links\":[]") "," DETAIL("QuotaFailure",
		"\"violations\":[{\"quotaId\":\"i\"}]") "," DETAIL("RetryInfo",
		"\"retryDelay\":\"0.5s\"")),
	    "quota i, delay 0.5s" },
};

static void
put(struct gm_buf *out, const char *name, const struct gm_buf *value)
{
	if (value->len == 0)
		return;
	if (out->len > 0)
		gm_buf_puts(out, ", ");
	gm_buf_printf(out, "%s ", name);
	gm_term_line(out, gm_buf_span(value), 1000);
}

/* The contents of a body, with white space folded. */
static const char *
show(struct gm_buf *out, struct gm_span body)
{
	struct gm_errbody e;

	gm_buf_init(out, 64 * KIB);
	gm_errbody_read(&e, body);
	if (e.code != 0)
		gm_buf_printf(out, "code %ld", e.code);
	put(out, "message", &e.message);
	if (e.code == 0) /* else the name is the code in digits */
		put(out, "name", &e.name);
	put(out, "type", &e.type);
	put(out, "status", &e.status);
	put(out, "reason", &e.reason);
	if (gm_span_trim(gm_buf_span(&e.quota)).len > 0)
		put(out, "quota", &e.quota);
	put(out, "delay", &e.delay);
	put(out, "project", &e.project);
	put(out, "field", &e.field);
	if (e.zero)
		gm_buf_puts(out, out->len > 0 ? ", zero" : "zero");
	if (e.html)
		gm_buf_puts(out, out->len > 0 ? ", html" : "html");
	/* Either from JSON, or from text. */
	assert_true(e.json || e.code == 0);
	gm_errbody_release(&e);
	gm_errbody_release(&e);
	return gm_buf_str(out);
}

static void
test_rows(void **state)
{
	struct gm_buf got;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		if (strcmp(show(&got, rows[i].body), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, gm_buf_str(&got));
		gm_buf_release(&got);
	}
}

static void
test_details(void **state)
{
	struct gm_buf body, got, want;
	size_t i;

	(void)state;
	gm_buf_init(&body, 4 * KIB);
	gm_buf_init(&want, 4 * KIB);
	for (i = 0; i < GM_LEN(details); i++) {
		gm_buf_reset(&body);
		gm_buf_puts(&body, "{\"error\":{\"code\":400,\"details\":[");
		gm_buf_put_span(&body, details[i].details);
		gm_buf_puts(&body, "]}}");
		gm_buf_reset(&want);
		gm_buf_printf(&want, "code 400%s%s",
		    details[i].want[0] != '\0' ? ", " : "", details[i].want);
		if (strcmp(show(&got, gm_buf_span(&body)), gm_buf_str(&want)) !=
		    0)
			fail_msg("%s: %s", details[i].name, gm_buf_str(&got));
		gm_buf_release(&got);
	}
	gm_buf_release(&body);
	gm_buf_release(&want);
}

/* Text is no JSON: it is from a gateway. */
static void
test_json(void **state)
{
	static const struct {
		const char *body;
		bool json;
	} cases[] = {
		{ "", false },
		{ "404 page not found", false },
		{ "<html>{}</html>", false },
		{ "{\"error\":", false },
		{ "{}", true },
		{ " [] ", true },
		{ "{\"error\":{\"message\":\"{x\"}}", true },
	};
	struct gm_errbody e;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++) {
		gm_errbody_read(&e, gm_span_of(cases[i].body));
		assert_int_equal(e.json, cases[i].json);
		gm_errbody_release(&e);
	}
}

/* A body of many MiB: the message is its beginning. */
static void
test_large(void **state)
{
	const size_t len = 2 * KIB * KIB;
	struct gm_errbody e;
	struct gm_buf body;

	(void)state;
	gm_buf_init(&body, len);
	memset(gm_buf_room(&body, len), 'x', len);
	gm_buf_filled(&body, len);
	gm_errbody_read(&e, gm_buf_span(&body));
	assert_true(e.message.len >= 300 && e.message.len <= 64 * KIB);
	assert_memory_equal(e.message.data, body.data, e.message.len);
	gm_errbody_release(&e);
	memset(body.data, '[', len);
	gm_errbody_read(&e, gm_buf_span(&body));
	assert_int_equal(e.message.len, 0);
	gm_errbody_release(&e);
	gm_buf_release(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
