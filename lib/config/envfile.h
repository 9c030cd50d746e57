#ifndef GM_CONFIG_ENVFILE_H
#define GM_CONFIG_ENVFILE_H

/*
 * Open, check and parse an env file (dotenv.h has the dialect).
 *
 * The mode is checked on the open descriptor, and only if values of the file
 * are used.  It is an error, with the chmod to run, if the file can be read by
 * others, written by group or others, or belongs to a user other than us and
 * root.
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
	bool unsafe; /* others can read or change it; allow_unsafe was set */
	struct gm_buf unknown; /* unknown names, once, each with a newline */
};

/* Kinds of files, for the treatment of one that cannot be read. */
enum gm_envfile_whose {
	GM_ENVFILE_SHARED, /* default path: skipped with a note */
	GM_ENVFILE_OWN,    /* default path of the user: an error if it exists */
	GM_ENVFILE_NAMED   /* named by the user: must exist; may be a pipe */
};

struct gm_envfile_rules {
	bool (*wanted)(struct gm_span name);  /* our variables */
	bool (*unknown)(struct gm_span name); /* names like ours; or NULL */
	/*
	 * Decide whether to use the file, before anything else, from a file
	 * with the values of the deciding variables alone.  A malformed line of
	 * such a variable means yes, so that the user sees the error.  NULL:
	 * always use it.
	 */
	bool (*deciding)(struct gm_span name, const void *arg);
	bool (*needed)(const struct gm_envfile *, const void *arg);
	const void *arg;
	enum gm_envfile_whose whose;
	bool allow_unsafe; /* an unsafe mode is no error */
};

enum gm_envfile_found {
	GM_ENVFILE_BAD = -1,
	GM_ENVFILE_ABSENT, /* or it was skipped */
	GM_ENVFILE_OTHER,  /* not needed; nothing of it was kept */
	GM_ENVFILE_USED
};

/* Load a file.  For GM_ENVFILE_BAD: GM_ECONFIG, "path: reason", or GM_EOS. */
enum gm_envfile_found gm_envfile_load(struct gm_envfile *, const char *path,
    const struct gm_envfile_rules *, const struct gm_note *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * True if the file would be used; false if it cannot be read.  Prints nothing.
 */
bool gm_envfile_is_needed(const char *path, const struct gm_envfile_rules *);

/* The value of the last assignment to name; NULL: none. */
const struct gm_buf *gm_envfile_get(const struct gm_envfile *, const char *);

void gm_envfile_release(struct gm_envfile *);

#endif
