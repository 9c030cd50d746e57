#ifndef GM_CATALOG_H
#define GM_CATALOG_H

/*
 * The models of the service: from the cache while that is fresh, which needs
 * neither a key nor the network, else from all pages of its list; which of
 * them answer; and which ones somebody may have meant.
 */

#include <stdbool.h>

#include "base.h"
#include "cli.h"
#include "err.h"
#include "models.h"
#include "outcome.h"
#include "session.h"

struct gm_catalog {
	const struct gm_tool *tool; /* borrowed */
	struct gm_session session;
	struct gm_models models;
	bool connected; /* the session can be used */
};

/*
 * Load the configuration and the list; refresh: ask for it in any case.
 * Returns 0, or -1: GM_EUSAGE, GM_ECONFIG, GM_EOS, GM_EPROTOCOL (also a list
 * without end), and what asking may end with.
 */
int gm_catalog_open(struct gm_catalog *, const struct gm_tool *, bool refresh,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Ask each model that is left in the list to count tokens, which is free, and
 * note its class.  Returns how many answer, or -1: GM_ESIGNAL, the deadline,
 * GM_EOS, no key; or what all of them failed with, if that is no fault of
 * theirs: key, quota, network, service.
 */
int gm_catalog_probe(struct gm_catalog *, struct gm_err *) GM_MUST_CHECK;

void gm_catalog_close(struct gm_catalog *);

/*
 * If a question failed as its model does not exist, and the service names no
 * other, name those of the cached list that are like it in *err, which was
 * filled by gm_drive().  Never asks for the list.
 */
void gm_catalog_suggest(
    const struct gm_common *, struct gm_outcome *, struct gm_err *);

#endif
