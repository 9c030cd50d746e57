#ifndef GM_CLI_OUT_H
#define GM_CLI_OUT_H

/*
 * Where an answer goes: standard output, or a file that appears when it is
 * whole.  Every byte is checked; a write that waits for its reader ends with
 * a signal or the deadline.  A reader that has left ends the process by
 * SIGPIPE.
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
	bool filtered;          /* take out what could steer a terminal */
	bool regular;           /* a write takes all, whatever comes */
	bool has_reader;        /* a write may have to wait for it */
	bool begun, ends_line;  /* text was put; its last byte is '\n' */
	struct gm_term_filter filter;
	struct gm_buf pending; /* put, but not yet written, */
	size_t written;        /* except for so many of its first bytes */
	bool broken;           /* a write has failed: nothing more is tried */
	struct gm_err failure; /* how, if broken */
};

/*
 * fd 1 if path is NULL; see gm_outfile_create().
 * Returns 0, or -1: GM_ECANTCREAT, GM_EOS, GM_ESIGNAL, GM_EUNAVAILABLE.
 */
int
gm_out_open(struct gm_out *, const char *path, struct gm_err *) GM_MUST_CHECK;

/* Add text; it is written by the next flush. */
void gm_out_put(struct gm_out *, struct gm_span);

/* Write all that was put.  0, or -1: GM_EIO, GM_ESIGNAL, GM_EUNAVAILABLE. */
int gm_out_flush(struct gm_out *, struct gm_err *) GM_MUST_CHECK;

/*
 * Write what can be written without waiting for a reader, for an event loop.
 * Returns 1 if all is written, 0 if the reader is not ready for the rest (the
 * next flush writes it, or a try once fd polls as writable), or -1: GM_EIO.
 */
int gm_out_try(struct gm_out *, struct gm_err *) GM_MUST_CHECK;

/* Flush, with a newline if text was put and does not end in one. */
int gm_out_end(struct gm_out *, struct gm_err *) GM_MUST_CHECK;

/* All is there: make a file appear under its name.  0, or -1: GM_EIO. */
int gm_out_commit(struct gm_out *, struct gm_err *) GM_MUST_CHECK;

/* Drops a file that was not committed. */
void gm_out_release(struct gm_out *);

#endif
