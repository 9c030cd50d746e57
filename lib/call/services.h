#ifndef GM_CALL_SERVICES_H
#define GM_CALL_SERVICES_H

/*
 * The services that the configuration allows: keys, base URLs, limits,
 * connections.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "call/keyset.h"
#include "call/service.h"
#include "config/vendor.h"
#include "net/exchange.h"

/* All is borrowed until gm_services_close(). */
struct gm_services_options {
	struct gm_keyset_options keys; /* with the configuration */
	/* In the order of use: one, then its fallbacks. */
	struct gm_vendors vendors;
	bool all;    /* --provider all: one without keys is a detail */
	bool advise; /* suggest names from the cached list for a wrong one */
	const char *agent; /* User-Agent */
	enum gm_http_family family;
	bool http1;          /* HTTP/1.1 only */
	int64_t deadline_ms; /* monotonic clock; 0: none */
};

/* In the order of use; at least one, once it is open. */
struct gm_services {
	struct gm_services_options options;
	struct gm_keyset *keysets[GM_VENDORS];
	struct gm_service services[GM_VENDORS]; /* of these, for calls */
	size_t len;
	struct gm_buf cache_dir;   /* "": none */
	struct gm_keystate *state; /* of all keys */
	struct gm_keyset *room;    /* private: GM_VENDORS of them, or NULL */
};

/*
 * Find the keys.  A service without a key is skipped with a note if another one
 * has a key.  Returns 0, or -1: GM_EUSAGE, GM_ECONFIG, GM_EOS; to be closed
 * in any case.
 */
int gm_services_open(struct gm_services *, const struct gm_services_options *,
    struct gm_err *) GM_MUST_CHECK;

/* Prepare the connections of all services; nothing is sent.  Returns 0, or -1:
 * GM_EOS, GM_ECONFIG. */
int gm_services_connect(struct gm_services *, struct gm_err *) GM_MUST_CHECK;

/*
 * Set the request's models to those of the first service, and skip, with a
 * note, services that have no model or do not support what it needs.  Returns
 * 0, or -1 if that is the service that the user named, or if none is left:
 * GM_ECONFIG, GM_EUSAGE.
 */
int gm_services_fit(
    struct gm_services *, struct gm_request *, struct gm_err *) GM_MUST_CHECK;

/* Harmless if all zero, and if called again. */
void gm_services_close(struct gm_services *);

#endif
