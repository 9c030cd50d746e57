#ifndef GM_SUMM_SHARD_H
#define GM_SUMM_SHARD_H

/*
 * The files of the cache.  A shard is one of the 256 directories "00" to "ff".
 * It has a file for each key that begins with these two digits; the other 30
 * digits are the name of the file.
 *
 * Processes share a shard without a lock.  An entry is written to a file called
 * "." and 16 digits and renamed, so that it is always whole.  Two processes
 * that remove old entries at the same time remove the same ones.  Nothing is
 * synced: an entry that a power cut damages is only paid for again.  A file
 * with another name, that is not regular or has another owner is never removed.
 *
 * The modification time of an entry is that of its last use, to an hour.
 *
 * Messages begin with the name in the directory: "5e/0123...: Is a directory".
 */

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/span.h"

#define GM_SHARDS 256

struct gm_shard {
	char name[3]; /* two digits */
	int fd;
};

/* Limits of one shard. */
struct gm_shard_limits {
	int64_t entries, bytes;
};

struct gm_shard_sum {
	int64_t entries, bytes;
	/* Last use of an entry, wall clock; not set if entries is 0. */
	int64_t oldest_ms, newest_ms;
};

/*
 * Return why a directory (S_IFDIR) or file (S_IFREG) must not be used, or NULL
 * if it belongs to us and no other user has access.
 */
const char *gm_shard_distrust(const struct stat *, mode_t type);

/*
 * Open the shard of a key; its first two digits suffice.  If make is set, an
 * absent shard is created with mode 0700.  The caller closes it with close(2).
 * Returns 0, or -1: GM_EIO, GM_EOS, or GM_ECONFIG (see gm_shard_distrust()).
 * err->number is ENOENT if the shard or dir is absent.
 */
int gm_shard_open(struct gm_shard *, int dir, const char *key, bool make,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append the entry of a key to *out and record its use.  Returns 1; 0 if it is
 * absent; or -1: GM_EIO, GM_EOS, GM_ECONFIG (see gm_shard_distrust()), GM_EDATA
 * (more than out's maximum).
 */
int gm_shard_read(int dir, const char key[GM_HASH_HEX], struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Write or replace the entry of a key.  Returns 0, or -1 with the shard
 * unchanged: GM_EIO, GM_EOS.
 */
int gm_shard_write(const struct gm_shard *, const char key[GM_HASH_HEX],
    struct gm_span, struct gm_err *) GM_MUST_CHECK;

/*
 * Remove temporary files that killed processes have left more than an hour ago.
 * If the shard is seven eighths full, also remove the least recently used
 * entries until it is at most three quarters full.  Entries with a time in the
 * future, from a clock that was wrong, go first.  Errors are ignored.
 */
void gm_shard_trim(
    const struct gm_shard *, const struct gm_shard_limits *, int64_t now_ms);

/* Add the entries to *sum.  Returns 0, or -1: GM_EIO, GM_EOS. */
int gm_shard_count(const struct gm_shard *, struct gm_shard_sum *sum,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Remove all entries and temporary files, and add the entries to *sum.  Returns
 * 0, or -1 if some remain: GM_EIO, GM_EOS.
 */
int gm_shard_clear(const struct gm_shard *, struct gm_shard_sum *sum,
    struct gm_err *) GM_MUST_CHECK;

#endif
