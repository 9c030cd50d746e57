/* Programs that we run: their environment and end; no process is left. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/child.h"
#include "base/process.h"
#include "base/stop.h"

#define LONG_MS 60000

static struct gm_buf out;
static struct gm_err err;
static enum gm_child_end end;
static int number;
static struct gm_process_limits limits;

static char path[] = "PATH=/usr/bin:/bin", word[] = "WORD=set";
static char *const env[] = { path, word, NULL };

static int
run_for(const char *script, size_t max, int64_t limit_ms)
{
	char sh[] = "sh", flag[] = "-c", text[400];
	char *const argv[] = { sh, flag, text, NULL };
	const struct gm_child child = { .argv = argv,
		.env = env,
		.limit_ms = limit_ms,
		.limits = &limits };

	(void)snprintf(text, sizeof(text), "%s", script);
	gm_buf_release(&out);
	gm_buf_init(&out, max);
	return gm_child_run(&child, &out, &end, &number, &err);
}

/* There is no child, not even a zombie. */
static void
assert_alone(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* The process whose ID is in the file "pid" has ended. */
static void
assert_dead(void)
{
	char name[60], digits[30] = "", state = 'Z';
	FILE *f = fopen("pid", "r");

	assert_non_null(f);
	assert_non_null(fgets(digits, sizeof(digits), f));
	assert_int_equal(fclose(f), 0);
	digits[strcspn(digits, "\n")] = '\0';
	(void)snprintf(name, sizeof(name), "/proc/%s/stat", digits);
	do { /* a signal takes its time to arrive */
		f = fopen(name, "r");
		if (f == NULL)
			break;
		if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		(void)fclose(f);
	} while (state != 'Z' && state != 'X');
	assert_int_equal(unlink("pid"), 0);
}

static void
test_ends(void **state)
{
	static const struct {
		const char *script, *out;
		enum gm_child_end end;
		int number;
	} rows[] = {
		{ "echo a; echo b", "a\nb\n", GM_CHILD_EXITED, 0 },
		{ "printf x; exit 3", "x", GM_CHILD_EXITED, 3 },
		{ "no-such-program 2>/dev/null", "", GM_CHILD_EXITED, 127 },
		{ "kill -9 $$", "", GM_CHILD_KILLED, SIGKILL },
		{ "kill $$", "", GM_CHILD_KILLED, SIGTERM },
		{ "kill -STOP $$", NULL, GM_CHILD_STOPPED, SIGSTOP },
		{ "exec >&-; kill -TTOU $$", NULL, GM_CHILD_STOPPED, SIGTTOU },
		{ "echo $$ >pid; echo a; kill -TTIN 0", NULL, GM_CHILD_STOPPED,
		    SIGTTIN },
		{ "sleep 60 & echo $! >pid; kill -TTIN $$", NULL,
		    GM_CHILD_STOPPED, SIGTTIN },
		{ "exec >&-; exit 4", "", GM_CHILD_EXITED, 4 },
		{ "(echo a) & wait", "a\n", GM_CHILD_EXITED, 0 },
		{ "printf 12345678", "12345678", GM_CHILD_EXITED, 0 },
		{ "printf 123456789; exec sleep 60", NULL, GM_CHILD_FULL, 0 },
		{ "while :; do echo y; done", NULL, GM_CHILD_FULL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		if (run_for(rows[i].script, 8, LONG_MS) != 0)
			fail_msg("%s: %s", rows[i].script, err.msg);
		assert_int_equal(end, rows[i].end);
		assert_int_equal(number, rows[i].number);
		if (rows[i].out != NULL)
			assert_string_equal(gm_buf_str(&out), rows[i].out);
		assert_alone();
		if (access("pid", F_OK) == 0)
			assert_dead();
	}
}

/* Late children: one prints, one does not, one has closed its output. */
static void
test_late(void **state)
{
	static const char *const scripts[] = { "exec sleep 60",
		"echo $$ >pid; sleep 60; :", "sleep 60 & echo $! >pid",
		"exec >&-; exec sleep 60", "trap '' TERM INT HUP; sleep 60; :",
		"while sleep 0.01; do echo y; done" };
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(scripts); i++) {
		assert_int_equal(run_for(scripts[i], 100000, 100), 0);
		assert_int_equal(end, GM_CHILD_LATE);
		assert_alone();
		if (access("pid", F_OK) == 0)
			assert_dead();
	}
}

/* We are suspended beyond the time limit; the child ended before it. */
static void
test_suspended(void **state)
{
	static const char *const ends_before[] = { "", "exec >&-;" };
	char script[200];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(ends_before); i++) {
		(void)snprintf(script, sizeof(script),
		    "kill -STOP $PPID; echo a; %s "
		    "(sleep 5.2; kill -CONT $PPID) >&- & exit 3",
		    ends_before[i]);
		assert_int_equal(run_for(script, 100, 5000), 0);
		assert_int_equal(end, GM_CHILD_EXITED);
		assert_int_equal(number, 3);
		assert_string_equal(gm_buf_str(&out), "a\n");
		assert_alone();
	}
}

/* The child inherits only standard error and the variables. */
static void
test_surroundings(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd > 2);
	assert_int_equal(run_for("ls /proc/self/fd", 100, LONG_MS), 0);
	/* the last descriptor is that of ls */
	assert_string_equal(gm_buf_str(&out), "0\n1\n2\n3\n");
	assert_int_equal(close(fd), 0);
	assert_int_equal(
	    run_for("readlink /proc/self/fd/0; echo $WORD$HOME", 100, LONG_MS),
	    0);
	assert_string_equal(gm_buf_str(&out), "/dev/null\nset\n");
	/* a group of its own */
	assert_int_equal(run_for("test $$ = \"$(ps -o pgid= $$ | tr -d ' ')\"",
			     100, LONG_MS),
	    0);
	assert_int_equal(number, 0);
}

/* Signals and core limit are those at our start. */
static void
test_process(void **state)
{
	struct rlimit limit;

	(void)state;
	assert_int_equal(
	    run_for("kill -PIPE $$; echo ignored", 100, LONG_MS), 0);
	assert_int_equal(end, GM_CHILD_KILLED);
	assert_int_equal(number, SIGPIPE);
	/* ignored at start */
	assert_int_equal(run_for("kill -HUP $$; echo -n on", 100, LONG_MS), 0);
	assert_string_equal(gm_buf_str(&out), "on");
	assert_int_equal(run_for("ulimit -S -c", 100, LONG_MS), 0);
	assert_string_equal(gm_buf_str(&out), "1\n");
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
}

/* Our parent ignored SIGCHLD. */
static void
test_ignored_ends(void **state)
{
	(void)state;
	assert_int_equal(run_for("exit 3", 100, LONG_MS), 0);
	assert_int_equal(number, 3);
}

/*
 * SIGALRM, which we unblock, and SIGUSR1 were blocked at start.  The child is
 * no shell, as sh clears the mask.
 */
static void
test_mask(void **state)
{
	char grep[] = "grep", what[] = "SigBlk", where[] = "/proc/self/status";
	char *const argv[] = { grep, what, where, NULL };
	const struct gm_child child = {
		.argv = argv, .env = env, .limit_ms = LONG_MS
	};

	(void)state;
	gm_buf_release(&out);
	gm_buf_init(&out, 100);
	assert_int_equal(gm_child_run(&child, &out, &end, &number, &err), 0);
	assert_string_equal(gm_buf_str(&out), "SigBlk:\t0000000000002200\n");
}

static void
test_absent(void **state)
{
	char name[] = "/no/such/program";
	char *const argv[] = { name, NULL };
	const struct gm_child child = {
		.argv = argv, .env = env, .limit_ms = LONG_MS
	};

	(void)state;
	gm_buf_release(&out);
	gm_buf_init(&out, 10);
	assert_int_equal(gm_child_run(&child, &out, &end, &number, &err), -1);
	assert_int_equal(err.code, GM_EOS);
	assert_string_equal(
	    err.msg, "/no/such/program: No such file or directory");
	assert_alone();
}

/* Last, as they end the run. */
static void
test_deadline(void **state)
{
	(void)state;
	assert_int_equal(gm_stop_deadline(50, &err), 0);
	assert_int_equal(
	    run_for("sleep 60 & echo $! >pid; wait", 100, LONG_MS), -1);
	assert_int_equal(err.code, GM_EUNAVAILABLE);
	assert_alone();
	assert_dead();
	gm_stop_last_words();
	assert_int_equal(gm_stop_deadline(0, &err), 0);
}

static void
test_signal(void **state)
{
	(void)state;
	assert_int_equal(run_for("echo $$ >pid; kill -TERM $PPID; sleep 60; :",
			     100, LONG_MS),
	    -1);
	assert_int_equal(err.code, GM_ESIGNAL);
	assert_alone();
	assert_dead();
}

static char dir[] = "/tmp/gm-unit-child.XXXXXX";

static int
set_up(void **state)
{
	struct rlimit limit;
	sigset_t mask;
	int fd;

	(void)state;
	for (fd = 3; fd < 1024; fd++) /* our parent may have left some open */
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 ||
	    getrlimit(RLIMIT_CORE, &limit) != 0)
		return -1;
	limit.rlim_cur = 512; /* a block of sh */
	if (setrlimit(RLIMIT_CORE, &limit) != 0)
		return -1;
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGALRM);
	(void)sigaddset(&mask, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	gm_process_prepare(&limits);
	return gm_stop_install(false, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	gm_buf_release(&out);
	return chdir("/") == 0 ? rmdir(dir) : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_surroundings),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_ignored_ends),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_signal),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
