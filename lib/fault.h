#ifndef GM_FAULT_H
#define GM_FAULT_H

/*
 * The classes of results.  For each: its scope, the action that follows, the
 * exit status, and the words for the user.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

/* The result of an attempt, or of a run.  The table in fault.c says more. */
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
	GM_CLASS_NO_BLOCK,
	GM_CLASS_DEADLINE,
	GM_CLASS_SIGNAL,
	GM_CLASS_LOCAL,
	GM_CLASS_USAGE,
	GM_CLASS_BAD_INPUT,
	GM_CLASS_CONFIG,
	GM_CLASSES
};

enum gm_action {
	GM_ACTION_STOP,    /* no retry, model or service can help */
	GM_ACTION_RETRY,   /* retry after a backoff, then another model */
	GM_ACTION_WAIT,    /* retry in a moment: the server is not ready yet */
	GM_ACTION_ROTATE,  /* another key, or this one later; another model */
	GM_ACTION_MODEL,   /* another model */
	GM_ACTION_FALLBACK /* another service */
};

/* Scopes: subjects that a fault is charged to. */
enum gm_scope {
	GM_SCOPE_REQUEST,
	GM_SCOPE_KEY,
	GM_SCOPE_PROJECT, /* the key's quota project, for all models */
	GM_SCOPE_QUOTA,   /* the project's use of the model */
	GM_SCOPE_TOOL,    /* the project's use of search with the model */
	GM_SCOPE_MODEL,
	GM_SCOPE_SERVICE,
	GM_SCOPE_REGION /* of this machine; a project with billing may help */
};

/* The status of a key after a result of this class; up to LIMITED: healthy. */
enum gm_status {
	GM_STATUS_OK,
	GM_STATUS_LIMITED,
	GM_STATUS_INVALID,
	GM_STATUS_EXPIRED,
	GM_STATUS_LEAKED,
	GM_STATUS_RESTRICTED,
	GM_STATUS_PROJECT_BLOCKED,
	GM_STATUS_NO_CREDIT,
	GM_STATUS_REGION,
	GM_STATUS_UNKNOWN,
	GM_STATUSES
};

/* Positions of the fault's words in the error line. */
enum gm_quote {
	GM_QUOTE_NONE, /* nowhere: the phrase says it all */
	GM_QUOTE_WHY,  /* after the phrase: they are ours or the system's */
	GM_QUOTE_LAST  /* at the end: they are the service's */
};

struct gm_class_row {
	const char *name; /* in JSON, logs and metrics: "quota_minute" */
	enum gm_code code;
	enum gm_action action;
	enum gm_scope scope;
	enum gm_status status;
	const char *phrase; /* the reason, for the error line: "rate-limited" */
	const char *advice; /* "check the base URL"; NULL: none */
	enum gm_quote quote;
};

const struct gm_class_row *gm_class(enum gm_class);

/* The word of a status in tables, JSON and metrics: "project_blocked". */
const char *gm_status_name(enum gm_status);

/* The class of a failure that no response caused. */
enum gm_class gm_class_of_error(enum gm_code);

/* True if the service rejects a key or project with this mark. */
bool gm_class_is_rejection(enum gm_class);

/*
 * True if a run may sleep until a mark of this class ends.  Not for the quotas
 * of a day and of search, whose ends are guesses or far away, nor for a quota
 * that the project does not have.
 */
bool gm_class_may_sleep(enum gm_class);

/* True if a key can be marked with this class; GM_CLASS_OK lifts marks. */
bool gm_class_is_mark(enum gm_class);

/*
 * Find the class of a mark by its name.  Returns 0, or -1: GM_EUSAGE; there are
 * too many names to list them in one line.
 */
int
gm_class_mark(enum gm_class *, const char *name, struct gm_err *) GM_MUST_CHECK;

/* The i-th of these names; NULL at the end. */
const char *gm_class_mark_word(size_t i);

/* Find any class by its name; false if there is none. */
bool gm_class_find(const char *name, enum gm_class *);

/* A failed attempt, as the service explains it. */
struct gm_fault {
	enum gm_class class;
	long http;              /* status; 0: no response */
	int64_t hint_ms;        /* wait that the service asks for; -1: none */
	char words[GM_ERR_MAX]; /* the service's, one clean line; may be "" */
	char remedy[200];       /* replaces the class's advice; may be "" */
	char project[40]; /* number of the key's project, if it was named */
};

#endif
