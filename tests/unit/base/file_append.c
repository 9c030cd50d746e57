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
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "file_place.h"

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
}

/* A line is one write(2), here one datagram; and a socket will do. */
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
	    recv(ends[0], big, 1, MSG_DONTWAIT), -1); /* no second one */
	(void)close(ends[0]);
	(void)close(ends[1]);
	free(big);
}

/* A pipe that is full takes the line once there is room again. */
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
		TEST(test_append),
		TEST(test_append_errors),
		TEST(test_append_short),
		TEST(test_append_once),
		TEST(test_append_waits),
		TEST(test_append_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
