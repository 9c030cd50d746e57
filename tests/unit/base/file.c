#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/stop.h"
#include "file_place.h"

static void
test_open(void **state)
{
	struct gm_err err;
	int fd;

	(void)state;
	put_file("file", "text");
	fd = gm_file_open("file", &err);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
	errno = 0;
	assert_int_equal(gm_file_open("absent", &err), -1);
	assert_int_equal(errno, ENOENT);
	assert_error(&err, GM_ENOINPUT, "absent: No such file or directory");
}

/* A FIFO without a writer is empty; reading does not wait. */
static void
test_open_fifo(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_file("fifo", "");
}

/* As in "--env-file <(command)": wait for bytes that come late. */
static void
test_open_pipe(void **state)
{
	struct gm_buf text;
	struct gm_err err;
	char path[32];
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = start();
	if (pid == 0) {
		(void)poll(NULL, 0, 20);
		_exit(write(ends[1], "text", 4) != 4);
	}
	(void)close(ends[1]);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	gm_buf_init(&text, 100);
	if (gm_file_slurp(path, &text, &err) != 0)
		fail_msg("%s", err.msg);
	assert_string_equal(gm_buf_str(&text), "text");
	gm_buf_release(&text);
	finish(pid);
	(void)close(ends[0]);
}

/* A signal ends the wait for an idle writer. */
static void
test_read_stop(void **state)
{
	struct gm_buf text;
	struct gm_err err;
	char path[32];
	int ends[2], ready[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(ready), 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	pid = start();
	if (pid == 0) {
		if (gm_stop_install(false, &err) != 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		gm_buf_init(&text, 100);
		if (gm_file_slurp(path, &text, &err) != -1)
			_exit(2);
		gm_buf_release(&text);
		_exit(err.code == GM_ESIGNAL ? 0 : 3);
	}
	/* The signal may come before or during the wait. */
	assert_int_equal(read(ready[0], path, 1), 1);
	assert_int_equal(kill(pid, SIGTERM), 0);
	finish(pid);
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
test_read_limit(void **state)
{
	static const struct {
		size_t max;
		int rc;
		const char *text, *msg;
	} rows[] = {
		{ 100, 0, "<text", NULL },
		{ 5, 0, "<text", NULL },
		{ 4, -1, "<tex", "file: larger than 4 bytes" },
		{ 1, -1, "<", "file: larger than 1 bytes" },
	};
	struct gm_buf out;
	struct gm_err err;
	size_t i;

	(void)state;
	put_file("file", "text");
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, rows[i].max);
		gm_buf_puts(&out, "<");
		assert_int_equal(gm_file_slurp("file", &out, &err), rows[i].rc);
		assert_string_equal(gm_buf_str(&out), rows[i].text);
		if (rows[i].msg != NULL)
			assert_error(&err, GM_EDATA, rows[i].msg);
		gm_buf_release(&out);
	}
	gm_buf_init(&out, 0);
	put_file("empty", "");
	assert_int_equal(gm_file_slurp("empty", &out, &err), 0);
	gm_buf_release(&out);
}

static void
test_read_errors(void **state)
{
	struct gm_buf out;
	struct gm_err err;

	(void)state;
	gm_buf_init(&out, 100);
	errno = 0;
	assert_int_equal(gm_file_slurp("absent", &out, &err), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(gm_file_slurp(".", &out, &err), -1);
	assert_int_equal(errno, EISDIR);
	assert_error(&err, GM_ENOINPUT, ".: Is a directory");
	assert_int_equal(gm_file_read(9999, "this", &out, &err), -1);
	assert_error(&err, GM_ENOINPUT, "this: Bad file descriptor");
	gm_buf_release(&out);
}

/* Read slowly, so that the writer waits and is interrupted there. */
static _Noreturn void
trickle(int fd, const char *bytes, size_t len)
{
	size_t i, piece;

	for (i = 0; i < len; i += piece) {
		piece = len - i < 20000 ? len - i : 20000;
		(void)poll(NULL, 0, 3);
		if (write(fd, bytes + i, piece) != (ssize_t)piece)
			_exit(1);
	}
	_exit(0);
}

static void
read_slowly(int flags)
{
	char *big = malloc(BIG);
	struct gm_buf out;
	struct gm_err err;
	int ends[2];
	pid_t pid;

	assert_non_null(big);
	memset(big, 'x', BIG);
	assert_int_equal(pipe(ends), 0);
	pid = start();
	if (pid == 0)
		trickle(ends[1], big, BIG);
	(void)close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, flags), 0);
	gm_buf_init(&out, BIG);
	set_alarms(true);
	if (gm_file_read(ends[0], "pipe", &out, &err) != 0)
		fail_msg("%s", err.msg);
	set_alarms(false);
	finish(pid);
	assert_int_equal(out.len, BIG);
	assert_memory_equal(out.data, big, BIG);
	gm_buf_release(&out);
	(void)close(ends[0]);
	free(big);
}

static void
test_read_interrupted(void **state)
{
	(void)state;
	read_slowly(0);
}

static void
test_read_nonblocking(void **state)
{
	(void)state;
	read_slowly(O_NONBLOCK);
}

static void
write_slowly(int flags)
{
	char *big = malloc(BIG);
	struct gm_err err;
	size_t got = 0;
	int ends[2];
	pid_t pid;

	assert_non_null(big);
	memset(big, 'x', BIG);
	assert_int_equal(pipe(ends), 0);
	pid = start();
	if (pid == 0) {
		ssize_t n = 1;

		(void)close(ends[1]);
		while (n > 0) {
			(void)poll(NULL, 0, 3);
			n = read(ends[0], big, 20000);
			got += n > 0 ? (size_t)n : 0;
		}
		_exit(got != BIG);
	}
	(void)close(ends[0]);
	assert_int_equal(fcntl(ends[1], F_SETFL, flags), 0);
	set_alarms(true);
	if (gm_file_write(
		ends[1], (struct gm_span){ big, BIG }, GM_STOP_NOW, &err) != 0)
		fail_msg("%s", err.msg);
	set_alarms(false);
	(void)close(ends[1]);
	finish(pid);
	free(big);
}

static void
test_write(void **state)
{
	struct gm_err err;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	write_slowly(0);
	write_slowly(O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(
	    gm_file_write(fd, span("text"), GM_STOP_NOW, &err), -1);
	assert_error(&err, GM_EIO, "No space left on device");
	assert_int_equal(gm_file_write(fd, span(""), GM_STOP_NOW, &err), 0);
	(void)close(fd);
}

/* Write more than a pipe holds in the stage GM_STOP_DRAIN. */
static int
write_draining(int fd, enum gm_stop_stage obeys, int ready)
{
	char *big = calloc(1, BIG);
	struct gm_err err = { .code = GM_OK };

	if (big == NULL || gm_stop_install(true, &err) != 0 ||
	    raise(SIGINT) != 0 || write(ready, "x", 1) != 1)
		_exit(10);
	(void)!gm_file_write(fd, (struct gm_span){ big, BIG }, obeys, &err);
	free(big);
	return (int)err.code;
}

/*
 * A write that obeys GM_STOP_DRAIN ends at once; another one continues as long
 * as there is a reader, or until the second signal.
 */
static void
test_write_stages(void **state)
{
	static const struct {
		enum gm_stop_stage obeys;
		bool read, again;
		enum gm_code want;
	} rows[] = {
		{ GM_STOP_DRAIN, false, false, GM_ESIGNAL },
		{ GM_STOP_NOW, true, false, GM_OK },
		{ GM_STOP_NOW, false, true, GM_ESIGNAL },
	};
	int ends[2], ready[2], status;
	size_t got, i;
	char buf[4096];
	ssize_t n;
	pid_t pid;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(pipe(ready), 0);
		pid = start();
		if (pid == 0)
			_exit(write_draining(ends[1], rows[i].obeys, ready[1]));
		(void)close(ends[1]);
		assert_int_equal(read(ready[0], buf, 1), 1);
		for (got = 0; rows[i].read; got += (size_t)n) {
			n = read(ends[0], buf, sizeof(buf));
			assert_true(n >= 0);
			if (n == 0)
				break;
		}
		assert_int_equal(got, rows[i].read ? BIG : 0);
		if (rows[i].again)
			assert_int_equal(kill(pid, SIGINT), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), rows[i].want);
		(void)close(ends[0]);
		(void)close(ready[0]);
		(void)close(ready[1]);
	}
}

/* Input is new work, so GM_STOP_DRAIN ends the wait for it. */
static void
test_read_draining(void **state)
{
	struct gm_buf text;
	struct gm_err err;
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	pid = start();
	if (pid == 0) {
		gm_buf_init(&text, 100);
		if (gm_stop_install(true, &err) != 0 || raise(SIGINT) != 0 ||
		    gm_file_read(ends[0], "pipe", &text, &err) != -1)
			_exit(1);
		_exit(strcmp(err.msg, "pipe: Interrupt") != 0);
	}
	finish(pid);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
test_append(void **state)
{
	struct gm_err err;

	(void)state;
	umask(0);
	assert_int_equal(gm_file_append("log", span("one\n"), &err), 0);
	assert_int_equal(mode_of("log"), 0600);
	assert_int_equal(gm_file_append("log", span("two\n"), &err), 0);
	assert_file("log", "one\ntwo\n");
	assert_int_equal(symlink("log", "link"), 0);
	assert_int_equal(gm_file_append("link", span("three\n"), &err), 0);
	assert_file("log", "one\ntwo\nthree\n");
}

static void
test_append_errors(void **state)
{
	struct gm_err err;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(gm_file_append("fifo", span("one\n"), &err), -1);
	assert_error(&err, GM_ECANTCREAT, "fifo: No such device or address");
	assert_int_equal(gm_file_append("no/log", span("one\n"), &err), -1);
	assert_error(&err, GM_ECANTCREAT, "no/log: No such file or directory");
	assert_int_equal(gm_file_append("/dev/full", span("one\n"), &err), -1);
	assert_error(&err, GM_EIO, "/dev/full: No space left on device");
	assert_int_equal(
	    gm_file_append("/dev/fd/9999", span("one\n"), &err), -1);
	assert_error(&err, GM_ECANTCREAT, "/dev/fd/9999: Bad file descriptor");
}

/* The disk is full in the middle of a line. */
static void
test_append_short(void **state)
{
	struct rlimit limit;
	struct gm_err err;
	rlim_t before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = 10;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(gm_file_append("log", span("12345\n"), &err), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(gm_file_append("log", span("67890\n"), &err), -1);
	limit.rlim_cur = before;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_error(
	    &err, GM_EIO, "log: only 4 of 6 bytes of a line were written");
	/* The next line is whole. */
	assert_int_equal(gm_file_append("log", span("abc\n"), &err), 0);
	assert_file("log", "12345\nabc\n");
}

/* A line is one write(2), here one datagram of a socket. */
static void
test_append_once(void **state)
{
	char path[32], *big = malloc(BIG / 10 + 1);
	struct gm_err err;
	int ends[2];

	(void)state;
	assert_non_null(big);
	memset(big, 'x', BIG / 10);
	big[BIG / 10] = '\0';
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	if (gm_file_append(path, span(big), &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(recv(ends[0], big, BIG / 10, 0), BIG / 10);
	assert_int_equal(
	    recv(ends[0], big, 1, MSG_DONTWAIT), -1); /* no second datagram */
	(void)close(ends[0]);
	(void)close(ends[1]);
	free(big);
}

/* Wait for room in a full pipe. */
static void
append_to_full_pipe(int flags)
{
	char path[32], big[4096];
	struct gm_err err;
	ssize_t n = 1;
	int ends[2];
	pid_t pid;

	memset(big, 'x', sizeof(big));
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], big, sizeof(big)) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, flags), 0);
	pid = start();
	if (pid == 0) {
		(void)close(ends[1]);
		(void)poll(NULL, 0, 20);
		while (n > 0)
			n = read(ends[0], big, sizeof(big));
		_exit(memcmp(big, "line\n", 5) != 0);
	}
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	set_alarms(true);
	if (gm_file_append(path, span("line\n"), &err) != 0)
		fail_msg("%s", err.msg);
	set_alarms(false);
	(void)close(ends[0]);
	(void)close(ends[1]);
	finish(pid);
}

static void
test_append_waits(void **state)
{
	(void)state;
	append_to_full_pipe(0);
	append_to_full_pipe(O_NONBLOCK);
}

/* Lines of several processes stay whole. */
static void
test_append_together(void **state)
{
	struct gm_buf text;
	struct gm_span rest, line;
	struct gm_err err;
	char own[100];
	pid_t pids[4];
	int i, n, lines = 0;

	(void)state;
	for (i = 0; i < 4; i++) {
		pids[i] = start();
		if (pids[i] != 0)
			continue;
		memset(own, 'a' + i, sizeof(own));
		own[99] = '\n';
		for (n = 0; n < 100; n++)
			if (gm_file_append("log",
				(struct gm_span){ own, sizeof(own) },
				&err) != 0)
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 4; i++)
		finish(pids[i]);
	gm_buf_init(&text, BIG);
	assert_int_equal(gm_file_slurp("log", &text, &err), 0);
	assert_int_equal(text.len, 4 * 100 * 100);
	for (rest = gm_buf_span(&text);
	     gm_span_split(&rest, "\n", &line) && line.len > 0; lines++) {
		memset(own, line.p[0], sizeof(own));
		assert_int_equal(line.len, 99);
		assert_memory_equal(line.p, own, 99);
	}
	assert_int_equal(lines, 400);
	gm_buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_open),
		TEST(test_open_fifo),
		TEST(test_open_pipe),
		TEST(test_read_limit),
		TEST(test_read_errors),
		TEST(test_read_stop),
		TEST(test_read_interrupted),
		TEST(test_read_nonblocking),
		TEST(test_write),
		TEST(test_write_stages),
		TEST(test_read_draining),
		TEST(test_append),
		TEST(test_append_errors),
		TEST(test_append_short),
		TEST(test_append_once),
		TEST(test_append_waits),
		TEST(test_append_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
