#ifndef GM_BASE_ASIDE_H
#define GM_BASE_ASIDE_H

/*
 * Files aside: what is written for a target before it gets the target's name.
 * They stand in the directory of the target.  Those of gm_aside_open() are
 * called ".NAME.gm-XXXXXX" and are locked (lock.h) as long as they are in use,
 * so that those of a process that was killed are not.  A caller that lets only
 * one process write at a time may use a fixed name instead.
 */

#include <sys/types.h>

#include "base/base.h"
#include "base/span.h"

/*
 * Make a file aside and lock it.  Returns a descriptor for reading and writing
 * that keeps the lock until it is closed, with the file's path in *path, which
 * the caller frees; or -1 with errno set.  mode is less the umask, and what the
 * directory's default ACL makes of it, as with open(2).
 */
int gm_aside_open(const char *target, mode_t mode, char **path) GM_MUST_CHECK;

/*
 * Write all of text to a regular file, aside or not, without syncing it.  No
 * signal and no deadline ends it.  Returns 0, or -1 with errno set.
 */
int gm_aside_fill(int fd, struct gm_span text) GM_MUST_CHECK;

/*
 * Give a file aside, filled and synced, the name of its target, and sync the
 * directory, so that the new name outlives a power cut.  Both names are relative
 * to dir, as in renameat(2).  Returns 0, or with errno set -1: not renamed, 1:
 * renamed, but the directory could not be synced.
 */
int
gm_aside_rename(int dir, const char *aside, const char *target) GM_MUST_CHECK;

/*
 * Sync the directory that a name, relative to dir, stands in, so that a file
 * that was made there outlives a power cut.  Returns 0, also if we may not read
 * the directory, or -1 with errno set.
 */
int gm_aside_sync_directory(int dir, const char *target) GM_MUST_CHECK;

/*
 * Remove files aside of this target that nobody has locked, which are those of
 * runs that were killed; regular files of our own user only.  Does not fail,
 * does not wait for a lock, and gives up after 100 ms.
 */
void gm_aside_sweep(const char *target);

#endif
