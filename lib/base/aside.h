#ifndef GM_BASE_ASIDE_H
#define GM_BASE_ASIDE_H

/*
 * Files aside: temporary files that replace a target by rename(2), in the same
 * directory.  Those of gm_aside_open() are named ".NAME.gm-XXXXXX" and locked
 * (lock.h) while they are in use, so an unlocked one is left from a process
 * that was killed.  A caller that lets only one process write at a time may use
 * a fixed name instead.
 */

#include <sys/types.h>

#include "base/base.h"
#include "base/span.h"

/*
 * Create a file aside and lock it.  Returns a descriptor for reading and
 * writing that keeps the lock until it is closed, with the file's path in
 * *path, which the caller frees; or -1 with errno.  The umask and the
 * directory's default ACL apply to mode, as in open(2).
 */
int gm_aside_open(const char *target, mode_t mode, char **path) GM_MUST_CHECK;

/*
 * Write all of text to a regular file, without syncing it.  Signals and the
 * deadline do not end it.  Returns 0, or -1 with errno.
 */
int gm_aside_fill(int fd, struct gm_span text) GM_MUST_CHECK;

/*
 * Rename a file aside, filled and synced, to its target, and sync the
 * directory, so that the new name survives a power cut.  Both names are
 * relative to dir, as in renameat(2).  Returns 0, or with errno -1: not
 * renamed, 1: renamed, but the directory could not be synced.
 */
int
gm_aside_rename(int dir, const char *aside, const char *target) GM_MUST_CHECK;

/*
 * Sync the directory of a name, relative to dir, so that a file created there
 * survives a power cut.  Returns 0, also if we may not read the directory, or
 * -1 with errno.
 */
int gm_aside_sync_directory(int dir, const char *target) GM_MUST_CHECK;

/*
 * Remove unlocked files aside of this target, which killed runs have left; only
 * regular files that we own.  Does not fail, does not wait for locks, and gives
 * up after 100 ms.
 */
void gm_aside_sweep(const char *target);

#endif
