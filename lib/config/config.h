#ifndef GM_CONFIG_CONFIG_H
#define GM_CONFIG_CONFIG_H

/*
 * Settings: option > process environment > env file > built-in default, each
 * with the place that it came from.  The only module that reads the
 * environment.
 *
 * One env file is used; envsearch.h has the order.  Keys have a place more
 * between environment and env file: $CREDENTIALS_DIRECTORY, and one after them:
 * a command.  The first place that has a key of the provider is used alone.
 *
 * Trust: a file that others could read or change is refused.  ./.env may come
 * with somebody's repository, so that only keys, model names and numbers are
 * taken from it, and a base URL only if it is loopback; a base URL from a place
 * less trusted than the key's is never used with it.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"
#include "config/envfile.h"
#include "config/envsearch.h"
#include "config/setting.h"
#include "config/vendor.h"
#include "net/trust.h"

/* Where a value came from, the least trusted first. */
enum gm_origin {
	GM_FROM_LOCAL,  /* ./.env, a relative $GM_ENV_FILE */
	GM_FROM_SYSTEM, /* ~/.config/gm/env, /etc/gm/env */
	GM_FROM_NAMED,  /* --env-file, $GM_ENV_FILE */
	GM_FROM_CREDENTIALS,
	GM_FROM_INPUT, /* standard input: only keys, as trusted as these: */
	GM_FROM_ENVIRONMENT,
	GM_FROM_OPTION,
	GM_FROM_DEFAULT
};

struct gm_value {
	const char *text; /* NULL: not set; valid until release */
	const char *name; /* of the variable or option that set it */
	enum gm_origin origin;
	int64_t number; /* whole; milliseconds; 0 or 1 */
};

/* What else the environment tells; borrowed from it. */
struct gm_environment {
	struct gm_trust trust;              /* certificates */
	const char *proxy, *proxy_variable; /* for https: URL, its name */
	const char *journal;                /* $JOURNAL_STREAM */
	const char *credentials; /* $CREDENTIALS_DIRECTORY, if it is absolute */
	/* For a program that we run; what is not absolute is left out. */
	const char *path, *home, *config_home;
	const char *temporary; /* $TMPDIR, if it is absolute, or /tmp */
	const char *keys[GM_KEY_VARIABLES]; /* as gm_vendor_variable() */
	bool no_color, force_color;
	bool dumb; /* $TERM is unset or "dumb" */
	bool in_key_command; /* we are part of one, or were started by one */
};

struct gm_config {
	struct gm_value values[GM_SETTINGS];
	struct gm_environment around;
	enum gm_origin file_origin;
	struct gm_envsearch_found search; /* which env file is used */
	bool allow_unsafe;                /* whatever its mode */
	struct gm_envfile file;
};

/* Look around; cannot fail, and comes before all else. */
void gm_config_init(struct gm_config *);

/* An option was given; text is borrowed, name as in the table: "timeout". */
void gm_config_option(
    struct gm_config *, enum gm_setting, const char *name, const char *text);

/*
 * Keep as secrets what variables, options and, after gm_config_load(), the env
 * file hold of what must not be shown: see gm_secrets_add_from().  Keys in
 * their own variables are for keyring.h.  Returns 0, or -1: GM_EOS.
 */
int gm_config_hide(const struct gm_config *, struct gm_secrets *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Fill in one setting before an env file is read, from option or environment;
 * if neither has it, its value is what gm_config_load() makes it.  Errors as
 * there.
 */
int gm_config_early(
    struct gm_config *, enum gm_setting, struct gm_err *) GM_MUST_CHECK;

/* What decides on the env file; borrowed. */
struct gm_config_wanted {
	const char *env_file;      /* --env-file's argument; NULL: none */
	struct gm_vendors vendors; /* whose keys are needed; none: all */
	bool typed;                /* keys are typed in, and none is needed */
	bool fallback;             /* GM_FALLBACK of a file adds to vendors */
};

/*
 * Fill in all that no option has set.  Returns 0, or -1: GM_EUSAGE (a bad
 * option), GM_ECONFIG, GM_EOS.
 */
int gm_config_load(struct gm_config *, const struct gm_config_wanted *,
    const struct gm_note *, struct gm_err *) GM_MUST_CHECK;

/* Directories of our own, which may have to be made. */
enum gm_config_dir {
	GM_DIR_STATE,
	GM_DIR_CACHE
};

/*
 * Append the path of such a directory, from the first of these that says it:
 * its setting, systemd's variable (CACHE_DIRECTORY), the XDG base directory,
 * ~; nothing if none does.
 */
void
gm_config_dir(const struct gm_config *, enum gm_config_dir, struct gm_buf *out);

/*
 * Put in front of *err which setting it is about; what an option has set is a
 * usage error, all else one of the configuration.  Returns -1.
 */
int gm_config_blame(const struct gm_config *, enum gm_setting, struct gm_err *);

/*
 * The command that prints keys of a service; NULL: there is none, or it is not
 * run, for the reason *why (else NULL): the environment allows unsafe files, or
 * the file that names it was not named by an absolute path.
 */
const struct gm_value *
gm_config_command(const struct gm_config *, enum gm_vendor, const char **why);

/*
 * The environment of such a command: ours without the variables that name one,
 * and with the mark that makes in_key_command.  For free(); its strings are
 * borrowed.  NULL: out of memory.
 */
char **gm_config_command_environment(void) GM_MUST_CHECK;

/* Go back to the built-in default. */
void gm_config_reset(struct gm_config *, enum gm_setting);

/* The path of the env file; "": none is used. */
const char *gm_config_file(const struct gm_config *);

/* The same, or a phrase such as "environment". */
const char *gm_config_place(const struct gm_config *, enum gm_origin);

/* Tell where each setting comes from (-vv), a line each; never a key. */
void gm_config_trace(const struct gm_config *, const struct gm_note *);

/*
 * The i-th variable that is read, those of keys first; NULL at the end.  For
 * finding the keys, and for the documents.
 */
const char *gm_config_variable(size_t i);

void gm_config_release(struct gm_config *);

#endif
