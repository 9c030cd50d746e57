#ifndef GM_PROVIDER_ERRRULE_H
#define GM_PROVIDER_ERRRULE_H

/*
 * What the judgement of an error's body has in common for all services: rules
 * in a table, pages that are not the API's, the class that a bare status
 * stands for, the wait that is asked for, one clean line of words.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/span.h"
#include "fault.h"
#include "provider/errbody.h"

/* In place of a status: one of several. */
#define GM_ERRRULE_REQUEST (-1) /* 400, 413, 422: the request's fault */
#define GM_ERRRULE_KEY (-2)     /* 400, 403: a key is rejected */
#define GM_ERRRULE_CREDIT (-3)  /* 400, 403, 429: there is no credit */

/*
 * The first rule that holds decides; what is NULL or 0 is not looked at.  A
 * rule whose class is charged to a key or a project needs a status
 * and a name; words alone are the matter of errsense.h. Else it never holds.
 */
struct gm_errrule {
	long http;
	const char *name;  /* the reason, the code or the type; whole */
	const char *words; /* in the message: patterns of gm_errsense_has() */
	enum gm_class class;
};

/*
 * Read the body, to be released whatever comes of it, and fill *fault but for
 * its class: the status, how long to wait, the body's words, those before
 * "from" left out (NULL, or not there: none), no remedy, no project.  False,
 * with GM_CLASS_LOCAL, when there was no memory to read it.
 */
bool gm_errrule_begin(struct gm_errbody *, long http, struct gm_span body,
    const char *from, struct gm_fault *) GM_MUST_CHECK;

/*
 * The status of an error that came with another one than 200, else the body's:
 * its code, or what its status, its code in words or its type stand for; 0 if
 * there is none.
 */
long gm_errrule_status(long http, const struct gm_errbody *);

/*
 * The class by the first rule that holds, false if none does: rules for all
 * services that need words or names, then these rules, then what a status
 * alone means to all services.  Of a page, which is never the API's, only the
 * status counts: one is always found.
 */
bool gm_errrule_find(const struct gm_errrule *, size_t len, long http,
    const struct gm_errbody *, enum gm_class *) GM_MUST_CHECK;

/* Which quota a 429 is about: GM_CLASS_QUOTA if it does not say. */
enum gm_class gm_errrule_quota(const struct gm_errbody *);

/* The class of a status alone. */
enum gm_class gm_errrule_by_status(long http);

#endif
