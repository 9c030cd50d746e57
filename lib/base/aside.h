#ifndef GM_BASE_ASIDE_H
#define GM_BASE_ASIDE_H

/*
 * Files aside: what is written for a target before it gets the target's name.
 * They are called ".NAME.gm-XXXXXX", stand in the directory of the target, and
 * are locked (fcntl(2), by open file description) as long as they are in use,
 * so that the kernel unlocks those of a process that was killed.
 */

#include <sys/types.h>

#include "base/base.h"

/*
 * Make a file aside and lock it.  Returns a descriptor for reading and writing
 * that keeps the lock until it is closed, with the file's path in *path, which
 * the caller frees; or -1 with errno set.  mode is less the umask, and what the
 * directory's default ACL makes of it, as with open(2).
 */
int gm_aside_open(const char *target, mode_t mode, char **path) GM_MUST_CHECK;

/*
 * Remove files aside of this target that nobody has locked, which are those of
 * runs that were killed; regular files of our own user only.  Does not fail,
 * does not wait for a lock, and gives up after 100 ms.
 */
void gm_aside_sweep(const char *target);

#endif
