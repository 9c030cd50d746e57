#ifndef GM_OUTFILE_H
#define GM_OUTFILE_H

/*
 * A file in the making.  A regular target, or one that is not there, is
 * written aside (aside.h) and appears under its name, whole, with
 * gm_outfile_commit(); symbolic links are followed, and the mode of a file that
 * is replaced is kept.  Devices and FIFOs are written directly.
 *
 * Until then only we may read it.  A new file gets what a redirection gives,
 * 0666 less the umask, unless the caller sets another mode before the commit.
 */

#include <sys/types.h>

#include "base.h"
#include "err.h"

struct gm_outfile {
	int fd;      /* -1 when not open; write here */
	char *path;  /* the real target; NULL: nothing to commit */
	char *aside; /* NULL when written directly */
	mode_t mode; /* that the file has in the end */
};

/*
 * Waits until a FIFO has a reader, as a redirection does.  Returns 0, or -1:
 * GM_ECANTCREAT, GM_EOS, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).
 */
int gm_outfile_create(
    struct gm_outfile *, const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Sync, close and rename.  Returns 0, or -1: GM_EIO, and nothing is left of the
 * new file, but where only its directory could not be synced.
 */
int gm_outfile_commit(struct gm_outfile *, struct gm_err *) GM_MUST_CHECK;

/* Drop what was not committed; harmless afterwards and when zero. */
void gm_outfile_release(struct gm_outfile *);

#endif
