#ifndef GM_CALL_SERVICES_H
#define GM_CALL_SERVICES_H

/*
 * The services that can be asked, made from a loaded configuration: keys, base
 * URLs, limits, connections.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "call/keyset.h"
#include "call/service.h"
#include "config/vendor.h"
#include "net/exchange.h"

/* What is wanted; all is borrowed until gm_services_close(). */
struct gm_services_options {
	struct gm_keyset_options keys; /* with the configuration */
	/* In the order in which they are asked: one, then its fallbacks. */
	struct gm_vendors vendors;
	bool all;    /* no vendor was named: one without keys is a detail */
	bool advise; /* name models of the cached list that are like a wrong
	              * one */
	const char *agent; /* User-Agent */
	enum gm_http_family family;
	bool http1;          /* HTTP/1.1 only */
	int64_t deadline_ms; /* monotonic clock; 0: none */
};

/* In the order in which they are asked; one at least, once it is open. */
struct gm_services {
	struct gm_services_options options;
	struct gm_keyset *keysets[GM_VENDORS];
	struct gm_service
	    services[GM_VENDORS]; /* the same, for struct gm_call_args */
	size_t len;
	struct gm_buf cache_dir;   /* "": none */
	struct gm_keystate *state; /* of all keys */
	struct gm_keyset *room;    /* private: GM_VENDORS of them, or NULL */
};

/*
 * Find the keys.  A service without a key is left out with a note, if another
 * one has one.  Returns 0, or -1: GM_EUSAGE, GM_ECONFIG, GM_EOS; to be closed
 * in any case.
 */
int gm_services_open(struct gm_services *, const struct gm_services_options *,
    struct gm_err *) GM_MUST_CHECK;

/* Make the http of all services; sends nothing yet.  GM_EOS, GM_ECONFIG. */
int gm_services_connect(struct gm_services *, struct gm_err *) GM_MUST_CHECK;

/*
 * Have the request asked of the first service's models, and leave out those
 * services that have no model, or no counterpart of what it asks for, with a
 * note.  Returns 0, or -1 where that is the one that the user asked for, or
 * none is left: GM_ECONFIG, GM_EUSAGE.
 */
int gm_services_fit(
    struct gm_services *, struct gm_request *, struct gm_err *) GM_MUST_CHECK;

/* Harmless for all zero, and again. */
void gm_services_close(struct gm_services *);

#endif
