#ifndef GM_BASE_SYNC_H
#define GM_BASE_SYNC_H

/*
 * fsync(2) beside an event loop, which it would hold up: one thread that does
 * nothing else.  It has all signals blocked.
 */

#include <pthread.h>
#include <stdbool.h>

#include "base/base.h"

/* Private.  Descriptors go through one pipe, an errno through the other. */
struct gm_sync {
	pthread_t thread;
	int jobs[2], results[2];
};

/* Start the thread.  Returns 0, or -1: no descriptors or threads. */
int gm_sync_open(struct gm_sync *) GM_MUST_CHECK;

/* Readable once what gm_sync_begin() was given is done. */
int gm_sync_fd(const struct gm_sync *);

/*
 * Sync a descriptor, which stays open until the end; one at a time.  Returns
 * 0, or -1 with errno: nothing was begun.
 */
int gm_sync_begin(struct gm_sync *, int fd) GM_MUST_CHECK;

/* False: it is still under way.  Else *error is 0, or the errno of fsync(2). */
bool gm_sync_end(struct gm_sync *, int *error);

/* Wait for what is under way, if anything is, and end the thread. */
void gm_sync_close(struct gm_sync *, int *error);

#endif
