#ifndef GM_BASE_WATCH_H
#define GM_BASE_WATCH_H

/*
 * One descriptor in place of several, and of a timer: readable when one of
 * those that are watched is ready, or when the time has come.  For an event loop
 * that has room for a single one.  Files on disk are always ready, and need not
 * be watched.
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

/* Returns 0, or -1: GM_EOS; to be closed in any case. */
int gm_watch_open(struct gm_watch *, struct gm_err *) GM_MUST_CHECK;

/*
 * Watch a descriptor for events (of poll(2)) from now on; 0: no longer.  One
 * that cannot be watched, as a file on disk, is left out.  Returns 0, or -1:
 * GM_EOS.
 */
int gm_watch_set(
    struct gm_watch *, int fd, short events, struct gm_err *) GM_MUST_CHECK;

/* Wake at this time of the monotonic clock; 0: at none.  GM_EOS. */
int
gm_watch_at(struct gm_watch *, int64_t due_ms, struct gm_err *) GM_MUST_CHECK;

/* Wake at this time at the latest: one that is set and earlier stays.  GM_EOS. */
int
gm_watch_by(struct gm_watch *, int64_t due_ms, struct gm_err *) GM_MUST_CHECK;

void gm_watch_close(struct gm_watch *);

#endif
