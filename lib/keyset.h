#ifndef GM_KEYSET_H
#define GM_KEYSET_H

/*
 * Keys and models as the configuration has them, and the shared state of the
 * keys: what every tool needs that chooses a key, also one that asks nobody.
 */

#include "base.h"
#include "cli.h"
#include "err.h"
#include "keyplace.h"
#include "keys.h"

/* Models tried in order, at most. */
#define GM_MODELS_LISTED 16

struct gm_keyset {
	struct gm_keyplace place;
	struct gm_keys keys;
	char *models_text;                    /* what the names point to */
	const char *models[GM_MODELS_LISTED]; /* one at least */
	size_t models_len;
	struct gm_buf state_dir; /* "": none */
};

/*
 * Find keys, base URL and models, from a configuration that is loaded; open the
 * state.  Returns 0, or -1: GM_EUSAGE, GM_ECONFIG, GM_EOS.
 */
int gm_keyset_open(
    struct gm_keyset *, const struct gm_tool *, struct gm_err *) GM_MUST_CHECK;

void gm_keyset_close(struct gm_keyset *);

#endif
