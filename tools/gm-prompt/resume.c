#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/buf.h"
#include "base/lines.h"
#include "base/lock.h"
#include "base/outfile.h"
#include "gm-prompt/resume.h"
#include "json/read.h"

#define LONGEST ((size_t)1 << 30)  /* bytes of a line with its newline */
#define CHUNK ((size_t)256 * 1024) /* bytes collected before a write */

/* A walk over the lines of a file. */
struct walk {
	int fd;
	const char *path;
	off_t size;          /* of the file, before the walk */
	off_t at;            /* offset of the line */
	uintmax_t number;    /* of the line, from 1 */
	struct gm_span line; /* without its newline */
	struct gm_json json; /* filled by parse(), as the next two */
	struct gm_hash hash;
	bool failed;
	int (*each)(struct walk *, struct gm_err *); /* called for each line */
	struct gm_resume *resume;
	struct gm_buf out; /* lines to be written to out_fd */
	int out_fd;
};

static bool
has_newline(const struct walk *w)
{
	return w->at + (off_t)w->line.len < w->size;
}

/* Parse a line.  Fails if it is not a result of gm-prompt. */
static int
parse(struct walk *w, struct gm_err *err)
{
	struct gm_json *j = &w->json;
	enum gm_json_type error;
	struct gm_span hash;
	int record, ok;

	if (gm_json_parse(j, w->line, err) != 0)
		return -1;
	record = gm_json_at(j, GM_JSON_ROOT, "record");
	ok = gm_json_at(j, GM_JSON_ROOT, "ok");
	error = gm_json_type(j, gm_json_at(j, GM_JSON_ROOT, "error"));
	hash = gm_json_raw(j, gm_json_at(j, GM_JSON_ROOT, "hash"));
	w->failed = !gm_json_true(j, ok);
	if (gm_json_type(j, record) != GM_JSON_NUMBER ||
	    gm_json_int(j, record, 0) < 1)
		return gm_fail(err, GM_EDATA, "no \"record\"");
	if (w->failed && gm_span_is(hash, "\"\""))
		w->hash = GM_RESUME_INVALID;
	else if (hash.len < 2 || hash.p[0] != '"' ||
		 !gm_hashes_parse(
		     &w->hash, (struct gm_span){ hash.p + 1, hash.len - 2 }))
		return gm_fail(err, GM_EDATA, "no \"hash\"");
	if (gm_json_type(j, ok) != GM_JSON_BOOL)
		return gm_fail(err, GM_EDATA, "no \"ok\"");
	if (w->failed ? error != GM_JSON_OBJECT
		      : error != GM_JSON_NULL && error != GM_JSON_ABSENT)
		return gm_fail(
		    err, GM_EDATA, "\"error\" does not agree with \"ok\"");
	return 0;
}

/*
 * Report a line that is not a result, for the reason in *err.  The file may be
 * a valuable one named by mistake, so nothing in it is changed.
 */
static int
fail_line(const struct walk *w, struct gm_err *err)
{
	if (err->code == GM_EOS)
		return -1;
	err->code = GM_EDATA;
	gm_err_prefix(err,
	    "%s: line %ju is not a result of gm-prompt: ", w->path, w->number);
	gm_err_append(err, "; use another file");
	return -1;
}

/* Call each() for the lines that the file has now. */
static int
walk(struct walk *w, struct gm_err *err)
{
	struct gm_lines lines;
	struct stat st;
	int more, rc = 0;

	if (lseek(w->fd, 0, SEEK_SET) != 0 || fstat(w->fd, &st) != 0)
		return gm_fail_errno(err, GM_ENOINPUT, "%s", w->path);
	w->size = st.st_size;
	gm_lines_init(&lines, w->fd, w->path, LONGEST);
	do {
		more = gm_lines_fill(&lines, err);
		while (
		    more != -1 && rc == 0 && gm_lines_take(&lines, &w->line)) {
			w->number++;
			rc = w->each(w, err);
			w->at += (off_t)w->line.len + has_newline(w);
		}
	} while (more == 1 && rc == 0);
	gm_lines_release(&lines);
	gm_json_release(&w->json);
	return more == -1 ? -1 : rc;
}

/* Return true if an incomplete line begins as a result does. */
static bool
begins_well(struct gm_span part)
{
	size_t len = strlen(GM_RESUME_START);

	if (part.len <= len)
		return memcmp(part.p, GM_RESUME_START, part.len) == 0;
	return gm_span_starts(part, GM_RESUME_START) && part.p[len] >= '1' &&
	       part.p[len] <= '9';
}

/* Add the hash of a line to the finished or the failed ones. */
static int
learn(struct walk *w, struct gm_err *err)
{
	struct gm_resume *r = w->resume;

	if (parse(w, err) != 0) {
		/*
		 * A last line without its newline may be half of a result, if a
		 * power cut or another file system left it.  Only then it may
		 * be cut off; a file of another kind stays untouched.
		 */
		if (has_newline(w) || err->code == GM_EOS ||
		    !begins_well(w->line))
			return fail_line(w, err);
		return 0; /* mend() cuts it off */
	}
	r->size = w->at + (off_t)w->line.len + 1;
	return gm_hashes_add(
	    w->failed ? &r->failed : &r->finished, w->hash, err);
}

/*
 * Make the file end after the last line that was read: new lines are appended
 * to it.  Called after all lines were read, as nothing may be changed if one of
 * them is not a result.
 */
static int
mend(const struct walk *w, struct gm_err *err)
{
	off_t size = w->resume->size;
	int rc = 0;

	if (size < w->size)
		rc = ftruncate(w->fd, size);
	else if (size > w->size)
		rc = gm_aside_fill(w->fd, gm_span_of("\n"));
	return rc != 0 ? gm_fail_errno(err, GM_EIO, "%s", w->path) : 0;
}

int
gm_resume_read(
    struct gm_resume *r, int fd, const char *path, struct gm_err *err)
{
	struct walk w = { .fd = fd, .path = path, .each = learn, .resume = r };

	if (walk(&w, err) != 0 || gm_hashes_sort(&r->finished, err) != 0 ||
	    gm_hashes_sort(&r->failed, err) != 0)
		return -1;
	return mend(&w, err);
}

bool
gm_resume_skip(struct gm_resume *r, struct gm_hash hash)
{
	return gm_hashes_mark(&r->finished, hash);
}

void
gm_resume_supersede(struct gm_resume *r, struct gm_hash hash)
{
	(void)gm_hashes_mark(&r->failed, hash);
}

size_t
gm_resume_complete(struct gm_resume *r)
{
	struct gm_hash hash;
	size_t i;

	for (i = 0; i < r->failed.len; i++) {
		hash = r->failed.all[i];
		if ((hash.high == 0 && hash.low == 0) ||
		    gm_hashes_is_marked(&r->finished, hash) ||
		    gm_hashes_is_marked(&r->failed, hash))
			(void)gm_hashes_mark(&r->failed, hash);
	}
	return r->finished.len - r->finished.marked + r->failed.len -
	       r->failed.marked;
}

static int
put_out(struct walk *w, struct gm_err *err)
{
	if (gm_buf_check(&w->out, err) != 0)
		return -1;
	if (gm_aside_fill(w->out_fd, gm_buf_span(&w->out)) != 0)
		return gm_fail_errno(err, GM_EIO, "%s", w->path);
	gm_buf_reset(&w->out);
	return 0;
}

/*
 * Copy a line unless it is superseded.  Lines after resume->size are new: this
 * run wrote them, and the newest line of a record counts.
 */
static int
copy(struct walk *w, struct gm_err *err)
{
	bool old = w->at < w->resume->size;

	if (!has_newline(w))
		return gm_fail(
		    err, GM_EDATA, "%s: changed by another program", w->path);
	if (old && parse(w, err) != 0)
		return fail_line(w, err);
	/* Drop as many lines of the hash as are marked, from the first. */
	if (old && w->failed && gm_hashes_unmark(&w->resume->failed, w->hash))
		return 0;
	gm_buf_put_span(&w->out, w->line);
	gm_buf_putc(&w->out, '\n');
	return w->out.len < CHUNK ? 0 : put_out(w, err);
}

/*
 * The copy is locked from its creation (gm_outfile_create()), so that no other
 * run can use it between the rename and our end.  It is synced before the
 * rename: a power cut leaves the old file or the whole new one.
 */
int
gm_resume_rewrite(
    struct gm_resume *r, int fd, const char *path, struct gm_err *err)
{
	struct walk w = { .fd = fd, .path = path, .each = copy, .resume = r };
	struct gm_outfile file;
	int rc;

	if (!gm_lock_is_named(fd, AT_FDCWD, path, 0))
		return gm_fail(
		    err, GM_EIO, "%s: replaced by another program", path);
	if (gm_outfile_create(&file, path, err) != 0)
		return -1;
	file.must_rename = true; /* in place, a kill would leave half a file */
	w.out_fd = file.fd;
	gm_buf_init(&w.out, LONGEST + CHUNK);
	if (file.in_place)
		rc = gm_fail(err, GM_EIO,
		    "%s: cannot be replaced: it is a mount point, or its "
		    "directory is not writable",
		    path);
	else
		rc = walk(&w, err);
	if (rc == 0)
		rc = put_out(&w, err);
	gm_buf_release(&w.out);
	if (rc == 0)
		return gm_outfile_commit(&file, err);
	gm_outfile_release(&file);
	return -1;
}

void
gm_resume_release(struct gm_resume *r)
{
	gm_hashes_release(&r->finished);
	gm_hashes_release(&r->failed);
	r->size = 0;
}
