#ifndef GM_CLI_KEYSET_H
#define GM_CLI_KEYSET_H

/*
 * Keys, base URL and models of a service as the configuration has them, and the
 * shared state of the keys: what every tool needs that chooses a key, also one
 * that asks nobody.
 */

#include "base/base.h"
#include "base/err.h"
#include "cli/cli.h"
#include "config/keyplace.h"
#include "config/vendor.h"
#include "keys/keys.h"
#include "provider/provider.h"

/* Models tried in order, at most. */
#define GM_MODELS_LISTED 16

struct gm_keyset {
	struct gm_keyplace place; /* its ring is empty if there is no key */
	const struct gm_provider *provider;
	const char *base_url;
	struct gm_keys keys;
	char *models_text;                    /* what the names point to */
	const char *models[GM_MODELS_LISTED]; /* none, where none is set */
	size_t models_len;
	struct gm_buf state_dir; /* "": none */
};

/*
 * Find keys, base URL and models of a service, from a configuration that is
 * loaded, and open the state; without a key nothing is opened, and only
 * gm_keyset_close() is of use.  told, borrowed, is as for gm_keystate_open().
 * Returns 0, or -1: GM_EUSAGE, GM_ECONFIG, GM_EOS.
 */
int gm_keyset_find(struct gm_keyset *, const struct gm_tool *, enum gm_vendor,
    unsigned *told, struct gm_err *) GM_MUST_CHECK;

/*
 * The same for the service that the options name, with the settings traced;
 * there must be a key and a model: GM_ECONFIG.
 */
int gm_keyset_open(
    struct gm_keyset *, const struct gm_tool *, struct gm_err *) GM_MUST_CHECK;

/* The service of that name at that address, as it is asked. */
const struct gm_provider *
gm_keyset_provider(enum gm_vendor, const char *base_url);

/* Tell where the keys of some sets come from (-vv). */
void
gm_keyset_trace(const struct gm_keyset *, size_t len, const struct gm_common *);

/* Is a model known?  Returns 0, or -1 with GM_ECONFIG. */
int
gm_keyset_need_model(const struct gm_keyset *, struct gm_err *) GM_MUST_CHECK;

void gm_keyset_close(struct gm_keyset *);

#endif
