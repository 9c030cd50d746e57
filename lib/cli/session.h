#ifndef GM_CLI_SESSION_H
#define GM_CLI_SESSION_H

/*
 * The services ready to be asked, from what the shared options say: keys, base
 * URLs, limits, connections.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/ask.h"
#include "cli/cli.h"
#include "cli/keyset.h"
#include "config/vendor.h"

/* In the order in which they are asked; one at least, once it is open. */
struct gm_session {
	struct gm_keyset *keysets[GM_VENDORS];
	struct gm_service services[GM_VENDORS]; /* the same; for gm_drive() */
	size_t len;
	unsigned *told;         /* of the key state, which all services share */
	struct gm_keyset *room; /* private: GM_VENDORS of them, or NULL */
};

/*
 * Load the configuration and find the keys.  A service without a key is left
 * out with a note, if another one has one.  Returns 0, or -1: GM_EUSAGE,
 * GM_ECONFIG, GM_EOS.
 */
int gm_session_open(
    struct gm_session *, const struct gm_tool *, struct gm_err *) GM_MUST_CHECK;

/* The second half of it, for who has called gm_cli_configure() already. */
int gm_session_find(
    struct gm_session *, const struct gm_tool *, struct gm_err *) GM_MUST_CHECK;

/* Make the http of all services; sends nothing yet.  GM_EOS, GM_ECONFIG. */
int gm_session_connect(
    struct gm_session *, const struct gm_tool *, struct gm_err *) GM_MUST_CHECK;

/*
 * Have the question asked of the first service's models, and leave out those
 * services that have no model, or no counterpart of what it asks for, with a
 * note.  Returns 0, or -1 where that is the one that the user asked for, or
 * none is left: GM_ECONFIG, GM_EUSAGE.
 */
int gm_session_fit(
    struct gm_session *, struct gm_question *, struct gm_err *) GM_MUST_CHECK;

void gm_session_close(struct gm_session *);

#endif
