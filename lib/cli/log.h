#ifndef GM_CLI_LOG_H
#define GM_CLI_LOG_H

/*
 * The metrics record of a request, to where the user wants it: a line on
 * standard error, a JSON line in a file, syslog.  The file is opened for each
 * record and written in one write(2), so that it may be rotated and shared.
 *
 * Lines for people and syslog are words "name=value".  What a user or a server
 * has named is masked before it becomes a value, and a value that is not one
 * plain word of ASCII stands in quotes, with '"', '\\' and what could end or
 * disturb a line escaped, so that none can look like another field or line.
 *
 * Source: https://brandur.org/logfmt for the words.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/note.h"
#include "call/result.h"
#include "cli/totals.h"
#include "provider/provider.h"

struct gm_log {
	const struct gm_note *note; /* also carries the line on stderr */
	bool metrics;               /* on standard error */
	const char *file;           /* NULL: none; "-": the note's descriptor */
	bool syslog;
};

/* Never fails the run: a log that cannot be written is told in a note. */
void gm_log_result(const struct gm_log *, const struct gm_result *);

/*
 * The totals of a run, at its end, to the same places: as a sentence on
 * standard error, else as fields.
 */
void gm_log_totals(const struct gm_log *, const struct gm_totals *);

#endif
