#ifndef GM_SESSION_H
#define GM_SESSION_H

/*
 * A service ready to be asked, from what the shared options say: keys, base
 * URL, limits, connections.
 */

#include "ask.h"
#include "base.h"
#include "cli.h"
#include "err.h"
#include "keyset.h"

struct gm_session {
	struct gm_keyset keyset;
	struct gm_service service; /* for gm_drive(), once connected */
};

/*
 * Load the configuration and find the keys.  Returns 0, or -1: GM_EUSAGE,
 * GM_ECONFIG, GM_EOS.
 */
int gm_session_open(
    struct gm_session *, const struct gm_tool *, struct gm_err *) GM_MUST_CHECK;

/* The second half of it, for who has called gm_cli_configure() already. */
int gm_session_find(
    struct gm_session *, const struct gm_tool *, struct gm_err *) GM_MUST_CHECK;

/* Make the service's http; sends nothing yet.  GM_EOS, GM_ECONFIG. */
int gm_session_connect(
    struct gm_session *, const struct gm_tool *, struct gm_err *) GM_MUST_CHECK;

/*
 * Ask the models of the configuration, which are the keyset's: the first of
 * them, the others as spare.
 */
void gm_session_models(const struct gm_session *, struct gm_question *);

void gm_session_close(struct gm_session *);

#endif
