/* For locks of open file descriptions. */
#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"

/*
 * The last byte that a lock can cover; no file is that long.  gm_lock_try()
 * leaves it out, so that gm_lock_sign() can lock it with a POSIX lock, which,
 * unlike the lock of a file description, says who holds it.
 */
#define LAST_BYTE \
	((off_t)((UINTMAX_C(1) << (sizeof(off_t) * CHAR_BIT - 1)) - 1))

enum gm_lock
gm_lock_try(int fd)
{
	struct flock all = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = LAST_BYTE
	};

	if (fcntl(fd, F_OFD_SETLK, &all) == 0)
		return GM_LOCK_HELD;
	return errno == EAGAIN || errno == EACCES ? GM_LOCK_BUSY : GM_LOCK_NONE;
}

void
gm_lock_end(int fd)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(fd, F_OFD_SETLK, &all);
}

void
gm_lock_sign(int fd)
{
	struct flock last = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = LAST_BYTE,
		.l_len = 1 };

	(void)fcntl(fd, F_SETLK, &last);
}

pid_t
gm_lock_holder(int fd)
{
	struct flock last = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = LAST_BYTE,
		.l_len = 1 };

	if (fcntl(fd, F_GETLK, &last) != 0 || last.l_type == F_UNLCK)
		return 0;
	return last.l_pid > 0 ? last.l_pid : 0;
}

bool
gm_lock_is_named(int fd, int dir, const char *name, int flags)
{
	struct stat open, named;

	return fstat(fd, &open) == 0 &&
	       fstatat(dir, name, &named, flags) == 0 &&
	       open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}
