#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stop.h"
#include "base/term.h"
#include "base/utf8.h"
#include "cli/input.h"
#include "gm-summ/text.h"

#define NAME_MAX_SHOWN 200                    /* characters */
#define MEMORY_MAX ((size_t)1024 * 1024)      /* bytes of a pipe in memory */
#define ROUND_MAX ((size_t)256 * 1024 * 1024) /* bytes of all answers */
#define FIRST ((size_t)4096) /* bytes that show the type of a file */

static int
set_name(struct gm_text *t, const char *name, struct gm_err *err)
{
	struct gm_buf shown;

	gm_buf_init(&shown, 8 * NAME_MAX_SHOWN);
	gm_term_line(&shown, gm_span_of(name), NAME_MAX_SHOWN);
	t->name = gm_buf_take(&shown);
	gm_buf_release(&shown);
	if (t->name == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	return 0;
}

int
gm_text_make(struct gm_text *t, const struct gm_text_options *o,
    const char *name, struct gm_err *err)
{
	*t = (struct gm_text){ .options = o, .fd = -1 };
	gm_buf_init(&t->memory, ROUND_MAX);
	return set_name(t, name, err);
}

void
gm_text_grow(struct gm_text *t)
{
	t->size = (off_t)t->memory.len;
}

static int
write_all(int fd, struct gm_span bytes)
{
	ssize_t n;

	while (bytes.len > 0) {
		n = write(fd, bytes.p, bytes.len);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes.p += n;
			bytes.len -= (size_t)n;
		}
	}
	return 0;
}

/*
 * Create a temporary file and unlink it at once, so that it is always removed.
 * Returns a descriptor, or -1 with errno.
 */
static int
open_unnamed(const char *dir)
{
	struct gm_buf path;
	int fd = -1;

	gm_buf_init(&path, 64 * 1024);
	gm_buf_printf(&path, "%s/gm-summ.XXXXXX", dir);
	errno = ENOMEM;
	if (path.failed == GM_OK && (fd = mkstemp(path.data)) != -1) {
		(void)unlink(path.data);
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	gm_buf_release(&path);
	return fd;
}

/* Append the bytes in memory to the temporary file. */
static int
spill(struct gm_text *t, struct gm_err *err)
{
	const char *dir = t->options->temporary;

	if (t->fd == -1)
		t->fd = open_unnamed(dir);
	if (t->fd == -1 || write_all(t->fd, gm_buf_span(&t->memory)) != 0) {
		(void)gm_fail_errno(
		    err, GM_EIO, "%s: temporary copy in %s", t->name, dir);
		gm_err_append(err, "; set TMPDIR to another directory");
		return -1;
	}
	t->size += (off_t)t->memory.len;
	gm_buf_reset(&t->memory);
	return 0;
}

/* Copy a pipe to its end. */
static int
copy(struct gm_text *t, int from, struct gm_err *err)
{
	int rc;

	gm_buf_init(&t->memory, 2 * MEMORY_MAX);
	do {
		rc = gm_file_read_some(from, t->name, &t->memory, err);
		if (rc == 1 && t->memory.len >= MEMORY_MAX &&
		    spill(t, err) != 0)
			return -1;
	} while (rc == 1);
	if (rc == 0 && t->fd != -1)
		return spill(t, err);
	if (rc == 0)
		t->size = (off_t)t->memory.len;
	return rc;
}

/* Keep a file on disk open; copy anything else. */
static int
take(struct gm_text *t, int from, struct gm_err *err)
{
	struct stat st;

	if (fstat(from, &st) != 0)
		return gm_fail_errno(err, GM_ENOINPUT, "%s", t->name);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return gm_fail_errno(err, GM_ENOINPUT, "%s", t->name);
	}
	/*
	 * Files below /proc have content, but no size.  Standard input that was
	 * read in part, as by "read" in a shell, is copied from its offset.
	 */
	if (S_ISREG(st.st_mode) && st.st_size > 0 &&
	    lseek(from, 0, SEEK_CUR) == 0) {
		t->fd = fcntl(from, F_DUPFD_CLOEXEC, 3);
		if (t->fd == -1)
			return gm_fail_errno(err, GM_EOS, "%s", t->name);
		t->size = st.st_size;
		t->changed = st.st_mtim;
		return 0;
	}
	if (from != STDIN_FILENO &&
	    (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		return gm_fail(
		    err, GM_ENOINPUT, "%s: a device, not a file", t->name);
	return copy(t, from, err);
}

/* Fail if the start of the text shows that it is binary, or it is blank. */
static int
judge(struct gm_text *t, struct gm_err *err)
{
	struct gm_buf first;
	struct gm_span text;
	int rc;

	gm_buf_init(&first, FIRST);
	rc = gm_text_read(t, 0,
	    t->size < (off_t)FIRST ? (size_t)t->size : FIRST, &first, err);
	text = gm_buf_span(&first);
	if (rc == 0)
		rc = gm_input_check(t->name, &text, err);
	if (rc == 0) {
		t->start = (off_t)(first.len - text.len);
		t->size -= t->start;
	}
	if (rc == 0 && text.len == gm_utf8_blanks(text) &&
	    t->size == (off_t)text.len)
		rc = gm_fail(err, GM_EDATA, "%s: empty", t->name);
	gm_buf_release(&first);
	return rc;
}

int
gm_text_open(struct gm_text *t, const struct gm_text_options *o,
    const char *path, struct gm_err *err)
{
	int fd = STDIN_FILENO, rc;

	if (gm_text_make(t, o, path != NULL ? path : "standard input", err) !=
	    0)
		return -1;
	if (path == NULL && o->stdin_closed)
		return gm_fail(err, GM_EDATA, "%s: empty", t->name);
	if (path != NULL && (fd = gm_file_open(path, err)) == -1)
		return -1;
	rc = take(t, fd, err);
	if (path != NULL)
		(void)close(fd);
	return rc == 0 ? judge(t, err) : -1;
}

/* Copies of pipes and texts in memory have no name to be opened by again. */
void
gm_text_park(struct gm_text *t, const char *path)
{
	struct stat st;

	if (path == NULL || t->fd == -1 || fstat(t->fd, &st) != 0 ||
	    st.st_nlink == 0)
		return;
	t->parked = path;
	t->device = st.st_dev;
	t->inode = st.st_ino;
	(void)close(t->fd);
	t->fd = -1;
}

/* Open a parked file.  Returns a descriptor, or -1. */
static int
unpark(const struct gm_text *t, struct gm_err *err)
{
	struct stat st;
	int fd = gm_file_open(t->parked, err);

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_dev == t->device &&
	    st.st_ino == t->inode)
		return fd;
	(void)close(fd);
	return gm_fail(
	    err, GM_ENOINPUT, "%s: replaced while it was read", t->name);
}

/* Append exactly len bytes of a file. */
static int
read_at(const struct gm_text *t, int fd, off_t at, size_t len,
    struct gm_buf *out, struct gm_err *err)
{
	char *room = gm_buf_room(out, len);
	ssize_t n;

	if (room == NULL)
		return gm_buf_check(out, err);
	while (len > 0) {
		n = pread(fd, room, len, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return gm_fail_errno(err, GM_ENOINPUT, "%s", t->name);
		if (n == 0)
			return gm_fail(err, GM_ENOINPUT,
			    "%s: became shorter while it was read", t->name);
		gm_buf_filled(out, (size_t)n);
		room += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
gm_text_read(const struct gm_text *t, off_t at, size_t len, struct gm_buf *out,
    struct gm_err *err)
{
	int fd = t->fd, rc;

	at += t->start;
	if (fd == -1 && t->parked == NULL) {
		gm_buf_put(out, t->memory.data + at, len);
		return gm_buf_check(out, err);
	}
	if (t->parked != NULL && (fd = unpark(t, err)) == -1)
		return -1;
	rc = read_at(t, fd, at, len, out, err);
	if (t->parked != NULL)
		(void)close(fd);
	return rc;
}

int
gm_text_put(struct gm_text *t, struct gm_span bytes, struct gm_buf *out,
    struct gm_err *err)
{
	size_t replaced;

	if (bytes.len > 0 && memchr(bytes.p, '\0', bytes.len) != NULL)
		return gm_fail(err, GM_EDATA,
		    "%s: contains a NUL byte; only text can be summarised",
		    t->name);
	replaced = gm_utf8_repair(out, bytes);
	if (replaced > 0 && !t->noted)
		gm_note(t->options->note, GM_LEVEL_NOTE,
		    "%s: not UTF-8 in places: replaced by U+FFFD", t->name);
	t->noted = t->noted || replaced > 0;
	return gm_buf_check(out, err);
}

void
gm_text_close(struct gm_text *t)
{
	if (t->fd != -1)
		(void)close(t->fd);
	t->fd = -1;
	free(t->name);
	t->name = NULL;
	gm_buf_release(&t->memory);
}
