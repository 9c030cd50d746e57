/* Streams of chat completions: their ends, and errors between events. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/response.h"

#define TEXT(text) "{\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}"
#define FINISH(reason) \
	"{\"choices\":[{\"delta\":{},\"finish_reason\":\"" reason "\"}]}"
#define EVENT(json) "data: " json "\n\n"
#define DONE "data: [DONE]\n\n"
#define ERROR "{\"code\":500,\"message\":\"M\",\"type\":\"server_error\"}"

/* The text, class, HTTP status, reason and words. */
struct run {
	struct gm_response response;
	struct gm_answer answer;
	struct gm_sink sink;
	struct gm_http_head head;
	struct gm_buf log;
	struct gm_err err;
	enum gm_http_pulse pulse;
	bool full; /* the sink fails */
};

static const struct {
	const char *name, *body;
	enum gm_http_fault fault;
	const char *want;
} rows[] = {
	{ "whole", EVENT(TEXT("a")) EVENT(FINISH("stop")) DONE, GM_HTTP_DONE,
	    "a|ok 200 stop|" },
	{ "pings",
	    ": ping\n\n" EVENT(TEXT("a")) ": ping\n\n" EVENT(
		FINISH("stop")) ":\n\n" DONE,
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "DONE without an empty line",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) "data: [DONE]\n",
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "DONE without a line end",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) "data: [DONE]", GM_HTTP_DONE,
	    "a|ok 200 stop|" },
	{ "no DONE", EVENT(TEXT("a")) EVENT(FINISH("stop")), GM_HTTP_DONE,
	    "a|ok 200 stop|" },
	{ "one document",
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}",
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	/* DONE ends the stream, also without a finish reason. */
	{ "DONE alone", EVENT(TEXT("a")) DONE, GM_HTTP_DONE, "a|ok 200 |" },
	{ "an empty finish reason and DONE",
	    EVENT(TEXT("a")) EVENT(FINISH("")) DONE, GM_HTTP_DONE,
	    "a|ok 200 |" },
	{ "an empty finish reason", EVENT(TEXT("a")) EVENT(FINISH("")),
	    GM_HTTP_DONE, "a|truncated 200 |no finish reason" },
	{ "one document without a finish reason",
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":null}]}",
	    GM_HTTP_DONE, "a|ok 200 |" },
	{ "the same, broken",
	    "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}",
	    GM_HTTP_TRUNCATED, "a|truncated 200 |broken" },
	{ "one document on a line that breaks, or stays open",
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}",
	    GM_HTTP_TRUNCATED, "a|ok 200 stop|" },
	{ "half a document",
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}",
	    GM_HTTP_TIMEOUT, "|timeout 200 |broken" },
	{ "half of the usage after the finish",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) "data: {\"usage\":{\"tot",
	    GM_HTTP_TRUNCATED, "a|ok 200 stop|" },
	{ "a last event without its empty line, broken",
	    EVENT(TEXT("a")) "data: " FINISH("stop"), GM_HTTP_TRUNCATED,
	    "a|ok 200 stop|" },
	{ "text after a finish reason, broken",
	    EVENT(FINISH("stop")) EVENT(TEXT("a")), GM_HTTP_TRUNCATED,
	    "a|truncated 200 stop|broken" },
	{ "text after a finish reason, silent",
	    EVENT(FINISH("stop")) EVENT(TEXT("a")), GM_HTTP_TIMEOUT,
	    "a|ok 200 stop|" },
	{ "unrelated JSON", "{\"status\":\"ok\"}", GM_HTTP_DONE,
	    "|protocol 200 |JSON, but not an answer" },
	{ "a word", "{\"message\":\"M\"}", GM_HTTP_DONE, "|protocol 200 |M" },
	{ "a word in an event", EVENT("{\"detail\":\"M\"}") DONE, GM_HTTP_DONE,
	    "|protocol 200 |M" },
	{ "a word after text", EVENT(TEXT("a")) EVENT("{\"message\":\"M\"}"),
	    GM_HTTP_DONE, "a|server 200 |M" },
	{ "a message of another API",
	    "{\"message\":{\"role\":\"assistant\",\"content\":\"M\"}}",
	    GM_HTTP_DONE, "|protocol 200 |assistant" },
	{ "no finish", EVENT(TEXT("a")), GM_HTTP_DONE,
	    "a|truncated 200 |no finish reason" },
	{ "a thought without end", EVENT(TEXT("<think>a")) DONE, GM_HTTP_DONE,
	    "(a)|ok 200 |" },
	{ "a thought without end, cut", EVENT(TEXT("<think>a")), GM_HTTP_DONE,
	    "(a)|truncated 200 |no finish reason" },
	{ "broken after DONE", EVENT(TEXT("a")) EVENT(FINISH("stop")) DONE,
	    GM_HTTP_TRUNCATED, "a|ok 200 stop|" },
	{ "silent after DONE", EVENT(TEXT("a")) EVENT(FINISH("stop")) DONE,
	    GM_HTTP_TIMEOUT, "a|ok 200 stop|" },
	{ "broken after DONE alone", EVENT(TEXT("a")) DONE, GM_HTTP_TRUNCATED,
	    "a|ok 200 |" },
	{ "broken before DONE", EVENT(TEXT("a")) EVENT(FINISH("stop")),
	    GM_HTTP_TRUNCATED, "a|ok 200 stop|" },
	{ "silent before DONE", EVENT(TEXT("a")) EVENT(FINISH("stop")),
	    GM_HTTP_TIMEOUT, "a|ok 200 stop|" },
	/* Data after the end is ignored. */
	{ "DONE without its empty line, broken",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) "data: [DONE]\n",
	    GM_HTTP_TRUNCATED, "a|ok 200 stop|" },
	{ "text after DONE",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) DONE EVENT(TEXT("b")),
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "an error after DONE",
	    EVENT(TEXT("a")) EVENT(FINISH("stop"))
		DONE EVENT("{\"error\":" ERROR "}") "error: " ERROR "\n\n",
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "no JSON after DONE",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) DONE
	    "{\"status\":\"bye\"}\n",
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "text after DONE, but no finish reason before",
	    EVENT(TEXT("a")) DONE EVENT(TEXT("b")) EVENT(FINISH("stop")),
	    GM_HTTP_DONE, "a|ok 200 |" },
	{ "bytes in the line of DONE",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) "data: [DONE]] {\"error\":1}"
						   "\n\n",
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "the same after a finish that means failure",
	    EVENT(TEXT("a")) EVENT(FINISH("error")) "data: [DONE]  x\n\n",
	    GM_HTTP_DONE, "a|server 200 error|finish reason error" },
	{ "an error line in the event of DONE",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) "data: [DONE]\nerror: " ERROR
						   "\n\n",
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "data in the event of DONE",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) "data:\ndata: [DONE]\n"
						   "data: x\n\n",
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "events that say nothing",
	    EVENT("{}") EVENT(TEXT("a")) EVENT("{\"type\":\"ping\"}")
		EVENT(FINISH("stop")) EVENT("{\"system_fingerprint\":\"f\"}"),
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	/* Errors. */
	{ "finish reason error", EVENT(TEXT("a")) EVENT(FINISH("error")) DONE,
	    GM_HTTP_DONE, "a|server 200 error|finish reason error" },
	{ "the same, broken", EVENT(FINISH("error")) DONE, GM_HTTP_TRUNCATED,
	    "|server 200 error|finish reason error" },
	{ "error event", EVENT(TEXT("a")) EVENT("{\"error\":" ERROR "}") DONE,
	    GM_HTTP_DONE, "a|server 500 |M" },
	{ "error of a type",
	    EVENT(TEXT("a")) EVENT("{\"error\":{\"message\":\"M\",\"type\":"
				   "\"invalid_request_error\",\"code\":null}}"),
	    GM_HTTP_DONE, "a|bad_request 200 |M" },
	{ "Mistral's error",
	    EVENT("{\"object\":\"error\",\"message\":\"M\",\"type\":"
		  "\"rate_limited\",\"code\":\"1300\"}"),
	    GM_HTTP_DONE, "|quota_minute 200 |M" },
	{ "an error line", EVENT(TEXT("a")) "error: " ERROR "\n\n",
	    GM_HTTP_DONE, "a|server 500 |M" },
	{ "an error line, then DONE",
	    EVENT(TEXT("a")) EVENT(FINISH("stop")) "error: " ERROR "\n\n" DONE,
	    GM_HTTP_DONE, "a|server 500 stop|M" },
	{ "an error line, no space, wrapped", "error:{\"error\":" ERROR "}\n",
	    GM_HTTP_DONE, "|server 500 |M" },
	{ "an error line without its end", EVENT(TEXT("a")) "error: " ERROR,
	    GM_HTTP_DONE, "a|server 500 |M" },
	{ "an error line, broken", EVENT(TEXT("a")) "error: " ERROR "\n",
	    GM_HTTP_TRUNCATED, "a|server 500 |M" },
	{ "no error line",
	    EVENT(TEXT("a")) "error: none\n" EVENT(FINISH("stop")),
	    GM_HTTP_DONE, "a|ok 200 stop|" },
	{ "another service", EVENT("{\"candidates\":[]}"), GM_HTTP_DONE,
	    "|protocol 200 |JSON, but not an answer" },
};

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	if (r->full && !part->thought)
		return gm_fail(err, GM_EIO, "no space");
	if (part->thought)
		gm_buf_putc(&r->log, '(');
	gm_buf_put_span(&r->log, part->text);
	if (part->thought)
		gm_buf_putc(&r->log, ')');
	return 0;
}

static void
start(struct run *r, const struct gm_request *request)
{
	/* Text is given at once. */
	*r = (struct run){ .sink = { .part = on_part, .final = true, .arg = r },
		.head = { .status = 200 } };
	gm_buf_init(&r->log, 1 << 20);
	gm_answer_init(&r->answer);
	gm_response_init(
	    &r->response, &gm_compatible, request, &r->sink, &r->answer);
}

static void
take(struct run *r, struct gm_span bytes)
{
	if (r->pulse != GM_HTTP_STOP && r->pulse != GM_HTTP_ENOUGH)
		r->pulse =
		    gm_response_take(&r->head, bytes, &r->response, &r->err);
}

static const char *
finish(struct run *r, enum gm_http_fault fault)
{
	struct gm_http_result result = { .fault = fault, .head = r->head };
	const struct gm_fault *f = &r->response.fault;

	if (r->pulse == GM_HTTP_ENOUGH)
		result.fault = GM_HTTP_DONE;
	if (result.fault != GM_HTTP_DONE)
		(void)gm_fail(&result.err, GM_EUNAVAILABLE, "broken");
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
	gm_answer_release(&r->answer);
	gm_buf_release(&r->log);
}

static void
check_cut(size_t row, size_t cut)
{
	static const struct gm_request request = { .operation = GM_OP_GENERATE,
		.model = "m" };
	struct gm_span body = gm_span_of(rows[row].body);
	struct run r;

	start(&r, &request);
	take(&r, (struct gm_span){ body.p, cut });
	take(&r, (struct gm_span){ body.p + cut, body.len - cut });
	if (strcmp(finish(&r, rows[row].fault), rows[row].want) != 0)
		fail_msg("%s, cut at %zu: %s", rows[row].name, cut,
		    gm_buf_str(&r.log));
	release(&r);
}

static void
test_rows(void **state)
{
	size_t i, cut;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		for (cut = 0; cut <= strlen(rows[i].body); cut++)
			check_cut(i, cut);
}

/* A failure of the sink is a fault, also right before the end. */
static void
test_sink_fails(void **state)
{
	static const struct gm_request request = { .operation = GM_OP_GENERATE,
		.model = "m" };
	struct run r;

	(void)state;
	start(&r, &request);
	take(&r, gm_span_of(EVENT(FINISH("stop"))));
	r.full = true;
	take(&r, gm_span_of(EVENT(TEXT("late")) DONE));
	assert_string_equal(
	    finish(&r, GM_HTTP_DONE), "|local 200 stop|no space");
	release(&r);
}

/* A list may be an array; its items are no documents then. */
static void
test_list(void **state)
{
	static const struct gm_request request = { .operation = GM_OP_MODELS,
		.model = "models" };
	static const struct {
		const char *body, *want;
	} cases[] = {
		{ "[{\"id\":\"a\"},{\"id\":\"b\"}]\n",
		    "{\"models\":[{\"id\":\"a\"},{\"id\":\"b\"}]}|ok 200 "
		    "|" },
		{ "[]", "{\"models\":[]}|ok 200 |" },
		{ "{\"data\":[{\"id\":\"a\"}]}",
		    "{\"models\":[{\"id\":\"a\"}]}|ok 200 |" },
		{ "[{\"error\":{\"code\":503,\"message\":\"M\"}}]",
		    "|server 503 |M" },
		{ "{\"choices\":[]}",
		    "|protocol 200 |JSON, but not a list of models" },
		{ "5", "|protocol 200 |neither events nor JSON" },
	};
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(cases); i++) {
		start(&r, &request);
		take(&r, gm_span_of(cases[i].body));
		assert_string_equal(finish(&r, GM_HTTP_DONE), cases[i].want);
		release(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sink_fails),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
