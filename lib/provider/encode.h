#ifndef GM_PROVIDER_ENCODE_H
#define GM_PROVIDER_ENCODE_H

/*
 * A request as HTTP: the texts that a request points to.
 *
 * URL and body depend on the service (provider and base URL) and the request:
 * its model and, if it has files, the project of the key that uploaded them.
 * Whatever of these changes, gm_encoded_make() makes both anew.  Another key of
 * the same project is just another gm_encoded_sign().
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"
#include "base/span.h"
#include "net/exchange.h"
#include "provider/provider.h"

/* Bytes allowed in a body. */
#define GM_ENCODED_MAX (512 * 1024 * 1024)

/* All zero is a valid, empty one. */
struct gm_encoded {
	struct gm_buf url, body;
	struct gm_body_span source; /* of the body */
	const char *project;        /* the request's, borrowed */
	struct gm_buf secret;       /* the header with the key; empty: none */
	size_t key_at;              /* where the key begins in it */
};

/*
 * Make, or make anew, URL and body.  Returns 0, or -1: GM_EOS, GM_EDATA (too
 * large).
 */
int gm_encoded_make(struct gm_encoded *, const struct gm_provider *,
    const struct gm_request *, const char *base_url,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Can a key of this project send it as it was made?  If not, upload the files
 * with that key, put them into the request's turns, and make it anew.
 */
bool gm_encoded_fits(const struct gm_encoded *, const char *project);

/* Set the key that goes with it; empty: none does. */
int gm_encoded_sign(struct gm_encoded *, const struct gm_provider *,
    struct gm_span key, struct gm_err *) GM_MUST_CHECK;

/* Point a transfer's request to the texts.  One transfer at a time. */
void gm_encoded_fill(struct gm_encoded *, struct gm_http_request *);

/* Tell what is sent, but for the body; any key as gm_secret_show() shows it. */
void gm_encoded_describe(
    const struct gm_encoded *, const struct gm_note *, enum gm_level);

void gm_encoded_release(struct gm_encoded *);

#endif
