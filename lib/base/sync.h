#ifndef GM_BASE_SYNC_H
#define GM_BASE_SYNC_H

/*
 * fsync(2) beside an event loop, which it would hold up: one thread that does
 * nothing else.  It has all signals blocked.
 */

#include <stdbool.h>

#include "base/base.h"

struct gm_sync;

/* Start the thread.  NULL: no memory, descriptors or threads; errno says so. */
struct gm_sync *gm_sync_open(void);

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
