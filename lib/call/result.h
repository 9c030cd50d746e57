#ifndef GM_CALL_RESULT_H
#define GM_CALL_RESULT_H

/*
 * What came of a request: every attempt, the answer's data, the times; and
 * the one line that explains a failure.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/note.h"
#include "keys/rules.h"
#include "provider/provider.h"

/* One request as it went. */
struct gm_attempt {
	const char *provider, *model; /* borrowed from service and request */
	size_t key_index;
	struct gm_span key; /* itself, borrowed; empty: none is needed */
	long http;          /* 0: no response */
	enum gm_class class;
	int64_t ms;
};

/* All that is known at the end. */
struct gm_result {
	enum gm_class class;
	struct gm_fault fault; /* of the last attempt, if it failed */
	struct gm_answer answer;
	struct gm_buf attempts; /* struct gm_attempt each */
	const char *provider;   /* whose result it is; borrowed; NULL: none */
	const char *model;      /* the same */
	bool fallback;          /* that is not the service asked for */
	/* Of several services, one failed for another reason than its keys. */
	bool beyond_keys;
	int64_t retry_at_ms; /* wall clock; 0: nothing to wait for */
	int64_t total_ms, ttft_ms, wait_ms, connect_ms;
	int64_t bytes_received, bytes_sent;
	int64_t text_bytes; /* of the answer */
};

void gm_result_init(struct gm_result *);
void gm_result_release(struct gm_result *);
void gm_result_add(struct gm_result *, const struct gm_attempt *);
size_t gm_result_attempts(const struct gm_result *);
const struct gm_attempt *gm_result_attempt(const struct gm_result *, size_t i);

/* The last one at the result's provider; NULL: there is none. */
const struct gm_attempt *gm_result_last(const struct gm_result *);

/* What a fault may be charged to; borrowed. */
struct gm_subject {
	const char *model, *base_url;
	struct gm_span key;
	size_t key_index;
	const char *way; /* past a mark, for gm_result_fail_keys() */
};

/*
 * Fill *err with what went wrong with an attempt: "thing: what is wrong until
 * when: what helps (HTTP 429, quota_day): the service's words".  thing is the
 * key as shown, the model or the base URL, as the class demands.  Returns -1.
 */
int gm_result_fail(const struct gm_result *, const struct gm_fault *,
    const struct gm_subject *, struct gm_err *);

/*
 * The same where no key can be used: with the last attempt's fault or, if there
 * was none, the mark of the key that pick speaks of, which then is the
 * subject's, too, with the subject's way past it.  Sets retry_at_ms, the class of
 * the whole, and the code: 75 if a key is only cooling, 77 if all are refused.
 */
int gm_result_fail_keys(struct gm_result *, const struct gm_pick *,
    const struct gm_subject *, struct gm_err *);

/* The same for an answer that came to its end, but not to a good one. */
int gm_result_fail_finish(const struct gm_result *, enum gm_class,
    const char *model, struct gm_err *);

/* What a user should know of an answer beside its text, as notes. */
void gm_result_tell(const struct gm_result *, const struct gm_note *);

#endif
