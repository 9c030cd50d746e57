#ifndef GM_PROVIDER_MODELCACHE_H
#define GM_PROVIDER_MODELCACHE_H

/*
 * A cache of the list of models: a file for each base URL.  It is optional: a file
 * that cannot be read counts as absent, a failure to write is only a note, and
 * nothing waits for it.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/note.h"
#include "fault.h"
#include "provider/models.h"

/* Borrowed.  All zero: no cache. */
struct gm_modelcache {
	const char *dir;      /* NULL or "": no cache */
	const char *base_url; /* of the service */
	const struct gm_note *note;
};

/* Maximum age of a list in normal use: 24 h. */
#define GM_MODELCACHE_FRESH_MS INT64_C(86400000)

/*
 * Read the list, if it is at most max_age_ms old at the time now_ms (wall clock);
 * one from the future is too old.  With INT64_MAX any age will do.  Returns false
 * without a list, with a note at -v unless it is just absent or too old.
 */
bool gm_modelcache_read(const struct gm_modelcache *, int64_t now_ms,
    int64_t max_age_ms, struct gm_models *);

/* Write a list as of now_ms; make the directory if needed. */
void gm_modelcache_write(
    const struct gm_modelcache *, int64_t now_ms, const struct gm_models *);

/*
 * Set the fault's remedy to similar models of the list, of any age: "did you mean
 * a, b?"  No change without similar names; method as for gm_models_near().
 */
void gm_modelcache_advise(const struct gm_modelcache *, const char *model,
    const char *method, struct gm_fault *);

/*
 * The context window of a model, named with or without "models/", in input tokens;
 * 0 if it is unknown: not in the list, or no list that is at most max_age_ms old at
 * the time now_ms.
 */
int64_t gm_modelcache_window(const struct gm_modelcache *, int64_t now_ms,
    int64_t max_age_ms, const char *model);

#endif
