#ifndef GM_BASE_LINES_H
#define GM_BASE_LINES_H

/*
 * Lines of a descriptor as they come: all that is there is taken at once, so
 * that many can be dealt with together, and none waits for the next.
 *
 *	do {
 *		more = gm_lines_fill(&lines, &err);
 *		while (gm_lines_take(&lines, &line))
 *			...
 *	} while (more == 1);
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct gm_lines {
	int fd;
	const char *name; /* for messages */
	struct gm_buf text;
	size_t at;      /* where the next line begins */
	size_t scanned; /* up to here there is no newline behind at */
	bool ended;
};

/* max: bytes allowed in a line with its newline. */
void gm_lines_init(struct gm_lines *, int fd, const char *name, size_t max);

/*
 * Wait for more, until GM_STOP_DRAIN; lines that were taken are gone.  Returns
 * 1, 0 at the end, or -1: GM_ENOINPUT, GM_EDATA (a line is too long), GM_ESIGNAL, GM_EUNAVAILABLE
 * (deadline), GM_EOS; whole lines that came before are still to be taken.
 */
int gm_lines_fill(struct gm_lines *, struct gm_err *) GM_MUST_CHECK;

/*
 * The next whole line, without its newline; at the end also one that has none.
 * False: there is none yet.
 */
bool gm_lines_take(struct gm_lines *, struct gm_span *line);

void gm_lines_release(struct gm_lines *);

#endif
