/*
 * Loaded in front of libc: the chance in our waits is no chance.  It is 0, so
 * that a backoff takes no time, or, with FAKE_CHANCE=most, all there is, so that
 * it takes as long as it may.  Libraries get their random bytes as always.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
getrandom(void *buf, size_t size, unsigned flags)
{
	const char *most = getenv("FAKE_CHANCE");

	/* As call.c asks for it. */
	if (size != 4 || flags != GRND_NONBLOCK)
		return (ssize_t)syscall(SYS_getrandom, buf, size, flags);
	memset(buf, most != NULL && strcmp(most, "most") == 0 ? 0xFF : 0, size);
	return (ssize_t)size;
}
