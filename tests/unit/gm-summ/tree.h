#ifndef GM_TEST_TREE_H
#define GM_TEST_TREE_H

/*
 * A tree of directories, removed after each test, and system calls that fail or
 * kill the process.
 */

#include <errno.h>
#include <fts.h>
#include <sys/syscall.h>

#include "../base/file_place.h"
#include "base/hash.h"

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, enter, fell)

#define HOUR_MS INT64_C(3600000)
#define NOBODY 65534

/* errno of calls for regular files; 0: they work. */
static struct {
	int write_errno, close_errno, rename_errno;
	bool stat_late,
	    unlink_late; /* another process has removed the file before */
	int deaths;      /* number of such calls until SIGKILL; 0: never */
} rig;

static inline bool
is_file(int fd)
{
	int saved = errno;
	struct stat st;
	bool rc = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	errno = saved;
	return rc;
}

static inline void
die_if_due(void)
{
	if (rig.deaths > 0 && --rig.deaths == 0)
		(void)kill(getpid(), SIGKILL);
}

/* Replaces libc's; can be killed after half of the bytes or all. */
ssize_t
write(int fd, const void *bytes, size_t len)
{
	ssize_t n;

	if (!is_file(fd))
		return syscall(SYS_write, fd, bytes, len);
	if (rig.write_errno != 0 || rig.deaths == 1)
		len = (len + 1) / 2;
	n = syscall(SYS_write, fd, bytes, len);
	die_if_due();
	if (rig.write_errno == 0)
		return n;
	errno = rig.write_errno;
	return -1;
}

int
close(int fd)
{
	bool fails = rig.close_errno != 0 && is_file(fd);
	int rc;

	if (is_file(fd))
		die_if_due();
	rc = (int)syscall(SYS_close, fd);
	if (!fails)
		return rc;
	errno = rig.close_errno;
	return -1;
}

/* Can be killed before the call or after it. */
int
renameat(int old_dir, const char *old_name, int new_dir, const char *new_name)
{
	int rc;

	die_if_due();
	errno = rig.rename_errno;
	if (errno != 0)
		return -1;
	rc = (int)syscall(
	    SYS_renameat2, old_dir, old_name, new_dir, new_name, 0);
	die_if_due();
	return rc;
}

/* Not every machine has a system call for this that fits struct stat. */
int
fstatat(int dir, const char *name, struct stat *st, int flags)
{
	char path[PATH_MAX];

	if (rig.stat_late)
		(void)syscall(SYS_unlinkat, dir, name, 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	assert_int_equal(flags, AT_SYMLINK_NOFOLLOW);
	return lstat(path, st);
}

int
unlinkat(int dir, const char *name, int flags)
{
	if (rig.unlink_late)
		(void)syscall(SYS_unlinkat, dir, name, flags);
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

/* Remove everything below ".". */
static inline void
fell_all(void)
{
	char dot[] = ".", *paths[] = { dot, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	assert_non_null(tree);
	while ((entry = fts_read(tree)) != NULL)
		if (entry->fts_level > 0 && entry->fts_info == FTS_DP)
			assert_int_equal(rmdir(entry->fts_path), 0);
		else if (entry->fts_level > 0 && entry->fts_info != FTS_D)
			assert_int_equal(unlink(entry->fts_path), 0);
	assert_int_equal(fts_close(tree), 0);
}

static inline int
fell(void **state)
{
	memset(&rig, 0, sizeof(rig));
	fell_all();
	return leave(state);
}

/* Make "5e0...01": two digits for the shard, zeros, and the number. */
static inline const char *
key_of(char key[GM_HASH_HEX], unsigned int shard, unsigned int number)
{
	(void)snprintf(key, GM_HASH_HEX, "%02x%022x%08x", shard, 0, number);
	return key;
}

/* Set the time of the last use. */
static inline void
set_used(const char *path, int64_t ms)
{
	struct timespec times[2];

	times[0].tv_sec = (time_t)(ms / 1000);
	times[0].tv_nsec = (long)(ms % 1000 * 1000000);
	times[1] = times[0];
	assert_int_equal(
	    utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline int64_t
used_ms(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

/* Start a child that owns "." and does not run as root. */
static inline pid_t
start_as_nobody(void)
{
	pid_t pid;

	if (geteuid() == 0)
		assert_int_equal(chown(".", NOBODY, NOBODY), 0);
	pid = start();
	if (pid == 0 && geteuid() == 0 &&
	    (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		_exit(98);
	return pid;
}

#endif
