#ifndef GM_PROMPT_READER_H
#define GM_PROMPT_READER_H

/*
 * The records of a batch, taken from a descriptor only as they are needed, so
 * that a FIFO, a terminal and endless input work.
 *
 * Nothing here waits.  The descriptor may be shared with other processes, so
 * its flags stay as they are: it is read only when poll(2) says that it is
 * readable.  If another process takes the bytes between poll(2) and read(2),
 * the read waits until more bytes or a signal come.
 *
 * A byte order mark at the beginning of the input is dropped, and so is an
 * empty record.  The last record needs no terminator.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Bytes allowed in a record, without its terminator. */
#define GM_READER_MAX (16 * 1024 * 1024)

enum gm_reader_form {
	GM_READER_LINES, /* LF ends a record; one CR before it is dropped */
	GM_READER_NUL    /* NUL ends a record; nothing is dropped */
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
	size_t replaced;     /* ill-formed parts that became U+FFFD */
};

/* Private, but for fd. */
struct gm_reader {
	int fd;           /* borrowed; -1: the input is empty */
	const char *name; /* borrowed; for messages */
	enum gm_reader_form form;
	int64_t count;       /* records so far */
	bool begun;          /* a byte order mark is no longer dropped */
	bool skipping;       /* to the end of a record that is too large */
	bool ended;          /* the input has ended or failed */
	size_t at;           /* where the next record begins in raw */
	size_t scanned;      /* no terminator between at and here */
	struct gm_buf raw;   /* bytes as they were read */
	struct gm_buf clean; /* a record that was repaired */
	struct gm_err why;   /* the record's fault */
};

/* fd -1 stands for a standard input that was closed. */
void gm_reader_init(
    struct gm_reader *, int fd, const char *name, enum gm_reader_form);

/*
 * The next record; its text and fault are valid until the next call.  A call
 * reads 256 KiB at most, so that endless input leaves time for other work:
 * GM_READER_WAIT may come although the descriptor is readable.
 *
 * Fault is one of: larger than GM_READER_MAX, which is known as soon as so
 * much was read, and whose remaining bytes are dropped by later calls; NUL
 * bytes (in lines); a known binary format, UTF-16 or UTF-32.  If the first
 * record has such a format, all input has: GM_READER_FAILED with GM_EDATA.
 *
 * GM_READER_FAILED sets *err (GM_ENOINPUT: the descriptor cannot be read), and
 * drops a record that was begun; what was complete before has been returned.
 * From then on, and after the end, the result is GM_READER_END.
 */
enum gm_reader_result gm_reader_next(struct gm_reader *,
    struct gm_reader_record *, struct gm_err *) GM_MUST_CHECK;

void gm_reader_release(struct gm_reader *);

/*
 * The number of records that gm_reader_next() would return if fd is a regular
 * file, from its present offset, which does not move; -1 if it is anything
 * else, cannot be read, or the run was asked to stop.  Reads the whole file.
 */
int64_t gm_reader_total(int fd, enum gm_reader_form);

#endif
