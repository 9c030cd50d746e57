#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stop.h"
#include "base/utf8.h"
#include "cli/input.h"
#include "gm-prompt/reader.h"

#define BLOCK ((size_t)64 * 1024) /* bytes of a read */
#define BLOCKS 4                  /* reads in one call */
#define KEPT (4 * BLOCK)          /* bytes of memory kept between records */
#define BOM "\xEF\xBB\xBF"

/* Bytes that trim() removes at most: a byte order mark and a CR. */
#define TRIMMED (sizeof(BOM) - 1 + 1)

void
gm_reader_init(
    struct gm_reader *r, int fd, const char *name, enum gm_reader_form form)
{
	*r = (struct gm_reader){
		.fd = fd, .name = name, .form = form, .ended = fd == -1
	};
	gm_buf_init(&r->raw, GM_READER_MAX + TRIMMED + BLOCK);
	gm_buf_init(&r->clean, GM_READER_MAX);
}

void
gm_reader_release(struct gm_reader *r)
{
	gm_buf_release(&r->raw);
	gm_buf_release(&r->clean);
	r->at = r->scanned = 0;
	r->ended = true;
}

static char
terminator(enum gm_reader_form form)
{
	return form == GM_READER_NUL ? '\0' : '\n';
}

/* Remove the byte order mark of the first record and the CR of a line. */
static struct gm_span
trim(struct gm_span text, enum gm_reader_form form, bool first)
{
	if (first && gm_span_starts(text, BOM)) {
		text.p += strlen(BOM);
		text.len -= strlen(BOM);
	}
	if (form == GM_READER_LINES && text.len > 0 &&
	    text.p[text.len - 1] == '\r')
		text.len--;
	return text;
}

/*
 * Move the unread bytes to the start of the buffer, and give back the memory of
 * a large record.  At most a block is moved, unless a record is incomplete.
 */
static void
make_room(struct gm_reader *r)
{
	size_t left = r->raw.len - r->at;
	struct gm_buf small;

	if (r->raw.cap > KEPT && left <= BLOCK) {
		gm_buf_init(&small, r->raw.max);
		gm_buf_put(&small, r->raw.data + r->at, left);
		gm_buf_release(&r->raw);
		r->raw = small;
	} else if (r->at > 0) {
		memmove(r->raw.data, r->raw.data + r->at, left);
		gm_buf_cut(&r->raw, left);
	}
	r->scanned -= r->at;
	r->at = 0;
}

/*
 * Return true if read(2) will not wait.  On a FIFO that never had a writer
 * poll(2) reports no event, while read(2) returns 0 for its end; so call
 * read(2) in any case if the descriptor is nonblocking.
 */
static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int flags;

	if (poll(&p, 1, 0) > 0)
		return true;
	flags = fcntl(fd, F_GETFL);
	return flags != -1 && (flags & O_NONBLOCK) != 0;
}

/*
 * Read one block.  Returns 1, also at the end; 0: nothing to read now; or -1.
 */
static int
fill(struct gm_reader *r, struct gm_err *err)
{
	size_t room = BLOCK;
	char *block;
	ssize_t n;

	make_room(r);
	if (!is_readable(r->fd))
		return 0;
	/*
	 * Grow from 4 MiB to the maximum in one step: doubling would copy, and
	 * hold both buffers for a moment.
	 */
	if (r->raw.len > GM_READER_MAX / 4)
		room = r->raw.max - r->raw.len;
	block = gm_buf_room(&r->raw, room);
	if (block == NULL)
		return gm_buf_check(&r->raw, err);
	n = read(r->fd, block, BLOCK);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == -1)
		return gm_fail_errno(err, GM_ENOINPUT, "%s", r->name);
	gm_buf_filled(&r->raw, (size_t)n);
	r->ended = n == 0;
	return 1;
}

/* Take a record as it was read; false if none is complete. */
static bool
take(struct gm_reader *r, struct gm_span *text)
{
	const char *start = r->raw.data, *end;

	if (r->at == r->raw.len)
		return false;
	end = memchr(
	    start + r->scanned, terminator(r->form), r->raw.len - r->scanned);
	r->scanned = r->raw.len;
	if (end == NULL && !r->ended)
		return false;
	if (end == NULL)
		end = start + r->raw.len;
	else
		r->scanned = (size_t)(end - start) + 1;
	*text =
	    (struct gm_span){ start + r->at, (size_t)(end - start) - r->at };
	r->at = r->scanned;
	return true;
}

/* Drop bytes of a record that is too large; true if that was its end. */
static bool
skip(struct gm_reader *r)
{
	struct gm_span rest;

	r->skipping = !take(r, &rest);
	if (r->skipping)
		r->at = r->raw.len;
	return !r->skipping;
}

/*
 * Take the next record that is not empty, trimmed.  Of a record that is too
 * large, take the part that was read, so that it is reported at once.
 */
static bool
take_record(struct gm_reader *r, struct gm_span *text)
{
	size_t left;

	if (r->skipping && !skip(r))
		return false;
	do {
		left = r->raw.len - r->at;
		if (take(r, text)) {
			*text = trim(*text, r->form, !r->begun);
		} else if (left > GM_READER_MAX + TRIMMED) {
			*text = (struct gm_span){ r->raw.data + r->at, left };
			r->at = r->raw.len;
			r->skipping = true;
		} else {
			return false;
		}
		r->begun = true;
	} while (text->len == 0);
	return true;
}

/* Fail if a record is too large or contains NUL. */
static int
check(struct gm_span text, struct gm_err *err)
{
	const char *nul;

	if (text.len > GM_READER_MAX)
		return gm_fail(err, GM_EDATA, "larger than %d MiB",
		    GM_READER_MAX / 1024 / 1024);
	nul = memchr(text.p, '\0', text.len);
	if (nul != NULL)
		return gm_fail(err, GM_EDATA,
		    "a NUL byte at offset %zu; if NUL ends a record, use -0",
		    (size_t)(nul - text.p));
	return 0;
}

/* Replace ill-formed UTF-8, which can make the text longer. */
static int
repair(struct gm_reader *r, struct gm_span *text, size_t *replaced,
    struct gm_err *err)
{
	if (gm_utf8_valid(*text) == text->len)
		return 0;
	*replaced = gm_utf8_repair(&r->clean, *text);
	*text = gm_buf_span(&r->clean);
	if (r->clean.failed == GM_EDATA)
		return gm_fail(err, GM_EDATA,
		    "larger than %d MiB after invalid UTF-8 was replaced",
		    GM_READER_MAX / 1024 / 1024);
	return gm_buf_check(&r->clean, err);
}

/* Fill *record.  Returns 0, or -1 if the whole input is unusable. */
static int
judge(struct gm_reader *r, struct gm_span text, struct gm_reader_record *record,
    struct gm_err *err)
{
	size_t replaced = 0;
	bool fatal = false;

	*record = (struct gm_reader_record){ .number = ++r->count };
	if (gm_input_check_format(text, &r->why) != 0) {
		fatal = r->count == 1;
	} else if (check(text, &r->why) == 0 &&
		   repair(r, &text, &replaced, &r->why) == 0) {
		record->text = text;
		record->replaced = replaced;
		return 0;
	}
	record->fault = r->why.msg;
	if (!fatal && r->why.code == GM_EDATA)
		return 0;
	return gm_fail(err, r->why.code, "%s: %s", r->name, r->why.msg);
}

static enum gm_reader_result
next(struct gm_reader *r, struct gm_reader_record *record, struct gm_err *err)
{
	struct gm_span text;
	int blocks, rc;

	if (r->clean.cap > KEPT)
		gm_buf_release(&r->clean);
	gm_buf_reset(&r->clean);
	for (blocks = 0; !take_record(r, &text); blocks++) {
		if (r->ended)
			return GM_READER_END;
		if (blocks == BLOCKS)
			return GM_READER_WAIT;
		rc = fill(r, err);
		if (rc != 1)
			return rc == 0 ? GM_READER_WAIT : GM_READER_FAILED;
	}
	return judge(r, text, record, err) == 0 ? GM_READER_RECORD
	                                        : GM_READER_FAILED;
}

enum gm_reader_result
gm_reader_next(
    struct gm_reader *r, struct gm_reader_record *record, struct gm_err *err)
{
	enum gm_reader_result result = next(r, record, err);

	if (result == GM_READER_FAILED || result == GM_READER_END)
		gm_reader_release(r);
	return result;
}

/* The number of records, and the start of the one being counted. */
struct tally {
	enum gm_reader_form form;
	int64_t count;
	bool begun;
	size_t len;             /* of head */
	char head[TRIMMED + 1]; /* enough to see if a record is empty */
};

static void
end_record(struct tally *t)
{
	const struct gm_span head = { t->head, t->len };

	t->count += trim(head, t->form, !t->begun).len > 0;
	t->begun = true;
	t->len = 0;
}

static void
add_block(struct tally *t, const char *p, size_t len)
{
	const char *stop = p + len, *end;
	size_t n;

	while (p < stop) {
		end = memchr(p, terminator(t->form), (size_t)(stop - p));
		n = (size_t)((end != NULL ? end : stop) - p);
		if (n > sizeof(t->head) - t->len)
			n = sizeof(t->head) - t->len;
		memcpy(t->head + t->len, p, n);
		t->len += n;
		if (end != NULL)
			end_record(t);
		p = end != NULL ? end + 1 : stop;
	}
}

/* Returns 0, or -1 if the file cannot be read, or a signal ends the run. */
static int
add_file(struct tally *t, int fd, char *block)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t n;

	if (at == -1)
		return -1;
	do {
		n = pread(fd, block, BLOCK, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || gm_stop_stage() != GM_STOP_NONE)
			return -1;
		add_block(t, block, (size_t)n);
		at += n;
	} while (n != 0);
	if (t->len > 0)
		end_record(t);
	return 0;
}

int64_t
gm_reader_total(int fd, enum gm_reader_form form)
{
	struct tally t = { .form = form };
	struct gm_buf block;
	struct stat st;
	char *room;
	int rc = -1;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	gm_buf_init(&block, BLOCK);
	room = gm_buf_room(&block, BLOCK);
	if (room != NULL)
		rc = add_file(&t, fd, room);
	gm_buf_release(&block);
	return rc == 0 ? t.count : -1;
}
