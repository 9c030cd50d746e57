#include "cli/rate.h"
#include "base/num.h"
#include "call/pool.h"

#define SLEEP_MAX_MS INT64_C(3600000)

static const enum gm_setting rpm = GM_SET_RPM, tpm = GM_SET_TPM;

void
gm_rate_rows(struct gm_rate *p, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 'j', "jobs", "N", "send up to N requests at once (8)",
		    .common = true, .text = &p->jobs_text },
		{ 0, "sleep-ms", "N", "milliseconds between requests",
		    .text = &p->sleep_text },
		{ 0, "rpm", "N", "requests per minute and project (GM_RPM)",
		    .setting = &rpm },
		{ 0, "tpm", "N", "input tokens per minute and project (GM_TPM)",
		    .setting = &tpm },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_LIMITS, rows);
}

int
gm_rate_apply(struct gm_rate *p, struct gm_err *err)
{
	int64_t jobs = GM_RATE_JOBS;

	if (p->jobs_text != NULL &&
	    gm_num_whole(&jobs, p->jobs_text, 1, GM_POOL_MAX, err) != 0) {
		gm_err_prefix(err, "--jobs: ");
		return -1;
	}
	if (p->sleep_text != NULL &&
	    gm_num_duration(
		&p->sleep_ms, p->sleep_text, 1, SLEEP_MAX_MS, err) != 0) {
		gm_err_prefix(err, "--sleep-ms: ");
		return -1;
	}
	p->jobs = (size_t)jobs;
	return 0;
}
