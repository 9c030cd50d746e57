#ifndef GM_BASE_CHILD_H
#define GM_BASE_CHILD_H

/*
 * Run another program and read its output.
 *
 * Its standard input is /dev/null, and it is in a process group of its own, so
 * that it cannot read from a terminal.  It inherits no other descriptors, and
 * gets signals and limits as they were when we started.
 *
 * The process group is killed when the time limit is exceeded, when the output
 * is larger than the buffer, when the program is stopped (as a terminal does to
 * background jobs that use it), and at GM_STOP_DRAIN.  We always wait for it,
 * so that no zombie is left.
 *
 * Source: posix_spawn(3), waitpid(2).
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/process.h"

struct gm_child {
	/* Both end in NULL; a program without a slash is searched in PATH. */
	char *const *argv, *const *env;
	int64_t limit_ms;
	const struct gm_process_limits *limits; /* at start; NULL: as now */
	bool quiet; /* standard error is /dev/null, not ours */
};

enum gm_child_end {
	GM_CHILD_EXITED,
	GM_CHILD_KILLED, /* by a signal that we did not send */
	GM_CHILD_LATE,   /* we killed it: it exceeded the time limit */
	GM_CHILD_FULL,   /* we killed it: it printed more than out takes */
	GM_CHILD_STOPPED /* we killed it: a signal had stopped it */
};

/*
 * Append its standard output to *out, whose maximum is the limit, until no
 * process has that open any more.  Returns 0, with the exit status or the
 * signal (also one that stops) in *number, or -1: GM_ESIGNAL, GM_EUNAVAILABLE
 * (the deadline), GM_EOS.
 */
int gm_child_run(const struct gm_child *, struct gm_buf *out,
    enum gm_child_end *, int *number, struct gm_err *) GM_MUST_CHECK;

#endif
