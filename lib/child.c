#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "stop.h"

#define CHUNK 4096
/* Between looks whether it has ended, once its output has. */
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
			/* Not dumpable is what we stay, whatever the limit. */
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

/* Returns 1 at its end, 0 if the time is over or out is full, or -1. */
static int
read_all(int in, struct gm_buf *out, int64_t until, enum gm_child_end *end,
    struct gm_err *err)
{
	char bytes[CHUNK];
	ssize_t n;
	int rc;

	*end = GM_CHILD_LATE;
	while ((rc = gm_stop_poll(in, POLLIN, until, err)) == 1) {
		n = read(in, bytes, sizeof(bytes));
		if (n == 0)
			return 1;
		if (n == -1 && errno != EINTR)
			return gm_fail_errno(err, GM_EOS, "read");
		if (n > 0)
			gm_buf_put(out, bytes, (size_t)n);
		explicit_bzero(bytes, sizeof(bytes));
		if (out->failed == GM_EDATA) {
			*end = GM_CHILD_FULL;
			return 0;
		}
		if (gm_buf_check(out, err) != 0)
			return -1;
	}
	return rc;
}

/* The same for its own end. */
static int
wait_for(pid_t pid, int *status, int64_t until, struct gm_err *err)
{
	int64_t nap = NAP_MS, now;
	pid_t ended;
	int rc;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0 ||
	       (ended == -1 && errno == EINTR)) {
		now = gm_clock_mono_ms();
		if (now >= until)
			return 0;
		rc = gm_stop_poll(
		    -1, 0, now + nap < until ? now + nap : until, err);
		if (rc == -1)
			return -1;
		nap = nap < NAP_MAX_MS ? 2 * nap : nap;
	}
	return ended == pid ? 1 : gm_fail_errno(err, GM_EOS, "waitpid");
}

static int
attend(pid_t pid, int in, struct gm_buf *out, int64_t until,
    enum gm_child_end *end, int *number, struct gm_err *err)
{
	int status = 0;
	int rc = read_all(in, out, until, end, err);

	if (rc == 1)
		rc = wait_for(pid, &status, until, err);
	if (rc != 1) {
		(void)kill(-pid, SIGKILL);
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			;
		return rc;
	}
	*end = WIFEXITED(status) ? GM_CHILD_EXITED : GM_CHILD_KILLED;
	*number = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	return 0;
}

int
gm_child_run(const struct gm_child *c, struct gm_buf *out,
    enum gm_child_end *end, int *number, struct gm_err *err)
{
	int64_t until = gm_clock_mono_ms() + c->limit_ms;
	int ends[2], rc;
	pid_t pid = -1;

	*number = 0;
	if (pipe(ends) != 0)
		return gm_fail_errno(err, GM_EOS, "pipe");
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	rc = spawn(c, ends[1], &pid);
	(void)close(ends[1]);
	if (rc != 0) {
		errno = rc;
		rc = gm_fail_errno(err, GM_EOS, "%s", c->argv[0]);
	} else {
		rc = attend(pid, ends[0], out, until, end, number, err);
	}
	(void)close(ends[0]);
	return rc;
}
