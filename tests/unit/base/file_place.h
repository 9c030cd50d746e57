#ifndef GM_TEST_FILE_PLACE_H
#define GM_TEST_FILE_PLACE_H

/* Tests of files: a directory for each test, and checks of its content. */

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

#define BIG 200000
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

/* The directory of a test, which is its working directory. */
struct place {
	char dir[64];
	int home; /* the working directory before */
};

static inline int
enter(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	(void)snprintf(place->dir, sizeof(place->dir), "/tmp/gm-file.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	place->home = open(".", O_RDONLY | O_DIRECTORY);
	assert_true(place->home >= 0);
	assert_int_equal(chdir(place->dir), 0);
	umask(022);
	*state = place;
	return 0;
}

/* Count, and optionally remove, the files of a directory. */
static inline int
count(const char *path, bool removed)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		n++;
		if (!removed)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	(void)closedir(dir);
	return n;
}

static inline int
leave(void **state)
{
	struct place *place = *state;

	if (access("sub", F_OK) == 0)
		(void)count("sub", true);
	(void)count(".", true);
	assert_int_equal(fchdir(place->home), 0);
	(void)close(place->home);
	assert_int_equal(rmdir(place->dir), 0);
	free(place);
	return 0;
}

static inline void
put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline void
assert_file(const char *path, const char *want)
{
	struct gm_buf text;
	struct gm_err err;

	gm_buf_init(&text, BIG);
	if (gm_file_slurp(path, &text, &err) != 0)
		fail_msg("%s", err.msg);
	assert_string_equal(gm_buf_str(&text), want);
	gm_buf_release(&text);
}

static inline mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static inline struct gm_span
span(const char *text)
{
	return gm_span_of(text);
}

static inline void
assert_error(const struct gm_err *err, enum gm_code code, const char *msg)
{
	assert_string_equal(err->msg, msg);
	assert_int_equal(err->code, code);
}

/* A child that runs one function meanwhile. */
static inline pid_t
start(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	return pid;
}

static inline void
finish(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static inline void
on_alarm(int signal)
{
	(void)signal;
}

/* Send a signal each millisecond; interrupted calls are not restarted. */
static inline void
set_alarms(bool on)
{
	struct itimerval every = { { 0, on ? 1000 : 0 }, { 0, on ? 1000 : 0 } };
	struct sigaction action = { 0 };

	action.sa_handler = on_alarm;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

#endif
