#ifndef GM_CLI_INPUT_H
#define GM_CLI_INPUT_H

/*
 * Text for a request, from standard input, files and option arguments.
 *
 * Input is read to its end, however slow; only a signal or the deadline of the
 * run ends it early.  A BOM is dropped, CRLF kept, ill-formed UTF-8 replaced
 * with a note; NUL bytes and known binary formats are rejected.
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
	bool hint;                  /* print a note after 3 s without data */
	bool used;                  /* standard input was read */
};

/*
 * Return -1 with GM_EDATA if text begins like a known binary format, or is
 * UTF-16 or UTF-32; the message names the format, but not the file.  Else 0.
 */
int gm_input_check_format(struct gm_span text, struct gm_err *) GM_MUST_CHECK;

/*
 * Append all of standard input.  Returns 0, or -1: GM_ENOINPUT, GM_EDATA
 * (binary, too large), GM_ESIGNAL, GM_EUNAVAILABLE (deadline), GM_EOS.
 */
int gm_input_stdin(
    struct gm_input *, struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/* Append a text of the command line; name is for messages. */
int gm_input_literal(struct gm_input *, const char *name, const char *text,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Append the text of an option's argument: the content of FILE for "@FILE",
 * standard input for "@-", else the argument itself.  GM_EUSAGE if standard
 * input was read before, or if no name follows "@".
 */
int gm_input_argument(struct gm_input *, const char *name, const char *text,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * The steps of these functions, for a caller that needs the bytes before they
 * are text.  Names are for messages, one line each.
 *
 * Append all bytes of fd, which must not block, or of standard input.  Returns
 * 0, or -1 as gm_input_stdin(); GM_EDATA: more than raw's maximum.
 */
int gm_input_read(struct gm_input *, int fd, const char *name,
    struct gm_buf *raw, struct gm_err *) GM_MUST_CHECK;
int gm_input_read_stdin(
    struct gm_input *, struct gm_buf *raw, struct gm_err *) GM_MUST_CHECK;

/* Check that the bytes are text, and skip a BOM.  0, or -1: GM_EDATA. */
int gm_input_check(
    const char *name, struct gm_span *raw, struct gm_err *) GM_MUST_CHECK;

/* Append bytes, and replace ill-formed UTF-8 with a note. */
int gm_input_put(struct gm_input *, const char *name, struct gm_span raw,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

#endif
