#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/access.h"
#include "file_place.h"

#define ACL "system.posix_acl_access"
#define OTHER_ID 65533

/* An ACL in the kernel's form: version 2; tag, rights and ID of each entry. */
static const unsigned char acl[] = { 2, 0, 0, 0, /* */
	1, 0, 6, 0, 255, 255, 255, 255,          /* user::rw- */
	2, 0, 4, 0, 0xfd, 0xff, 0, 0,            /* user:65533:r-- */
	4, 0, 0, 0, 255, 255, 255, 255,          /* group::--- */
	16, 0, 4, 0, 255, 255, 255, 255,         /* mask::r-- */
	32, 0, 0, 0, 255, 255, 255, 255 };       /* other::--- */

static int
make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	return fd;
}

static int
copy(int fd, const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return gm_access_copy(fd, path, &st);
}

/* Set the ACL; false if the file system has none. */
static bool
put_acl(const char *path)
{
	if (setxattr(path, ACL, acl, sizeof(acl), 0) == 0)
		return true;
	assert_int_equal(errno, ENOTSUP);
	return false;
}

static void
assert_acl(const char *path, bool there)
{
	unsigned char got[sizeof(acl) + 1];
	ssize_t len = getxattr(path, ACL, got, sizeof(got));

	if (there)
		assert_memory_equal(got, acl, sizeof(acl));
	assert_int_equal(len, there ? (int)sizeof(acl) : -1);
}

static void
test_mode(void **state)
{
	static const mode_t modes[] = { 0600, 0640, 0664, 0604, 0444, 0755 };
	size_t i;
	int fd;

	(void)state;
	put_file("old", "");
	fd = make("new");
	for (i = 0; i < GM_LEN(modes); i++) {
		assert_int_equal(chmod("old", modes[i]), 0);
		assert_int_equal(copy(fd, "old"), 0);
		assert_int_equal(mode_of("new"), modes[i]);
	}
	assert_int_equal(
	    chmod("old", 06755), 0); /* no set-user-ID or set-group-ID */
	assert_int_equal(copy(fd, "old"), 0);
	assert_int_equal(mode_of("new"), 0755);
	(void)close(fd);
}

static void
test_acl(void **state)
{
	int fd;

	(void)state;
	put_file("old", "");
	if (!put_acl("old"))
		skip();
	fd = make("new");
	assert_int_equal(copy(fd, "old"), 0);
	assert_acl("new", true);
	assert_int_equal(
	    mode_of("new"), 0640); /* the group bits are the mask */
	gm_access_set(fd, 0644);
	assert_acl("new", false);
	assert_int_equal(mode_of("new"), 0644);
	(void)close(fd);
}

/*
 * The default ACL of the directory does not apply to a file that is replaced.
 */
static void
test_default_acl(void **state)
{
	int fd;

	(void)state;
	put_file("old", "");
	assert_int_equal(chmod("old", 0664), 0);
	fd = make("new");
	if (!put_acl("new"))
		skip();
	assert_int_equal(fchmod(fd, 0600), 0); /* as if inherited */
	assert_int_equal(copy(fd, "old"), 0);
	assert_acl("new", false);
	assert_int_equal(mode_of("new"), 0664);
	(void)close(fd);
}

/* Copy as user nobody in a child; return the result and the mode of "new". */
static void
as_nobody(mode_t old, int want, mode_t mode)
{
	struct stat st;
	pid_t pid;
	int fd;

	assert_int_equal(chmod("old", old), 0);
	assert_int_equal(chmod(".", 0777), 0);
	pid = start();
	if (pid == 0) {
		if (setgid(OTHER_ID) != 0 || setuid(OTHER_ID) != 0)
			_exit(1);
		fd = open("new", O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd == -1 || stat("old", &st) != 0)
			_exit(2);
		if (gm_access_copy(fd, "old", &st) != want)
			_exit(3);
		if (want == 0 && mode_of("new") != mode)
			_exit(4);
		if (want != 0 && mode_of("new") != 0600)
			_exit(5);
		_exit(unlink("new") != 0);
	}
	finish(pid);
}

/* Group and others get only what both had. */
static void
test_foreign(void **state)
{
	(void)state;
	if (getuid() != 0)
		skip();
	put_file("old", "");
	as_nobody(0664, 0, 0644);
	as_nobody(0660, 0, 0600);
	as_nobody(0606, 0, 0600);
	as_nobody(0646, 0, 0644);
	as_nobody(0624, 0, 0600);
	if (put_acl("old"))
		as_nobody(0640, -1, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mode),
		TEST(test_acl),
		TEST(test_default_acl),
		TEST(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
