#ifndef GM_CLI_RATE_H
#define GM_CLI_RATE_H

/*
 * Options of tools that send many requests: how many at once, and how fast.
 */

#include "base/base.h"
#include "base/err.h"
#include "cli/options.h"

/* Requests at once, unless -j says otherwise. */
#define GM_RATE_JOBS 8

struct gm_rate {
	const char *jobs_text, *sleep_text; /* as given; NULL: not given */
	size_t jobs;                        /* 1 to GM_POOL_MAX */
	int64_t sleep_ms;                   /* between two starts */
};

/* Append the rows: -j, --sleep-ms, --rpm, --tpm. */
void gm_rate_rows(struct gm_rate *, struct gm_options *);

/* Check what was given.  Returns 0, or -1: GM_EUSAGE, naming the option. */
int gm_rate_apply(struct gm_rate *, struct gm_err *) GM_MUST_CHECK;

#endif
