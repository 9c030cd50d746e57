#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/stop.h"
#include "gm-keycheck/worktree.h"

/* The git in PATH is a script that each test writes. */
static char dir[] = "/tmp/gm-unit-worktree.XXXXXX";
static struct gm_worktree_env env = { .path = NULL };
static char path[200];

static void
write_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static int
set_up(void **state)
{
	struct gm_err err;

	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 ||
	    mkdir("bin", 0700) != 0 || mkdir("tree", 0700) != 0 ||
	    mkdir("tree/sub", 0700) != 0 || gm_stop_install(false, &err) != 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", dir);
	env.path = path;
	/* posix_spawnp() uses the PATH of this process. */
	(void)setenv("PATH", path, 1);
	write_file("tree/sub/keys", "", 0600);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("tree/sub/keys");
	(void)unlink("bin/git");
	(void)unlink("seen");
	(void)rmdir("tree/.git");
	(void)rmdir("tree/sub");
	(void)rmdir("tree");
	(void)rmdir("bin");
	return chdir("/") == 0 ? rmdir(dir) : -1;
}

static enum gm_worktree
look(void)
{
	return gm_worktree_look("tree/sub/keys", &env);
}

static void
test_outside(void **state)
{
	(void)state;
	write_file("bin/git", "#!/bin/sh\nexit 0\n", 0700);
	assert_int_equal(look(), GM_WORKTREE_FINE);
	assert_int_equal(
	    gm_worktree_look("tree/absent", &env), GM_WORKTREE_FINE);
	assert_int_equal(mkdir("tree/.git", 0700), 0);
	assert_int_equal(look(), GM_WORKTREE_TRACKED);
	assert_int_equal(
	    gm_worktree_look("tree/absent", &env), GM_WORKTREE_FINE);
}

static void
test_answers(void **state)
{
	static const struct {
		const char *script; /* by command */
		enum gm_worktree found;
	} rows[] = {
		{ "*ls-files*) exit 0", GM_WORKTREE_TRACKED },
		{ "*check-ignore*) exit 0;; *) exit 1", GM_WORKTREE_FINE },
		{ "*) exit 1", GM_WORKTREE_EXPOSED },
		{ "*) exit 128", GM_WORKTREE_UNKNOWN },
		{ "*ls-files*) exit 1;; *) exit 128", GM_WORKTREE_UNKNOWN },
		{ "*) kill -9 $$", GM_WORKTREE_UNKNOWN },
		/* Output of git is never shown. */
		{ "*) echo said; echo said >&2; exit 1", GM_WORKTREE_EXPOSED },
	};
	char script[200];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(script, sizeof(script),
		    "#!/bin/sh\ncase $* in\n%s ;;\nesac\n", rows[i].script);
		write_file("bin/git", script, 0700);
		assert_int_equal(look(), rows[i].found);
	}
	assert_int_equal(unlink("bin/git"), 0);
	write_file("bin/git", "#!/absent\n", 0700);
	assert_int_equal(look(), GM_WORKTREE_UNKNOWN);
}

/* Git's environment: no key, no variable of git but ours. */
static void
test_environment(void **state)
{
	(void)state;
	(void)setenv("GIT_DIR", "/absent", 1);
	(void)setenv("GIT_SSH_COMMAND", "/absent", 1);
	(void)setenv("GEMINI_API_KEY", "fake-good-key-0001", 1);
	write_file("bin/git",
	    "#!/bin/sh\n"
	    "[ -z \"$GIT_DIR$GIT_SSH_COMMAND$GEMINI_API_KEY\" ] &&\n"
	    "[ \"$GIT_OPTIONAL_LOCKS$GIT_NO_LAZY_FETCH\" = 01 ] &&\n"
	    "[ \"$GIT_ALLOW_PROTOCOL\" = none ] &&\n"
	    "[ \"$HOME\" = /home/x ] && [ \"$XDG_CONFIG_HOME\" = /xdg ] &&\n"
	    "[ ! -t 0 ] && ! read -r line\n",
	    0700);
	env.home = "/home/x";
	env.config_home = "/xdg";
	assert_int_equal(look(), GM_WORKTREE_TRACKED);
	env.home = env.config_home = NULL;
}

/* The deadline ends a git that hangs. */
static void
test_deadline(void **state)
{
	struct gm_err err;

	(void)state;
	write_file("bin/git", "#!/bin/sh\nexec sleep 60\n", 0700);
	assert_int_equal(gm_stop_deadline(50, &err), 0);
	assert_int_equal(look(), GM_WORKTREE_UNKNOWN);
	assert_true(gm_stop_is_late());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_deadline),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
