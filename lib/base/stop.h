#ifndef GM_BASE_STOP_H
#define GM_BASE_STOP_H

/*
 * Being asked to end: SIGINT, SIGTERM, SIGHUP, SIGQUIT, and all others that kill
 * and that do not tell of a fault in the program are noted, so that a command
 * that we run ends with us.  Whoever waits watches gm_stop_fd() beside its own
 * descriptors, so that none is missed between a look and a wait.  Signals that were ignored at start stay ignored;
 * signals that were blocked at start are not, as a program that never notices
 * Ctrl-C or its deadline is of no use.
 * The deadline of the run is a signal, too (SIGALRM), which ends every wait in
 * the same way.  The clock decides whether it has come: a SIGALRM from
 * elsewhere, an alarm(2) of the parent's for example, has no effect.
 * SIGPIPE is ignored: whoever writes the output dies by it when its reader has
 * left, but a reader of standard error may leave without harm.
 *
 * The only mutable file-scope data of the library lives here.
 */

#include <signal.h>
#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

/* Returns 0, or -1: GM_EOS. */
int gm_stop_install(struct gm_err *) GM_MUST_CHECK;

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

/* The signal that asks us to end, or 0; the deadline is none. */
int gm_stop_signal(void);

/* From after_ms on (0: never) the run is late.  0, or -1: GM_EOS. */
int gm_stop_deadline(int64_t after_ms, struct gm_err *) GM_MUST_CHECK;

/* Is the deadline over? */
bool gm_stop_is_late(void);

/*
 * If the run is late: allow a moment more, for what must be said at the end, so
 * that who listens hears it, and who does not listen cannot keep us.
 */
void gm_stop_last_words(void);

/* Readable once a signal has come or the run is late; -1 before installing. */
int gm_stop_fd(void);

/* Fill *err with GM_ESIGNAL, or GM_EUNAVAILABLE when late, and return -1. */
int gm_stop_fail(struct gm_err *);

/* Returns 1, or -1 with *err once a signal has come or the run is late. */
int gm_stop_check(struct gm_err *) GM_MUST_CHECK;

/*
 * Wait until fd is ready for events (of poll(2)), or until_ms on the monotonic
 * clock (0: for ever); one that is past still gets a look, as we may have been
 * suspended.  Returns 1: ready, 0: the time is over, -1: a signal or the
 * deadline (see gm_stop_fail()), or GM_EOS: poll(2) has failed.
 */
int gm_stop_poll(
    int fd, short events, int64_t until_ms, struct gm_err *) GM_MUST_CHECK;

/* Die by the signal with its default action; returns only if that fails. */
void gm_stop_die(int signal);

#endif
