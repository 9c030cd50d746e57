#ifndef GM_FAULT_H
#define GM_FAULT_H

/*
 * The classes of what an attempt may come to: what is charged with it,
 * whether asking again helps, which status the run ends with.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

/* What an attempt came to.  The table in fault.c says more. */
enum gm_class {
	GM_CLASS_OK,
	GM_CLASS_KEY_INVALID,
	GM_CLASS_KEY_EXPIRED,
	GM_CLASS_KEY_LEAKED,
	GM_CLASS_KEY_RESTRICTED,
	GM_CLASS_KEY_REJECTED,
	GM_CLASS_NO_KEY_SENT,
	GM_CLASS_PROJECT_BLOCKED,
	GM_CLASS_PROJECT_DENIED,
	GM_CLASS_FORBIDDEN,
	GM_CLASS_NO_CREDIT,
	GM_CLASS_REGION,
	GM_CLASS_QUOTA_MINUTE,
	GM_CLASS_QUOTA_DAY,
	GM_CLASS_QUOTA_NONE,
	GM_CLASS_QUOTA_SPEND,
	GM_CLASS_QUOTA,
	GM_CLASS_QUOTA_SEARCH,
	GM_CLASS_MODEL_GONE,
	GM_CLASS_BAD_URL,
	GM_CLASS_BAD_REQUEST,
	GM_CLASS_TOO_LARGE,
	GM_CLASS_OVERLOADED,
	GM_CLASS_SERVER_TIMEOUT,
	GM_CLASS_CANCELLED,
	GM_CLASS_SERVER,
	GM_CLASS_LOADING,
	GM_CLASS_NETWORK,
	GM_CLASS_REFUSED,
	GM_CLASS_TIMEOUT,
	GM_CLASS_TLS,
	GM_CLASS_CERTIFICATES,
	GM_CLASS_PROXY,
	GM_CLASS_FRONT_END,
	GM_CLASS_REDIRECT,
	GM_CLASS_PROTOCOL,
	GM_CLASS_TRUNCATED,
	GM_CLASS_BLOCKED,
	GM_CLASS_EMPTY,
	GM_CLASS_TOKEN_LIMIT,
	GM_CLASS_UNFINISHED,
	GM_CLASS_PARTIAL,
	GM_CLASS_THOUGHTS,
	GM_CLASS_DEADLINE,
	GM_CLASS_SIGNAL,
	GM_CLASS_LOCAL,
	GM_CLASSES
};

enum gm_action {
	GM_ACTION_STOP,    /* asking again does not help, nor elsewhere */
	GM_ACTION_RETRY,   /* the same after a backoff, then another model */
	GM_ACTION_WAIT,    /* the same in a moment: it is not ready yet */
	GM_ACTION_ROTATE,  /* another key, or this one later; another model */
	GM_ACTION_MODEL,   /* another model */
	GM_ACTION_FALLBACK /* nothing more here; another service may help */
};

/* What the fault is charged to. */
enum gm_scope {
	GM_SCOPE_REQUEST,
	GM_SCOPE_KEY,
	GM_SCOPE_PROJECT, /* the key's quota project, for all models */
	GM_SCOPE_QUOTA,   /* the project's use of the model */
	GM_SCOPE_TOOL,    /* the project's use of search with the model */
	GM_SCOPE_MODEL,
	GM_SCOPE_SERVICE,
	GM_SCOPE_REGION /* where we are; a project with billing may help */
};

struct gm_class_row {
	const char *name; /* in JSON and metrics: "quota_minute" */
	enum gm_code code;
	enum gm_action action;
	enum gm_scope scope;
	const char *phrase; /* for the error line: "the key is not valid" */
};

const struct gm_class_row *gm_class(enum gm_class);

/* Is a key or project with this mark refused, not only at rest? */
bool gm_class_is_rejection(enum gm_class);

/*
 * May a run sleep until such a mark ends?  Not for a daily quota, for one that a
 * project does not have, or for that of search, which is one of a day or a month:
 * when they end is a guess, or far away.
 */
bool gm_class_may_sleep(enum gm_class);

/* Can a key be marked with it?  GM_CLASS_OK, which lifts marks, counts. */
bool gm_class_is_mark(enum gm_class);

/* A class that is one, by its name.  Returns 0, or -1: GM_EUSAGE, with all. */
int
gm_class_mark(enum gm_class *, const char *name, struct gm_err *) GM_MUST_CHECK;

/* The i-th name of those; NULL at the end. */
const char *gm_class_mark_word(size_t i);

/* The class of that name; false if there is none. */
bool gm_class_find(const char *name, enum gm_class *);

/* A failed attempt, as the service explains it. */
struct gm_fault {
	enum gm_class class;
	long http;              /* status; 0: none came */
	int64_t hint_ms;        /* how long the service says to wait; -1: not */
	char words[GM_ERR_MAX]; /* the service's, one clean line; may be "" */
	char remedy[200]; /* what helps: a replacement, a link; may be "" */
	char project[40]; /* number of the key's project, if it was named */
};

#endif
