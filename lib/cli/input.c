#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/utf8.h"
#include "cli/input.h"

#define HINT_MS 3000

static const char stdin_name[] = "standard input";

#define MAGIC(bytes) \
	{ \
		bytes, sizeof(bytes) - 1 \
	}

/* Bytes that identify a format: no text has them at this offset. */
static const struct {
	struct gm_span magic;
	size_t at;
	const char *name;
} binaries[] = {
	{ MAGIC("%PDF-"), 0, "a PDF document" },
	{ MAGIC("\x89PNG\r\n"), 0, "a PNG image" },
	{ MAGIC("\xFF\xD8\xFF"), 0, "a JPEG image" },
	{ MAGIC("GIF87a"), 0, "a GIF image" },
	{ MAGIC("GIF89a"), 0, "a GIF image" },
	{ MAGIC("PK\x03\x04"), 0, "a ZIP archive or office document" },
	{ MAGIC("\x1f\x8b"), 0, "a gzip file" },
	{ MAGIC("1AY&SY"), 4, "a bzip2 file" },
	{ MAGIC("\xFD"
		"7zXZ"),
	    0, "an xz file" },
	{ MAGIC("\x28\xB5\x2F\xFD"), 0, "a zstd file" },
	{ MAGIC("\x7F"
		"ELF"),
	    0, "an ELF program" },
	{ MAGIC("OggS\0"), 0, "an Ogg file" },
	{ MAGIC("fLaC\0"), 0, "a FLAC file" },
	{ MAGIC("ID3\2"), 0, "an MP3 file" },
	{ MAGIC("ID3\3"), 0, "an MP3 file" },
	{ MAGIC("ID3\4"), 0, "an MP3 file" },
};

static bool
is_at(struct gm_span text, size_t at, struct gm_span magic)
{
	return text.len >= at + magic.len &&
	       memcmp(text.p + at, magic.p, magic.len) == 0;
}

int
gm_input_check_format(struct gm_span text, struct gm_err *err)
{
	const char *foreign;
	size_t i;

	for (i = 0; i < GM_LEN(binaries); i++)
		if (is_at(text, binaries[i].at, binaries[i].magic))
			return gm_fail(
			    err, GM_EDATA, "%s, not text", binaries[i].name);
	foreign = gm_utf8_foreign(text);
	if (foreign != NULL)
		return gm_fail(err, GM_EDATA,
		    "%s, not UTF-8; convert it with iconv -f %s -t UTF-8",
		    foreign, foreign);
	return 0;
}

int
gm_input_check(const char *name, struct gm_span *raw, struct gm_err *err)
{
	struct gm_span text = *raw;
	const char *nul;

	if (gm_input_check_format(text, err) != 0) {
		gm_err_prefix(err, "%s: ", name);
		return -1;
	}
	nul = text.len > 0 ? memchr(text.p, '\0', text.len) : NULL;
	if (nul != NULL)
		return gm_fail(err, GM_EDATA,
		    "%s: not text: NUL byte at offset %zu", name,
		    (size_t)(nul - text.p));
	if (gm_span_starts(text, "\xEF\xBB\xBF"))
		*raw = (struct gm_span){ text.p + 3, text.len - 3 };
	return 0;
}

static void
note_replaced(const struct gm_input *in, const char *name, size_t count)
{
	if (count > 0)
		gm_note(in->note, GM_LEVEL_NOTE,
		    "%s: not UTF-8 in %zu place%s: replaced by U+FFFD", name,
		    count, count == 1 ? "" : "s");
}

int
gm_input_put(struct gm_input *in, const char *name, struct gm_span raw,
    struct gm_buf *out, struct gm_err *err)
{
	if (raw.len > 0)
		note_replaced(in, name, gm_utf8_repair(out, raw));
	if (gm_buf_check(out, err) == 0)
		return 0;
	gm_err_prefix(err, "%s: ", name);
	return -1;
}

/* The source of a text. */
struct source {
	int fd;
	const char *name;
};

/* Wait for bytes; at a terminal, print a note after 3 s. */
static int
await(const struct gm_input *in, const struct source *from, bool *hinted,
    struct gm_err *err)
{
	bool hint = in->hint && !*hinted;
	int ready = gm_stop_poll(from->fd, POLLIN,
	    hint ? gm_clock_mono_ms() + HINT_MS : 0, GM_STOP_DRAIN, err);

	if (ready == 0) {
		gm_note(in->note, GM_LEVEL_NOTE, "waiting for %s%s", from->name,
		    from->fd == STDIN_FILENO ? "; use -n to skip it" : "");
		*hinted = true;
		ready = gm_stop_poll(from->fd, POLLIN, 0, GM_STOP_DRAIN, err);
	}
	if (ready > 0)
		return 0;
	gm_err_prefix(err, "%s: ", from->name);
	return -1;
}

static int
read_all(const struct gm_input *in, const struct source *from,
    struct gm_buf *raw, struct gm_err *err)
{
	bool hinted = false;
	int rc;

	do {
		if (await(in, from, &hinted, err) != 0)
			return -1;
		rc = gm_file_read_some(from->fd, from->name, raw, err);
	} while (rc == 1);
	if (rc == -1 && err->code == GM_EDATA)
		return gm_fail(err, GM_EDATA, "%s: larger than %zu MiB",
		    from->name, raw->max >> 20);
	return rc;
}

int
gm_input_read(struct gm_input *in, int fd, const char *name, struct gm_buf *raw,
    struct gm_err *err)
{
	const struct source from = { fd, name };

	return read_all(in, &from, raw, err);
}

int
gm_input_read_stdin(struct gm_input *in, struct gm_buf *raw, struct gm_err *err)
{
	if (in->used)
		return gm_fail(
		    err, GM_EUSAGE, "%s can be read only once", stdin_name);
	in->used = true;
	return in->closed
	           ? 0
	           : gm_input_read(in, STDIN_FILENO, stdin_name, raw, err);
}

/* Check and append the bytes that were read; rc and *err are of reading. */
static int
take_text(struct gm_input *in, const char *name, struct gm_buf *raw,
    struct gm_buf *out, int rc, struct gm_err *err)
{
	struct gm_span text = gm_buf_span(raw);

	if (rc == 0)
		rc = gm_input_check(name, &text, err);
	if (rc == 0)
		rc = gm_input_put(in, name, text, out, err);
	gm_buf_release(raw);
	return rc;
}

int
gm_input_stdin(struct gm_input *in, struct gm_buf *out, struct gm_err *err)
{
	struct gm_buf raw;
	int rc;

	gm_buf_init(&raw, GM_INPUT_MAX);
	rc = gm_input_read_stdin(in, &raw, err);
	return take_text(in, stdin_name, &raw, out, rc, err);
}

int
gm_input_literal(struct gm_input *in, const char *name, const char *text,
    struct gm_buf *out, struct gm_err *err)
{
	size_t replaced = gm_utf8_repair(out, gm_span_of(text));

	note_replaced(in, name, replaced);
	return gm_buf_check(out, err);
}

int
gm_input_argument(struct gm_input *in, const char *name, const char *text,
    struct gm_buf *out, struct gm_err *err)
{
	const char *path = text + 1;
	struct gm_buf raw;
	int fd, rc;

	if (text[0] != '@')
		return gm_input_literal(in, name, text, out, err);
	if (strcmp(path, "-") == 0)
		return gm_input_stdin(in, out, err);
	if (path[0] == '\0')
		return gm_fail(
		    err, GM_EUSAGE, "%s: no file name after @", name);
	fd = gm_file_open(path, err);
	if (fd == -1)
		return -1;
	gm_buf_init(&raw, GM_INPUT_MAX);
	rc = gm_input_read(in, fd, path, &raw, err);
	rc = take_text(in, path, &raw, out, rc, err);
	(void)close(fd);
	return rc;
}
