#ifndef GM_BASE_OUTFILE_H
#define GM_BASE_OUTFILE_H

/*
 * An output file that is replaced as a whole by gm_outfile_commit(), or keeps
 * its old content.
 *
 * A regular or new file is written aside (aside.h) and renamed; symbolic links
 * are followed.  Until then only we may read it.  The new file keeps owner,
 * group, mode and ACL of the old one (access.h); without an old one it gets
 * what a redirection gives.  Other hard links keep the old content; other
 * extended attributes are lost.
 *
 * A file that cannot be renamed is written in place, at the commit: a mount
 * point, a file in a directory that we may not write, one whose ACL cannot be
 * copied, and one that a link in /proc leads to, as another process has it
 * open.  Space is reserved before the file is changed, but a kill during the
 * copy leaves it half written.
 *
 * Devices, FIFOs and inherited descriptors (file.h) are written directly.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

struct gm_outfile {
	int fd;        /* write here; -1: not open */
	char *path;    /* the real target; NULL: nothing to commit */
	char *aside;   /* path of the file aside; NULL: none, "": renamed */
	mode_t made;   /* mode of a new file, as a redirection makes it */
	bool in_place; /* copy fd to path instead of renaming */

	/* The caller may set these before the commit. */
	mode_t mode;      /* unless 0: set this mode and no ACL */
	bool keep;        /* keep the file aside if it cannot be renamed */
	bool must_rename; /* fail rather than write in place */
};

/*
 * Open the output.  Waits until a FIFO has a reader, as a redirection does, or
 * until GM_STOP_DRAIN.  Returns 0, or -1: GM_ECANTCREAT, GM_EOS, GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline).
 */
int gm_outfile_create(
    struct gm_outfile *, const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Sync, rename or write in place, and close.  Writing in place waits for the
 * lock of another process until GM_STOP_NOW, at most 5 s.  Returns 0, or -1:
 * GM_EIO.  After a failure the new content is lost, with two exceptions: if
 * only the directory could not be synced, the file is replaced; if keep is set,
 * a whole file aside is renamed to "NAME.gm-XXXXXX", and the message ends with
 * "; the output is in" its path.
 */
int gm_outfile_commit(struct gm_outfile *, struct gm_err *) GM_MUST_CHECK;

/* Drop output that was not committed; harmless afterwards and when zero. */
void gm_outfile_release(struct gm_outfile *);

#endif
