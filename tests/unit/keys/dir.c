#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "../base/file_place.h"
#include "base/lock.h"
#include "base/stop.h"
#include "keys/dir.h"

/* Open the directory of the test, which nobody else uses. */
static void
open_here(struct gm_keydir *d)
{
	struct gm_err err;

	*d = (struct gm_keydir){ 0 };
	if (gm_keydir_open(d, ".", &err) != 0)
		fail_msg("%s", err.msg);
}

static void
refuse(const char *path, const char *msg)
{
	struct gm_keydir d = { 0 };
	struct gm_err err;

	assert_int_equal(gm_keydir_open(&d, path, &err), -1);
	assert_error(&err, GM_ECANTCREAT, msg);
	assert_false(d.open);
	gm_keydir_close(&d);
	gm_keydir_close(&d);
}

static void
test_open(void **state)
{
	struct gm_keydir d = { 0 };
	struct gm_err err;

	(void)state;
	(void)umask(0);
	assert_int_equal(gm_keydir_open(&d, "sub", &err), 0);
	assert_int_equal(mode_of("sub"), 0700);
	assert_int_equal(gm_keydir_open(&d, "sub/a//b/", &err), 0);
	assert_int_equal(mode_of("sub/a"), 0700);
	assert_int_equal(mode_of("sub/a/b"), 0700);
	assert_int_equal(fcntl(d.fd, F_GETFD), FD_CLOEXEC);
	gm_keydir_close(&d);
	assert_int_equal(rmdir("sub/a/b"), 0);
	/* as systemd makes it */
	assert_int_equal(symlink("sub", "link"), 0);
	assert_int_equal(gm_keydir_open(&d, "link", &err), 0);
	gm_keydir_close(&d);
}

static void
test_open_odd(void **state)
{
	(void)state;
	put_file("file", "text");
	refuse("", ": No such file or directory");
	refuse("file", "file: Not a directory");
	refuse("file/sub", "file/sub: Not a directory");
	refuse("/proc/gm-none/sub", "/proc/gm-none/sub: No such file or "
				    "directory");
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(chmod("sub", 0720), 0);
	refuse("sub", "sub: writable by others");
	assert_int_equal(chmod("sub", 0702), 0);
	refuse("sub", "sub: writable by others");
	assert_int_equal(chmod("sub", 0755), 0);
	if (geteuid() != 0)
		return; /* "/" belongs to another user then, and can be read */
	assert_int_equal(chown("sub", 12345, (gid_t)-1), 0);
	refuse("sub", "sub: owned by another user");
}

static void
test_open_long(void **state)
{
	char path[2 * PATH_MAX];
	struct gm_keydir d = { 0 };
	struct gm_err err;

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(gm_keydir_open(&d, path, &err), -1);
	gm_keydir_close(&d);
}

static void
refuse_file(const struct gm_keydir *d, int flags, const char *msg)
{
	struct gm_err err;

	errno = 0;
	assert_int_equal(gm_keydir_file(d, "name", flags, &err), -1);
	assert_error(&err, GM_ECANTCREAT, msg);
	assert_int_not_equal(errno, ENOENT);
}

static void
test_file_odd(void **state)
{
	static const int flags[] = { O_RDONLY, O_RDWR, O_RDWR | O_CREAT };
	struct gm_keydir d;
	size_t i;

	(void)state;
	open_here(&d);
	put_file("other", "text");
	for (i = 0; i < GM_LEN(flags); i++) {
		assert_int_equal(mkfifo("name", 0600), 0);
		refuse_file(&d, flags[i], "./name: not a regular file");
		assert_int_equal(unlink("name"), 0);
		assert_int_equal(mkdir("name", 0700), 0);
		refuse_file(&d, flags[i], "./name: not a regular file");
		assert_int_equal(rmdir("name"), 0);
		assert_int_equal(symlink("other", "name"), 0);
		refuse_file(&d, flags[i], "./name: not a regular file");
		assert_int_equal(unlink("name"), 0);
		if (geteuid() != 0)
			continue;
		put_file("name", "text");
		assert_int_equal(chown("name", 12345, (gid_t)-1), 0);
		refuse_file(&d, flags[i], "./name: owned by another user");
		assert_int_equal(unlink("name"), 0);
	}
	gm_keydir_close(&d);
}

static void
test_file(void **state)
{
	struct gm_keydir d;
	struct gm_buf text;
	struct gm_err err;
	int fd;

	(void)state;
	open_here(&d);
	errno = 0;
	assert_int_equal(gm_keydir_file(&d, "name", O_RDONLY, &err), -1);
	assert_int_equal(errno, ENOENT);
	put_file("name", "some text");
	assert_int_equal(chmod("name", 0666), 0);
	fd = gm_keydir_file(&d, "name", O_RDONLY, &err);
	assert_true(fd >= 0);
	assert_int_equal(mode_of("name"), 0600);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	gm_buf_init(&text, 100);
	assert_int_equal(gm_keydir_read(&d, "name", fd, &text, &err), 0);
	assert_string_equal(gm_buf_str(&text), "some text");
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	gm_buf_release(&text);
	gm_buf_init(&text, 9);
	assert_int_equal(gm_keydir_read(&d, "name", fd, &text, &err), 0);
	assert_string_equal(gm_buf_str(&text), "some text");
	gm_buf_release(&text);
	(void)close(fd);
	gm_keydir_close(&d);
}

/* A short read is an error, never the whole file. */
static void
test_read_fails(void **state)
{
	struct gm_keydir d;
	struct gm_buf text;
	struct gm_err err;
	int fd;

	(void)state;
	open_here(&d);
	put_file("name", "some text");
	gm_buf_init(&text, 8);
	fd = gm_keydir_file(&d, "name", O_RDONLY, &err);
	assert_true(fd >= 0);
	assert_int_equal(gm_keydir_read(&d, "name", fd, &text, &err), -1);
	assert_error(&err, GM_EDATA, "./name: larger than 8 bytes");
	(void)close(fd);
	gm_buf_release(&text);

	gm_buf_init(&text, 100);
	assert_int_equal(gm_keydir_read(&d, "name", fd, &text, &err), -1);
	assert_error(&err, GM_ENOINPUT, "./name: Bad file descriptor");
	fd = gm_keydir_file(&d, "name", O_WRONLY, &err);
	assert_true(fd >= 0);
	assert_int_equal(gm_keydir_read(&d, "name", fd, &text, &err), -1);
	assert_error(&err, GM_ENOINPUT, "./name: Bad file descriptor");
	(void)close(fd);
	fd = gm_keydir_file(&d, "name", O_RDONLY, &err);
	assert_int_equal(
	    lseek(fd, 1, SEEK_SET), 1); /* as if the file had become shorter */
	assert_int_equal(gm_keydir_read(&d, "name", fd, &text, &err), -1);
	assert_error(&err, GM_ENOINPUT, "./name: Input/output error");
	(void)close(fd);
	gm_buf_release(&text);
	gm_keydir_close(&d);
}

/* Without descriptors the error is not the directory's. */
static void
test_shortage(void **state)
{
	struct rlimit before, none;
	struct gm_keydir d, other = { 0 };
	struct gm_err err;
	int fd = -1;

	(void)state;
	open_here(&d);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(gm_keydir_open(&other, ".", &err), -1);
	assert_error(&err, GM_EOS, ".: Too many open files; raise ulimit -n");
	assert_int_equal(gm_keydir_file(&d, "name", O_RDONLY, &err), -1);
	assert_error(
	    &err, GM_EOS, "./name: Too many open files; raise ulimit -n");
	assert_int_equal(gm_keydir_lock(&d, "lock", &fd, &err), -1);
	assert_error(
	    &err, GM_EOS, "./lock: Too many open files; raise ulimit -n");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	gm_keydir_close(&other);
	gm_keydir_close(&d);
}

/* Write aside and publish.  Returns a descriptor, or -1. */
static int
replace(const struct gm_keydir *d, const char *name, struct gm_span text,
    struct gm_err *err)
{
	int fd = gm_keydir_aside(d, name, text, err);

	if (fd == -1 || gm_keydir_publish(d, name,
			    gm_file_sync(fd) == 0 ? 0 : errno, err) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void
test_replace(void **state)
{
	struct gm_keydir d;
	struct gm_err err;
	int fd;

	(void)state;
	open_here(&d);
	put_file("name", "old");
	put_file("other", "untouched");
	/* a file that another process has left */
	assert_int_equal(symlink("other", "keys.new"), 0);
	fd = replace(&d, "name", span("new text"), &err);
	assert_true(fd >= 0);
	assert_file("name", "new text");
	assert_file("other", "untouched");
	assert_int_equal(mode_of("name"), 0600);
	assert_int_equal(pwrite(fd, "NEW", 3, 0), 3);
	assert_file("name", "NEW text");
	assert_int_equal(count(".", false), 2);
	(void)close(fd);
	gm_keydir_close(&d);
}

/* A run that a signal ends still stores its results. */
static void
test_replace_signal(void **state)
{
	struct gm_keydir d;
	struct gm_err err;
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		open_here(&d);
		if (gm_stop_install(false, &err) != 0 || raise(SIGTERM) != 0 ||
		    gm_stop_signal() != SIGTERM)
			_exit(1);
		_exit(replace(&d, "name", span("text"), &err) == -1 ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_file("name", "text");
}

/* True if the stamp of a file differs from *before, which it replaces. */
static bool
differs(const struct gm_keydir *d, struct gm_keystamp *before)
{
	struct gm_keystamp now = gm_keydir_stamp(d, "name");
	bool rc = now.inode != before->inode ||
	          now.written.tv_sec != before->written.tv_sec ||
	          now.written.tv_nsec != before->written.tv_nsec;

	*before = now;
	return rc;
}

/* The stamp changes when a file is made, written, replaced and removed. */
static void
test_stamp(void **state)
{
	static const struct timespec past[] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = 1, .tv_nsec = 5 } };
	struct gm_keystamp stamp = { .inode = 0 };
	struct gm_keydir d;
	struct gm_err err;
	int fd;

	(void)state;
	open_here(&d);
	assert_false(differs(&d, &stamp));
	put_file("name", "old");
	assert_true(differs(&d, &stamp));
	assert_false(differs(&d, &stamp));
	assert_int_equal(utimensat(AT_FDCWD, "name", past, 0), 0);
	assert_true(differs(&d, &stamp));
	fd = replace(&d, "name", span("new"), &err);
	assert_true(fd >= 0);
	assert_true(differs(&d, &stamp));
	assert_int_equal(unlink("name"), 0);
	assert_true(differs(&d, &stamp));
	assert_int_equal(stamp.inode, 0);
	(void)close(fd);
	gm_keydir_close(&d);
}

static void
test_replace_fails(void **state)
{
	struct rlimit small = { 3, RLIM_INFINITY }, before;
	struct gm_keydir d;
	struct gm_err err;

	(void)state;
	open_here(&d);
	put_file("name", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(replace(&d, "name", span("new text"), &err), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_error(&err, GM_EIO, "./name: File too large");
	assert_file("name", "old");
	assert_int_equal(count(".", false), 1);
	assert_int_equal(mkdir("keys.new", 0700), 0);
	assert_int_equal(replace(&d, "name", span("new text"), &err), -1);
	assert_error(&err, GM_EIO, "./keys.new: File exists");
	assert_file("name", "old");
	gm_keydir_close(&d);
}

static void
test_lock(void **state)
{
	int ours = -1, theirs = -1;
	struct gm_keydir d;
	struct gm_err err;

	(void)state;
	open_here(&d);
	assert_int_equal(gm_keydir_lock(&d, "lock", &ours, &err), 1);
	assert_int_equal(mode_of("lock"), 0600);
	assert_int_equal(gm_keydir_lock(&d, "lock", &theirs, &err), 0);
	gm_lock_end(ours);
	assert_int_equal(gm_keydir_lock(&d, "lock", &theirs, &err), 1);
	/* Removed by hand: a lock on a file without a name is no lock. */
	assert_int_equal(unlink("lock"), 0);
	assert_int_equal(gm_keydir_lock(&d, "lock", &ours, &err), 0);
	gm_lock_end(theirs);
	assert_int_equal(gm_keydir_lock(&d, "lock", &ours, &err), 1);
	assert_int_equal(gm_keydir_lock(&d, "lock", &theirs, &err), 0);
	(void)close(ours);
	if (theirs != -1)
		(void)close(theirs);
	gm_keydir_close(&d);
}

/* The kernel frees the lock of a killed process. */
static void
test_lock_killed(void **state)
{
	struct gm_keydir d;
	struct gm_err err;
	int fd = -1, ends[2];
	char byte;
	pid_t pid;

	(void)state;
	open_here(&d);
	assert_int_equal(pipe(ends), 0);
	pid = start();
	if (pid == 0) {
		(void)alarm(60);
		if (gm_keydir_lock(&d, "lock", &fd, &err) != 1 ||
		    write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(gm_keydir_lock(&d, "lock", &fd, &err), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(gm_keydir_lock(&d, "lock", &fd, &err), 1);
	(void)close(fd);
	(void)close(ends[0]);
	(void)close(ends[1]);
	gm_keydir_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_open),
		TEST(test_open_odd),
		TEST(test_open_long),
		TEST(test_file),
		TEST(test_file_odd),
		TEST(test_read_fails),
		TEST(test_shortage),
		TEST(test_replace),
		TEST(test_replace_fails),
		TEST(test_replace_signal),
		TEST(test_stamp),
		TEST(test_lock),
		TEST(test_lock_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
