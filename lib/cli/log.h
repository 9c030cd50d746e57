#ifndef GM_CLI_LOG_H
#define GM_CLI_LOG_H

/*
 * Metrics of a request or of a run, as a line on standard error, as a JSON line
 * in a file, and in syslog.  The file is opened for each line and written in
 * one write(2), so that it may be rotated and shared.
 *
 * On standard error the line is short, for a person, or has all fields:
 *
 *	gemini-flash-latest: 28 tokens in, 56 out, 0.2 s
 *	provider=gemini model=gemini-flash-latest key_index=0 ...
 *
 * In lines of fields names from users and servers are masked first.  A value
 * that is not one word of plain ASCII is quoted, and what could end the quotes
 * or the line is escaped, so that no value can look like a field or a line.
 *
 * Source: https://brandur.org/logfmt for the fields.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/note.h"
#include "call/result.h"
#include "cli/totals.h"
#include "provider/provider.h"

struct gm_log {
	const struct gm_note *note; /* also prints the line on stderr */
	bool metrics;               /* print lines on standard error, */
	bool brief;                 /* short ones */
	const char *file;           /* NULL: none; "-": the note's descriptor */
	bool syslog;
};

/*
 * Log a result.  A log that cannot be written draws a note, and does not fail
 * the run.  There is no short line of a request without an answer: the error
 * follows.
 */
void gm_log_result(const struct gm_log *, const struct gm_result *);

/*
 * Log the totals of a run: a sentence on standard error (a short one leaves out
 * rate and retries), fields elsewhere.
 */
void gm_log_totals(const struct gm_log *, const struct gm_totals *);

#endif
