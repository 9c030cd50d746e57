/* Records from pipes and files, with every cut of the input. */

/* For posix_openpt(3). */
#define _XOPEN_SOURCE 700 /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gm-prompt/reader.h"

#define MAX 100000
#define LARGER "larger than 16 MiB"
#define NUL_AT "a NUL byte at offset "
#define USE_0 "; if NUL ends a record, use -0"

static char dir[] = "/tmp/gm-unit-reader.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : chdir(dir);
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("file");
	(void)unlink("fifo");
	return rmdir(dir);
}

#define SPAN(text) \
	{ \
		text, sizeof(text) - 1 \
	}

/* Each record in brackets, with its number, U+FFFD and fault. */
static const struct {
	enum gm_reader_form form;
	struct gm_span input;
	const char *want;
	int64_t total;
} rows[] = {
	{ GM_READER_LINES, SPAN(""), "", 0 },
	{ GM_READER_LINES, SPAN("\n\n\r\n"), "", 0 },
	{ GM_READER_LINES, SPAN("a"), "1[a]", 1 },
	{ GM_READER_LINES, SPAN("a\n"), "1[a]", 1 },
	{ GM_READER_LINES, SPAN("a\r\nb\r\r\nc\r"), "1[a]2[b\r]3[c]", 3 },
	{ GM_READER_LINES, SPAN("\n\na\n\n\nbc\n\r\nd"), "1[a]2[bc]3[d]", 3 },
	{ GM_READER_LINES, SPAN(" \n\t\n"), "1[ ]2[\t]", 2 },
	{ GM_READER_LINES, SPAN("a\rb\n"), "1[a\rb]", 1 },
	/* only the first byte order mark is dropped */
	{ GM_READER_LINES, SPAN("\xEF\xBB\xBF"), "", 0 },
	{ GM_READER_LINES, SPAN("\xEF\xBB\xBF\r\na"), "1[a]", 1 },
	{ GM_READER_LINES, SPAN("\xEF\xBB\xBF{}\n\xEF\xBB\xBF\n"),
	    "1[{}]2[\xEF\xBB\xBF]", 2 },
	{ GM_READER_LINES, SPAN("\n\xEF\xBB\xBF"), "1[\xEF\xBB\xBF]", 1 },
	{ GM_READER_LINES, SPAN("\xEF\xBB"), "1[\xEF\xBF\xBD]~1", 1 },
	{ GM_READER_NUL, SPAN("\xEF\xBB\xBF\0a"), "1[a]", 1 },
	/* ill-formed UTF-8 */
	{ GM_READER_LINES, SPAN("caf\xE9\nok\n\xFF\xFE.\n"),
	    "1[caf\xEF\xBF\xBD]~1"
	    "2[ok]3[]!this is UTF-16: convert it with iconv -f UTF-16 -t "
	    "UTF-8!",
	    3 },
	{ GM_READER_NUL, SPAN("\xC3\0\xA9\xA9"),
	    "1[\xEF\xBF\xBD]~1"
	    "2[\xEF\xBF\xBD\xEF\xBF\xBD]~2",
	    2 },
	/* faults of single records */
	{ GM_READER_LINES, SPAN("a\0b\nc\n\0\n"),
	    "1[]!" NUL_AT "1" USE_0 "!2[c]3[]!" NUL_AT "0" USE_0 "!", 3 },
	{ GM_READER_LINES, SPAN("a\n%PDF-1.7\nb\n"),
	    "1[a]2[]!a PDF document, but only text can be read!3[b]", 3 },
	/* NUL ends a record */
	{ GM_READER_NUL, SPAN("a\0b\0"), "1[a]2[b]", 2 },
	{ GM_READER_NUL, SPAN("a\n\0\0\0\r\0 b\r\n"), "1[a\n]2[\r]3[ b\r\n]",
	    3 },
	{ GM_READER_NUL, SPAN("a\0b\0c\0d\0e\0"), "1[a]2[b]3[c]4[d]5[e]", 5 },
};

static void
put_record(const struct gm_reader_record *record, struct gm_buf *got)
{
	gm_buf_printf(got, "%d[", (int)record->number);
	gm_buf_put_span(got, record->text);
	gm_buf_putc(got, ']');
	if (record->replaced > 0)
		gm_buf_printf(got, "~%zu", record->replaced);
	if (record->fault != NULL)
		gm_buf_printf(got, "!%s!", record->fault);
}

/* Read all records; returns the result after the last one. */
static enum gm_reader_result
take_all(struct gm_reader *r, struct gm_buf *got)
{
	struct gm_reader_record record;
	struct gm_err err;
	enum gm_reader_result result;

	while ((result = gm_reader_next(r, &record, &err)) == GM_READER_RECORD)
		put_record(&record, got);
	if (result == GM_READER_FAILED)
		gm_buf_printf(got, "%s (%s)", err.msg, gm_err_word(err.code));
	return result;
}

static void
put(int fd, struct gm_span bytes)
{
	assert_int_equal(write(fd, bytes.p, bytes.len), bytes.len);
}

/* Write in two pieces, or byte by byte if the cut is SIZE_MAX. */
static void
try_cut(struct gm_span input, enum gm_reader_form form, size_t cut,
    struct gm_buf *got)
{
	struct gm_reader r;
	size_t n;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	gm_reader_init(&r, ends[0], "pipe", form);
	while (input.len > 0) {
		assert_int_equal(take_all(&r, got), GM_READER_WAIT);
		n = cut == SIZE_MAX || cut > input.len ? 1 : cut;
		n = cut == 0 ? input.len : n;
		put(ends[1], (struct gm_span){ input.p, n });
		input.p += n;
		input.len -= n;
		cut = cut == SIZE_MAX ? cut : 0;
	}
	assert_int_equal(take_all(&r, got), GM_READER_WAIT);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(take_all(&r, got), GM_READER_END);
	assert_int_equal(take_all(&r, got), GM_READER_END);
	gm_reader_release(&r);
	gm_reader_release(&r);
	assert_int_equal(close(ends[0]), 0);
}

static void
test_cuts(void **state)
{
	struct gm_buf got;
	size_t i, cut;

	(void)state;
	gm_buf_init(&got, MAX);
	for (i = 0; i < GM_LEN(rows); i++)
		for (cut = 0; cut <= rows[i].input.len + 1; cut++) {
			gm_buf_reset(&got);
			try_cut(rows[i].input, rows[i].form,
			    cut > rows[i].input.len ? SIZE_MAX : cut, &got);
			assert_string_equal(gm_buf_str(&got), rows[i].want);
		}
	gm_buf_release(&got);
}

static int
make_file(struct gm_span before, struct gm_span bytes)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	put(fd, before);
	put(fd, bytes);
	assert_int_equal(
	    lseek(fd, (off_t)before.len, SEEK_SET), (off_t)before.len);
	return fd;
}

/* A file is read from its current offset, as after "read" in a shell. */
static void
test_file(void **state)
{
	const struct gm_span before = SPAN("header\n");
	struct gm_reader r;
	struct gm_buf got;
	size_t i;
	int fd;

	(void)state;
	gm_buf_init(&got, MAX);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&got);
		fd = make_file(before, rows[i].input);
		assert_int_equal(
		    gm_reader_total(fd, rows[i].form), rows[i].total);
		gm_reader_init(&r, fd, "file", rows[i].form);
		assert_int_equal(take_all(&r, &got), GM_READER_END);
		assert_string_equal(gm_buf_str(&got), rows[i].want);
		/* The input stays ended even if the file grows. */
		put(fd, (struct gm_span)SPAN("more\n"));
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(take_all(&r, &got), GM_READER_END);
		assert_string_equal(gm_buf_str(&got), rows[i].want);
		gm_reader_release(&r);
		assert_int_equal(close(fd), 0);
	}
	gm_buf_release(&got);
}

/* Only regular files are counted. */
static void
test_no_total(void **state)
{
	int ends[2], fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(gm_reader_total(fd, GM_READER_LINES), -1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(gm_reader_total(fd, GM_READER_LINES), -1);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(gm_reader_total(ends[0], GM_READER_LINES), -1);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	fd = make_file((struct gm_span)SPAN(""), (struct gm_span)SPAN("a\n"));
	assert_int_equal(close(fd), 0);
	fd = open("file", O_WRONLY);
	assert_int_equal(gm_reader_total(fd, GM_READER_LINES), -1);
	assert_int_equal(close(fd), 0);
}

/* Input in a known binary format is rejected as a whole. */
static void
test_foreign(void **state)
{
	static const struct {
		enum gm_reader_form form;
		struct gm_span input;
		const char *want;
	} files[] = {
		{ GM_READER_LINES, SPAN("\x1F\x8B\x08\0\nx\ny\n"),
		    "pipe: a gzip file, but only text can be read (DATAERR)" },
		{ GM_READER_NUL, SPAN("\x89PNG\r\n\x1A\n\0\0x\0"),
		    "pipe: a PNG image, but only text can be read (DATAERR)" },
		{ GM_READER_LINES, SPAN("\xFF\xFEh\0i\0\n\0"),
		    "pipe: this is UTF-16: convert it with iconv -f UTF-16 -t "
		    "UTF-8 (DATAERR)" },
		{ GM_READER_LINES, SPAN("h\0e\0l\0l\0o\0\n\0"),
		    "pipe: this is UTF-16LE: convert it with iconv -f UTF-16LE "
		    "-t UTF-8 (DATAERR)" },
	};
	struct gm_reader r;
	struct gm_buf got;
	size_t i;
	int ends[2];

	(void)state;
	gm_buf_init(&got, MAX);
	for (i = 0; i < GM_LEN(files); i++) {
		gm_buf_reset(&got);
		assert_int_equal(pipe(ends), 0);
		put(ends[1], files[i].input);
		gm_reader_init(&r, ends[0], "pipe", files[i].form);
		assert_int_equal(take_all(&r, &got), GM_READER_FAILED);
		assert_int_equal(take_all(&r, &got), GM_READER_END);
		assert_string_equal(gm_buf_str(&got), files[i].want);
		gm_reader_release(&r);
		assert_int_equal(close(ends[0]), 0);
		assert_int_equal(close(ends[1]), 0);
	}
	gm_buf_release(&got);
}

static void
await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 60000), 1);
}

/* If reading fails, an incomplete record is dropped. */
static void
test_failures(void **state)
{
	struct linger now = { 1, 0 };
	struct sockaddr_storage at = { .ss_family = AF_INET };
	socklen_t len = sizeof(at);
	struct gm_reader r;
	struct gm_buf got;
	int fd = open(".", O_RDONLY), near, far;

	(void)state;
	gm_buf_init(&got, MAX);
	gm_reader_init(&r, fd, "standard input", GM_READER_LINES);
	assert_int_equal(take_all(&r, &got), GM_READER_FAILED);
	assert_string_equal(
	    gm_buf_str(&got), "standard input: Is a directory (NOINPUT)");
	assert_int_equal(take_all(&r, &got), GM_READER_END);
	assert_int_equal(close(fd), 0);

	gm_buf_reset(&got);
	gm_reader_init(&r, fd, "standard input", GM_READER_LINES);
	assert_int_equal(take_all(&r, &got), GM_READER_FAILED);
	assert_string_equal(
	    gm_buf_str(&got), "standard input: Bad file descriptor (NOINPUT)");

	/* A connection that is reset in the middle of a record. */
	gm_buf_reset(&got);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (void *)&at, sizeof(struct sockaddr_in)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (void *)&at, &len), 0);
	far = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(far, (void *)&at, len), 0);
	near = accept(fd, NULL, NULL);
	gm_reader_init(&r, near, "standard input", GM_READER_LINES);
	put(far, (struct gm_span)SPAN("whole\nbeg"));
	await(near);
	assert_int_equal(take_all(&r, &got), GM_READER_WAIT);
	assert_int_equal(
	    setsockopt(far, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	assert_int_equal(close(far), 0);
	await(near);
	assert_int_equal(take_all(&r, &got), GM_READER_FAILED);
	assert_string_equal(gm_buf_str(&got),
	    "1[whole]standard input: Connection reset by peer (NOINPUT)");
	assert_int_equal(take_all(&r, &got), GM_READER_END);
	assert_int_equal(close(near), 0);
	assert_int_equal(close(fd), 0);
	gm_buf_release(&got);
}

/* A FIFO without a writer, and one whose writers come and go. */
static void
test_fifo(void **state)
{
	struct gm_reader r;
	struct gm_buf got;
	int in, out;

	(void)state;
	gm_buf_init(&got, MAX);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	in = open("fifo", O_RDONLY | O_NONBLOCK);
	gm_reader_init(&r, in, "fifo", GM_READER_LINES);
	assert_int_equal(take_all(&r, &got), GM_READER_END);

	out = open("fifo", O_WRONLY);
	gm_reader_init(&r, in, "fifo", GM_READER_LINES);
	assert_int_equal(take_all(&r, &got), GM_READER_WAIT);
	put(out, (struct gm_span)SPAN("a\nb"));
	assert_int_equal(take_all(&r, &got), GM_READER_WAIT);
	assert_int_equal(close(out), 0);
	assert_int_equal(take_all(&r, &got), GM_READER_END);
	assert_string_equal(gm_buf_str(&got), "1[a]2[b]");
	assert_int_equal(fcntl(in, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(close(in), 0);
	gm_buf_release(&got);

	gm_reader_init(&r, -1, "standard input", GM_READER_LINES);
	assert_int_equal(take_all(&r, &got), GM_READER_END);
}

/* Lines typed at a terminal; Ctrl-D ends the input. */
static void
test_terminal(void **state)
{
	struct gm_reader r;
	struct gm_buf got;
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	(void)state;
	gm_buf_init(&got, MAX);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	gm_reader_init(&r, slave, "terminal", GM_READER_LINES);
	assert_int_equal(take_all(&r, &got), GM_READER_WAIT);
	put(master, gm_span_of("one\ntw"));
	await(slave);
	assert_int_equal(take_all(&r, &got), GM_READER_WAIT);
	assert_string_equal(gm_buf_str(&got), "1[one]");
	put(master, gm_span_of("o\n\x04"
			       "three\n"));
	do
		await(slave);
	while (take_all(&r, &got) == GM_READER_WAIT);
	assert_int_equal(take_all(&r, &got), GM_READER_END);
	assert_string_equal(gm_buf_str(&got), "1[one]2[two]");
	gm_buf_release(&got);
	assert_int_equal(close(slave), 0);
	assert_int_equal(close(master), 0);
}

/* Endless input leaves time for other work after some reads. */
static void
test_endless(void **state)
{
	struct gm_reader r;
	struct gm_reader_record record;
	struct gm_err err;
	int fd = open("/dev/zero", O_RDONLY), i;

	(void)state;
	gm_reader_init(&r, fd, "zero", GM_READER_NUL);
	for (i = 0; i < 100; i++)
		assert_int_equal(
		    gm_reader_next(&r, &record, &err), GM_READER_WAIT);
	assert_true(r.raw.cap <= MAX * 10);
	gm_reader_release(&r);

	/* An endless line is reported as too large at once, then dropped. */
	gm_reader_init(&r, fd, "zero", GM_READER_LINES);
	for (i = 0; gm_reader_next(&r, &record, &err) == GM_READER_WAIT; i++)
		assert_true(i < 100);
	assert_int_equal(record.number, 1);
	assert_string_equal(record.fault, LARGER);
	for (i = 0; i < 100; i++)
		assert_int_equal(
		    gm_reader_next(&r, &record, &err), GM_READER_WAIT);
	assert_true(r.raw.cap <= MAX * 10);
	gm_reader_release(&r);
	assert_int_equal(close(fd), 0);
}

/* Make a file of len bytes of c. */
static void
put_many(int fd, char c, size_t len)
{
	static char block[1 << 20];
	size_t n;

	memset(block, c, sizeof(block));
	for (; len > 0; len -= n) {
		n = len < sizeof(block) ? len : sizeof(block);
		assert_int_equal(write(fd, block, n), n);
	}
}

static void
test_border(void **state)
{
	static const struct {
		const char *before, *after; /* the large record */
		size_t len;
		char c;
		const char *fault;
	} large[] = {
		{ "", "\nnext\n", GM_READER_MAX, 'x', NULL },
		{ "", "\nnext\n", GM_READER_MAX + 1, 'x', LARGER },
		{ "", "\r\nnext\n", GM_READER_MAX, 'x', NULL },
		{ "", "\r\nnext\n", GM_READER_MAX + 1, 'x', LARGER },
		{ "\xEF\xBB\xBF", "\r\nnext", GM_READER_MAX, 'x', NULL },
		{ "\xEF\xBB\xBF", "\r\nnext", GM_READER_MAX + 1, 'x', LARGER },
		{ "", "\nnext\n", GM_READER_MAX + 5, 'x', LARGER },
		{ "\n", "\nnext\n", (size_t)100 * 1024 * 1024, 'x', LARGER },
		{ "", "\nnext\n", GM_READER_MAX / 3, '\xFF', NULL },
		{ "", "\nnext\n", GM_READER_MAX / 3 + 1, '\xFF',
		    "larger than 16 MiB after invalid UTF-8 was replaced" },
		{ "a", "\nnext\n", GM_READER_MAX, '\0', LARGER },
	};
	struct gm_reader r;
	struct gm_reader_record record = { 0 };
	struct gm_err err;
	size_t i;
	int fd, rc;

	(void)state;
	for (i = 0; i < GM_LEN(large); i++) {
		fd = make_file(gm_span_of(large[i].before), gm_span_of(""));
		put_many(fd, large[i].c, large[i].len);
		put(fd, gm_span_of(large[i].after));
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(gm_reader_total(fd, GM_READER_LINES), 2);
		gm_reader_init(&r, fd, "file", GM_READER_LINES);
		while (
		    (rc = gm_reader_next(&r, &record, &err)) == GM_READER_WAIT)
			;
		assert_int_equal(rc, GM_READER_RECORD);
		assert_int_equal(record.number, 1);
		if (large[i].fault != NULL)
			assert_string_equal(record.fault, large[i].fault);
		else
			assert_int_equal(record.text.len,
			    large[i].len * (large[i].c == 'x' ? 1 : 3));
		while (
		    (rc = gm_reader_next(&r, &record, &err)) == GM_READER_WAIT)
			;
		assert_int_equal(rc, GM_READER_RECORD);
		assert_int_equal(record.number, 2);
		assert_null(record.fault);
		assert_true(gm_span_is(record.text, "next"));
		assert_int_equal(
		    gm_reader_next(&r, &record, &err), GM_READER_END);
		gm_reader_release(&r);
		assert_int_equal(close(fd), 0);
	}
}

/* Bytes that do not count can be the last ones, or the only ones. */
static void
test_border_pieces(void **state)
{
	static char piece[4096];
	struct gm_reader r;
	struct gm_reader_record record;
	struct gm_err err;
	int ends[2], i;

	(void)state;
	memset(piece, 'x', sizeof(piece));
	assert_int_equal(pipe(ends), 0);
	gm_reader_init(&r, ends[0], "pipe", GM_READER_LINES);
	put(ends[1], gm_span_of("\xEF\xBB\xBF"));
	for (i = 0; i < GM_READER_MAX / 4096; i++) {
		put(ends[1], (struct gm_span){ piece, sizeof(piece) });
		assert_int_equal(
		    gm_reader_next(&r, &record, &err), GM_READER_WAIT);
	}
	put(ends[1], gm_span_of("\r"));
	assert_int_equal(gm_reader_next(&r, &record, &err), GM_READER_WAIT);
	put(ends[1], gm_span_of("\n"));
	assert_int_equal(gm_reader_next(&r, &record, &err), GM_READER_RECORD);
	assert_null(record.fault);
	assert_int_equal(record.text.len, GM_READER_MAX);
	gm_reader_release(&r);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
}

/* The memory of a large record is freed with the next block. */
static void
test_shrinks(void **state)
{
	struct gm_reader r;
	struct gm_reader_record record;
	struct gm_err err;
	int fd, i;

	(void)state;
	fd = make_file(gm_span_of(""), gm_span_of(""));
	put_many(fd, '\xFF', GM_READER_MAX / 3);
	for (i = 0; i < 100000; i++)
		put(fd, gm_span_of("\nshort"));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	gm_reader_init(&r, fd, "file", GM_READER_LINES);
	while (gm_reader_next(&r, &record, &err) == GM_READER_WAIT)
		;
	assert_int_equal(record.text.len, GM_READER_MAX / 3 * 3);
	assert_true(r.raw.cap > GM_READER_MAX / 3);
	for (i = 0; i < 100000; i++)
		assert_int_equal(
		    gm_reader_next(&r, &record, &err), GM_READER_RECORD);
	assert_true(r.raw.cap <= 262144);
	assert_int_equal(r.clean.cap, 0);
	gm_reader_release(&r);
	assert_int_equal(close(fd), 0);
}

#define MANY 1000000

static void
test_million(void **state)
{
	struct gm_reader r;
	struct gm_reader_record record;
	struct gm_err err;
	char line[20];
	size_t cap = 0;
	int fd, i;
	FILE *f;

	(void)state;
	f = fopen("file", "w");
	assert_non_null(f);
	for (i = 1; i <= MANY; i++)
		assert_true(fprintf(f, "record %d\n", i) > 0);
	assert_int_equal(fclose(f), 0);
	fd = open("file", O_RDONLY);
	assert_int_equal(gm_reader_total(fd, GM_READER_LINES), MANY);
	gm_reader_init(&r, fd, "file", GM_READER_LINES);
	for (i = 1; i <= MANY; i++) {
		if (gm_reader_next(&r, &record, &err) != GM_READER_RECORD)
			fail();
		(void)snprintf(line, sizeof(line), "record %d", i);
		if (record.number != i || !gm_span_is(record.text, line))
			fail();
		cap = r.raw.cap > cap ? r.raw.cap : cap;
	}
	assert_int_equal(gm_reader_next(&r, &record, &err), GM_READER_END);
	assert_true(cap <= 262144);
	gm_reader_release(&r);
	assert_int_equal(close(fd), 0);
}

/* Return the next number of a fixed random sequence. */
static unsigned
draw(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7FFF;
}

/* Write records of letters, some longer than a block. */
static void
make_records(struct gm_buf *input, char end, unsigned *seed)
{
	unsigned n, len;

	gm_buf_reset(input);
	for (n = draw(seed) % 50; n > 0; n--) {
		len = n % 7 == 0 ? draw(seed) * 6 : draw(seed) % 40;
		for (; len > 0; len--)
			gm_buf_putc(input, (char)('a' + draw(seed) % 26));
		gm_buf_putc(input, 'z');
		gm_buf_putc(input, end);
	}
}

/*
 * All records with their terminators are the input again.  It has no CR, no
 * empty record and no byte order mark, as these would be dropped.
 */
static void
try_whole(enum gm_reader_form form, struct gm_buf *input, struct gm_buf *got,
    unsigned *seed)
{
	const char end = form == GM_READER_NUL ? '\0' : '\n';
	struct gm_reader r;
	struct gm_reader_record record;
	struct gm_err err;
	enum gm_reader_result result;
	int fd;

	make_records(input, end, seed);
	gm_buf_reset(got);
	fd = make_file(gm_span_of(""), gm_buf_span(input));
	gm_reader_init(&r, fd, "file", form);
	while ((result = gm_reader_next(&r, &record, &err)) >= 0)
		if (result == GM_READER_RECORD) {
			gm_buf_put_span(got, record.text);
			gm_buf_putc(got, end);
		}
	assert_int_equal(result, GM_READER_END);
	assert_int_equal(got->len, input->len);
	assert_memory_equal(gm_buf_str(got), gm_buf_str(input), input->len);
	gm_reader_release(&r);
	assert_int_equal(close(fd), 0);
}

static void
test_whole(void **state)
{
	struct gm_buf input, got;
	unsigned seed = 1, round;

	(void)state;
	gm_buf_init(&input, GM_READER_MAX);
	gm_buf_init(&got, GM_READER_MAX);
	for (round = 0; round < 30; round++) {
		try_whole(GM_READER_LINES, &input, &got, &seed);
		try_whole(GM_READER_NUL, &input, &got, &seed);
	}
	gm_buf_release(&input);
	gm_buf_release(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_no_total),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_border),
		cmocka_unit_test(test_border_pieces),
		cmocka_unit_test(test_shrinks),
		cmocka_unit_test(test_million),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
