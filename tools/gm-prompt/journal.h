#ifndef GM_PROMPT_JOURNAL_H
#define GM_PROMPT_JOURNAL_H

/*
 * The output file of a batch (-o).  The line of a record is written as soon as
 * its result is known.
 *
 * A regular file is locked until the end, so that it has one writer; a note
 * reports a file system without locks.  Each line is written whole or not at
 * all, and a thread syncs it within a second.  So a run that is killed loses no
 * line, and a power cut at most those of the last second.  The caller's loop
 * needs no timer and no descriptor for the syncs.
 *
 * Anything but a regular file, and descriptors with a name, such as
 * "/dev/stdout" (base/file.h), are only written to: no lock, no sync, no
 * --resume.
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
	GM_JOURNAL_NEW,      /* the file must be empty or absent */
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
	struct gm_out out; /* used if it is not a regular file */
	char *path;        /* of a regular file, links resolved; else NULL */
	int fd;            /* of a regular file, locked; else -1 */
	int error;         /* errno of the first write or sync that failed */
	bool removed;      /* another program removed the file: its lines are
	                    * lost; still set after a release */
	struct gm_resume resume;
	struct gm_sync sync;
	bool syncs;   /* the thread of sync runs */
	int underway; /* syncs begun and not yet ended, 0 to 2 */
};

/*
 * Open and lock the file.  Create it if it is absent, empty it with
 * GM_JOURNAL_OVERWRITE, read it with GM_JOURNAL_RESUME.  Returns 0, or -1:
 * GM_ECANTCREAT (cannot be opened, is in use, is not empty, cannot be
 * resumed), GM_EDATA (a line is not a result of gm-prompt), GM_EIO,
 * GM_ENOINPUT, GM_EOS, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).  Only GM_EIO
 * can occur after the file was changed.
 */
int gm_journal_open(struct gm_journal *, const struct gm_journal_options *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Return true if the file has a result for this record that no earlier record
 * has claimed; the record is then skipped.  To be called for each record of the
 * input, in order.  hash is 32 hexadecimal digits, or "" for an invalid record,
 * which is never skipped.
 */
bool gm_journal_skip(struct gm_journal *, const char hash[GM_HASH_HEX]);

/*
 * Write the line of a record that was not skipped.  The line ends with a
 * newline; to be resumable it must have the form of resume.h.  Returns 0, or
 * -1, and then -1 in all later calls: GM_EIO (also after a failed sync),
 * GM_EOS, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).  The last two do not
 * occur with a regular file: an answer that was paid for is written even after
 * a signal.
 */
int gm_journal_write(struct gm_journal *, const char hash[GM_HASH_HEX],
    struct gm_span line, struct gm_err *) GM_MUST_CHECK;

/*
 * Finish after the last line: sync the file, drop superseded lines unless a
 * signal or the deadline ends the run, and release the journal.  complete: the
 * input has ended, and each of its records was skipped or written; only then a
 * note can say how many lines belong to no record.  Returns 0, or -1 if lines
 * may not be on the disk: GM_EIO, GM_EOS.  A failure to drop lines is only a
 * note.
 */
int gm_journal_finish(
    struct gm_journal *, bool complete, struct gm_err *) GM_MUST_CHECK;

/* Close the file after a failure; its lines stay.  Harmless when repeated. */
void gm_journal_release(struct gm_journal *);

#endif
