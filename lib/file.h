#ifndef GM_FILE_H
#define GM_FILE_H

/*
 * Files: read up to a limit, write all, replace whole, append a line.
 * Messages begin with the path, but for "out of memory".  "/dev/stdout",
 * "/dev/stderr" and "/dev/fd/N" mean the open descriptor itself where we write,
 * so that a file there is added to and a socket works.
 */

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base.h"
#include "buf.h"
#include "err.h"
#include "span.h"

/*
 * Open a file for reading, without waiting for a FIFO's writer; returns a
 * non-blocking descriptor that the caller closes, or -1 with GM_ENOINPUT and
 * errno kept.  A directory opens, and fails when it is read.
 */
int gm_file_open(const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Append all that fd still holds to *out, waiting for it where it comes slowly.
 * Returns 0, or -1: GM_ENOINPUT (read error, errno kept), GM_EDATA (more than
 * out's maximum), GM_ESIGNAL, GM_EOS.  name is for messages.
 */
int gm_file_read(int fd, const char *name, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

/* Open, read, close; the errors of both, errno kept. */
int gm_file_slurp(
    const char *path, struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Write all.  Returns 0, or -1: GM_ESIGNAL, or GM_EIO with the system's words
 * alone, as the caller knows what fd is.
 */
int gm_file_write(int fd, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/*
 * Append one line, which ends in its newline, in a single write(2); the file
 * is made if it is absent, with mode 0600.  Returns 0, or -1: GM_ECANTCREAT,
 * GM_EIO (also for a line that went out in part).
 */
int gm_file_append(
    const char *path, struct gm_span line, struct gm_err *) GM_MUST_CHECK;

/*
 * fsync(2), as far as the file system can; returns 0, or -1 with errno set.
 */
int gm_file_sync(int fd) GM_MUST_CHECK;

/* Does the directory hold OpenSSL's hashed certificates ("2e5ac55d.0")? */
bool gm_file_is_hashed_dir(const char *path);

/*
 * A file in the making.  A regular target, or one that is not there, is
 * written aside in the same directory and appears under its name, whole, with
 * gm_file_commit(); symbolic links are followed, and the mode of a file that is
 * replaced is kept.  Devices and FIFOs are written directly.
 *
 * Until then only we may read it.  A new file gets what a redirection gives,
 * 0666 less the umask, unless the caller sets another mode before the commit.
 */
struct gm_file_new {
	int fd;      /* -1 when not open; write here */
	char *path;  /* the real target; NULL: nothing to commit */
	char *aside; /* NULL when written directly */
	mode_t mode; /* that the file has in the end */
};

/*
 * Returns 0, or -1: GM_ECANTCREAT, GM_EOS.  Waits for the reader of a FIFO, as
 * a redirection does, until a signal comes.
 */
int gm_file_create(
    struct gm_file_new *, const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Sync, close and rename.  Returns 0, or -1: GM_EIO, and nothing is left of the
 * new file, but where only its directory could not be synced.
 */
int gm_file_commit(struct gm_file_new *, struct gm_err *) GM_MUST_CHECK;

/* Drop what was not committed; harmless afterwards and when zero. */
void gm_file_release(struct gm_file_new *);

#endif
