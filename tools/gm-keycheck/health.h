#ifndef GM_KEYCHECK_HEALTH_H
#define GM_KEYCHECK_HEALTH_H

/*
 * How it stands with a key: in a word, with what to do about it, and as the
 * lines that gm-keycheck prints.  No I/O, no clock.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "fault.h"
#include "keys/table.h"

/* All texts are clean, and keys in them masked. */
struct gm_health {
	const char *provider;
	size_t service; /* which of those that are checked it is of */
	size_t index;
	char key[20];               /* "...a1f3"; "": none is needed */
	char project[GM_KEYROW_ID]; /* a label or a number; "": not known */
	const char *model;          /* asked, or known to be limited, or NULL */
	enum gm_class class;        /* GM_CLASS_OK: it has answered */
	long http;                  /* of the last response; 0: none came */
	bool sent;                  /* something was sent, which took ms */
	int64_t ms;
	int64_t until_ms;  /* wall clock; 0: not known */
	bool own_limit;    /* it is the user's GM_RPD, not the service's */
	bool old_format;   /* of a key that Google made before mid 2026 */
	char remedy[200];  /* the service's; "": none */
	struct gm_err err; /* the last failure; GM_OK: none */
};

/* Quotas come back: a key that is limited is healthy, too. */
bool gm_health_is_healthy(const struct gm_health *);

/*
 * Lines of cells with TABs between them: the names of the columns; a key.
 * named: with the provider in front.
 */
void gm_health_head(bool named, struct gm_buf *);
void gm_health_row(const struct gm_health *, bool named, struct gm_buf *);

/* The same as a JSON object in a line. */
void gm_health_json(const struct gm_health *, struct gm_buf *);

/* All as metrics in the text format of Prometheus, made at now_ms. */
void gm_health_metrics(
    const struct gm_health *, size_t len, int64_t now_ms, struct gm_buf *);

/* How many of them are limited now? */
size_t gm_health_limited(const struct gm_health *, size_t len);

/*
 * Is it well with all?  Returns 0 if wanted keys are healthy or, with now, can
 * answer now, else -1 and a summary: GM_ENEGATIVE (some are healthy),
 * GM_ENOPERM (none is), GM_EUNAVAILABLE (of none it is known).
 */
int gm_health_sum(const struct gm_health *, size_t len, size_t wanted, bool now,
    struct gm_err *) GM_MUST_CHECK;

#endif
