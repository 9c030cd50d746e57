#ifndef GM_KEYPLACE_H
#define GM_KEYPLACE_H

/*
 * Where the keys come from, and whether the base URL may be used with them.
 *
 * Places, the first that has a key is used alone: process environment,
 * $CREDENTIALS_DIRECTORY/google-api-keys, env file.  A base URL from a place
 * less trusted than the keys' could send them elsewhere: one from ./.env is
 * dropped with a note, any other is an error.
 */

#include "base.h"
#include "buf.h"
#include "config.h"
#include "err.h"
#include "keyring.h"
#include "note.h"

struct gm_keyplace {
	struct gm_keyring ring;
	const char *variable; /* what holds them: "GEMINI_API_KEY", a file */
	enum gm_origin origin;
};

/*
 * Fill the ring, which is never empty afterwards, and settle
 * GM_SET_BASE_URL in the configuration.  Returns 0, or -1: GM_ECONFIG, GM_EOS.
 */
int gm_keyplace_find(struct gm_keyplace *, struct gm_config *,
    struct gm_secrets *, const struct gm_note *, struct gm_err *) GM_MUST_CHECK;

/*
 * The same with the keys that were typed in, one a line, and no others.
 */
int
gm_keyplace_take(struct gm_keyplace *, struct gm_config *, struct gm_span typed,
    struct gm_secrets *, const struct gm_note *, struct gm_err *) GM_MUST_CHECK;

void gm_keyplace_release(struct gm_keyplace *);

#endif
