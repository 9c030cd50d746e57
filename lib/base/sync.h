#ifndef GM_BASE_SYNC_H
#define GM_BASE_SYNC_H

/*
 * fsync(2) beside an event loop, which it would hold up: one thread that does
 * nothing else.  It has all signals blocked.
 *
 * A file that is added to all the time needs no timer: after each write, take
 * the results that are there, and begin another sync unless two are under way.
 * The second has not been started then, so that it covers what was written.
 */

#include <pthread.h>
#include <stdbool.h>

#include "base/base.h"

/* Private.  Descriptors go through one pipe, an errno through the other. */
struct gm_sync {
	pthread_t thread;
	int jobs[2], results[2];
};

/*
 * Start the thread.  It naps for nap_ms before each sync, so that one covers
 * what is written meanwhile; gm_sync_close() ends naps.  Returns 0, or -1 with
 * errno: no descriptors or threads.
 */
int gm_sync_open(struct gm_sync *, int nap_ms) GM_MUST_CHECK;

/* Readable once a sync is done. */
int gm_sync_fd(const struct gm_sync *);

/*
 * Sync a descriptor, which stays open until the end, after those that were
 * begun before.  Returns 0, or -1 with errno: nothing was begun.
 */
int gm_sync_begin(struct gm_sync *, int fd) GM_MUST_CHECK;

/*
 * Take the result of the oldest sync.  False: it is still under way.  Else
 * *error is 0, or the errno of fsync(2).
 */
bool gm_sync_end(struct gm_sync *, int *error);

/*
 * Do not wait: what is under way goes on as long as the process does, and the
 * thread ends after it.
 */
void gm_sync_abandon(struct gm_sync *);

/*
 * Wait for what is under way and end the thread.  *error is 0, or the errno of
 * the first that failed of the results not taken yet.
 */
void gm_sync_close(struct gm_sync *, int *error);

#endif
