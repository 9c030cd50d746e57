#ifndef GM_CLI_INPUT_H
#define GM_CLI_INPUT_H

/*
 * Text that goes into a request: standard input, files, option arguments.
 *
 * Read to its end, however slow; only a signal or the deadline of the run
 * ends it early.  A BOM is dropped, CRLF kept, ill-formed UTF-8 replaced with
 * a note; NUL bytes and the beginnings of known binary formats are refused.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"
#include "base/span.h"

/* Bytes allowed in one text. */
#define GM_INPUT_MAX (64 * 1024 * 1024)

struct gm_input {
	const struct gm_note *note; /* borrowed */
	bool closed;                /* fd 0 was closed at start: it is empty */
	bool hint;                  /* say so when nothing comes for 3 s */
	bool used;                  /* standard input was read */
};

/*
 * Does text begin as a known binary format, or is it UTF-16 or UTF-32?  Then
 * -1 with GM_EDATA, which says what it is, without a name in front; else 0.
 */
int gm_input_check_format(struct gm_span text, struct gm_err *) GM_MUST_CHECK;

/*
 * Append all of standard input.  Returns 0, or -1: GM_ENOINPUT, GM_EDATA
 * (binary, too large), GM_ESIGNAL, GM_EUNAVAILABLE (deadline), GM_EOS.
 */
int gm_input_stdin(
    struct gm_input *, struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/* A text as it stands on the command line; name is for messages. */
int gm_input_literal(struct gm_input *, const char *name, const char *text,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * The text of an option's argument: "@FILE" stands for a file's content and
 * "@-" for standard input's, all else for itself.  GM_EUSAGE if standard input
 * was read already, or nothing is behind the "@".
 */
int gm_input_argument(struct gm_input *, const char *name, const char *text,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * The steps of the above, for a caller that needs the bytes before they are
 * text.  Names are for messages, one line each.
 *
 * Append all that fd gives, which must not block, or all of standard input.
 * Returns 0, or -1 as gm_input_stdin(); GM_EDATA: more than raw's maximum.
 */
int gm_input_read(struct gm_input *, int fd, const char *name,
    struct gm_buf *raw, struct gm_err *) GM_MUST_CHECK;
int gm_input_read_stdin(
    struct gm_input *, struct gm_buf *raw, struct gm_err *) GM_MUST_CHECK;

/* Are the bytes text?  Takes a BOM off.  Returns 0, or -1: GM_EDATA. */
int gm_input_check(
    const char *name, struct gm_span *raw, struct gm_err *) GM_MUST_CHECK;

/* Append bytes with ill-formed UTF-8 replaced, with a note. */
int gm_input_put(struct gm_input *, const char *name, struct gm_span raw,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

#endif
