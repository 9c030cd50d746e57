#ifndef GM_BASE_CHILD_H
#define GM_BASE_CHILD_H

/*
 * Run another program, and read what it prints.
 *
 * Its standard input is /dev/null, and it has a process group of its own, so
 * that it cannot read from a terminal.  It gets no descriptor of ours, and
 * signals and limits as they were when we started.
 * Its group is killed when its time is over, when it prints too much, when it is
 * stopped, as a terminal does with what is not in the foreground, and at
 * GM_STOP_DRAIN.  It is always waited for, so that no zombie is left.
 *
 * Source: posix_spawn(3), waitpid(2).
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/process.h"

struct gm_child {
	/* Both end in NULL; a program without a slash is looked up in PATH. */
	char *const *argv, *const *env;
	int64_t limit_ms;
	const struct gm_process_limits *limits; /* at start; NULL: as now */
	bool quiet; /* standard error is /dev/null instead of ours */
};

enum gm_child_end {
	GM_CHILD_EXITED,
	GM_CHILD_KILLED, /* by a signal that was not ours */
	GM_CHILD_LATE,   /* its time was over, and we have killed it */
	GM_CHILD_FULL,   /* so it was as it printed more than out takes */
	GM_CHILD_STOPPED /* so it was as a signal had stopped it */
};

/*
 * Append its standard output to *out, whose maximum is the limit; the end is
 * reached when no process has it open any more.  Returns 0, with the exit
 * status or the signal (one that stops, too) in *number, or -1: GM_ESIGNAL, GM_EUNAVAILABLE (the
 * deadline), GM_EOS.
 */
int gm_child_run(const struct gm_child *, struct gm_buf *out,
    enum gm_child_end *, int *number, struct gm_err *) GM_MUST_CHECK;

#endif
