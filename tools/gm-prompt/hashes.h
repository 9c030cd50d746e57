#ifndef GM_PROMPT_HASHES_H
#define GM_PROMPT_HASHES_H

/*
 * A sorted list of record hashes, 16 bytes each, with a mark for each.  A hash
 * may be in the list several times; each call marks one of its entries.  No
 * I/O.
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
	/* A bit for each; of equal hashes the first entries are marked. */
	unsigned char *marks;
	size_t len, cap, marked;
};

/* Parse 32 hexadecimal digits in lower case; false if text is anything else. */
bool gm_hashes_parse(struct gm_hash *, struct gm_span text);

/* Returns 0, or -1: GM_EOS. */
int gm_hashes_add(
    struct gm_hashes *, struct gm_hash, struct gm_err *) GM_MUST_CHECK;

/* Sort, once, after the last hash was added.  Returns 0, or -1: GM_EOS. */
int gm_hashes_sort(struct gm_hashes *, struct gm_err *) GM_MUST_CHECK;

/* Mark one entry of the hash; false if all are marked, or there is none. */
bool gm_hashes_mark(struct gm_hashes *, struct gm_hash);

/* Clear one mark of the hash; false if no entry is marked. */
bool gm_hashes_unmark(struct gm_hashes *, struct gm_hash);

/* Return true if an entry of the hash is marked. */
bool gm_hashes_is_marked(const struct gm_hashes *, struct gm_hash);

void gm_hashes_release(struct gm_hashes *);

#endif
