#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

static const struct {
	int status;
	const char *word;
	const char *meaning;
} codes[GM_CODES] = {
	[GM_OK] = { 0, "ok", "done, and the whole answer was delivered" },
	[GM_ENEGATIVE] = { 1, "negative",
	    "worked, but the result is negative: a blocked or empty answer, "
	    "one "
	    "cut by the token limit, one without a finish reason, or one with "
	    "parts that cannot be shown" },
	[GM_EUSAGE] = { 64, "usage", "the command line is wrong" },
	[GM_EDATA] = { 65, "data",
	    "the input is binary, empty where it must not be, or too large, "
	    "or the service refuses the request itself" },
	[GM_ENOINPUT] = { 66, "input", "an input file cannot be read" },
	[GM_EUNAVAILABLE] = { 69, "unavailable",
	    "network or service down after all retries, or the deadline is "
	    "over" },
	[GM_ESOFTWARE] = { 70, "internal", "internal error: a bug" },
	[GM_EOS] = { 71, "system",
	    "a system call failed, or out of memory or descriptors" },
	[GM_ECANTCREAT] = { 73, "cantcreate",
	    "the output file cannot be made" },
	[GM_EIO] = { 74, "output", "the output cannot be written" },
	[GM_ETEMPFAIL] = { 75, "quota",
	    "quota used up for now; the message says until when" },
	[GM_EPROTOCOL] = { 76, "protocol",
	    "the response made no sense, or was cut" },
	[GM_ENOPERM] = { 77, "noperm",
	    "the key was rejected, or the region is not served" },
	[GM_ECONFIG] = { 78, "config",
	    "no key, a bad or unsafe env file, an unknown model, certificates "
	    "that cannot be used" },
	[GM_ENOEXEC] = { 126, "noexec",
	    "the command behind -- cannot be run (gm-rotate only)" },
	[GM_ENOCOMMAND] = { 127, "nocommand",
	    "there is no such command (gm-rotate only)" },
	[GM_ESIGNAL] = { 70, "signal", "ended by a signal" },
};

/* Mark a message that did not fit; the cut is between characters. */
static void
mark_cut(struct gm_err *err, size_t want)
{
	char *mark = err->msg + sizeof(err->msg) - sizeof("...");

	if (want < sizeof(err->msg))
		return;
	while (mark > err->msg && ((unsigned char)*mark & 0xC0) == 0x80)
		mark--;
	memcpy(mark, "...", sizeof("..."));
}

GM_PRINTF(3, 0)
static size_t
format(struct gm_err *err, size_t at, const char *fmt, va_list args)
{
	int n = vsnprintf(err->msg + at, sizeof(err->msg) - at, fmt, args);

	if (n < 0)
		err->msg[at] = '\0';
	return n < 0 ? at : at + (size_t)n;
}

int
gm_fail(struct gm_err *err, enum gm_code code, const char *fmt, ...)
{
	va_list args;

	err->code = code;
	err->number = 0;
	va_start(args, fmt);
	mark_cut(err, format(err, 0, fmt, args));
	va_end(args);
	return -1;
}

/* The system's words, with what helps; of memory always the same. */
static const char *
words_of(int error)
{
	if (error == EMFILE)
		return "Too many open files: raise ulimit -n";
	return error == ENOMEM ? "out of memory" : strerror(error);
}

/* What this machine lacks is no fault of the file, whatever its role is. */
static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

int
gm_fail_errno(struct gm_err *err, enum gm_code code, const char *fmt, ...)
{
	int saved = errno;
	va_list args;
	size_t len;
	int n;

	err->code = is_shortage(saved) ? GM_EOS : code;
	err->number = saved;
	va_start(args, fmt);
	len = format(err, 0, fmt, args);
	va_end(args);
	if (len < sizeof(err->msg)) {
		n = snprintf(err->msg + len, sizeof(err->msg) - len, ": %s",
		    words_of(saved));
		len += n < 0 ? 0 : (size_t)n;
	}
	mark_cut(err, len);
	errno = saved;
	return -1;
}

/* The prefix is made aside: its arguments may be the message itself. */
void
gm_err_prefix(struct gm_err *err, const char *fmt, ...)
{
	const size_t last = sizeof(err->msg) - 1;
	size_t len = strlen(err->msg), put, kept;
	char prefix[GM_ERR_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(prefix, sizeof(prefix), fmt, args);
	va_end(args);
	if (n < 0)
		return;
	put = (size_t)n < last ? (size_t)n : last;
	kept = len < last - put ? len : last - put;
	memmove(err->msg + put, err->msg, kept);
	memcpy(err->msg, prefix, put);
	err->msg[put + kept] = '\0';
	mark_cut(err, (size_t)n + len);
}

void
gm_err_append(struct gm_err *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	mark_cut(err, format(err, strlen(err->msg), fmt, args));
	va_end(args);
}

int
gm_err_status(enum gm_code code)
{
	return codes[code].status;
}

const char *
gm_err_word(enum gm_code code)
{
	return codes[code].word;
}

const char *
gm_err_meaning(enum gm_code code)
{
	return codes[code].meaning;
}
