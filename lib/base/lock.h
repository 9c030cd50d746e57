#ifndef GM_BASE_LOCK_H
#define GM_BASE_LOCK_H

/*
 * Locks of whole files, between processes of this suite.  A lock belongs to
 * the open file description (fcntl(2), F_OFD_SETLK): it ends when the last copy
 * of its descriptor is closed, so a killed process leaves no lock.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"

enum gm_lock {
	GM_LOCK_HELD, /* it is ours */
	GM_LOCK_BUSY, /* another descriptor has it */
	GM_LOCK_NONE  /* this file system has no locks */
};

/* Lock a descriptor that is open for writing, without waiting. */
enum gm_lock gm_lock_try(int fd);

/* End a lock; the descriptor stays open. */
void gm_lock_end(int fd);

/*
 * Let gm_lock_holder() in other processes find that we hold the lock.  Ends if
 * we close any other descriptor of the file (POSIX locks do).
 */
void gm_lock_sign(int fd);

/* The process that has signed the lock; 0: unknown. */
pid_t gm_lock_holder(int fd);

/*
 * True if a name, relative to dir, is still that of this open file.  Check
 * after getting a lock: another process may have replaced or removed the file
 * before. flags are those of fstatat(2).
 */
bool gm_lock_is_named(int fd, int dir, const char *name, int flags);

#endif
