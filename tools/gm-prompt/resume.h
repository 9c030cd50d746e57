#ifndef GM_PROMPT_RESUME_H
#define GM_PROMPT_RESUME_H

/*
 * The results of earlier runs in the file of a batch.  Each line is a JSON
 * object with the number of the record in "record", a hash of the record and
 * its parameters in "hash" (32 hexadecimal digits), and true or false in "ok".
 * If "ok" is false, the record has failed and "error" is an object.  Equal
 * records have equal hashes: the file has a line for each of them.  An invalid
 * record has failed and has an empty "hash".
 *
 * Memory holds the hash of each line and one line at a time, of at most 1 GiB.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"
#include "gm-prompt/hashes.h"

/* The start of each line, which distinguishes a cut line from other text. */
#define GM_RESUME_START "{\"record\":"

/* Stands for the hash of an invalid record. */
#define GM_RESUME_INVALID ((struct gm_hash){ 0, 0 })

struct gm_resume {
	struct gm_hashes finished; /* marked: a record has claimed the line */
	struct gm_hashes failed;   /* marked: superseded by a newer line */
	off_t size;                /* bytes of the lines that were read */
};

/*
 * Read a file from its start.  fd is open for reading and appending; path is
 * for messages.  If all lines are results, an incomplete last line is cut off,
 * and a last line that lacks only its newline gets one.  Returns 0, or -1 with
 * the file unchanged: GM_EDATA (names the line), GM_ENOINPUT, GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline), GM_EOS; or GM_EIO: it could not be changed.
 */
int gm_resume_read(struct gm_resume *, int fd, const char *path,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Return true if a finished line of this hash is not claimed yet, and claim it
 * for a record of the input.
 */
bool gm_resume_skip(struct gm_resume *, struct gm_hash);

/* Mark an old failed line of this hash as superseded: it has a new line. */
void gm_resume_supersede(struct gm_resume *, struct gm_hash);

/*
 * The input has ended, and each of its records was skipped or has a new line.
 * Mark the remaining failed lines of these records as superseded, and all lines
 * without a hash: their records are either still invalid, with a new line, or
 * have a hash by now.  Returns the number of lines that belong to no record of
 * the input.
 */
size_t gm_resume_complete(struct gm_resume *);

/*
 * Replace the file by a copy without the superseded lines, written aside and
 * renamed (outfile.h), never in place.  All other lines, old and new, keep
 * their order.  fd still refers to the old file.  Returns 0, or -1 with the
 * file unchanged: GM_EIO, GM_ECANTCREAT, GM_ENOINPUT, GM_EDATA, GM_ESIGNAL,
 * GM_EUNAVAILABLE, GM_EOS.
 */
int gm_resume_rewrite(struct gm_resume *, int fd, const char *path,
    struct gm_err *) GM_MUST_CHECK;

void gm_resume_release(struct gm_resume *);

#endif
