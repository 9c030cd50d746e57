#ifndef GM_SUMM_TEXT_H
#define GM_SUMM_TEXT_H

/*
 * A text to be summarised: a file, standard input, or the answers of a round.
 * It is read in pieces with pread(2), so that it can be larger than memory.
 * Input from a pipe is copied first: into memory or, above 1 MiB, to a
 * temporary file that has been unlinked.
 *
 * The length is fixed when the text is opened.  Bytes that are appended to a
 * file later are not part of it; a file that shrinks is an error.
 */

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"

/* Shared by all texts; borrowed. */
struct gm_text_options {
	const char *temporary; /* directory for the copies of pipes */
	bool stdin_closed;     /* standard input was closed at start: empty */
	const struct gm_note *note;
};

struct gm_text {
	const struct gm_text_options *options;
	char *name; /* owned; for messages: one line, no controls */
	int fd;     /* -1: the text is in memory, or the file is parked */
	const char *parked; /* borrowed path of a parked file; or NULL */
	dev_t device;       /* of a parked file, to recognise it */
	ino_t inode;
	struct gm_buf memory;
	off_t start;             /* offset after a byte order mark */
	struct timespec changed; /* mtime of a file when it was opened */
	off_t size;              /* bytes after start */
	bool noted;              /* ill-formed UTF-8 was reported */
};

/*
 * Open a file, or standard input if path is NULL.  A pipe is read to its end.
 * Returns 0, or -1, to be closed in any case: GM_ENOINPUT (unreadable, a
 * directory, a device), GM_EDATA (binary, UTF-16, empty), GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline), GM_EIO (no room for the copy of a pipe),
 * GM_EOS.  The message begins with the name.
 */
int gm_text_open(struct gm_text *, const struct gm_text_options *,
    const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Close the file between reads, so that there can be more texts than a process
 * can have open files.  path is the one it was opened with, borrowed.  Copies
 * of pipes stay open.
 */
void gm_text_park(struct gm_text *, const char *path);

/* Make a text in memory, to which the caller appends.  0, or -1: GM_EOS. */
int gm_text_make(struct gm_text *, const struct gm_text_options *,
    const char *name, struct gm_err *) GM_MUST_CHECK;

/* Set the size after the caller has appended to memory. */
void gm_text_grow(struct gm_text *);

/*
 * Append exactly len bytes from offset at, which counts from start.  Returns 0,
 * or -1: GM_ENOINPUT (unreadable, shorter than it was, or a parked file was
 * replaced), GM_EOS.
 */
int gm_text_read(const struct gm_text *, off_t at, size_t len,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Append bytes of the text to a prompt.  Ill-formed UTF-8 is replaced, with a
 * note the first time.  Returns 0, or -1: GM_EDATA (a NUL byte), GM_EOS.
 */
int gm_text_put(struct gm_text *, struct gm_span bytes, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

void gm_text_close(struct gm_text *);

#endif
