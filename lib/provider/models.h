#ifndef GM_PROVIDER_MODELS_H
#define GM_PROVIDER_MODELS_H

/*
 * A list of models: read from the pages of a service, narrowed to what is
 * wanted, searched for names that are like another one.
 *
 * Texts are the service's, made one clean line each, keys masked; what a page
 * leaves out is tolerated, what has no name is skipped, and of a name that
 * comes again the first counts.  A member "id" is a name as it is; without one
 * "name" is taken, less Gemini's "models/" in front.
 *
 * Source: ListModelsResponse and Model of
 * google/ai/generativelanguage/v1beta/model_service.proto and model.proto as
 * JSON.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/span.h"
#include "fault.h"

/* Models allowed in a list, and bytes in the token of a page. */
#define GM_MODELS_MAX 10000
#define GM_MODELS_TOKEN_MAX 2000

struct gm_model {
	char *name;          /* to be asked by; owned, the others with it */
	const char *display; /* "" if it has none */
	const char *methods; /* each with a newline behind it */
	bool unknown;        /* the service does not say which it has */
	int64_t input_limit, output_limit; /* tokens; -1: not said */
	bool thinking;
	enum gm_class class; /* what came of asking it, once that was done */
	long http;           /* 0: no response */
};

struct gm_models {
	struct gm_model *items;
	size_t len, cap;
};

/* What is wanted of a list; all is borrowed. */
struct gm_models_filter {
	const char *method;    /* NULL: any */
	bool unknown;          /* those of unknown methods, too */
	char *const *patterns; /* one of them must match; none: all do */
	size_t len;
};

/*
 * Add the models of a page; *next becomes the token of the page behind it, ""
 * at the end.  Returns 0, or -1: GM_EPROTOCOL (no JSON, too many models, a
 * token without end), GM_EOS.
 */
int gm_models_parse(struct gm_models *, struct gm_span page,
    const struct gm_secrets *, struct gm_buf *next,
    struct gm_err *) GM_MUST_CHECK;

/* Append the list as the member "models" of a page, for gm_models_parse(). */
struct gm_jsonw;
void gm_models_write(const struct gm_models *, struct gm_jsonw *);

/*
 * Drop all but what is wanted.  A pattern is a glob (fnmatch(3)) of the whole
 * name if it holds one of * ? [, else a part of the name, compared without
 * case; "models/" in front of it is dropped.
 */
void gm_models_keep(struct gm_models *, const struct gm_models_filter *);

/*
 * Append the names that are most like this one, three at most and never
 * itself, "a, b, c"; nothing if none is near.  Only models with this method
 * count; NULL: all.
 */
void gm_models_near(const struct gm_models *, const char *name,
    const char *method, struct gm_buf *out);

void gm_models_release(struct gm_models *);

#endif
