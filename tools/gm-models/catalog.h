#ifndef GM_MODELS_CATALOG_H
#define GM_MODELS_CATALOG_H

/*
 * The models of a service.  A fresh list comes from the cache, without a key or
 * the network; otherwise all pages of the list are requested.
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
	struct gm_service service; /* of the list; without a fallback */
	const struct gm_provider *provider; /* of the list, also if cached */
	struct gm_models models;
	bool connected;      /* services can be used */
	bool probe;          /* --probe: no fallback to another service */
	enum gm_class class; /* result of the last page */
	int64_t retry_at_ms; /* of the last page */
};

/*
 * Load the configuration, and the list of the first service that has one.
 * refresh: do not read the cache.  probe: only the first service, as a fallback
 * could not be probed in its place.  Returns 0, or -1: GM_EUSAGE (the service
 * cannot be probed), GM_ECONFIG, GM_EOS, GM_EPROTOCOL (also for a list without
 * an end), or the error of a request.
 */
int gm_catalog_open(struct gm_catalog *, const struct gm_tool *, bool refresh,
    bool probe, struct gm_err *) GM_MUST_CHECK;

/* Probe each model that is left in the list; see gm_probe_models(). */

int gm_catalog_probe(struct gm_catalog *, struct gm_err *) GM_MUST_CHECK;

void gm_catalog_close(struct gm_catalog *);

#endif
