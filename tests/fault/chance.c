/*
 * Preloaded before libc: fixed random numbers for our waits.  They are 0, so
 * that a backoff takes no time, or, with FAKE_CHANCE=most, the maximum, so that
 * it takes the longest time.  Libraries get random bytes as usual.
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

	/* Only the call of call/call.c has this form. */
	if (size != 4 || flags != GRND_NONBLOCK)
		return (ssize_t)syscall(SYS_getrandom, buf, size, flags);
	memset(buf, most != NULL && strcmp(most, "most") == 0 ? 0xFF : 0, size);
	return (ssize_t)size;
}
