#include <poll.h>
#include <string.h>

#include "base/file.h"
#include "base/lines.h"
#include "base/stop.h"

void
gm_lines_init(struct gm_lines *l, int fd, const char *name, size_t max)
{
	*l = (struct gm_lines){ .fd = fd, .name = name };
	gm_buf_init(&l->text, max);
}

static void
drop_taken(struct gm_lines *l)
{
	size_t left = l->text.len - l->at;

	if (l->at == 0)
		return;
	memmove(l->text.data, l->text.data + l->at, left);
	gm_buf_cut(&l->text, left);
	l->scanned -= l->at;
	l->at = 0;
}

int
gm_lines_fill(struct gm_lines *l, struct gm_err *err)
{
	int rc;

	drop_taken(l);
	/* Check for a stop even if input is always ready. */
	if (gm_stop_poll(l->fd, POLLIN, 0, GM_STOP_DRAIN, err) < 0) {
		gm_err_prefix(err, "%s: ", l->name);
		return -1;
	}
	rc = gm_file_read_some(l->fd, l->name, &l->text, err);
	l->ended = rc == 0;
	return rc;
}

bool
gm_lines_take(struct gm_lines *l, struct gm_span *line)
{
	const char *start = l->text.data, *end;

	if (l->at == l->text.len)
		return false;
	/* Bytes that were searched before have no newline. */
	end = memchr(start + l->scanned, '\n', l->text.len - l->scanned);
	l->scanned = l->text.len;
	if (end == NULL && !l->ended)
		return false;
	if (end == NULL)
		end = start + l->text.len;
	else
		l->scanned = (size_t)(end - start) + 1;
	*line =
	    (struct gm_span){ start + l->at, (size_t)(end - start) - l->at };
	l->at = l->scanned;
	return true;
}

void
gm_lines_release(struct gm_lines *l)
{
	gm_buf_release(&l->text);
}
