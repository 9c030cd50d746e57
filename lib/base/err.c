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
	[GM_OK] = { 0, "SUCCESS", "done, and the whole answer was delivered" },
	[GM_ENEGATIVE] = { 1, "FAILURE",
	    "worked, but the result is negative: the answer is blocked, empty, "
	    "cut at the token limit, without a finish reason, or has parts "
	    "that cannot be shown" },
	[GM_EUSAGE] = { 64, "USAGE", "usage error: the command line is wrong" },
	[GM_EDATA] = { 65, "DATAERR",
	    "the input is binary, empty where it must not be, or too large, "
	    "or the service rejects the request itself" },
	[GM_ENOINPUT] = { 66, "NOINPUT", "an input file cannot be read" },
	[GM_EUNAVAILABLE] = { 69, "UNAVAILABLE",
	    "network or service down after all retries, or deadline "
	    "exceeded" },
	[GM_ESOFTWARE] = { 70, "SOFTWARE", "internal error: a bug" },
	[GM_EOS] = { 71, "OSERR",
	    "a system call failed, or out of memory or descriptors" },
	[GM_ECANTCREAT] = { 73, "CANTCREAT",
	    "the output file cannot be created" },
	[GM_EIO] = { 74, "IOERR", "the output cannot be written" },
	[GM_ETEMPFAIL] = { 75, "TEMPFAIL",
	    "every usable key is rate-limited or has exhausted its quota; the "
	    "message says until when" },
	[GM_EPROTOCOL] = { 76, "PROTOCOL",
	    "the response makes no sense, or ended too early" },
	[GM_ENOPERM] = { 77, "NOPERM",
	    "every key was rejected, or the service is not available in your "
	    "region" },
	[GM_ECONFIG] = { 78, "CONFIG",
	    "no key, a bad or unsafe env file, no such model, certificates "
	    "that cannot be used" },
	[GM_ENOEXEC] = { 126, "NOEXEC",
	    "the command after -- cannot be run (gm-rotate only)" },
	[GM_ENOCOMMAND] = { 127, "NOTFOUND",
	    "there is no such command (gm-rotate only)" },
	[GM_ESIGNAL] = { 70, "SIGNAL", "ended by a signal" },
};

/* End a message that did not fit by "...", between characters. */
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
	err->advice_at = err->ids_at = 0;
	va_start(args, fmt);
	mark_cut(err, format(err, 0, fmt, args));
	va_end(args);
	return -1;
}

/* Glibc says "Cannot allocate memory"; our own checks have no errno. */
static const char *
words_of(int error)
{
	return error == ENOMEM ? "out of memory" : strerror(error);
}

/* True if the machine is to blame, not the file of the caller's code. */
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
	err->advice_at = err->ids_at = 0;
	va_start(args, fmt);
	len = format(err, 0, fmt, args);
	va_end(args);
	if (len < sizeof(err->msg)) {
		n = snprintf(err->msg + len, sizeof(err->msg) - len, ": %s",
		    words_of(saved));
		len += n < 0 ? 0 : (size_t)n;
	}
	mark_cut(err, len);
	if (saved == EMFILE)
		gm_err_advise(err, "raise ulimit -n");
	errno = saved;
	return -1;
}

/* An offset after a prefix of put bytes; 0 if the part is cut off. */
static size_t
moved(size_t at, size_t put)
{
	return at != 0 && at + put < GM_ERR_MAX - 1 ? at + put : 0;
}

/* Format into another buffer first: err->msg may be among the arguments. */
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
	err->advice_at = moved(err->advice_at, put);
	err->ids_at = moved(err->ids_at, put);
	mark_cut(err, (size_t)n + len);
}

/* Write text at an offset, over all but the identifiers and their text. */
GM_PRINTF(3, 0)
static void
insert(struct gm_err *err, size_t at, const char *fmt, va_list args)
{
	size_t from = err->ids_at != 0 ? err->ids_at : strlen(err->msg), len;
	char tail[GM_ERR_MAX];
	int n;

	memcpy(tail, err->msg + from, strlen(err->msg + from) + 1);
	len = format(err, at, fmt, args);
	if (err->ids_at != 0)
		err->ids_at = len < sizeof(err->msg) ? len : 0;
	if (len < sizeof(err->msg)) {
		n = snprintf(
		    err->msg + len, sizeof(err->msg) - len, "%s", tail);
		len += n < 0 ? 0 : (size_t)n;
	}
	mark_cut(err, len);
}

void
gm_err_append(struct gm_err *err, const char *fmt, ...)
{
	size_t at = err->ids_at != 0 ? err->ids_at : strlen(err->msg);
	va_list args;

	va_start(args, fmt);
	insert(err, at, fmt, args);
	va_end(args);
}

void
gm_err_drop_advice(struct gm_err *err)
{
	if (err->advice_at == 0)
		return;
	if (err->ids_at == 0) {
		err->msg[err->advice_at] = '\0';
	} else {
		memmove(err->msg + err->advice_at, err->msg + err->ids_at,
		    strlen(err->msg + err->ids_at) + 1);
		err->ids_at = err->advice_at;
	}
	err->advice_at = 0;
}

void
gm_err_advise(struct gm_err *err, const char *fmt, ...)
{
	size_t at;
	va_list args;

	gm_err_drop_advice(err);
	at = err->ids_at != 0 ? err->ids_at : strlen(err->msg);
	gm_err_append(err, "; ");
	va_start(args, fmt);
	insert(err, at + 2 < sizeof(err->msg) ? at + 2 : at, fmt, args);
	va_end(args);
	err->advice_at = at;
}

void
gm_err_ids(struct gm_err *err, const char *fmt, ...)
{
	size_t at = strlen(err->msg), len;
	va_list args;

	if (at + sizeof(" ()") > sizeof(err->msg))
		return;
	memcpy(err->msg + at, " (", sizeof(" ("));
	va_start(args, fmt);
	len = format(err, at + 2, fmt, args);
	va_end(args);
	if (len + 1 < sizeof(err->msg))
		memcpy(err->msg + len, ")", sizeof(")"));
	err->ids_at = at;
	mark_cut(err, len + 1);
}

void
gm_err_end(struct gm_err *err, const char *fmt, ...)
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
