#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stop.h"
#include "cli/out.h"

/* Bytes that a pipe takes without waiting if poll(2) says writable. */
#define PIECE 4096
/* A held answer is put at once; as JSON it is up to six times as long. */
#define PENDING_MAX (SIZE_MAX / 2)

/* Wait until a write would not wait for its reader. */
static int
wait_for(const struct gm_out *o, struct gm_err *err)
{
	if ((o->has_reader ? gm_stop_poll(o->fd, POLLOUT, 0, GM_STOP_NOW, err)
			   : gm_stop_check(GM_STOP_NOW, err)) >= 0)
		return 0;
	gm_err_prefix(err, "%s: ", o->name);
	return -1;
}

int
gm_out_open(struct gm_out *o, const char *path, struct gm_err *err)
{
	struct stat st;

	*o = (struct gm_out){ .fd = STDOUT_FILENO,
		.name = path != NULL ? path : "standard output",
		.file = { .fd = -1 } };
	gm_buf_init(&o->pending, PENDING_MAX);
	if (path != NULL) {
		if (gm_outfile_create(&o->file, path, err) != 0)
			return -1;
		o->file.keep = true; /* the answer was paid for */
		o->fd = o->file.fd;
	}
	o->regular = fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode);
	o->has_reader = gm_file_has_reader(o->fd);
	return 0;
}

/* Write a piece of the pending text in one write(2).  Returns 0, or -1. */
static int
write_piece(struct gm_out *o, struct gm_err *err)
{
	size_t left = o->pending.len - o->written;
	ssize_t n = write(o->fd, o->pending.data + o->written,
	    o->regular || left < PIECE ? left : PIECE);

	if (n >= 0) {
		o->written += (size_t)n;
	} else if (errno == EPIPE) {
		gm_stop_die(SIGPIPE);
		return gm_fail_errno(err, GM_EIO, "%s", o->name);
	} else if (errno != EINTR && errno != EAGAIN) {
		return gm_fail_errno(err, GM_EIO, "%s", o->name);
	} else if (errno == EAGAIN) {
		o->has_reader = true; /* a device like a FIFO */
	}
	return 0;
}

/* True if a write would return at once. */
static bool
is_ready(const struct gm_out *o)
{
	struct pollfd fd = { .fd = o->fd, .events = POLLOUT };

	return !o->has_reader || poll(&fd, 1, 0) == 1;
}

/* Returns 1: all is written, 0: the reader is not ready, -1. */
static int
write_pending(struct gm_out *o, bool waits, struct gm_err *err)
{
	if (gm_buf_check(&o->pending, err) != 0)
		return -1;
	while (o->written < o->pending.len) {
		if (!o->regular && waits && wait_for(o, err) != 0)
			return -1;
		if (!o->regular && !waits && !is_ready(o))
			return 0;
		if (write_piece(o, err) != 0)
			return -1;
	}
	gm_buf_reset(&o->pending);
	o->written = 0;
	return 1;
}

void
gm_out_put(struct gm_out *o, struct gm_span text)
{
	size_t before = o->pending.len;

	if (o->filtered)
		gm_term_filter(&o->filter, &o->pending, text);
	else
		gm_buf_put_span(&o->pending, text);
	if (o->pending.len > before) {
		o->begun = true;
		o->ends_line = o->pending.data[o->pending.len - 1] == '\n';
	}
}

/* Fail again after a failure: a part of the text may be written already. */
static int
write_once(struct gm_out *o, bool waits, struct gm_err *err)
{
	int rc = -1;

	if (!o->broken)
		rc = write_pending(o, waits, &o->failure);
	if (rc == -1) {
		o->broken = true;
		*err = o->failure;
	}
	return rc;
}

int
gm_out_flush(struct gm_out *o, struct gm_err *err)
{
	return write_once(o, true, err) == 1 ? 0 : -1;
}

int
gm_out_try(struct gm_out *o, struct gm_err *err)
{
	return write_once(o, false, err);
}

int
gm_out_end(struct gm_out *o, struct gm_err *err)
{
	if (o->begun && !o->ends_line)
		gm_out_put(o, (struct gm_span){ "\n", 1 });
	return gm_out_flush(o, err);
}

int
gm_out_commit(struct gm_out *o, struct gm_err *err)
{
	if (o->file.fd == -1)
		return 0;
	return gm_outfile_commit(&o->file, err);
}

void
gm_out_release(struct gm_out *o)
{
	gm_outfile_release(&o->file);
	gm_buf_release(&o->pending);
}
