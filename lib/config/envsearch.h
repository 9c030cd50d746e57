#ifndef GM_CONFIG_ENVSEARCH_H
#define GM_CONFIG_ENVSEARCH_H

/*
 * Choose the env file, in the order of trust:
 *
 *	1. --env-file, or else $GM_ENV_FILE
 *	2. the user's own file, then /etc/gm/env: the first that gives keys of a
 *	   service that is asked; none has to if all of these have keys
 *	   elsewhere
 *	3. ./.env, if it gives keys and nothing else does
 *	4. the first of 2. that is there
 *
 * It is used alone.  A relative $GM_ENV_FILE, and one that is the file ./.env,
 * takes the place of ./.env, as it may have come with somebody's repository
 * just the same; but it must be there.
 *
 * A file gives keys if it sets a variable that holds them, a command that
 * prints them, or the base URL of a server on this machine that needs none.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"
#include "config/envfile.h"
#include "config/vendor.h"

enum gm_envsearch_trust {
	GM_ENVSEARCH_NONE, /* no file is used */
	GM_ENVSEARCH_LOCAL,
	GM_ENVSEARCH_SYSTEM, /* the user's own or /etc/gm/env */
	GM_ENVSEARCH_NAMED
};

/* Where to look, and for what; all is borrowed. */
struct gm_envsearch {
	const char *option, *variable, *user; /* NULL: there is none */
	struct gm_vendors asked;
	bool keys[GM_VENDORS];     /* of it are elsewhere */
	bool commands[GM_VENDORS]; /* that print some, in the environment */
	bool fallback;             /* GM_FALLBACK of a file adds to asked */
	bool allow_unsafe;
	bool (*wanted)(struct gm_span name), (*odd)(struct gm_span name);
	const struct gm_note *note;
};

struct gm_envsearch_found {
	enum gm_envsearch_trust trust;
	bool dot_env;           /* it is the file ./.env, whatever its name */
	struct gm_buf path;     /* "": no file is used */
	struct gm_buf searched; /* the files that were looked for: "a, b" */
};

/* Returns 0, or -1: GM_ECONFIG, GM_EOS; to be released in any case. */
int gm_envsearch_run(const struct gm_envsearch *, struct gm_envsearch_found *,
    struct gm_envfile *, struct gm_err *) GM_MUST_CHECK;

void gm_envsearch_release(struct gm_envsearch_found *);

#endif
