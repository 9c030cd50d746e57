#ifndef GM_BASE_TERM_H
#define GM_BASE_TERM_H

/*
 * Text from outside on its way to a person: what could steer a terminal is
 * taken out, what names a thing is made one clean line.
 *
 * Source: ECMA-48 (control sequences), Unicode TR 9 (bidi controls).  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Characters allowed in a server's words. */
#define GM_TERM_LINE_MAX 300

/*
 * Removes C0 and C1 controls but newline and tab, whole escape sequences, and
 * bidi controls; remembers a sequence that goes on in the next piece.  Zero is
 * the valid start.  Pieces are well-formed UTF-8, cut between characters; what
 * is ill-formed comes out as U+FFFD.  A newline ends a sequence that was never
 * closed, so that no more than a line can be lost to it.
 */
struct gm_term_filter {
	int state; /* private to term.c */
};

void gm_term_filter(
    struct gm_term_filter *, struct gm_buf *out, struct gm_span text);

/*
 * May a character stand in a line for a person?  Controls may not, newline and
 * tab among them, nor the separators of lines and paragraphs, nor bidi controls.
 */
bool gm_term_is_plain(uint32_t point);

/* Is text well-formed UTF-8 that has only such characters? */
bool gm_term_is_clean(struct gm_span text);

/*
 * Append text as one clean line: ill-formed UTF-8 as U+FFFD, sequences and
 * controls gone, white space folded to one blank and none at the ends, the
 * separators of lines and paragraphs gone, at most max characters, and then
 * "..." if there were more.
 */
void gm_term_line(struct gm_buf *out, struct gm_span text, size_t max);

#endif
