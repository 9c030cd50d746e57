#ifndef GM_CLI_OUT_H
#define GM_CLI_OUT_H

/*
 * The output of an answer: standard output, or a file that appears when it is
 * complete.  Every write is checked; one that waits for a reader ends with a
 * signal or the deadline.  If the reader has left, SIGPIPE ends the process.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/outfile.h"
#include "base/span.h"
#include "base/term.h"

struct gm_out {
	int fd;
	const char *name;       /* for messages */
	struct gm_outfile file; /* with -o */
	bool filtered;          /* remove control characters and sequences */
	bool regular;           /* a write never waits */
	bool has_reader;        /* a write may have to wait for a reader */
	bool begun, ends_line;  /* text was put; its last byte is '\n' */
	struct gm_term_filter filter;
	struct gm_buf pending; /* put, but not yet written */
	size_t written;        /* bytes of pending that are written */
	bool broken;           /* a write has failed: there are no more */
	struct gm_err failure; /* of that write */
};

/*
 * Open a file, see gm_outfile_create(), or standard output if path is NULL.
 * Returns 0, or -1: GM_ECANTCREAT, GM_EOS, GM_ESIGNAL, GM_EUNAVAILABLE.
 */
int
gm_out_open(struct gm_out *, const char *path, struct gm_err *) GM_MUST_CHECK;

/* Add text; it is written by the next flush. */
void gm_out_put(struct gm_out *, struct gm_span);

/* Write all pending text.  0, or -1: GM_EIO, GM_ESIGNAL, GM_EUNAVAILABLE. */
int gm_out_flush(struct gm_out *, struct gm_err *) GM_MUST_CHECK;

/*
 * Write what can be written without waiting for a reader, for an event loop.
 * Returns 1 if all is written, 0 if the reader is not ready for the rest (the
 * next flush writes it, or a try once fd polls as writable), or -1: GM_EIO.
 */
int gm_out_try(struct gm_out *, struct gm_err *) GM_MUST_CHECK;

/* Flush, with a newline if text was put and does not end in one. */
int gm_out_end(struct gm_out *, struct gm_err *) GM_MUST_CHECK;

/* Make a file appear under its name.  Returns 0, or -1: GM_EIO. */
int gm_out_commit(struct gm_out *, struct gm_err *) GM_MUST_CHECK;

/* Release it, and drop a file that was not committed. */
void gm_out_release(struct gm_out *);

#endif
