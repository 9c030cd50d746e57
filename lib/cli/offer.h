#ifndef GM_CLI_OFFER_H
#define GM_CLI_OFFER_H

/*
 * Models and keys that completions offer: those of the cached list, and of the
 * configuration.  The user waits for TAB, so nothing is sent, locked, run or
 * printed, and after a failure nothing is offered.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/vendor.h"

/* All is borrowed. */
struct gm_offer {
	struct gm_config *config; /* gm_config_init() was called */
	struct gm_secrets *secrets;
	const char *env_file; /* of --env-file; NULL: none */
	const char *provider; /* of --provider; NULL: Gemini */
};

/*
 * Append the models of the provider that can answer, a line each, however old
 * the list is; names that a shell would need quotes for are left out.
 */
void gm_offer_models(const struct gm_offer *, struct gm_buf *out);

/* Append the indices of the provider's keys, a line each; never a key. */
void gm_offer_keys(const struct gm_offer *, struct gm_buf *out);

#endif
