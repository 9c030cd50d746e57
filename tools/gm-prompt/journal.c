#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/stop.h"
#include "gm-prompt/journal.h"

/* Attempts to open a file that other processes keep replacing. */
#define TRIES 100

/*
 * Nap before a sync, so that one covers many lines.  A line waits for at most
 * two naps and two syncs: less than a second.
 */
#define NAP_MS 250

/*
 * O_NONBLOCK: do not hang if the name has become a FIFO since it was checked.
 */
#define FLAGS (O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

/*
 * Return 1 if the path is only written to: not a regular file, or a descriptor
 * with a name, such as /dev/stdout.  Otherwise return 0, or -1.
 */
static int
is_direct(const char *path, struct gm_err *err)
{
	struct stat st;
	int fd;

	if (!gm_file_named(path, &fd))
		return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	if (fd == -1 && errno == ENOMEM)
		return gm_fail(err, GM_EOS, "%s: out of memory", path);
	if (fd != -1)
		(void)close(fd);
	return 1;
}

static int
open_direct(struct gm_journal *j, struct gm_err *err)
{
	const struct gm_journal_options *o = j->options;

	if (o->mode == GM_JOURNAL_RESUME)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s: not a regular file; --resume needs one", o->path);
	return gm_out_open(&j->out, o->path, err);
}

/*
 * Open the file, or create it as a shell redirection does.  Returns 1, 0 if it
 * was created or removed by another process in between: try again, or -1.
 */
static int
open_once(struct gm_journal *j, struct gm_err *err)
{
	int access = j->options->mode == GM_JOURNAL_RESUME ? O_RDWR : O_WRONLY;

	j->fd = open(j->path, access | FLAGS);
	if (j->fd == -1 && errno == ENOENT) {
		j->fd = open(j->path, access | FLAGS | O_CREAT | O_EXCL, 0666);
		if (j->fd == -1 && errno == EEXIST)
			return 0;
	}
	if (j->fd != -1)
		return 1;
	if (errno == EINTR && gm_stop_stage() != GM_STOP_NOW)
		return 0;
	return gm_file_fail_open(GM_ECANTCREAT, j->options->path, err);
}

static int
fail_busy(const struct gm_journal *j, struct gm_err *err)
{
	pid_t holder = gm_lock_holder(j->fd);

	if (holder == 0)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s: in use by another process; "
		    "wait for it to end, or use another file",
		    j->options->path);
	return gm_fail(err, GM_ECANTCREAT,
	    "%s: in use by process %ld; "
	    "wait for it to end, or use another file",
	    j->options->path, (long)holder);
}

static void
note_unlocked(const struct gm_journal *j)
{
	(void)gm_note(j->options->note, GM_LEVEL_NOTE,
	    "%s: file locks are not supported here; "
	    "use the file in one run at a time",
	    j->options->path);
}

/*
 * Open and lock the file.  Between the two, another run may end by renaming a
 * new file to this name (gm_resume_rewrite()); we would then hold a lock on the
 * old file, which has no name any more.  So check the name after locking.
 */
static int
open_locked(struct gm_journal *j, struct gm_err *err)
{
	enum gm_lock lock;
	int tries, rc;

	for (tries = 0; tries < TRIES; tries++) {
		rc = open_once(j, err);
		if (rc == -1)
			return -1;
		if (rc == 0)
			continue;
		lock = gm_lock_try(j->fd);
		if (lock == GM_LOCK_BUSY)
			return fail_busy(j, err);
		if (gm_lock_is_named(j->fd, AT_FDCWD, j->path, 0)) {
			gm_lock_sign(j->fd);
			if (lock == GM_LOCK_NONE)
				note_unlocked(j);
			return 0;
		}
		(void)close(j->fd);
		j->fd = -1;
	}
	return gm_fail(err, GM_ECANTCREAT,
	    "%s: other programs keep replacing it", j->options->path);
}

/* Read the content of the file, empty the file, or fail, as the mode says. */
static int
begin(struct gm_journal *j, struct gm_err *err)
{
	const struct gm_journal_options *o = j->options;
	struct stat st;

	if (fstat(j->fd, &st) != 0)
		return gm_fail_errno(err, GM_ECANTCREAT, "%s", o->path);
	if (!S_ISREG(st.st_mode))
		return gm_fail(err, GM_ECANTCREAT,
		    "%s: no longer a regular file", o->path);
	if (st.st_size == 0)
		return 0;
	if (o->mode == GM_JOURNAL_RESUME)
		return gm_resume_read(&j->resume, j->fd, o->path, err);
	if (o->mode == GM_JOURNAL_NEW)
		return gm_fail(err, GM_ECANTCREAT,
		    "%s: not empty; --resume continues it, "
		    "--force overwrites it",
		    o->path);
	if (ftruncate(j->fd, 0) != 0)
		return gm_fail_errno(err, GM_ECANTCREAT, "%s", o->path);
	return 0;
}

static int
open_regular(struct gm_journal *j, struct gm_err *err)
{
	const char *path = j->options->path;

	j->path = gm_file_target(path);
	if (j->path == NULL)
		return gm_fail(err, GM_EOS, "%s: out of memory", path);
	if (open_locked(j, err) != 0)
		return -1;
	/* Before begin(): if this fails, the file stays as it was. */
	j->syncs = gm_sync_open(&j->sync, NAP_MS) == 0;
	if (!j->syncs)
		return gm_fail_errno(
		    err, GM_EOS, "%s: cannot start a thread", path);
	if (begin(j, err) != 0)
		return -1;
	/*
	 * Sync the file's name before the first line is written: lines that
	 * are synced are of no use if a power cut takes the name.  Do so also
	 * if the file existed, as the run that created it may have been killed
	 * before it did.
	 */
	if (gm_aside_sync_directory(AT_FDCWD, j->path) != 0)
		return gm_fail_errno(err, GM_EIO, "%s", path);
	return 0;
}

int
gm_journal_open(struct gm_journal *j, const struct gm_journal_options *o,
    struct gm_err *err)
{
	int rc;

	*j = (struct gm_journal){ .fd = -1, .options = o };
	rc = is_direct(o->path, err);
	if (rc != -1)
		rc = rc == 1 ? open_direct(j, err) : open_regular(j, err);
	if (rc != 0)
		gm_journal_release(j);
	return rc;
}

bool
gm_journal_skip(struct gm_journal *j, const char hash[GM_HASH_HEX])
{
	struct gm_hash h;

	return gm_hashes_parse(&h, gm_span_of(hash)) &&
	       gm_resume_skip(&j->resume, h);
}

/* Return true, and note it, if the file was removed: its lines are lost. */
static bool
is_removed(struct gm_journal *j)
{
	struct stat st;

	j->removed = fstat(j->fd, &st) == 0 && st.st_nlink == 0;
	return j->removed;
}

/* Report the first failure, in every call after it. */
static int
fail_written(const struct gm_journal *j, struct gm_err *err)
{
	if (j->removed)
		return gm_fail(err, GM_EIO, "%s: removed by another program",
		    j->options->path);
	errno = j->error;
	return gm_fail_errno(err, GM_EIO, "%s", j->options->path);
}

/*
 * Write a line.  If only a part of it fits, as on a full disk, truncate that
 * part, so that the file ends with a whole line.  No other process writes to
 * the file, as it is locked.
 */
static int
append(const struct gm_journal *j, struct gm_span line)
{
	struct stat st;
	size_t done = 0;
	ssize_t n;
	int saved;

	while (done < line.len) {
		n = write(j->fd, line.p + done, line.len - done);
		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			saved = n == 0 ? EIO : errno;
			if (done > 0 && fstat(j->fd, &st) == 0)
				(void)!ftruncate(
				    j->fd, st.st_size - (off_t)done);
			errno = saved;
			return -1;
		}
	}
	return 0;
}

/*
 * Have the thread sync the line just written.  If two syncs are pending, the
 * second has not started yet (see sync.h) and will cover it.  Also report the
 * failure of earlier syncs, and look every time whether the file still has a
 * name, so that a run does not write for hours into a file that was removed.
 */
static int
have_synced(struct gm_journal *j)
{
	int error = 0;

	while (j->underway > 0 && error == 0 && gm_sync_end(&j->sync, &error)) {
		j->underway--;
		if (error == 0 && is_removed(j))
			error = ENOENT;
	}
	if (error == 0 && j->underway < 2) {
		if (gm_sync_begin(&j->sync, j->fd) == 0)
			j->underway++;
		else
			error = errno;
	}
	errno = error;
	return error == 0 ? 0 : -1;
}

int
gm_journal_write(struct gm_journal *j, const char hash[GM_HASH_HEX],
    struct gm_span line, struct gm_err *err)
{
	struct gm_hash h;

	if (j->path == NULL) {
		gm_out_put(&j->out, line);
		return gm_out_flush(&j->out, err);
	}
	if (j->error == 0 && (append(j, line) != 0 || have_synced(j) != 0))
		j->error = errno;
	if (j->error != 0)
		return fail_written(j, err);
	/* Only now: an old line may be dropped once the new one is written. */
	if (!gm_hashes_parse(&h, gm_span_of(hash)))
		h = GM_RESUME_INVALID;
	gm_resume_supersede(&j->resume, h);
	return 0;
}

/*
 * Report lines that belong to no record, and drop superseded lines.  Do not
 * start to copy a large file after a signal or the deadline.
 */
static void
tidy(struct gm_journal *j, bool complete)
{
	const struct gm_journal_options *o = j->options;
	size_t others = complete ? gm_resume_complete(&j->resume) : 0;
	struct gm_err err;

	if (others > 0)
		(void)gm_note(o->note, GM_LEVEL_NOTE,
		    "%s: kept %zu line%s of other records or parameters",
		    o->path, others, others == 1 ? "" : "s");
	if (o->keep_failed || j->resume.failed.marked == 0 ||
	    gm_stop_stage() != GM_STOP_NONE)
		return;
	if (gm_resume_rewrite(&j->resume, j->fd, j->path, &err) != 0)
		(void)gm_note(o->note, GM_LEVEL_NOTE,
		    "%s; the old lines of retried records remain", err.msg);
}

/* Wait for pending syncs and end the thread. */
static void
end_sync(struct gm_journal *j)
{
	int error;

	if (!j->syncs)
		return;
	gm_sync_close(&j->sync, &error);
	j->syncs = false;
	if (j->error == 0)
		j->error = error;
}

/*
 * Sync all lines before old ones are dropped: tidy() copies the file and
 * renames the copy, which must not lack a line.  Keep the lock until the end,
 * so that no other run opens the file while it is replaced.
 */
int
gm_journal_finish(struct gm_journal *j, bool complete, struct gm_err *err)
{
	int rc = 0, fd = j->fd;

	if (j->path == NULL) {
		rc = gm_out_commit(&j->out, err);
	} else {
		if (j->error == 0 && have_synced(j) != 0)
			j->error = errno;
		end_sync(j);
		if (j->error == 0 && is_removed(j))
			j->error = ENOENT;
		if (j->error == 0)
			tidy(j, complete);
		j->fd = -1;
		if (close(fd) != 0 && errno != EINTR && j->error == 0)
			j->error = errno;
		if (j->error != 0)
			rc = fail_written(j, err);
	}
	gm_journal_release(j);
	return rc;
}

void
gm_journal_release(struct gm_journal *j)
{
	end_sync(j);
	if (j->fd != -1 && j->path != NULL)
		(void)close(j->fd);
	j->fd = -1;
	free(j->path);
	j->path = NULL;
	gm_out_release(&j->out);
	gm_resume_release(&j->resume);
}
