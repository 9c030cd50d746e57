#ifndef GM_PROMPT_RESUME_H
#define GM_PROMPT_RESUME_H

/*
 * What earlier runs of a batch have left in its file.  Each line is a JSON
 * object that has the record's number in "record", 32 hexadecimal digits for
 * the record and its parameters in "hash", and true or false in "ok"; if that
 * is false, the record has failed, and "error" is an object.  Two records may be
 * the same: then the file has two lines of one hash.  A record that is not valid
 * has failed and an empty "hash", so all such are the same.
 *
 * In memory is the hash of each line, no matter how long the line is.  One line
 * at a time is read, of 1 GiB at most.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"
#include "gm-prompt/hashes.h"

/* How each line begins, so that a part of one can be told from other text. */
#define GM_RESUME_START "{\"record\":"

/* The hash of records that are not valid; no other has it. */
#define GM_RESUME_INVALID ((struct gm_hash){ 0, 0 })

struct gm_resume {
	struct gm_hashes finished; /* marked: the input has this record */
	struct gm_hashes failed;   /* marked: superseded by a newer line */
	off_t size;                /* of the lines that were read */
};

/*
 * Read a file from its start; fd is open for reading and appending, path for
 * messages.  If every whole line is one of ours, a part of a line after them is
 * cut off, and a line that lacks only its newline gets it.  Returns 0, or -1
 * with the file as it was: GM_EDATA (names the line), GM_ENOINPUT, GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline), GM_EOS; or GM_EIO: it could not be changed.
 */
int gm_resume_read(struct gm_resume *, int fd, const char *path,
    struct gm_err *) GM_MUST_CHECK;

/* The input has a record: is it finished?  Counts those that are the same. */
bool gm_resume_skip(struct gm_resume *, struct gm_hash);

/* A new line of this hash is in the file. */
void gm_resume_supersede(struct gm_resume *, struct gm_hash);

/*
 * The input has ended, and each record has been skipped or has a new line: so
 * all failed lines of such records are superseded, and all without a hash, as
 * their records are either still not valid or have a hash by now.  Returns how
 * many lines are left that no record of the input has claimed.
 */
size_t gm_resume_complete(struct gm_resume *);

/*
 * Replace the file by one without the superseded lines (outfile.h), written
 * aside and renamed, never in place.  The others stay as they are, in their
 * order, new ones as well.  fd goes on meaning the old file.  Returns 0, or -1
 * with the file as it was: GM_EIO, GM_ECANTCREAT, GM_ENOINPUT, GM_EDATA,
 * GM_ESIGNAL, GM_EUNAVAILABLE, GM_EOS.
 */
int gm_resume_rewrite(struct gm_resume *, int fd, const char *path,
    struct gm_err *) GM_MUST_CHECK;

void gm_resume_release(struct gm_resume *);

#endif
