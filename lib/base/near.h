#ifndef GM_BASE_NEAR_H
#define GM_BASE_NEAR_H

/*
 * How far names are apart, to suggest the one that was meant.  No I/O.
 */

#include "base/base.h"

/* More than any two names that are near. */
#define GM_NEAR_FAR ((size_t)1000)

/*
 * How many characters must be inserted, deleted or changed to make one name of
 * the other (Levenshtein), in any case of ASCII letters; GM_NEAR_FAR if one of
 * them is longer than 200 bytes.
 */
size_t gm_near_distance(const char *a, const char *b);

#endif
