#ifndef GM_KEYS_DIR_H
#define GM_KEYS_DIR_H

/*
 * The state directory and its files: create, check, read, replace, lock.
 *
 * Other users may have put anything there.  So a file is checked after it is
 * opened: it must be a regular file of our user.  No open follows a symbolic
 * link, or waits for the other end of a FIFO.
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
	int fd;             /* if open */
	bool open;
};

/*
 * Open the directory; create it and its parents (0700) if absent.  Returns 0,
 * or -1: GM_ECANTCREAT, also if another user owns it or others may write to it.
 */
int gm_keydir_open(
    struct gm_keydir *, const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Open a file of the directory with flags of open(2), and set its mode to 0600.
 * Returns a descriptor that the caller closes, or -1: GM_ECANTCREAT, GM_EOS,
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).  errno is ENOENT only if the file
 * is absent.
 */
int gm_keydir_file(const struct gm_keydir *, const char *name, int flags,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append the whole file to out.  Returns 0, or -1 if it could not be read
 * completely: GM_ENOINPUT, GM_EDATA (larger than out's maximum), GM_EOS.  Do
 * not write the file after a failure: it may not be empty.
 */
int gm_keydir_read(const struct gm_keydir *, const char *name, int fd,
    struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/* The file that replaces another one, until it is renamed. */
#define GM_KEYDIR_ASIDE "keys.new"

/*
 * Replace a file in steps, only while locked, as the file aside has a fixed
 * name:
 *
 * 1. gm_keydir_aside() writes the text to the file aside.  Returns a descriptor
 *    for reading and writing, or -1 with GM_EIO.  A file that a killed process
 *    has left is removed first.
 * 2. The caller syncs the descriptor.
 * 3. gm_keydir_publish() renames the file; error is the errno of the sync, 0 if
 *    it succeeded.  After an error the file aside is removed.  Returns 0, or -1
 *    with GM_EIO.
 * 4. The caller syncs the directory.
 *
 * The caller syncs, as an event loop must do that in another thread.
 */
int gm_keydir_aside(const struct gm_keydir *, const char *name,
    struct gm_span text, struct gm_err *) GM_MUST_CHECK;
int gm_keydir_publish(const struct gm_keydir *, const char *name, int error,
    struct gm_err *) GM_MUST_CHECK;

/* Size of a salt: 64 hexadecimal digits and a NUL. */
#define GM_KEYDIR_SALT (64 + 1)

/*
 * Read the salt.  Returns 1, 0 if it is absent, or -1: GM_ECANTCREAT (damaged),
 * or as gm_keydir_file() and gm_keydir_read().
 */
int gm_keydir_read_salt(const struct gm_keydir *, char salt[GM_KEYDIR_SALT],
    struct gm_err *) GM_MUST_CHECK;

/*
 * Make a salt for all processes, only while locked.  Returns 1, or -1: GM_EOS,
 * GM_EIO.
 */
int gm_keydir_make_salt(const struct gm_keydir *, char salt[GM_KEYDIR_SALT],
    struct gm_err *) GM_MUST_CHECK;

/* Fingerprint of a file, which changes if it is written or replaced. */
struct gm_keystamp {
	ino_t inode; /* 0: absent */
	struct timespec written;
};

struct gm_keystamp gm_keydir_stamp(const struct gm_keydir *, const char *name);

/* Return true if fd is still the file of that name, and set its size. */
bool gm_keydir_is_same(
    const struct gm_keydir *, const char *name, int fd, off_t *size);

/*
 * Try to lock the file of that name, which is created if absent.  *fd is -1 at
 * first, then the descriptor, which is kept for the next time; gm_lock_end()
 * unlocks.  Returns 1, 0 if others hold the lock, or -1: GM_ECANTCREAT, GM_EOS,
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).
 */

int gm_keydir_lock(const struct gm_keydir *, const char *name, int *fd,
    struct gm_err *) GM_MUST_CHECK;

/* Harmless when zero or repeated. */
void gm_keydir_close(struct gm_keydir *);

#endif
