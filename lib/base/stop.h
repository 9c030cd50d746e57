#ifndef GM_BASE_STOP_H
#define GM_BASE_STOP_H

/*
 * Requests to stop: SIGINT, SIGTERM, SIGHUP, SIGQUIT, all others that kill and do
 * not tell of a fault in the program (so that a command that we run ends with
 * us), and the deadline of the run.  They raise a stage.  Each wait names the
 * stage that ends it; it watches gm_stop_fd() beside its own descriptors, so
 * that no request is lost between a look and a wait.
 * Signals that were ignored at start stay ignored; signals that were blocked at
 * start are unblocked, as a program that never notices Ctrl-C or its deadline
 * is of no use.
 * The deadline is a signal, too (SIGALRM), which ends every wait in the same
 * way.  The clock decides whether it has come: a SIGALRM from elsewhere, an
 * alarm(2) of the parent's for example, has no effect.
 * SIGPIPE is ignored: a tool that writes output dies by it when its reader has
 * left, but a reader of standard error may leave without harm.
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
 * Catch the signals.  Every request means GM_STOP_NOW, but if drains is set the
 * first SIGINT means GM_STOP_DRAIN; a second one means GM_STOP_NOW.  Returns 0,
 * or -1: GM_EOS.
 */
int gm_stop_install(bool drains, struct gm_err *) GM_MUST_CHECK;

/*
 * From now on the first SIGINT means GM_STOP_DRAIN, unless a signal came before;
 * once, for a program that learns only after gm_stop_install() that it has much
 * to finish.  Descriptors of gm_stop_fd(GM_STOP_DRAIN) from before are no longer
 * to be used.  Returns 0, or -1: GM_EOS.
 */
int gm_stop_drain_first(struct gm_err *) GM_MUST_CHECK;

/*
 * Before another program takes our place: handlers and mask as they were
 * before gm_stop_install(), and no deadline any more.  A signal that came until
 * then is still told by gm_stop_signal().
 */
void gm_stop_restore(void);

/*
 * How signals were at start, for a child: those that we ignore but were not
 * ignored then, and the mask.
 */
void gm_stop_before(sigset_t *ignored, sigset_t *mask);

/* The stage so far; it only rises, but see gm_stop_last_words(). */
enum gm_stop_stage gm_stop_stage(void);

/* The first signal that asked to stop, or 0; the deadline is none. */
int gm_stop_signal(void);

/* From after_ms on (0: never) the run is late.  0, or -1: GM_EOS. */
int gm_stop_deadline(int64_t after_ms, struct gm_err *) GM_MUST_CHECK;

/* Is the deadline over? */
bool gm_stop_is_late(void);

/*
 * If the deadline is over: allow 60 ms more for what must be said at the end; a
 * reader that does not listen cannot keep us.  Until then the stage is that of
 * the signals alone.
 */
void gm_stop_last_words(void);

/*
 * Readable once the stage is obeys (GM_STOP_DRAIN or GM_STOP_NOW) or a later
 * one; -1 before installing.
 */
int gm_stop_fd(enum gm_stop_stage obeys);

/* Fill *err with GM_ESIGNAL, or GM_EUNAVAILABLE when late, and return -1. */
int gm_stop_fail(struct gm_err *);

/* Returns 1, or -1 with *err once the stage is obeys or a later one. */
int gm_stop_check(enum gm_stop_stage obeys, struct gm_err *) GM_MUST_CHECK;

/*
 * Wait until fd is ready for events (of poll(2)), or until_ms on the monotonic
 * clock (0: for ever); one that is past still gets a look, as we may have been
 * suspended.  Returns 1: ready, 0: the time is over, -1: the stage is obeys or a
 * later one (see gm_stop_fail()), or GM_EOS: poll(2) has failed.
 */
int gm_stop_poll(int fd, short events, int64_t until_ms,
    enum gm_stop_stage obeys, struct gm_err *) GM_MUST_CHECK;

/* Die by the signal with its default action; returns only if that fails. */
void gm_stop_die(int signal);

#endif
