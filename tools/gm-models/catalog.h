#ifndef GM_MODELS_CATALOG_H
#define GM_MODELS_CATALOG_H

/*
 * The models of a service: from the cache while that is fresh, which needs
 * neither a key nor the network, else from all pages of its list; and which of
 * them answer.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "call/result.h"
#include "call/services.h"
#include "cli/cli.h"
#include "provider/models.h"

struct gm_catalog {
	const struct gm_tool *tool; /* borrowed */
	struct gm_services services;
	struct gm_service service; /* whose list it is; it falls back to none */
	const struct gm_provider *provider; /* the same, also from the cache */
	struct gm_models models;
	bool connected;      /* the services can be used */
	bool probe;          /* it is to be probed: no other service counts */
	enum gm_class class; /* of the last page */
	int64_t retry_at_ms; /* the same */
};

/*
 * Load the configuration and the list, of the first service that gives one;
 * refresh: ask for it in any case; probe: it will be probed, so that no other
 * service would do.  Returns 0, or -1: GM_EUSAGE (also one that cannot be
 * probed), GM_ECONFIG, GM_EOS, GM_EPROTOCOL (also a list without end), and what
 * asking may end with.
 */
int gm_catalog_open(struct gm_catalog *, const struct gm_tool *, bool refresh,
    bool probe, struct gm_err *) GM_MUST_CHECK;

/* Ask each model that is left in the list; see gm_probe_models(). */
int gm_catalog_probe(struct gm_catalog *, struct gm_err *) GM_MUST_CHECK;

void gm_catalog_close(struct gm_catalog *);

#endif
