#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/note.h"
#include "base/term.h"

/*
 * Bytes of a note on its way, and characters of the line that comes of it, which
 * is cut to PIPE_BUF bytes besides.
 */
#define NOTE_MAX (256 * 1024)
#define LINE_CHARACTERS 3000

/* To the first column, and erase from the cursor to the end of the line. */
#define RETURN "\r"
#define ERASE "\033[K"

/* Priorities of syslog(3) as sd-daemon(3) wants them in front of a line. */
static const char *const priorities[] = {
	[GM_LEVEL_ERROR] = "<3>",
	[GM_LEVEL_METRICS] = "<6>",
	[GM_LEVEL_NOTE] = "<5>",
	[GM_LEVEL_DETAIL] = "<6>",
	[GM_LEVEL_TRACE] = "<7>",
};

/* Errors in red, notes in yellow, the rest faint. */
static const char *const colors[] = {
	[GM_LEVEL_ERROR] = "\033[1;31m",
	[GM_LEVEL_METRICS] = "\033[2m",
	[GM_LEVEL_NOTE] = "\033[33m",
	[GM_LEVEL_DETAIL] = "\033[2m",
	[GM_LEVEL_TRACE] = "\033[2m",
};

const char *
gm_note_priority(const struct gm_note *n, enum gm_level level)
{
	return n->journal ? priorities[level] : "";
}

static bool
is_wanted(const struct gm_note *n, enum gm_level level)
{
	switch (level) {
	case GM_LEVEL_ERROR:
	case GM_LEVEL_METRICS:
		return true;
	case GM_LEVEL_NOTE:
		return !n->quiet;
	case GM_LEVEL_DETAIL:
		return n->verbose >= 1;
	case GM_LEVEL_TRACE:
		return n->verbose >= 2;
	}
	return true;
}

/* To what a pipe takes whole from one of many writers, with the newline. */
static void
shorten(struct gm_buf *line)
{
	size_t len = PIPE_BUF - strlen("...\n");

	if (line->failed != GM_OK || line->len < PIPE_BUF)
		return;
	while (((unsigned char)line->data[len] & 0xC0) == 0x80)
		len--; /* between characters */
	gm_buf_cut(line, len);
	gm_buf_puts(line, "...");
}

/* What erases the status line, if there is one, in front of a note. */
static const char *
take_status(const struct gm_note *n)
{
	if (n->status == NULL || !*n->status)
		return "";
	*n->status = false;
	return RETURN ERASE;
}

/* Needs no memory. */
static void
say_no_memory(const struct gm_note *n, const char *erase)
{
	char line[120];
	struct gm_err ignored;

	(void)snprintf(
	    line, sizeof(line), "%s%.80s: out of memory\n", erase, n->tool);
	(void)!gm_file_write(n->fd, gm_span_of(line), GM_STOP_NOW, &ignored);
}

/* Returns false if the line could not be made, and says that. */
static bool
put_line(
    const struct gm_note *n, enum gm_level level, const struct gm_buf *text)
{
	const char *erase = take_status(n);
	struct gm_buf line;
	struct gm_err ignored;
	bool made;

	gm_buf_init(&line, NOTE_MAX);
	gm_buf_printf(&line, "%s%s%s%s:%s ", erase, gm_note_priority(n, level),
	    n->color ? colors[level] : "", n->tool, n->color ? "\033[m" : "");
	gm_term_line(&line, gm_buf_span(text), LINE_CHARACTERS);
	shorten(&line);
	gm_buf_putc(&line, '\n');
	gm_buf_inherit(&line, text);
	made = line.failed == GM_OK;
	/* Where standard error fails there is nowhere left to say so. */
	if (made)
		(void)!gm_file_write(
		    n->fd, gm_buf_span(&line), GM_STOP_NOW, &ignored);
	else
		say_no_memory(n, erase);
	gm_buf_release(&line);
	return made;
}

void
gm_note_status(const struct gm_note *n, struct gm_span text)
{
	struct pollfd p = { .fd = n->fd, .events = POLLOUT };
	char line[512];
	int len;

	if (n->status == NULL || (text.len == 0 && !*n->status) ||
	    text.len + sizeof(RETURN ERASE) > sizeof(line) ||
	    poll(&p, 1, 0) <= 0)
		return;
	len = snprintf(line, sizeof(line), RETURN "%.*s" ERASE, (int)text.len,
	    text.len > 0 ? text.p : "");
	/* Not gm_file_write(): the line must go, also once we are to stop. */
	if (write(n->fd, line, (size_t)len) == len)
		*n->status = text.len > 0;
}

bool
gm_note(const struct gm_note *n, enum gm_level level, const char *fmt, ...)
{
	struct gm_buf text, masked;
	va_list args;
	bool made;

	if (!is_wanted(n, level))
		return true;
	gm_buf_init(&text, NOTE_MAX);
	gm_buf_init(&masked, NOTE_MAX);
	va_start(args, fmt);
	gm_buf_vprintf(&text, fmt, args);
	va_end(args);
	gm_secret_mask(n->secrets, &masked, gm_buf_span(&text));
	gm_buf_inherit(&masked, &text);
	made = put_line(n, level, &masked);
	gm_buf_release(&text);
	gm_buf_release(&masked);
	return made;
}

bool
gm_note_masked(
    const struct gm_note *n, enum gm_level level, struct gm_span span)
{
	struct gm_buf text;
	bool made;

	if (!is_wanted(n, level))
		return true;
	gm_buf_init(&text, NOTE_MAX);
	gm_buf_put_span(&text, span);
	made = put_line(n, level, &text);
	gm_buf_release(&text);
	return made;
}
