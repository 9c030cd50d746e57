#ifndef GM_BASE_NOTE_H
#define GM_BASE_NOTE_H

/*
 * What is told on standard error: errors, notes, and what -v adds.
 *
 * Every line passes here: keys are masked, controls taken out, and it leaves
 * in one write(2) of at most PIPE_BUF bytes, so that the lines of parallel
 * processes do not mix; what is longer is cut between characters and ends in
 * "...".
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/secret.h"
#include "base/span.h"

enum gm_level {
	GM_LEVEL_ERROR,   /* always */
	GM_LEVEL_METRICS, /* always: whoever calls has asked the user */
	GM_LEVEL_NOTE,    /* unless --quiet */
	GM_LEVEL_DETAIL,  /* with -v */
	GM_LEVEL_TRACE    /* with -vv */
};

struct gm_note {
	const char *tool; /* the program's name, in front of each line */
	const struct gm_secrets *secrets;
	int fd;
	int verbose;  /* how many -v */
	bool quiet;   /* --quiet */
	bool journal; /* fd is the journal: priorities go in front */
	bool color;   /* the program's name stands out */
	bool *status; /* borrowed; is a status line shown?  NULL: never */
};

/*
 * Say it, if that is wanted.  Returns false if there was no memory for the
 * line, which then says only that.
 */
bool gm_note(const struct gm_note *, enum gm_level, const char *fmt, ...)
    GM_PRINTF(3, 4);

/* What stands in front of a line of this level: "" unless n->journal. */
const char *gm_note_priority(const struct gm_note *n, enum gm_level);

/*
 * As gm_note(), for a text of labels and values in which the values are masked
 * already: a label is never masked, even if a key is the same word.
 */
bool gm_note_masked(const struct gm_note *, enum gm_level, struct gm_span text);

/*
 * Show text as the last line of the terminal, in place of the one before, or
 * erase that if text is empty.  The line is erased before any note is printed;
 * whoever else writes to the terminal must erase it first.  Text is one line
 * of printable ASCII that leaves the last column free.  Does nothing if
 * n->status is NULL, or if the terminal would have to be waited for.
 */
void gm_note_status(const struct gm_note *n, struct gm_span text);

#endif
