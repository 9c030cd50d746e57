#ifndef GM_CLI_PROGRESS_H
#define GM_CLI_PROGRESS_H

/*
 * How far a run over many records is, in one line at the bottom of a terminal:
 *
 *	gm-prompt: 1234/5000, 406/s, ETA 9 s, 8 failed, 2 keys cooling down
 *
 * What does not fit into the terminal is left out, the least important first.
 * The line is the note's status line, so a note erases it; whoever writes
 * anything else to the terminal erases it first.  There is none if the note has
 * no place for one (see cli/cli.h), and none while the run is in the
 * background.
 *
 *	gm_progress_init(&progress, note, total, now_ms);
 *	after each result, and at due_ms:
 *		gm_progress_draw(&progress, &totals, cooling, now_ms);
 *	gm_progress_erase(&progress);
 */

#include "base/base.h"
#include "base/note.h"
#include "cli/totals.h"

/* Between two drawings of the line. */
#define GM_PROGRESS_MS 200

struct gm_progress {
	const struct gm_note *note; /* borrowed */
	int64_t total;              /* records of the input; -1: not known */
	int64_t due_ms; /* the line is out of date from then on; 0: it is not */
	size_t width;   /* columns; 0: as many as the terminal has */

	/* private */
	int64_t drawn_ms;       /* 0: never */
	int64_t counted_ms;     /* until then records are counted, */
	int64_t counted;        /* so many, */
	double records, millis; /* those of late, and the time they took */
};

/* Times are of the monotonic clock. */
void gm_progress_init(struct gm_progress *, const struct gm_note *,
    int64_t total, int64_t now_ms);

/*
 * Draw the line, but not if that was done less than GM_PROGRESS_MS ago: then
 * due_ms says when to call again, if no result calls before.  Done are records
 * that were answered, failed or skipped.  Rate and ETA are those of about the
 * last 30 s; skipped records do not count for them.
 */
void gm_progress_draw(struct gm_progress *, const struct gm_totals *,
    size_t cooling, int64_t now_ms);

/* Before anything else writes to the terminal, and at the end. */
void gm_progress_erase(struct gm_progress *);

#endif
