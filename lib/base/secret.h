#ifndef GM_BASE_SECRET_H
#define GM_BASE_SECRET_H

/*
 * Texts that must not be shown: every key that was read, what looks like one
 * on the command line or in a setting, and passwords in URLs.  Whatever we
 * print that may hold words of a server goes through gm_secret_mask(): as a
 * value, before it is quoted, put in JSON, or given a label.
 *
 * A secret of fewer than GM_SECRET_MIN bytes is masked as a whole word only: no
 * letter, digit, '_' or '-' in front of it or after it.  That takes a mixture:
 * at least 4 bytes, among them a letter and a digit, or one that is neither.
 * What is no such mixture is a dummy such as "x", "1" or "local" for a server
 * that wants no key: it is not kept, and masked nowhere, as it would garble
 * words that happen to be the same.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define GM_SECRET_MIN 8

struct gm_secrets {
	struct gm_buf *items; /* owned, wiped on release */
	size_t len;
};

/* Keep a copy; a text that is a dummy, or known, adds nothing. */
int gm_secrets_add(
    struct gm_secrets *, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/*
 * Append text with each secret in it as gm_secret_show() shows it; secrets that
 * overlap become one.  The beginning of a secret that was cut short, "..."
 * after it, goes too.  Without secrets (NULL) text stays as it is.
 */
void gm_secret_mask(
    const struct gm_secrets *, struct gm_buf *out, struct gm_span text);

/* Is text, all of it, a secret that was kept? */
bool gm_secrets_have(const struct gm_secrets *, struct gm_span text);

/*
 * Has text the shape of a key?  It begins as those of a known service do, ends
 * in a UUID, or has a run of 24 letters and digits of at least two of: lower
 * case, upper case, digits; with a suffix as of a file only the first counts.
 * Whoever looks at names that users typed, or that they may have set, asks here.
 */
bool gm_secret_is_key(struct gm_span text);

/*
 * Keep what must not be shown of a text that a user typed or set: its words
 * that are shaped like keys, and user name and password of a URL, both as
 * they are written and with %XX decoded.
 */
int gm_secrets_add_from(
    struct gm_secrets *, const char *text, struct gm_err *) GM_MUST_CHECK;

/* Append how a single key is shown: "...a1f3"; "..." when under 12 bytes. */
void gm_secret_show(struct gm_buf *out, struct gm_span key);

void gm_secrets_release(struct gm_secrets *);

#endif
