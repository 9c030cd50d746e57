#ifndef GM_PROMPT_HASHES_H
#define GM_PROMPT_HASHES_H

/*
 * Hashes of records, 16 bytes each and sorted in place, with a mark for each.
 * A hash may be there many times; its marks are set one by one.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"

struct gm_hash {
	uint64_t high, low;
};

struct gm_hashes {
	struct gm_hash *all;
	unsigned char *marks; /* a bit for each; of equal ones the first */
	size_t len, cap, marked;
};

/* From 32 hexadecimal digits in lower case; false: it is anything else. */
bool gm_hashes_parse(struct gm_hash *, struct gm_span text);

/* Returns 0, or -1: GM_EOS. */
int gm_hashes_add(
    struct gm_hashes *, struct gm_hash, struct gm_err *) GM_MUST_CHECK;

/* Once after the last one was added.  Returns 0, or -1: GM_EOS. */
int gm_hashes_sort(struct gm_hashes *, struct gm_err *) GM_MUST_CHECK;

/* Set one mark of the hash; false: all are set, or it is not there. */
bool gm_hashes_mark(struct gm_hashes *, struct gm_hash);

/* Clear one mark of the hash; false: none is set. */
bool gm_hashes_unmark(struct gm_hashes *, struct gm_hash);

/* Is a mark of the hash set? */
bool gm_hashes_is_marked(const struct gm_hashes *, struct gm_hash);

void gm_hashes_release(struct gm_hashes *);

#endif
