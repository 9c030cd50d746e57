#ifndef GM_CONFIG_KEYPLACE_H
#define GM_CONFIG_KEYPLACE_H

/*
 * Find the keys of a service, and check that its base URL may be used with
 * them.
 *
 * Sources, of which the first that has a key is used alone: process
 * environment, $CREDENTIALS_DIRECTORY (google-api-keys and such), env file, and
 * the output of a command (GOOGLE_API_KEYS_COMMAND and such), which is trusted
 * like the source of the command.  A base URL from a source less trusted than
 * the keys could send them elsewhere: one from ./.env is ignored with a note,
 * any other is an error.
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
	bool no_command; /* do not run a command that prints keys */
	const struct gm_process_limits
	    *limits; /* for the command: those at start */
	/* Filled in. */
	struct gm_keyring ring;
	const char *variable; /* variable or credential with the keys; NULL:
	                       * none is needed */
	enum gm_origin origin;
};

/*
 * Fill the ring, and check the service's base URL.  The ring stays empty if
 * there is no key; a loopback server that needs no key gets one empty key.  A
 * command is run once, for at most 30 s.  Returns 0, or -1: GM_ECONFIG, GM_EOS,
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).
 */
int gm_keyplace_find(struct gm_keyplace *, struct gm_config *,
    struct gm_secrets *, const struct gm_note *, struct gm_err *) GM_MUST_CHECK;

/*
 * Fill the ring with keys from standard input, one a line, and check the base
 * URL as gm_keyplace_find() does.  No key is an error.
 */
int
gm_keyplace_take(struct gm_keyplace *, struct gm_config *, struct gm_span typed,
    struct gm_secrets *, const struct gm_note *, struct gm_err *) GM_MUST_CHECK;

/* Fill *err: no API key, with the sources that were tried.  Returns -1. */
int gm_keyplace_fail(
    const struct gm_keyplace *, const struct gm_config *, struct gm_err *);

void gm_keyplace_release(struct gm_keyplace *);

#endif
