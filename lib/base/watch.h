#ifndef GM_BASE_WATCH_H
#define GM_BASE_WATCH_H

/*
 * One descriptor for several and a timer: it is readable if one of the watched
 * descriptors is ready, or if the time has come.  For an event loop that can
 * wait for only one.  Files on disk are always ready and need not be watched.
 *
 * Source: epoll(7), timerfd_create(2).
 */

#include "base/base.h"
#include "base/err.h"

struct gm_watch {
	int fd;         /* to wait for */
	int timer;      /* private, as what follows */
	int64_t due_ms; /* 0: no time is set */
};

/* Returns 0, or -1: GM_EOS.  Close it in any case. */
int gm_watch_open(struct gm_watch *, struct gm_err *) GM_MUST_CHECK;

/*
 * Watch a descriptor for events (of poll(2)) from now on; with 0, no longer.
 * Descriptors that cannot be watched, such as files on disk, are ignored.
 * Returns 0, or -1: GM_EOS.
 */
int gm_watch_set(
    struct gm_watch *, int fd, short events, struct gm_err *) GM_MUST_CHECK;

/* Set the timer to a time of the monotonic clock; 0: no timer.  GM_EOS. */
int
gm_watch_at(struct gm_watch *, int64_t due_ms, struct gm_err *) GM_MUST_CHECK;

/* Set the timer unless it is set to an earlier time.  GM_EOS. */
int
gm_watch_by(struct gm_watch *, int64_t due_ms, struct gm_err *) GM_MUST_CHECK;

void gm_watch_close(struct gm_watch *);

#endif
