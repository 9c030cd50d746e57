#ifndef GM_CALL_RESULT_H
#define GM_CALL_RESULT_H

/*
 * The result of a request: every attempt, the answer's data, the times; and the
 * line that explains a failure.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/note.h"
#include "keys/rules.h"
#include "provider/provider.h"

/* A request that was sent. */
struct gm_attempt {
	const char *provider, *model; /* borrowed from service and request */
	size_t key_index;
	struct gm_span key; /* itself, borrowed; empty: none is needed */
	long http;          /* status; 0: no response */
	enum gm_class class;
	int64_t ms;
};

struct gm_result {
	enum gm_class class;
	struct gm_fault fault; /* of the last attempt, if it failed */
	struct gm_answer answer;
	struct gm_buf attempts; /* struct gm_attempt each */
	const char *provider;   /* of the last attempt; borrowed; NULL: none */
	const char *model;      /* likewise */
	bool fallback;          /* provider is not the first of the services */
	/* Of several services, one failed for another reason than its keys. */
	bool beyond_keys;
	int64_t retry_at_ms; /* wall clock; 0: no time is known */
	int64_t total_ms, ttft_ms, wait_ms, connect_ms;
	int64_t bytes_received, bytes_sent;
	int64_t text_bytes; /* of the answer */
};

void gm_result_init(struct gm_result *);
void gm_result_release(struct gm_result *);
void gm_result_add(struct gm_result *, const struct gm_attempt *);
size_t gm_result_attempts(const struct gm_result *);
const struct gm_attempt *gm_result_attempt(const struct gm_result *, size_t i);

/* The last attempt at the result's provider; NULL: there is none. */
const struct gm_attempt *gm_result_last(const struct gm_result *);

/* The class of a failed run; without a failed request that of the error. */
enum gm_class gm_result_class(const struct gm_result *, const struct gm_err *);

/* The service's own text about the failure, whole; "": none. */
const char *gm_result_service_text(const struct gm_result *);

/* The subjects that a fault may be charged to; borrowed. */
struct gm_subject {
	const char *model, *base_url;
	struct gm_span key;
	size_t key_index;
	int64_t now_ms;     /* wall clock, for the distance of a time */
	const char *advice; /* to use a key in spite of its mark */
};

/*
 * Fill *err with the failure of an attempt: "thing: why until when; what to do
 * (HTTP 429, quota_day): the service's words".  The class decides whether thing
 * is the key as shown, the model or the base URL, and whether the service's
 * words are needed; at most 120 characters of them.  Returns -1.
 */
int gm_result_fail(const struct gm_result *, const struct gm_fault *,
    const struct gm_subject *, struct gm_err *);

/* Likewise, with all of the service's words, for -v. */
int gm_result_fail_whole(const struct gm_result *, const struct gm_fault *,
    const struct gm_subject *, struct gm_err *);

/*
 * Fill *err if no key can be used: with the fault of the last attempt or, if
 * there was none, with the mark of the key that pick names, and the subject's
 * advice.  Then the subject must name the same key.  Sets retry_at_ms, the
 * class of the run, and the code: 75 if a key is only cooling down, 77 if all
 * are rejected.  Returns -1.
 */
int gm_result_fail_keys(struct gm_result *, const struct gm_pick *,
    const struct gm_subject *, struct gm_err *);

/* Fill *err for an answer that ended, but not well.  Returns -1. */
int gm_result_fail_finish(const struct gm_result *, enum gm_class,
    const char *model, struct gm_err *);

/* Print notes: another model version, omitted parts, sources. */
void gm_result_note(const struct gm_result *, const struct gm_note *);

#endif
