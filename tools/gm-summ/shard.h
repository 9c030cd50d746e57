#ifndef GM_SUMM_SHARD_H
#define GM_SUMM_SHARD_H

/*
 * The files of the cache.  A shard is one of the 256 folders "00" to "ff" of a
 * directory, with an entry for each key that begins with these two digits,
 * named by the other 30.
 *
 * Processes share it without a lock: an entry is written aside, as ".", 16
 * digits, and renamed, so that it is always whole; two that remove old entries
 * at once remove the same ones.  Nothing is synced: what a power cut takes or
 * damages is only paid for again.  What has another name, is not a regular file
 * or is owned by somebody else is never removed.
 *
 * An entry's time of modification is that of its last use, to an hour.
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

/* Of one shard. */
struct gm_shard_limits {
	int64_t entries, bytes;
};

struct gm_shard_sum {
	int64_t entries, bytes;
	int64_t oldest_ms,
	    newest_ms; /* last uses, wall clock; of entries > 0 */
};

/*
 * Why a directory (S_IFDIR) or a file (S_IFREG) that was opened is not to be
 * used; NULL: it is ours alone.
 */
const char *gm_shard_distrust(const struct stat *, mode_t type);

/*
 * Open the shard of a key, of which two digits are enough, made with mode 0700
 * if it is absent and make is set; to be closed by close(2).  Returns 0, or -1: GM_EIO, GM_EOS, or GM_ECONFIG if it is
 * not ours alone.  err->number is ENOENT if it, or dir, is absent.
 */
int gm_shard_open(struct gm_shard *, int dir, const char *key, bool make,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append the entry of a key to *out, by one open(2), and count that as a use.
 * Returns 1; 0 if it is absent; or -1: GM_EIO, GM_EOS, GM_ECONFIG (not ours
 * alone), GM_EDATA (more than out's maximum).
 */
int gm_shard_read(int dir, const char key[GM_HASH_HEX], struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Write or replace the entry of a key.  Returns 0, or -1, GM_EIO or GM_EOS:
 * nothing has changed, and nothing is left aside.
 */
int gm_shard_write(const struct gm_shard *, const char key[GM_HASH_HEX],
    struct gm_span, struct gm_err *) GM_MUST_CHECK;

/*
 * Remove what killed processes have left aside more than an hour ago and, if
 * the shard is seven eighths full, the entries that were not used for longest,
 * until three quarters are left.  Entries from the future, which a clock that
 * was wrong has made, go first.  What cannot be removed stays.
 */
void gm_shard_trim(
    const struct gm_shard *, const struct gm_shard_limits *, int64_t now_ms);

/* Add the entries to *sum.  Returns 0, or -1: GM_EIO, GM_EOS. */
int gm_shard_count(const struct gm_shard *, struct gm_shard_sum *sum,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Remove all entries and files aside, and add the entries to *sum.  Returns 0,
 * or -1, GM_EIO or GM_EOS: some are left.
 */
int gm_shard_clear(const struct gm_shard *, struct gm_shard_sum *sum,
    struct gm_err *) GM_MUST_CHECK;

#endif
