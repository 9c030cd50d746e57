#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"

/* Repeat the alarm, for a wait that began just after the first. */
#define ALARM_MS 20
/* Time for the last messages after the deadline. */
#define LAST_WORDS_MS 60

static volatile sig_atomic_t caught, late;
static volatile sig_atomic_t requested; /* stage, by signals alone */
static int64_t due_ms; /* the deadline on the monotonic clock; 0: none */
static bool drains;

/* A pipe for each stage; both stages share one unless drains is set. */
static int wake[GM_STOP_NOW + 1][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };

/*
 * The signals that we change, and their actions at start.  From SIGABRT on they
 * are caught only because they would kill us and let our child run on; a
 * blocked one cannot, so it stays blocked.
 */
static const int changed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM,
	SIGPIPE, SIGXFSZ, SIGCHLD, SIGABRT, SIGXCPU, SIGUSR1, SIGUSR2,
	SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT };
#define UNBLOCKED 8 /* the first of them are unblocked */
static struct sigaction before[GM_LEN(changed)];
static sigset_t mask_before;
static bool installed;

/* True if the deadline has come; SIGALRM may also be from another process. */
static bool
is_due(void)
{
	return due_ms != 0 && gm_clock_mono_ms() >= due_ms;
}

/* Update the stage after a signal. */
static void
note(int number)
{
	if (number == SIGALRM) {
		late = late != 0 || is_due();
		return;
	}
	requested = drains && caught == 0 && number == SIGINT ? GM_STOP_DRAIN
	                                                      : GM_STOP_NOW;
	/* Die by the first signal, whatever follows. */
	caught = caught == 0 ? number : caught;
}

static void
on_signal(int number)
{
	enum gm_stop_stage now;
	int saved = errno, stage;
	ssize_t n = 0;

	note(number);
	now = gm_stop_stage();
	for (stage = (int)now; stage > GM_STOP_NONE; stage--)
		n = write(wake[stage][1], "", 1);
	(void)n; /* a full pipe is readable as well */
	errno = saved;
}

/*
 * Set our action for a signal.  A signal that was ignored at start (nohup, cmd
 * & in a script) stays ignored.  SIGXFSZ is ignored, so that write(2) fails
 * with EFBIG instead.  SIGCHLD gets its default: if it were ignored, waitpid(2)
 * would not find our children.
 */
static int
change(int number, const struct sigaction *was)
{
	struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	if (number == SIGPIPE || number == SIGXFSZ)
		action.sa_handler = SIG_IGN;
	else if (number == SIGCHLD)
		action.sa_handler = SIG_DFL;
	else if (was->sa_handler == SIG_IGN && number != SIGALRM)
		return 0;
	sigemptyset(
	    &action.sa_mask); /* no SA_RESTART: a signal must end waits */
	for (i = 0; i < GM_LEN(changed); i++) /* one signal at a time */
		sigaddset(&action.sa_mask, changed[i]);
	return sigaction(number, &action, NULL);
}

/* A parent may have blocked signals, and the mask is inherited. */
static int
unblock(void)
{
	sigset_t ours;
	size_t i;

	sigemptyset(&ours);
	for (i = 0; i < UNBLOCKED; i++)
		sigaddset(&ours, changed[i]);
	return sigprocmask(SIG_UNBLOCK, &ours, &mask_before);
}

static int
open_pipe(int ends[2], struct gm_err *err)
{
	size_t i;

	if (pipe(ends) != 0)
		return gm_fail_errno(err, GM_EOS, "pipe");
	for (i = 0; i < 2; i++)
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0 ||
		    fcntl(ends[i], F_SETFL, O_NONBLOCK) != 0)
			return gm_fail_errno(err, GM_EOS, "pipe");
	return 0;
}

int
gm_stop_install(bool may_drain, struct gm_err *err)
{
	size_t i;

	if (open_pipe(wake[GM_STOP_NOW], err) != 0)
		return -1;
	memcpy(wake[GM_STOP_DRAIN], wake[GM_STOP_NOW], sizeof(wake[0]));
	if (may_drain && gm_stop_drain_first(err) != 0)
		return -1;
	for (i = 0; i < GM_LEN(changed); i++)
		if (sigaction(changed[i], NULL, &before[i]) != 0 ||
		    change(changed[i], &before[i]) != 0)
			return gm_fail_errno(err, GM_EOS, "sigaction");
	if (unblock() != 0)
		return gm_fail_errno(err, GM_EOS, "sigprocmask");
	installed = true;
	return 0;
}

int
gm_stop_drain_first(struct gm_err *err)
{
	sigset_t ours, old;
	int ends[2];
	size_t i;

	if (open_pipe(ends, err) != 0)
		return -1;
	sigemptyset(&ours);
	for (i = 0; i < GM_LEN(changed); i++)
		sigaddset(&ours, changed[i]);
	/* The handler writes to the pipe: block it during the exchange. */
	(void)sigprocmask(SIG_BLOCK, &ours, &old);
	memcpy(wake[GM_STOP_DRAIN], ends, sizeof(ends));
	/* Make this pipe readable, too, if a stage was reached before. */
	if (gm_stop_stage() != GM_STOP_NONE && write(ends[1], "", 1) != 1)
		ends[1] = -1; /* cannot happen: it is empty */
	drains = true;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return ends[1] == -1 ? gm_fail_errno(err, GM_EOS, "pipe") : 0;
}

void
gm_stop_restore(void)
{
	struct gm_err ignored;
	size_t i;

	if (!installed)
		return;
	installed = false;
	/* A timer survives execve(2): cancel ours, keep one of the parent. */
	if (due_ms != 0)
		(void)!gm_stop_deadline(0, &ignored);
	/*
	 * Restore the mask first: what it blocks must not meet a default
	 * action.
	 */
	(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
	for (i = 0; i < GM_LEN(changed); i++)
		(void)sigaction(changed[i], &before[i], NULL);
}

void
gm_stop_before(sigset_t *ignored, sigset_t *mask)
{
	struct sigaction now;
	size_t i;

	(void)sigprocmask(SIG_BLOCK, NULL, mask);
	if (installed)
		*mask = mask_before;
	(void)sigemptyset(ignored);
	for (i = 0; i < GM_LEN(changed) && installed; i++)
		if (sigaction(changed[i], NULL, &now) == 0 &&
		    now.sa_handler == SIG_IGN &&
		    before[i].sa_handler != SIG_IGN)
			(void)sigaddset(ignored, changed[i]);
}

enum gm_stop_stage
gm_stop_stage(void)
{
	return late != 0 ? GM_STOP_NOW : (enum gm_stop_stage)requested;
}

int
gm_stop_signal(void)
{
	return caught;
}

static struct timeval
to_timeval(int64_t ms)
{
	return (
	    struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* Block SIGALRM meanwhile, as its handler reads due_ms: 64 bits, not atomic. */
static void
set_due(int64_t ms)
{
	sigset_t alarm, old;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	(void)sigprocmask(SIG_BLOCK, &alarm, &old);
	due_ms = ms;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

int
gm_stop_deadline(int64_t after_ms, struct gm_err *err)
{
	const struct itimerval timer = { .it_value = to_timeval(after_ms),
		.it_interval = to_timeval(after_ms > 0 ? ALARM_MS : 0) };

	set_due(after_ms > 0 ? gm_clock_mono_ms() + after_ms : 0);
	if (setitimer(ITIMER_REAL, &timer, NULL) != 0)
		return gm_fail_errno(err, GM_EOS, "setitimer");
	return 0;
}

bool
gm_stop_is_late(void)
{
	return late != 0;
}

void
gm_stop_last_words(void)
{
	struct gm_err ignored;
	enum gm_stop_stage now;
	char bytes[64];
	int stage;

	if (late == 0 || gm_stop_deadline(LAST_WORDS_MS, &ignored) != 0)
		return;
	late = 0;
	/* Empty the pipes, so that the waits for the last messages work. */
	now = gm_stop_stage();
	for (stage = GM_STOP_NOW; stage > (int)now; stage--)
		while (read(wake[stage][0], bytes, sizeof(bytes)) > 0)
			;
}

int
gm_stop_fd(enum gm_stop_stage obeys)
{
	return wake[obeys][0];
}

int
gm_stop_fail(struct gm_err *err)
{
	if (caught == 0)
		return gm_fail(err, GM_EUNAVAILABLE, "deadline exceeded");
	return gm_fail(err, GM_ESIGNAL, "%s", strsignal(caught));
}

int
gm_stop_check(enum gm_stop_stage obeys, struct gm_err *err)
{
	return gm_stop_stage() >= obeys ? gm_stop_fail(err) : 1;
}

/* The timeout for poll(2): -1 for no limit, 0 for a time that is past. */
static int
poll_time(int64_t until_ms)
{
	int64_t left = until_ms - gm_clock_mono_ms();

	if (until_ms == 0)
		return -1;
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int
gm_stop_poll(int fd, short events, int64_t until_ms, enum gm_stop_stage obeys,
    struct gm_err *err)
{
	struct pollfd fds[2] = { { .fd = fd, .events = events },
		{ .fd = gm_stop_fd(obeys), .events = POLLIN } };
	int left, n;

	do {
		if (gm_stop_check(obeys, err) != 1)
			return -1;
		left = poll_time(until_ms);
		n = poll(fds, 2, left); /* a request makes fds[1] ready */
		if (n == -1 && errno != EINTR)
			return gm_fail_errno(err, GM_EOS, "poll");
		if (n > 0 && fds[0].revents != 0)
			return 1;
	} while (left != 0);
	return 0;
}

void
gm_stop_die(int number)
{
	sigset_t set;

	(void)signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(number);
}
