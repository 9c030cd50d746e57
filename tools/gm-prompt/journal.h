#ifndef GM_PROMPT_JOURNAL_H
#define GM_PROMPT_JOURNAL_H

/*
 * The file of a batch (-o), which gets a line for each record as soon as there
 * is one.
 *
 * A regular file is locked until the end, so that it has one writer; a note
 * tells of a file system without locks.  Each line is written whole or not at
 * all, and a thread syncs it within a second: a run that is killed loses no
 * line, a power cut takes at most those of the last second.  The caller's loop
 * needs no timer and no descriptor for it.
 *
 * What is not a regular file, and descriptors that have a name, such as
 * "/dev/stdout" (base/file.h), are written to, and nothing else.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/note.h"
#include "base/span.h"
#include "base/sync.h"
#include "cli/out.h"
#include "gm-prompt/resume.h"

enum gm_journal_mode {
	GM_JOURNAL_NEW,      /* the file is empty or not there */
	GM_JOURNAL_RESUME,   /* --resume: its lines are results, see resume.h */
	GM_JOURNAL_OVERWRITE /* --force */
};

/* Borrowed until the journal is released. */
struct gm_journal_options {
	const char *path;
	enum gm_journal_mode mode;
	bool keep_failed; /* with GM_JOURNAL_RESUME: drop no line at the end */
	const struct gm_note *note;
};

struct gm_journal {
	const struct gm_journal_options *options;
	struct gm_out out; /* what is not a regular file */
	char *path;        /* of a regular file, without links; else NULL */
	int fd;            /* the same, locked; else -1 */
	int error;         /* errno of the first write or sync that failed */
	bool removed;      /* the file: its lines are lost; kept by a release */
	struct gm_resume resume;
	struct gm_sync sync;
	bool syncs;   /* its thread is there */
	int underway; /* syncs, 0 to 2 */
};

/*
 * Open and lock the file, make it if it is not there, empty it with
 * GM_JOURNAL_OVERWRITE, read it with GM_JOURNAL_RESUME.  Returns 0, or -1:
 * GM_ECANTCREAT (cannot be opened, is in use, is not empty, cannot be
 * resumed), GM_EDATA (a line is none of ours), GM_EIO, GM_ENOINPUT, GM_EOS,
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).  Of these, only GM_EIO may come
 * after the file was changed.
 */
int gm_journal_open(struct gm_journal *, const struct gm_journal_options *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * For each record of the input, in its order: has the file a result that no
 * record before has claimed?  Then it is to be skipped.  hash is 32 hexadecimal
 * digits, or "" if the record is not valid, which is never skipped.
 */
bool gm_journal_skip(struct gm_journal *, const char hash[GM_HASH_HEX]);

/*
 * Write the line of a record that was not skipped; it ends in its newline, and
 * its bytes, if the file is to be resumed, are as resume.h says.  Returns 0, or
 * -1, from then on always: GM_EIO (also if a sync has failed), GM_EOS,
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).  Of a regular file the last two
 * do not come, so that what was paid for is written whatever the signal.
 */
int gm_journal_write(struct gm_journal *, const char hash[GM_HASH_HEX],
    struct gm_span line, struct gm_err *) GM_MUST_CHECK;

/*
 * All that was to be written is: sync it, drop superseded lines unless the run
 * is to stop by a signal or the deadline, and release the journal.  complete:
 * the input has ended, and each of its records was skipped or written; only
 * then is it known, and a note tells, how many lines belong to no record.
 * Returns 0, or -1: GM_EIO, GM_EOS: lines may not be on the disk.  That lines
 * could not be dropped is a note.
 */
int gm_journal_finish(
    struct gm_journal *, bool complete, struct gm_err *) GM_MUST_CHECK;

/* After a failure: close what is open; lines stay.  Harmless when repeated. */
void gm_journal_release(struct gm_journal *);

#endif
