/*
 * Preloaded before libc: flock(2) as on NFS, where it is a range lock of the
 * whole file that conflicts with other range locks.
 */

#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <fcntl.h>
#include <sys/file.h>

int
flock(int fd, int operation)
{
	struct flock all = { .l_type = F_WRLCK };

	if ((operation & LOCK_UN) != 0)
		all.l_type = F_UNLCK;
	else if ((operation & LOCK_SH) != 0)
		all.l_type = F_RDLCK;
	return fcntl(
	    fd, (operation & LOCK_NB) != 0 ? F_OFD_SETLK : F_OFD_SETLKW, &all);
}
