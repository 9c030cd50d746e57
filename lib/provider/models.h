#ifndef GM_PROVIDER_MODELS_H
#define GM_PROVIDER_MODELS_H

/*
 * A list of models: parsed from the pages of a service, filtered, searched for
 * similar names.
 *
 * Texts of the service become one clean line each, with keys masked.  Missing
 * members are tolerated, models without a name skipped; of models with one name the
 * first counts.  The name is "id", or "name" without Gemini's prefix "models/".
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

/* Limits: models in a list, and bytes in a page token. */
#define GM_MODELS_MAX 10000
#define GM_MODELS_TOKEN_MAX 2000

struct gm_model {
	char *name;          /* for requests; owns the other texts, too */
	const char *display; /* "" if it has none */
	const char *methods; /* each followed by a newline */
	bool unknown;        /* the service does not list its methods */
	int64_t input_limit, output_limit; /* tokens; -1: unknown */
	bool thinking;
	enum gm_class class; /* result of a probe, after there was one */
	long http;           /* 0: no response */
};

struct gm_models {
	struct gm_model *items;
	size_t len, cap;
};

/* A filter for a list.  Borrowed. */
struct gm_models_filter {
	const char *method;    /* NULL: any */
	bool unknown;          /* also models with unknown methods */
	char *const *patterns; /* one of them must match, if there are any */
	size_t len;
};

/*
 * Add the models of a page; *next becomes the token of the next page, "" at the
 * end.  Returns 0, or -1: GM_EPROTOCOL (not JSON, too many models, too long a
 * token), GM_EOS.
 */
int gm_models_parse(struct gm_models *, struct gm_span page,
    const struct gm_secrets *, struct gm_buf *next,
    struct gm_err *) GM_MUST_CHECK;

/* Append the list as member "models" of a page for gm_models_parse(). */
struct gm_jsonw;
void gm_models_write(const struct gm_models *, struct gm_jsonw *);

/*
 * Drop models that do not match.  A pattern with one of * ? [ is a glob
 * (fnmatch(3)) for the whole name; another one is a part of the name, compared
 * without case.  A prefix "models/" of a pattern is ignored.
 */
void gm_models_keep(struct gm_models *, const struct gm_models_filter *);

/*
 * Append the most similar names, at most three and never this one: "a, b, c";
 * nothing if none is similar.  Only models with this method count; NULL: all.
 */
void gm_models_near(const struct gm_models *, const char *name,
    const char *method, struct gm_buf *out);

void gm_models_release(struct gm_models *);

#endif
