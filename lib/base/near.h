#ifndef GM_BASE_NEAR_H
#define GM_BASE_NEAR_H

/*
 * The distance of two names, for "did you mean X?".  No I/O.
 */

#include "base/base.h"

/* A distance that is never near. */
#define GM_NEAR_FAR ((size_t)1000)

/*
 * The number of bytes to insert, delete or change to turn one name into the
 * other (Levenshtein distance), ignoring the case of ASCII letters.
 * GM_NEAR_FAR if a name is longer than 200 bytes.
 */
size_t gm_near_distance(const char *a, const char *b);

#endif
