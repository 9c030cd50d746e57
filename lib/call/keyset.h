#ifndef GM_CALL_KEYSET_H
#define GM_CALL_KEYSET_H

/*
 * Keys, base URL and models of a service, from the configuration, and the
 * shared key state.  Every tool that chooses a key uses it, also one that sends
 * nothing.
 */

#include "base/base.h"
#include "base/err.h"
#include "base/note.h"
#include "base/process.h"
#include "base/secret.h"
#include "base/span.h"
#include "config/config.h"
#include "config/keyplace.h"
#include "config/vendor.h"
#include "keys/keys.h"
#include "provider/provider.h"

/* Most models of a list. */
#define GM_MODELS_LISTED 16

/* The source of a key set, and how its keys are used; all is borrowed. */
struct gm_keyset_options {
	struct gm_config *config;   /* loaded; a base URL that is not trusted is
	                           * reset */
	struct gm_secrets *secrets; /* the keys are added */
	const struct gm_note *note;
	/* Of the process at start, for a key command; or NULL. */
	const struct gm_process_limits *limits;
	/* Keys, one a line, instead of the configured ones; p NULL: none. */
	struct gm_span typed;
	bool no_command; /* do not run a key command */
	bool no_state;   /* do not use the shared key state */
	bool must_store; /* fail if the key state cannot be saved */
	bool ignore_cooldown;
};

struct gm_keyset {
	struct gm_keyplace place; /* its ring is empty if there is no key */
	const struct gm_provider *provider;
	const char *base_url;
	struct gm_keys keys;
	struct gm_keyfilter filter; /* of each call, from the options */
	char *models_text;          /* holds the names */
	const char *models[GM_MODELS_LISTED];
	size_t models_len;
	struct gm_buf state_dir; /* "": none */
};

/*
 * Find keys, base URL and models of a service.  Without a key nothing is
 * opened, and only gm_keyset_close() may follow.  The state, zero at first, is
 * opened here unless it is open already; the caller closes it after all sets.
 * Returns 0, or -1: GM_EUSAGE, GM_ECONFIG, GM_EOS.
 */
int gm_keyset_find(struct gm_keyset *, const struct gm_keyset_options *,
    enum gm_vendor, struct gm_keystate *, struct gm_err *) GM_MUST_CHECK;

/*
 * Find a set that is used alone, and trace the settings.  Fails without a key
 * or a model: GM_ECONFIG.
 */
int gm_keyset_open(struct gm_keyset *, const struct gm_keyset_options *,
    enum gm_vendor, struct gm_keystate *, struct gm_err *) GM_MUST_CHECK;

/* The protocol of a provider at a base URL. */
const struct gm_provider *
gm_keyset_provider(enum gm_vendor, const char *base_url);

/* Print where settings and keys come from (-vv). */
void gm_keyset_trace(
    const struct gm_keyset *, size_t len, const struct gm_keyset_options *);

/* Returns 0 if there is a model, or -1 with GM_ECONFIG. */
int
gm_keyset_need_model(const struct gm_keyset *, struct gm_err *) GM_MUST_CHECK;

void gm_keyset_close(struct gm_keyset *);

#endif
