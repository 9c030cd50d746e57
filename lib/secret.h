#ifndef GM_SECRET_H
#define GM_SECRET_H

/*
 * Texts that must not be shown: every key that was read.  Whatever we print
 * that may hold words of a server goes through gm_secret_mask().
 */

#include <stdbool.h>

#include "base.h"
#include "buf.h"
#include "err.h"
#include "span.h"

struct gm_secrets {
	struct gm_buf *items; /* owned, wiped on release */
	size_t len;
};

/* Keep a copy; an empty text and one that is known add nothing. */
int gm_secrets_add(
    struct gm_secrets *, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/*
 * Append text with each secret in it as gm_secret_show() shows it; secrets that
 * overlap become one.  The beginning of a secret that was cut short, "..."
 * after it, goes too.  Without secrets (NULL) text stays as it is.
 */
void gm_secret_mask(
    const struct gm_secrets *, struct gm_buf *out, struct gm_span text);

/* Append how a single key is shown: "...a1f3"; "..." when under 12 bytes. */
void gm_secret_show(struct gm_buf *out, struct gm_span key);

void gm_secrets_release(struct gm_secrets *);

#endif
