#ifndef GM_ROTATE_STATUS_H
#define GM_ROTATE_STATUS_H

/*
 * The output of --status: status, marks and use of each key.  Keys are masked.
 * No I/O and no clock.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "keys/rules.h"
#include "keys/table.h"

/* All is borrowed. */
struct gm_statuslist {
	struct gm_keyquery query;  /* if its filter names one key: only that */
	const char *const *models; /* configured; the first decides CURRENT */
	size_t models_len;         /* at least 1 */
};

/*
 * Append a line for each key, its cells separated by TABs, "-" for an empty
 * one: index, key, quota project, "*" if it is current, status, retry at,
 * reason, requests of the day.  The status is the worst one with a configured
 * model.  terminal: aligned, with a header, within 80 columns; without PROJECT
 * if no key has one.  Returns 0, or -1 with GM_EOS.
 */
int gm_statuslist_table(const struct gm_statuslist *, bool terminal,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Append a line for each key and model, with model, class, since, failures in a
 * row and last use, too.  The models are the configured ones, and all others
 * for which the table has rows of these keys.  Cooldowns of the whole service
 * follow, without a key.  Errors as above.
 */
int gm_statuslist_details(const struct gm_statuslist *, bool terminal,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Append the same details as JSON: an object on a line for each key, with an
 * array "models", and one without a key for cooldowns of the service, if there
 * are any.  retry_at is null without a mark, and for a mark without an end.
 * Errors as above.
 */
int gm_statuslist_json(const struct gm_statuslist *, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

#endif
