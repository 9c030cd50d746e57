#ifndef GM_PROVIDER_ENCODE_H
#define GM_PROVIDER_ENCODE_H

/*
 * A request encoded for HTTP: URL, headers and body.
 *
 * URL and body depend on the service (provider and base URL) and on the request:
 * its model and, if it has files, the project of the key that uploaded them.  After
 * a change of these call gm_encoded_make() again; for another key of the project
 * gm_encoded_sign() is enough.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"
#include "base/span.h"
#include "net/exchange.h"
#include "provider/provider.h"

/* Limit in bytes for a body. */
#define GM_ENCODED_MAX (512 * 1024 * 1024)

/* All zero is valid and empty. */
struct gm_encoded {
	struct gm_buf url, body;
	struct gm_body_span source; /* of the body */
	const char *project;        /* the request's, borrowed */
	struct gm_buf secret;       /* the header with the key; or empty */
	size_t key_at;              /* offset of the key in it */
};

/*
 * Make URL and body, in place of earlier ones.  Returns 0, or -1: GM_EOS, GM_EDATA
 * (too large).
 */
int gm_encoded_make(struct gm_encoded *, const struct gm_provider *,
    const struct gm_request *, const char *base_url,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Return true if a key of this project can send it.  Otherwise upload the files
 * with that key, put them into the turns of the request, and make it again.
 */
bool gm_encoded_fits(const struct gm_encoded *, const char *project);

/* Set the key; an empty one sends none. */
int gm_encoded_sign(struct gm_encoded *, const struct gm_provider *,
    struct gm_span key, struct gm_err *) GM_MUST_CHECK;

/* Let an HTTP request borrow the texts; one transfer at a time. */
void gm_encoded_fill(struct gm_encoded *, struct gm_http_request *);

/* Print URL and headers as notes, the key as gm_secret_show() shows it. */
void gm_encoded_describe(
    const struct gm_encoded *, const struct gm_note *, enum gm_level);

void gm_encoded_release(struct gm_encoded *);

#endif
