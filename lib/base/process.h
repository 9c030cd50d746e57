#ifndef GM_BASE_PROCESS_H
#define GM_BASE_PROCESS_H

/*
 * The process itself made safe: its standard descriptors, its memory.
 *
 * Source: sd-daemon(3) for the journal, prctl(2), getrlimit(2).
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

/*
 * Take the numbers 0 to 2 that are closed, so that no file of ours gets one.
 * Returns 0, or -1: GM_EOS.
 */
int gm_process_hold(bool *stdin_closed, struct gm_err *) GM_MUST_CHECK;

/* Soft limits in bytes as they were at start; -1: not known. */
struct gm_process_limits {
	int64_t core, stack;
};

/*
 * Keep keys out of core files and debuggers, and make room for our stack if
 * there is little and the hard limit allows more.
 */
void gm_process_prepare(struct gm_process_limits *before);

/*
 * Is there no room for the few descriptors that a connection takes?  Returns
 * errno's number for it, EMFILE or ENFILE, or 0.
 */
int gm_process_shortage(void);

/* Undo it, for a program that takes the place of ours. */
void gm_process_restore(const struct gm_process_limits *before);

/* Is standard error the stream that $JOURNAL_STREAM names?  NULL: it is not. */
bool gm_process_is_journal(const char *stream);

#endif
