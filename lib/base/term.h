#ifndef GM_BASE_TERM_H
#define GM_BASE_TERM_H

/*
 * Text from outside for a terminal: removes control characters and sequences,
 * and makes one clean line of names and messages.
 *
 * Source: ECMA-48 (control sequences), Unicode TR 9 (bidi controls).  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Longest text of a server, in characters. */
#define GM_TERM_LINE_MAX 300

/*
 * Removes C0 and C1 controls except newline and tab, whole escape sequences,
 * and bidi controls; remembers a sequence that continues in the next piece.
 * Zero is a valid start.  Pieces are cut between characters; ill-formed UTF-8
 * becomes U+FFFD.  A newline ends an unfinished sequence, which so hides at
 * most a line.
 */
struct gm_term_filter {
	int state; /* private to term.c */
};

void gm_term_filter(
    struct gm_term_filter *, struct gm_buf *out, struct gm_span text);

/*
 * True if a line may have the character: not for controls (also newline and
 * tab), line and paragraph separators, bidi controls.
 */
bool gm_term_is_plain(uint32_t point);

/* True if text is well-formed UTF-8 and has only such characters. */
bool gm_term_is_clean(struct gm_span text);

/*
 * Append text as one clean line: without sequences, controls, line and
 * paragraph separators; ill-formed UTF-8 as U+FFFD; each run of white space as
 * one blank, none at the ends; at most max characters, then "..." if there were
 * more.
 */
void gm_term_line(struct gm_buf *out, struct gm_span text, size_t max);

#endif
