#ifndef GM_CALL_SERVICE_H
#define GM_CALL_SERVICE_H

/*
 * A service that can be asked: plain data, the same for all calls.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/note.h"
#include "keys/keys.h"
#include "net/http.h"
#include "provider/modelcache.h"
#include "provider/provider.h"

/* A service that can be asked, with what all requests share; borrowed. */
struct gm_service {
	struct gm_http *http;
	const struct gm_provider *provider;
	const char *base_url;
	struct gm_keys *keys;
	struct gm_keyfilter filter; /* of each call, as the options have it */
	const char *key_variable;   /* what would hold one, for advice */
	const char *const *models;  /* for who falls back to it: one at least */
	size_t models_len;
	struct gm_modelcache cache;    /* where names like a wrong one are */
	const struct gm_service *next; /* to fall back to; NULL: none */
	bool fallback;                 /* the user would ask another first */
	const struct gm_note *note;
	/* No data allowed for: until the first event, and between two. */
	int64_t response_ms, timeout_ms;
	int64_t max_wait_ms; /* longest sleep for a key */
	int64_t deadline_ms; /* monotonic clock; 0: none */
	unsigned retries;    /* per model, after a fault that may pass */
};

#endif
