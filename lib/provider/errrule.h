#ifndef GM_PROVIDER_ERRRULE_H
#define GM_PROVIDER_ERRRULE_H

/*
 * From the body of an error to its class, as far as all services agree: a table of
 * rules, pages that are not from the API, classes of bare statuses, the requested
 * wait, and one clean line of text.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/span.h"
#include "fault.h"
#include "provider/errbody.h"

/* Sets of statuses, in place of one. */
#define GM_ERRRULE_REQUEST (-1) /* 400, 413, 422: the request's fault */
#define GM_ERRRULE_KEY (-2)     /* 400, 403: a key is rejected */
#define GM_ERRRULE_CREDIT (-3)  /* 400, 403, 429: there is no credit */

/*
 * A rule; the first one that matches decides.  NULL and 0 match everything.  A
 * rule with a class that is charged to a key or a project must have a status and
 * a name, else it never matches: texts that reject a key are in errsense.h.
 */
struct gm_errrule {
	long http;
	const char *name;  /* the whole reason, code or type */
	const char *words; /* in the message: patterns of gm_errsense_has() */
	enum gm_class class;
};

/*
 * Parse the body, which must be released in any case, and fill *fault except the
 * class: status, wait, and the words from "from" on (all of them if it is NULL or
 * not found).  Returns false with GM_CLASS_LOCAL if out of memory.
 */
bool gm_errrule_begin(struct gm_errbody *, long http, struct gm_span body,
    const char *from, struct gm_fault *) GM_MUST_CHECK;

/*
 * The HTTP status of an error.  With 200 it is taken from the body: its code, or
 * the status that its "status", code or type names; 0 if there is none.
 */
long gm_errrule_status(long http, const struct gm_errbody *);

/*
 * Find the class by the first rule that matches: rules of all services, then these
 * rules, then statuses alone; false if none matches.  A page is never from the
 * API: only its status counts, and a class is always found.
 */
bool gm_errrule_find(const struct gm_errrule *, size_t len, long http,
    const struct gm_errbody *, enum gm_class *) GM_MUST_CHECK;

/* Find which quota a 429 is about; GM_CLASS_QUOTA if it does not say. */
enum gm_class gm_errrule_quota(const struct gm_errbody *);

/* The class of a status alone. */
enum gm_class gm_errrule_by_status(long http);

#endif
