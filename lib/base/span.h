#ifndef GM_BASE_SPAN_H
#define GM_BASE_SPAN_H

/*
 * A borrowed sequence of bytes: pointer and length, without a NUL at the end.
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

/* True if it contains text; the case of ASCII letters is ignored. */
bool gm_span_has(struct gm_span, const char *text);

/* The first occurrence of text, ignoring ASCII case; NULL: none. */
const char *gm_span_find(struct gm_span, const char *text);

/* Remove blanks, tabs, CR and LF at both ends, or only at the beginning. */
struct gm_span gm_span_trim(struct gm_span);
struct gm_span gm_span_ltrim(struct gm_span);

/*
 * Take the next item from *rest, up to one of the bytes in separators.  False
 * if nothing is left (rest->p is NULL).  "a,,b" has three items, "a," has two,
 * and "" has one, which is empty.
 */
bool gm_span_split(
    struct gm_span *rest, const char *separators, struct gm_span *item);

#endif
