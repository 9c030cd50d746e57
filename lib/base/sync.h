#ifndef GM_BASE_SYNC_H
#define GM_BASE_SYNC_H

/*
 * Run fsync(2) in a thread of its own, so that it does not block an event loop.
 * The thread has all signals blocked.
 *
 * No timer is needed to sync a file that grows all the time: after each write,
 * take the results that are ready, and begin another sync unless two are
 * pending.  The second of them has not started yet, so it covers the write.
 */

#include <pthread.h>
#include <stdbool.h>

#include "base/base.h"

/* Private.  jobs carries descriptors to the thread, results each errno back. */
struct gm_sync {
	pthread_t thread;
	int jobs[2], results[2];
};

/*
 * Start the thread.  It waits nap_ms before each sync, so that one sync covers
 * several writes; gm_sync_close() ends the wait.  Returns 0, or -1 with errno:
 * no descriptors or threads left.
 */
int gm_sync_open(struct gm_sync *, int nap_ms) GM_MUST_CHECK;

/* A descriptor that is readable once a sync is done. */
int gm_sync_fd(const struct gm_sync *);

/*
 * Queue a sync of a descriptor, which must stay open until it is done.  Returns
 * 0, or -1 with errno: nothing was queued.
 */
int gm_sync_begin(struct gm_sync *, int fd) GM_MUST_CHECK;

/*
 * Take the result of the oldest sync: *error is 0, or the errno of fsync(2).
 * False if it is still pending.
 */
bool gm_sync_end(struct gm_sync *, int *error);

/*
 * Release it without waiting: pending syncs continue as long as the process
 * runs, then the thread ends.
 */
void gm_sync_abandon(struct gm_sync *);

/*
 * Wait for pending syncs and end the thread.  *error is 0, or the first errno
 * among the results that were not taken.
 */
void gm_sync_close(struct gm_sync *, int *error);

#endif
