#ifndef GM_CALL_SERVICE_H
#define GM_CALL_SERVICE_H

/*
 * A service as calls use it: plain data, shared by all of them.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/note.h"
#include "keys/keys.h"
#include "net/http.h"
#include "provider/modelcache.h"
#include "provider/provider.h"

/* All is borrowed. */
struct gm_service {
	struct gm_http *http;
	const struct gm_provider *provider;
	const char *base_url;
	struct gm_keys *keys;
	struct gm_keyfilter filter; /* of each call, as the options have it */
	const char *key_variable;   /* that may set a key, for advice */
	const char *const *models;  /* for a fallback to it; at least one */
	size_t models_len;
	struct gm_modelcache cache;    /* has names similar to a wrong one */
	const struct gm_service *next; /* the fallback; NULL: none */
	bool fallback;                 /* the user prefers another service */
	const struct gm_note *note;
	/* Longest time without data: until the first event, and after it. */
	int64_t response_ms, timeout_ms;
	int64_t max_wait_ms; /* longest sleep for a key */
	int64_t deadline_ms; /* monotonic clock; 0: none */
	unsigned retries;    /* per model, after a fault that may pass */
};

#endif
