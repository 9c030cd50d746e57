#ifndef GM_BASE_FILE_H
#define GM_BASE_FILE_H

/*
 * Read files up to a limit, write them, append lines to them.
 *
 * Messages begin with the path, except "out of memory".  For writing,
 * "/dev/stdout", "/dev/fd/N" and their targets below /proc mean the open
 * descriptor itself, so that output is added to a file and sockets work.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/stop.h"

/*
 * Call openat(2) with these flags, mode 0600, close-on-exec and non-blocking,
 * so that it does not wait for the other end of a FIFO.  Repeats it after a
 * signal until GM_STOP_NOW.  Returns a descriptor, or -1 with errno; EINTR
 * means that a signal or the deadline ends the run.
 */
int gm_file_openat(int dir, const char *path, int flags) GM_MUST_CHECK;

/* Close after a failure and keep its errno.  Returns -1. */
int gm_file_drop(int fd);

/*
 * Fill *err after an open failed, from errno, which is kept: code, GM_EOS
 * without descriptors or memory, GM_ESIGNAL or GM_EUNAVAILABLE (the deadline)
 * for EINTR.  Returns -1.
 */
int gm_file_fail_open(enum gm_code code, const char *path, struct gm_err *);

/*
 * Open a file for reading, without waiting for a FIFO's writer.  Returns a
 * non-blocking descriptor that the caller closes, or -1 with errno kept:
 * GM_ENOINPUT, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline), GM_EOS.  A directory
 * can be opened, but reading it fails.
 */
int gm_file_open(const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Append the bytes of one read(2), at most 64 KiB, to *out.  Waits for slow
 * input until GM_STOP_DRAIN, as input is new work.  Returns 1, 0 at the end, or
 * -1: GM_ENOINPUT (read error, errno kept), GM_EDATA (more than out's maximum),
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline), GM_EOS.  name is for messages.
 */
int gm_file_read_some(int fd, const char *name, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

/* Append all bytes up to the end.  Returns 0, or -1 as gm_file_read_some(). */
int gm_file_read(int fd, const char *name, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Open, read and close.  Returns 0, or -1 as the functions above; errno kept.
 */
int gm_file_slurp(
    const char *path, struct gm_buf *out, struct gm_err *) GM_MUST_CHECK;

/*
 * Write all bytes, or stop at the stage obeys.  Returns 0, or -1: GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline), or GM_EIO.  The message lacks a name, as only
 * the caller knows what fd is.
 */
int gm_file_write(int fd, struct gm_span, enum gm_stop_stage obeys,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append a line, newline included, in a single write(2); create the file with
 * mode 0600 if it does not exist.  Waits until GM_STOP_NOW.  Returns 0, or -1:
 * GM_ECANTCREAT, GM_EIO, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).  If only
 * part of the line was written, that is GM_EIO, and the part is removed unless
 * another process has written after it.
 */
int gm_file_append(
    const char *path, struct gm_span line, struct gm_err *) GM_MUST_CHECK;

/*
 * Call fsync(2).  Returns 0, also if the file cannot be synced (a pipe), or -1
 * with errno.
 */
int gm_file_sync(int fd) GM_MUST_CHECK;

/*
 * True if a write to fd may have to wait for a reader: a FIFO, a socket or a
 * terminal.  Use poll(2) only then: some devices, such as /dev/kmsg, can be
 * written but are never ready.
 */
bool gm_file_has_reader(int fd);

/*
 * Follow the symbolic links in the last part of path, also those to a file that
 * does not exist.  Stops at a link in /proc: it leads to an open file, whose
 * name may have changed.  Other faults show when the caller opens the result.
 * The caller frees it; NULL if out of memory.
 */
char *gm_file_target(const char *path);

/* True if the directory of path is in a proc file system, wherever mounted. */
bool gm_file_is_proc(const char *path);

/*
 * True if path leads to a descriptor that we inherited, such as "/dev/fd/3" or
 * a link to it.  *fd is then a copy, or -1 with errno; EBADF if it is closed,
 * or if we have opened it.  (Opening the path would start at the beginning of a
 * file, and fails for a socket.)
 */
bool gm_file_named(const char *path, int *fd);

#endif
