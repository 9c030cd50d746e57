#ifndef GM_KEYCHECK_HEALTH_H
#define GM_KEYCHECK_HEALTH_H

/*
 * Health of a key: its status, what to do about it, and all forms in which
 * gm-keycheck prints that.  No I/O and no clock.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "fault.h"
#include "keys/table.h"

/* Texts are clean lines, and keys in them are masked. */
struct gm_health {
	const char *provider;
	size_t service; /* index of its service among those checked */
	size_t index;   /* of the key, within the service */
	char key[20];   /* "...a1f3"; "": the service needs no key */
	char project[GM_KEYROW_ID]; /* label or number; "": not known */
	const char *model;          /* used, or known to be limited; or NULL */
	enum gm_class class;        /* GM_CLASS_OK: the service has answered */
	long http;                  /* status of the last response; 0: none */
	bool sent;                  /* a request was sent, which took ms */
	int64_t ms;
	int64_t retry_at_ms; /* wall clock; 0: not known; INT64_MAX: never */
	bool own_limit;      /* the limit is the user's GM_RPD */
	bool old_format;     /* a key that Google issued before mid 2026 */
	char remedy[200];    /* the service's advice; "": none */
	struct gm_err err;   /* the last failure; GM_OK: none */
};

/* True for ok and limited: quotas come back. */
bool gm_health_is_healthy(const struct gm_health *);

/*
 * Append a line for each key, its cells separated by TABs.  named: begin it
 * with the provider.  now_ms, if not 0: for a terminal, aligned, with a header,
 * without PROJECT if none is known, and with short times.
 */
void gm_health_table(const struct gm_health *, size_t len, bool named,
    int64_t now_ms, struct gm_buf *);

/* Append a key as a JSON object on a line. */
void gm_health_json(const struct gm_health *, struct gm_buf *);

/* Append all keys as metrics in the text format of Prometheus, at now_ms. */
void gm_health_metrics(
    const struct gm_health *, size_t len, int64_t now_ms, struct gm_buf *);

/*
 * Append a note if keys are limited: "1 of 3 keys is limited, which counts as
 * healthy: key 1 (...0002)".
 */
void gm_health_note(const struct gm_health *, size_t len, struct gm_buf *);

/*
 * Return 0 if wanted keys are healthy or, with now, can answer now; else -1 and
 * a summary that names the first of the others: GM_ENEGATIVE (some are
 * healthy), GM_ENOPERM (none is), GM_EUNAVAILABLE (all are unknown).
 */

int gm_health_sum(const struct gm_health *, size_t len, size_t wanted, bool now,
    struct gm_err *) GM_MUST_CHECK;

#endif
