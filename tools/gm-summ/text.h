#ifndef GM_SUMM_TEXT_H
#define GM_SUMM_TEXT_H

/*
 * A text that is to be summarised: a file, standard input, or the answers of a
 * round.  It is read in windows with pread(2), so that it may be larger than
 * memory and a file that shrinks is noticed.  What comes from a pipe is copied
 * first: into memory or, if it is large, to a file without a name.
 *
 * The text is as long as it was when it was opened; what is appended to a file
 * later is not part of it.
 */

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"

/* How texts are opened; borrowed. */
struct gm_text_options {
	const char *temporary; /* directory for the copies of pipes */
	bool stdin_closed;     /* at start: it is empty */
	const struct gm_note *note;
};

struct gm_text {
	const struct gm_text_options *options;
	char *name; /* owned: one clean line, for messages */
	int fd;     /* -1: all of it is in memory, or the file is parked */
	const char *parked; /* borrowed path; NULL: it is not */
	dev_t device;       /* of a parked file, to know it again */
	ino_t inode;
	struct gm_buf memory;
	off_t start;             /* behind a byte order mark */
	struct timespec changed; /* of a file, when it was opened */
	off_t size;              /* bytes, from start on */
	bool told;               /* that bytes are not UTF-8 */
};

/*
 * Open a file, or standard input if path is NULL.  Waits for the writer of a
 * pipe.  Returns 0, or -1, to be closed in any case: GM_ENOINPUT (cannot be
 * read, a directory, a device), GM_EDATA (binary, UTF-16, empty), GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline), GM_EIO (no room for a copy), GM_EOS.  The
 * message begins with the name.
 */
int gm_text_open(struct gm_text *, const struct gm_text_options *,
    const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Close the file until it is read, so that there may be more texts than a
 * process may have open files.  path, that it was opened by, is borrowed.  Copies
 * of pipes stay open.
 */
void gm_text_park(struct gm_text *, const char *path);

/* A text in memory, which the caller appends to. */
int gm_text_make(struct gm_text *, const struct gm_text_options *,
    const char *name, struct gm_err *) GM_MUST_CHECK;

/* The caller has appended to memory. */
void gm_text_grow(struct gm_text *);

/*
 * Append the bytes from at (0: start) on, exactly len of them.  Returns 0, or
 * -1: GM_ENOINPUT (it cannot be read, is shorter than it was, or its name is
 * that of another file now), GM_EOS.
 */
int gm_text_read(const struct gm_text *, off_t at, size_t len,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Append bytes that were read to what is sent: ill-formed UTF-8 is replaced,
 * with a note the first time.  Returns 0, or -1: GM_EDATA (a NUL byte), GM_EOS.
 */
int gm_text_put(struct gm_text *, struct gm_span bytes, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

void gm_text_close(struct gm_text *);

#endif
