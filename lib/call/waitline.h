#ifndef GM_CALL_WAITLINE_H
#define GM_CALL_WAITLINE_H

/*
 * Waits of calls, as the status line of a terminal:
 *
 *	waiting for gemini-flash-latest, 6 s
 *	waiting for 12 responses, 6 s
 *	rate-limited: waiting 37 s for key 1 (...0002)
 *	GM_RPM: waiting 5 s
 *
 * The first two count up, and are shown only after GM_WAITLINE_MS; the others
 * count down.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/note.h"
#include "call/call.h"

/* Longest wait for a response that shows no line. */
#define GM_WAITLINE_MS 2000

/* Bytes of a line, before the terminal cuts it. */
#define GM_WAITLINE_MAX 4096

/*
 * Append the text for a wait, or nothing yet.  Returns when it changes next, on
 * the monotonic clock; INT64_MAX: not by time alone.
 */
int64_t gm_waitline_put(const struct gm_note *, const struct gm_call_waiting *,
    size_t responses, int64_t now_ms, struct gm_buf *out);

/* All zero: no line is shown. */
struct gm_waitline {
	const struct gm_note *note; /* borrowed; NULL: none yet */
};

/*
 * Show a wait, or erase the line if it is NULL.  responses: the number of calls
 * that wait for one.  Returns when the line changes next, on the monotonic
 * clock; INT64_MAX: not by time alone.
 */
int64_t gm_waitline_show(const struct gm_waitline *,
    const struct gm_call_waiting *, size_t responses, int64_t now_ms);

/* Erase the line. */
void gm_waitline_erase(const struct gm_waitline *);

#endif
