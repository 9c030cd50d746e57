#ifndef GM_BASE_LOCK_H
#define GM_BASE_LOCK_H

/*
 * Locks of whole files, which all processes of ours honour.  A lock belongs to
 * the open file description (fcntl(2), F_OFD_SETLK): it ends when the last copy
 * of its descriptor is closed, so a killed process leaves none behind.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"

enum gm_lock {
	GM_LOCK_HELD, /* it is ours */
	GM_LOCK_BUSY, /* another descriptor has it */
	GM_LOCK_NONE  /* there are no locks in this file system */
};

/* Lock a descriptor that is open for writing, without waiting. */
enum gm_lock gm_lock_try(int fd);

/* End a lock; the descriptor stays open. */
void gm_lock_end(int fd);

/*
 * Let other processes find out that the lock is ours, by gm_lock_holder(), as
 * long as we close no other descriptor of the file.
 */
void gm_lock_sign(int fd);

/* The process that has signed its lock; 0: not known. */
pid_t gm_lock_holder(int fd);

/*
 * Does a name, relative to dir, still mean this open file?  Whoever gets a lock
 * must look, as the file may have been replaced or removed before.  flags are
 * those of fstatat(2).
 */
bool gm_lock_is_named(int fd, int dir, const char *name, int flags);

#endif
