#ifndef GM_CLI_RATE_H
#define GM_CLI_RATE_H

/*
 * Options of tools that send many requests: requests at once, and rate limits.
 */

#include "base/base.h"
#include "base/err.h"
#include "cli/options.h"

/* Default of -j: requests at once. */
#define GM_RATE_JOBS 8

struct gm_rate {
	const char *jobs_text, *sleep_text; /* as given; NULL: not given */
	size_t jobs;                        /* 1 to GM_POOL_MAX */
	int64_t sleep_ms;                   /* least time between two starts */
};

/* Append the rows: -j, --sleep-ms, --rpm, --tpm. */
void gm_rate_rows(struct gm_rate *, struct gm_options *);

/* Check the values.  Returns 0, or -1: GM_EUSAGE, which names the option. */
int gm_rate_apply(struct gm_rate *, struct gm_err *) GM_MUST_CHECK;

#endif
