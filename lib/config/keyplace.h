#ifndef GM_CONFIG_KEYPLACE_H
#define GM_CONFIG_KEYPLACE_H

/*
 * Where the keys of a service come from, and whether its base URL may be used
 * with them.
 *
 * Places, the first that has a key is used alone: process environment,
 * $CREDENTIALS_DIRECTORY (google-api-keys and such), env file, and last what a
 * command prints (GOOGLE_API_KEYS_COMMAND and such), which is trusted as the
 * place that names it.  A base URL from a place less trusted than the keys' could send them elsewhere: one from ./.env is
 * dropped with a note, any other is an error.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"
#include "config/config.h"
#include "config/keyring.h"

struct gm_keyplace {
	/* Set by the caller. */
	enum gm_vendor vendor;
	bool no_command; /* a command that prints keys is not run */
	const struct gm_process_limits *limits; /* for it; at start */
	/* Filled in. */
	struct gm_keyring ring;
	const char *variable; /* what holds them: "GEMINI_API_KEY", a file;
	                       * NULL: nothing, as none is needed */
	enum gm_origin origin;
};

/*
 * Fill the ring, and settle the service's base URL in the configuration.  The
 * ring stays empty if there is no key; a server on loopback that may need none
 * gets the empty key.  A command is run once, for 30 s at most.  Returns 0, or -1:
 * GM_ECONFIG, GM_EOS; GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).
 */
int gm_keyplace_find(struct gm_keyplace *, struct gm_config *,
    struct gm_secrets *, const struct gm_note *, struct gm_err *) GM_MUST_CHECK;

/*
 * The same with the keys that were typed in, one a line, and no others, of
 * which there must be one.
 */
int
gm_keyplace_take(struct gm_keyplace *, struct gm_config *, struct gm_span typed,
    struct gm_secrets *, const struct gm_note *, struct gm_err *) GM_MUST_CHECK;

/* Fill *err: there is no key, and where one could be.  Returns -1. */
int gm_keyplace_fail(
    const struct gm_keyplace *, const struct gm_config *, struct gm_err *);

void gm_keyplace_release(struct gm_keyplace *);

#endif
