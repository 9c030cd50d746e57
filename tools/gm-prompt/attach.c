#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/span.h"
#include "base/term.h"
#include "base/utf8.h"
#include "cli/enclose.h"
#include "gm-prompt/attach.h"
#include "provider/encode.h"

#define FILES_MAX (1024 * 1024)
#define SHOWN_MAX (8 * GM_TERM_LINE_MAX)
#define KEPT_MAX (1024 * 1024) /* bytes of each buffer kept by a reset */

static const char stdin_name[] = "standard input";

struct file {
	size_t end;             /* offset in texts where its part ends */
	char hash[GM_HASH_HEX]; /* of content and name */
};

void
gm_attach_init(struct gm_attach *a)
{
	*a = (struct gm_attach){ .len = 0 };
	gm_buf_init(&a->texts, GM_ENCODED_MAX);
	gm_buf_init(&a->files, FILES_MAX * sizeof(struct file));
	gm_buf_init(&a->raw, GM_ATTACH_FILE_MAX);
}

void
gm_attach_reset(struct gm_attach *a)
{
	gm_buf_recycle(&a->texts, KEPT_MAX);
	gm_buf_recycle(&a->files, KEPT_MAX);
	a->len = 0;
	a->filled = 0;
}

static const struct file *
file_at(const struct gm_attach *a, size_t i)
{
	return (const struct file *)(const void *)a->files.data + i;
}

/* Names of the file that is being added. */
struct source {
	struct gm_span name; /* for the request */
	const char *shown;   /* for messages: one line, no controls */
};

/* Append the part of a file: its content between the tags. */
static int
wrap(struct gm_attach *a, struct gm_input *in, const struct source *from,
    struct gm_span content, struct gm_err *err)
{
	struct file file = { .end = 0 };
	char hash[GM_HASH_HEX], id[GM_HASH_HEX];

	/* Salt the name with the content's hash: one hash for both. */
	gm_hash_hex(hash, gm_span_of(""), content);
	gm_hash_hex(file.hash, gm_span_of(hash), from->name);
	gm_enclose_id(id, content);
	gm_buf_puts(&a->texts, "<file name=\"");
	gm_enclose_name(&a->texts, from->name);
	gm_buf_printf(&a->texts, "\" id=\"%s\">\n", id);
	if (gm_input_put(in, from->shown, content, &a->texts, err) != 0 &&
	    err->code == GM_EOS)
		return -1;
	if (content.len > 0 && content.p[content.len - 1] != '\n')
		gm_buf_putc(&a->texts, '\n');
	gm_buf_printf(&a->texts, "</file id=\"%s\">\n", id);
	file.end = a->texts.len;
	gm_buf_put(&a->files, (const char *)&file, sizeof(file));
	gm_buf_inherit(&a->texts, &a->files);
	if (a->texts.failed == GM_EDATA)
		return gm_fail(err, GM_EDATA,
		    "%s: all files together are larger than %zu MiB",
		    from->shown, a->texts.max >> 20);
	if (gm_buf_check(&a->texts, err) != 0)
		return -1;
	a->len++;
	a->filled += gm_span_trim(content).len > 0;
	return 0;
}

/*
 * Add the content of a->raw as the next file; rc and *err come from reading it.
 */
static int
take(struct gm_attach *a, struct gm_input *in, const struct source *from,
    int rc, struct gm_err *err)
{
	struct gm_span content = gm_buf_span(&a->raw);

	if (rc == 0 && gm_input_check(from->shown, &content, err) != 0) {
		/* For UTF-16 and UTF-32 the message names iconv already. */
		if (gm_utf8_foreign(content) == NULL)
			gm_err_append(err,
			    "; images, PDF and other data are not supported "
			    "yet");
		rc = -1;
	}
	if (rc == 0)
		rc = wrap(a, in, from, content, err);
	/* The caller decides whether standard input may be empty. */
	if (rc == 0 && content.len == 0 && from->shown != stdin_name)
		gm_note(in->note, GM_LEVEL_NOTE, "%s: empty", from->shown);
	gm_buf_recycle(&a->raw, KEPT_MAX);
	return rc;
}

/*
 * Read a file into a->raw.  Reject devices: they may have no end, or wait for a
 * person.  With regular_only also reject FIFOs, whose writer may never come.
 */
static int
read_file(struct gm_attach *a, struct gm_input *in, const char *path,
    const char *shown, struct gm_err *err)
{
	int fd = gm_file_openat(AT_FDCWD, path, O_RDONLY), rc;
	struct stat st;

	if (fd == -1)
		return gm_file_fail_open(GM_ENOINPUT, shown, err);
	if (fstat(fd, &st) != 0)
		rc = gm_fail_errno(err, GM_ENOINPUT, "%s", shown);
	else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		rc = gm_fail(
		    err, GM_ENOINPUT, "%s: a device, not a file", shown);
	else if (a->regular_only && !S_ISREG(st.st_mode) &&
		 !S_ISDIR(st.st_mode))
		rc = gm_fail(err, GM_ENOINPUT,
		    "%s: a FIFO; a record can only name regular files", shown);
	else
		rc = gm_input_read(in, fd, shown, &a->raw, err);
	(void)close(fd);
	return rc;
}

int
gm_attach_file(struct gm_attach *a, struct gm_input *in, const char *path,
    struct gm_err *err)
{
	struct source from = { .name = gm_span_of(path) };
	struct gm_buf shown;
	int rc;

	gm_buf_init(&shown, SHOWN_MAX);
	gm_term_line(&shown, from.name, GM_TERM_LINE_MAX);
	if (shown.len == 0)
		gm_buf_puts(&shown, "''");
	rc = gm_buf_check(&shown, err);
	from.shown = gm_buf_str(&shown);
	if (rc == 0)
		rc = read_file(a, in, path, from.shown, err);
	rc = take(a, in, &from, rc, err);
	gm_buf_release(&shown);
	return rc;
}

int
gm_attach_stdin(struct gm_attach *a, struct gm_input *in, struct gm_err *err)
{
	const struct source from = { gm_span_of(stdin_name), stdin_name };
	int rc = gm_input_read_stdin(in, &a->raw, err);

	return take(a, in, &from, rc, err);
}

struct gm_part
gm_attach_part(const struct gm_attach *a, size_t i)
{
	size_t at = i > 0 ? file_at(a, i - 1)->end : 0;

	return (struct gm_part){ .kind = GM_PART_TEXT,
		.text = { a->texts.data + at, file_at(a, i)->end - at } };
}

const char *
gm_attach_hash(const struct gm_attach *a, size_t i)
{
	return file_at(a, i)->hash;
}

void
gm_attach_release(struct gm_attach *a)
{
	gm_buf_release(&a->texts);
	gm_buf_release(&a->files);
	gm_buf_release(&a->raw);
	*a = (struct gm_attach){ .len = 0 };
}
