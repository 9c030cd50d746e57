#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "out.h"
#include "stop.h"

/* A pipe that polls as writable takes this much without waiting. */
#define PIECE 4096
/* A held answer is put at once, as JSON up to six times as long. */
#define PENDING_MAX (SIZE_MAX / 2)
/* Between two looks whether a FIFO has a reader. */
#define READER_MS 20

/* As gm_stop_poll(), with the name of what was waited for. */
static int
wait_for(const struct gm_out *o, int fd, int64_t until_ms, struct gm_err *err)
{
	if (gm_stop_poll(fd, POLLOUT, until_ms, err) >= 0)
		return 0;
	gm_err_prefix(err, "%s: ", o->name);
	return -1;
}

/*
 * Until somebody reads the FIFO; open(2) would wait, but not by our rules, and
 * nothing tells when the time has come.  *fd keeps it open, or is -1.
 */
static int
await_reader(const struct gm_out *o, int *fd, struct gm_err *err)
{
	struct stat st;

	*fd = -1;
	if (stat(o->name, &st) != 0 || !S_ISFIFO(st.st_mode))
		return 0;
	for (;;) {
		*fd = open(o->name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (*fd != -1 || errno != ENXIO)
			return 0; /* other errors are the next open's */
		if (wait_for(o, -1, gm_clock_mono_ms() + READER_MS, err) != 0)
			return -1;
	}
}

static int
open_file(struct gm_out *o, struct gm_err *err)
{
	int held, rc;

	if (await_reader(o, &held, err) != 0)
		return -1;
	rc = gm_outfile_create(&o->file, o->name, err);
	if (held != -1)
		(void)close(held);
	o->fd = o->file.fd;
	return rc;
}

int
gm_out_open(struct gm_out *o, const char *path, struct gm_err *err)
{
	struct stat st;

	*o = (struct gm_out){ .fd = STDOUT_FILENO,
		.name = path != NULL ? path : "standard output",
		.file = { .fd = -1 } };
	gm_buf_init(&o->pending, PENDING_MAX);
	if (path != NULL && open_file(o, err) != 0)
		return -1;
	o->regular = fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode);
	return 0;
}

static int
write_bytes(struct gm_out *o, struct gm_span bytes, struct gm_err *err)
{
	size_t piece;
	ssize_t n;

	while (bytes.len > 0) {
		if (!o->regular && wait_for(o, o->fd, 0, err) != 0)
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
