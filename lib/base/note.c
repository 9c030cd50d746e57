#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/note.h"
#include "base/term.h"

/*
 * Longest note before it is made one line, in bytes, and the line, in
 * characters; the line is cut to PIPE_BUF bytes besides.
 */
#define NOTE_MAX (256 * 1024)
#define LINE_CHARACTERS 3000

/* Columns of a terminal that does not say, and of the widest status line. */
#define COLUMNS 80
#define COLUMNS_MAX 500

/* Room for "\r", blanks for all columns, "\r". */
#define ERASE_MAX (COLUMNS_MAX + 3)

/* Columns of "^C", which a terminal may show after the status line. */
#define CONTROL_C 2

/* Priorities of syslog(3), as sd-daemon(3) reads them from a line. */
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

/* Cut the line so that with its newline write(2) to a pipe is atomic. */
static void
shorten(struct gm_buf *line)
{
	size_t len = PIPE_BUF - strlen("...\n");

	if (line->failed != GM_OK || line->len < PIPE_BUF)
		return;
	while (((unsigned char)line->data[len] & 0xC0) == 0x80)
		len--; /* cut between characters */
	gm_buf_cut(line, len);
	gm_buf_puts(line, "...");
}

size_t
gm_note_columns(const struct gm_note *n)
{
	struct winsize size;

	if (ioctl(n->fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS;
	return size.ws_col;
}

/* Columns that a status line may use. */
static size_t
columns_of(const struct gm_note *n)
{
	size_t columns = gm_note_columns(n);

	return columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
}

/*
 * Write the bytes that erase the status line, if one is shown.  Blanks do it on
 * any terminal, also on one that shows escape sequences as text.
 */
static void
put_erasure(const struct gm_note *n, char out[ERASE_MAX])
{
	size_t columns, len;

	out[0] = '\0';
	if (n->status == NULL || *n->status == 0)
		return;
	columns = columns_of(n);
	len = *n->status + CONTROL_C;
	if (len >= columns) /* in the last column the line would wrap */
		len = columns - 1;
	(void)snprintf(out, ERASE_MAX, "\r%*s\r", (int)len, "");
}

/* The line must reach the user also without memory. */
static void
say_no_memory(const struct gm_note *n, const char *erasure)
{
	char line[ERASE_MAX + 120];
	struct gm_err ignored;

	(void)snprintf(
	    line, sizeof(line), "%s%.80s: out of memory\n", erasure, n->tool);
	(void)!gm_file_write(n->fd, gm_span_of(line), GM_STOP_NOW, &ignored);
}

/* Print a line; return false if there is no memory for it, and say so. */
static bool
put_line(
    const struct gm_note *n, enum gm_level level, const struct gm_buf *text)
{
	char erasure[ERASE_MAX];
	struct gm_buf line;
	struct gm_err ignored;
	bool made;

	put_erasure(n, erasure);
	if (n->status != NULL)
		*n->status = 0;
	gm_buf_init(&line, NOTE_MAX);
	gm_buf_printf(&line, "%s%s%s%s:%s ", erasure,
	    gm_note_priority(n, level), n->color ? colors[level] : "", n->tool,
	    n->color ? "\033[m" : "");
	gm_term_line(&line, gm_buf_span(text), LINE_CHARACTERS);
	shorten(&line);
	gm_buf_putc(&line, '\n');
	gm_buf_inherit(&line, text);
	made = line.failed == GM_OK;
	/* An error of standard error cannot be reported anywhere. */
	if (made)
		(void)!gm_file_write(
		    n->fd, gm_buf_span(&line), GM_STOP_NOW, &ignored);
	else
		say_no_memory(n, erasure);
	gm_buf_release(&line);
	return made;
}

/* True unless another process group uses the terminal. */
static bool
is_in_front(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group == -1 || group == getpgrp();
}

/* Return text without what would reach the last column, and wrap. */
static struct gm_span
fit(const struct gm_note *n, struct gm_span text)
{
	size_t columns = columns_of(n);

	if (text.len >= columns)
		text.len = columns - 1;
	return text;
}

void
gm_note_status(const struct gm_note *n, struct gm_span text)
{
	struct pollfd p = { .fd = n->fd, .events = POLLOUT };
	char erasure[ERASE_MAX], line[2 * ERASE_MAX];
	int len;

	if (n->status == NULL || (text.len == 0 && *n->status == 0) ||
	    (text.len > 0 && !is_in_front(n->fd)) || poll(&p, 1, 0) <= 0)
		return;
	text = fit(n, text);
	put_erasure(n, erasure);
	/* A text that covers the line before it needs no blanks. */
	len = snprintf(line, sizeof(line), "%s%.*s",
	    *n->status > text.len ? erasure : "\r", (int)text.len,
	    text.len > 0 ? text.p : "");
	/* gm_file_write() would refuse once the run is to stop. */
	if (write(n->fd, line, (size_t)len) == len)
		*n->status = text.len;
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
