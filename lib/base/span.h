#ifndef GM_BASE_SPAN_H
#define GM_BASE_SPAN_H

/*
 * A borrowed run of bytes: pointer and length, never owned, not NUL-ended.
 */

#include <stdbool.h>

#include "base/base.h"

struct gm_span {
	const char *p; /* may be NULL when len is 0 */
	size_t len;
};

struct gm_span gm_span_of(const char *text); /* NULL gives the empty span */
bool gm_span_is(struct gm_span, const char *text);
bool gm_span_starts(struct gm_span, const char *prefix);
bool gm_span_ends(struct gm_span, const char *suffix);

/* Is text in it?  ASCII letters compare without case. */
bool gm_span_has(struct gm_span, const char *text);

/* Where text begins in it, compared without case; NULL if it is not there. */
const char *gm_span_find(struct gm_span, const char *text);

/* Without blanks, tabs, CR and LF at both ends, or only at the beginning. */
struct gm_span gm_span_trim(struct gm_span);
struct gm_span gm_span_ltrim(struct gm_span);

/*
 * Take the next item off *rest, up to one of the bytes in separators; false
 * when nothing is left, which is when rest->p is NULL.  "a,,b" has three
 * items, "a," two, and "" one, which is empty.
 */
bool gm_span_split(
    struct gm_span *rest, const char *separators, struct gm_span *item);

#endif
