#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"

/*
 * The interval of checks whether the child was stopped or, after its output,
 * has ended; it doubles up to the maximum.
 */
#define NAP_MS 1
#define NAP_MAX_MS 50

static int
make_files(posix_spawn_file_actions_t *files, const struct gm_child *c, int out)
{
	int rc = posix_spawn_file_actions_addopen(
	    files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (rc == 0)
		rc =
		    posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
	if (rc == 0 && c->quiet)
		rc = posix_spawn_file_actions_addopen(
		    files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	return rc;
}

static int
make_attributes(posix_spawnattr_t *attr)
{
	sigset_t defaults, mask;
	int rc;

	gm_stop_before(&defaults, &mask);
	rc = posix_spawnattr_setsigdefault(attr, &defaults);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attr, &mask);
	if (rc == 0)
		rc = posix_spawnattr_setpgroup(attr, 0);
	if (rc == 0)
		rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF |
							POSIX_SPAWN_SETSIGMASK |
							POSIX_SPAWN_SETPGROUP);
	return rc;
}

/* Returns 0, or an error number, as the functions of posix_spawn(3) do. */
static int
spawn(const struct gm_child *c, int out, pid_t *pid)
{
	struct gm_process_limits ignored;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int rc = posix_spawn_file_actions_init(&files);

	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc == 0) {
		rc = make_files(&files, c, out);
		if (rc == 0)
			rc = make_attributes(&attr);
		if (rc == 0) {
			/*
			 * A child inherits our limits, so restore them for
			 * the moment; we stay not dumpable, so no core file
			 * with keys can be written meanwhile.
			 */
			if (c->limits != NULL)
				gm_process_restore(c->limits);
			rc = posix_spawnp(
			    pid, c->argv[0], &files, &attr, c->argv, c->env);
			if (c->limits != NULL)
				gm_process_prepare(&ignored);
		}
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* The child while it runs. */
struct watch {
	pid_t pid;
	int in;        /* its output */
	int64_t until; /* ms of the monotonic clock */
	int64_t nap;   /* ms to the next check */
	enum gm_child_end end;
	int number;
};

/*
 * True if a signal has stopped it.  Leaves it to be reaped later, as we may
 * kill its group only as long as the process ID cannot be reused.
 */
static bool
is_stopped(struct watch *w)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)w->pid, &info, WSTOPPED | WNOHANG) != 0 ||
	    info.si_pid != w->pid)
		return false;
	w->end = GM_CHILD_STOPPED;
	w->number = info.si_status;
	return true;
}

/*
 * Wait for output (fd) or a short time (-1); short because no descriptor
 * reports that a child was stopped.  Returns 1: continue, 0: it is late or was
 * stopped, -1 as gm_stop_poll().  Output that is ready after the time limit
 * still counts: we may have been suspended when the child was not.
 */
static int
nap(struct watch *w, int fd, bool *ready, struct gm_err *err)
{
	int64_t now = gm_clock_mono_ms();
	int rc;

	*ready = false;
	if (is_stopped(w))
		return 0;
	rc = gm_stop_poll(fd, fd != -1 ? POLLIN : 0,
	    now + w->nap < w->until ? now + w->nap : w->until, GM_STOP_DRAIN,
	    err);
	*ready = rc == 1;
	if (rc == 0 && w->nap < NAP_MAX_MS)
		w->nap *= 2;
	if (rc == -1)
		return -1;
	return *ready || now < w->until;
}

/* Returns 1 at its end, 0 if the child is to be killed (see w->end), or -1. */
static int
read_all(struct watch *w, struct gm_buf *out, struct gm_err *err)
{
	bool ready;
	int rc, some;

	while ((rc = nap(w, w->in, &ready, err)) == 1) {
		if (!ready)
			continue;
		some = gm_file_read_some(w->in, "read", out, err);
		if (some == 0)
			return 1;
		if (some == -1 && err->code == GM_EDATA) {
			w->end = GM_CHILD_FULL;
			return 0;
		}
		if (some == -1) {
			if (err->code == GM_ENOINPUT)
				err->code = GM_EOS;
			return -1;
		}
	}
	return rc;
}

/* Returns 1 when the child has ended, 0 if it is to be killed, or -1. */
static int
wait_for(struct watch *w, int *status, struct gm_err *err)
{
	pid_t ended;
	bool ready;
	int rc;

	w->nap = NAP_MS;
	rc = 1;
	while ((ended = waitpid(w->pid, status, WNOHANG)) == 0 ||
	       (ended == -1 && errno == EINTR)) {
		if (rc != 1)
			return rc;
		rc = nap(w, -1, &ready, err);
		if (rc == -1)
			return -1;
	}
	return ended == w->pid ? 1 : gm_fail_errno(err, GM_EOS, "waitpid");
}

static int
attend(struct watch *w, struct gm_buf *out, struct gm_err *err)
{
	int status = 0;
	int rc = read_all(w, out, err);

	if (rc == 1)
		rc = wait_for(w, &status, err);
	if (rc != 1) {
		(void)kill(-w->pid, SIGKILL);
		while (waitpid(w->pid, &status, 0) == -1 && errno == EINTR)
			;
		return rc;
	}
	w->end = WIFEXITED(status) ? GM_CHILD_EXITED : GM_CHILD_KILLED;
	w->number = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	return 0;
}

int
gm_child_run(const struct gm_child *c, struct gm_buf *out,
    enum gm_child_end *end, int *number, struct gm_err *err)
{
	struct watch w = { .pid = -1,
		.until = gm_clock_mono_ms() + c->limit_ms,
		.nap = NAP_MS,
		.end = GM_CHILD_LATE };
	int ends[2], rc;

	*number = 0;
	if (pipe(ends) != 0)
		return gm_fail_errno(err, GM_EOS, "pipe");
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	rc = spawn(c, ends[1], &w.pid);
	w.in = ends[0];
	(void)close(ends[1]);
	if (rc != 0) {
		errno = rc;
		rc = gm_fail_errno(err, GM_EOS, "%s", c->argv[0]);
	} else {
		rc = attend(&w, out, err);
		*end = w.end;
		*number = w.number;
	}
	(void)close(ends[0]);
	return rc;
}
