#ifndef GM_ROTATE_CHOICE_H
#define GM_ROTATE_CHOICE_H

/*
 * The key that was chosen, or why none can be used, in words.  No I/O.
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
	enum gm_vendor vendor; /* whose keys they are */
	struct gm_pick pick;
};

enum gm_keychoice_form {
	GM_KEYCHOICE_INDEX, /* "1" */
	GM_KEYCHOICE_KEY,   /* the key itself */
	GM_KEYCHOICE_JSON   /* an object, also where there is no key */
};

/* The key of the pick. */
struct gm_span gm_keychoice_key(const struct gm_keychoice *);

/*
 * 0 if there is a key, else -1: GM_ETEMPFAIL, GM_ENOPERM, with the words of
 * gm_result_fail_keys().
 */
int
gm_keychoice_check(const struct gm_keychoice *, struct gm_err *) GM_MUST_CHECK;

/* Append it as a line; the result is that of the check, or GM_EOS. */
int gm_keychoice_write(const struct gm_keychoice *, enum gm_keychoice_form,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

#endif
