#ifndef GM_BASE_STOP_H
#define GM_BASE_STOP_H

/*
 * Requests to stop, by signals and by the deadline of the run.  They raise a
 * stage.  Each wait names the stage that ends it, and polls gm_stop_fd()
 * together with its own descriptors, so that no request is lost between check
 * and wait.
 *
 * Signals: SIGINT, SIGTERM, SIGHUP, SIGQUIT, and all others whose default is to
 * kill, except those that report a fault of the program; so a command that we
 * run never outlives us.  Signals that were ignored at start stay ignored.
 *  Signals that were blocked at start are unblocked, so that Ctrl-C and the
 * deadline always work.
 *
 * The deadline is a signal, too (SIGALRM), so it ends every wait.  The clock
 * decides whether it has come: a SIGALRM from elsewhere, such as an alarm(2) of
 * the parent, has no effect.
 *
 * SIGPIPE is ignored, as the reader of standard error may leave.  A tool whose
 * standard output has lost its reader kills itself by SIGPIPE.
 *
 * The only mutable file-scope data of the library lives here.
 */

#include <signal.h>
#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

enum gm_stop_stage {
	GM_STOP_NONE,
	GM_STOP_DRAIN, /* finish what is in flight, start nothing new */
	GM_STOP_NOW
};

/*
 * Catch the signals.  Every request means GM_STOP_NOW; if drains is set, the
 * first SIGINT means GM_STOP_DRAIN, and a second one GM_STOP_NOW.  Returns 0,
 * or -1: GM_EOS.
 */
int gm_stop_install(bool drains, struct gm_err *) GM_MUST_CHECK;

/*
 * Let the first SIGINT mean GM_STOP_DRAIN from now on, unless a signal came
 * before.  For a program that learns only after gm_stop_install() that it runs
 * a batch; call it once.  A descriptor that gm_stop_fd(GM_STOP_DRAIN) returned
 * before must not be used any more.  Returns 0, or -1: GM_EOS.
 */
int gm_stop_drain_first(struct gm_err *) GM_MUST_CHECK;

/*
 * Restore handlers and mask from before gm_stop_install(), and cancel the
 * deadline, before execve(2).  gm_stop_signal() still returns a signal that
 * came before.
 */
void gm_stop_restore(void);

/*
 * Signal settings for a child, as they were at start: the signals that we
 * ignore and that were not ignored then, and the mask.
 */
void gm_stop_before(sigset_t *ignored, sigset_t *mask);

/* The present stage.  It only rises, except by gm_stop_last_words(). */
enum gm_stop_stage gm_stop_stage(void);

/* The first signal that requested a stop; 0: none, or only the deadline. */
int gm_stop_signal(void);

/* Set the deadline, after_ms from now (0: none).  Returns 0, or -1: GM_EOS. */
int gm_stop_deadline(int64_t after_ms, struct gm_err *) GM_MUST_CHECK;

/* True if the deadline is exceeded. */
bool gm_stop_is_late(void);

/*
 * If the deadline is exceeded, set it 60 ms ahead for the last messages, so
 * that a reader that does not read cannot hold us up.  Until then only signals
 * count for the stage.
 */
void gm_stop_last_words(void);

/*
 * A descriptor that is readable once the stage is obeys (GM_STOP_DRAIN or
 * GM_STOP_NOW) or later; -1 before gm_stop_install().
 */
int gm_stop_fd(enum gm_stop_stage obeys);

/* Fill *err: GM_ESIGNAL, or GM_EUNAVAILABLE for the deadline.  Returns -1. */
int gm_stop_fail(struct gm_err *);

/* Returns 1, or -1 with *err if the stage is obeys or later. */
int gm_stop_check(enum gm_stop_stage obeys, struct gm_err *) GM_MUST_CHECK;

/*
 * Wait until fd is ready for events (of poll(2)), or until_ms on the monotonic
 * clock (0: no limit).  Checks fd once even if the time is past, as we may have
 * been suspended.  Returns 1: ready, 0: not ready in time, -1: the stage is
 * obeys or later (see gm_stop_fail()), or poll(2) failed (GM_EOS).
 */
int gm_stop_poll(int fd, short events, int64_t until_ms,
    enum gm_stop_stage obeys, struct gm_err *) GM_MUST_CHECK;

/* Kill ourselves by the signal's default action; returns only if that fails. */
void gm_stop_die(int signal);

#endif
