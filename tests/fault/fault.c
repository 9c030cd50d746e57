/*
 * Make the Nth call of a function fail: GM_FAULT=malloc:3, or, with '+', the
 * 3rd and all later ones: GM_FAULT=write:3+.  Each function has a default
 * error; GM_FAULT=write=EINTR:3 sets another.  Linked with --wrap, so that only
 * our own calls count, not those of libraries.  Each fault is reported on
 * standard error, so that a sweep knows that there was an Nth call.
 */

#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* NOLINTBEGIN(*-reserved-identifier,cert-dcl*): the names are the linker's */
void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
ssize_t __real_read(int, void *, size_t);
ssize_t __real_write(int, const void *, size_t);
int __real_fsync(int);
int __real_rename(const char *, const char *);
int __real_close(int);
int __real_renameat(int, const char *, int, const char *);
ssize_t __real_pread(int, void *, size_t, off_t);
ssize_t __real_pwrite(int, const void *, size_t, off_t);
int __real_openat(int, const char *, int, ...);
int __real_fcntl(int, int, void *);
int __real_mkdir(const char *, mode_t);
int __real_fallocate(int, int, off_t, off_t);
int __real_fsetxattr(int, const char *, const void *, size_t, int);
int __real_memfd_create(const char *, unsigned int);
int __real_fstat(int, struct stat *);
int __real_poll(struct pollfd *, nfds_t, int);
int __real_pipe(int[2]);
int __real_open(const char *, int, ...);
int __real_ftruncate(int, off_t);
off_t __real_lseek(int, off_t, int);
int __real_pipe2(int[2], int);
int __real_epoll_create1(int);
int __real_epoll_ctl(int, int, int, struct epoll_event *);
int __real_timerfd_create(int, int);
int __real_timerfd_settime(
    int, int, const struct itimerspec *, struct itimerspec *);
int __real_pthread_create(
    pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
ssize_t __wrap_read(int, void *, size_t);
ssize_t __wrap_write(int, const void *, size_t);
int __wrap_fsync(int);
int __wrap_rename(const char *, const char *);
int __wrap_close(int);
int __wrap_renameat(int, const char *, int, const char *);
ssize_t __wrap_pread(int, void *, size_t, off_t);
ssize_t __wrap_pwrite(int, const void *, size_t, off_t);
int __wrap_openat(int, const char *, int, ...);
int __wrap_fcntl(int, int, void *);
int __wrap_mkdir(const char *, mode_t);
int __wrap_fallocate(int, int, off_t, off_t);
int __wrap_fsetxattr(int, const char *, const void *, size_t, int);
int __wrap_memfd_create(const char *, unsigned int);
int __wrap_fstat(int, struct stat *);
int __wrap_poll(struct pollfd *, nfds_t, int);
int __wrap_pipe(int[2]);
int __wrap_open(const char *, int, ...);
int __wrap_ftruncate(int, off_t);
off_t __wrap_lseek(int, off_t, int);
int __wrap_pipe2(int[2], int);
int __wrap_epoll_create1(int);
int __wrap_epoll_ctl(int, int, int, struct epoll_event *);
int __wrap_timerfd_create(int, int);
int __wrap_timerfd_settime(
    int, int, const struct itimerspec *, struct itimerspec *);
int __wrap_pthread_create(
    pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* The error after '=' in the plan, or the default of the function. */
static int
choose_error(const char *named, const char *colon, int error)
{
	size_t len = (size_t)(colon - named);
	const char *known;
	int i;

	if (len == 0)
		return error;
	for (i = 1; i < 256; i++) {
		known = strerrorname_np(i);
		if (known != NULL && strlen(known) == len - 1 &&
		    strncmp(known, named + 1, len - 1) == 0)
			return i;
	}
	abort(); /* the test is wrong */
}

/* Remove GM_FAULT, as the tools note unknown variables. */
static char plan[64];

__attribute__((constructor)) static void
take_plan(void)
{
	const char *text = getenv("GM_FAULT");

	(void)snprintf(plan, sizeof(plan), "%s", text != NULL ? text : "");
	(void)unsetenv("GM_FAULT");
}

/* True if this call must fail; calls counts the calls of the function. */
static bool
strikes(const char *function, long *calls, int error)
{
	const char *colon;
	size_t len = strlen(function);
	char marker[64], *end;
	long nth;
	int n;

	if ((colon = strchr(plan, ':')) == NULL ||
	    strncmp(plan, function, len) != 0 ||
	    (plan[len] != ':' && plan[len] != '='))
		return false;
	nth = strtol(colon + 1, &end, 10);
	++*calls;
	if (*end == '+' ? *calls < nth : *calls != nth)
		return false;
	if (*calls == nth) {
		n = snprintf(marker, sizeof(marker), "gm-fault: %.*s %ld\n",
		    (int)(colon - plan), plan, nth);
		(void)!syscall(SYS_write, STDERR_FILENO, marker, n);
	}
	errno = choose_error(plan + len, colon, error);
	return true;
}

void *
__wrap_malloc(size_t size)
{
	static long calls;

	return strikes("malloc", &calls, ENOMEM) ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	static long calls;

	return strikes("calloc", &calls, ENOMEM) ? NULL
	                                         : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	static long calls;

	return strikes("realloc", &calls, ENOMEM) ? NULL
	                                          : __real_realloc(old, size);
}

ssize_t
__wrap_read(int fd, void *buf, size_t len)
{
	static long calls;

	return strikes("read", &calls, EIO) ? -1 : __real_read(fd, buf, len);
}

ssize_t
__wrap_write(int fd, const void *buf, size_t len)
{
	static long calls;

	return strikes("write", &calls, ENOSPC) ? -1
	                                        : __real_write(fd, buf, len);
}

int
__wrap_fsync(int fd)
{
	static long calls;

	return strikes("fsync", &calls, EIO) ? -1 : __real_fsync(fd);
}

int
__wrap_rename(const char *from, const char *to)
{
	static long calls;

	return strikes("rename", &calls, ENOSPC) ? -1 : __real_rename(from, to);
}

int
__wrap_close(int fd)
{
	static long calls;
	int error;

	if (!strikes("close", &calls, EIO))
		return __real_close(fd);
	error = errno;
	(void)__real_close(fd); /* the kernel closes it nevertheless */
	errno = error;
	return -1;
}

int
__wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	static long calls;

	if (from_dir == AT_FDCWD)
		return __wrap_rename(from, to);
	return strikes("renameat", &calls, ENOSPC)
	           ? -1
	           : __real_renameat(from_dir, from, to_dir, to);
}

ssize_t
__wrap_pread(int fd, void *buf, size_t len, off_t at)
{
	static long calls;

	return strikes("pread", &calls, EIO) ? -1
	                                     : __real_pread(fd, buf, len, at);
}

ssize_t
__wrap_pwrite(int fd, const void *buf, size_t len, off_t at)
{
	static long calls;

	return strikes("pwrite", &calls, ENOSPC)
	           ? -1
	           : __real_pwrite(fd, buf, len, at);
}

/* Our calls always pass the mode. */
int
__wrap_openat(int dir, const char *path, int flags, ...)
{
	static long calls;
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return strikes("openat", &calls, EMFILE)
	           ? -1
	           : __real_openat(dir, path, flags, mode);
}

/*
 * Only locks count.  fcntl(2) is variadic; its third argument, a pointer or an
 * int, is passed on unchanged.
 */
int
__wrap_fcntl(int fd, int command, void *arg)
{
	static long calls;

	return command == F_OFD_SETLK && strikes("fcntl", &calls, ENOLCK)
	           ? -1
	           : __real_fcntl(fd, command, arg);
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
	static long calls;

	return strikes("mkdir", &calls, EACCES) ? -1 : __real_mkdir(path, mode);
}

int
__wrap_fallocate(int fd, int mode, off_t at, off_t len)
{
	static long calls;

	return strikes("fallocate", &calls, ENOSPC)
	           ? -1
	           : __real_fallocate(fd, mode, at, len);
}

int
__wrap_fsetxattr(
    int fd, const char *name, const void *value, size_t len, int flags)
{
	static long calls;

	return strikes("fsetxattr", &calls, EPERM)
	           ? -1
	           : __real_fsetxattr(fd, name, value, len, flags);
}

int
__wrap_memfd_create(const char *name, unsigned int flags)
{
	static long calls;

	return strikes("memfd_create", &calls, EMFILE)
	           ? -1
	           : __real_memfd_create(name, flags);
}

int
__wrap_fstat(int fd, struct stat *st)
{
	static long calls;

	return strikes("fstat", &calls, EIO) ? -1 : __real_fstat(fd, st);
}

int
__wrap_poll(struct pollfd *fds, nfds_t count, int ms)
{
	static long calls;

	return strikes("poll", &calls, ENOMEM) ? -1
	                                       : __real_poll(fds, count, ms);
}

int
__wrap_pipe(int ends[2])
{
	static long calls;

	return strikes("pipe", &calls, EMFILE) ? -1 : __real_pipe(ends);
}

int
__wrap_open(const char *path, int flags, ...)
{
	static long calls;
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return strikes("open", &calls, EMFILE) ? -1
	                                       : __real_open(path, flags, mode);
}

int
__wrap_ftruncate(int fd, off_t size)
{
	static long calls;

	return strikes("ftruncate", &calls, EIO) ? -1
	                                         : __real_ftruncate(fd, size);
}

off_t
__wrap_lseek(int fd, off_t at, int whence)
{
	static long calls;

	return strikes("lseek", &calls, EIO) ? -1
	                                     : __real_lseek(fd, at, whence);
}

int
__wrap_pipe2(int ends[2], int flags)
{
	static long calls;

	return strikes("pipe2", &calls, EMFILE) ? -1
	                                        : __real_pipe2(ends, flags);
}

int
__wrap_epoll_create1(int flags)
{
	static long calls;

	return strikes("epoll_create1", &calls, EMFILE)
	           ? -1
	           : __real_epoll_create1(flags);
}

int
__wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	static long calls;

	return strikes("epoll_ctl", &calls, ENOSPC)
	           ? -1
	           : __real_epoll_ctl(epoll, operation, fd, event);
}

int
__wrap_timerfd_create(int clock, int flags)
{
	static long calls;

	return strikes("timerfd_create", &calls, EMFILE)
	           ? -1
	           : __real_timerfd_create(clock, flags);
}

int
__wrap_timerfd_settime(
    int fd, int flags, const struct itimerspec *to, struct itimerspec *before)
{
	static long calls;

	return strikes("timerfd_settime", &calls, EINVAL)
	           ? -1
	           : __real_timerfd_settime(fd, flags, to, before);
}

/* Unlike the others it returns an error number. */
int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *arg)
{
	static long calls;

	return strikes("pthread_create", &calls, EAGAIN)
	           ? errno
	           : __real_pthread_create(thread, attributes, run, arg);
}
/* NOLINTEND(*-reserved-identifier,cert-dcl*) */
