#ifndef GM_KEYCHECK_WORKTREE_H
#define GM_KEYCHECK_WORKTREE_H

/*
 * Check if git tracks a file with secrets, or would add it.  A ".git" in its
 * directory or above means that it is in a work tree; git says the rest.  Git
 * is run without a shell, with no key in its environment, and so that it runs
 * nothing that the repository names, which may be somebody else's.
 *
 * If that fails (no git, a repository that git does not trust, no result within
 * 3 s), the result is GM_WORKTREE_UNKNOWN.
 */

#include "base/base.h"

enum gm_worktree {
	GM_WORKTREE_FINE,    /* in no work tree, or ignored */
	GM_WORKTREE_TRACKED, /* committed, or added */
	GM_WORKTREE_EXPOSED, /* neither tracked nor ignored */
	GM_WORKTREE_UNKNOWN  /* git is missing, or has failed */
};

/* Variables for git; NULL: not set. */
struct gm_worktree_env {
	const char *path, *home, *config_home;
};

enum gm_worktree
gm_worktree_look(const char *path, const struct gm_worktree_env *);

#endif
