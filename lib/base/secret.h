#ifndef GM_BASE_SECRET_H
#define GM_BASE_SECRET_H

/*
 * Secrets, which are masked in all output: every key that was read, words of
 * the command line and of settings that look like keys, and passwords in URLs.
 *  Text that may come from a server goes through gm_secret_mask() as a plain
 * value, before it is quoted, encoded as JSON or given a label.
 *
 * A secret shorter than GM_SECRET_MIN bytes is masked only as a whole word:
 * with no letter, digit, '_' or '-' before or after it.  It must have at least
 * 4 bytes, among them a letter and a digit, or a byte that is neither.  Any
 * other short text is a dummy for a server that needs no key, such as "x", "1"
 * or "local".  It is not kept, as masking it would garble ordinary words.
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

/* Keep a copy, unless it is a dummy or known.  Returns 0, or -1: GM_EOS. */
int gm_secrets_add(
    struct gm_secrets *, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/*
 * Append text with each secret replaced as by gm_secret_show(); secrets that
 * overlap become one.  The beginning of a secret, cut short and followed by
 * "...", is masked, too.  Without secrets (NULL) text is copied unchanged.
 */
void gm_secret_mask(
    const struct gm_secrets *, struct gm_buf *out, struct gm_span text);

/* True if the whole text is a secret that was kept. */
bool gm_secrets_have(const struct gm_secrets *, struct gm_span text);

/*
 * True if text looks like a key: it begins like those of a known service, ends
 * in a UUID, or has 24 letters and digits in a row of at least two kinds (lower
 * case, upper case, digits).  If text ends like a file name (".txt"), only the
 * beginning counts.  Check names that a user has typed or set by this function
 * before they are shown.
 */
bool gm_secret_is_key(struct gm_span text);

/*
 * Keep the secrets of a text that a user has typed or set: words that look like
 * keys, and the password of a URL (without a colon, its user name), as written
 * and with %XX decoded.  Returns 0, or -1: GM_EOS.
 */
int gm_secrets_add_from(
    struct gm_secrets *, const char *text, struct gm_err *) GM_MUST_CHECK;

/* Append a masked key: "...a1f3", or "..." if it is shorter than 12 bytes. */
void gm_secret_show(struct gm_buf *out, struct gm_span key);

void gm_secrets_release(struct gm_secrets *);

#endif
