#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/stop.h"

#define PAST 1 /* on the monotonic clock */

/* Signals are remembered to the end, so each test runs in its own process. */
static int
run(bool (*test)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)alarm(60);
		_exit(test() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
install(void)
{
	struct gm_err err;

	return gm_stop_install(false, &err) == 0;
}

static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
}

static bool
notes(int number, const char *words)
{
	struct gm_err err = { .code = GM_OK };

	if (gm_stop_fd(GM_STOP_NOW) != -1 || !install() ||
	    gm_stop_fd(GM_STOP_NOW) < 0 || gm_stop_signal() != 0 ||
	    is_readable(gm_stop_fd(GM_STOP_NOW)))
		return false;
	(void)kill(getpid(), number);
	return gm_stop_signal() == number &&
	       is_readable(gm_stop_fd(GM_STOP_NOW)) &&
	       gm_stop_fail(&err) == -1 && err.code == GM_ESIGNAL &&
	       strcmp(err.msg, words) == 0;
}

static bool
notes_int(void)
{
	return notes(SIGINT, "Interrupt");
}

static bool
notes_term(void)
{
	return notes(SIGTERM, "Terminated");
}

static bool
notes_hup(void)
{
	return notes(SIGHUP, "Hangup");
}

static bool
notes_quit(void)
{
	return notes(SIGQUIT, "Quit");
}

static bool
notes_usr1(void)
{
	return notes(SIGUSR1, "User defined signal 1");
}

static bool
keeps_first(void)
{
	if (!install())
		return false;
	(void)kill(getpid(), SIGTERM);
	(void)kill(getpid(), SIGINT);
	return gm_stop_signal() == SIGTERM;
}

/* As with nohup, and "cmd &" in a script. */
static bool
leaves_ignored(void)
{
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	if (!install())
		return false;
	(void)kill(getpid(), SIGHUP);
	(void)kill(getpid(), SIGINT);
	return gm_stop_signal() == 0 && !is_readable(gm_stop_fd(GM_STOP_NOW));
}

static bool
survives_file_limit(void)
{
	(void)install();
	(void)kill(getpid(), SIGXFSZ);
	return true;
}

static void
test_signals(void **state)
{
	(void)state;
	assert_int_equal(run(notes_int), 0);
	assert_int_equal(run(notes_term), 0);
	assert_int_equal(run(notes_hup), 0);
	assert_int_equal(run(notes_quit), 0);
	assert_int_equal(run(notes_usr1), 0);
	assert_int_equal(run(keeps_first), 0);
	assert_int_equal(run(leaves_ignored), 0);
	assert_int_equal(run(survives_file_limit), 0);
}

static bool
polls(void)
{
	struct gm_err err;
	int ends[2];
	bool good;

	if (!install() || pipe(ends) != 0)
		return false;
	good = gm_stop_poll(ends[0], POLLIN, PAST, GM_STOP_NOW, &err) == 0 &&
	       gm_stop_poll(ends[0], POLLIN, gm_clock_mono_ms() + 20,
		   GM_STOP_NOW, &err) == 0 &&
	       gm_stop_poll(-1, POLLIN, gm_clock_mono_ms() + 20, GM_STOP_NOW,
		   &err) == 0 &&
	       gm_stop_poll(ends[1], POLLOUT, 0, GM_STOP_NOW, &err) == 1 &&
	       write(ends[1], "x", 1) == 1 &&
	       gm_stop_poll(ends[0], POLLIN, 0, GM_STOP_NOW, &err) == 1 &&
	       gm_stop_poll(ends[0], POLLIN, gm_clock_mono_ms() + 60000,
		   GM_STOP_NOW, &err) == 1 &&
	       gm_stop_poll(ends[0], POLLIN, PAST, GM_STOP_NOW, &err) == 1;
	/* end of file is an event, too */
	good = good && read(ends[0], &(char){ 0 }, 1) == 1 &&
	       close(ends[1]) == 0 &&
	       gm_stop_poll(ends[0], POLLIN, 0, GM_STOP_NOW, &err) == 1;
	return good;
}

/* A wait until a time does not end earlier. */
static bool
polls_long_enough(void)
{
	int64_t until = gm_clock_mono_ms() + 50;
	struct gm_err err;

	return gm_stop_poll(-1, 0, until, GM_STOP_NOW, &err) == 0 &&
	       gm_clock_mono_ms() >= until;
}

/* A signal before the wait ends it, even if there are bytes to read. */
static bool
polls_after_signal(void)
{
	struct gm_err err = { .code = GM_OK };
	int ends[2];

	if (!install() || pipe(ends) != 0)
		return false;
	(void)kill(getpid(), SIGTERM);
	return gm_stop_poll(ends[0], POLLIN, 0, GM_STOP_NOW, &err) == -1 &&
	       err.code == GM_ESIGNAL && strcmp(err.msg, "Terminated") == 0 &&
	       gm_stop_poll(ends[1], POLLOUT, 0, GM_STOP_NOW, &err) == -1 &&
	       gm_stop_poll(-1, 0, PAST, GM_STOP_NOW, &err) == -1;
}

/* A signal from another process during the wait ends it. */
static bool
polls_until_signal(void)
{
	struct gm_err err = { .code = GM_OK };
	pid_t self = getpid(), pid;

	if (!install())
		return false;
	pid = fork();
	if (pid == 0) {
		(void)poll(NULL, 0, 20);
		_exit(kill(self, SIGINT));
	}
	return gm_stop_poll(-1, 0, 0, GM_STOP_NOW, &err) == -1 &&
	       err.code == GM_ESIGNAL && waitpid(pid, NULL, 0) == pid;
}

/* The deadline ends waits, and then leaves time for the last messages. */
static bool
polls_until_late(void)
{
	struct gm_err err = { .code = GM_OK };
	int ends[2];

	if (!install() || pipe(ends) != 0 || gm_stop_is_late() ||
	    gm_stop_deadline(20, &err) != 0)
		return false;
	if (gm_stop_poll(-1, 0, 0, GM_STOP_NOW, &err) != -1 ||
	    err.code != GM_EUNAVAILABLE ||
	    strcmp(err.msg, "deadline exceeded") != 0)
		return false;
	if (!gm_stop_is_late() || gm_stop_signal() != 0 ||
	    !is_readable(gm_stop_fd(GM_STOP_NOW)) ||
	    gm_stop_poll(ends[1], POLLOUT, 0, GM_STOP_NOW, &err) != -1)
		return false;
	gm_stop_last_words();
	return !gm_stop_is_late() && !is_readable(gm_stop_fd(GM_STOP_NOW)) &&
	       gm_stop_poll(ends[1], POLLOUT, 0, GM_STOP_NOW, &err) == 1 &&
	       gm_stop_poll(ends[0], POLLIN, 0, GM_STOP_NOW, &err) == -1 &&
	       err.code == GM_EUNAVAILABLE;
}

/* If the first alarm comes before the wait, the next one ends it. */
static bool
rings_again(void)
{
	struct gm_err err;
	char byte;
	int ends[2];

	if (!install() || pipe(ends) != 0 || gm_stop_deadline(1, &err) != 0)
		return false;
	while (!gm_stop_is_late())
		(void)poll(NULL, 0, 1);
	return read(ends[0], &byte, 1) == -1 && errno == EINTR;
}

/* A signal comes before the deadline, and is never forgotten. */
static bool
late_and_stopped(void)
{
	struct gm_err err = { .code = GM_OK };

	if (!install() || gm_stop_deadline(1, &err) != 0)
		return false;
	while (!gm_stop_is_late())
		(void)poll(NULL, 0, 1);
	(void)kill(getpid(), SIGTERM);
	gm_stop_last_words();
	return gm_stop_signal() == SIGTERM &&
	       gm_stop_poll(-1, 0, 0, GM_STOP_NOW, &err) == -1 &&
	       err.code == GM_ESIGNAL;
}

/* Without a deadline, gm_stop_last_words() has no effect. */
static bool
never_late(void)
{
	struct gm_err err;

	if (!install() || gm_stop_deadline(0, &err) != 0)
		return false;
	gm_stop_last_words();
	return gm_stop_poll(
		   -1, 0, gm_clock_mono_ms() + 100, GM_STOP_NOW, &err) == 0;
}

/* A SIGALRM of another process, or an old alarm, is not the deadline. */
static bool
is_not_rung(int64_t deadline_ms)
{
	struct gm_err err;

	(void)signal(SIGALRM, SIG_IGN); /* SIGALRM is caught nevertheless */
	if (!install() || gm_stop_deadline(deadline_ms, &err) != 0)
		return false;
	(void)kill(getpid(), SIGALRM);
	return !gm_stop_is_late() && gm_stop_signal() == 0 &&
	       !is_readable(gm_stop_fd(GM_STOP_NOW)) &&
	       gm_stop_poll(-1, 0, gm_clock_mono_ms() + 1, GM_STOP_NOW, &err) ==
	           0;
}

static bool
rung_without_deadline(void)
{
	return is_not_rung(0);
}

static bool
rung_before_deadline(void)
{
	return is_not_rung(3600000);
}

/* Signals that a parent has blocked reach us, also those pending. */
static bool
unblocks(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGALRM, SIGPIPE, SIGXFSZ, SIGCHLD };
	struct gm_err err;
	sigset_t all, now;
	size_t i;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)kill(getpid(), SIGHUP);
	if (!install() || gm_stop_signal() != SIGHUP)
		return false;
	(void)sigprocmask(SIG_SETMASK, NULL, &now);
	for (i = 0; i < GM_LEN(numbers); i++)
		if (sigismember(&now, numbers[i]) != 0)
			return false;
	if (sigismember(&now, SIGUSR1) != 1 || gm_stop_deadline(1, &err) != 0)
		return false;
	while (!gm_stop_is_late())
		(void)poll(NULL, 0, 1);
	gm_stop_restore();
	(void)sigprocmask(SIG_SETMASK, NULL, &now);
	for (i = 0; i < GM_LEN(numbers); i++)
		if (sigismember(&now, numbers[i]) != 1)
			return false;
	return true;
}

/* With SIGCHLD ignored, waitpid(2) would find no status. */
static bool
finds_children(void)
{
	struct sigaction now;
	int status;
	pid_t pid;

	(void)signal(SIGCHLD, SIG_IGN);
	if (!install())
		return false;
	pid = fork();
	if (pid == 0)
		_exit(7);
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7)
		return false;
	gm_stop_restore();
	return sigaction(SIGCHLD, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void
test_inherited(void **state)
{
	(void)state;
	assert_int_equal(run(rung_without_deadline), 0);
	assert_int_equal(run(rung_before_deadline), 0);
	assert_int_equal(run(unblocks), 0);
	assert_int_equal(run(finds_children), 0);
}

/* The stages, and the waits that each ends. */
static bool
is_at(enum gm_stop_stage stage, int number)
{
	struct gm_err err = { .code = GM_OK };
	enum gm_stop_stage obeys;
	int64_t soon;

	if (gm_stop_stage() != stage || gm_stop_signal() != number)
		return false;
	for (obeys = GM_STOP_DRAIN; obeys <= GM_STOP_NOW; obeys++) {
		soon = gm_clock_mono_ms() + 5;
		if (is_readable(gm_stop_fd(obeys)) != (stage >= obeys))
			return false;
		if (stage >= obeys &&
		    (gm_stop_poll(-1, 0, 0, obeys, &err) != -1 ||
			err.code != GM_ESIGNAL))
			return false;
		if (stage < obeys &&
		    (gm_stop_poll(-1, 0, soon, obeys, &err) != 0 ||
			gm_clock_mono_ms() < soon))
			return false;
	}
	return true;
}

static bool
drains_then_stops(void)
{
	struct gm_err err;

	if (gm_stop_install(true, &err) != 0 || !is_at(GM_STOP_NONE, 0))
		return false;
	(void)kill(getpid(), SIGINT);
	if (!is_at(GM_STOP_DRAIN, SIGINT))
		return false;
	(void)kill(getpid(), SIGINT);
	return is_at(GM_STOP_NOW, SIGINT);
}

/* gm_stop_drain_first() after gm_stop_install(). */
static bool
drains_later(void)
{
	struct gm_err err;

	if (gm_stop_install(false, &err) != 0 ||
	    gm_stop_drain_first(&err) != 0 || !is_at(GM_STOP_NONE, 0))
		return false;
	(void)kill(getpid(), SIGINT);
	if (!is_at(GM_STOP_DRAIN, SIGINT))
		return false;
	(void)kill(getpid(), SIGINT);
	return is_at(GM_STOP_NOW, SIGINT);
}

/* A signal that came before still means GM_STOP_NOW. */
static bool
drains_too_late(void)
{
	struct gm_err err;

	if (gm_stop_install(false, &err) != 0)
		return false;
	(void)kill(getpid(), SIGINT);
	return gm_stop_drain_first(&err) == 0 && is_at(GM_STOP_NOW, SIGINT);
}

/* Two signals without a check between them. */
static bool
notices_second(int first, int second, bool at_once)
{
	struct gm_err err;
	sigset_t both, old;

	if (gm_stop_install(true, &err) != 0)
		return false;
	(void)sigemptyset(&both);
	(void)sigaddset(&both, first);
	(void)sigaddset(&both, second);
	if (at_once)
		(void)sigprocmask(SIG_BLOCK, &both, &old);
	(void)kill(getpid(), first);
	(void)kill(getpid(), second);
	if (at_once)
		(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return gm_stop_stage() == GM_STOP_NOW &&
	       is_at(GM_STOP_NOW, gm_stop_signal()) &&
	       (at_once || gm_stop_signal() == first);
}

static bool
notices_second_int(void)
{
	return notices_second(SIGINT, SIGINT, false);
}

static bool
notices_term_after_int(void)
{
	return notices_second(SIGINT, SIGTERM, false);
}

static bool
notices_both_at_once(void)
{
	return notices_second(SIGINT, SIGTERM, true);
}

static bool
stops_at_once(bool drains, int number)
{
	struct gm_err err;

	if (gm_stop_install(drains, &err) != 0)
		return false;
	(void)kill(getpid(), number);
	return is_at(GM_STOP_NOW, number);
}

static bool
stops_at_int(void)
{
	return stops_at_once(false, SIGINT);
}

static bool
stops_at_term(void)
{
	return stops_at_once(true, SIGTERM);
}

static bool
stops_at_hup(void)
{
	return stops_at_once(true, SIGHUP);
}

/* A signal that is ignored does not count as the first. */
static bool
drains_not_ignored(void)
{
	struct gm_err err;

	(void)signal(SIGINT, SIG_IGN);
	if (gm_stop_install(true, &err) != 0)
		return false;
	(void)kill(getpid(), SIGINT);
	if (!is_at(GM_STOP_NONE, 0))
		return false;
	(void)kill(getpid(), SIGTERM);
	return is_at(GM_STOP_NOW, SIGTERM);
}

/* The deadline ends GM_STOP_DRAIN, except for the last messages. */
static bool
drains_until_late(void)
{
	struct gm_err err = { .code = GM_OK };

	if (gm_stop_install(true, &err) != 0)
		return false;
	(void)kill(getpid(), SIGINT);
	if (gm_stop_deadline(20, &err) != 0 ||
	    gm_stop_poll(-1, 0, 0, GM_STOP_NOW, &err) != -1 ||
	    !gm_stop_is_late() || err.code != GM_ESIGNAL ||
	    !is_at(GM_STOP_NOW, SIGINT))
		return false;
	gm_stop_last_words();
	return gm_stop_deadline(0, &err) == 0 && is_at(GM_STOP_DRAIN, SIGINT);
}

/* A deadline alone never means GM_STOP_DRAIN. */
static bool
late_without_signal(void)
{
	struct gm_err err = { .code = GM_OK };

	if (gm_stop_install(true, &err) != 0 || gm_stop_deadline(1, &err) != 0)
		return false;
	if (gm_stop_poll(-1, 0, 0, GM_STOP_DRAIN, &err) != -1 ||
	    err.code != GM_EUNAVAILABLE || gm_stop_stage() != GM_STOP_NOW ||
	    !is_readable(gm_stop_fd(GM_STOP_NOW)))
		return false;
	gm_stop_last_words();
	return gm_stop_deadline(0, &err) == 0 && is_at(GM_STOP_NONE, 0);
}

/* In GM_STOP_DRAIN, a wait continues until the second signal. */
static bool
drains_until_second(void)
{
	struct gm_err err = { .code = GM_OK };
	pid_t self = getpid(), pid;

	if (gm_stop_install(true, &err) != 0)
		return false;
	(void)kill(getpid(), SIGINT);
	pid = fork();
	if (pid == 0) {
		(void)poll(NULL, 0, 20);
		_exit(kill(self, SIGINT));
	}
	return gm_stop_poll(-1, 0, 0, GM_STOP_NOW, &err) == -1 &&
	       err.code == GM_ESIGNAL && gm_stop_stage() == GM_STOP_NOW &&
	       waitpid(pid, NULL, 0) == pid;
}

static void
test_stages(void **state)
{
	(void)state;
	assert_int_equal(run(drains_then_stops), 0);
	assert_int_equal(run(drains_later), 0);
	assert_int_equal(run(drains_too_late), 0);
	assert_int_equal(run(notices_second_int), 0);
	assert_int_equal(run(notices_term_after_int), 0);
	assert_int_equal(run(notices_both_at_once), 0);
	assert_int_equal(run(stops_at_int), 0);
	assert_int_equal(run(stops_at_term), 0);
	assert_int_equal(run(stops_at_hup), 0);
	assert_int_equal(run(drains_not_ignored), 0);
	assert_int_equal(run(drains_until_late), 0);
	assert_int_equal(run(late_without_signal), 0);
	assert_int_equal(run(drains_until_second), 0);
}

static void
test_deadline(void **state)
{
	(void)state;
	assert_int_equal(run(polls_until_late), 0);
	assert_int_equal(run(rings_again), 0);
	assert_int_equal(run(late_and_stopped), 0);
	assert_int_equal(run(never_late), 0);
}

static void
test_poll(void **state)
{
	(void)state;
	assert_int_equal(run(polls), 0);
	assert_int_equal(run(polls_long_enough), 0);
	assert_int_equal(run(polls_after_signal), 0);
	assert_int_equal(run(polls_until_signal), 0);
}

static bool
dies_caught(void)
{
	(void)install();
	(void)kill(getpid(), SIGTERM);
	gm_stop_die(gm_stop_signal());
	return true;
}

/* A failure of poll(2) ends the wait. */
static bool
poll_fails(void)
{
	const struct rlimit none = { 0, 0 };
	struct gm_err err = { .code = GM_OK };

	return install() && setrlimit(RLIMIT_NOFILE, &none) == 0 &&
	       gm_stop_poll(STDIN_FILENO, POLLIN, 0, GM_STOP_NOW, &err) == -1 &&
	       err.code == GM_EOS &&
	       strcmp(err.msg, "poll: Invalid argument") == 0;
}

static void
test_poll_fails(void **state)
{
	(void)state;
	assert_int_equal(run(poll_fails), 0);
}

/* Even if it was blocked, or has a handler. */
static bool
dies_blocked(void)
{
	sigset_t set;

	(void)install();
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	gm_stop_die(SIGINT);
	return true;
}

/* Without a reader, write(2) fails with EPIPE. */
static bool
dies_of_pipe(void)
{
	int ends[2];

	if (!install() || pipe(ends) != 0 || close(ends[0]) != 0)
		return false;
	if (write(ends[1], "x", 1) != -1 || errno != EPIPE)
		return false;
	gm_stop_die(SIGPIPE);
	return true;
}

static void
check_death(bool (*test)(void), int number)
{
	int status = run(test);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
}

static void
test_die(void **state)
{
	(void)state;
	check_death(dies_caught, SIGTERM);
	check_death(dies_blocked, SIGINT);
	check_death(dies_of_pipe, SIGPIPE);
}

static void
do_nothing(int number)
{
	(void)number;
}

/* Actions are as they were at start. */
static bool
restores(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM,
		SIGPIPE, SIGXFSZ };
	struct sigaction now;
	struct gm_err err;
	size_t i;

	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGPIPE, do_nothing);
	gm_stop_restore(); /* nothing to restore yet */
	if (!install() || gm_stop_deadline(60000, &err) != 0)
		return false;
	(void)kill(getpid(), SIGTERM);
	gm_stop_restore();
	gm_stop_restore();
	for (i = 0; i < GM_LEN(numbers); i++) {
		if (sigaction(numbers[i], NULL, &now) != 0)
			return false;
		if (numbers[i] == SIGINT && now.sa_handler != SIG_IGN)
			return false;
		if (numbers[i] == SIGPIPE && now.sa_handler != do_nothing)
			return false;
		if (numbers[i] != SIGINT && numbers[i] != SIGPIPE &&
		    now.sa_handler != SIG_DFL)
			return false;
	}
	return alarm(0) == 0 && gm_stop_signal() == SIGTERM;
}

/* A timer of the parent stays for the command. */
static bool
restores_alarm(void)
{
	(void)alarm(1000);
	if (!install())
		return false;
	gm_stop_restore();
	return alarm(0) > 0;
}

static void
test_restore(void **state)
{
	(void)state;
	assert_int_equal(run(restores), 0);
	assert_int_equal(run(restores_alarm), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_poll),
		cmocka_unit_test(test_poll_fails),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_die),
		cmocka_unit_test(test_restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
