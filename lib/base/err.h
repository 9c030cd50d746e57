#ifndef GM_BASE_ERR_H
#define GM_BASE_ERR_H

/*
 * An error: a code for programs, a line for people.
 *
 * The line has the form "what failed: why; what to do (HTTP 429, quota_day)".
 * The caller owns the struct, usually in main's frame, so that running out of
 * memory can be reported.  A function that takes one fills it exactly when it
 * fails.  The function that fails writes the whole message; its callers only
 * add a prefix, or what they do about it.
 *
 * Source: sysexits.h for the exit statuses; POSIX's env(1) for 126 and 127.
 */

#include "base/base.h"

enum gm_code {
	GM_OK,
	GM_ENEGATIVE,    /* worked, but the result is negative */
	GM_EUSAGE,       /* command line */
	GM_EDATA,        /* input breaks its format; request rejected */
	GM_ENOINPUT,     /* input cannot be read */
	GM_EUNAVAILABLE, /* network or service down, deadline exceeded */
	GM_ESOFTWARE,    /* internal error: a bug */
	GM_EOS,          /* system call failed, out of memory */
	GM_ECANTCREAT,   /* output file cannot be created */
	GM_EIO,          /* output cannot be written */
	GM_ETEMPFAIL,    /* rate limit or quota: try again later */
	GM_EPROTOCOL,    /* response makes no sense, or ended too early */
	GM_ENOPERM,      /* every key rejected, or region not served */
	GM_ECONFIG,      /* no key, bad env file, no such model */
	GM_ENOEXEC,      /* a command cannot be run */
	GM_ENOCOMMAND,   /* there is no such command */
	GM_ESIGNAL,      /* a signal asks us to end; see stop.h */
	GM_CODES
};

/* Room for a prefix and a server's text of 300 characters. */
#define GM_ERR_MAX 1600

struct gm_err {
	enum gm_code code;
	int number; /* errno of the call that failed; 0: no call failed */
	/* Offsets in msg of "; what to do" and of " (identifiers)"; 0: none. */
	size_t advice_at, ids_at;
	char msg[GM_ERR_MAX]; /* one line, no newline; "..." marks a cut */
};

/* Fill *err and return -1, so that "return gm_fail(...)" reads as one step. */
int
gm_fail(struct gm_err *, enum gm_code, const char *fmt, ...) GM_PRINTF(3, 4);

/*
 * Fail like gm_fail(), with errno's text at the end: "fmt: No such file".  If
 * errno says that this machine has no descriptors or memory left, the code is
 * GM_EOS; the text for memory is always "out of memory".
 */
int gm_fail_errno(struct gm_err *, enum gm_code, const char *fmt, ...)
    GM_PRINTF(3, 4);

/* Put text before the message. */
void gm_err_prefix(struct gm_err *, const char *fmt, ...) GM_PRINTF(2, 3);

/* Put text after the message, but before its identifiers. */
void gm_err_append(struct gm_err *, const char *fmt, ...) GM_PRINTF(2, 3);

/* Put "; text" there, in place of advice that the message has already. */
void gm_err_advise(struct gm_err *, const char *fmt, ...) GM_PRINTF(2, 3);

/* Remove the advice, as other text follows. */
void gm_err_drop_advice(struct gm_err *);

/* Put identifiers in parentheses after the message: "HTTP 429, quota_day". */
void gm_err_ids(struct gm_err *, const char *fmt, ...) GM_PRINTF(2, 3);

/* Put text at the very end, after the identifiers. */
void gm_err_end(struct gm_err *, const char *fmt, ...) GM_PRINTF(2, 3);

/* Exit status of sysexits.h; GM_ESIGNAL has none and is a bug here. */
int gm_err_status(enum gm_code);

/* The name in sysexits.h without EX_, as systemd prints it: "DATAERR". */
const char *gm_err_word(enum gm_code);

/* A sentence for the manual and --help, without a full stop. */
const char *gm_err_meaning(enum gm_code);

#endif
