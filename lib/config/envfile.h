#ifndef GM_CONFIG_ENVFILE_H
#define GM_CONFIG_ENVFILE_H

/*
 * An env file on disk: opened, judged and parsed (dotenv.h has the dialect).
 *
 * The mode is judged on the open descriptor, and only if values of the file
 * are used: readable by everybody, writable by group or others, or owned by
 * somebody else than us and root is refused, with the chmod to run.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/note.h"
#include "base/span.h"

struct gm_envfile_item {
	struct gm_buf name, value;
};

struct gm_envfile {
	struct gm_envfile_item *items; /* in the order of the file */
	size_t len;
	bool unsafe;       /* others can read or change it, which was allowed */
	struct gm_buf odd; /* names that are not wanted but odd, once, each
			    * with a newline */
};

/* What cannot be read is an error, or is skipped with a note. */
enum gm_envfile_whose {
	GM_ENVFILE_ANYBODYS, /* a default place: skipped */
	GM_ENVFILE_OWN,      /* of the user: an error if it is there */
	GM_ENVFILE_NAMED     /* by the user: must be there; may be a pipe */
};

struct gm_envfile_rules {
	bool (*wanted)(struct gm_span name); /* our variables */
	bool (*odd)(struct gm_span name);    /* what only looks so; or NULL */
	/*
	 * Is the file for us?  Judged before all else by what it sets of the
	 * telling variables; one of them in a line that is malformed counts as
	 * yes, so that the error shows.  NULL: it is.
	 */
	bool (*telling)(struct gm_span name, const void *arg);
	bool (*needed)(const struct gm_envfile *, const void *arg);
	const void *arg;
	enum gm_envfile_whose whose;
	bool allow_unsafe; /* do not refuse for the mode */
};

enum gm_envfile_found {
	GM_ENVFILE_BAD = -1,
	GM_ENVFILE_ABSENT, /* or skipped */
	GM_ENVFILE_OTHER,  /* not for us, and nothing of it was kept */
	GM_ENVFILE_USED
};

/* GM_ENVFILE_BAD: GM_ECONFIG, with the path in front, or GM_EOS. */
enum gm_envfile_found gm_envfile_load(struct gm_envfile *, const char *path,
    const struct gm_envfile_rules *, const struct gm_note *,
    struct gm_err *) GM_MUST_CHECK;

/* Would it be for us?  Says and keeps nothing; false if it cannot be read. */
bool gm_envfile_is_needed(const char *path, const struct gm_envfile_rules *);

/* The value of the last assignment to name; NULL if there is none. */
const struct gm_buf *gm_envfile_get(const struct gm_envfile *, const char *);

void gm_envfile_release(struct gm_envfile *);

#endif
