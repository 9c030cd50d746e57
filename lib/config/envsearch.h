#ifndef GM_CONFIG_ENVSEARCH_H
#define GM_CONFIG_ENVSEARCH_H

/*
 * Choose the env file, in the order of trust:
 *
 *	1. --env-file, or else $GM_ENV_FILE
 *	2. the user's own file, then /etc/gm/env: the first that provides keys
 *	   of a service that is used; the first that exists if all services
 *	   that are used have keys elsewhere
 *	3. ./.env, if it provides keys and nothing else does
 *	4. the first file of 2. that exists
 *
 * Only this file is used.  A relative $GM_ENV_FILE, or one that is the file
 * ./.env, is treated as ./.env, as it may be part of a cloned repository, too;
 * but it must exist.
 *
 * A file provides keys if it sets a variable of keys, a command that prints
 * keys, or the base URL of a server on this machine that needs no key.
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

/* Input of the search; all is borrowed. */
struct gm_envsearch {
	const char *option, *variable, *user; /* paths; NULL: none */
	struct gm_vendors vendors;            /* services that are used */
	bool keys[GM_VENDORS];     /* it has keys outside of env files */
	bool commands[GM_VENDORS]; /* the environment has its key command */
	bool fallback;             /* GM_FALLBACK of a file adds to vendors */
	bool allow_unsafe;
	bool (*wanted)(struct gm_span name), (*unknown)(struct gm_span name);
	const struct gm_note *note;
};

struct gm_envsearch_found {
	enum gm_envsearch_trust trust;
	bool dot_env;           /* it is ./.env, under whatever name */
	struct gm_buf path;     /* "": no file is used */
	struct gm_buf searched; /* all paths that were tried: "a, b" */
};

/* Returns 0, or -1: GM_ECONFIG, GM_EOS.  Release *found in any case. */
int gm_envsearch_run(const struct gm_envsearch *, struct gm_envsearch_found *,
    struct gm_envfile *, struct gm_err *) GM_MUST_CHECK;

void gm_envsearch_release(struct gm_envsearch_found *);

#endif
