#ifndef GM_KEYS_DIR_H
#define GM_KEYS_DIR_H

/*
 * A directory that is ours alone, and the files in it: made when absent, judged
 * on the open descriptor, replaced whole, locked.
 *
 * Nothing in it is trusted before it is looked at: whatever is not a regular
 * file of ours is refused, and no open waits or follows a symbolic link.
 */

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct gm_keydir {
	struct gm_buf path; /* for messages */
	int fd;             /* when open */
	bool open;
};

/*
 * Open the directory, made with its parents (0700) when absent.  Returns 0, or
 * -1: GM_ECANTCREAT, also for one that others own or may write to.
 */
int gm_keydir_open(
    struct gm_keydir *, const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Open a file in it with open(2)'s flags; whoever else may read or write it no
 * longer may.  Returns a descriptor that the caller closes, or -1 with
 * GM_ECANTCREAT, GM_EOS, GM_ESIGNAL or GM_EUNAVAILABLE (the deadline), and
 * errno, which is ENOENT only for a file that is absent.
 */
int gm_keydir_file(const struct gm_keydir *, const char *name, int flags,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append the whole file, from its start.  Returns 0, or -1 if it could not be
 * read, or not all of it: GM_ENOINPUT, GM_EDATA (more than out's maximum),
 * GM_EOS.  Whoever gets -1 does not know what is in the file and must not write
 * it.
 */
int gm_keydir_read(const struct gm_keydir *, const char *name, int fd,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Write a file anew, in two steps: all of it aside, not yet synced; then, when
 * its descriptor is synced, put it in its place, after which the directory is to
 * be synced.  Only for who holds the lock, as the file aside has a fixed name:
 * what a killed process leaves of it the next one removes.  gm_keydir_aside()
 * returns a descriptor to read and write the new file, or -1 with GM_EIO;
 * gm_keydir_publish() 0, or -1 with GM_EIO; it takes errno's word where error is
 * not 0, and removes the file aside then.
 */
int gm_keydir_aside(const struct gm_keydir *, const char *name,
    struct gm_span text, struct gm_err *) GM_MUST_CHECK;
int gm_keydir_publish(const struct gm_keydir *, const char *name, int error,
    struct gm_err *) GM_MUST_CHECK;

/* Both, and both synced.  Returns a descriptor, or -1 with GM_EIO. */
int gm_keydir_replace(const struct gm_keydir *, const char *name,
    struct gm_span text, struct gm_err *) GM_MUST_CHECK;

/* What differs once a file was written or replaced. */
struct gm_keystamp {
	ino_t inode; /* 0: there is no such file */
	struct timespec written;
};

struct gm_keystamp gm_keydir_stamp(const struct gm_keydir *, const char *name);

/* Is the open file the one of that name, and *size long? */
bool gm_keydir_is_same(
    const struct gm_keydir *, const char *name, int fd, off_t *size);

/*
 * Try to lock the file of that name, made if absent and never renamed; *fd is its
 * descriptor, -1 at first, which is kept and used again.  gm_lock_end() unlocks.
 * Returns 1, 0 if others hold the lock, or -1: GM_ECANTCREAT, GM_EOS,
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).
 */
int gm_keydir_lock(const struct gm_keydir *, const char *name, int *fd,
    struct gm_err *) GM_MUST_CHECK;

/* Harmless when zero or repeated. */
void gm_keydir_close(struct gm_keydir *);

#endif
