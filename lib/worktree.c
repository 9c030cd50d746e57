#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "stop.h"
#include "worktree.h"

#define GIT_MS 3000 /* a repository may be on a slow disk */
#define PATH_BYTES 4096
#define MEMORY ((size_t)256 * 1024)
#define WORDS 16
#define COMMAND 3
#define NOT_THERE 1 /* status: not tracked, not ignored; others are errors */

/* A path without links, cut at its last slash. */
struct place {
	char *dir;
	const char *name;
};

static int
find_place(const char *path, struct place *place)
{
	char *slash;

	place->dir = realpath(path, NULL);
	slash = place->dir != NULL ? strrchr(place->dir, '/') : NULL;
	if (slash == NULL)
		return -1;
	place->name = slash + 1;
	*slash = '\0'; /* "" is the root */
	return 0;
}

static bool
has_git(struct gm_span dir)
{
	struct gm_buf path;
	struct stat st;
	bool found;

	gm_buf_init(&path, PATH_BYTES);
	gm_buf_put_span(&path, dir);
	gm_buf_puts(&path, "/.git");
	found = path.failed == GM_OK && lstat(gm_buf_str(&path), &st) == 0;
	gm_buf_release(&path);
	return found;
}

/* Is there a ".git" in dir or above? */
static bool
is_in_work_tree(const char *dir)
{
	struct gm_span rest = gm_span_of(dir);

	while (!has_git(rest)) {
		if (rest.len == 0)
			return false;
		do
			rest.len--;
		while (rest.p[rest.len] != '/');
	}
	return true;
}

/* Words as a program takes them: its arguments, its environment. */
struct words {
	struct gm_buf memory;
	char *items[WORDS + 1]; /* NULL behind the last; after finish() */
};

static int
finish(struct words *w)
{
	size_t at = 0, n = 0;

	if (w->memory.failed != GM_OK)
		return -1;
	for (; at < w->memory.len; at += strlen(w->memory.data + at) + 1)
		w->items[n++] = w->memory.data + at;
	w->items[n] = NULL;
	return 0;
}

static void
put_variable(struct words *w, const char *name, const char *value)
{
	if (value == NULL)
		return;
	gm_buf_printf(&w->memory, "%s=%s", name, value);
	gm_buf_putc(&w->memory, '\0');
}

/* What git gets to know of our environment, and what keeps it quiet. */
static int
make_environment(struct words *w, const struct gm_worktree_env *from)
{
	put_variable(w, "PATH", from->path);
	put_variable(w, "HOME", from->home);
	put_variable(w, "XDG_CONFIG_HOME", from->config_home);
	put_variable(w, "LC_ALL", "C");
	put_variable(w, "GIT_OPTIONAL_LOCKS", "0");
	put_variable(w, "GIT_NO_LAZY_FETCH", "1");
	put_variable(w, "GIT_TERMINAL_PROMPT", "0");
	return finish(w);
}

static int
prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attr, int out)
{
	sigset_t set;

	(void)sigemptyset(&set);
	if (posix_spawnattr_setsigmask(attr, &set) != 0)
		return -1;
	(void)sigaddset(&set, SIGPIPE); /* which we ignore */
	if (posix_spawnattr_setsigdefault(attr, &set) != 0 ||
	    posix_spawnattr_setflags(
		attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) != 0 ||
	    posix_spawn_file_actions_addopen(
		files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO) != 0 ||
	    posix_spawn_file_actions_addopen(
		files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) != 0)
		return -1;
	return 0;
}

/* Start git, its standard output on out; returns its id, or -1. */
static pid_t
start(char *const argv[], char *const env[], int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&files) != 0)
		return -1;
	if (posix_spawnattr_init(&attr) == 0) {
		if (prepare(&files, &attr, out) != 0 ||
		    posix_spawnp(&pid, argv[0], &files, &attr, argv, env) != 0)
			pid = -1;
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return pid;
}

/* Read until the pipe ends with the last process that holds it. */
static bool
ends_in_time(int in)
{
	int64_t until = gm_clock_mono_ms() + GIT_MS;
	struct gm_err ignored;
	char bytes[512];
	ssize_t n;

	do {
		if (gm_stop_poll(in, POLLIN, until, &ignored) != 1)
			return false;
		n = read(in, bytes, sizeof(bytes));
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == 0;
}

/* Its exit status, or -1; one that does not end, or must not, is killed. */
static int
wait_for(pid_t pid, int in)
{
	bool late = !ends_in_time(in);
	int status;
	pid_t ended;

	if (late)
		(void)kill(pid, SIGKILL);
	while ((ended = waitpid(pid, &status, 0)) == -1 && errno == EINTR)
		if (gm_stop_signal() != 0 || gm_stop_is_late())
			(void)kill(pid, SIGKILL);
	return ended == pid && !late && WIFEXITED(status) ? WEXITSTATUS(status)
	                                                  : -1;
}

/*
 * "git ... HOW COMMAND OPTION -- NAME" in the place.  A file system monitor is a
 * program that the repository names.
 */
static int
make_command(struct words *w, const struct place *place,
    const char *const command[COMMAND])
{
	const char *dir = place->dir[0] != '\0' ? place->dir : "/";
	const char *const all[] = { "git", "-C", dir, "-c",
		"core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
		command[0], command[1], command[2], "--", place->name };
	size_t i;

	for (i = 0; i < GM_LEN(all); i++)
		gm_buf_put(&w->memory, all[i], strlen(all[i]) + 1);
	return finish(w);
}

/* Its status, or -1. */
static int
run_git(const struct place *place, const struct words *env,
    const char *const command[COMMAND])
{
	struct words argv = { .items = { NULL } };
	int ends[2], status = -1;
	pid_t pid = -1;

	if (pipe(ends) != 0)
		return -1;
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	gm_buf_init(&argv.memory, MEMORY);
	if (make_command(&argv, place, command) == 0)
		pid = start(argv.items, env->items, ends[1]);
	(void)close(ends[1]);
	if (pid != -1)
		status = wait_for(pid, ends[0]);
	(void)close(ends[0]);
	gm_buf_release(&argv.memory);
	return status;
}

/* The name is no pattern; check-ignore takes none, and refuses the option. */
static enum gm_worktree
ask_git(const struct place *place, const struct words *env)
{
	static const char *const tracked[COMMAND] = { "--literal-pathspecs",
		"ls-files", "--error-unmatch" };
	static const char *const ignored[COMMAND] = { "--no-pager",
		"check-ignore", "-q" };

	int status = run_git(place, env, tracked);

	if (status == 0)
		return GM_WORKTREE_TRACKED;
	if (status == NOT_THERE)
		status = run_git(place, env, ignored);
	if (status == 0)
		return GM_WORKTREE_FINE;
	return status == NOT_THERE ? GM_WORKTREE_EXPOSED : GM_WORKTREE_UNKNOWN;
}

enum gm_worktree
gm_worktree_look(const char *path, const struct gm_worktree_env *from)
{
	enum gm_worktree found = GM_WORKTREE_FINE;
	struct words env = { .items = { NULL } };
	struct place place;

	gm_buf_init(&env.memory, MEMORY);
	if (find_place(path, &place) != 0)
		found =
		    errno == ENOENT ? GM_WORKTREE_FINE : GM_WORKTREE_UNKNOWN;
	else if (is_in_work_tree(place.dir))
		found = make_environment(&env, from) == 0
		            ? ask_git(&place, &env)
		            : GM_WORKTREE_UNKNOWN;
	gm_buf_release(&env.memory);
	free(place.dir);
	return found;
}
