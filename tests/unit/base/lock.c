#include "base/lock.h"
#include "file_place.h"

static int
open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void
test_try(void **state)
{
	int fd = open_file("file"), other = open_file("file"), copy;

	(void)state;
	assert_int_equal(gm_lock_try(fd), GM_LOCK_HELD);
	assert_int_equal(gm_lock_try(fd), GM_LOCK_HELD);
	assert_int_equal(gm_lock_try(other), GM_LOCK_BUSY);
	copy = dup(fd);
	(void)close(fd);
	assert_int_equal(gm_lock_try(other), GM_LOCK_BUSY);
	(void)close(copy);
	assert_int_equal(gm_lock_try(other), GM_LOCK_HELD);
	fd = open_file("file");
	gm_lock_end(other);
	assert_int_equal(gm_lock_try(fd), GM_LOCK_HELD);
	(void)close(fd);
	(void)close(other);
	assert_int_equal(gm_lock_try(other), GM_LOCK_NONE);
}

/* The holder is known only after gm_lock_sign(). */
static void
test_holder(void **state)
{
	int fd = open_file("file"), other;
	pid_t pid, us = getpid();

	(void)state;
	assert_int_equal(gm_lock_holder(fd), 0);
	assert_int_equal(gm_lock_try(fd), GM_LOCK_HELD);
	pid = start();
	if (pid == 0) {
		other = open_file("file");
		_exit(gm_lock_try(other) != GM_LOCK_BUSY ||
		      gm_lock_holder(other) != 0);
	}
	finish(pid);
	gm_lock_sign(fd);
	pid = start();
	if (pid == 0) {
		other = open_file("file");
		if (gm_lock_try(other) != GM_LOCK_BUSY)
			_exit(1);
		_exit(gm_lock_holder(other) != us);
	}
	finish(pid);
	(void)close(fd);
	fd = open_file("file");
	assert_int_equal(gm_lock_holder(fd), 0);
	(void)close(fd);
}

/* A lock ends when its process ends, in any way. */
static void
test_killed(void **state)
{
	int fd = open_file("file"), ready[2], status, other;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = start();
	if (pid == 0) {
		other = open_file("file");
		if (gm_lock_try(other) != GM_LOCK_HELD ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		(void)alarm(60);
		(void)pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(gm_lock_try(fd), GM_LOCK_BUSY);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(gm_lock_try(fd), GM_LOCK_HELD);
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)close(fd);
}

static void
test_is_named(void **state)
{
	int fd = open_file("file");

	(void)state;
	assert_int_equal(symlink("file", "link"), 0);
	assert_true(gm_lock_is_named(fd, AT_FDCWD, "file", 0));
	assert_true(gm_lock_is_named(fd, AT_FDCWD, "link", 0));
	assert_false(
	    gm_lock_is_named(fd, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW));
	put_file("new", "");
	assert_int_equal(rename("new", "file"), 0);
	assert_false(gm_lock_is_named(fd, AT_FDCWD, "file", 0));
	assert_int_equal(unlink("file"), 0);
	assert_false(gm_lock_is_named(fd, AT_FDCWD, "file", 0));
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_try),
		TEST(test_holder),
		TEST(test_killed),
		TEST(test_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
