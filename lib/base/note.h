#ifndef GM_BASE_NOTE_H
#define GM_BASE_NOTE_H

/*
 * Lines on standard error: errors, notes, what -v adds, and a status line.
 *
 * Keys are masked and control characters removed.  A line leaves in one
 * write(2) of at most PIPE_BUF bytes, so that lines of parallel processes do
 * not mix; a longer one is cut between characters and ends in "...".
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/secret.h"
#include "base/span.h"

enum gm_level {
	GM_LEVEL_ERROR,   /* always printed */
	GM_LEVEL_METRICS, /* always printed: the caller decides */
	GM_LEVEL_NOTE,    /* unless --quiet */
	GM_LEVEL_DETAIL,  /* with -v */
	GM_LEVEL_TRACE    /* with -vv */
};

struct gm_note {
	const char *tool; /* the program's name, which begins each line */
	const struct gm_secrets *secrets;
	int fd;
	int verbose;    /* number of -v */
	bool quiet;     /* --quiet */
	bool journal;   /* fd is the journal: lines begin with a priority */
	bool color;     /* colour the program's name */
	size_t *status; /* borrowed; columns of the status line that is shown,
	                 * 0: none is; NULL: none may be shown */
};

/*
 * Print a line if its level is wanted.  Returns false if there was no memory
 * for the line, which then says only that.
 */
bool gm_note(const struct gm_note *, enum gm_level, const char *fmt, ...)
    GM_PRINTF(3, 4);

/* The priority that begins a line of this level: "" unless n->journal. */
const char *gm_note_priority(const struct gm_note *n, enum gm_level);

/*
 * Print a text of labels and values like gm_note(), but do not mask it: the
 * values are masked already, and a label may be the same word as a key.
 */
bool gm_note_masked(const struct gm_note *, enum gm_level, struct gm_span text);

/*
 * Show text as the last line of the terminal, in place of the one before, or
 * erase that if text is empty.  No escape sequences are needed for it.  Notes
 * erase the line; any other writer to the terminal must erase it first.  Text
 * is printable ASCII; what does not fit into the terminal is cut.  Does nothing
 * if n->status is NULL, or if the write would block; a process in the
 * background only erases.
 */
void gm_note_status(const struct gm_note *n, struct gm_span text);

/* Columns of the terminal; 80 if it does not say. */
size_t gm_note_columns(const struct gm_note *n);

#endif
