#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/aside.h"
#include "base/stop.h"
#include "file_place.h"

static int
make(const char *target, char **path)
{
	int fd = gm_aside_open(target, 0666, path);

	assert_true(fd > STDERR_FILENO);
	assert_int_equal(access(*path, F_OK), 0);
	return fd;
}

static void
test_open(void **state)
{
	char *path, *other;
	int fd, fd2;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	umask(027);
	fd = make("sub/new", &path);
	assert_int_equal(strncmp(path, "sub/.new.gm-", 12), 0);
	assert_int_equal(strlen(path), 18);
	assert_int_equal(mode_of(path), 0640);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd2 = make("sub/new", &other);
	assert_string_not_equal(path, other);
	(void)close(fd);
	(void)close(fd2);
	free(path);
	free(other);
	errno = 0;
	assert_int_equal(gm_aside_open("absent/new", 0600, &path), -1);
	assert_int_equal(errno, ENOENT);
	assert_null(path);
}

/* A long name is cut between characters. */
static void
test_open_long(void **state)
{
	char name[256], *path;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa4", 2);
	memcpy(name + i - 1, "x", 2);
	name[0] =
	    'n'; /* 'n' and a stray byte, so that characters begin at even offsets */
	name[1] = 'n';
	fd = make(name, &path);
	assert_true(strlen(path) <= 255);
	assert_int_equal(strncmp(path + 1, name, 242), 0);
	assert_int_equal(strncmp(path + strlen(path) - 10, ".gm-", 4), 0);
	assert_true((unsigned char)path[strlen(path) - 11] != 0xc3);
	(void)close(fd);
	gm_aside_sweep(name);
	assert_int_equal(count(".", false), 0);
	free(path);
}

static void
test_sweep(void **state)
{
	char *path, *used;
	int fd;

	(void)state;
	fd = make("t", &path);
	(void)close(fd);
	fd = make("t", &used);
	gm_aside_sweep("t");
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(used, F_OK), 0);
	(void)close(fd);
	gm_aside_sweep("./t");
	assert_int_equal(access(used, F_OK), -1);
	free(path);
	free(used);
}

/* A killed process leaves a file, but no lock. */
static void
test_sweep_killed(void **state)
{
	int ends[2], status;
	char *path, byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = start();
	if (pid == 0) {
		if (gm_aside_open("t", 0600, &path) == -1)
			_exit(1);
		(void)!write(ends[1], "", 1);
		(void)alarm(20);
		pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	gm_aside_sweep("t");
	assert_int_equal(count(".", false), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	gm_aside_sweep("t");
	assert_int_equal(count(".", false), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* Files of other kinds, users and names are not removed. */
static void
test_sweep_others(void **state)
{
	static const char *const names[] = { ".t.gm-abcde", ".t.gm-abcdefg",
		".t.gm-abcd-f", "t.gm-abcdef", ".tt.gm-abcdef", ".u.gm-abcdef",
		".t.abcdef", ".t.gm_abcdef", ".t.gm-abcdef~" };
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(names); i++)
		put_file(names[i], "");
	put_file("target", "");
	assert_int_equal(symlink("target", ".t.gm-linked"), 0);
	assert_int_equal(mkdir(".t.gm-adirec", 0700), 0);
	assert_int_equal(mkfifo(".t.gm-apipe1", 0600), 0);
	put_file(".t.gm-theirs", "");
	gm_aside_sweep("absent/t");
	if (geteuid() == 0)
		assert_int_equal(chown(".t.gm-theirs", 65534, 65534), 0);
	else
		assert_int_equal(unlink(".t.gm-theirs"), 0);
	gm_aside_sweep("t");
	assert_int_equal(
	    count(".", false), (int)GM_LEN(names) + (geteuid() == 0 ? 5 : 4));
}

/* Rename by paths, and by names relative to a directory. */
static void
test_rename(void **state)
{
	char *path;
	int fd, dir;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	put_file("sub/file", "old");
	fd = make("sub/file", &path);
	assert_int_equal(gm_aside_fill(fd, span("new")), 0);
	assert_file("sub/file", "old");
	assert_int_equal(gm_aside_rename(AT_FDCWD, path, "sub/file"), 0);
	assert_file("sub/file", "new");
	assert_int_equal(count("sub", false), 1);
	(void)close(fd);
	free(path);
	dir = open("sub", O_RDONLY | O_DIRECTORY);
	fd = openat(dir, "fixed", O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_int_equal(gm_aside_fill(fd, span("newest")), 0);
	assert_int_equal(gm_aside_rename(dir, "fixed", "file"), 0);
	assert_file("sub/file", "newest");
	assert_int_equal(count("sub", false), 1);
	errno = 0;
	assert_int_equal(gm_aside_rename(dir, "fixed", "file"), -1);
	assert_int_equal(errno, ENOENT);
	(void)close(fd);
	(void)close(dir);
}

/* Write errors are reported; signals do not end the write. */
static void
test_fill(void **state)
{
	char *big = calloc(1, BIG);
	int fd = open("/dev/full", O_WRONLY);
	struct gm_err err;
	struct stat st;
	pid_t pid;

	(void)state;
	assert_non_null(big);
	errno = 0;
	assert_int_equal(gm_aside_fill(fd, span("text")), -1);
	assert_int_equal(errno, ENOSPC);
	(void)close(fd);
	fd = open("file", O_RDWR | O_CREAT, 0600);
	pid = start();
	if (pid == 0) {
		if (gm_stop_install(false, &err) != 0 || raise(SIGTERM) != 0)
			_exit(1);
		_exit(gm_aside_fill(fd, (struct gm_span){ big, BIG }) != 0);
	}
	finish(pid);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, BIG);
	(void)close(fd);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_open),
		TEST(test_open_long),
		TEST(test_rename),
		TEST(test_fill),
		TEST(test_sweep),
		TEST(test_sweep_killed),
		TEST(test_sweep_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
