#ifndef GM_BASE_LINES_H
#define GM_BASE_LINES_H

/*
 * Read a descriptor line by line.  Each fill takes all bytes that are ready, so
 * that a caller can handle many lines together and none waits for the next.
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
	size_t at;      /* offset of the next line in text */
	size_t scanned; /* there is no newline from at up to here */
	bool ended;
};

/* max: bytes allowed in a line with its newline. */
void gm_lines_init(struct gm_lines *, int fd, const char *name, size_t max);

/*
 * Wait for more bytes until GM_STOP_DRAIN, and drop lines that were taken.
 * Returns 1, 0 at the end, or -1: GM_ENOINPUT, GM_EDATA (line longer than max),
 * GM_ESIGNAL, GM_EUNAVAILABLE (deadline), GM_EOS.  Whole lines that came before
 * can still be taken.
 */
int gm_lines_fill(struct gm_lines *, struct gm_err *) GM_MUST_CHECK;

/*
 * Take the next whole line, without its newline; at the end of input, the last
 * line needs none.  False if there is no whole line yet.
 */
bool gm_lines_take(struct gm_lines *, struct gm_span *line);

void gm_lines_release(struct gm_lines *);

#endif
