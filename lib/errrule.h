#ifndef GM_ERRRULE_H
#define GM_ERRRULE_H

/*
 * What the judgement of an error's body has in common for all services: rules
 * in a table, pages that are not the API's, the class that a bare status
 * stands for, the wait that is asked for, one clean line of words.  No I/O.
 */

#include <stdbool.h>

#include "base.h"
#include "errbody.h"
#include "fault.h"
#include "span.h"

/* The first rule that holds decides; what is NULL or 0 is not looked at. */
struct gm_errrule {
	long http;
	const char *name;  /* the reason, the code or the type; whole */
	const char *words; /* in the message */
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
 * The class by the first rule that holds, false if none does.  Of a page, which
 * is never the API's, only the status counts: one is always found.
 */
bool gm_errrule_find(const struct gm_errrule *, size_t len, long http,
    const struct gm_errbody *, enum gm_class *) GM_MUST_CHECK;

/* The class of a status alone. */
enum gm_class gm_errrule_by_status(long http);

#endif
