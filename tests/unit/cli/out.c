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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../base/late.h"
#include "base/stop.h"
#include "cli/out.h"

static char dir[] = "/tmp/gm-unit-out.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	umask(022);
	return mkdtemp(dir) != NULL ? chdir(dir) : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("file");
	return rmdir(dir);
}

/* An output that is a pipe; *fd is its other end. */
static void
open_pipe(struct gm_out *o, int *fd)
{
	struct gm_err err;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(gm_out_open(o, NULL, &err), 0);
	assert_int_equal(o->fd, STDOUT_FILENO);
	o->fd = ends[1];
	o->regular = false;
	*fd = ends[0];
}

/* What the reader got; closes both ends. */
static const char *
drain(struct gm_out *o, int fd)
{
	static char text[100];
	ssize_t n;

	(void)close(o->fd);
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	gm_out_release(o);
	return text;
}

static const struct {
	bool filtered;
	const char *pieces[4];
	const char *want;
} rows[] = {
	{ false, { NULL }, "" },
	{ false, { "", NULL }, "" },
	{ false, { "a", NULL }, "a\n" },
	{ false, { "a\n", NULL }, "a\n" },
	{ false, { "a", "\n", NULL }, "a\n" },
	{ false, { "a\n", "b", NULL }, "a\nb\n" },
	{ false, { "a\n\n", "", NULL }, "a\n\n" },
	{ false, { "\n", NULL }, "\n" },
	/* bytes go unchanged into what is no terminal */
	{ false, { "\033[31m\007\r\xE2\x80\xAE", NULL },
	    "\033[31m\007\r\xE2\x80\xAE\n" },
	{ true, { "a\033[31mb\007\r", "\xE2\x80\xAE", NULL }, "ab\n" },
	{ true, { "a\033[3", "1mb\n", NULL }, "ab\n" },
	{ true, { "a\n", "\033[m", NULL }, "a\n" },
	{ true, { "a\n\033[m", NULL }, "a\n" },
	{ true, { "\033[m", "\007", NULL }, "" },
};

static void
check_lines(bool flushed)
{
	struct gm_err err;
	struct gm_out o;
	size_t i, k;
	int fd;

	for (i = 0; i < GM_LEN(rows); i++) {
		open_pipe(&o, &fd);
		o.filtered = rows[i].filtered;
		for (k = 0; rows[i].pieces[k] != NULL; k++) {
			gm_out_put(&o, gm_span_of(rows[i].pieces[k]));
			if (flushed)
				assert_int_equal(gm_out_flush(&o, &err), 0);
		}
		assert_int_equal(gm_out_end(&o, &err), 0);
		assert_int_equal(gm_out_end(&o, &err), 0);
		assert_int_equal(gm_out_commit(&o, &err), 0);
		assert_string_equal(drain(&o, fd), rows[i].want);
	}
}

/* The same whether each piece is flushed or all at once. */
static void
test_lines(void **state)
{
	(void)state;
	check_lines(true);
	check_lines(false);
}

/* Nothing goes out before it is flushed, and then in one piece. */
static void
test_flush(void **state)
{
	struct gm_err err;
	struct gm_out o;
	char got[10];
	int fd;

	(void)state;
	open_pipe(&o, &fd);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	gm_out_put(&o, gm_span_of("ab"));
	gm_out_put(&o, gm_span_of("cd"));
	assert_int_equal(read(fd, got, sizeof(got)), -1);
	assert_int_equal(gm_out_flush(&o, &err), 0);
	assert_int_equal(read(fd, got, sizeof(got)), 4);
	assert_memory_equal(got, "abcd", 4);
	assert_int_equal(gm_out_flush(&o, &err), 0);
	assert_int_equal(read(fd, got, sizeof(got)), -1);
	assert_string_equal(drain(&o, fd), "");
}

/* Put and flush, as most tests want it. */
static int
give(struct gm_out *o, const char *text, struct gm_err *err)
{
	gm_out_put(o, gm_span_of(text));
	return gm_out_flush(o, err);
}

/* More than a pipe holds, without waiting: in pieces, each byte once. */
static void
test_try(void **state)
{
	static char all[400000], got[sizeof(all)];
	struct gm_out o;
	struct gm_err err;
	size_t i, len = 0;
	ssize_t n;
	int fd, rc = 0, tries = 0;

	(void)state;
	for (i = 0; i < sizeof(all); i++)
		all[i] = (char)('a' + i % 23);
	open_pipe(&o, &fd);
	o.has_reader = true;
	assert_int_equal(gm_out_try(&o, &err), 1); /* nothing to write */
	gm_out_put(&o, (struct gm_span){ all, sizeof(all) });
	while (rc == 0) {
		rc = gm_out_try(&o, &err);
		assert_int_not_equal(rc, -1);
		tries++;
		n = read(fd, got + len, sizeof(got) - len);
		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_true(tries > 1);
	while (len < sizeof(got) &&
	       (n = read(fd, got + len, sizeof(got) - len)) > 0)
		len += (size_t)n;
	assert_int_equal(len, sizeof(all));
	assert_memory_equal(got, all, sizeof(all));
	/* A flush goes on where a try has ended. */
	gm_out_put(&o, (struct gm_span){ all, 70000 });
	assert_int_equal(gm_out_try(&o, &err), 0);
	for (len = 0; len < 8192; len += (size_t)n)
		assert_true((n = read(fd, got + len, 8192 - len)) > 0);
	assert_int_equal(gm_out_flush(&o, &err), 0);
	for (; len < 70000; len += (size_t)n)
		assert_true((n = read(fd, got + len, 70000 - len)) > 0);
	assert_memory_equal(got, all, 70000);
	assert_string_equal(drain(&o, fd), "");
}

/* More than a pipe holds, to a reader in another process. */
static void
test_much(void **state)
{
	static char text[1000000], got[5000];
	struct gm_err err;
	struct gm_out o;
	size_t len = 0, i;
	ssize_t n;
	pid_t pid;
	int fd, status;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	open_pipe(&o, &fd);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		gm_out_put(&o, (struct gm_span){ text, sizeof(text) });
		_exit(gm_out_flush(&o, &err) != 0);
	}
	(void)close(o.fd);
	while ((n = read(fd, got, sizeof(got))) > 0) {
		assert_true(len + (size_t)n <= sizeof(text));
		assert_memory_equal(got, text + len, (size_t)n);
		len += (size_t)n;
	}
	assert_int_equal(len, sizeof(text));
	(void)close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	gm_out_release(&o);
}

static size_t
count_files(void)
{
	DIR *d = opendir(".");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2; /* "." and ".." */
}

/* Exactly these bytes can be read; closes fd. */
static void
check_read(int fd, const char *want)
{
	char got[100];
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, got, sizeof(got));
	assert_int_equal(n, strlen(want));
	assert_memory_equal(got, want, strlen(want));
	(void)close(fd);
}

static void
check_file(const char *want)
{
	check_read(open("file", O_RDONLY), want);
}

/* It appears when it is whole, and not before. */
static void
test_file(void **state)
{
	struct gm_err err;
	struct gm_out o;
	struct stat st;

	(void)state;
	assert_int_equal(gm_out_open(&o, "file", &err), 0);
	assert_int_equal(give(&o, "whole", &err), 0);
	assert_int_equal(gm_out_end(&o, &err), 0);
	assert_int_equal(access("file", F_OK), -1);
	assert_int_equal(gm_out_commit(&o, &err), 0);
	gm_out_release(&o);
	check_file("whole\n");
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* dropped: the old one stays, and nothing else */
	assert_int_equal(chmod("file", 0640), 0);
	assert_int_equal(gm_out_open(&o, "file", &err), 0);
	assert_int_equal(give(&o, "half", &err), 0);
	gm_out_release(&o);
	check_file("whole\n");
	assert_int_equal(count_files(), 1);
	/* replaced: its mode stays */
	assert_int_equal(gm_out_open(&o, "file", &err), 0);
	assert_int_equal(give(&o, "new\n", &err), 0);
	assert_int_equal(gm_out_commit(&o, &err), 0);
	gm_out_release(&o);
	check_file("new\n");
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(count_files(), 1);
}

static void
test_failures(void **state)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_out o;
	int fd;

	(void)state;
	assert_int_equal(gm_out_open(&o, "none/file", &err), -1);
	assert_int_equal(err.code, GM_ECANTCREAT);
	assert_string_equal(err.msg, "none/file: No such file or directory");
	gm_out_release(&o);
	assert_int_equal(gm_out_open(&o, "/dev/full", &err), 0);
	assert_int_equal(give(&o, "text", &err), -1);
	assert_int_equal(err.code, GM_EIO);
	assert_string_equal(err.msg, "/dev/full: No space left on device");
	gm_out_release(&o);
	/* standard output has a name, too */
	fd = open("/dev/null", O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(gm_out_open(&o, NULL, &err), 0);
	o.fd = fd;
	assert_int_equal(give(&o, "text", &err), -1);
	assert_int_equal(err.code, GM_EIO);
	assert_string_equal(err.msg, "standard output: Bad file descriptor");
	(void)close(fd);
	gm_out_release(&o);
}

static void
fill(int fd)
{
	char zeros[4096] = { 0 };

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
}

/* A reader that takes nothing: the deadline ends the wait, or a signal. */
static void
test_waits(void **state)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_out o;
	int fd, status;
	pid_t pid;

	(void)state;
	open_pipe(&o, &fd);
	fill(o.fd);
	be_late();
	assert_int_equal(give(&o, "text", &err), -1);
	assert_int_equal(err.code, GM_EUNAVAILABLE);
	assert_string_equal(err.msg, "standard output: deadline exceeded");
	/* and nothing more is tried once a write has failed */
	be_on_time();
	assert_int_equal(give(&o, "more", &err), -1);
	assert_string_equal(err.msg, "standard output: deadline exceeded");
	gm_buf_reset(&o.pending);
	o.broken = false;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (gm_stop_install(false, &err) != 0 || raise(SIGTERM) != 0)
			_exit(1);
		_exit(give(&o, "text", &err) != -1 || err.code != GM_ESIGNAL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)drain(&o, fd);
}

/* A FIFO that nobody opens to read is waited for as long. */
static void
test_fifo(void **state)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_out o;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	be_late();
	assert_int_equal(gm_out_open(&o, "fifo", &err), -1);
	assert_int_equal(err.code, GM_EUNAVAILABLE);
	assert_string_equal(err.msg, "fifo: deadline exceeded");
	gm_out_release(&o);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(gm_out_open(&o, "fifo", &err), 0);
	be_on_time();
	assert_int_equal(give(&o, "text", &err), 0);
	assert_int_equal(gm_out_commit(&o, &err), 0);
	gm_out_release(&o);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	check_read(fd, "text");
	assert_int_equal(unlink("fifo"), 0);
}

/* A reader that has left: a quiet end, also where SIGPIPE was ignored. */
static void
test_pipe(void **state)
{
	struct gm_err err;
	struct gm_out o;
	int fd, status;
	pid_t pid;

	(void)state;
	open_pipe(&o, &fd);
	(void)close(fd);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		_exit(give(&o, "text", &err) == 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGPIPE);
	(void)close(o.fd);
	gm_out_release(&o);
	gm_out_release(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_try),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
