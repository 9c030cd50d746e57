#ifndef GM_CONFIG_CONFIG_H
#define GM_CONFIG_CONFIG_H

/*
 * Settings, each with its origin: option > process environment > env file >
 * built-in default.  The only module that reads the environment.
 *
 * One env file is used; envsearch.h has the order.  Keys have two more sources:
 * $CREDENTIALS_DIRECTORY, before the env file, and a command, after it.  The
 * first source that has a key of the provider is used alone.
 *
 * Trust: a file that others could read or change is an error.  ./.env may be
 * part of a cloned repository, so only keys, model names, numbers and loopback
 * base URLs are read from it.  A base URL is never used with a key from a more
 * trusted source, so that it cannot send the key elsewhere.
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

/* The source of a value, the least trusted first. */
enum gm_origin {
	GM_FROM_LOCAL,  /* ./.env, a relative $GM_ENV_FILE */
	GM_FROM_SYSTEM, /* ~/.config/gm/env, /etc/gm/env */
	GM_FROM_NAMED,  /* --env-file, $GM_ENV_FILE */
	GM_FROM_CREDENTIALS,
	GM_FROM_INPUT, /* standard input, keys only; trusted as the next: */
	GM_FROM_ENVIRONMENT,
	GM_FROM_OPTION,
	GM_FROM_DEFAULT
};

struct gm_value {
	const char *text; /* NULL: not set; valid until release */
	const char *name; /* variable or option that set it */
	enum gm_origin origin;
	int64_t number; /* see gm_setting_parse() */
};

/* Other values of the environment; borrowed from it. */
struct gm_environment {
	struct gm_trust trust;              /* certificates */
	const char *proxy, *proxy_variable; /* for https: URL, and its name */
	const char *journal;                /* $JOURNAL_STREAM */
	const char *credentials; /* $CREDENTIALS_DIRECTORY, if it is absolute */
	/* For programs that we run; NULL if not absolute (path: if not set). */
	const char *path, *home, *config_home;
	const char *temporary; /* $TMPDIR, if it is absolute, or /tmp */
	const char *keys[GM_KEY_VARIABLES]; /* as gm_vendor_variable() */
	bool no_color, force_color;
	bool dumb;           /* $TERM is unset or "dumb" */
	bool in_key_command; /* a key command has started us */
};

struct gm_config {
	struct gm_value values[GM_SETTINGS];
	struct gm_environment around;
	enum gm_origin file_origin;
	struct gm_envsearch_found search; /* which env file is used */
	bool allow_unsafe;                /* $GM_ALLOW_UNSAFE_ENV is set */
	struct gm_envfile file;
};

/* Read the environment.  Cannot fail; call it first. */
void gm_config_init(struct gm_config *);

/* Set an option; text is borrowed, name is as in the table: "timeout". */
void gm_config_option(
    struct gm_config *, enum gm_setting, const char *name, const char *text);

/*
 * Add secrets in variables, options and, after gm_config_load(), the env file
 * to *secrets; see gm_secrets_add_from().  keyring.h does so for the variables
 * of keys.  Returns 0, or -1: GM_EOS.
 */
int gm_config_hide(const struct gm_config *, struct gm_secrets *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Fill in one setting from option or environment, before the env file is read;
 * gm_config_load() may still fill it in from the file.  Errors as there.
 */
int gm_config_early(
    struct gm_config *, enum gm_setting, struct gm_err *) GM_MUST_CHECK;

/* The choice of the env file; borrowed. */
struct gm_config_wanted {
	const char *env_file;      /* argument of --env-file; NULL: none */
	struct gm_vendors vendors; /* that need keys; empty: all */
	bool typed;    /* keys come from standard input; none is needed */
	bool fallback; /* GM_FALLBACK of the file adds to vendors */
};

/*
 * Load the env file, and fill in all settings that no option has set.  Returns
 * 0, or -1: GM_EUSAGE (a bad option), GM_ECONFIG, GM_EOS.
 */
int gm_config_load(struct gm_config *, const struct gm_config_wanted *,
    const struct gm_note *, struct gm_err *) GM_MUST_CHECK;

/* Directories of the suite, which may not exist yet. */
enum gm_config_dir {
	GM_DIR_STATE,
	GM_DIR_CACHE
};

/*
 * Append the path of a directory, from the first of: its setting, systemd's
 * variable (CACHE_DIRECTORY), the XDG base directory, the home directory.
 * Appends nothing if none of these is set.
 */
void
gm_config_dir(const struct gm_config *, enum gm_config_dir, struct gm_buf *out);

/*
 * Put the source and name of a setting before the message in *err.  The code
 * becomes GM_EUSAGE for an option, else GM_ECONFIG.  Returns -1.
 */
int gm_config_blame(const struct gm_config *, enum gm_setting, struct gm_err *);

/*
 * The command that prints keys of a service; NULL if there is none, or if it is
 * ignored for the reason *why (else NULL): unsafe files are allowed, or the
 * file that has the command is ./.env or was named by a relative path.
 */
const struct gm_value *
gm_config_command(const struct gm_config *, enum gm_vendor, const char **why);

/*
 * The environment of such a command: ours, without the variables of key
 * commands, and with the one that sets in_key_command in a tool of ours that it
 * runs.  The caller frees the array; its strings are borrowed.  NULL: out of
 * memory.
 */
char **gm_config_command_environment(void) GM_MUST_CHECK;

/* Set a setting to its built-in default. */
void gm_config_reset(struct gm_config *, enum gm_setting);

/* The path of the env file that is used; "": none. */
const char *gm_config_file(const struct gm_config *);

/* The name of a source for messages: the env file's path, or "environment". */
const char *gm_config_place(const struct gm_config *, enum gm_origin);

/* Print each setting and its source (-vv), a line each; never a key. */
void gm_config_trace(const struct gm_config *, const struct gm_note *);

/*
 * The i-th variable that the suite reads, those of keys first; NULL at the end.
 * For the check of unknown variables, and for the tests of the documents.
 */
const char *gm_config_variable(size_t i);

void gm_config_release(struct gm_config *);

#endif
