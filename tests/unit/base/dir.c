#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/dir.h"

static char place[] = "/tmp/gm-unit-dir.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	(void)umask(0);
	return mkdtemp(place) != NULL ? chdir(place) : -1;
}

static int
tear_down(void **state)
{
	static const char *const dirs[] = { "a/b/c", "a/b", "a", "d" };
	size_t i;

	(void)state;
	(void)unlink("file");
	for (i = 0; i < GM_LEN(dirs); i++)
		(void)rmdir(dirs[i]);
	return rmdir(place);
}

static void
assert_private(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void
test_make(void **state)
{
	char absolute[100];
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_dir_make("a/b/c/", &err), 0);
	assert_private("a");
	assert_private("a/b");
	assert_private("a/b/c");
	assert_int_equal(gm_dir_make("a//b/c", &err), 0);
	(void)snprintf(absolute, sizeof(absolute), "%s/d", place);
	assert_int_equal(gm_dir_make(absolute, &err), 0);
	assert_private("d");
	/* A directory that exists keeps its mode. */
	assert_int_equal(chmod("d", 0755), 0);
	assert_int_equal(gm_dir_make("d", &err), 0);
	assert_int_equal(gm_dir_make("/", &err), 0);
	assert_int_not_equal(chmod("d", 0700), -1);
	assert_private("d");
}

static void
test_fail(void **state)
{
	char path[5000];
	static const struct {
		const char *path, *words;
	} rows[] = {
		{ "file", "file: Not a directory" },
		{ "file/below/it", "file/below/it: Not a directory" },
		{ "", ": No such file or directory" },
	};
	struct gm_err err;
	size_t i;
	int fd = open("file", O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(gm_dir_make(rows[i].path, &err), -1);
		assert_int_equal(err.code, GM_ECANTCREAT);
		assert_string_equal(err.msg, rows[i].words);
	}
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(gm_dir_make(path, &err), -1);
	assert_int_equal(err.code, GM_ECANTCREAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_fail),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
