#ifndef GM_PROMPT_READER_H
#define GM_PROMPT_READER_H

/*
 * Reads the records of a batch from a descriptor, only as they are needed, so
 * that a FIFO, a terminal and endless input work.
 *
 * Nothing here waits.  The descriptor may be shared with other processes, so
 * O_NONBLOCK is not set; it is read only when poll(2) reports it as readable.
 * If another process takes the bytes between poll(2) and read(2), the read
 * waits until more bytes or a signal arrive.
 *
 * A byte order mark at the start of the input and empty records are dropped.
 * The last record needs no terminator.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Bytes allowed in a record, without its terminator. */
#define GM_READER_MAX (16 * 1024 * 1024)

enum gm_reader_form {
	GM_READER_LINES, /* LF ends a record; a CR before it is dropped */
	GM_READER_NUL    /* NUL ends a record; no byte is dropped */
};

enum gm_reader_result {
	GM_READER_FAILED = -2, /* GM_ENOINPUT, GM_EDATA, GM_EOS */
	GM_READER_END = -1,
	GM_READER_WAIT = 0, /* no record now; wait until fd is readable */
	GM_READER_RECORD = 1
};

struct gm_reader_record {
	int64_t number;      /* from 1; empty records do not count */
	struct gm_span text; /* well-formed UTF-8; empty if there is a fault */
	const char *fault;   /* why it cannot be sent; NULL: it can */
	size_t replaced;     /* ill-formed sequences replaced by U+FFFD */
};

/* Private, but for fd. */
struct gm_reader {
	int fd;           /* borrowed; -1: the input is empty */
	const char *name; /* borrowed; for messages */
	enum gm_reader_form form;
	int64_t count;       /* records so far */
	bool begun;          /* the first record, with any BOM, was taken */
	bool skipping;       /* the rest of a record that is too large */
	bool ended;          /* the input has ended or failed */
	size_t at;           /* start of the next record in raw */
	size_t scanned;      /* no terminator between at and here */
	struct gm_buf raw;   /* bytes as they were read */
	struct gm_buf clean; /* the record, if ill-formed UTF-8 was replaced */
	struct gm_err why;   /* the record's fault */
};

/* fd -1: standard input was closed, so the input is empty. */
void gm_reader_init(
    struct gm_reader *, int fd, const char *name, enum gm_reader_form);

/*
 * Take the next record; its text and fault are valid until the next call.  A
 * call reads at most 256 KiB, so that endless input leaves time for other work.
 * So GM_READER_WAIT may be returned although the descriptor is readable.
 *
 * The fault is one of: larger than GM_READER_MAX (reported as soon as so much
 * was read; later calls drop the rest of the record); NUL bytes in a line; a
 * known binary format, UTF-16 or UTF-32.  If the first record has such a
 * format, the whole input has: GM_READER_FAILED with GM_EDATA.
 *
 * GM_READER_FAILED sets *err (GM_ENOINPUT: the descriptor cannot be read), and
 * drops an incomplete record; all complete ones have been returned.  After a
 * failure, as after the end, the result is GM_READER_END.
 */
enum gm_reader_result gm_reader_next(struct gm_reader *,
    struct gm_reader_record *, struct gm_err *) GM_MUST_CHECK;

void gm_reader_release(struct gm_reader *);

/*
 * Count the records from the current offset of a regular file, which does not
 * move; reads the whole file.  Returns -1 if fd is anything else or cannot be
 * read, or if a signal asks the run to stop.
 */
int64_t gm_reader_total(int fd, enum gm_reader_form);

#endif
