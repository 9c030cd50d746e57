#ifndef GM_BASE_OUTFILE_H
#define GM_BASE_OUTFILE_H

/*
 * A file in the making, which gets its content at once, with
 * gm_outfile_commit(), or keeps the old one.
 *
 * A regular target, or one that is not there, is written aside (aside.h) and
 * renamed; symbolic links are followed.  Until then only we may read it.  A
 * file that is replaced hands on its owner, group, mode and ACL (access.h); a
 * new one gets what a redirection gives.  Other hard links keep the old
 * content, other extended attributes are lost.
 *
 * In place, at the commit, is written what cannot be renamed: a mount point, a
 * file in a directory that is closed to us, one with an ACL that only it can
 * have, one that a link below /proc leads to as another process has it open.  Space is reserved before anything is changed, but who is killed in
 * the middle of writing leaves half of it.
 *
 * Devices, FIFOs and descriptors of ours (file.h) are written directly.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

struct gm_outfile {
	int fd;      /* -1 when not open; write here */
	char *path;  /* the real target; NULL: nothing to commit */
	char *aside; /* path of the file aside; NULL: none, "": has its name */
	mode_t made; /* of a new file, as a redirection makes it */
	bool in_place; /* no rename: what fd has is copied to path */

	/* The caller may set these before the commit. */
	mode_t mode;      /* exactly this mode and no ACL, unless 0 */
	bool keep;        /* what cannot get its name is not to be lost */
	bool must_rename; /* fail rather than write in place */
};

/*
 * Waits until a FIFO has a reader, as a redirection does, or GM_STOP_DRAIN.
 * Returns 0, or -1: GM_ECANTCREAT, GM_EOS, GM_ESIGNAL, GM_EUNAVAILABLE (the
 * deadline).
 */
int gm_outfile_create(
    struct gm_outfile *, const char *path, struct gm_err *) GM_MUST_CHECK;

/*
 * Sync, rename or write in place, close.  Writing in place waits for the lock
 * of another process until GM_STOP_NOW, 5 s at most.  Returns 0, or -1: GM_EIO, and
 * nothing is left of the new file, unless only its directory could not be
 * synced, or keep is set: then a file aside that is whole becomes
 * "NAME.gm-XXXXXX", and the message ends with "; the output is in" its path.
 */
int gm_outfile_commit(struct gm_outfile *, struct gm_err *) GM_MUST_CHECK;

/* Drop what was not committed; harmless afterwards and when zero. */
void gm_outfile_release(struct gm_outfile *);

#endif
