#ifndef GM_SUMM_CACHE_H
#define GM_SUMM_CACHE_H

/*
 * The cache of answers, found by a hash of the request (entry.h), so that no
 * request is paid for twice.  Processes share it while they run.
 *
 * It is the directory "summaries" in the cache directory, accessible only to
 * its owner, with the files of shard.h.  Number and size of the files are
 * bounded.  The cache is optional: an answer that cannot be read, or is not to
 * be trusted, counts as absent, and one that cannot be written is not kept.  A
 * note reports the first such failure; with -v each is reported.  The cache
 * waits for nothing and syncs nothing: after a power cut it is filled again.
 *
 * A struct that is all zero is no cache (--no-cache): it finds nothing and
 * keeps nothing, without a note.
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
	const char *dir;            /* the cache directory; NULL or "": none */
	const struct gm_note *note; /* borrowed until the release */
	/* Approximate limits of the whole cache; 0: the defaults above. */
	int64_t max_bytes, max_entries;
};

/* All is private. */
struct gm_cache {
	const struct gm_note *note; /* NULL: no cache */
	struct gm_shard_limits limits;
	struct gm_buf path;
	struct gm_buf room; /* the entry that was read last */
	int fd;             /* of the directory, if open */
	bool open;
	bool noted_read, noted_write; /* a failure was reported */
};

/* Opens no file; the directory is created by the first gm_cache_put(). */
void gm_cache_init(struct gm_cache *, const struct gm_cache_options *);

/*
 * Find the answer for a key.  *entry is valid until the next call.  Return
 * false if there is none; a damaged file is removed.
 */
bool gm_cache_get(
    struct gm_cache *, const char key[GM_HASH_HEX], struct gm_entry *entry);

/*
 * Keep a complete answer; an older one for the key is replaced.  An empty text
 * is not kept, nor one larger than 1/512 of max_bytes (512 KiB by default).
 * Now and then, the least recently used answers are removed.
 */
void gm_cache_put(
    struct gm_cache *, const char key[GM_HASH_HEX], const struct gm_entry *);

/*
 * Count the answers and their bytes; 0 if there is no directory yet.  Returns
 * 0, or -1: GM_ECONFIG (the directory is not ours, or accessible to other
 * users), GM_EIO, GM_EOS; *sum then counts those that could be read.
 */
int gm_cache_stats(
    struct gm_cache *, struct gm_shard_sum *sum, struct gm_err *) GM_MUST_CHECK;

/*
 * Remove all answers, and no other file that may be in the directory; *sum
 * counts those removed.  Returns 0, or -1 as gm_cache_stats(): some may remain.
 */
int gm_cache_clear(
    struct gm_cache *, struct gm_shard_sum *sum, struct gm_err *) GM_MUST_CHECK;

/* Harmless when zero or repeated. */
void gm_cache_release(struct gm_cache *);

#endif
