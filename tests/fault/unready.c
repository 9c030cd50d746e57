/*
 * Preloaded before libc: devices other than terminals are never ready for
 * poll(2), as /dev/kmsg and /dev/random are not for writing.
 */

#include <poll.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };
	struct stat st;
	nfds_t i;

	for (i = 0; i < n; i++)
		if (fds[i].fd >= 0 && fstat(fds[i].fd, &st) == 0 &&
		    S_ISCHR(st.st_mode) && isatty(fds[i].fd) != 1)
			fds[i].events = 0;
	return (int)syscall(
	    SYS_ppoll, fds, n, ms < 0 ? NULL : &left, NULL, (size_t)0);
}
