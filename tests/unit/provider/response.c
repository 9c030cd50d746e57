#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/response.h"

#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}
#define TEXT(text) \
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text \
	"\"}],\"role\":\"model\"},\"index\":0}]}"
#define LAST(text) \
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text \
	"\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{" \
	"\"totalTokenCount\":7}}"
#define END "{\"candidates\":[{\"finishReason\":\"STOP\"}]}"
#define ERROR(code, message) \
	"{\"error\":{\"code\":" #code ",\"message\":\"" message "\"}}"
#define BARE_ERROR \
	"{\n  \"error\": {\n    \"code\": 499,\n    \"message\": \"The " \
	"operation was cancelled.\",\n    \"status\": \"CANCELLED\"\n  }\n}\n"
#define EMPTY(text) \
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text \
	"\"}]},\"finishReason\":\"\"}]}"
#define EVENT(json) "data: " json "\r\n\r\n"
#define PAGE_WORDS "a web page, perhaps of a captive portal"

/* The text, thoughts (in brackets), class, HTTP status, finish and words. */
struct run {
	struct gm_response response;
	struct gm_answer answer;
	struct gm_sink sink;
	struct gm_http_head head;
	struct gm_buf log;
	struct gm_err err;
	enum gm_http_pulse pulse;
};

static const struct gm_request request = { .operation = GM_OP_GENERATE,
	.model = "gemini-3.8-flash" };

/* Bodies with status 200, at each cut; "*": any words. */
static const struct {
	const char *name;
	struct gm_span body;
	const char *want;
} rows[] = {
	{ "the service's form", S(EVENT(TEXT("Hel")) EVENT(LAST("lo."))),
	    "Hello.|ok 200 STOP|" },
	{ "LF", S("data: " TEXT("Hel") "\n\ndata: " LAST("lo.") "\n\n"),
	    "Hello.|ok 200 STOP|" },
	{ "CR, no space", S("data:" TEXT("a") "\r\rdata:" LAST("b") "\r\r"),
	    "ab|ok 200 STOP|" },
	{ "no last empty line", S(EVENT(TEXT("a")) "data: " LAST("b") "\r\n"),
	    "ab|ok 200 STOP|" },
	{ "no last line end", S(EVENT(TEXT("a")) "data: " LAST("b")),
	    "ab|ok 200 STOP|" },
	{ "an event in two lines",
	    S("data: {\"candidates\":\r\ndata: "
	      "[{\"finishReason\":\"STOP\"}]}\r\n\r\n"),
	    "|ok 200 STOP|" },
	{ "DONE", S(EVENT(LAST("a")) "data: [DONE]\n\n"), "a|ok 200 STOP|" },
	{ "DONE, no line end", S(EVENT(LAST("a")) "data:  [DONE] "),
	    "a|ok 200 STOP|" },
	{ "DONE alone", S("data: [DONE]\n\n"),
	    "|truncated 200 |no finish reason" },
	{ "comments",
	    S(": ping\n\n" EVENT(TEXT("a")) ": ping\n\ndata:\n\n"
					    "event: x\nid: 1\n\n" EVENT(
						LAST("b"))),
	    "ab|ok 200 STOP|" },
	{ "BOM", S("\xEF\xBB\xBF" EVENT(LAST("a"))), "a|ok 200 STOP|" },
	{ "blanks first", S("\r\n \n" EVENT(LAST("a"))), "a|ok 200 STOP|" },
	{ "finish in each event", S(EVENT(LAST("a")) EVENT(LAST("b"))),
	    "ab|ok 200 STOP|" },
	{ "finish without parts", S(EVENT(TEXT("a")) EVENT(END)),
	    "a|ok 200 STOP|" },
	{ "finish before the text", S(EVENT(END) EVENT(TEXT("a"))),
	    "a|ok 200 STOP|" },
	{ "escapes and letters", S(EVENT(LAST("\\u00e9\xE2\x82\xAC\\ud83d"))),
	    "\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBD|ok 200 STOP|" },
	{ "unary", S(LAST("Hi.")), "Hi.|ok 200 STOP|" },
	{ "unary, blanks around", S("\r\n  " LAST("Hi.") "\r\n"),
	    "Hi.|ok 200 STOP|" },
	{ "unary after a BOM", S("\xEF\xBB\xBF" LAST("Hi.")),
	    "Hi.|ok 200 STOP|" },
	{ "array", S("[" TEXT("a") "\r\n,\r\n" LAST("b") "\n]\n"),
	    "ab|ok 200 STOP|" },
	{ "array with an error", S("[" TEXT("a") ",\n" ERROR(503, "M") "]"),
	    "a|server 503 |M" },
	{ "blocked prompt",
	    S(EVENT("{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}")),
	    "|ok 200 SAFETY|" },
	/* Errors. */
	{ "bare error",
	    S(EVENT(TEXT("First ")) EVENT(LAST("second ")) BARE_ERROR),
	    "First second |cancelled 499 STOP|The operation was cancelled." },
	{ "bare error, LF before", S("data: " LAST("a") "\n\n" BARE_ERROR),
	    "a|cancelled 499 STOP|The operation was cancelled." },
	{ "bare error, no line end", S(EVENT(TEXT("a")) ERROR(429, "M")),
	    "a|quota 429 |M" },
	{ "bare error between",
	    S(EVENT(TEXT("a")) BARE_ERROR "\n" EVENT(LAST("b"))),
	    "ab|cancelled 499 STOP|The operation was cancelled." },
	{ "bare error in an array",
	    S(EVENT(TEXT("a")) "[" ERROR(503, "overloaded") "]\n"),
	    "a|overloaded 503 |overloaded" },
	{ "error event",
	    S(EVENT(TEXT("a")) EVENT(ERROR(500, "M")) EVENT(LAST("never"))),
	    "a|server 500 |M" },
	{ "named error event", S("event: error\n" EVENT(ERROR(504, "M"))),
	    "|server_timeout 504 |M" },
	{ "error alone", S(ERROR(429, "requests per minute")),
	    "|quota_minute 429 |requests per minute" },
	{ "error in an array", S("[" ERROR(403, "M") "]"),
	    "|forbidden 403 |M" },
	{ "a word", S("{\"message\":\"M\"}"), "|protocol 200 |M" },
	{ "a word in an event", S(EVENT("{\"detail\":\"M\"}")),
	    "|protocol 200 |M" },
	{ "a word after text", S(EVENT(TEXT("a")) EVENT("{\"message\":\"M\"}")),
	    "a|server 200 |M" },
	{ "error without a code", S(EVENT("{\"error\":\"M\"}")),
	    "|protocol 200 |M" },
	{ "error without a code at the end", S("data: {\"error\":\"M\"}"),
	    "|protocol 200 |M" },
	/* Incomplete. */
	{ "nothing", S(""), "|truncated 200 |no finish reason" },
	{ "blanks", S(" \r\n\t\n"), "|truncated 200 |no finish reason" },
	{ "comments alone", S(": ping\n\n"),
	    "|truncated 200 |no finish reason" },
	{ "empty object", S("{}"), "|protocol 200 |JSON, but not an answer" },
	{ "empty array", S("[]"), "|protocol 200 |JSON, but not an answer" },
	{ "unrelated object", S("{\"status\":\"ok\"}"),
	    "|protocol 200 |JSON, but not an answer" },
	{ "unrelated array", S("[{\"id\":1},{\"id\":2}]"),
	    "|protocol 200 |JSON, but not an answer" },
	{ "unrelated events", S(EVENT("{\"id\":1}") EVENT("{\"id\":2}")),
	    "|protocol 200 |JSON, but not an answer" },
	{ "the answer of another service",
	    S("{\"choices\":[{\"message\":{\"content\":\"a\"},"
	      "\"finish_reason\":\"stop\"}]}"),
	    "|protocol 200 |JSON, but not an answer" },
	{ "an unrelated event, too", S(EVENT("{\"id\":1}") EVENT(LAST("a"))),
	    "a|ok 200 STOP|" },
	{ "no finish", S(EVENT(TEXT("a"))),
	    "a|truncated 200 |no finish reason" },
	{ "unary, no finish", S(TEXT("a")), "a|ok 200 |" },
	{ "unary, empty finish", S(EMPTY("a")), "a|ok 200 |" },
	{ "unary, no candidates", S("{\"candidates\":[]}"),
	    "|truncated 200 |no finish reason" },
	{ "array, no finish", S("[" TEXT("a") "," TEXT("b") "]"),
	    "ab|ok 200 |" },
	{ "no finish, but DONE", S(EVENT(TEXT("a")) EVENT("[DONE]")),
	    "a|ok 200 |" },
	{ "empty finish", S(EVENT(TEXT("a")) EVENT(EMPTY("b"))),
	    "ab|truncated 200 |no finish reason" },
	{ "empty finish and DONE", S(EVENT(EMPTY("a")) EVENT("[DONE]")),
	    "a|ok 200 |" },
	{ "event cut", S(EVENT(TEXT("a")) "data: {\"candidates\":[{\"con"),
	    "a|truncated 200 |*" },
	{ "event cut after a finish", S(EVENT(LAST("a")) "data: {\"cand"),
	    "a|ok 200 STOP|" },
	{ "event cut after text with a finish each",
	    S(EVENT(LAST("a")) EVENT(LAST("b")) "data: {\"cand"),
	    "ab|truncated 200 STOP|*" },
	{ "name cut", S(EVENT(TEXT("a")) "dat"),
	    "a|truncated 200 |no finish reason" },
	{ "bare error cut", S(EVENT(TEXT("a")) "{\n  \"error\": {\n    \"co"),
	    "a|truncated 200 |*" },
	/* Makes no sense. */
	{ "page", S("<!DOCTYPE html>\n<title>Hotel</title>data: x\n\n"),
	    "|protocol 200 |" PAGE_WORDS },
	{ "page after blanks", S(" \r\n\r\n<html>"),
	    "|protocol 200 |" PAGE_WORDS },
	{ "gzip", S("\x1F\x8B\x08\0\0\0\0\0\0\x03"),
	    "|protocol 200 |compressed data" },
	{ "two roots in an event", S(EVENT(TEXT("a") "{}") EVENT(LAST("b"))),
	    "|protocol 200 |*" },
	{ "two roots", S(LAST("a") LAST("b")), "|protocol 200 |*" },
	{ "unary cut", S("{\"candidates\":[{\"con"), "|protocol 200 |*" },
	{ "no JSON", S(EVENT("hello") EVENT(LAST("b"))), "|protocol 200 |*" },
	{ "a number", S(EVENT("42") EVENT(LAST("b"))),
	    "|protocol 200 |JSON, but not an answer" },
	{ "null", S(EVENT("null")), "|protocol 200 |JSON, but not an answer" },
	{ "an array of numbers", S("[1,2]"),
	    "|protocol 200 |JSON, but not an answer" },
	{ "NUL", S(EVENT("{\"a\":\"\0\"}")), "|protocol 200 |*" },
	{ "NUL after", S(EVENT(LAST("a") "\0")), "|protocol 200 |*" },
	{ "invalid UTF-8", S(EVENT(LAST("a\xC3"))), "|protocol 200 |*" },
	{ "invalid UTF-8, unary", S(LAST("a\xFF")), "|protocol 200 |*" },
	{ "CESU-8", S(EVENT(LAST("\xED\xA0\xBD\xED\xB8\x80"))),
	    "|protocol 200 |*" },
};

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	(void)err;
	gm_buf_put_span(&r->log, part->text);
	return 0;
}

static void
start(struct run *r, const struct gm_request *q, long status)
{
	*r = (struct run){ .sink = { .part = on_part, .arg = r },
		.head = { .status = status } };
	gm_buf_init(&r->log, 1 << 20);
	gm_answer_init(&r->answer);
	gm_response_init(&r->response, &gm_gemini, q, &r->sink, &r->answer);
}

static void
take(struct run *r, struct gm_span bytes)
{
	if (r->pulse != GM_HTTP_STOP)
		r->pulse =
		    gm_response_take(&r->head, bytes, &r->response, &r->err);
}

/* The end of a transfer: a complete response, or stopped by the sink. */
static const char *
finish(struct run *r)
{
	struct gm_http_result result = { .head = r->head };
	const struct gm_fault *f = &r->response.fault;

	if (r->pulse == GM_HTTP_STOP) {
		result.fault = GM_HTTP_ABORTED;
		result.err = r->err;
	}
	gm_response_end(&r->response, &result);
	gm_buf_printf(&r->log, "|%s %ld %s|%s", gm_class(f->class)->name,
	    f->http, r->answer.reason, f->words);
	return gm_buf_str(&r->log);
}

static void
release(struct run *r)
{
	gm_response_release(&r->response);
	gm_response_release(&r->response);
	gm_answer_release(&r->answer);
	gm_buf_release(&r->log);
}

static bool
is_like(const char *got, const char *want)
{
	size_t len = strlen(want);

	if (len > 0 && want[len - 1] == '*')
		return strncmp(got, want, len - 1) == 0 &&
		       strlen(got) > len - 1;
	return strcmp(got, want) == 0;
}

/* In two pieces at cut, or byte by byte if cut is beyond the end. */
static void
run(struct run *r, struct gm_span body, size_t cut)
{
	size_t i;

	start(r, &request, 200);
	if (cut > body.len) {
		for (i = 0; i < body.len; i++)
			take(r, (struct gm_span){ body.p + i, 1 });
	} else {
		take(r, (struct gm_span){ body.p, cut });
		take(r, (struct gm_span){ body.p + cut, body.len - cut });
	}
}

static void
check_cuts(size_t row, const char *want)
{
	struct run r;
	size_t cut;

	for (cut = 1; cut <= rows[row].body.len + 1; cut++) {
		run(&r, rows[row].body, cut);
		if (strcmp(finish(&r), want) != 0)
			fail_msg("%s, cut at %zu: %s", rows[row].name, cut,
			    gm_buf_str(&r.log));
		release(&r);
	}
}

static void
test_rows(void **state)
{
	struct run whole;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		run(&whole, rows[i].body, 0);
		if (!is_like(finish(&whole), rows[i].want))
			fail_msg(
			    "%s: %s", rows[i].name, gm_buf_str(&whole.log));
		check_cuts(i, gm_buf_str(&whole.log));
		release(&whole);
	}
}

/* With another status the body is an error, even if it looks like an answer. */
static void
test_status(void **state)
{
	static const struct {
		long status;
		const char *body, *want;
	} cases[] = {
		{ 503, ERROR(503, "The model is overloaded."),
		    "|overloaded 503 |The model is overloaded." },
		{ 503, "", "|server 503 |" },
		{ 500, EVENT(LAST("a")), "|server 500 |*" },
		{ 400, LAST("a"), "|bad_request 400 |" },
		{ 404, "<title>404</title>", "|bad_url 404 |404" },
		{ 302, "", "|redirect 302 |" },
		{ 204, "", "|protocol 204 |" },
		{ 201, LAST("a"), "|protocol 201 |" },
		{ 206, EVENT(LAST("a")), "|protocol 206 |*" },
	};
	struct gm_span body;
	struct run r;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++) {
		body = gm_span_of(cases[i].body);
		start(&r, &request, cases[i].status);
		for (j = 0; j < body.len; j++)
			take(&r, (struct gm_span){ body.p + j, 1 });
		if (!is_like(finish(&r), cases[i].want))
			fail_msg(
			    "%ld: %s", cases[i].status, gm_buf_str(&r.log));
		release(&r);
	}
}

static void
test_count(void **state)
{
	static const struct gm_request count = { .operation = GM_OP_COUNT,
		.model = "gemini-3.8-flash" };
	struct run r;

	(void)state;
	start(&r, &count, 200);
	take(&r, gm_span_of("{\n  \"totalTokens\": 9\n}\n"));
	assert_string_equal(finish(&r), "|ok 200 |");
	assert_int_equal(r.answer.usage.prompt, 9);
	assert_int_equal(r.answer.finish, GM_FINISH_DONE);
	release(&r);
	start(&r, &count, 200);
	take(&r, gm_span_of("{}"));
	assert_string_equal(
	    finish(&r), "|protocol 200 |JSON, but not a number of tokens");
	release(&r);
	start(&r, &count, 200);
	take(&r, gm_span_of(" "));
	assert_string_equal(finish(&r), "|truncated 200 |no data");
	release(&r);
}

static void
test_page(void **state)
{
	static const struct gm_request list = { .operation = GM_OP_MODELS,
		.model = "models" };
	struct run r;

	(void)state;
	start(&r, &list, 200);
	take(&r, gm_span_of(" {\"models\": [ ]}\n"));
	assert_string_equal(finish(&r), "{\"models\": [ ]}|ok 200 |");
	release(&r);
	start(&r, &list, 200);
	take(&r, gm_span_of("{\"data\":[]}"));
	assert_string_equal(
	    finish(&r), "|protocol 200 |JSON, but not a list of models");
	release(&r);
	start(&r, &list, 200);
	take(&r, gm_span_of("data: {\"data\":[]}\r\n\r\n"));
	assert_string_equal(
	    finish(&r), "|protocol 200 |JSON, but not a list of models");
	release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
