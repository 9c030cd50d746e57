#ifndef GM_KEYCHECK_WORKTREE_H
#define GM_KEYCHECK_WORKTREE_H

/*
 * Is a file with secrets in the way of git?  It is in a work tree if there is a
 * ".git" in its directory or above; the rest git itself is asked for, without
 * a shell, with no key in its environment, and with nothing that a repository
 * could make it run.
 *
 * Whatever goes wrong (no git, a repository that it does not trust, no answer
 * within seconds) is neither good nor bad news.
 */

#include "base/base.h"

enum gm_worktree {
	GM_WORKTREE_FINE,    /* outside of any, or ignored */
	GM_WORKTREE_TRACKED, /* it is in the repository, or is about to be */
	GM_WORKTREE_EXPOSED, /* neither tracked nor ignored */
	GM_WORKTREE_UNKNOWN  /* git could not be asked, or failed */
};

/* Variables for git; NULL: not set. */
struct gm_worktree_env {
	const char *path, *home, *config_home;
};

enum gm_worktree
gm_worktree_look(const char *path, const struct gm_worktree_env *);

#endif
