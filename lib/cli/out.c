#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stop.h"
#include "cli/out.h"

/* A pipe that polls as writable takes this much without waiting. */
#define PIECE 4096
/* A held answer is put at once, as JSON up to six times as long. */
#define PENDING_MAX (SIZE_MAX / 2)

/* Until a write does not wait for its reader. */
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
		o->file.keep = true; /* it was paid for */
		o->fd = o->file.fd;
	}
	o->regular = fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode);
	o->has_reader = gm_file_has_reader(o->fd);
	return 0;
}

static int
write_bytes(struct gm_out *o, struct gm_span bytes, struct gm_err *err)
{
	size_t piece;
	ssize_t n;

	while (bytes.len > 0) {
		if (!o->regular && wait_for(o, err) != 0)
			return -1;
		piece = o->regular || bytes.len < PIECE ? bytes.len : PIECE;
		n = write(o->fd, bytes.p, piece);
		if (n >= 0) {
			bytes.p += n;
			bytes.len -= (size_t)n;
		} else if (errno == EPIPE) {
			gm_stop_die(SIGPIPE);
			return gm_fail_errno(err, GM_EIO, "%s", o->name);
		} else if (errno != EINTR && errno != EAGAIN) {
			return gm_fail_errno(err, GM_EIO, "%s", o->name);
		} else if (errno == EAGAIN) {
			o->has_reader = true; /* a device like a FIFO */
		}
	}
	return 0;
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

int
gm_out_flush(struct gm_out *o, struct gm_err *err)
{
	/* What was written in part must not be written again from its start. */
	if (!o->broken && gm_buf_check(&o->pending, &o->failure) == 0 &&
	    write_bytes(o, gm_buf_span(&o->pending), &o->failure) == 0) {
		gm_buf_reset(&o->pending);
		return 0;
	}
	o->broken = true;
	*err = o->failure;
	return -1;
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
