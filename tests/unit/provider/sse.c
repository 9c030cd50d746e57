#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/sse.h"

#define BOM "\xEF\xBB\xBF"
#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}
#define MIB ((size_t)1024 * 1024)

/* The output: <data> for an event, [line] for a stray line. */
struct log {
	struct gm_buf text;
	size_t stop_at; /* fail once text is that long */
};

/* The result of a stream. */
struct result {
	struct log log;
	struct gm_err err;
	int rc;
	size_t bytes;
};

/* Each is fed whole, byte by byte, and in two pieces at every cut. */
static const struct {
	const char *name;
	struct gm_span input, want;
} rows[] = {
	{ "nothing", S(""), S("") },
	{ "LF", S("data: a\n\n"), S("<a>") },
	{ "CRLF", S("data: a\r\n\r\n"), S("<a>") },
	{ "CR", S("data: a\r\r"), S("<a>") },
	{ "mixed ends", S("data: a\r\ndata: b\rdata: c\n\r\n"),
	    S("<a\nb\nc>") },
	{ "CR, then CRLF", S("data: a\r\r\ndata: b\n\n"), S("<a><b>") },
	{ "LF, then CR", S("data: a\n\rdata: b\n\n"), S("<a><b>") },
	{ "CRLF, then LF", S("data: a\r\n\ndata: b\r\n\n"), S("<a><b>") },
	{ "two events", S("data: a\r\n\r\ndata: b\r\n\r\n"), S("<a><b>") },
	{ "blank lines alone", S("\n\r\n\r\r\n\n"), S("") },
	{ "blank lines between", S("\n\ndata: a\n\n\n\r\ndata: b\n\n\n"),
	    S("<a><b>") },
	{ "no space", S("data:a\n\n"), S("<a>") },
	{ "one space is dropped", S("data:  a \n\n"), S("< a >") },
	{ "a tab is kept", S("data:\ta\n\n"), S("<\ta>") },
	{ "colons in the data", S("data: a: b:c\n\n"), S("<a: b:c>") },
	{ "colon first in the data", S("data::a\n\n"), S("<:a>") },
	{ "empty data is no event", S("data:\n\ndata: \n\ndata\n\n"), S("") },
	{ "two empty lines of data", S("data\ndata:\n\n"), S("<\n>") },
	{ "empty first line", S("data\ndata: a\n\n"), S("<\na>") },
	{ "empty last line", S("data: a\ndata:\n\n"), S("<a\n>") },
	{ "other fields", S("event: x\nid: 1\nretry: 5\ndata: a\n\n"),
	    S("<a>") },
	{ "other fields without value", S("event\nid\nretry\ndata: a\n\n"),
	    S("<a>") },
	{ "other fields alone", S("event: x\n\nid: 1\n\nretry: x\n\n"), S("") },
	{ "id with NUL", S("id: \0x\ndata: a\n\n"), S("<a>") },
	{ "error event", S("event: error\ndata: a\n\n"), S("<a>") },
	{ "comments", S(": x\r\n:\r\n:data: x\r\ndata: a\r\n:\r\n\r\n"),
	    S("<a>") },
	{ "comment in an event", S("data: a\n: x\ndata: b\n\n"), S("<a\nb>") },
	{ "comment with NUL", S(":\0\n:\0x\rdata: a\n\n"), S("<a>") },
	{ "upper case", S("Data: a\nDATA: b\n\n"), S("[Data: a][DATA: b]") },
	{ "blank before the name", S("data: a\n\n data: b\n\n"),
	    S("<a>[ data: b]") },
	{ "blank after the name", S("data : a\n\n"), S("[data : a]") },
	{ "longer name", S("datax: a\n\n"), S("[datax: a]") },
	{ "shorter name", S("dat: a\n\n"), S("[dat: a]") },
	{ "name with NUL", S("data\0: a\n\n"), S("[data\0: a]") },
	{ "no colon", S("hello\n\n"), S("[hello]") },
	{ "other dialect", S("error: {}\n\n"), S("[error: {}]") },
	{ "stray in an event", S("data: a\nfoo\ndata: b\n\n"),
	    S("[foo]<a\nb>") },
	{ "NUL in the data", S("data: a\0b\n\n"), S("<a\0b>") },
	{ "UTF-8", S("data: \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n\n"),
	    S("<\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80>") },
	{ "invalid UTF-8", S("data: \xFF\xC3\n\n"), S("<\xFF\xC3>") },
	{ "BOM", S(BOM "data: a\n\n"), S("<a>") },
	{ "BOM, then blank", S(BOM "\r\ndata: a\n\n"), S("<a>") },
	{ "BOM, then comment", S(BOM ": x\ndata: a\n\n"), S("<a>") },
	{ "BOM alone", S(BOM), S("") },
	{ "two BOMs", S(BOM BOM "data: a\n\n"), S("[" BOM "data: a]") },
	{ "BOM later", S("\n" BOM "data: a\n\n"), S("[" BOM "data: a]") },
	{ "BOM in the data", S("data: " BOM "a\n\n"), S("<" BOM "a>") },
	{ "half a BOM",
	    S("\xEF\xBB"
	      "data: a\n\n"),
	    S("[\xEF\xBB"
	      "data: a]") },
	{ "half a BOM alone", S("\xEF\xBB"), S("[\xEF\xBB]") },
	{ "open line", S("data: a"), S("<a>") },
	{ "open event, LF", S("data: a\n"), S("<a>") },
	{ "open event, CR", S("data: a\r"), S("<a>") },
	{ "open event, CRLF", S("data: a\r\n"), S("<a>") },
	{ "open second event", S("data: a\n\ndata: b\ndata: c"),
	    S("<a><b\nc>") },
	{ "open event, comment", S("data: a\n: x"), S("<a>") },
	{ "open name", S("data: a\n\ndat"), S("<a>[dat]") },
	{ "open field without value", S("data: a\ndata"), S("<a\n>") },
	{ "open comment", S(": x"), S("") },
	{ "the service's form",
	    S("data: {\"a\": 1}\r\n\r\ndata: {\"b\": 2}\r\n\r\n"),
	    S("<{\"a\": 1}><{\"b\": 2}>") },
	{ "a bare error", S("data: a\n\n{\n  \"error\": {\n    }\n}\n"),
	    S("<a>[{][  \"error\": {][    }][}]") },
};

static int
put(struct log *log, const char *marks, struct gm_span s, struct gm_err *err)
{
	if (log->text.len >= log->stop_at)
		return gm_fail(err, GM_EIO, "enough");
	gm_buf_putc(&log->text, marks[0]);
	gm_buf_put_span(&log->text, s);
	gm_buf_putc(&log->text, marks[1]);
	return 0;
}

static int
on_event(struct gm_span data, void *arg, struct gm_err *err)
{
	return put(arg, "<>", data, err);
}

static int
on_stray(struct gm_span line, void *arg, struct gm_err *err)
{
	return put(arg, "[]", line, err);
}

static void
start(struct gm_sse *sse, size_t max, struct result *r)
{
	*r = (struct result){ .log.stop_at = SIZE_MAX };
	gm_buf_init(&r->log.text, 128 * MIB);
	gm_sse_init(sse, max, on_event, on_stray, &r->log);
}

/* In pieces: up to cut, then the rest, or byte by byte (step 1). */
static void
run(struct result *r, size_t max, struct gm_span in, size_t cut, size_t step)
{
	struct gm_sse sse;
	size_t at = 0, n = cut;

	start(&sse, max, r);
	for (; at < in.len && r->rc == 0; at += n, n = step) {
		if (n > in.len - at)
			n = in.len - at;
		r->rc = gm_sse_feed(
		    &sse, (struct gm_span){ in.p + at, n }, &r->err);
	}
	r->bytes = gm_sse_pending(&sse);
	if (r->rc == 0)
		r->rc = gm_sse_end(&sse, &r->err);
	gm_sse_release(&sse);
}

static bool
is_log(const struct result *r, struct gm_span want)
{
	return r->log.text.len == want.len &&
	       memcmp(gm_buf_str(&r->log.text), want.p, want.len) == 0;
}

/* All cuts of in give want, and the same number of pending bytes. */
static void
check_cuts(const char *name, struct gm_span in, size_t max, struct gm_span want)
{
	struct result whole, r;
	size_t cut;

	run(&whole, max, in, in.len, in.len);
	if (whole.rc != 0 || !is_log(&whole, want))
		fail_msg("%s, whole: %s", name, gm_buf_str(&whole.log.text));
	for (cut = 0; cut <= in.len; cut++) {
		/* The last round goes byte by byte. */
		run(&r, max, in, cut < in.len ? cut : 1,
		    cut < in.len ? in.len : 1);
		if (r.rc != 0 || !is_log(&r, want) || r.bytes != whole.bytes)
			fail_msg("%s, cut at %zu: %s, %zu for %zu bytes", name,
			    cut, gm_buf_str(&r.log.text), r.bytes, whole.bytes);
		gm_buf_release(&r.log.text);
	}
	gm_buf_release(&whole.log.text);
}

static void
test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		check_cuts(rows[i].name, rows[i].input, 100, rows[i].want);
}

/* At most 16 bytes in a line and in the data of an event, for every cut. */
static const struct {
	struct gm_span input, want; /* before the failure, if any */
	bool ok;
} limits[] = {
	{ S("data: 89abcdefgh\n\n"), S("<89abcdefgh>"), true },
	{ S("data: 89abcdefghi\n\n"), S(""), false },
	{ S("data: 89abcdefgh"), S("<89abcdefgh>"), true },
	{ S("data: 89abcdefghi"), S(""), false },
	{ S("data: x\n\ndata: 89abcdefghi\n\n"), S("<x>"), false },
	{ S("data:7\ndata:abcdefghijk\ndata:o\n\n"), S("<7\nabcdefghijk\no>"),
	    true },
	{ S("data:7\ndata:abcdefghijk\ndata:mn\n\n"), S("<7\nabcdefghijk\nmn>"),
	    true },
	{ S("data:7\ndata:abcdefghijk\ndata:mno\n\n"), S(""), false },
	{ S(": 3456789abcdefgh\n"), S(""), false },
	{ S("3456789abcdefghij\r\n"), S(""), false },
	{ S("123456789abcdefg\r\n"), S("[123456789abcdefg]"), true },
};

static void
check_limit(size_t i, size_t cut)
{
	struct gm_span in = limits[i].input;
	struct result r;

	run(&r, 16, in, cut, cut < in.len ? in.len : 1);
	if ((r.rc == 0) != limits[i].ok || !is_log(&r, limits[i].want) ||
	    (r.rc != 0 && r.err.code != GM_EPROTOCOL))
		fail_msg("limit %zu, cut at %zu: %d, %s", i, cut, r.rc,
		    gm_buf_str(&r.log.text));
	gm_buf_release(&r.log.text);
}

static void
test_max(void **state)
{
	size_t i, cut;

	(void)state;
	for (i = 0; i < GM_LEN(limits); i++)
		for (cut = 0; cut <= limits[i].input.len; cut++)
			check_limit(i, cut);
}

static void
test_huge(void **state)
{
	struct gm_buf line;
	struct result r;

	(void)state;
	gm_buf_init(&line, 4 * MIB);
	gm_buf_puts(&line, "data: ");
	memset(gm_buf_room(&line, 2 * MIB), 'a', 2 * MIB);
	gm_buf_filled(&line, 2 * MIB);
	gm_buf_puts(&line, "\n\n");
	run(&r, 2 * MIB + 6, gm_buf_span(&line), 1000, 1000);
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.log.text.len, 2 * MIB + 2);
	gm_buf_release(&r.log.text);
	run(&r, 2 * MIB, gm_buf_span(&line), 1000, 1000);
	assert_int_equal(r.rc, -1);
	assert_int_equal(r.err.code, GM_EPROTOCOL);
	assert_string_equal(
	    r.err.msg, "an event of the stream is larger than 2 MiB");
	assert_int_equal(r.log.text.len, 0);
	gm_buf_release(&r.log.text);
	gm_buf_release(&line);
}

/* An error of a callback ends the stream, at any point. */
static void
test_refusal(void **state)
{
	static const struct {
		const char *input, *want;
		size_t stop_at;
		bool at_end;
	} stops[] = {
		{ "data: a\n\ndata: b\n\n", "", 0, false },
		{ "data: a\n\ndata: b\n\ndata: c\n\n", "<a>", 1, false },
		{ "data: a\n\nfoo\ndata: c\n\n", "<a>", 1, false },
		{ "data: a\n\ndata: b", "<a>", 1, true },
		{ "data: a\n\nfoo", "<a>", 1, true },
	};
	struct gm_sse sse;
	struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(stops); i++) {
		start(&sse, 100, &r);
		r.log.stop_at = stops[i].stop_at;
		r.rc = gm_sse_feed(&sse, gm_span_of(stops[i].input), &r.err);
		assert_int_equal(r.rc, stops[i].at_end ? 0 : -1);
		if (r.rc == 0)
			assert_int_equal(gm_sse_end(&sse, &r.err), -1);
		assert_int_equal(r.err.code, GM_EIO);
		assert_string_equal(r.err.msg, "enough");
		assert_string_equal(gm_buf_str(&r.log.text), stops[i].want);
		gm_sse_release(&sse);
		gm_buf_release(&r.log.text);
	}
}

/* Only comments and empty lines do not change the count. */
static void
test_pending(void **state)
{
	static const struct {
		const char *piece;
		size_t pending;
	} pieces[] = {
		{ "\r", 0 },
		{ "\n\n\r\n", 0 },
		{ ": ping\r\n\r\n", 0 },
		{ ":", 0 },
		{ " keep", 0 },
		{ "-alive", 0 },
		{ "\n", 0 },
		{ "da", 2 },
		{ "ta: a", 7 },
		{ " b\n", 4 },
		{ ": x", 4 },
		{ "\ndata:c\n", 6 },
		{ "\n", 0 },
		{ "event: x\n", 0 },
		{ "id: 1\n", 0 },
		{ "{\n", 0 },
		{ "foo", 3 },
		{ "\n: x\n: y\r", 0 },
		{ "data: x\n: x\n", 2 },
	};
	struct result r;
	struct gm_sse sse;
	size_t i;

	(void)state;
	start(&sse, 100, &r);
	assert_int_equal(gm_sse_pending(&sse), 0);
	for (i = 0; i < GM_LEN(pieces); i++) {
		assert_int_equal(
		    gm_sse_feed(&sse, gm_span_of(pieces[i].piece), &r.err), 0);
		if (gm_sse_pending(&sse) != pieces[i].pending)
			fail_msg("piece %zu: %zu", i, gm_sse_pending(&sse));
	}
	gm_sse_release(&sse);
	gm_buf_release(&r.log.text);
	run(&r, 100, gm_span_of(BOM ": x\n"), 2, 100);
	assert_int_equal(r.bytes, 0);
	gm_buf_release(&r.log.text);
}

/* The beginning of an event is seen before the event has ended. */
static void
test_begins(void **state)
{
	static const struct {
		const char *piece;
		bool begins;
	} pieces[] = {
		{ "data: a\n", false },
		{ "data: [END]\n", false }, /* not at its beginning */
		{ "\n", false },
		{ "data:  \n", false },
		{ "data: [EN", false },
		{ "D]", true },
		{ " and more", true },
		{ "\ndata: x\n", true },
		{ "other\n", true },
		{ "\n", false },
		{ "event: [END]", false },
	};
	struct result r;
	struct gm_sse sse;
	size_t i;

	(void)state;
	start(&sse, 100, &r);
	assert_false(gm_sse_begins(&sse, "[END]"));
	for (i = 0; i < GM_LEN(pieces); i++) {
		assert_int_equal(
		    gm_sse_feed(&sse, gm_span_of(pieces[i].piece), &r.err), 0);
		assert_int_equal(
		    gm_sse_begins(&sse, "[END]"), pieces[i].begins);
	}
	gm_sse_release(&sse);
	gm_buf_release(&r.log.text);
}

static void
test_empty_pieces(void **state)
{
	struct gm_sse sse;
	struct result r;

	(void)state;
	start(&sse, 100, &r);
	assert_int_equal(gm_sse_feed(&sse, (struct gm_span){ 0 }, &r.err), 0);
	assert_int_equal(gm_sse_feed(&sse, gm_span_of("data: a"), &r.err), 0);
	assert_int_equal(gm_sse_feed(&sse, (struct gm_span){ 0 }, &r.err), 0);
	assert_int_equal(gm_sse_feed(&sse, gm_span_of(""), &r.err), 0);
	assert_int_equal(gm_sse_feed(&sse, gm_span_of("b\n\n"), &r.err), 0);
	assert_int_equal(gm_sse_end(&sse, &r.err), 0);
	assert_string_equal(gm_buf_str(&r.log.text), "<ab>");
	gm_sse_release(&sse);
	gm_sse_release(&sse);
	gm_buf_release(&r.log.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_empty_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
