#ifndef GM_SUMM_CACHE_H
#define GM_SUMM_CACHE_H

/*
 * Answers of earlier runs and of others that run now, found by what was
 * requested (entry.h), so that nothing is paid for twice.
 *
 * It is the directory "summaries" in the cache directory, for us alone, with
 * files as shard.h has them, of bounded number and size.  It is a convenience:
 * what cannot be read, or is not to be trusted, counts as absent; what cannot
 * be written is not kept; a note says so once, with -v each time.  Nothing ever
 * waits for it, and nothing in it is synced.
 *
 * A struct that is all zero is no cache (--no-cache): it finds nothing and keeps
 * nothing, without a note.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/note.h"
#include "gm-summ/entry.h"
#include "gm-summ/shard.h"

#define GM_CACHE_BYTES (INT64_C(256) * 1024 * 1024)
#define GM_CACHE_ENTRIES INT64_C(65536)

struct gm_cache_options {
	const char *dir; /* the cache directory; NULL or "": there is none */
	const struct gm_note *note; /* borrowed as long as the cache is used */
	/* Of the whole cache, roughly; 0: as above. */
	int64_t max_bytes, max_entries;
};

/* All is private. */
struct gm_cache {
	const struct gm_note *note; /* NULL: no cache */
	struct gm_shard_limits limits;
	struct gm_buf path;
	struct gm_buf room; /* the entry that was read last */
	int fd;             /* of the directory, when open */
	bool open;
	bool told_read, told_write;
};

/* Touches no file before it has to; the directory is made by the first put. */
void gm_cache_init(struct gm_cache *, const struct gm_cache_options *);

/*
 * Find the answer for a key.  *entry is valid until the next call.  False: there
 * is none that is whole; a damaged file is removed.
 */
bool gm_cache_get(
    struct gm_cache *, const char key[GM_HASH_HEX], struct gm_entry *entry);

/*
 * Keep an answer, which must be complete, in place of any that is there.  An
 * empty text is no answer and not kept, nor is one of more than 1/512 of
 * max_bytes, which is 512 KiB unless it was set.  Now and then the answers that
 * were not used for longest are removed.
 */
void gm_cache_put(
    struct gm_cache *, const char key[GM_HASH_HEX], const struct gm_entry *);

/*
 * Count answers and their bytes; none if there is no directory yet.  Returns 0,
 * or -1: GM_ECONFIG (no directory that is ours alone), GM_EIO, GM_EOS; *sum has
 * what could be counted.
 */
int gm_cache_stats(
    struct gm_cache *, struct gm_shard_sum *sum, struct gm_err *) GM_MUST_CHECK;

/*
 * Remove all answers, and nothing else that may be in the directory; *sum has
 * what was removed.  Returns 0, or -1 as gm_cache_stats(): some may be left.
 */
int gm_cache_clear(
    struct gm_cache *, struct gm_shard_sum *sum, struct gm_err *) GM_MUST_CHECK;

/* Harmless when zero or repeated. */
void gm_cache_release(struct gm_cache *);

#endif
