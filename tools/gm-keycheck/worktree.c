#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/child.h"
#include "gm-keycheck/worktree.h"

#define GIT_MS 3000 /* of each run: a repository may be on a slow disk */
#define PATH_BYTES 4096
#define MEMORY ((size_t)256 * 1024)
#define WORDS 16
#define COMMAND 3
#define NOT_LISTED 1 /* status: not tracked, not ignored; others: error */

/* A path without symbolic links, cut at its last slash. */
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

/* True if dir or a directory above has ".git", a directory or a file. */
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

/* Arguments or environment of a program. */
struct words {
	struct gm_buf memory;   /* words with a NUL after each */
	char *items[WORDS + 1]; /* set by finish(); NULL after the last */
};

/* Set items; only now, as memory moves while it grows. */
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

/*
 * Make git's environment: what it needs, and what keeps it from running others.
 */
static int
make_environment(struct words *w, const struct gm_worktree_env *from)
{
	put_variable(w, "PATH", from->path);
	put_variable(w, "HOME", from->home);
	put_variable(w, "XDG_CONFIG_HOME", from->config_home);
	put_variable(w, "LC_ALL", "C");
	put_variable(w, "GIT_OPTIONAL_LOCKS", "0");
	/* A partial clone names a program that fetches missing objects. */
	put_variable(w, "GIT_NO_LAZY_FETCH", "1");
	put_variable(w, "GIT_ALLOW_PROTOCOL", "none");
	put_variable(w, "GIT_TERMINAL_PROMPT", "0");
	return finish(w);
}

/*
 * Make "git ... COMMAND -- NAME" in the directory.  A file system monitor and
 * hooks are programs that the repository names: turn them off.
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

/* Run git.  Returns its exit status, or -1. */
static int
run_git(const struct place *place, const struct words *env,
    const char *const command[COMMAND])
{
	struct words argv = { .items = { NULL } };
	const struct gm_child git = { .argv = argv.items,
		.env = env->items,
		.limit_ms = GIT_MS,
		.quiet = true };
	enum gm_child_end end;
	struct gm_err ignored;
	struct gm_buf out;
	int status = -1;

	gm_buf_init(&argv.memory, MEMORY);
	gm_buf_init(&out, MEMORY);
	if (make_command(&argv, place, command) != 0 ||
	    gm_child_run(&git, &out, &end, &status, &ignored) != 0 ||
	    end != GM_CHILD_EXITED)
		status = -1;
	gm_buf_release(&out);
	gm_buf_release(&argv.memory);
	return status;
}

/* A name is not a pattern; check-ignore takes no patterns, nor that option. */
static enum gm_worktree
find_state(const struct place *place, const struct words *env)
{
	static const char *const tracked[COMMAND] = { "--literal-pathspecs",
		"ls-files", "--error-unmatch" };
	static const char *const ignored[COMMAND] = { "--no-pager",
		"check-ignore", "-q" };

	int status = run_git(place, env, tracked);

	if (status == 0)
		return GM_WORKTREE_TRACKED;
	if (status == NOT_LISTED)
		status = run_git(place, env, ignored);
	if (status == 0)
		return GM_WORKTREE_FINE;
	return status == NOT_LISTED ? GM_WORKTREE_EXPOSED : GM_WORKTREE_UNKNOWN;
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
		            ? find_state(&place, &env)
		            : GM_WORKTREE_UNKNOWN;
	gm_buf_release(&env.memory);
	free(place.dir);
	return found;
}
