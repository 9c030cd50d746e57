#ifndef GM_CONFIG_DOTENV_H
#define GM_CONFIG_DOTENV_H

/*
 * Parse the text of an env file: NAME=value lines, in the dialect that
 * systemd's EnvironmentFile=, "set -a; . ./file" and python-dotenv read alike.
 *
 *	NAME=value      letters, digits and !#%+,-./:=@^_ only
 *	NAME='value'    literal; may span lines; no "${", and no backslash
 *			before a quote or a backslash
 *	NAME="value"    with \" and \\ only, the latter not at the end; no $ or
 *			backquote; may span lines
 *	# comment       a line of its own; it must not join the next by a
 *			backslash at its end
 *
 * with blanks before the name and after the value.  Accepted with a note, one
 * for each form of an assignment, though not all three readers do: "export
 * NAME=", blanks around '=', CRLF, a BOM, a name set twice (the last one wins).
 * All else on a line that sets one of the wanted names is an error; lines about
 * other names are skipped whatever they hold, up to the closing quote of their
 * value if it has one, and so are lines without a name.  Nothing is expanded,
 * nothing is run, and no message ever holds a value.
 *
 * Source: systemd.exec(5) EnvironmentFile=, POSIX sh 2.2, python-dotenv's
 * documentation, and what systemd 252, dash, bash and python-dotenv 1.2 do.
 * No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct gm_dotenv_fns {
	/* Is this a name whose value the caller wants? */
	bool (*wanted)(struct gm_span name, void *arg);
	/* One assignment, in the order of the file; both borrowed. */
	int (*set)(struct gm_span name, struct gm_span value, size_t line,
	    void *arg, struct gm_err *);
	/* A form that not all readers take: "NAME: what"; no value. */
	void (*note)(size_t line, const char *text, void *arg);
	void *arg;
};

/*
 * Returns 0, or -1: GM_ECONFIG with "3: NAME: what is wrong" (the caller puts
 * the file's name and a ':' in front), GM_EOS, or set's own error.  The notes
 * of an assignment come before its set().
 */
int gm_dotenv_parse(struct gm_span text, const struct gm_dotenv_fns *,
    struct gm_err *) GM_MUST_CHECK;

#endif
