#ifndef GM_CONFIG_DOTENV_H
#define GM_CONFIG_DOTENV_H

/*
 * Parse the text of an env file: NAME=value lines, in the dialect that
 * systemd's EnvironmentFile=, "set -a; . ./file" and python-dotenv read alike.
 *
 *	NAME=value      letters, digits and !#%+,-./:=@^_ only
 *	NAME='value'    literal; may span lines; no "${", and no backslash
 *			before a quote or a backslash
 *	NAME="value"    the only escapes are \" and \\, the latter not at the
 *			end; no $ or backquote; may span lines
 *	# comment       on a separate line, not ending in a backslash, which
 *			would join the next line
 *
 * with blanks before the name and after the value.  Some forms that not all
 * three readers accept are accepted with a note: "export NAME=", blanks around
 * '=', CRLF, a byte order mark, a name set more than once (the last value is
 * used).  Anything else on a line that sets a wanted name is an error.  Lines
 * of other names are skipped whatever they contain, up to the closing quote of
 * their value if it has one, as are lines without a name.  Nothing is expanded
 * or run, and messages never contain a value.
 *
 * Source: systemd.exec(5) EnvironmentFile=, POSIX sh 2.2, python-dotenv's
 * documentation, and what systemd 252, dash, bash and python-dotenv 1.2 do.  No
 * I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct gm_dotenv_fns {
	/* Return true if the caller wants the value of this name. */
	bool (*wanted)(struct gm_span name, void *arg);
	/* Take an assignment, in the order of the file; both are borrowed. */
	int (*set)(struct gm_span name, struct gm_span value, size_t line,
	    void *arg, struct gm_err *);
	/* Note a form that not all readers accept: "NAME: what". */
	void (*note)(size_t line, const char *text, void *arg);
	void *arg;
};

/*
 * Parse all of text.  Returns 0, or -1: GM_ECONFIG with "3: NAME: reason",
 * before which the caller puts the file's name and ':'; GM_EOS; or the error of
 * set().  The notes about an assignment come before its set().
 */
int gm_dotenv_parse(struct gm_span text, const struct gm_dotenv_fns *,
    struct gm_err *) GM_MUST_CHECK;

#endif
