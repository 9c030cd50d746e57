#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/trace.h"

#define PIECE(text) \
	{ \
		text, sizeof(text) - 1 \
	}

/* Pieces of a handshake, as OpenSSL 3.0 and 3.5 show them. */
static const struct {
	const char *name;
	struct {
		bool received;
		struct gm_span piece;
	} seen[6];
	bool refused, ended;
} rows[] = {
	{ .name = "nothing" },
	{ "it just ends, older libcurl",
	    { { false, PIECE("\x16\x03\x01\x02\x00") },
		{ false, PIECE("\x01\x00\x01\xfc\x03\x03") } },
	    false, false },
	{ "it just ends, newer libcurl",
	    { { false, PIECE("\x15\x03\x01\x00\x02") },
		{ false, PIECE("\x02\x32") } },
	    false, true },
	{ "it ends after a message",
	    { { true, PIECE("\x16\x03\x03\x00\x7a") },
		{ true, PIECE("\x02\x00\x00\x76\x03\x03") },
		{ true, PIECE("\x14\x03\x03\x00\x01") },
		{ true, PIECE("\x16") },
		{ false, PIECE("\x15\x03\x01\x00\x02") },
		{ false, PIECE("\x02\x32") } },
	    false, true },
	{ "it ends inside an alert",
	    { { true, PIECE("\x15\x03\x01\x00\x02") } }, false, false },
	{ "protocol_version",
	    { { true, PIECE("\x15\x03\x01\x00\x02") },
		{ true, PIECE("\x02\x46") } },
	    true, false },
	{ "the peer's decode_error", { { true, PIECE("\x02\x32") } }, true,
	    false },
	{ "close_notify", { { true, PIECE("\x01\x00") } }, false, false },
	{ "a warning", { { true, PIECE("\x01\x70") } }, false, false },
	{ "our record_overflow",
	    { { true, PIECE("\x16\x03\x03\xff\xff") },
		{ false, PIECE("\x15\x03\x01\x00\x02") },
		{ false, PIECE("\x02\x16") } },
	    true, false },
	{ "our unknown_ca", { { false, PIECE("\x02\x30") } }, true, false },
	{ "HTTP", { { true, PIECE("HTTP/") } }, true, false },
	{ "SSH", { { true, PIECE("SSH-2") } }, true, false },
	{ "an empty piece", { { true, PIECE("") } }, false, false },
	{ "one byte", { { true, PIECE("\x02") } }, false, false },
	{ "a message that begins as an alert does",
	    { { true, PIECE("\x02\x46\x00\x00") } }, false, false },
};

static void
test_tls(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gm_trace trace = { .http2 = 0 };

		for (k = 0; k < 6 && rows[i].seen[k].piece.p != NULL; k++)
			gm_trace_tls(&trace, rows[i].seen[k].received,
			    rows[i].seen[k].piece);
		if (trace.refused != rows[i].refused ||
		    trace.ended != rows[i].ended)
			fail_msg("%s: refused %d, ended %d", rows[i].name,
			    trace.refused, trace.ended);
	}
}

static void
test_request(void **state)
{
	static const struct {
		struct gm_span head;
		int http2, http1;
	} heads[] = {
		{ PIECE("POST /v1beta/models HTTP/2\r\nHost: a\r\n\r\n"), 1,
		    0 },
		{ PIECE("GET / HTTP/2\r\n\r\n"), 2, 0 },
		{ PIECE("GET / HTTP/1.1\r\nX: a HTTP/2\r\n\r\n"), 2, 1 },
		{ PIECE("CONNECT a:443 HTTP/1.1\r\n\r\n"), 2, 1 },
		{ PIECE("POST / HTTP/1.1\r\n\r\n"), 2, 2 },
		{ PIECE("HTTP/2"), 2, 2 },
		{ PIECE(""), 2, 2 },
	};
	struct gm_trace trace = { .http2 = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		gm_trace_request(&trace, heads[i].head);
		assert_int_equal(trace.http2, heads[i].http2);
		assert_int_equal(trace.http1, heads[i].http1);
	}
	assert_false(trace.refused || trace.ended);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
