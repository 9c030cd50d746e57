#ifndef GM_BASE_ERR_H
#define GM_BASE_ERR_H

/*
 * What went wrong: a class for programs, a line for people.
 *
 * The caller owns the struct, usually in main's frame, so that running out of
 * memory can be reported.  A function that takes one fills it exactly when it
 * fails; the message is whole where it is made, and callers may only put
 * something in front of it.
 *
 * Source: sysexits.h for the exit statuses; POSIX's env(1) for 126 and 127.
 */

#include "base/base.h"

enum gm_code {
	GM_OK,
	GM_ENEGATIVE,    /* worked, but the result is negative */
	GM_EUSAGE,       /* command line */
	GM_EDATA,        /* input breaks its format; request refused */
	GM_ENOINPUT,     /* input cannot be read */
	GM_EUNAVAILABLE, /* network or service down, deadline over */
	GM_ESOFTWARE,    /* a bug of ours */
	GM_EOS,          /* system call failed, out of memory */
	GM_ECANTCREAT,   /* output file cannot be made */
	GM_EIO,          /* output cannot be written */
	GM_ETEMPFAIL,    /* quota: come back later */
	GM_EPROTOCOL,    /* the response made no sense, or was cut */
	GM_ENOPERM,      /* every key refused, or the place not served */
	GM_ECONFIG,      /* no key, bad env file, unknown model */
	GM_ENOEXEC,      /* a command cannot be run */
	GM_ENOCOMMAND,   /* there is no such command */
	GM_ESIGNAL,      /* a signal asks us to end; see stop.h */
	GM_CODES
};

/* Room for a prefix and a server's text of 300 characters. */
#define GM_ERR_MAX 1600

struct gm_err {
	enum gm_code code;
	int number; /* errno of the call that failed; 0: it was none */
	char msg[GM_ERR_MAX]; /* one line, no newline; "..." marks a cut */
};

/* Fill *err and return -1, so that "return gm_fail(...)" reads as one step. */
int
gm_fail(struct gm_err *, enum gm_code, const char *fmt, ...) GM_PRINTF(3, 4);

/*
 * The same with errno's text at the end: "fmt: No such file".  If errno says
 * that this machine has no descriptors or memory left, the code is GM_EOS; of
 * memory the text is always "out of memory".
 */
int gm_fail_errno(struct gm_err *, enum gm_code, const char *fmt, ...)
    GM_PRINTF(3, 4);

/* Put text in front of the message. */
void gm_err_prefix(struct gm_err *, const char *fmt, ...) GM_PRINTF(2, 3);

/* The same behind the message. */
void gm_err_append(struct gm_err *, const char *fmt, ...) GM_PRINTF(2, 3);

/* Exit status of sysexits.h; GM_ESIGNAL has none and is a bug here. */
int gm_err_status(enum gm_code);

/* Short lower-case word, as in JSON: "usage", "config", "protocol". */
const char *gm_err_word(enum gm_code);

/* One sentence for the manual and --help, without a full stop. */
const char *gm_err_meaning(enum gm_code);

#endif
