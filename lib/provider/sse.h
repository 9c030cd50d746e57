#ifndef GM_PROVIDER_SSE_H
#define GM_PROVIDER_SSE_H

/*
 * Incremental parser for server-sent events.
 *
 * Bytes go in as the network delivers them, cut anywhere; whole events come
 * out through a callback, the same ones for every cut.  No I/O, and never more
 * than one event in memory.
 *
 * Source: WHATWG HTML, "Server-sent events", parsing and interpretation of an
 * event stream.  Departures: "event", "id" and "retry" are ignored, as streams
 * are not resumed; an event with empty data is dropped, as it says nothing; a
 * line that is no field of an event stream is handed on, since services put
 * bare JSON errors between events; an event that the end of the body leaves
 * open is dispatched by gm_sse_end(), since services leave out the last empty
 * line.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/*
 * Take the data of one event, its lines joined by '\n'; borrowed, gone once
 * the callback returns.  Return 0, or -1 with *err filled to stop the stream.
 */
typedef int gm_sse_fn(struct gm_span data, void *arg, struct gm_err *);

struct gm_sse { /* private to sse.c but for its size */
	gm_sse_fn *event;
	gm_sse_fn *stray;
	void *arg;
	struct gm_buf line, data;
	bool started, after_cr;
};

/*
 * max: bytes allowed in one line, and in the data of one event.  stray is
 * called with each line that is neither a field, a comment nor empty.
 */
void gm_sse_init(
    struct gm_sse *, size_t max, gm_sse_fn *event, gm_sse_fn *stray, void *arg);

/*
 * Take more bytes and call back for each event and stray line that they
 * complete.  Returns 0, or -1: GM_EPROTOCOL (over max), GM_EOS, or the
 * callback's own error.  After -1 the only valid call is gm_sse_release().
 */
int gm_sse_feed(struct gm_sse *, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/* The body has ended: handle a last line and event that were left open. */
int gm_sse_end(struct gm_sse *, struct gm_err *) GM_MUST_CHECK;

/* Bytes that have come of an event which has not ended; comments are none. */
size_t gm_sse_pending(const struct gm_sse *);

/*
 * Does the data of the event in the making begin with this, blanks aside?  True
 * also before the event, or even its line, has ended; once true it stays true
 * until the event is dispatched, whatever follows in it.
 */
bool gm_sse_begins(const struct gm_sse *, const char *data);

void gm_sse_release(struct gm_sse *);

#endif
