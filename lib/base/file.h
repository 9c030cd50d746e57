#ifndef GM_BASE_FILE_H
#define GM_BASE_FILE_H

/*
 * Files: read up to a limit, write all, append a line.
 * Messages begin with the path, but for "out of memory".  "/dev/stdout",
 * "/dev/fd/N" and whatever leads to the same place below /proc mean the open
 * descriptor itself where we write, so that a file there is added to and a
 * socket works.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/stop.h"

/*
 * openat(2) with these flags, mode 0600, close-on-exec, and without waiting for
 * the other end of a FIFO, now or later.  A signal changes nothing before
 * GM_STOP_NOW.  Returns a descriptor, or -1 with errno, which is EINTR only
 * if a signal or the deadline ends the run.
 */
int gm_file_openat(int dir, const char *path, int flags) GM_MUST_CHECK;

/* Close after a failure, which errno goes on naming.  Returns -1. */
int gm_file_drop(int fd);

/*
 * The error of an open that has failed with errno, which is kept: code, GM_EOS
 * without descriptors or memory, GM_ESIGNAL or GM_EUNAVAILABLE (the deadline)
 * for EINTR.  Returns -1.
 */
int gm_file_fail_open(enum gm_code code, const char *path, struct gm_err *);

/*
 * Open a file for reading, without waiting for a FIFO's writer; returns a
 * non-blocking descriptor that the caller closes, or -1 with GM_ENOINPUT,
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline) or GM_EOS, and errno kept.  A directory opens, and fails when it is read.
 */
int gm_file_open(const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Append what one read(2) gives, 64 KiB at most, to *out.  Waits for slow input,
 * but only until GM_STOP_DRAIN, as input begins new work.  Returns 1, 0 at the
 * end, or -1: GM_ENOINPUT (read error, errno kept), GM_EDATA (more than out's
 * maximum), GM_ESIGNAL, GM_EUNAVAILABLE (the deadline), GM_EOS.  name is for
 * messages.
 */
int gm_file_read_some(int fd, const char *name, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

/* Append all that fd still holds.  Returns 0, or -1 as gm_file_read_some(). */
int gm_file_read(int fd, const char *name, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

/* Open, read, close; the errors of both, errno kept. */
int gm_file_slurp(
    const char *path, struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Write all, unless the stage is obeys before.  Returns 0, or -1: GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline), or GM_EIO with the system's words alone, as
 * the caller knows what fd is.
 */
int gm_file_write(int fd, struct gm_span, enum gm_stop_stage obeys,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append one line, which ends in its newline, in a single write(2); the file
 * is made if it is absent, with mode 0600.  Waits until GM_STOP_NOW.  Returns 0,
 * or -1: GM_ECANTCREAT, GM_EIO (also for a line that went out in part, which
 * is removed from a file if nobody has written after it), GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline).
 */
int gm_file_append(
    const char *path, struct gm_span line, struct gm_err *) GM_MUST_CHECK;

/*
 * fsync(2), as far as the file system can; returns 0, or -1 with errno set.
 */
int gm_file_sync(int fd) GM_MUST_CHECK;

/*
 * May a write to fd have to wait until somebody reads?  Only then does poll(2)
 * tell of it: some devices, /dev/kmsg for one, are never ready for it.
 */
bool gm_file_has_reader(int fd);

/*
 * path without the symbolic links in its last part, also to what is not there,
 * up to one below /proc: it leads to an open file, which may have another name
 * than it says by now, or none.  What else may be wrong shows when the result
 * is opened.  The caller frees it; NULL without memory.
 */
char *gm_file_target(const char *path);

/* Is the directory of path in /proc, wherever that is mounted? */
bool gm_file_is_proc(const char *path);

/*
 * Does path lead to a descriptor that we were given, as "/dev/fd/3" does and
 * each link to it?  If so, *fd is a copy of it, or -1 with errno set: EBADF if
 * it is closed, or was opened by ourselves.  Opening such a path instead would
 * start at the beginning of a file, and fail on a socket.
 */
bool gm_file_named(const char *path, int *fd);

#endif
