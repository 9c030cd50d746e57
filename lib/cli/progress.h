#ifndef GM_CLI_PROGRESS_H
#define GM_CLI_PROGRESS_H

/*
 * Progress of a run over many records, as the status line of a terminal:
 *
 *	gm-prompt: 1234/5000, 406/s, ETA 9 s, 8 failed, 2 keys cooling down
 *	gm-prompt: 1234/5000, 8 failed, GM_RPM: waiting 5 s
 *
 * A narrow terminal gets less of it, the most important last.  Any other writer
 * to the terminal erases the line first; notes do that themselves.  There is
 * no line if the note may show none (see cli/cli.h).
 *
 *	gm_progress_init(&progress, note, total, now_ms);
 *	after each result, and at due_ms:
 *		gm_progress_draw(&progress, &totals, cooling, now_ms);
 *	gm_progress_erase(&progress);
 */

#include "base/base.h"
#include "base/note.h"
#include "cli/totals.h"

/* Shortest time between two drawings. */
#define GM_PROGRESS_MS 200

/* Longest line, in bytes and columns: all of it is ASCII. */
#define GM_PROGRESS_LINE 500

struct gm_progress {
	const struct gm_note *note; /* borrowed */
	int64_t total;              /* records of the input; -1: not known */
	int64_t due_ms; /* when to draw again; 0: with the next result */
	size_t width;   /* columns; 0: as many as the terminal has */

	/* private */
	int64_t drawn_ms;       /* 0: never */
	int64_t counted_ms;     /* time of the last count */
	int64_t counted;        /* records at that time */
	double records, millis; /* recent records, and the time they took */
	char text[GM_PROGRESS_LINE + 1]; /* the last line; "": none */
	char wait[GM_PROGRESS_LINE + 1]; /* the end of the line; "": none */
};

/* Times are of the monotonic clock. */
void gm_progress_init(struct gm_progress *, const struct gm_note *,
    int64_t total, int64_t now_ms);

/*
 * Draw the line, unless the last drawing is less than GM_PROGRESS_MS ago: then
 * show the same line again if it was erased; due_ms says when to call again.
 * Records that were answered, failed or skipped are done.  Rate and ETA are
 * those of about the last 30 s, without skipped records.
 */
void gm_progress_draw(struct gm_progress *, const struct gm_totals *,
    size_t cooling, int64_t now_ms);

/*
 * Set what the run waits for, "" if for nothing: the end of the line, in place of
 * the keys in cooldown.  Returns true if it has changed; the next
 * gm_progress_draw() then draws at once.
 */
bool gm_progress_wait(struct gm_progress *, struct gm_span text);

/* Erase the line, before another writer and at the end. */
void gm_progress_erase(struct gm_progress *);

#endif
