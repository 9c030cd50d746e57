#ifndef GM_KEYS_DIR_H
#define GM_KEYS_DIR_H

/*
 * The state directory and the files in it: made if absent, checked when they are
 * open, replaced whole, locked.
 *
 * Nothing in it is trusted before it is checked: what is not a regular file of
 * ours is refused, and no open waits or follows a symbolic link.
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
 * Open the directory, made with its parents (0700) if absent.  Returns 0, or -1:
 * GM_ECANTCREAT, also for one that others own or may write to.
 */
int gm_keydir_open(
    struct gm_keydir *, const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Open a file in it with open(2)'s flags, and let nobody else read or write it.
 * Returns a descriptor that the caller closes, or -1 with
 * GM_ECANTCREAT, GM_EOS, GM_ESIGNAL or GM_EUNAVAILABLE (the deadline), and
 * errno, which is ENOENT only for a file that is absent.
 */
int gm_keydir_file(const struct gm_keydir *, const char *name, int flags,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append the whole file, from its start.  Returns 0, or -1 if it could not be
 * read, or not all of it: GM_ENOINPUT, GM_EDATA (more than out's maximum),
 * GM_EOS.  The file must not be written then.
 */
int gm_keydir_read(const struct gm_keydir *, const char *name, int fd,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/* The file aside, of any file that is replaced. */
#define GM_KEYDIR_ASIDE "keys.new"

/*
 * Replace a file in two steps: gm_keydir_aside() writes all of it aside, and
 * returns a descriptor for reading and writing, which the caller syncs, or -1
 * with GM_EIO; gm_keydir_publish() renames it, and returns 0, or -1 with GM_EIO.
 * error is the errno of the sync that failed, else 0; if it is not 0, the file
 * aside is removed.  Then the caller syncs the directory.  Only while locked, as
 * the file aside has a fixed name; one that a killed process has left is removed.
 */
int gm_keydir_aside(const struct gm_keydir *, const char *name,
    struct gm_span text, struct gm_err *) GM_MUST_CHECK;
int gm_keydir_publish(const struct gm_keydir *, const char *name, int error,
    struct gm_err *) GM_MUST_CHECK;

/* Hexadecimal digits and a NUL. */
#define GM_KEYDIR_SALT (64 + 1)

/*
 * Read the salt.  Returns 1, 0 if there is none, or -1: GM_ECANTCREAT (the file
 * is no salt), or as gm_keydir_file() and gm_keydir_read().
 */
int gm_keydir_read_salt(const struct gm_keydir *, char salt[GM_KEYDIR_SALT],
    struct gm_err *) GM_MUST_CHECK;

/*
 * Make a salt, which is the same for all processes from then on.  Only while
 * locked.  Returns 1, or -1: GM_EOS, GM_EIO.
 */
int gm_keydir_make_salt(const struct gm_keydir *, char salt[GM_KEYDIR_SALT],
    struct gm_err *) GM_MUST_CHECK;

/* Differs after a file was written or replaced. */
struct gm_keystamp {
	ino_t inode; /* 0: there is no such file */
	struct timespec written;
};

struct gm_keystamp gm_keydir_stamp(const struct gm_keydir *, const char *name);

/* Is this the open file of that name?  *size: its length. */
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
