#ifndef GM_CLI_OFFER_H
#define GM_CLI_OFFER_H

/*
 * What completions offer of what this machine knows: models of the cached list,
 * and indices of keys.  It is asked for while the user waits for TAB, so
 * nothing is sent, no lock is taken, no command is run, nothing is said, and
 * what cannot be found out is not offered.
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
	const char *env_file; /* --env-file's argument; NULL: none */
	const char *provider; /* --provider's; NULL: Gemini */
};

/*
 * Append the models of the provider that can answer requests, however old the
 * list is, a line each; but none whose name a shell would not take as it is.
 */
void gm_offer_models(const struct gm_offer *, struct gm_buf *out);

/* Append the indices of the provider's keys, a line each; never a key. */
void gm_offer_keys(const struct gm_offer *, struct gm_buf *out);

#endif
