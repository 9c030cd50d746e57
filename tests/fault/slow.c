/*
 * Preloaded before libc: a disk so slow that the SLOW_FSYNC-th call of
 * fsync(2), from 1, does not return.  That call creates the file "slow".
 */

#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int
fsync(int fd)
{
	static int calls;
	const char *nth = getenv("SLOW_FSYNC");
	int told;

	if (nth == NULL || strtol(nth, NULL, 10) != ++calls)
		return (int)syscall(SYS_fsync, fd);
	told = open("slow", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	(void)!write(told, "slow\n", 5);
	for (;;)
		(void)pause();
}
