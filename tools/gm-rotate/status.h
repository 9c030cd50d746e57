#ifndef GM_ROTATE_STATUS_H
#define GM_ROTATE_STATUS_H

/*
 * What is known of the keys, for people and for programs: how each stands with
 * each model, and what of it was used.  Keys are shown masked.  No I/O, no
 * clock.
 *
 * The models are those of the configuration, then any other that the table
 * knows these keys with.  After the keys come the pauses of the whole
 * service for this list of keys, which have no key.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "keys/rules.h"
#include "keys/table.h"

/* All is borrowed. */
struct gm_statuslist {
	struct gm_keyquery query; /* its filter of one key: that key alone */
	const char *const *models;
	size_t models_len;
};

/*
 * Append a line for each key and model: index, key, quota project, "*" where
 * it is the current one, model, class, since, until, requests of the day,
 * failures in a row, last use, reason; TAB-separated, "-" where there is none.
 * header: names of the columns come first.  Returns 0, or -1 with GM_EOS.
 */
int gm_statuslist_table(const struct gm_statuslist *, bool header,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Append a line for each key, an object with "models", and then one for all
 * pauses if there are any.  An end is null where there is none, and where a
 * mark has no end.  Errors as above.
 */
int gm_statuslist_json(const struct gm_statuslist *, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

#endif
