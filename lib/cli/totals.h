#ifndef GM_CLI_TOTALS_H
#define GM_CLI_TOTALS_H

/*
 * Totals of a run over many records; totals, times and rates as text for a
 * person.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "call/result.h"

struct gm_totals {
	int64_t records;  /* taken from the input */
	int64_t answered; /* with the whole answer */
	int64_t failed;
	int64_t skipped;  /* done by an earlier run */
	int64_t not_sent; /* the run stopped before */
	int64_t requests; /* sent, with retries */
	int64_t retries;  /* requests after the first of a record */
	int64_t tokens_in, tokens_out;
	int64_t tokens_total; /* as services count them, with thoughts */
	int64_t total_ms;     /* of the run */
	/* Requests of the records under way that need several; 0: none. */
	int64_t parts, parts_done;
};

/* Add the requests and tokens of a result. */
void gm_totals_add(struct gm_totals *, const struct gm_result *);

/*
 * Append "5000 records: 4990 answered, 8 failed, 2 not sent; 12.3 s, 406/s;
 * 123456 tokens in, 45678 out; 3 retries".  Counts of 0 are left out, except
 * answered.  The rate counts answered and failed records.  brief: without rate
 * and retries.
 */
void gm_totals_put(struct gm_buf *, const struct gm_totals *, bool brief);

/* Append "0.2 s", "9 s", "5 min 12 s", "1 h 05 min" or "2 d 03 h". */
void gm_totals_put_time(struct gm_buf *, int64_t ms);

/* Append "406/s", "4.1/s", or "2.4/min" or "5.0/h", whichever is at least 1. */
void gm_totals_put_rate(struct gm_buf *, double per_second);

#endif
