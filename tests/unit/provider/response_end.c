/* Ends of a transfer, timeouts, limits, and a sink that fails. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/response.h"

#define TEXT(text) \
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text "\"}]}}" \
	"]}"
#define LAST(text) \
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text \
	"\"}]},\"finishReason\":\"STOP\"}]}"
#define ERROR(code, message) \
	"{\"error\":{\"code\":" #code ",\"message\":\"" message "\"}}"
#define EVENT(json) "data: " json "\r\n\r\n"
#define MIB ((size_t)1024 * 1024)

struct run {
	struct gm_response response;
	struct gm_answer answer;
	struct gm_sink sink;
	struct gm_http_head head;
	struct gm_buf log;
	struct gm_err err;
	size_t room; /* texts that the sink accepts */
};

static const struct gm_request request = { .operation = GM_OP_GENERATE,
	.model = "gemini-3.8-flash" };

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	if (r->room == 0)
		return gm_fail(err, GM_EIO, "out.txt: no space");
	r->room--;
	gm_buf_put_span(&r->log, part->text);
	return 0;
}

static void
start(struct run *r, long status)
{
	*r = (struct run){ .sink = { .part = on_part, .arg = r },
		.head = { .status = status },
		.room = SIZE_MAX };
	gm_buf_init(&r->log, 1 << 20);
	gm_answer_init(&r->answer);
	gm_response_init(
	    &r->response, &gm_gemini, &request, &r->sink, &r->answer);
}

static enum gm_http_pulse
take(struct run *r, struct gm_span bytes)
{
	return gm_response_take(&r->head, bytes, &r->response, &r->err);
}

/* The text, class, HTTP status and words. */
static const char *
finish(struct run *r, enum gm_http_fault fault, const char *words)
{
	struct gm_http_result result = { .fault = fault, .head = r->head };
	const struct gm_fault *f = &r->response.fault;

	if (fault == GM_HTTP_ABORTED)
		result.err = r->err;
	else if (fault != GM_HTTP_DONE)
		(void)gm_fail(&result.err, GM_EUNAVAILABLE, "%s", words);
	gm_response_end(&r->response, &result);
	gm_buf_printf(
	    &r->log, "|%s %ld|%s", gm_class(f->class)->name, f->http, f->words);
	return gm_buf_str(&r->log);
}

static void
release(struct run *r)
{
	gm_response_release(&r->response);
	gm_answer_release(&r->answer);
	gm_buf_release(&r->log);
}

static const struct {
	enum gm_http_fault fault;
	long status;
	const char *body, *words, *want;
} transfers[] = {
	{ GM_HTTP_NETWORK, 0, "", "Connection refused",
	    "|network 0|Connection refused" },
	{ GM_HTTP_NETWORK, 200, "", "reset", "|network 200|reset" },
	{ GM_HTTP_TIMEOUT, 0, "", "nothing for 120 s",
	    "|timeout 0|nothing for 120 s" },
	{ GM_HTTP_TIMEOUT, 200, EVENT(TEXT("a")), "nothing for 120 s",
	    "a|timeout 200|nothing for 120 s" },
	{ GM_HTTP_TRUNCATED, 200, EVENT(TEXT("a")), "broken off",
	    "a|truncated 200|broken off" },
	{ GM_HTTP_TRUNCATED, 200, EVENT(TEXT("a")) "data: {\"cand",
	    "broken off", "a|truncated 200|broken off" },
	{ GM_HTTP_TRUNCATED, 200, "{\"candidates\":[", "broken off",
	    "|truncated 200|broken off" },
	/* With a finish reason it is complete, also without the event's end. */
	{ GM_HTTP_TRUNCATED, 200, EVENT(LAST("a")), "broken off", "a|ok 200|" },
	{ GM_HTTP_NETWORK, 200, EVENT(LAST("a")), "reset", "a|ok 200|" },
	{ GM_HTTP_GARBAGE, 200, EVENT(LAST("a")), "bad chunk", "a|ok 200|" },
	{ GM_HTTP_TIMEOUT, 200, EVENT(LAST("a")), "nothing", "a|ok 200|" },
	{ GM_HTTP_TRUNCATED, 200, EVENT(LAST("a")) "data: {\"cand",
	    "broken off", "a|ok 200|" },
	{ GM_HTTP_TRUNCATED, 200, EVENT(TEXT("a")) "data: " LAST("b"),
	    "broken off", "ab|ok 200|" },
	{ GM_HTTP_TIMEOUT, 200, EVENT(TEXT("a")) "data: " LAST("b"), "nothing",
	    "ab|ok 200|" },
	{ GM_HTTP_TIMEOUT, 200, LAST("a"), "nothing", "a|ok 200|" },
	{ GM_HTTP_TRUNCATED, 200, LAST("a"), "broken off", "a|ok 200|" },
	{ GM_HTTP_TRUNCATED, 200, TEXT("a"), "broken off",
	    "a|truncated 200|broken off" },
	/* A finish reason in each event: none of them is final, */
	{ GM_HTTP_TRUNCATED, 200, EVENT(LAST("a")) EVENT(LAST("b")),
	    "broken off", "ab|truncated 200|broken off" },
	/* except before a timeout. */
	{ GM_HTTP_TIMEOUT, 200, EVENT(LAST("a")) EVENT(LAST("b")), "nothing",
	    "ab|ok 200|" },
	{ GM_HTTP_TLS, 0, "", "unknown CA", "|tls 0|unknown CA" },
	{ GM_HTTP_PROXY, 0, "", "refused", "|proxy 0|refused" },
	{ GM_HTTP_PROXY, 407, "", "refused", "|proxy 407|" },
	{ GM_HTTP_GARBAGE, 0, "", "not HTTP", "|protocol 0|not HTTP" },
	{ GM_HTTP_GARBAGE, 200, EVENT(TEXT("a")), "bad chunk",
	    "a|protocol 200|bad chunk" },
	{ GM_HTTP_LOCAL, 0, "", "out of memory", "|local 0|out of memory" },
	{ GM_HTTP_LOCAL, 200, EVENT(TEXT("a")), "out of memory",
	    "a|local 200|out of memory" },
	/* A status says more than the broken connection. */
	{ GM_HTTP_TRUNCATED, 503, ERROR(503, "overloaded"), "broken off",
	    "|overloaded 503|overloaded" },
	{ GM_HTTP_TRUNCATED, 400, "{\"error\":{\"mess", "broken off",
	    "|bad_request 400|" },
	{ GM_HTTP_NETWORK, 413, "", "reset", "|too_large 413|" },
	{ GM_HTTP_TRUNCATED, 302, "", "broken off",
	    "|truncated 302|broken off" },
	/* So does a complete error in the stream. */
	{ GM_HTTP_TRUNCATED, 200, EVENT(TEXT("a")) ERROR(503, "M") "\n",
	    "broken off", "a|server 503|M" },
	{ GM_HTTP_NETWORK, 200,
	    EVENT(TEXT("a")) "{\n\"error\": {\n\"code\": 429,\n"
			     "\"message\": \"per minute\"\n}\n}\n",
	    "reset", "a|quota_minute 429|per minute" },
	{ GM_HTTP_TRUNCATED, 200, EVENT(TEXT("a")) "{\"error\":{\n",
	    "broken off", "a|truncated 200|broken off" },
	{ GM_HTTP_TRUNCATED, 200, EVENT(TEXT("a")) "{\"other\":1}\n",
	    "broken off", "a|truncated 200|broken off" },
};

static void
test_transfers(void **state)
{
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(transfers); i++) {
		start(&r, transfers[i].status);
		if (transfers[i].body[0] != '\0')
			assert_int_not_equal(
			    take(&r, gm_span_of(transfers[i].body)),
			    GM_HTTP_STOP);
		if (strcmp(finish(&r, transfers[i].fault, transfers[i].words),
			transfers[i].want) != 0)
			fail_msg("%zu: %s", i, gm_buf_str(&r.log));
		assert_int_equal(r.response.fault.remedy[0], '\0');
		release(&r);
	}
}

/* A fault that was found during the transfer stays. */
static void
test_first_fault_stays(void **state)
{
	struct run r;

	(void)state;
	start(&r, 200);
	assert_int_equal(take(&r, gm_span_of(EVENT(ERROR(503, "high demand")))),
	    GM_HTTP_STOP);
	assert_int_equal(r.err.code, GM_EPROTOCOL);
	assert_string_equal(
	    finish(&r, GM_HTTP_ABORTED, ""), "|overloaded 503|high demand");
	release(&r);
}

/*
 * Only events restart the timeout, not comments, blanks, pings of any kind, nor
 * an answer that has not begun.
 */
static const struct {
	long status;
	const char *pieces[6];
	const char *want; /* a letter for each: idle, alive, stop */
} beats[] = {
	{ 200, { "\r\n", " ", ": ping\n\n", ":", "x", "\n\n" }, "iiiiii" },
	{ 200, { "da", "ta: ", "{}", "\n: x\n", "\n", "\n" }, "iiiiii" },
	{ 200,
	    { "data: {\"candidates\":[{\"content\":", "{\"parts\":", "[",
		"{\"text\":\"a\"}", "]}}]}\n", "\n" },
	    "iiiiia" },
	{ 200,
	    { EVENT("{}"), EVENT("{\"type\":\"ping\"}"),
		EVENT("{\"candidates\":[]}"), EVENT(TEXT("")),
		EVENT("{\"candidates\":[{\"content\":{}}]}"),
		EVENT(TEXT("a")) },
	    "iiiiia" },
	{ 200,
	    { EVENT(TEXT("a")), EVENT("{\"type\":\"ping\"}"),
		"event: ping\ndata: {}\n\n", EVENT(TEXT("")) },
	    "aiia" },
	{ 200,
	    { EVENT("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
		    "\"a\",\"thought\":true}]}}]}"),
		": x\n\n" },
	    "ai" },
	{ 200,
	    { EVENT("{\"candidates\":[{\"content\":{\"parts\":[{"
		    "\"inlineData\":{\"data\":\"AA==\"}}]}}]}") },
	    "a" },
	{ 200, { EVENT("{\"candidates\":[{\"finishReason\":\"STOP\"}]}") },
	    "a" },
	{ 200, { EVENT(TEXT("a")), ": x\n\n", EVENT(TEXT("b")) }, "aia" },
	{ 200, { ": x\n\n" EVENT(TEXT("a")), "event: x\n", "{\n", "x\n" },
	    "aiai" },
	{ 200, { "\xEF\xBB\xBF: x\n\n", ": x\n\n", "data: " }, "iii" },
	{ 200, { "{\"candidates\":", "[", " \n", "]}" }, "aaia" },
	{ 200, { "\n", "<html>" }, "is" },
	{ 200, { "\x1f" }, "s" },
	{ 200, { "data: x\n\n" }, "s" },
	{ 503, { "{\"error\":", "{}}" }, "aa" },
};

static char
letter_of(enum gm_http_pulse pulse)
{
	if (pulse == GM_HTTP_STOP)
		return 's';
	return pulse == GM_HTTP_IDLE ? 'i' : 'a';
}

static void
test_pulse(void **state)
{
	struct run r;
	size_t i, j;
	char got[8];

	(void)state;
	for (i = 0; i < GM_LEN(beats); i++) {
		start(&r, beats[i].status);
		for (j = 0; beats[i].want[j] != '\0'; j++)
			got[j] =
			    letter_of(take(&r, gm_span_of(beats[i].pieces[j])));
		got[j] = '\0';
		assert_string_equal(got, beats[i].want);
		release(&r);
	}
}

/* Feed MiBs of x until the sink stops; return their number. */
static size_t
feed_mib(struct run *r, size_t most)
{
	struct gm_buf piece;
	size_t n;

	gm_buf_init(&piece, MIB);
	memset(gm_buf_room(&piece, MIB), 'x', MIB);
	gm_buf_filled(&piece, MIB);
	for (n = 0; n < most; n++)
		if (take(r, gm_buf_span(&piece)) == GM_HTTP_STOP)
			break;
	gm_buf_release(&piece);
	return n;
}

static void
test_limits(void **state)
{
	struct run r;

	(void)state;
	start(&r, 200);
	assert_int_equal(take(&r, gm_span_of("data: ")), GM_HTTP_IDLE);
	assert_int_equal(feed_mib(&r, 65), 63);
	assert_int_equal(r.err.code, GM_EPROTOCOL);
	assert_string_equal(finish(&r, GM_HTTP_ABORTED, ""),
	    "|protocol 200|an event of the stream is larger than 64 MiB");
	release(&r);

	start(&r, 200);
	assert_int_equal(take(&r, gm_span_of("[\"")), GM_HTTP_ALIVE);
	assert_int_equal(feed_mib(&r, 65), 63);
	assert_string_equal(
	    finish(&r, GM_HTTP_ABORTED, ""), "|protocol 200|over 64 MiB");
	release(&r);
}

/* A large event restarts the timeout repeatedly while it comes. */
static void
test_large_event(void **state)
{
	static char quarter[16 * 1024];
	struct gm_span piece = { quarter, sizeof(quarter) };
	struct run r;
	int i;

	(void)state;
	memset(quarter, 'x', sizeof(quarter));
	start(&r, 200);
	assert_int_equal(take(&r, gm_span_of("data: ")), GM_HTTP_IDLE);
	for (i = 1; i <= 12; i++)
		assert_int_equal(
		    take(&r, piece), i % 4 == 0 ? GM_HTTP_ALIVE : GM_HTTP_IDLE);
	release(&r);
}

/* Of an endless error only the beginning is read. */
static void
test_endless_error(void **state)
{
	static const char beginning[] = "The model is overloaded. ";
	const char *got;
	struct run r;

	(void)state;
	start(&r, 503);
	assert_int_equal(take(&r, gm_span_of(beginning)), GM_HTTP_ALIVE);
	assert_true(feed_mib(&r, 20) < 20);
	got = finish(&r, GM_HTTP_ABORTED, "");
	assert_int_equal(strncmp(got, "|overloaded 503|The model is ", 29), 0);
	assert_int_equal(strlen(r.response.fault.words), 1203);
	release(&r);
}

static void
test_sink_fails(void **state)
{
	struct run r;

	(void)state;
	/* During the stream: the sink's error is returned unchanged. */
	start(&r, 200);
	r.room = 1;
	assert_int_equal(take(&r, gm_span_of(EVENT(TEXT("a")))), GM_HTTP_ALIVE);
	assert_int_equal(take(&r, gm_span_of(EVENT(TEXT("b")))), GM_HTTP_STOP);
	assert_int_equal(r.response.fault.class, GM_CLASS_OK);
	assert_int_equal(r.err.code, GM_EIO);
	assert_string_equal(r.err.msg, "out.txt: no space");
	assert_string_equal(
	    finish(&r, GM_HTTP_ABORTED, ""), "a|local 200|out.txt: no space");
	release(&r);

	/* It wins over an earlier error. */
	start(&r, 200);
	r.room = 1;
	assert_int_equal(
	    take(&r, gm_span_of(EVENT(TEXT("a")) ERROR(503, "M") "\n\n")),
	    GM_HTTP_ALIVE);
	assert_int_equal(take(&r, gm_span_of(EVENT(TEXT("b")))), GM_HTTP_STOP);
	assert_string_equal(
	    finish(&r, GM_HTTP_ABORTED, ""), "a|local 200|out.txt: no space");
	release(&r);

	/* At the end. */
	start(&r, 200);
	r.room = 0;
	assert_int_equal(take(&r, gm_span_of(LAST("a"))), GM_HTTP_ALIVE);
	assert_string_equal(
	    finish(&r, GM_HTTP_DONE, ""), "|local 200|out.txt: no space");
	release(&r);
	start(&r, 200);
	r.room = 1;
	assert_int_equal(
	    take(&r, gm_span_of(EVENT(TEXT("a")) "data: " LAST("b"))),
	    GM_HTTP_ALIVE);
	assert_string_equal(
	    finish(&r, GM_HTTP_DONE, ""), "a|local 200|out.txt: no space");
	release(&r);
}

/* Headers that complete a fault; they do not change an answer. */
static void
test_head(void **state)
{
	static const struct {
		long status;
		const char *headers, *body;
		bool proxied;
		enum gm_class class;
		int64_t hint_ms;
	} rows[] = {
		{ 503, "", ERROR(503, "busy"), false, GM_CLASS_SERVER, -1 },
		{ 503, "Retry-After: 1.5\r\n", ERROR(503, "busy"), false,
		    GM_CLASS_SERVER, 1500 },
		{ 503, "retry-after: 7200\r\n", ERROR(503, "busy"), true,
		    GM_CLASS_SERVER, 3600000 },
		{ 503, "Retry-After: soon\r\n", ERROR(503, "busy"), false,
		    GM_CLASS_SERVER, -1 },
		{ 429, "Retry-After: 5\r\n", ERROR(429, "Please retry in 9s."),
		    false, GM_CLASS_QUOTA, 9000 },
		{ 200, "Retry-After: 5\r\n", EVENT(LAST("a")), true,
		    GM_CLASS_OK, -1 },
		{ 403, "", "<html>no</html>", false, GM_CLASS_FRONT_END, -1 },
		{ 403, "", "<html>no</html>", true, GM_CLASS_PROXY, -1 },
	};
	const struct gm_fault *f;
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		start(&r, rows[i].status);
		r.head.headers = gm_span_of(rows[i].headers);
		r.head.proxied = rows[i].proxied;
		(void)take(&r, gm_span_of(rows[i].body));
		(void)finish(&r, GM_HTTP_DONE, "");
		f = &r.response.fault;
		if (f->class != rows[i].class || f->hint_ms != rows[i].hint_ms)
			fail_msg("row %zu: %s, %lld ms", i,
			    gm_class(f->class)->name, (long long)f->hint_ms);
		release(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfers),
		cmocka_unit_test(test_first_fault_stays),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_pulse),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_large_event),
		cmocka_unit_test(test_endless_error),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
