/*
 * Loaded in front of a tool: flock(2) as NFS has it, a range lock over the whole
 * file, which meets any other range lock.
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
