#ifndef GM_PROVIDER_SSE_H
#define GM_PROVIDER_SSE_H

/*
 * Incremental parser for server-sent events.
 *
 * Bytes go in as the network delivers them, cut anywhere; whole events come out
 * through a callback.  Where the bytes are cut makes no difference.  No I/O, and
 * never more than one event in memory.
 *
 * Source: WHATWG HTML, "Server-sent events", parsing and interpretation of an
 * event stream.  Differences: "event", "id" and "retry" are ignored, as streams
 * are not resumed; an event with empty data is dropped; a line that is not a field
 * goes to the stray callback, as services send bare JSON errors between events;
 * gm_sse_end() dispatches an event that the end of the body leaves open, as some
 * services omit the last empty line.
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

/* End the body: handle a last line and event that it leaves open. */
int gm_sse_end(struct gm_sse *, struct gm_err *) GM_MUST_CHECK;

/* Bytes of the event in progress; comments do not count. */
size_t gm_sse_pending(const struct gm_sse *);

/*
 * Return true if the data of the event in progress begins with this, after any
 * blanks.  That can be true before the event, or even its line, has ended, and
 * stays true until the event is dispatched.
 */
bool gm_sse_begins(const struct gm_sse *, const char *data);

void gm_sse_release(struct gm_sse *);

#endif
