#ifndef GM_PROVIDER_MODELCACHE_H
#define GM_PROVIDER_MODELCACHE_H

/*
 * The list of models in a file, one for each base URL, so that not every run
 * has to ask for it.  It is a convenience: what cannot be read counts as
 * absent, what cannot be written is told in a note, and nothing waits for it.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/note.h"
#include "fault.h"
#include "provider/models.h"

/* All is borrowed; all zero: there is none. */
struct gm_modelcache {
	const char *dir;      /* NULL or "": there is none */
	const char *base_url; /* whose list it is */
	const struct gm_note *note;
};

/* How long a list is good. */
#define GM_MODELCACHE_FRESH_MS INT64_C(86400000)

/*
 * Read the list, if it is at most max_age_ms old at the time now_ms (wall
 * clock); one from the future is no younger than any.  False: there is none,
 * with a note at -v unless it is only absent or old.
 */
bool gm_modelcache_read(const struct gm_modelcache *, int64_t now_ms,
    int64_t max_age_ms, struct gm_models *);

/* Keep a list as of now_ms; the directory is made if need be. */
void gm_modelcache_write(
    const struct gm_modelcache *, int64_t now_ms, const struct gm_models *);

/*
 * Name models of the list, however old, that are like this one in the fault's
 * remedy: "similar: a, b".  It stays as it is if none is; method is as for
 * gm_models_near().
 */
void gm_modelcache_advise(const struct gm_modelcache *, const char *model,
    const char *method, struct gm_fault *);

/*
 * Input tokens that a model takes, with or without "models/" in front of its
 * name; 0: not known, as the list does not say, or is absent, or is older at
 * the time now_ms than max_age_ms.
 */
int64_t gm_modelcache_window(const struct gm_modelcache *, int64_t now_ms,
    int64_t max_age_ms, const char *model);

#endif
