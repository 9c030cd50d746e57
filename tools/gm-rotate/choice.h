#ifndef GM_ROTATE_CHOICE_H
#define GM_ROTATE_CHOICE_H

/*
 * The key that was chosen, or the reason why none can be used, as output.  No
 * I/O and no clock.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/vendor.h"
#include "keys/rules.h"

/* All is borrowed. */
struct gm_keychoice {
	const struct gm_keyring *ring;
	const char *model, *base_url;
	enum gm_vendor vendor; /* of the keys */
	int64_t now_ms;        /* wall clock, for messages */
	struct gm_pick pick;
};

enum gm_keychoice_form {
	GM_KEYCHOICE_INDEX, /* "1" */
	GM_KEYCHOICE_KEY,   /* the key itself */
	GM_KEYCHOICE_JSON   /* an object, also without a key */
};

/* The key of the pick. */
struct gm_span gm_keychoice_key(const struct gm_keychoice *);

/*
 * Return 0 if there is a key, else -1 with the message of
 * gm_result_fail_keys(): GM_ETEMPFAIL, GM_ENOPERM.
 */
int
gm_keychoice_check(const struct gm_keychoice *, struct gm_err *) GM_MUST_CHECK;

/* Append the choice as a line.  Returns as gm_keychoice_check(), or GM_EOS. */

int gm_keychoice_write(const struct gm_keychoice *, enum gm_keychoice_form,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

#endif
