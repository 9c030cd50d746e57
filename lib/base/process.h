#ifndef GM_BASE_PROCESS_H
#define GM_BASE_PROCESS_H

/*
 * Safety of the process: standard descriptors, core files, the stack.
 *
 * Source: sd-daemon(3) for the journal, prctl(2), getrlimit(2).
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

/*
 * Open those of descriptors 0 to 2 that are closed, so that no file of ours
 * gets their number.  Returns 0, or -1: GM_EOS.
 */
int gm_process_hold(bool *stdin_closed, struct gm_err *) GM_MUST_CHECK;

/* Soft limits in bytes as they were at start; -1: unknown. */
struct gm_process_limits {
	int64_t core, stack;
};

/*
 * Keep keys out of core files and debuggers, and raise a stack limit below 1
 * MiB if the hard limit allows it.
 */
void gm_process_prepare(struct gm_process_limits *before);

/*
 * Check for the descriptors that a connection takes.  Returns 0, or the reason
 * why they cannot be opened: EMFILE or ENFILE.
 */
int gm_process_shortage(void);

/* Undo gm_process_prepare() before execve(2). */
void gm_process_restore(const struct gm_process_limits *before);

/* True if standard error is the stream that $JOURNAL_STREAM (or NULL) names. */
bool gm_process_is_journal(const char *stream);

#endif
